"""The temp table `analysed`: one row per customer record with everything that counting needs, and no text.

Read from `feedback` and `predictions` (cxnlp/schema.py) by way of the view `readings`: one prediction per text, by the
newest model that has read it. A record whose text no model has read yet has `read` false; its events are all false.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from cxnlp.analysis.events import Vocabulary, event_sql, sql_list, sql_string
from cxnlp.analysis.settings import AnalysisSettings

#: Ratings at or above this, carried to 0-1, are top box: 4-5 of 1-5, 6-7 of 1-7, 8-10 of 0-10 and of 1-10.
TOP_BOX = 0.75
#: Ratings at or below this are low box: 1-2 of 1-5 and of 1-7, 0-2 of 0-10.
LOW_BOX = 0.25
_TOLERANCE = 1e-9
_WEEKDAYS = {"sunday": 0, "monday": 1, "saturday": 6}


@dataclass(frozen=True, slots=True)
class Grouping:
    """One way to divide the records: `column` names it, `expression` is the column of `analysed` with its values."""

    column: str
    expression: str


def groupings(settings: AnalysisSettings) -> tuple[Grouping, ...]:
    """Return all ways to divide: overall, stage, touchpoint, then language, question and the further segments."""
    fixed = ("overall", "stage", "touchpoint", "language", "question")
    return tuple(Grouping(name, name) for name in fixed) + tuple(
        Grouping(name, f"segment_{index}") for index, name in enumerate(settings.segments) if name not in fixed
    )


def _case(pairs: list[tuple[str, str]], otherwise: str) -> str:
    """Return `CASE touchpoint …` over (touchpoint, SQL value) pairs."""
    if not pairs:
        return otherwise
    branches = " ".join(f"WHEN {sql_string(name)} THEN {value}" for name, value in pairs)
    return f"CASE f.touchpoint {branches} ELSE {otherwise} END"


def week_sql(date: str, starts: str) -> str:
    """Return SQL for the first day of the week of `date`."""
    return f"({date}::DATE - ((dayofweek({date}) - {_WEEKDAYS[starts]} + 7) % 7)::INTEGER)"


def build_analysed(connection: duckdb.DuckDBPyConnection, settings: AnalysisSettings) -> None:
    """Create the temp table `analysed` anew, and the temp view `readings` (columns of `predictions`).

    Columns: id, text_hash, overall (always 'overall'), stage, touchpoint, touchpoint_source, language, question,
    outcome, segment_0 …, date, week; has_text, read, unsure, windows; stars,
    scale_low, scale_high, rating (0-1), rated, top, low_box, top_mark; emotions, effort, stance, causes, strengths
    (sorted lists); one boolean per event of `events.event_sql`; evoked, broken, kept (False where the touchpoint states
    no emotion or promise); replied, reply_read, reply_excuse, reply_resolution, reply_hours.
    """
    vocabulary = Vocabulary.of(settings.taxonomy)
    points = settings.journey.touchpoints
    stage = _case([(p.name, sql_string(p.stage)) for p in points], "NULL")
    empty = "[]::VARCHAR[]"
    intended = _case([(p.name, sql_list(p.intended_emotions)) for p in points if p.intended_emotions], empty)
    broken_by = _case([(p.name, sql_list(p.broken_by)) for p in points if p.broken_by], empty)
    kept_by = _case([(p.name, sql_list(p.kept_by or p.broken_by)) for p in points if p.kept_by or p.broken_by], empty)
    segments = "".join(
        f", nullif(trim(json_extract_string(f.segments, {sql_string(_pointer(name))})), '') AS segment_{index}"
        for index, name in enumerate(settings.segments)
    )
    events = event_sql(vocabulary)
    event_columns = "".join(f", coalesce({condition}, false) AS {name}" for name, condition in events.items())
    build_readings(connection, settings)
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE analysed AS
        WITH read_texts AS (
            SELECT text_hash, author, unsure, windows, effort, stance,
                   list_sort(list_distinct(emotions)) AS emotions, list_sort(list_distinct(causes)) AS causes,
                   list_sort(list_distinct(strengths)) AS strengths
            FROM readings
        ), replies AS (
            SELECT r.reply_to AS id, min(r.date) AS replied_at, true AS replied,
                   coalesce(bool_or(p.stance IS NOT NULL), false) AS reply_read,
                   coalesce(bool_or(p.stance = 'excuse'), false) AS reply_says_excuse,
                   coalesce(bool_or(p.stance = 'resolution'), false) AS reply_resolution
            FROM feedback AS r LEFT JOIN read_texts AS p ON p.text_hash = r.text_hash AND p.author = 'company'
            WHERE r.author = 'company' AND r.reply_to IS NOT NULL AND r.text IS NOT NULL
            GROUP BY r.reply_to
        ), joined AS (
            SELECT f.id, f.text_hash, 'overall' AS overall, {stage} AS stage, f.touchpoint, f.touchpoint_source,
                   f.language, f.question, f.outcome {segments}, f.date,
                   {week_sql("f.date", settings.week_starts)} AS week,
                   f.text IS NOT NULL AS has_text, p.stance IS NOT NULL AS read,
                   coalesce(p.unsure, false) AS unsure, coalesce(p.windows, 0) AS windows,
                   f.stars, f.scale_low, f.scale_high,
                   CASE WHEN f.scale_high > f.scale_low
                        THEN least(1.0, greatest(0.0, (f.stars - f.scale_low) / (f.scale_high - f.scale_low)))
                   END AS rating,
                   p.emotions, p.effort, p.stance, p.causes, p.strengths,
                   {intended} AS intended, {broken_by} AS broken_by, {kept_by} AS kept_by,
                   coalesce(r.replied, false) AS replied, coalesce(r.reply_read, false) AS reply_read,
                   coalesce(r.reply_says_excuse AND NOT r.reply_resolution, false) AS reply_excuse,
                   coalesce(r.reply_resolution, false) AS reply_resolution,
                   CASE WHEN r.replied_at >= f.date THEN epoch(r.replied_at - f.date) / 3600.0 END AS reply_hours
            FROM feedback AS f
            LEFT JOIN read_texts AS p ON p.text_hash = f.text_hash AND p.author = f.author
            LEFT JOIN replies AS r ON r.id = f.id
            WHERE f.author = 'customer'
        )
        SELECT * EXCLUDE (intended, broken_by, kept_by),
               rating IS NOT NULL AS rated,
               coalesce(rating >= {TOP_BOX - _TOLERANCE}, false) AS top,
               coalesce(rating <= {LOW_BOX + _TOLERANCE}, false) AS low_box,
               coalesce(rating >= {1 - _TOLERANCE}, false) AS top_mark
               {event_columns},
               coalesce(list_has_any(emotions, intended), false) AS evoked,
               coalesce(list_has_any(causes, broken_by), false) AS broken,
               coalesce(list_has_any(strengths, kept_by) AND NOT list_has_any(causes, broken_by), false) AS kept
        FROM joined
        """  # noqa: S608  (every value passes through sql_string)
    )


def build_readings(connection: duckdb.DuckDBPyConnection, settings: AnalysisSettings) -> None:
    """Create the temp view `readings`: per text and author what the first of the models says that has read it."""
    models = (settings.model, *settings.earlier_models)
    order = f"list_position({sql_list(models)}, model)"
    first = f"QUALIFY row_number() OVER (PARTITION BY text_hash, author ORDER BY {order}) = 1"
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW readings AS SELECT * FROM predictions "  # noqa: S608
        f"WHERE model IN ({', '.join(map(sql_string, models))}) {first if settings.earlier_models else ''}"
    )


def models_used(connection: duckdb.DuckDBPyConnection) -> tuple[tuple[str, int], ...]:
    """Return how many records each model's words stand for, most first."""
    rows = connection.execute(
        "SELECT model, count(*) FROM feedback JOIN readings USING (text_hash, author) GROUP BY 1 ORDER BY 2 DESC, 1"
    ).fetchall()
    return tuple((str(model), int(count)) for model, count in rows)


def _pointer(column: str) -> str:
    """Return the JSON pointer of a top-level key."""
    return "/" + column.replace("~", "~0").replace("/", "~1")
