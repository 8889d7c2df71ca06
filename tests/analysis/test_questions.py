"""Protects the audit of questions and the statuses of blind spots."""

from __future__ import annotations

from typing import Any

import pytest

from cxnlp.analysis import AnalysisSettings, summarize
from cxnlp.analysis.blind import status

from .build import MODEL, store

HAPPY = {"emotions": ["satisfaction"], "strengths": ["staff_attitude"]}
SAD = {"emotions": ["anger"], "stance": "complaint"}


def audited(marks_happy: list[int], marks_sad: list[int]) -> Any:
    rows: list[dict[str, Any]] = [HAPPY | {"stars": mark} for mark in marks_happy]
    rows += [SAD | {"stars": mark} for mark in marks_sad]
    rows = [row | {"id": f"q{index}", "text": f"words {index}", "question": "Q?"} for index, row in enumerate(rows)]
    return summarize(store(rows), AnalysisSettings(model=MODEL, minimum_group=10, quotes=0)).questions[0]


def test_a_question_that_tells_apart() -> None:
    question = audited([5] * 30 + [4] * 10, [1] * 15 + [2] * 5)
    assert question.auc.value == 1.0 and not question.blind and not question.ceiling
    assert question.asks_basics  # all praise under it is of the staff's manners


def test_a_question_that_everybody_answers_alike_tells_nobody_apart() -> None:
    question = audited([5] * 40, [5] * 12)
    assert (question.auc.value, question.auc.low, question.auc.high) == (0.5, 0.5, 0.5)
    assert question.ceiling and question.blind
    assert question.top_mark.count == 52


def test_too_few_unhappy_texts_give_no_area() -> None:
    assert audited([5] * 40, [1] * 4).auc is None


@pytest.mark.parametrize(
    ("records", "rated", "written", "expected"),
    [
        (0, 0, 0, "nobody_asks"),
        (29, 29, 29, "too_few"),
        (100, 100, 4, "no_words"),
        (100, 4, 100, "no_stars"),
        (100, 50, 50, "covered"),
    ],
)
def test_how_well_a_touchpoint_is_seen(records: int, rated: int, written: int, expected: str) -> None:
    assert status(records, rated, written, 30) == expected
