"""Protects what is said of worsening series: whether words or stars moved first, since when, and whose it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from report.build import Spot, group

from cxnlp.analysis.alerts import order_of, worsening
from cxnlp.analysis.findings import finding_of_warning
from cxnlp.analysis.numbers import Gap
from cxnlp.analysis.summary import Group, Trend
from cxnlp.analysis.trends import Direction, alarm_since, change_of, watch

FALL = Gap(-0.2, -0.3, -0.1, 100, 0.001)
NO_SURE_FALL = Gap(-0.1, -0.21, 0.01, 100, 0.08)
PAY = group(Spot("pay", "Pay", "after", 300, 0.7, 0.5, causes=("billing_refund", "wait_time")))


def trend(metric: str, worse: Direction, counts: list[int], total: int = 50) -> Trend:
    days = [date(2026, 1, 5) + timedelta(weeks=index) for index in range(len(counts))]
    weeks, spread = watch([(d, c, total) for d, c in zip(days, counts, strict=True)], worse, 1e-4, date(2027, 1, 1), 30)
    return Trend("touchpoint-pay", "pay", "Pay", metric, worse, weeks, spread, alarm_since(weeks), change_of(weeks))


@pytest.mark.parametrize(
    ("since", "stars_since", "fall", "order"),
    [
        ("2026-10-05", None, NO_SURE_FALL, "words_first"),
        ("2026-10-05", "2026-11-02", FALL, "words_first"),
        ("2026-10-05", "2026-10-05", FALL, "together"),
        ("2026-10-05", None, FALL, "together"),
        ("2026-11-09", "2026-11-02", FALL, "stars_first"),
        (None, "2026-11-02", FALL, "stars_first"),
        (None, None, FALL, "together"),
        (None, None, NO_SURE_FALL, "words_first"),
        ("2026-10-05", None, None, "no_stars"),
    ],
)
def test_which_moved_first(since: str | None, stars_since: str | None, fall: Gap | None, order: str) -> None:
    assert order_of(since, stars_since, fall) == order


def test_since_belongs_to_an_alarm_that_holds() -> None:
    steady = trend("reported", "down", [40] * 16)
    calm = worsening(trend("unhappy_words", "up", [10] * 12 + [13] * 4), PAY, steady)
    assert calm is not None
    assert (calm.since, calm.weeks, calm.order) == (None, None, "words_first")
    loud = worsening(trend("unhappy_words", "up", [10] * 12 + [35] * 4), PAY, steady)
    assert loud is not None
    assert (loud.since, loud.weeks) == ("2026-04-06", 3)
    assert finding_of_warning(loud, PAY).kind == "early_warning"


def test_words_that_sour_after_the_stars_are_no_early_warning() -> None:
    late = worsening(
        trend("unhappy_words", "up", [10] * 14 + [35] * 2), PAY, trend("reported", "down", [40] * 10 + [5] * 6)
    )
    assert late is not None
    assert late.order == "stars_first"
    finding = finding_of_warning(late, PAY)
    assert (finding.kind, finding.order) == ("worsening", "stars_first")


def test_without_ratings_there_is_nothing_to_be_before() -> None:
    alone = worsening(trend("unhappy_words", "up", [10] * 12 + [35] * 4), PAY, None)
    assert alone is not None
    assert alone.order == "no_stars"
    assert finding_of_warning(alone, PAY).kind == "worsening"


def grown(of: Group, name: str) -> Group:
    """Return the group with one cause that surely grew, and no other."""
    change = Gap(0.2, 0.1, 0.3, 60, 0.001)
    causes = tuple(replace(theme, change=change if theme.name == name else None) for theme in of.causes)
    return replace(of, causes=causes)


def test_a_warning_is_the_owners_of_the_cause_it_names() -> None:
    series = trend("unhappy_words", "up", [10] * 12 + [35] * 4)
    told = worsening(series, grown(PAY, "wait_time"), None)
    assert told is not None
    assert (told.causes, told.owner) == (("wait_time",), "operations"), "not finance, whose cause is blamed most"
    owned = worsening(series, replace(grown(PAY, "wait_time"), owner="payments"), None)
    assert owned is not None
    assert owned.owner == "payments"


def test_causes_that_did_not_grow_are_not_blamed_more() -> None:
    told = worsening(trend("unhappy_words", "up", [10] * 12 + [35] * 4), grown(PAY, "none"), None)
    assert told is not None
    assert told.causes == ()
