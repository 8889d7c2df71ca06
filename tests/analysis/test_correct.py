"""Protects the correction for reading errors: by hand, against ppi-python, and what is called safe."""

from __future__ import annotations

import numpy as np
import ppi_py
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxnlp.analysis.correct import Corrector, PairedCells, Reading, ppi_mean, rogan_gladen, rogan_gladen_gap
from cxnlp.analysis.events import Vocabulary
from cxnlp.analysis.settings import GoldRow
from cxnlp.taxonomy import default_taxonomy

VOCABULARY = Vocabulary.of(default_taxonomy())
HAPPY = {"emotions": ("satisfaction",), "stance": ("neither",)}
UNHAPPY = {"emotions": ("anger",), "stance": ("complaint",)}


def gold(right_happy: int, wrong_happy: int, right_unhappy: int, wrong_unhappy: int, **kind: str) -> list[GoldRow]:
    sides = [(HAPPY, HAPPY)] * right_happy + [(HAPPY, UNHAPPY)] * wrong_happy
    sides += [(UNHAPPY, UNHAPPY)] * right_unhappy + [(UNHAPPY, HAPPY)] * wrong_unhappy
    language, origin = kind.get("language", "en"), kind.get("origin", "real")
    return [GoldRow(f"g{i}", language, "customer", origin, human, read) for i, (human, read) in enumerate(sides)]


def test_rogan_gladen_by_hand() -> None:
    # sensitivity 90/100, specificity 80/100; read 480 of 1,000: (0.48 + 0.8 − 1) / (0.9 + 0.8 − 1) = 0.4
    corrected = rogan_gladen(480, 1000, Reading(90, 100, 80, 100))
    assert corrected is not None and corrected.safe
    assert corrected.value == pytest.approx(0.4)
    # Lang & Reiczigel 2014 by hand: n' = 1003.84, p' = 0.480077; Se' = 91/102, Sp' = 81/102, J' = 0.686275;
    # P' = 0.399541; shift = 2·3.84146·(0.399541·0.00094326 − 0.600459·0.00160288) = −0.004499
    # error = √(0.00024865 + 0.00015058 + 0.00057792) / 0.686275 = 0.045549
    assert corrected.low == pytest.approx(0.399541 - 0.004499 - 1.959964 * 0.045549, abs=2e-5)
    assert corrected.high == pytest.approx(0.399541 - 0.004499 + 1.959964 * 0.045549, abs=2e-5)


def test_a_perfect_reader_changes_nothing() -> None:
    corrected = rogan_gladen(123, 1000, Reading(500, 500, 500, 500))
    assert corrected is not None
    assert corrected.value == pytest.approx(0.123)


@pytest.mark.parametrize(
    ("count", "reading", "reason"),
    [
        (500, Reading(19, 19, 300, 300), "too_few_labels"),
        (500, Reading(60, 100, 70, 100), "weak_reading"),
        (20, Reading(90, 100, 80, 100), "shift"),  # fewer than the false alarms alone would give
        (205, Reading(9, 22, 960, 980), "too_few_labels"),  # 46 %, give or take 25: no answer
        (450, Reading(13, 36, 98, 100), "too_few_labels"),  # more than all, give or take 45 points: cutting hides it
        (500, Reading(90, 100, 95, 100), ""),
    ],
)
def test_says_when_a_correction_is_not_safe(count: int, reading: Reading, reason: str) -> None:
    corrected = rogan_gladen(count, 1000, reading)
    assert corrected is not None
    assert (corrected.reason, corrected.safe) == (reason, not reason)


def test_nothing_known_corrects_nothing() -> None:
    assert rogan_gladen(5, 10, Reading(0, 0, 10, 10)) is None
    assert rogan_gladen(5, 10, Reading(5, 10, 5, 10)) is None  # a coin
    assert rogan_gladen(0, 0, Reading(9, 10, 9, 10)) is None


def test_gap_takes_the_corrected_share_from_the_known_one() -> None:
    # 1,000 rows: 840 top; read happy 480 (of them 470 top) → corrected 0.4; 0.84 − 0.4 = 0.44
    gap = rogan_gladen_gap(PairedCells(470, 370, 10, 150), Reading(90, 100, 80, 100))
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


