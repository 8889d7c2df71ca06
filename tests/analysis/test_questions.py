"""Protects the audit of questions and the statuses of blind spots."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cxnlp.analysis import AnalysisSettings, summarize
from cxnlp.analysis.blind import status
from cxnlp.analysis.correct import Part, Reading, rogan_gladen
from cxnlp.analysis.numbers import Share
from cxnlp.analysis.questions import true_area
from cxnlp.analysis.settings import GoldRow
from cxnlp.analysis.stats import auc_of_counts, share

from .build import MODEL, store

HAPPY = {"emotions": ["satisfaction"], "strengths": ["staff_attitude"]}
SAD = {"emotions": ["anger"], "stance": "complaint"}


def audited(marks_happy: list[int], marks_sad: list[int], gold: tuple[GoldRow, ...] = ()) -> Any:
    rows: list[dict[str, Any]] = [HAPPY | {"stars": mark} for mark in marks_happy]
    rows += [SAD | {"stars": mark} for mark in marks_sad]
    rows = [row | {"id": f"q{index}", "text": f"words {index}", "question": "Q?"} for index, row in enumerate(rows)]
    return summarize(store(rows), AnalysisSettings(model=MODEL, minimum_group=10, quotes=0, gold=gold)).questions[0]


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


def labelled(sensitivity: float, specificity: float, each: int = 200) -> tuple[GoldRow, ...]:
    """Return labelled rows, `each` of happy and unhappy ones, read with these rates."""
    happy = {"emotions": ("satisfaction",), "stance": ("neither",)}
    sad = {"emotions": ("anger",), "stance": ("complaint",)}
    found, passed = round(sensitivity * each), round(specificity * each)
    pairs = [(happy, happy)] * found + [(happy, sad)] * (each - found)
    pairs += [(sad, sad)] * passed + [(sad, happy)] * (each - passed)
    return tuple(GoldRow(f"g{i}", "en", "customer", "real", *pair) for i, pair in enumerate(pairs))


HAPPY_MARKS, SAD_MARKS = [0.02, 0.06, 0.12, 0.3, 0.5], [0.24, 0.22, 0.24, 0.2, 0.1]  # area 0.80


def test_misreading_does_not_make_a_question_blind() -> None:
    # by expectation: of 800 happy texts 85 % are read so, of 400 unhappy ones 25 % are read as happy
    read_happy = 800 * 0.85 * np.array(HAPPY_MARKS) + 400 * 0.25 * np.array(SAD_MARKS)
    read_sad = 800 * 0.15 * np.array(HAPPY_MARKS) + 400 * 0.75 * np.array(SAD_MARKS)
    marks = [np.repeat([1, 2, 3, 4, 5], np.round(part).astype(int)).tolist() for part in (read_happy, read_sad)]
    true = auc_of_counts([round(10000 * p) for p in HAPPY_MARKS], [round(10000 * p) for p in SAD_MARKS])
    raw, corrected = audited(*marks), audited(*marks, gold=labelled(0.85, 0.75))
    assert true is not None
    assert raw.auc == raw.auc_as_read and raw.auc.value < 0.7 and raw.blind
    assert corrected.auc_as_read == raw.auc and not corrected.blind
    assert corrected.auc.value == pytest.approx(true.value, abs=0.005)
    assert corrected.auc.low < true.value < corrected.auc.high


def test_where_the_reader_is_not_known_well_enough_the_area_stays_as_read() -> None:
    marks = [5] * 30 + [4] * 10, [5] * 10 + [3] * 20
    assert audited(*marks, gold=labelled(0.85, 0.75, each=15)).auc == audited(*marks).auc


def test_a_blind_question_stays_blind_after_correction() -> None:
    flat = [5] * 800 + [4] * 100, [5] * 200 + [4] * 25
    question = audited(*flat, gold=labelled(0.9, 0.9))
    assert question.auc.value == pytest.approx(0.5) and question.blind


def test_corrected_areas_cover_the_true_one() -> None:
    rng = np.random.default_rng(0)
    rates, inside, errors = (0.85, 0.75), 0, []
    true = auc_of_counts([round(10000 * p) for p in HAPPY_MARKS], [round(10000 * p) for p in SAD_MARKS])
    assert true is not None
    for _ in range(400):
        happy = rng.binomial(600, 0.7)
        by_happy, by_sad = rng.multinomial(happy, HAPPY_MARKS), rng.multinomial(600 - happy, SAD_MARKS)
        read_so, misread = rng.binomial(by_happy, rates[0]), rng.binomial(by_sad, 1 - rates[1])
        positive, negative = read_so + misread, by_happy - read_so + by_sad - misread
        reading = Reading(int(rng.binomial(200, rates[0])), 200, int(rng.binomial(200, rates[1])), 200)
        raw = share(int(positive.sum()), 600)
        counted = Share(raw.count, raw.total, raw.low, raw.high, rogan_gladen([Part(raw.count, raw.total, reading)]))
        seen = auc_of_counts(positive.tolist(), negative.tolist())
        assert seen is not None
        area = true_area(seen, counted, reading)
        inside += area.low <= true.value <= area.high
        errors.append(area.value - true.value)
    assert abs(np.mean(errors)) < 0.01
    assert inside / 400 > 0.92


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
