"""Worsening words and effort: where they stand against the weeks before, and whether they moved before the stars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from cxnlp.analysis.findings import owner_of
from cxnlp.analysis.numbers import Gap
from cxnlp.analysis.stats import independent_gap
from cxnlp.analysis.summary import EarlyWarning, Group, Order, Trend
from cxnlp.analysis.trends import WATCHED, pool, split_windows


def rising_causes(group: Group) -> tuple[str, ...]:
    """Return up to two causes whose share surely grew in the last four weeks, by how much."""
    grown = [theme for theme in group.causes if theme.change is not None and theme.change.low > 0]
    grown.sort(key=lambda theme: (-(theme.change.value if theme.change else 0), theme.name))
    return tuple(theme.name for theme in grown[:2])


def order_of(since: str | None, stars_since: str | None, fall: Gap | None) -> Order:
    """Say which moved first, by the first weeks of the alarms that hold and the change of the happy ratings."""
    if fall is None:
        return "no_stars"
    if stars_since is not None:
        if since is None or stars_since < since:
            return "stars_first"
        return "words_first" if since < stars_since else "together"
    return "together" if fall.high < 0 else "words_first"


def worsening(trend: Trend, group: Group, stars: Trend | None) -> EarlyWarning | None:
    """Describe the last four complete weeks of a series against those before; None without either."""
    late, early = split_windows(trend.weeks)
    recent, before = pool(late), pool(early)
    change = independent_gap(recent, before)
    if change is None:
        return None
    since = trend.alarm_since
    rated = split_windows(stars.weeks) if stars else ((), ())
    reported, reported_before = pool(rated[0]), pool(rated[1])
    fall = independent_gap(reported, reported_before)
    stars_since = stars.alarm_since if stars else None
    causes = rising_causes(group)
    return EarlyWarning(
        anchor=trend.anchor,
        group=trend.group,
        title=trend.title,
        owner=group.owner or owner_of(group, causes[0] if causes else ""),
        metric=trend.metric,
        since=since,
        weeks=(date.fromisoformat(late[-1].week) - date.fromisoformat(since)).days // 7 + 1 if since else None,
        recent=recent,
        baseline=before,
        change=change,
        order=order_of(since, stars_since, fall),
        reported_recent=reported,
        reported_baseline=reported_before,
        causes=causes,
        stars_since=stars_since,
    )


def worsenings(trends: Sequence[Trend], groups: Mapping[str, Group]) -> list[tuple[EarlyWarning, bool]]:
    """Describe every watched series of a group that is large enough, and say whether an alarm holds at its end.

    `groups` by anchor; largest change first.
    """
    stars = {trend.anchor: trend for trend in trends if trend.metric == "reported"}
    result = []
    for trend in trends:
        if trend.metric not in WATCHED or groups[trend.anchor].too_small:
            continue
        described = worsening(trend, groups[trend.anchor], stars.get(trend.anchor))
        if described is not None:
            result.append((described, trend.alarm_since is not None))
    return sorted(result, key=lambda item: (-item[0].change.low, item[0].anchor, item[0].metric))
