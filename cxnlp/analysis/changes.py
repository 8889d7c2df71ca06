"""What changed since the previous report."""

from __future__ import annotations

from collections.abc import Iterator

from cxnlp.analysis.numbers import Share
from cxnlp.analysis.summary import Change, Changes, Group, Summary


def _shares(group: Group) -> Iterator[tuple[str, Share]]:
    numbers = group.satisfaction
    yield "reported", numbers.reported
    yield "expressed", numbers.expressed
    yield "hidden_unhappy", numbers.hidden_unhappy
    yield "high_effort", group.effort.high_of_all
    if group.replies.available:
        yield "excused", group.replies.all.excused
        yield "silent", group.replies.all.silent


def _numbers(group: Group) -> dict[str, tuple[float, float, float]]:
    """Return metric → value, low, high of what may be compared: the same sort of number on either side."""
    result = {
        name: (number.value, number.low, number.high)
        for name, number in _shares(group)
        if number.value is not None and number.total
    }
    gap = group.satisfaction.gap
    if gap is not None:
        result["gap"] = (gap.value, gap.low, gap.high)
    return result


def _groups(summary: Summary) -> dict[str, Group]:
    return {group.anchor: group for group in (summary.overall, *summary.touchpoints) if not group.too_small}


def compare(previous: Summary, now: Summary) -> Changes:
    """Set two summaries side by side; raw shares, since corrections change with the labelled rows."""
    before, after = _groups(previous), _groups(now)
    numbers = []
    for link, group in after.items():
        if link not in before:
            continue
        old, new = _numbers(before[link]), _numbers(group)
        for metric, (value, _, _) in new.items():
            if metric not in old or old[metric][0] == value:
                continue
            was, low, high = old[metric]
            numbers.append(Change(metric, link, group.title, was, value, value - was, not low <= value <= high))
    numbers.sort(key=lambda change: (not change.beyond_noise, -abs(change.difference), change.anchor, change.metric))
    found, found_before = {f.id for f in now.findings}, {f.id for f in previous.findings}
    themes = {theme.key for theme in previous.themes}
    return Changes(
        previous_last=previous.period.last,
        new_records=now.records - previous.records,
        model_changed=previous.versions.model != now.versions.model,
        taxonomy_changed=previous.versions.taxonomy_fingerprint != now.versions.taxonomy_fingerprint,
        numbers=tuple(numbers),
        new_findings=tuple(f.id for f in now.findings if f.id not in found_before),
        gone_findings=tuple(f.id for f in previous.findings if f.id not in found),
        new_themes=tuple(theme.key for theme in now.themes if theme.key not in themes),
    )
