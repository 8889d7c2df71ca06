"""Worsening words and effort: where they stand against the weeks before, and whether the stars have moved yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from cxnlp.analysis.findings import owner_of, top_causes
from cxnlp.analysis.stats import independent_gap
from cxnlp.analysis.summary import EarlyWarning, Group, Trend
from cxnlp.analysis.trends import WATCHED, pool, split_windows


def rising_causes(group: Group) -> tuple[str, ...]:
    """Return up to two causes whose share grew most in the last four weeks, or the most blamed ones."""
    grown = [theme for theme in group.causes if theme.change is not None and theme.change.low > 0]
    grown.sort(key=lambda theme: (-(theme.change.value if theme.change else 0), theme.name))
    return tuple(theme.name for theme in grown[:2]) or top_causes(group)


def worsening(trend: Trend, group: Group, stars: Trend | None) -> EarlyWarning | None:
    """Describe the last four complete weeks of a series against those before; None without either.

    `since` is the first week of the alarm that holds, or of the four weeks where there is none.
    """
    late, early = split_windows(trend.weeks)
    recent, before = pool(late), pool(early)
    change = independent_gap(recent, before)
    if change is None:
        return None
    since = trend.alarm_since or late[0].week
    rated = split_windows(stars.weeks) if stars else ((), ())
    reported, reported_before = pool(rated[0]), pool(rated[1])
    fall = independent_gap(reported, reported_before)
    stars_since = stars.alarm_since if stars else None
    still_high = fall is not None and fall.high >= 0 and stars_since is None
    moved_first = trend.alarm_since is not None and stars_since is not None and since < stars_since
    return EarlyWarning(
        anchor=trend.anchor,
        group=trend.group,
        title=trend.title,
        owner=owner_of(group),
        metric=trend.metric,
        since=since,
        weeks=(date.fromisoformat(late[-1].week) - date.fromisoformat(since)).days // 7 + 1,
        recent=recent,
        baseline=before,
        change=change,
        before_stars=still_high or moved_first,
        reported_recent=reported,
        reported_baseline=reported_before,
        causes=rising_causes(group),
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
