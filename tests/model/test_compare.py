"""Before against after: differences are paired, verdicts hold what they say, and more rows are asked for honestly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxnlp.errors import ModelError
from cxnlp.labelling.rows import Source
from cxnlp.model.compare import (
    MIN_LABEL_ROWS,
    NewLabel,
    compare_models,
    more_rows,
    read_gold,
    render,
    sentence,
)
from cxnlp.taxonomy import Taxonomy, parse_taxonomy

LABELS = ("late", "broken", "dear")


def taxonomy(*labels: str) -> Taxonomy:
    listed = ", ".join(f'{{name = "{name}"}}' for name in labels)
    return parse_taxonomy(f'name = "t"\n[[tasks]]\nname = "causes"\nkind = "multi"\nlabels = [{listed}]')


def lines(rows: int, right: float, seed: int, truth_seed: int = 0) -> list[dict[str, Any]]:
    """Gold lines of a model that reads each label of each row rightly with probability `right`."""
    truths = np.random.default_rng(truth_seed).random((rows, len(LABELS))) < 0.3
    slips = np.random.default_rng(seed).random((rows, len(LABELS))) > right
    return [
        {
            "id": f"r{row}",
            "human": {"causes": [name for name, holds in zip(LABELS, truths[row], strict=True) if holds]},
            "predicted": {
                "causes": [name for name, holds in zip(LABELS, truths[row] ^ slips[row], strict=True) if holds]
            },
        }
        for row in range(rows)
    ]


def test_a_plain_gain_is_better_and_the_reverse_is_worse() -> None:
    weak, strong = lines(300, 0.75, 1), lines(300, 0.95, 2)
    gain = compare_models(weak, strong, taxonomy(*LABELS), "gold")
    loss = compare_models(strong, weak, taxonomy(*LABELS), "gold")
    assert gain.overall.verdict == "better"
    assert loss.overall.verdict == "worse"
    assert gain.overall.difference == pytest.approx(-loss.overall.difference)
    assert gain.overall.low < gain.overall.difference < gain.overall.high
    assert "is better" in sentence(gain)
    assert {change.verdict for change in gain.labels} == {"better"}


def test_a_model_against_itself_shows_no_difference_and_needs_no_more_rows() -> None:
    same = lines(100, 0.8, 1)
    found = compare_models(same, same, taxonomy(*LABELS), "gold")
    assert (found.overall.low, found.overall.high, found.overall.more_rows) == (0, 0, 0)
    assert found.overall.verdict == "cannot tell"
    assert "would have shown" in sentence(found)


def test_equals_are_rarely_told_apart() -> None:
    """Two models of the same skill: at the 5 % level few of 60 comparisons may claim a difference."""
    claims = sum(
        compare_models(lines(80, 0.85, 2 * n, n), lines(80, 0.85, 2 * n + 1, n), taxonomy(*LABELS), "g").overall.verdict
        != "cannot tell"
        for n in range(60)
    )
    assert claims <= 8  # 3 expected; more than 8 has a chance of 0.2 %


def test_rows_asked_for_are_about_what_it_takes() -> None:
    few = compare_models(lines(60, 0.85, 1), lines(60, 0.85, 2), taxonomy(*LABELS), "gold").overall
    assert few.more_rows is not None
    assert few.more_rows > 100
    enough = 60 + few.more_rows
    many = compare_models(lines(enough, 0.85, 1), lines(enough, 0.85, 2), taxonomy(*LABELS), "gold").overall
    assert (many.high - many.low) / 2 == pytest.approx(1.96 / 2.8 * 0.03, rel=0.35)


def test_more_rows_grow_with_the_square_of_the_error() -> None:
    assert more_rows(0.0107, 100) == 0
    assert more_rows(0.0214, 100) == pytest.approx(300, abs=10)
    assert more_rows(0.5, 100) is None


def test_labels_that_hardly_occur_are_not_compared() -> None:
    before, after = lines(40, 0.8, 1), lines(40, 0.9, 2)
    for line in (*before, *after):
        line["human"]["causes"] = [name for name in line["human"]["causes"] if name != "dear"]
    for line in (*before[: MIN_LABEL_ROWS - 1], *after[: MIN_LABEL_ROWS - 1]):
        line["human"]["causes"].append("dear")
    assert "dear" not in {change.label for change in compare_models(before, after, taxonomy(*LABELS), "g").labels}


def test_a_new_label_is_shown_apart_and_changes_no_comparison() -> None:
    before, after = lines(60, 0.8, 1), lines(60, 0.9, 2)
    plain = compare_models(before, after, taxonomy(*LABELS), "gold")
    for old, new in zip(before, after, strict=True):
        old["knows"] = {"causes": list(LABELS)}
        new["human"] = {"causes": [*new["human"]["causes"], "waste"]}
        new["predicted"]["causes"].append("waste")
    found = compare_models(before, after, taxonomy(*LABELS, "waste"), "gold")
    assert found.overall.difference == plain.overall.difference
    assert found.new_labels == {("causes", "waste"): NewLabel(asked=60, wanted=60, given=60, right=60, elsewhere=0)}


def test_rows_labelled_before_a_label_existed_do_not_count_against_it() -> None:
    before, after = lines(60, 0.8, 1), lines(60, 0.9, 2)
    for number, (old, new) in enumerate(zip(before, after, strict=True)):
        old["knows"] = {"causes": list(LABELS)}
        new["asked"] = ["causes"] if number < 20 else ["mood"]
        new["predicted"]["causes"] += ["waste"] * (number % 2 == 0)
    found = compare_models(before, after, taxonomy(*LABELS, "waste"), "gold").new_labels["causes", "waste"]
    assert found == NewLabel(asked=20, wanted=0, given=10, right=0, elsewhere=20)
    assert (
        found.words
        == "of 20 rows 0 have it; given to 10, 0 of them rightly; given to 20 rows labelled before it existed"
    )
    for line in after:
        line["asked"] = []
    unknown = compare_models(before, after, taxonomy(*LABELS, "waste"), "gold").new_labels["causes", "waste"]
    assert unknown.words.startswith("no gold row was labelled since it exists")


def test_a_task_was_asked_by_the_guideline_of_its_own_labels() -> None:
    """A row's causes are of the old guideline though somebody labelled its stance by the new one later."""
    both = parse_taxonomy(
        'name = "t"\n[[tasks]]\nname = "causes"\nkind = "multi"\nlabels = [{name = "late"}]\n'
        '[[tasks]]\nname = "stance"\nkind = "multi"\nlabels = [{name = "moan"}]'
    )
    sources = {"causes": Source("1.csv", 2, "old"), "stance": Source("2.csv", 2, "new")}
    rows = pd.DataFrame({"id": ["r"], "causes": [("late",)], "stance": [()], "sources": [sources]})
    (line,) = read_gold(rows, [{"causes": (), "stance": ()}], both, both, "new")
    assert line["asked"] == ["stance"]


