"""What is drawn: random rows are a fair draw, chosen rows are worth their work, nothing is labelled twice."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxnlp.errors import LabelsError, StoreError, WrongUsageError
from cxnlp.labelling.layout import guideline_version
from cxnlp.labelling.pool import Pool, read_pool
from cxnlp.labelling.prepare import Wish, make_sheet
from cxnlp.labelling.rows import Source
from cxnlp.labelling.sample import draw, farthest_first, nearest, split_rows
from cxnlp.labelling.theme import definitions, find_label, nearness
from labelling.build import store, taxonomy

WORDS = ["table", "lamp", "courier", "window", "phone", "garden", "ticket", "engine", "bottle", "mirror", "carpet"]


def text(number: int) -> str:
    """Return texts no two of which are near-duplicates."""
    generator = np.random.default_rng(number)
    return " ".join(generator.choice(WORDS, size=9)) + f" {number}"


def pool(count: int = 200, seed: int = 0, **columns: object) -> Pool:
    rows = [{"id": f"r{number:03d}", "text": text(number)} for number in range(count)]
    for name, values in columns.items():
        for row, value in zip(rows, values, strict=True):  # type: ignore[call-overload]
            row[name] = value
    return read_pool(store(rows), taxonomy(), seed=seed)


def test_pool_is_the_same_for_the_same_seed_whatever_the_order_of_rows() -> None:
    rows = [{"id": f"r{number}", "text": text(number)} for number in range(50)]
    forward, backward = (read_pool(store(list(order)), taxonomy(), seed=3) for order in (rows, reversed(rows)))
    assert forward.frame["id"].tolist() == backward.frame["id"].tolist()
    assert forward.frame["id"].tolist() != read_pool(store(rows), taxonomy(), seed=4).frame["id"].tolist()


def test_pool_leaves_out_rows_without_text_and_counts_the_too_long() -> None:
    rows = [{"id": "a", "text": "short"}, {"id": "b", "text": None}, {"id": "c", "text": "x" * 40_000}]
    found = read_pool(store(rows), taxonomy(), seed=0)
    assert found.frame["id"].tolist() == ["a"]
    assert (found.population, found.too_long) == (2, 1)


def test_pool_without_predictions_says_what_to_do() -> None:
    with pytest.raises(StoreError, match="cxnlp run"):
        read_pool(store([{"id": "a", "text": "x", "unread": True}]), taxonomy(), seed=0)


def test_random_rows_are_a_fair_draw() -> None:
    """Over many seeds every row is drawn about equally often, however sure the model is of it."""
    confidence = [0.1] * 20 + [0.9] * 20
    drawn = np.zeros(40)
    rows = [{"id": f"r{n:03d}", "text": text(n), "confidence": confidence[n]} for n in range(40)]
    connection = store(rows)
    for seed in range(100):
        sample = draw(read_pool(connection, taxonomy(), seed=seed), {"random": 10}, tasks=taxonomy().tasks)
        drawn[[int(row_id[1:]) for row_id in sample.frame["id"]]] += 1
    # 100 draws of 10 in 40: 25 expected each, standard deviation 4.3; 4 of them either way
    assert drawn.min() > 7
    assert drawn.max() < 43


def test_a_text_drawn_twice_is_shown_once_and_counts_twice() -> None:
    rows = [{"id": f"r{number}", "text": "ok" if number < 5 else text(number)} for number in range(8)]
    sample = draw(read_pool(store(rows), taxonomy(), seed=0), {"random": 8}, tasks=taxonomy().tasks)
    assert len(sample.frame) == 4
    shown = sample.frame[sample.frame["text"] == "ok"].iloc[0]
    assert len(shown["same_text"].split(";")) == 4


def test_uncertain_rows_are_those_the_model_doubts() -> None:
    confidence = [0.2 if number % 10 == 0 else 0.95 for number in range(200)]
    generator = np.random.default_rng(0)
    vectors = list(generator.normal(size=(200, 4)))
    sample = draw(pool(confidence=confidence, vector=vectors), {"uncertain": 4}, tasks=taxonomy().tasks)
    assert len(sample.frame) == 4
    assert all(int(row_id[1:]) % 10 == 0 for row_id in sample.frame["id"])


def test_rare_rows_come_from_what_was_labelled_least() -> None:
    language = ["ro" if number < 6 else "en" for number in range(200)]
    causes = [["price"] if 50 <= number < 55 else [] for number in range(200)]
    sample = draw(pool(language=language, causes=causes), {"rare": 4}, tasks=taxonomy().tasks)
    picked = {int(row_id[1:]) for row_id in sample.frame["id"]}
    assert picked & set(range(6)), "the rare language"
    assert picked & set(range(50, 55)), "the rare label"


def test_no_near_duplicate_of_a_drawn_or_labelled_row_is_chosen() -> None:
    rows = [
        {"id": f"r{n}", "text": f"the parcel came late and the box was crushed {'!' * n}", "confidence": 0.1}
        for n in range(30)
    ]
    known = pd.DataFrame({"id": ["old"], "text": ["A box was crushed"], "part": ["train"]})
    found = draw(read_pool(store(rows), taxonomy(), seed=0), {"uncertain": 5}, tasks=taxonomy().tasks, labelled=known)
    assert len(found.frame) == 1
    known["text"] = rows[0]["text"]
    found = draw(read_pool(store(rows), taxonomy(), seed=0), {"uncertain": 5}, tasks=taxonomy().tasks, labelled=known)
    assert len(found.frame) == 0


def test_gold_is_neither_drawn_again_nor_suspected() -> None:
    whole = pool(20)
    ids = whole.frame["id"].tolist()
    gold = pd.DataFrame({"id": ids[:10], "text": whole.frame["text"][:10], "part": ["gold"] * 10})
    sample = draw(
        whole, {"random": 20, "suspected": 20}, tasks=taxonomy().tasks, labelled=gold, suspects=[*ids[:10], ids[15]]
    )
    assert set(sample.frame["id"]) == set(ids[10:])


@pytest.mark.parametrize("mix", [{"suspected": 20}, {"suspected": 10, "random": 10}])
def test_uncertain_rows_take_the_place_of_suspected_ones_where_none_are(mix: dict[str, int]) -> None:
    sample = draw(pool(confidence=[0.5] * 200), mix, tasks=taxonomy().tasks)
    ways = sample.frame["drawn"].value_counts().to_dict()
    assert ways == {"uncertain": mix["suspected"]} | {way: rows for way, rows in mix.items() if way == "random"}
    assert (sample.moved, sample.wanted["suspected"]) == (mix["suspected"], 0)


def test_rows_of_the_sheet_are_shuffled() -> None:
    sample = draw(pool(confidence=[0.5] * 200), {"random": 20, "uncertain": 20}, tasks=taxonomy().tasks, seed=1)
    ways = sample.frame["drawn"].tolist()
    assert ways != sorted(ways)
    assert ways != sorted(ways, reverse=True)


def test_farthest_first_takes_unlike_rows_first() -> None:
    vectors = np.array([[1, 0], [0.999, 0.04], [0, 1], [-1, 0]], dtype=np.float32)
    assert farthest_first(vectors).tolist()[:3] == [0, 3, 2]


def test_split_adds_up_and_refuses_what_it_does_not_know() -> None:
    found = split_rows(7, {"random": 0.5, "rare": 0.3, "uncertain": 0.2})
    assert sum(found.values()) == 7
    with pytest.raises(WrongUsageError, match="unknown way"):
        split_rows(5, {"lucky": 1})
    for share in (0, -1, float("nan"), float("inf")):
        with pytest.raises(WrongUsageError, match="above 0"):
            split_rows(5, {"random": share})


def test_theme_candidates_are_nearer_to_this_label_than_to_the_others() -> None:
    queries = np.array([[1, 0], [0, 1]], dtype=np.float32)
    texts = np.array([[0.8, 0.6], [0.75, -0.66], [0, 1]], dtype=np.float32)
    assert np.argsort(-nearness(queries, texts)).tolist() == [1, 0, 2]
    task, label = find_label(taxonomy(), "causes/waiting")[0]
    assert definitions(task, label) == ["Waiting: queues and slow answers"]


def test_theme_rows_include_some_from_further_down() -> None:
    order = nearest(np.linspace(1, 0, 1000, dtype=np.float32), np.arange(1000), 20)
    assert order[:2] == [0, 1]
    assert order[2] >= 40


def test_sheet_for_a_theme_asks_for_its_task_only() -> None:
    rows = [{"id": f"r{number}", "text": text(number)} for number in range(60)]

    def embed(texts: list[str], _authors: list[str]) -> np.ndarray:
        return np.array(
            [[1.0, 0.0] if "queues" in t or "courier" in t else [0.0, 1.0] for t in texts], dtype=np.float32
        )

    wish = Wish(rows=8, theme="waiting", mix={"theme": 1})
    sheet, _ = make_sheet(read_pool(store(rows), taxonomy(), seed=0), taxonomy(), wish, embed=embed)
    assert [task.name for task in sheet.tasks] == ["causes"]
    assert sum("courier" in value for value in sheet.frame["text"]) >= 5


def test_rows_labelled_before_a_theme_was_there_come_again_for_it() -> None:
    """Rows are drawn again only if nobody was asked about the theme, and never a gold one as a row to train on."""
    rows = [{"id": f"r{number}", "text": f"{number} {chr(97 + number) * 20}"} for number in range(60)]
    present, earlier = guideline_version(taxonomy()), "2-0123456789ab"

    def sources(causes: str) -> dict[str, Source]:
        # the mood was asked for again later, by the present guideline: that says nothing of the causes
        return {"mood": Source("b.csv", 2, present), "causes": Source("a.csv", 2, causes)}

    marks = ["old"] * 20 + ["new"] * 10 + ["gold"] * 20 + ["has it"] * 10
    labelled = pd.DataFrame(
        {
            "id": [row["id"] for row in rows],
            "text": [row["text"] for row in rows],
            "part": ["gold" if mark == "gold" else "train" for mark in marks],
            "sources": [sources(present if mark == "new" else earlier) for mark in marks],
            "mood": [("calm",)] * 60,
            "causes": [("waiting",) if mark == "has it" else () for mark in marks],
        }
    )
    whole = read_pool(store(rows), taxonomy(), seed=0)
    wish = Wish(rows=60, theme="waiting", mix={"theme": 1})
    sheet, _ = make_sheet(whole, taxonomy(), wish, labelled=labelled, embed=lambda texts, _: np.eye(len(texts)))
    assert set(sheet.frame["id"]) == {f"r{number}" for number in range(20)}
    assert set(sheet.frame["drawn"]) == {"theme"}
    with pytest.raises(LabelsError, match="no row left"):
        make_sheet(whole, taxonomy(), Wish(rows=60, mix={"uncertain": 1}), labelled=labelled)


def test_a_row_that_comes_again_is_no_near_repeat_of_gold() -> None:
    repeated = text(1)
    rows = [{"id": "gold", "text": repeated}, {"id": "old", "text": f"{repeated}!"}]
    labelled = pd.DataFrame(
        {"id": ["gold", "old"], "text": [row["text"] for row in rows], "part": ["gold", "train"]}, dtype=str
    )
    found = draw(
        read_pool(store(rows), taxonomy(), seed=0),
        {"theme": 2},
        tasks=taxonomy().tasks,
        labelled=labelled,
        again=["gold", "old"],
        theme=np.ones(2, dtype=np.float32),
    )
    assert found.frame.empty


def test_suggestions_stand_on_the_sheet_only_when_asked_for() -> None:
    rows = [{"id": f"r{number}", "text": text(number), "mood": "glad"} for number in range(20)]
    plain, _ = make_sheet(read_pool(store(rows), taxonomy(), seed=0), taxonomy(), Wish(rows=5))
    shown, _ = make_sheet(read_pool(store(rows), taxonomy(), seed=0), taxonomy(), Wish(rows=5, suggest=True))
    assert plain.hints == {}
    assert set(shown.hints["mood", "model says"]) == {"Glad"}
    assert "drawn at random from 20 rows" in plain.facts["random"]
    assert ("suggestions" in plain.facts, shown.facts["suggestions"]) == (False, "shown")


def test_no_row_is_drawn_at_random_beside_suggestions() -> None:
    sheet, _ = make_sheet(pool(confidence=[0.5] * 200), taxonomy(), Wish(rows=40, suggest=True))
    assert len(sheet.frame) > 20
    assert "random" not in set(sheet.frame["drawn"])
    assert "random" not in Wish(suggest=True, theme="waiting").shares
    with pytest.raises(WrongUsageError, match="without sight of the model's answers"):
        Wish(suggest=True, mix={"random": 1, "rare": 1})
    Wish(suggest=True, mix={"random": 0, "rare": 1})
