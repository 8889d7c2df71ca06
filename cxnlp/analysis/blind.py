"""Blind spots: what nobody asks about, who leaves no words, what could not be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import duckdb

from cxnlp.analysis.counts import GroupCounts
from cxnlp.analysis.groups import anchor
from cxnlp.analysis.settings import AnalysisSettings
from cxnlp.analysis.stats import share
from cxnlp.analysis.summary import BlindSpots, Coverage, Group, Wordless
from cxnlp.journey import STAGES

#: A touchpoint with words (or stars) on fewer of its records than this is blind in that eye.
THIN = 0.05
Status = Literal["nobody_asks", "too_few", "no_words", "no_stars", "covered"]


def status(records: int, rated: int, written: int, minimum: int) -> Status:
    """Return how well a touchpoint or stage is seen."""
    if records == 0:
        return "nobody_asks"
    if records < minimum:
        return "too_few"
    if written < THIN * records:
        return "no_words"
    return "no_stars" if rated < THIN * records else "covered"


def _coverage(
    names: Sequence[tuple[str, str, str, str]], counts: Mapping[str, GroupCounts], minimum: int
) -> tuple[Coverage, ...]:
    result = []
    for name, title, stage, link in names:
        base = counts[name].base if name in counts else {"records": 0, "rated": 0, "has_text": 0}
        records, rated, written = base["records"], base["rated"], base["has_text"]
        result.append(
            Coverage(name, title, stage, link, records, rated, written, status(records, rated, written, minimum))
        )
    return tuple(result)


def wordless(connection: duckdb.DuckDBPyConnection, touchpoints: Sequence[Group]) -> tuple[Wordless, ...]:
    """Return the share without text by rating band, and by touchpoint, of those large enough."""
    rows = connection.execute(
        """
        SELECT CASE WHEN top THEN 'top' WHEN low_box THEN 'low' ELSE 'middle' END AS band,
               count(*) FILTER (NOT has_text), count(*)
        FROM analysed WHERE rated GROUP BY 1
        """
    ).fetchall()
    bands = {str(band): share(int(count), int(total)) for band, count, total in rows}
    result = [Wordless("rating", band, bands[band]) for band in ("low", "middle", "top") if band in bands]
    rows = connection.execute(
        "SELECT touchpoint, count(*) FILTER (NOT has_text), count(*) FROM analysed "
        "WHERE touchpoint IS NOT NULL GROUP BY 1"
    ).fetchall()
    silent = {str(name): share(int(count), int(total)) for name, count, total in rows}
    return tuple(result + [Wordless("touchpoint", g.name, silent[g.name]) for g in touchpoints if not g.too_small])


def blind_spots(
    connection: duckdb.DuckDBPyConnection,
    settings: AnalysisSettings,
    overall: GroupCounts,
    *,
    by_touchpoint: Mapping[str, GroupCounts],
    by_stage: Mapping[str, GroupCounts],
    touchpoints: Sequence[Group],
) -> BlindSpots:
    """Gather them. Touchpoints of the journey come first, in its order, then any other value of the export."""
    base, records = overall.base, overall.base["records"]
    known = [(p.name, p.display, p.stage, anchor("touchpoint", p.name)) for p in settings.journey.touchpoints]
    names = {name for name, *_ in known}
    further = [(g.name, g.title, "", g.anchor) for g in touchpoints if g.name not in names]
    stages = [(stage, stage, stage, anchor("stage", stage)) for stage in STAGES]
    minimum = settings.minimum_group
    return BlindSpots(
        touchpoints=_coverage(known + further, by_touchpoint, minimum),
        stages=_coverage(stages, by_stage, minimum),
        wordless=wordless(connection, touchpoints),
        no_words=share(records - base["has_text"], records),
        no_stars=share(records - base["rated"], records),
        no_date=share(base["undated"], records),
        no_touchpoint=share(base["no_touchpoint"], records),
        derived_touchpoint=share(base["derived_touchpoint"], records),
        no_language=share(base["no_language"], base["has_text"]),
        unread=share(base["has_text"] - base["read"], base["has_text"]),
        unsure=share(base["unsure"], base["read"]),
        windowed=share(base["windowed"], base["read"]),
    )
