"""Protects the correction for reading errors: by hand, against ppi-python, and what is called safe."""

from __future__ import annotations

import numpy as np
import ppi_py
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxnlp.analysis.correct import PairedCells, Part, Reading, ppi_mean, rogan_gladen, rogan_gladen_gap


def test_rogan_gladen_by_hand() -> None:
    # sensitivity 90/100, specificity 80/100; read 480 of 1,000: (0.48 + 0.8 − 1) / (0.9 + 0.8 − 1) = 0.4
    corrected = rogan_gladen([Part(480, 1000, Reading(90, 100, 80, 100))])
    assert corrected is not None and corrected.safe
    assert corrected.value == pytest.approx(0.4)
    # Lang & Reiczigel 2014 by hand: n' = 1003.84, p' = 0.480077; Se' = 91/102, Sp' = 81/102, J' = 0.686275;
    # P' = 0.399541; shift = 2·3.84146·(0.399541·0.00094326 − 0.600459·0.00160288) = −0.004499
    # error = √(0.00024865 + 0.00015058 + 0.00057792) / 0.686275 = 0.045549
    assert corrected.low == pytest.approx(0.399541 - 0.004499 - 1.959964 * 0.045549, abs=2e-5)
    assert corrected.high == pytest.approx(0.399541 - 0.004499 + 1.959964 * 0.045549, abs=2e-5)


def test_a_perfect_reader_changes_nothing() -> None:
    corrected = rogan_gladen([Part(123, 1000, Reading(500, 500, 500, 500))])
    assert corrected is not None
    assert corrected.value == pytest.approx(0.123)


@pytest.mark.parametrize(
    ("count", "reading", "reason"),
    [
        (500, Reading(19, 19, 300, 300), "too_few_labels"),
        (500, Reading(60, 100, 70, 100), "weak_reading"),
        (20, Reading(90, 100, 80, 100), "shift"),  # fewer than the false alarms alone would give
        (205, Reading(9, 22, 960, 980), "too_few_labels"),  # 46 %, give or take 25: no answer
        (500, Reading(90, 100, 95, 100), ""),
    ],
)
def test_says_when_a_correction_is_not_safe(count: int, reading: Reading, reason: str) -> None:
    corrected = rogan_gladen([Part(count, 1000, reading)])
    assert corrected is not None
    assert (corrected.reason, corrected.safe) == (reason, not reason)


def test_doubt_about_the_rates_alone_decides_what_is_safe() -> None:
    # sensitivity 13/36, specificity 98/100: a large export and a small one are judged alike, cut at 100 % or not
    few = Reading(13, 36, 98, 100)
    assert {few.problem, *(_reason(count, total, few) for count, total in ((90, 222), (9, 22), (400, 9000)))} == {
        "too_few_labels"
    }
    assert Reading(130, 360, 980, 1000).problem == ""


def _reason(count: int, total: int, reading: Reading) -> str:
    corrected = rogan_gladen([Part(count, total, reading)])
    assert corrected is not None
    return corrected.reason


def test_parts_read_with_other_rates_are_corrected_apart_and_added_up() -> None:
    # 600 texts at Se .9, Sp .8 and 400 at Se .6, Sp 1: 0.6·(0.48 − 0.2)/0.7 + 0.4·0.3/0.6 = 0.24 + 0.2
    parts = [Part(288, 600, Reading(180, 200, 160, 200)), Part(120, 400, Reading(120, 200, 200, 200))]
    both = rogan_gladen(parts)
    assert both is not None and both.safe and both.value == pytest.approx(0.44)
    alone = [rogan_gladen([part]) for part in parts]
    below = sum((0.6, 0.4)[at] ** 2 * (one.value - one.low) ** 2 for at, one in enumerate(alone) if one)
    assert both.value - both.low == pytest.approx(below**0.5)
    assert both.labels == 800


def test_parts_read_alike_are_one_whole() -> None:
    reading = Reading(90, 100, 80, 100)
    cells = PairedCells(235, 185, 5, 75)
    one = rogan_gladen_gap([(cells + cells, reading)])
    two = rogan_gladen_gap([(cells, reading), (cells, reading)])
    assert one is not None and two is not None
    assert two.value == pytest.approx(one.value)


def test_nothing_known_corrects_nothing() -> None:
    assert rogan_gladen([Part(5, 10, Reading(0, 0, 10, 10))]) is None
    assert rogan_gladen([Part(5, 10, Reading(5, 10, 5, 10))]) is None  # a coin
    assert rogan_gladen([Part(0, 0, Reading(9, 10, 9, 10))]) is None


def test_gap_takes_the_corrected_share_from_the_known_one() -> None:
    # 1,000 rows: 840 top; read happy 480 (of them 470 top) → corrected 0.4; 0.84 − 0.4 = 0.44
    gap = rogan_gladen_gap([(PairedCells(470, 370, 10, 150), Reading(90, 100, 80, 100))])
    assert gap is not None
    assert gap.value == pytest.approx(0.44)
    assert gap.low < 0.44 < gap.high


def test_prediction_powered_mean_agrees_with_ppi_python() -> None:
    rng = np.random.default_rng(3)
    truth = rng.random(4000) < 0.35
    read = np.where(rng.random(4000) < 0.85, truth, ~truth).astype(float)
    human, labelled, rest = truth[:300].astype(float), read[:300], read[300:]
    value, error = ppi_mean(human, labelled, int(rest.sum()), len(rest))
    theirs = ppi_py.ppi_mean_pointestimate(human, labelled, rest)
    low, high = ppi_py.ppi_mean_ci(human, labelled, rest, alpha=0.05)
    assert value == pytest.approx(float(np.squeeze(theirs)), abs=1e-3)
    assert value - 1.959964 * error == pytest.approx(float(np.squeeze(low)), abs=2e-3)
    assert value + 1.959964 * error == pytest.approx(float(np.squeeze(high)), abs=2e-3)


counts = st.integers(0, 200)


@given(counts, counts, counts, counts, counts, counts)
def test_corrected_shares_stay_within_bounds(
    count: int, rest: int, hits: int, misses: int, passed: int, false: int
) -> None:
    corrected = rogan_gladen([Part(count, count + rest, Reading(hits, hits + misses, passed, passed + false))])
    if corrected is not None:
        assert 0 <= corrected.low <= corrected.value <= corrected.high <= 1


@given(counts, counts, counts, counts)
def test_corrected_gaps_stay_within_bounds(a: int, b: int, c: int, d: int) -> None:
    gap = rogan_gladen_gap([(PairedCells(a, b, c, d), Reading(90, 100, 80, 100))])
    if gap is not None:
        assert -1 <= gap.low <= gap.value <= gap.high <= 1
