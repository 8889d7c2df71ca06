"""The heavy counting, in SQL: group → how many rows carry what. Groups add up; everything else is derived.

Each function reads the temp table `analysed` (see frame.py) and returns plain integers.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import duckdb

from cxnlp.analysis.frame import Grouping

#: counter → SQL condition over `analysed`.
COUNTERS: dict[str, str] = {
    "records": "true",
    "has_text": "has_text",
    "read": "read",
    "rated": "rated",
    "both": "rated AND read",
    "top": "top",
    "low_box": "low_box",
    "top_mark": "top_mark",
    "top_read": "top AND read",
    "low_read": "low_box AND read",
    "top_expressed": "top AND expressed",
    "rated_expressed": "rated AND expressed",
    "hidden_unhappy": "top AND unhappy",
    "quiet_fans": "low_box AND expressed",
    "top_mark_praises": "top_mark AND praises",
    "hollow": "top_mark AND basics_only",
    "any_emotion": "any_emotion",
    "building": "building",
    "destroying": "destroying",
    "positive": "positive",
    "negative": "negative",
    "mixed": "mixed",
    "complaint": "complaint",
    "expressed": "expressed",
    "unhappy": "unhappy",
    "stated": "stated",
    "low_effort": "low_effort",
    "moderate_effort": "moderate_effort",
    "high_effort": "high_effort",
    "praises": "praises",
    "basics_only": "basics_only",
    "evoked": "evoked",
    "broken": "broken",
    "kept": "kept",
    "replied": "replied",
    "complaint_replied": "complaint AND replied",
    "complaint_reply_read": "complaint AND reply_read",
    "complaint_excused": "complaint AND reply_excuse",
    "complaint_remedied": "complaint AND reply_resolution",
    "nps_rated": "rated AND scale_low = 0 AND scale_high = 10",
    "promoters": "scale_low = 0 AND scale_high = 10 AND stars >= 9",
    "detractors": "scale_low = 0 AND scale_high = 10 AND stars <= 6",
    "unsure": "read AND unsure",
    "windowed": "read AND windows > 1",
    "undated": "date IS NULL",
    "derived_touchpoint": "touchpoint_source = 'rule'",
    "no_touchpoint": "touchpoint IS NULL",
    "no_language": "has_text AND language IS NULL",
}

#: counter of one label in one group → SQL condition.
LABEL_COUNTERS: dict[str, str] = {
    "texts": "true",
    "high_effort": "high_effort",
    "recent": "recent",
    "earlier": "earlier",
    "hidden": "top",
    "complaint": "complaint",
    "complaint_replied": "complaint AND replied",
    "complaint_reply_read": "complaint AND reply_read",
    "complaint_excused": "complaint AND reply_excuse",
    "complaint_remedied": "complaint AND reply_resolution",
}

_RECENT, _EARLIER = "recent_read", "earlier_read"

Counts = dict[str, int]


@dataclass(frozen=True, slots=True)
class GroupCounts:
    """All counts of one group.

    `by_language` holds the counters of `base` for each language ('' where it is not known): they add up to `base`.
    `labels[task][label]` holds the counters of `LABEL_COUNTERS`; `marks[(low, high)][stars]` counts ratings by scale;
    `happy_marks[rating][0 or 1]` counts rated texts by whether they express satisfaction (1); `hours` are number,
    median and 90th percentile of the hours until a complaint was answered.
    """

    base: Counts
    labels: dict[str, dict[str, Counts]]
    marks: dict[tuple[float, float], dict[float, int]]
    happy_marks: dict[float, tuple[int, int]]
    hours: tuple[int, float, float] | None
    cause_hours: dict[str, tuple[int, float, float]]
    by_language: dict[str, Counts] = field(default_factory=dict)
    recent_read: int = 0
    earlier_read: int = 0


@dataclass(frozen=True, slots=True)
class Window:
    """The last complete weeks against those before them: first days of weeks, ISO; None where nothing is dated."""

    earlier_from: str
    recent_from: str
    recent_to: str


def _window_sql(window: Window | None) -> tuple[str, str]:
    if window is None:
        return "false", "false"
    recent = f"coalesce(week >= DATE '{window.recent_from}' AND week <= DATE '{window.recent_to}', false)"
    earlier = f"coalesce(week >= DATE '{window.earlier_from}' AND week < DATE '{window.recent_from}', false)"
    return recent, earlier


def count_groups(
    connection: duckdb.DuckDBPyConnection, grouping: Grouping, window: Window | None
) -> dict[str, GroupCounts]:
    """Return group value → counts, for the values of one grouping (rows without a value are left out)."""
    key, where = grouping.expression, f"WHERE {grouping.expression} IS NOT NULL"
    recent, earlier = _window_sql(window)
    counters = {**COUNTERS, _RECENT: f"read AND {recent}", _EARLIER: f"read AND {earlier}"}
    columns = ", ".join(f"count(*) FILTER ({condition})" for condition in counters.values())
    rows = connection.execute(
        f"SELECT {key}, coalesce(language, ''), {columns} FROM analysed {where} GROUP BY ALL ORDER BY ALL"  # noqa: S608
    ).fetchall()
    by_language: dict[str, dict[str, Counts]] = defaultdict(dict)
    for name, language, *numbers in rows:
        by_language[str(name)][str(language)] = dict(zip(counters, map(int, numbers), strict=True))
    labels = _count_labels(connection, grouping, window)
    marks = _count_marks(connection, grouping)
    happy = _count_happy(connection, grouping)
    hours, cause_hours = _count_hours(connection, grouping)
    result = {}
    for name, parts in by_language.items():
        recent_read, earlier_read = (
            sum(part.pop(counter) for part in parts.values()) for counter in (_RECENT, _EARLIER)
        )
        base = {counter: sum(part[counter] for part in parts.values()) for counter in COUNTERS}
        result[name] = GroupCounts(
            base=base,
            labels=labels.get(name, {}),
            marks=marks.get(name, {}),
            happy_marks=happy.get(name, {}),
            hours=hours.get(name),
            cause_hours=cause_hours.get(name, {}),
            by_language=parts,
            recent_read=recent_read,
            earlier_read=earlier_read,
        )
    return result


def _count_labels(
    connection: duckdb.DuckDBPyConnection, grouping: Grouping, window: Window | None
) -> dict[str, dict[str, dict[str, Counts]]]:
    recent, earlier = _window_sql(window)
    columns = ", ".join(f"count(*) FILTER ({condition})" for condition in LABEL_COUNTERS.values())
    result: dict[str, dict[str, dict[str, Counts]]] = defaultdict(lambda: defaultdict(dict))
    for task in ("emotions", "causes", "strengths"):
        rows = connection.execute(
            f"""
            SELECT key, label, {columns} FROM (
                SELECT {grouping.expression} AS key, unnest({task}) AS label, {recent} AS recent, {earlier} AS earlier,
                       top, high_effort, complaint, replied, reply_read, reply_excuse, reply_resolution
                FROM analysed WHERE {grouping.expression} IS NOT NULL AND read
            ) GROUP BY 1, 2 ORDER BY 1, 2
            """  # noqa: S608
        ).fetchall()
        for row in rows:
            result[str(row[0])][task][str(row[1])] = dict(zip(LABEL_COUNTERS, map(int, row[2:]), strict=True))
    return result


def _count_marks(
    connection: duckdb.DuckDBPyConnection, grouping: Grouping
) -> dict[str, dict[tuple[float, float], dict[float, int]]]:
    rows = connection.execute(
        f"SELECT {grouping.expression}, scale_low, scale_high, stars, count(*) FROM analysed "  # noqa: S608
        f"WHERE rated AND {grouping.expression} IS NOT NULL GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    result: dict[str, dict[tuple[float, float], dict[float, int]]] = defaultdict(lambda: defaultdict(dict))
    for key, low, high, stars, count in rows:
        result[str(key)][(float(low), float(high))][float(stars)] = int(count)
    return result


def _count_happy(connection: duckdb.DuckDBPyConnection, grouping: Grouping) -> dict[str, dict[float, tuple[int, int]]]:
    rows = connection.execute(
        f"SELECT {grouping.expression}, rating, count(*) FILTER (NOT expressed), count(*) FILTER (expressed) "  # noqa: S608
        f"FROM analysed WHERE rated AND read AND {grouping.expression} IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2"
    ).fetchall()
    result: dict[str, dict[float, tuple[int, int]]] = defaultdict(dict)
    for key, rating, unhappy, happy in rows:
        result[str(key)][float(rating)] = (int(unhappy), int(happy))
    return result


_HOURS = "count(*), quantile_cont(reply_hours, 0.5), quantile_cont(reply_hours, 0.9)"


def _count_hours(
    connection: duckdb.DuckDBPyConnection, grouping: Grouping
) -> tuple[dict[str, tuple[int, float, float]], dict[str, dict[str, tuple[int, float, float]]]]:
    where = f"WHERE complaint AND reply_hours IS NOT NULL AND {grouping.expression} IS NOT NULL"
    rows = connection.execute(
        f"SELECT {grouping.expression}, {_HOURS} FROM analysed {where} GROUP BY 1 ORDER BY 1"  # noqa: S608
    ).fetchall()
    overall = {str(key): (int(n), float(median), float(p90)) for key, n, median, p90 in rows}
    rows = connection.execute(
        f"SELECT key, cause, {_HOURS} FROM (SELECT {grouping.expression} AS key, unnest(causes) AS cause, reply_hours "  # noqa: S608
        f"FROM analysed {where}) GROUP BY 1, 2 ORDER BY 1, 2"
    ).fetchall()
    by_cause: dict[str, dict[str, tuple[int, float, float]]] = defaultdict(dict)
    for key, cause, n, median, p90 in rows:
        by_cause[str(key)][str(cause)] = (int(n), float(median), float(p90))
    return overall, by_cause
