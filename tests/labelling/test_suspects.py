"""Planted mistakes come first among the doubts, and labels too rare to judge are left alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxnlp.labelling.rows import Source
from cxnlp.labelling.suspects import find_suspects, out_of_sample
from labelling.build import taxonomy


def planted(seed: int = 0, rows: int = 240) -> tuple[pd.DataFrame, np.ndarray, set[str], set[str]]:
    """Rows in two clouds, `glad` and `cross`, of which some carry the other's label; likewise for the cause `price`."""
    generator = np.random.default_rng(seed)
    side = generator.integers(0, 2, rows)
    costly = generator.integers(0, 2, rows)
    vectors = generator.normal(scale=0.4, size=(rows, 8)).astype(np.float32)
    vectors[:, 0] += 3 * side
    vectors[:, 1] += 3 * costly
    wrong_mood, wrong_cause = set(range(0, rows, 30)), set(range(7, rows, 30))
    mood = [("glad",) if bool(s) != (n in wrong_mood) else ("cross",) for n, s in enumerate(side)]
    causes = [("price",) if bool(c) != (n in wrong_cause) else () for n, c in enumerate(costly)]
    frame = pd.DataFrame(
        {
            "id": [f"r{n}" for n in range(rows)],
            "text": [" ".join(generator.choice(list("abcdefghijklmnop"), 12)) for _ in range(rows)],
            "sources": [{task: Source(f"{task}.csv", n + 2, "1") for task in ("mood", "causes")} for n in range(rows)],
            "mood": mood,
            "effort": [None] * rows,
            "causes": causes,
        }
    )
    return frame, vectors, {f"r{n}" for n in wrong_mood}, {f"r{n}" for n in wrong_cause}


def test_planted_mistakes_are_found_first() -> None:
    frame, vectors, wrong_mood, wrong_cause = planted()
    found = find_suspects(frame, vectors, taxonomy())
    by_task = {task: list(rows["id"]) for task, rows in found.rows.groupby("task", sort=False)}
    for doubted, planted_ids in ((by_task["mood"], wrong_mood), (by_task["causes"], wrong_cause)):
        assert len(planted_ids & set(doubted)) >= 0.7 * len(planted_ids)
        assert set(doubted[:5]) <= planted_ids
    assert found.rows["quality"].is_monotonic_increasing
    assert {"causes/waiting", "causes/speed", "effort/low", "mood/calm"} <= set(found.left_out)
    assert "effort" not in found.judged
    assert "text" not in found.rows.columns
    assert (found.rows["file"] == found.rows["task"] + ".csv").all(), "where this task's labels stand"
    assert (found.rows["line"] == found.rows["id"].str[1:].astype(int) + 2).all()


def test_a_doubt_says_which_label_and_which_way() -> None:
    frame, vectors, _, wrong_cause = planted()
    found = find_suspects(frame, vectors, taxonomy()).rows
    worst = found[(found["task"] == "causes") & found["id"].isin(wrong_cause)].iloc[0]
    expected = "Price is given" if worst["given"] == "price" else "Price is missing"
    assert worst["doubt"].startswith(expected)


def test_near_duplicates_never_stand_on_both_sides() -> None:
    """Two copies of each row with random labels: only a leak could predict one from the other."""
    generator = np.random.default_rng(0)
    vectors = np.repeat(generator.normal(size=(60, 40)).astype(np.float32), 2, axis=0)
    given = np.repeat(generator.integers(0, 2, 60), 2)
    groups = np.repeat(np.arange(60), 2)
    share = out_of_sample(vectors, given, 2, groups, seed=0)
    right = (share.argmax(axis=1) == given).mean()
    assert right < 0.7
    leaking = out_of_sample(vectors, given, 2, np.arange(120), seed=0)
    assert (leaking.argmax(axis=1) == given).mean() > right


def test_all_labels_alike_raise_no_doubt() -> None:
    frame, vectors, _, _ = planted()
    frame["mood"] = [("glad",)] * len(frame)
    frame["causes"] = [()] * len(frame)
    assert find_suspects(frame, vectors, taxonomy()).rows.empty


@pytest.mark.parametrize(("rows", "noisy"), [(240, ("mood", "causes")), (330, ())])
def test_tasks_with_few_rows_are_named_as_noisy(rows: int, noisy: tuple[str, ...]) -> None:
    frame, vectors, _, _ = planted(rows=rows)
    assert find_suspects(frame, vectors, taxonomy()).noisy == noisy


@pytest.mark.parametrize("classes", [2, 3])
def test_probabilities_add_up(classes: int) -> None:
    generator = np.random.default_rng(0)
    given = np.arange(60) % classes
    share = out_of_sample(generator.normal(size=(60, 3)).astype(np.float32), given, classes, np.arange(60), seed=0)
    assert share.sum(axis=1) == pytest.approx(1.0)