def test_few_or_unlike_gold_rows_are_refused() -> None:
    with pytest.raises(ModelError, match="share 5 gold rows"):
        compare_models(lines(5, 0.9, 1), lines(5, 0.9, 2), taxonomy(*LABELS), "gold")
    with pytest.raises(ModelError, match="gold labels differ"):
        compare_models(lines(50, 0.9, 1, 0), lines(50, 0.9, 2, 1), taxonomy(*LABELS), "gold")


def test_tasks_that_people_left_open_do_not_count() -> None:
    before, after = lines(60, 0.8, 1), lines(60, 0.9, 2)
    for line in (*before[40:], *after[40:]):
        line["human"] = {}
    assert compare_models(before, after, taxonomy(*LABELS), "gold").tasks[0].rows == 40


TWO_TASKS = """
name = "t"
[[tasks]]
name = "causes"
kind = "multi"
labels = [{name = "late"}, {name = "broken"}, {name = "dear"}]
[[tasks]]
name = "praise"
kind = "multi"
labels = [{name = "staff"}]
"""


@pytest.mark.parametrize("given", [(0, 0), (0, 3), (3, 0), (3, 3)])
def test_a_task_that_no_row_has_a_label_of_is_left_out(given: tuple[int, int]) -> None:
    """As customers' tasks are in gold of company replies, whatever the models answer."""
    before, after = lines(60, 0.8, 1), lines(60, 0.9, 2)
    plain = compare_models(before, after, taxonomy(*LABELS), "gold")
    for side, wrongly in zip((before, after), given, strict=True):
        for number, line in enumerate(side):
            line["human"]["praise"] = []
            line["predicted"]["praise"] = ["staff"] if number < wrongly else []
    found = compare_models(before, after, parse_taxonomy(TWO_TASKS), "gold")
    assert [change.task for change in found.tasks] == ["causes"]
    assert found.overall == plain.overall


def test_a_task_that_hardly_any_row_has_a_label_of_is_compared() -> None:
    before, after = lines(60, 0.8, 1), lines(60, 0.9, 2)
    for side in (before, after):
        for number, line in enumerate(side):
            line["human"]["praise"] = ["staff"] if number == 0 else []
            line["predicted"]["praise"] = ["staff"] if number == 1 and side is after else []
    found = compare_models(before, after, parse_taxonomy(TWO_TASKS), "gold")
    assert [change.task for change in found.tasks] == ["causes", "praise"]


def test_rows_without_any_label_are_refused() -> None:
    nothing = lines(60, 0.9, 1)
    for line in nothing:
        line["human"]["causes"] = []
    with pytest.raises(ModelError, match="people gave no label to any row"):
        compare_models(nothing, nothing, taxonomy(*LABELS), "gold")


def test_the_page_holds_each_verdict_and_no_script() -> None:
    known = taxonomy(*LABELS)
    found = compare_models(lines(300, 0.75, 1), lines(300, 0.95, 2), known, "own <gold>")
    page = render([found], known, "default@1", "mine@2")
    assert "own &lt;gold&gt;" in page
    assert "<script" not in page
    assert page.count("<td>better</td>") == 4
