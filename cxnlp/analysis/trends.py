"""Weekly series against a baseline, control limits, and early warnings.

At the end of each complete week the share of the last four weeks is set against that of the up to 26 weeks before
them. It alarms where so bad a share has a small enough chance under the baseline: the tail of the beta-binomial law of
the next observations given the baseline's (Jeffreys prior), so that a short baseline widens the limits by itself.
Weeks that vary more than draws from one share would (Laney 2002, Quality Engineering 14:531, the p' chart) count for
less: both samples are divided by the dispersion of the baseline weeks. That is itself known from few weeks only, so it
is estimated together with that of the other touchpoints and the limit takes Student's law in place of the normal one,
with the degrees of freedom of the joint estimate (the moderated t of Smyth 2004, Stat. Appl. Genet. Mol. Biol. 3:3).
While an alarm holds the baseline stays the one that it was raised against, as is usual for control charts (Montgomery
2019, ch. 5): weeks that are out of control would widen the limits and hide what goes on. After half a year it moves on:
what lasts so long is the new normal.

Repeated looks. Only complete weeks are judged, so that a job that runs every night looks once a week. The chance of a
false alarm in any series within a year is `warning_alpha`, shared equally by series and by `LOOKS_PER_YEAR`: windows of
four weeks overlap, and a simulation (scripts/simulate_trends.py, table in docs/analysis.md) shows how many independent
looks the 52 of a year are worth, for independent texts and for restless weeks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import duckdb
import numpy as np
from scipy import stats
from scipy.special import betaln, gammaln

from cxnlp.analysis.dispersion import MINIMUM_BASELINE_WEEKS, Excess, dispersion, excess, widening
from cxnlp.analysis.frame import Grouping
from cxnlp.analysis.numbers import Gap, Share
from cxnlp.analysis.stats import independent_gap, share
from cxnlp.analysis.summary import Trend, Week

RECENT_WEEKS = 4
BASELINE_WEEKS = 26
LOOKS_PER_YEAR = 36
#: Weeks of a series that are shown; so many more are read as the oldest baseline needs.
SHOWN_WEEKS = 60
_EXACT_UP_TO = 2000

Direction = Literal["up", "down"]


@dataclass(frozen=True, slots=True)
class Metric:
    """A weekly share: `event` of `base` (SQL conditions over `analysed`), and which direction is worse."""

    name: str
    event: str
    base: str
    worse: Direction


METRICS = (
    Metric("unhappy_words", "read AND NOT expressed", "read", "up"),
    Metric("high_effort", "high_effort", "read", "up"),
    Metric("reported", "top", "rated", "down"),
    Metric("complaints", "complaint", "read", "up"),
    Metric("replies_excuse", "complaint AND reply_excuse", "complaint AND reply_read", "up"),
)
#: The series whose alarm is a warning; they share the budget of false alarms.
WATCHED = ("unhappy_words", "high_effort")

WeekCounts = Sequence[tuple[date, int, int]]


def weekly_counts(
    connection: duckdb.DuckDBPyConnection, grouping: Grouping
) -> dict[str, dict[str, list[tuple[date, int, int]]]]:
    """Return group → metric → (first day of week, count, total), in order of time."""
    columns = ", ".join(f"count(*) FILTER ({m.event}), count(*) FILTER ({m.base})" for m in METRICS)
    rows = connection.execute(
        f"SELECT {grouping.expression}, week, {columns} FROM analysed "  # noqa: S608
        f"WHERE week IS NOT NULL AND {grouping.expression} IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2"
    ).fetchall()
    result: dict[str, dict[str, list[tuple[date, int, int]]]] = {}
    for row in rows:
        week = row[1].date() if hasattr(row[1], "date") else row[1]
        series = result.setdefault(str(row[0]), {metric.name: [] for metric in METRICS})
        for index, metric in enumerate(METRICS):
            series[metric.name].append((week, int(row[2 + 2 * index]), int(row[3 + 2 * index])))
    return result


def control_limits(total: float, base_count: float, base_total: float, alpha: float) -> tuple[float, float]:
    """Return the shares of `total` rows beyond which a tail given the baseline (mid-p) falls below `alpha`.

    A limit that no number of rows can pass is 0 or 1. Above 2,000 rows the beta-binomial law is replaced by the beta
    law of the same mean and variance.
    """
    n = max(1, round(total))
    a, b = base_count + 0.5, base_total - base_count + 0.5
    if n > _EXACT_UP_TO:
        mean = a / (a + b)
        variance = mean * (1 - mean) * (a + b + n) / ((a + b + 1) * n)
        strength = mean * (1 - mean) / variance - 1
        shape = (mean * strength, (1 - mean) * strength)
        return float(stats.beta.ppf(alpha, *shape)), float(stats.beta.isf(alpha, *shape))
    k = np.arange(n + 1)
    mass = np.exp(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) + betaln(k + a, n - k + b) - betaln(a, b))
    below = np.cumsum(mass) - mass / 2
    above = np.cumsum(mass[::-1])[::-1] - mass / 2
    rare_low, rare_high = np.flatnonzero(below < alpha), np.flatnonzero(above < alpha)
    low = (float(rare_low[-1]) + 0.5) / n if rare_low.size else 0.0
    high = (float(rare_high[0]) - 0.5) / n if rare_high.size else 1.0
    return low, high


def fill_weeks(weeks: WeekCounts) -> list[tuple[date, int, int]]:
    """Return the series with the weeks that had no row at all."""
    if not weeks:
        return []
    known = {week: (count, total) for week, count, total in weeks}
    span = (weeks[-1][0] - weeks[0][0]).days // 7
    days = [weeks[0][0] + timedelta(weeks=index) for index in range(span + 1)]
    return [(day, *known.get(day, (0, 0))) for day in days]


def _shown(weeks: WeekCounts) -> list[tuple[date, int, int]]:
    """Return the weeks that are shown and those that their baselines need, without holes."""
    return fill_weeks(weeks)[-SHOWN_WEEKS - RECENT_WEEKS - BASELINE_WEEKS :]


def _baseline(look: int) -> slice:
    """Return the weeks that the four weeks up to number `look` are held against."""
    end = max(0, look - RECENT_WEEKS + 1)
    return slice(max(0, end - BASELINE_WEEKS), end)


def baseline_excess(weeks: WeekCounts) -> dict[date, Excess]:
    """Return how much the baseline of each look varies, by the week at whose end the look is."""
    shown = _shown(weeks)
    counts, totals = np.array([row[1:] for row in shown], float).reshape(-1, 2).T
    return {day: excess(counts[_baseline(index)], totals[_baseline(index)]) for index, (day, _, _) in enumerate(shown)}


def watch(
    weeks: WeekCounts,
    worse: Direction,
    alpha: float,
    as_of: date,
    minimum_total: int,
    others: Mapping[date, Excess] | None = None,
) -> tuple[tuple[Week, ...], float]:
    """Judge every complete week of one series; return the weeks and the dispersion of the last baseline (1 or more).

    `alpha` is the chance of a false alarm at one look. A week is judged where its four weeks hold `minimum_total` rows
    and its baseline as many over at least six weeks; a limit once crossed is crossed for good, since each look uses
    only what was known at the end of its week. `others` is the `baseline_excess` of comparable series, added up.
    """
    filled = _shown(weeks)
    counts, totals = np.array([row[1:] for row in filled], float).reshape(-1, 2).T
    result, spread = [], 1.0
    raised: int | None = None  # the look at which the alarm that holds was raised
    for index, (day, count, total) in enumerate(filled):
        complete = day + timedelta(days=6) <= as_of
        recent = slice(max(0, index - RECENT_WEEKS + 1), index + 1)
        look = raised if raised is not None and index - raised <= BASELINE_WEEKS else index
        before = _baseline(look)
        n, base_n = int(totals[recent].sum()), int(totals[before].sum())
        known = int((totals[before] > 0).sum()) >= MINIMUM_BASELINE_WEEKS
        if not complete or not known or n < minimum_total or base_n < minimum_total:
            result.append(Week(day.isoformat(), complete, share(count, total), None, None, None, None, False))
            continue
        own = excess(counts[before], totals[before])
        spread, freedom = dispersion(own, (others or {}).get(filled[look][0], Excess()))
        worth = widening(spread, freedom, alpha)
        x, base_x = int(counts[recent].sum()), int(counts[before].sum())
        low, high = control_limits(n / worth, base_x / worth, base_n / worth, alpha)
        alarm = x / n > high if worse == "up" else x / n < low
        raised = (index if raised is None else raised) if alarm else None
        result.append(Week(day.isoformat(), True, share(count, total), x / n, base_x / base_n, low, high, alarm))
    return tuple(result[-SHOWN_WEEKS:]), max(1.0, spread)


def alarm_since(weeks: Sequence[Week]) -> str | None:
    """Return the first week of the alarm that holds at the last judged week, or None."""
    since = None
    for week in reversed([week for week in weeks if week.complete and week.recent is not None]):
        if not week.alarm:
            break
        since = week.week
    return since


def look_alpha(warning_alpha: float, series: int) -> float:
    """Return the chance of a false alarm that one look at one series may have."""
    return warning_alpha / (max(1, series) * LOOKS_PER_YEAR)


def build_trends(
    by_group: Mapping[str, Mapping[str, WeekCounts]],
    names: Mapping[str, tuple[str, str]],
    as_of: date,
    warning_alpha: float,
    minimum_total: int,
) -> list[Trend]:
    """Build all series of the groups in `names` (group → anchor, title), in that order.

    Touchpoints lend each other their dispersion, metric by metric. The export as a whole (anchor `overall`) stands
    alone: it is the sum of the others, and its weeks are larger.
    """
    watched = sum(any(total for _, _, total in by_group.get(name, {}).get(m, ())) for name in names for m in WATCHED)
    alpha = look_alpha(warning_alpha, watched)
    excesses = {
        (name, metric.name): baseline_excess(by_group.get(name, {}).get(metric.name, []))
        for name, (anchor, _) in names.items()
        for metric in METRICS
        if anchor != "overall"
    }
    pooled = {
        metric.name: _add_up(found for (_, of), found in excesses.items() if of == metric.name) for metric in METRICS
    }
    result = []
    for name, (anchor, title) in names.items():
        for metric in METRICS:
            series = by_group.get(name, {}).get(metric.name, [])
            if not any(total for _, _, total in series):
                continue
            own = excesses.get((name, metric.name), {})
            others = {day: pooled[metric.name][day] - found for day, found in own.items()}
            weeks, spread = watch(series, metric.worse, alpha, as_of, minimum_total, others)
            result.append(
                Trend(
                    anchor,
                    name,
                    title,
                    metric.name,
                    metric.worse,
                    weeks,
                    spread,
                    alarm_since(weeks),
                    change_of(weeks),
                )
            )
    return result


def _add_up(parts: Iterable[Mapping[date, Excess]]) -> dict[date, Excess]:
    total: dict[date, Excess] = {}
    for part in parts:
        for day, found in part.items():
            total[day] = total.get(day, Excess()) + found
    return total


def split_windows(weeks: Sequence[Week]) -> tuple[Sequence[Week], Sequence[Week]]:
    """Return the last four complete weeks, and the up to 26 that they are held against.

    These are the weeks before; while an alarm holds, those before the four weeks in which it was raised, as in `watch`.
    """
    complete = [week for week in weeks if week.complete]
    look = len(complete) - 1
    since = alarm_since(weeks)
    if since is not None:
        raised = next(at for at, week in enumerate(complete) if week.week == since)
        look = raised if look - raised <= BASELINE_WEEKS else look
    end = max(0, look - RECENT_WEEKS + 1)
    return complete[-RECENT_WEEKS:], complete[max(0, end - BASELINE_WEEKS) : end]


def change_of(weeks: Sequence[Week]) -> Gap | None:
    """Return the share of the last four complete weeks minus that of what they are held against, None without both."""
    recent, before = split_windows(weeks)
    return independent_gap(pool(recent), pool(before))


def pool(weeks: Sequence[Week]) -> Share:
    """Add weeks up."""
    return share(sum(week.share.count for week in weeks), sum(week.share.total for week in weeks))