def test_written_rows_do_not_correct_shares_of_real_ones() -> None:
    corrector = Corrector(gold(90, 10, 80, 20, origin="written"), VOCABULARY, {"en": 100})
    assert corrector.share(48, 100, "expressed", "overall", "overall").corrected is None


def test_a_language_uses_its_own_error_rates() -> None:
    rows = gold(30, 0, 30, 0, language="en") + gold(21, 9, 30, 0, language="fa")
    corrector = Corrector(rows, VOCABULARY, {"en": 500, "fa": 500})
    persian = corrector.share(350, 1000, "expressed", "language", "fa").corrected
    english = corrector.share(350, 1000, "expressed", "language", "en").corrected
    assert persian is not None and english is not None
    assert persian.value == pytest.approx(0.35 / 0.7)
    assert english.value == pytest.approx(0.35)


def test_an_export_of_one_language_uses_its_error_rates_everywhere() -> None:
    rows = gold(30, 0, 30, 0, language="en") + gold(21, 9, 30, 0, language="fa")
    persian = Corrector(rows, VOCABULARY, {"fa": 900, "en": 100}).share(350, 1000, "expressed", "overall", "overall")
    mixed = Corrector(rows, VOCABULARY, {"fa": 500, "en": 500}).share(350, 1000, "expressed", "overall", "overall")
    assert persian.corrected is not None and mixed.corrected is not None
    assert persian.corrected.value == pytest.approx(0.35 / 0.7)
    assert mixed.corrected.value == pytest.approx(0.35 / 0.85)


@pytest.mark.parametrize(("hits", "misses", "safe"), [(11, 1, False), (6, 6, True)])
def test_rates_of_other_languages_do_not_correct_one_that_is_read_otherwise(hits: int, misses: int, safe: bool) -> None:
    rows = gold(hits, misses, 60, 2, language="en") + gold(120, 180, 300, 10, language="ro")
    corrector = Corrector(rows, VOCABULARY, {"en": 1000})
    share = corrector.share(220, 1000, "expressed", "touchpoint", "use")
    assert share.corrected is not None
    assert (share.corrected.safe, share.corrected.reason) == (safe, "" if safe else "shift")
    gap = corrector.gap(PairedCells(200, 300, 20, 480), "expressed", "overall", "overall")
    assert gap is not None and gap.safe is safe
    assert corrector.rates("expressed")[1] == ("" if safe else "shift")


def test_a_language_never_labelled_makes_the_correction_unsafe() -> None:
    corrector = Corrector(gold(90, 10, 80, 20), VOCABULARY, {"en": 500, "vi": 500})
    overall = corrector.share(480, 1000, "expressed", "overall", "overall").corrected
    assert overall is not None and not overall.safe and overall.reason == "shift"
    english = corrector.share(480, 1000, "expressed", "language", "en").corrected
    assert english is not None and english.safe


def test_labels_drawn_from_the_export_are_used_as_such() -> None:
    rows = gold(45, 5, 40, 10)
    members = {row.id: {"overall": "overall", "touchpoint": "use"} for row in rows}
    corrector = Corrector(rows, VOCABULARY, {"en": 1000}, is_random=True, members=members)
    own = corrector.share(480, 1000, "expressed", "touchpoint", "use").corrected
    elsewhere = corrector.share(480, 1000, "expressed", "touchpoint", "pay").corrected
    assert own is not None and own.method == "ppi" and own.labels == 100
    assert elsewhere is not None and elsewhere.method == "rogan-gladen"


counts = st.integers(0, 200)


@given(counts, counts, counts, counts, counts, counts)
def test_corrected_shares_stay_within_bounds(
    count: int, rest: int, hits: int, misses: int, passed: int, false: int
) -> None:
    corrected = rogan_gladen(count, count + rest, Reading(hits, hits + misses, passed, passed + false))
    if corrected is not None:
        assert 0 <= corrected.low <= corrected.value <= corrected.high <= 1


@given(counts, counts, counts, counts)
def test_corrected_gaps_stay_within_bounds(a: int, b: int, c: int, d: int) -> None:
    gap = rogan_gladen_gap(PairedCells(a, b, c, d), Reading(90, 100, 80, 100))
    if gap is not None:
        assert -1 <= gap.low <= gap.value <= gap.high <= 1
