"""Protects the intervals and tests on counts: against published values and independent implementations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, fisher_exact
from sklearn.metrics import roc_auc_score
from statsmodels.stats.contingency_tables import StratifiedTable
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep

from cxnlp.analysis.stats import (
    auc_of_counts,
    benjamini_hochberg,
    independent_gap,
    mcnemar,
    mean_of_counts,
    paired_gap,
    share,
    stability_index,
    stratified_gap,
    two_sample_p,
    wilson,
)


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_published_intervals(count: int, total: int, low: float, high: float) -> None:
    # Newcombe (1998), Stat. Med. 17:857, table I, method 3
    assert wilson(count, total) == pytest.approx((low, high), abs=5e-5)


def test_no_base_means_nothing_is_known() -> None:
    nothing = share(0, 0)
    assert (nothing.value, nothing.low, nothing.high) == (None, 0.0, 1.0)


def test_two_groups_give_newcombes_published_interval() -> None:
    gap = independent_gap(share(56, 70), share(48, 80))
    assert gap is not None
    assert (gap.value, gap.low, gap.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)  # Newcombe 1998, table II


@given(st.integers(1, 400), st.integers(1, 400), st.data())
def test_two_groups_agree_with_statsmodels(n1: int, n2: int, data: st.DataObject) -> None:
    x1, x2 = data.draw(st.integers(0, n1)), data.draw(st.integers(0, n2))
    gap = independent_gap(share(x1, n1), share(x2, n2))
    assert gap is not None
    expected = confint_proportions_2indep(x1, n1, x2, n2, method="newcomb")
    assert (gap.low, gap.high) == pytest.approx(expected, abs=1e-9)


def test_paired_gap_by_hand() -> None:
    # 100 rows: 50 both, 30 only the first, 10 only the second, 10 neither
    gap = paired_gap(50, 30, 10, 10)
    assert gap is not None and gap.n == 100
    assert gap.value == pytest.approx(0.80 - 0.60)
    # phi = (50·10 − 30·10 − 100/2) / √(80·20·60·40) = 150 / 1959.59; Wilson: 80/100 → 0.7111…0.8667, 60 → 0.5020…0.6906
    phi = 150 / 1959.5918
    down = ((0.8 - 0.71112) ** 2 - 2 * phi * (0.8 - 0.71112) * (0.69059 - 0.6) + (0.69059 - 0.6) ** 2) ** 0.5
    up = ((0.86668 - 0.8) ** 2 - 2 * phi * (0.86668 - 0.8) * (0.6 - 0.50200) + (0.6 - 0.50200) ** 2) ** 0.5
    assert (gap.low, gap.high) == pytest.approx((0.2 - down, 0.2 + up), abs=1e-4)


def test_mcnemar_is_the_mid_p_of_the_binomial() -> None:
    assert mcnemar(7, 1) == pytest.approx(2 * (binom.cdf(0, 8, 0.5) + 0.5 * binom.pmf(1, 8, 0.5)))
    assert mcnemar(0, 0) == 1.0
    assert mcnemar(5, 5) == pytest.approx(1.0)


def test_small_counts_are_tested_exactly() -> None:
    ours = two_sample_p(8, 10, 1, 12)
    tails = [fisher_exact([[8, 2], [1, 11]], alternative=side).pvalue for side in ("less", "greater")]
    assert ours == pytest.approx(2 * min(tails))


def test_large_counts_are_tested_by_score() -> None:
    # pooled share 0.55, error √(0.55·0.45·(2/1000)) = 0.022249; z = 0.1/0.022249 = 4.4946
    assert two_sample_p(600, 1000, 500, 1000) == pytest.approx(6.97e-6, rel=0.01)


@given(st.lists(st.floats(0, 1), max_size=40))
def test_adjusted_p_values_agree_with_statsmodels(p_values: list[float]) -> None:
    expected = multipletests(p_values, method="fdr_bh")[1] if p_values else []
    assert benjamini_hochberg(p_values) == pytest.approx(list(expected))


def test_mean_by_hand() -> None:
    mean = mean_of_counts([1.0, 5.0], [1, 3])
    assert mean is not None
    assert (mean.value, mean.n) == (4.0, 4)
    assert mean.sd == pytest.approx(2.0)  # √((9 + 3·1)/3)
    assert mean.high - mean.value == pytest.approx(3.1824 * 2 / 2, abs=1e-3)  # t(0.975; 3) · sd/√4


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=8))
def test_area_under_the_curve_agrees_with_sklearn(marks: list[tuple[int, int]]) -> None:
    positive, negative = [mark[0] for mark in marks], [mark[1] for mark in marks]
    ours = auc_of_counts(positive, negative)
    if not sum(positive) or not sum(negative):
        assert ours is None
        return
    score = np.repeat(np.arange(len(marks)).repeat(2), np.array(marks).ravel())
    label = np.repeat(np.tile([1, 0], len(marks)), np.array(marks).ravel())
    assert ours is not None
    assert ours.value == pytest.approx(roc_auc_score(label, score))
    assert 0 <= ours.low <= ours.value <= ours.high <= 1


def test_a_population_that_stays_has_no_drift() -> None:
    assert stability_index([50, 50], [500, 500]) == pytest.approx(0, abs=1e-4)
    # shares 0.5/0.5 → 0.9/0.1: (0.4)·ln(1.8) + (−0.4)·ln(0.2) = 0.8789
    assert stability_index([5000, 5000], [9000, 1000]) == pytest.approx(0.8789, abs=2e-3)
    assert stability_index([0, 0], [1, 1]) == 0.0


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_shares_and_intervals_stay_within_bounds_and_hold_the_estimate(count: int, further: int) -> None:
    held = share(count, count + further)
    assert 0 <= held.low <= held.high <= 1
    if held.value is not None:
        assert held.low <= held.value <= held.high


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 300), st.integers(0, 300))
def test_paired_gaps_stay_within_bounds_and_hold_the_estimate(a: int, b: int, c: int, d: int) -> None:
    gap = paired_gap(a, b, c, d)
    if a + b + c + d == 0:
        assert gap is None
        return
    assert gap is not None
    assert -1 <= gap.low <= gap.value <= gap.high <= 1
    mirrored = paired_gap(a, c, b, d)
    assert mirrored is not None
    assert (mirrored.value, mirrored.low, mirrored.high) == pytest.approx((-gap.value, -gap.high, -gap.low))


def test_a_stratified_gap_by_hand() -> None:
    # strata 30/100 against 10/100, and 80/200 against 60/300: weights n1·n0/n = 50 and 120
    # (50·0.2 + 120·0.2) / 170 = 0.2; variance (50²·(0.21 + 0.09)/100 + 120²·(0.24/200 + 0.16/300)) / 170²
    gap = stratified_gap({"a": (30, 100), "b": (80, 200)}, {"a": (10, 100), "b": (60, 300)})
    assert gap is not None and gap.value == pytest.approx(0.2) and gap.n == 700
    error = (50**2 * 0.3 / 100 + 120**2 * (0.24 / 200 + 0.16 / 300)) ** 0.5 / 170
    assert (gap.low, gap.high) == (pytest.approx(0.2 - 1.959964 * error), pytest.approx(0.2 + 1.959964 * error))
    theirs = StratifiedTable([np.array([[30, 70], [10, 90]]), np.array([[80, 120], [60, 240]])])
    assert gap.p_value == pytest.approx(theirs.test_null_odds(correction=False).pvalue)


def test_groups_of_another_language_mix_do_not_differ_by_that_alone() -> None:
    # both read 20 % of one language and 80 % of the other
    gap = stratified_gap({"a": (180, 900), "b": (80, 100)}, {"a": (20, 100), "b": (720, 900)})
    assert gap is not None and gap.value == pytest.approx(0) and gap.p_value == pytest.approx(1)
    assert stratified_gap({"a": (180, 900)}, {"b": (720, 900)}) is None
    one = stratified_gap({"a": (30, 100), "c": (1, 1)}, {"a": (10, 100), "b": (5, 9)})
    assert one == independent_gap(share(30, 100), share(10, 100))
