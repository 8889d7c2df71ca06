"""Scores stand on the right rows, with intervals, beside baselines; texts go to the analyst's page and nowhere else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cxnlp.errors import LabelsError
from cxnlp.model import assess, card, folder, page
from cxnlp.model.assess import Assessment
from cxnlp.model.evaluate import evaluate, score_task, valence
from cxnlp.model.examples import Examples
from cxnlp.model.predict import Predictor
from cxnlp.taxonomy import Taxonomy

ORIGINS = ("real", "written")


@pytest.fixture(scope="module")
def assessment(tiny_model: Path, examples: Examples) -> Assessment:
    return assess.assess(Predictor.load(tiny_model, precision="fp32"), examples, seed=assess.training_seed(tiny_model))


def test_only_gold_rows_are_scored(assessment: Assessment, examples: Examples) -> None:
    gold = [row for row, part in zip(examples.ids, examples.parts, strict=True) if part == "gold"]
    assert list(assessment.gold.ids) == gold
    assert assessment.scores["rows"] == len(gold)


def test_all_rows_are_scored_where_none_is_gold(examples: Examples) -> None:
    train = examples.take([part == "train" for part in examples.parts])
    assert assess.gold_part(train).ids == train.ids


def test_too_few_rows_are_refused(examples: Examples) -> None:
    with pytest.raises(LabelsError, match="found 3 labelled rows to score, expected at least 20"):
        assess.gold_part(examples.take([1, 2, 3]))


def test_slices_part_origin_language_and_author(assessment: Assessment) -> None:
    names = [part["slice"] for part in assessment.scores["slices"]]
    assert names[0] == "real"
    assert {"real en", "real vi", "real customer", "written"} <= set(names)
    by_name = {part["slice"]: part for part in assessment.scores["slices"]}
    assert by_name["real"]["n"] == sum(origin == "real" for origin in assessment.gold.origins)
    assert by_name["real en"]["n"] + by_name["real vi"]["n"] == by_name["real"]["n"]


def test_figures_are_right_and_lie_in_their_intervals(assessment: Assessment) -> None:
    part = assessment.scores["slices"][0]
    rows = np.array(assessment.gold.origins) == "real"
    truth = assessment.gold.targets["stance"][rows] > 0.5
    given = assessment.decisions.labels["stance"][rows]
    entry = part["tasks"]["stance"]
    assert entry["micro_f1"]["value"] == pytest.approx((truth & given).sum() / len(truth), abs=1e-4)
    assert np.array(entry["confusion"]).sum() == entry["n"] == len(truth)
    for task in part["tasks"].values():
        for metric in ("micro_f1", "macro_f1", "exact"):
            assert task[metric] is not None
            assert task[metric]["low"] <= task[metric]["value"] <= task[metric]["high"]


def test_the_model_beats_its_baselines_and_majority_is_the_worst(assessment: Assessment) -> None:
    def mood(slices: list[dict[str, Any]]) -> float:
        return float(slices[0]["tasks"]["mood"]["micro_f1"]["value"])

    baselines = assessment.scores["baselines"]
    assert set(baselines) == {"majority", "character n-grams", "frozen encoder"}
    assert mood(assessment.scores["slices"]) > 0.9 > mood(baselines["majority"])
    assert mood(baselines["character n-grams"]) > mood(baselines["majority"])


def test_valence_is_derived_from_the_labels(taxonomy: Taxonomy) -> None:
    labels = np.array([[True, False, False], [False, False, True], [False, True, True], [False, False, False]])
    expected = [[True, False], [False, True], [True, True], [False, False]]
    assert valence(labels, taxonomy.task("mood")).tolist() == expected


def test_a_label_with_few_rows_gets_a_count_but_no_score(taxonomy: Taxonomy) -> None:
    truth = np.zeros((50, 3), dtype=bool)
    truth[:4, 0] = True
    truth[:9, 2] = True
    found = score_task(truth, truth, taxonomy.task("mood"), seed=0)["labels"]
    assert found["glad"] == {"n": 4, "given": 4, "right": 4}
    assert found["cross"]["f1"]["value"] == 1.0


def test_nothing_in_the_scores_or_gold_lines_is_text(assessment: Assessment, taxonomy: Taxonomy) -> None:
    from cxnlp.model.evaluate import gold_lines

    written = json.dumps(assessment.scores) + json.dumps(assessment.worst)
    written += gold_lines(assessment.gold, assessment.decisions, taxonomy)
    assert not any(text in written for text in assessment.gold.texts)


def test_gold_lines_say_what_people_and_the_model_say(assessment: Assessment, taxonomy: Taxonomy) -> None:
    from cxnlp.model.evaluate import gold_lines

    targets = {name: values.copy() for name, values in assessment.gold.targets.items()}
    targets["mood"][0] = np.nan
    gold = Examples(**{**vars(assessment.gold), "targets": targets})
    lines = [json.loads(line) for line in gold_lines(gold, assessment.decisions, taxonomy).splitlines()]
    assert len(lines) == len(gold)
    assert set(lines[0]) >= {"id", "language", "author", "origin", "human", "predicted"}
    assert set(lines[0]["human"]) == set(lines[0]["predicted"]) == {"stance", "effort"}
    assert set(lines[1]["human"]) == {"mood", "stance", "effort"}


def test_the_worst_errors_are_errors_surest_first(assessment: Assessment, taxonomy: Taxonomy) -> None:
    from cxnlp.model.evaluate import worst_errors

    decisions = assessment.decisions
    wrong = {name: ~labels for name, labels in decisions.labels.items()}
    from dataclasses import replace

    found = worst_errors(assessment.gold, replace(decisions, labels=wrong), taxonomy, limit=5)
    for errors in found.values():
        confidence = [error["confidence"] for error in errors]
        assert confidence == sorted(confidence, reverse=True)
        assert all(error["human"] != error["predicted"] for error in errors)


def test_scores_do_not_hang_on_the_order_of_rows(assessment: Assessment, taxonomy: Taxonomy) -> None:
    again = evaluate(assessment.gold, assessment.decisions, taxonomy)
    assert again["slices"] == assessment.scores["slices"]


def test_what_is_kept_in_the_folder(
    tiny_model: Path, assessment: Assessment, taxonomy: Taxonomy, tmp_path: Path
) -> None:
    model = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    assess.keep(model, assessment, taxonomy)
    folder.check(model)
    assert json.loads((model / "evaluation.json").read_text(encoding="utf-8"))["slices"]
    assert len((model / "gold.jsonl").read_text(encoding="utf-8").splitlines()) == len(assessment.gold)
    readme = (model / "README.md").read_text(encoding="utf-8")
    assert "| stance: accuracy |" in readme
    assert assessment.scores["model"] in readme


def test_the_card_leads_with_real_rows(assessment: Assessment, taxonomy: Taxonomy) -> None:
    assert card.leading_slice(assessment.scores) == "real"
    table = card.comparison(assessment.scores, taxonomy, "real")
    assert table[0] == ["", "this model", "majority", "character n-grams", "frozen encoder"]
    assert len({len(row) for row in table}) == 1


def test_the_page_shows_texts_escaped_and_asks_for_nothing_from_outside(
    assessment: Assessment, taxonomy: Taxonomy
) -> None:
    texts = tuple(f"<script>alert({number})</script>" for number in range(len(assessment.gold)))
    gold = Examples(**{**vars(assessment.gold), "texts": texts})
    worst = {
        name: [{"row": 0, "id": "x", "confidence": 0.9, "human": [], "predicted": ["glad"]}]
        for name in taxonomy.task_names
    }
    html = page.render(Assessment(gold, assessment.decisions, assessment.scores, worst), taxonomy, "How well")
    assert "&lt;script&gt;alert(0)" in html
    assert "<script>" not in html
    assert 'dir="auto"' in html
    assert not any(mark in html for mark in ("http://", "https://", "src=", "@import"))


def test_gold_rows_too_few_for_any_slice_are_scored_together(
    tiny_model: Path, examples: Examples, taxonomy: Taxonomy
) -> None:
    """Twelve real and twelve written rows: enough to score, not enough of either."""
    gold = [part == "gold" for part in examples.parts]
    kinds = [np.flatnonzero([g and o == kind for g, o in zip(gold, examples.origins, strict=True)]) for kind in ORIGINS]
    few = examples.take(np.concatenate([rows[:12] for rows in kinds]))
    found = assess.assess(Predictor.load(tiny_model, precision="fp32"), few, seed=3)
    assert [(part["slice"], part["n"]) for part in found.scores["slices"]] == [("all", 24)]
    assert card.leading_slice(found.scores) == "all"
    assert "on 24 labelled rows it was not trained on" in page.render(found, taxonomy, "How well")
    training = json.loads((tiny_model / "training.json").read_text(encoding="utf-8"))
    assert "beside the baselines" in card.card(found.scores, training, taxonomy)


def test_rows_that_nobody_marked_gold_are_not_kept_as_an_evaluation(tiny_model: Path, examples: Examples) -> None:
    warned: list[str] = []
    assess.check_gold(examples, tiny_model, keep=True, warn=warned.append)
    train = examples.take([part == "train" for part in examples.parts])
    learnt = json.loads((tiny_model / "training.json").read_text(encoding="utf-8"))["rows"]["train"]
    assess.check_gold(train, tiny_model, keep=False, warn=warned.append)
    assert len(warned) == 1
    assert f"none of the 400 rows is marked gold (column `part`), and the model was trained on {learnt}" in warned[0]
    with pytest.raises(LabelsError, match=f"none of the 400 rows is marked gold.* trained on {learnt} of them"):
        assess.check_gold(train, tiny_model, keep=True, warn=warned.append)
