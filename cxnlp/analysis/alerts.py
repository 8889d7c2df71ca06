"""Early warnings: words or effort beyond their control limit, and whether the stars have moved yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from cxnlp.analysis.findings import top_causes
from cxnlp.analysis.stats import independent_gap
from cxnlp.analysis.summary import EarlyWarning, Group, Trend
from cxnlp.analysis.trends import pool, split_windows

WORD_METRICS = ("unhappy_words", "high_effort")


def rising_causes(group: Group) -> tuple[str, ...]:
    """Return up to two causes whose share grew most in the last four weeks, or the most blamed ones."""
    grown = [theme for theme in group.causes if theme.change is not None and theme.change.low > 0]
    grown.sort(key=lambda theme: (-(theme.change.value if theme.change else 0), theme.name))
    return tuple(theme.name for theme in grown[:2]) or top_causes(group)


def early_warnings(trends: Sequence[Trend], groups: Mapping[str, Group]) -> tuple[EarlyWarning, ...]:
    """Return the alarms that hold at the last complete week, largest change first; `groups` by anchor."""
    stars = {trend.anchor: trend for trend in trends if trend.metric == "reported"}
    result = []
    for trend in trends:
        group = groups[trend.anchor]
        if trend.metric not in WORD_METRICS or trend.alarm_since is None or group.too_small:
            continue
        recent, before = (pool(weeks) for weeks in split_windows(trend.weeks))
        change = independent_gap(recent, before)
        if change is None:
            continue
        rating = stars.get(trend.anchor)
        rated = split_windows(rating.weeks) if rating else ((), ())
        judged = [week for week in trend.weeks if week.complete]
        since = date.fromisoformat(trend.alarm_since)
        result.append(
            EarlyWarning(
                anchor=trend.anchor,
                group=trend.group,
                title=trend.title,
                owner=group.owner,
                metric=trend.metric,
                since=trend.alarm_since,
                weeks=(date.fromisoformat(judged[-1].week) - since).days // 7 + 1,
                recent=recent,
                baseline=before,
                change=change,
                before_stars=rating is not None and rating.alarm_since is None,
                reported_recent=pool(rated[0]),
                reported_baseline=pool(rated[1]),
                causes=rising_causes(group),
            )
        )
    return tuple(sorted(result, key=lambda warning: (-warning.change.low, warning.anchor, warning.metric)))
