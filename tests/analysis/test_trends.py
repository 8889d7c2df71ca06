"""Protects early warnings: limits, incomplete weeks, and that quiet series stay quiet."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from scipy import stats

from cxnlp.analysis.dispersion import Excess, dispersion, excess, widening
from cxnlp.analysis.trends import (
    WATCHED,
    alarm_since,
    baseline_excess,
    build_trends,
    change_of,
    control_limits,
    fill_weeks,
    look_alpha,
    split_windows,
    watch,
)

START = date(2026, 1, 5)
LATE = date(2030, 1, 1)


def series(counts: list[int], total: int = 50) -> list[tuple[date, int, int]]:
    return [(START + timedelta(weeks=index), count, total) for index, count in enumerate(counts)]


def test_an_alarm_holds_while_the_trouble_lasts() -> None:
    calm, trouble, sparse = [(1, 12)] * 10, [(8, 14)] * 4, [(0, 5)]
    counts = [*calm, *trouble, *sparse, *[(20, 26)] * 2]
    first = date(2026, 1, 5)
    weeks = [(first + timedelta(weeks=week), count, total) for week, (count, total) in enumerate(counts)]
    found, _ = watch(weeks, "up", 1e-4, as_of=date(2026, 12, 31), minimum_total=20)
    raised = next(place for place, week in enumerate(found) if week.alarm)
    assert raised < 14
    assert all(week.alarm for week in found[raised:]), "its own weeks in the baseline would hide what goes on"
    assert alarm_since(found) == found[raised].week


def test_limits_are_tails_of_the_beta_binomial() -> None:
    low, high = control_limits(200, 60, 600, 0.001)
    law = stats.betabinom(200, 60.5, 540.5)

    def above(k: int) -> float:
        return float(law.sf(k) + law.pmf(k) / 2)

    first = next(k for k in range(201) if above(k) < 0.001)
    assert high == pytest.approx((first - 0.5) / 200)
    last = max((k for k in range(201) if law.cdf(k) - law.pmf(k) / 2 < 0.001), default=None)
    assert low == (0.0 if last is None else pytest.approx((last + 0.5) / 200))


def test_the_limit_of_many_rows_is_close_to_the_exact_one() -> None:
    exact = control_limits(2000, 900, 6000, 1e-4)
    smooth = control_limits(2001, 900, 6000, 1e-4)
    assert smooth == pytest.approx(exact, abs=1e-3)


def test_few_rows_can_never_alarm() -> None:
    assert control_limits(3, 50, 100, 1e-4) == (0.0, 1.0)


def test_a_jump_alarms_and_keeps_its_first_week() -> None:
    weeks, _ = watch(series([10] * 12 + [30] * 3), "up", 1e-4, LATE, 30)
    assert [week.alarm for week in weeks] == [False] * 13 + [True, True]  # 20 of 50 more over four weeks, then 40
    assert alarm_since(weeks) == (START + timedelta(weeks=13)).isoformat()
    assert weeks[-1].recent == pytest.approx(100 / 200) and weeks[-1].baseline == pytest.approx(0.2)


def test_a_fall_is_bad_only_for_stars() -> None:
    falling = series([30] * 12 + [10] * 3)
    assert alarm_since(watch(falling, "up", 1e-4, LATE, 30)[0]) is None
    assert alarm_since(watch(falling, "down", 1e-4, LATE, 30)[0]) is not None


def test_a_week_that_is_not_over_is_not_judged() -> None:
    weeks, _ = watch(series([10] * 12 + [50]), "up", 1e-4, START + timedelta(weeks=12, days=5), 30)
    assert not weeks[-1].complete and not weeks[-1].alarm and weeks[-1].recent is None
    weeks, _ = watch(series([10] * 12 + [50]), "up", 1e-4, START + timedelta(weeks=12, days=6), 30)
    assert weeks[-1].complete


def test_no_judgement_before_there_is_a_baseline() -> None:
    weeks, _ = watch(series([10] * 9 + [50]), "up", 1e-4, LATE, 30)
    assert [week.baseline is None for week in weeks] == [True] * 9 + [False]


def test_later_weeks_do_not_change_what_was_judged_before() -> None:
    long = series([10, 14, 9, 12, 11, 10, 8, 13, 10, 12, 25, 30, 28, 9, 10])
    short, _ = watch(long[:12], "up", 1e-3, LATE, 30)
    assert watch(long, "up", 1e-3, LATE, 30)[0][:12] == short


def test_weeks_that_vary_by_themselves_widen_the_limits() -> None:
    quiet = watch(series([20] * 16), "up", 1e-4, LATE, 30)[0][-1]
    restless = watch(series([5, 35] * 8), "up", 1e-4, LATE, 30)[0][-1]
    assert quiet.high is not None and restless.high is not None and restless.high > quiet.high + 0.1


def test_excess_of_weeks_by_hand() -> None:
    # 12 weeks of 5 or 35 of 50, share 0.4: 15²/(50·0.24) = 18.75 each; slope 600 − 12·50²/600 − 11
    found = excess(np.array([5.0, 35.0] * 6), np.array([50.0] * 12))
    assert (found.chi, found.freedom, found.slope) == pytest.approx((225, 11, 539))
    assert excess(np.full(12, 50.0), np.full(12, 50.0)) == Excess(), "all alike: nothing can be said"
    assert excess(np.full(5, 20.0), np.full(5, 50.0)) == Excess(), "too few weeks"


def test_dispersion_of_a_series_alone_is_drawn_towards_one() -> None:
    spread, freedom = dispersion(Excess(225, 11, 539), Excess())
    assert (spread, freedom) == (pytest.approx((5 + 225) / 16), 16)


def test_dispersion_borrows_what_the_other_touchpoints_show() -> None:
    # the others' weeks show a correlation of (200 − 100) / 2000 = 0.05; here that means 1 + 0.05·539/11 = 3.45
    spread, freedom = dispersion(Excess(11, 11, 539), Excess(200, 100, 2000))
    assert spread == pytest.approx((20 * (1 + 0.05 * 49 * 100 / 105) + 11) / 31)
    assert freedom == 31


def test_limits_count_in_that_the_dispersion_is_an_estimate() -> None:
    ratio = stats.t.isf(1e-4, 16) / stats.norm.isf(1e-4)
    assert widening(2.0, 16, 1e-4) == pytest.approx(2 * ratio**2)
    assert widening(0.2, 16, 1e-4) == 1.0, "never narrower than for draws from one share"
    assert widening(1.0, float("inf"), 1e-4) == 1.0


def test_touchpoints_lend_each_other_their_dispersion() -> None:
    calm, restless = series([20, 22, 18, 20] * 4), series([5, 35] * 8)
    names = {name: (name, name) for name in ("a", "b", "c")}

    def limit(others: list[tuple[date, int, int]]) -> float:
        by_group = {name: {WATCHED[0]: weeks} for name, weeks in (("a", calm), ("b", others), ("c", others))}
        trend = build_trends(by_group, names, LATE, 0.1, 30)[0]
        assert trend.group == "a" and trend.weeks[-1].high is not None
        return trend.weeks[-1].high

    assert limit(restless) > limit(calm) + 0.05


def test_the_whole_export_borrows_nothing() -> None:
    calm, restless = series([20, 22, 18, 20] * 4), series([5, 35] * 8)
    by_group = {"overall": {WATCHED[0]: calm}, "a": {WATCHED[0]: restless}}
    trend = build_trends(by_group, {"overall": ("overall", ""), "a": ("a", "a")}, LATE, 0.1, 30)[0]
    alone, _ = watch(calm, "up", look_alpha(0.1, 2), LATE, 30)
    assert trend.weeks == alone


def test_weeks_that_differ_by_themselves_hardly_raise_alarms() -> None:
    # texts of one week correlate by 0.03 at all of eight touchpoints: weeks vary four times as much as binomial draws
    rng = np.random.default_rng(0)
    alarms = 0
    for _ in range(40):
        shares = rng.beta(0.3 * (1 / 0.03 - 1), 0.7 * (1 / 0.03 - 1), (8, 16))
        touchpoints = [series(rng.binomial(100, row).tolist(), 100) for row in shares]
        excesses = [baseline_excess(weeks)[weeks[-1][0]] for weeks in touchpoints]
        pooled = sum(excesses, Excess())
        for weeks, own in zip(touchpoints, excesses, strict=True):
            judged, _ = watch(weeks, "up", 0.002, LATE, 30, {weeks[-1][0]: pooled - own})
            alarms += judged[-1].alarm
    assert alarms / 320 <= 0.01


def test_weeks_without_any_row_are_weeks() -> None:
    filled = fill_weeks([(START, 1, 2), (START + timedelta(weeks=3), 0, 1)])
    assert [total for _, _, total in filled] == [2, 0, 0, 1]
    assert fill_weeks([]) == []


def test_the_change_is_the_last_four_weeks_against_those_before() -> None:
    weeks, _ = watch(series([10] * 6 + [20] * 4), "up", 1e-4, LATE, 30)
    late, early = split_windows(weeks)
    assert (len(late), len(early)) == (4, 6)
    change = change_of(weeks)
    assert change is not None and change.value == pytest.approx(0.2)


def test_while_an_alarm_holds_the_change_is_from_before_it() -> None:
    weeks, _ = watch(series([10] * 12 + [30] * 8), "up", 1e-4, LATE, 30)
    assert alarm_since(weeks) == (START + timedelta(weeks=13)).isoformat()
    late, early = split_windows(weeks)
    assert {week.share.count for week in late} == {30} and {week.share.count for week in early} == {10}
    assert len(early) == 10  # the four weeks in which it was raised began with the eleventh


def test_the_budget_of_false_alarms_is_shared() -> None:
    assert look_alpha(0.1, 10) == pytest.approx(look_alpha(0.1, 1) / 10)
