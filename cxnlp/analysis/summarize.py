"""Records and predictions → `Summary`: the stages in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from datetime import date, timedelta

import duckdb

from cxnlp.analysis.actions import build_actions
from cxnlp.analysis.alerts import worsenings
from cxnlp.analysis.blind import blind_spots
from cxnlp.analysis.changes import compare
from cxnlp.analysis.corrector import Corrector, Member
from cxnlp.analysis.counts import COUNTERS, GroupCounts, Window, count_groups
from cxnlp.analysis.events import Vocabulary
from cxnlp.analysis.findings import FindingMaker, finding_of_warning, sift
from cxnlp.analysis.frame import Grouping, build_analysed, groupings, models_used
from cxnlp.analysis.groups import GroupBuilder, ThemeImpacts, anchor
from cxnlp.analysis.impact import impacts, patterns
from cxnlp.analysis.outcome import foretell
from cxnlp.analysis.questions import audit_all
from cxnlp.analysis.quotes import choose, draw, make_quote
from cxnlp.analysis.serialize import rounded
from cxnlp.analysis.settings import AnalysisSettings
from cxnlp.analysis.summary import (
    SUMMARY_VERSION,
    Comparisons,
    Count,
    Group,
    Period,
    Quote,
    Segment,
    Summary,
    Versions,
)
from cxnlp.analysis.themes import unknown_themes
from cxnlp.analysis.trends import BASELINE_WEEKS, RECENT_WEEKS, build_trends, weekly_counts
from cxnlp.analysis.trust import build_trust
from cxnlp.journey import STAGES

_EMPTY = GroupCounts(dict.fromkeys(COUNTERS, 0), {}, {}, {}, None, {})
#: What quotes are about → which texts (SQL over `analysed`).
_ABOUT = {
    "all": "true",
    "hidden_unhappy": "top AND unhappy",
    "quiet_fans": "low_box AND expressed",
    "hollow": "top_mark AND basics_only",
}

Counted = Mapping[str, Mapping[str, GroupCounts]]


def summarize(connection: duckdb.DuckDBPyConnection, settings: AnalysisSettings) -> Summary:
    """Return every number of the report from the tables `feedback` and `predictions` (and `rejected`, where kept).

    The same rows, settings and labelled rows give the same summary to the last digit, whatever the order of the rows
    and whatever the day. Leaves the temp table `analysed` behind on the connection.
    """
    vocabulary = Vocabulary.of(settings.taxonomy)
    build_analysed(connection, settings)
    period, as_of = _period(connection, settings)
    window = _window(connection, as_of)
    ways = {grouping.column: grouping for grouping in groupings(settings)}
    counted = {column: count_groups(connection, grouping, window) for column, grouping in ways.items()}
    overall_counts = counted["overall"].get("overall", _EMPTY)
    languages = {name: counts.base["read"] for name, counts in counted["language"].items() if counts.base["read"]}
    corrector = Corrector(
        settings.gold,
        vocabulary,
        languages,
        is_random=settings.gold_is_random,
        members=_members(connection, settings, ways) if settings.gold_is_random else None,
    )
    builder = GroupBuilder(settings, corrector, replies_known=overall_counts.base["replied"] > 0)
    impact = _Impacts(connection, settings)
    overall = builder.build(
        "overall",
        "overall",
        "overall",
        overall_counts,
        anchor_name="overall",
        causes=impact.of("causes", "true"),
        strengths=impact.of("strengths", "true"),
    )
    touchpoints = _touchpoints(builder, impact, settings, counted["touchpoint"])
    stages = tuple(
        builder.build("stage", "stage", stage, counted["stage"][stage], anchor_name=anchor("stage", stage))
        for stage in STAGES
        if stage in counted["stage"]
    )
    segments = _segments(builder, settings, counted, overall_counts.base["records"])
    questions_by_name = {
        name: builder.build("segment", "question", name, counts, anchor_name=f"question-{number}")
        for number, (name, counts) in enumerate(sorted(counted["question"].items()), start=1)
    }
    questions = audit_all(questions_by_name, counted["question"], corrector, settings.minimum_group)

    by_anchor = {group.anchor: group for group in (overall, *touchpoints)}
    names = {group.name: (group.anchor, group.title) for group in touchpoints}
    series = weekly_counts(connection, ways["overall"]) | weekly_counts(connection, ways["touchpoint"])
    trends = build_trends(
        series, {"overall": ("overall", "")} | names, as_of, settings.warning_alpha, settings.minimum_group
    )
    versions = _versions(connection, settings)
    # a step in the words may be the new model's: nothing is judged until it has read everything
    if len(versions.models) > 1:
        trends = [trend if trend.metric == "reported" else replace(trend, alarm_since=None) for trend in trends]
    worse = worsenings(trends, by_anchor)
    if len(versions.models) > 1:
        worse = [(warning, alarmed) for warning, alarmed in worse if warning.metric == "reported"]
    warnings = tuple(warning for warning, alarmed in worse if alarmed)
    outcome = foretell(connection, settings)

    maker = FindingMaker(settings)
    maker.add_column(touchpoints, counted["touchpoint"])
    for segment in segments:
        if segment.column in settings.segments:
            maker.add_column(segment.groups, counted[segment.column])
    if not touchpoints:
        maker.add_column([overall], counted["overall"])
    maker.add_overall(overall)
    maker.add_questions(questions)
    maker.add_outcome(outcome)
    judged = {group.anchor for group in touchpoints} or {"overall"}
    for warning, _ in worse:
        if warning.anchor in judged:
            maker.add_worsening(warning, by_anchor[warning.anchor])
    alarms = [
        finding_of_warning(warning, by_anchor[warning.anchor], settings.warning_alpha)
        for warning in warnings
        if warning.anchor in judged
    ]
    findings, made = sift(maker.candidates, alarms, settings.alpha)

    anchors = {group.name: group.anchor for group in touchpoints}
    quotes = _quotes(connection, settings, anchors, {warning.anchor for warning in warnings}, window)
    overall = replace(overall, quotes=quotes.get("overall", ()))
    touchpoints = tuple(replace(group, quotes=quotes.get(group.anchor, ())) for group in touchpoints)
    acting, acting_counts = (touchpoints, counted["touchpoint"]) if touchpoints else ((overall,), counted["overall"])
    summary = Summary(
        version=SUMMARY_VERSION,
        company=settings.company,
        versions=versions,
        period=period,
        minimum_group=settings.minimum_group,
        records=overall.records,
        replies=_one(connection, "SELECT count(*) FROM feedback WHERE author = 'company'"),
        languages=tuple(
            Count(name, number)
            for name, number in sorted(
                ((name, counts.base["records"]) for name, counts in counted["language"].items()),
                key=lambda item: (-item[1], item[0]),
            )
        ),
        overall=overall,
        stages=stages,
        touchpoints=touchpoints,
        segments=segments,
        findings=findings,
        comparisons=Comparisons(made, settings.alpha, settings.minimum_gap, len(findings), maker.too_small),
        warnings=warnings,
        trends=tuple(trends),
        questions=questions,
        blind_spots=blind_spots(
            connection,
            settings,
            overall_counts,
            by_touchpoint=counted["touchpoint"],
            by_stage=counted["stage"],
            touchpoints=touchpoints,
        ),
        themes=unknown_themes(connection, settings, window),
        actions=build_actions(acting, overall, acting_counts, findings),
        outcome=outcome,
        trust=build_trust(
            connection,
            settings,
            corrector,
            vocabulary,
            window=window,
            unsure=_unsure(overall_counts, counted["language"]),
        ),
        changes=None,
    )
    summary = rounded(summary)
    return replace(summary, changes=rounded(compare(settings.previous, summary))) if settings.previous else summary


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row and row[0] is not None else 0


def _period(connection: duckdb.DuckDBPyConnection, settings: AnalysisSettings) -> tuple[Period, date]:
    row = connection.execute(
        "SELECT min(date)::DATE, max(date)::DATE, count(DISTINCT week), count(date), count(*) FROM analysed"
    ).fetchone()
    assert row is not None
    first, last, weeks, dated, total = row
    period = Period(
        first.isoformat() if first else None,
        last.isoformat() if last else None,
        int(weeks),
        int(dated),
        int(total) - int(dated),
    )
    return period, last or date.min


def _window(connection: duckdb.DuckDBPyConnection, as_of: date) -> Window | None:
    """Return the last four complete weeks and the up to 26 before; None where nothing is dated before them."""
    if as_of == date.min:
        return None
    row = connection.execute(
        "SELECT max(week)::DATE, min(week)::DATE FROM analysed WHERE week + 6 <= ?::DATE", [as_of]
    ).fetchone()
    if row is None or row[0] is None:
        return None
    recent_from = row[0] - timedelta(weeks=RECENT_WEEKS - 1)
    earlier_from = recent_from - timedelta(weeks=BASELINE_WEEKS)
    return Window(earlier_from.isoformat(), recent_from.isoformat(), row[0].isoformat())


def _members(
    connection: duckdb.DuckDBPyConnection, settings: AnalysisSettings, ways: Mapping[str, Grouping]
) -> dict[str, Member]:
    """Return where each labelled row stands that is in the store and was read."""
    columns = ", ".join(way.expression for way in ways.values())
    rows = connection.execute(
        f"SELECT id, rated, top, low_box, {columns} FROM analysed WHERE read AND list_contains(?, id)",  # noqa: S608
        [[row.id for row in settings.gold]],
    ).fetchall()
    return {
        str(name): Member(dict(zip(ways, groups, strict=True)), rated, top, low_box)
        for name, rated, top, low_box, *groups in rows
    }


class _Impacts:
    """Impacts of themes on the rating and on expressed satisfaction, for any condition."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, settings: AnalysisSettings) -> None:
        self.connection = connection
        self.themes = {task: settings.taxonomy.task(task).label_names for task in ("causes", "strengths")}

    def of(self, task: str, condition: str) -> ThemeImpacts:
        rating = impacts(patterns(self.connection, task, "rating", condition), self.themes[task])
        return ThemeImpacts(rating, impacts(patterns(self.connection, task, "expressed", condition), self.themes[task]))


def _touchpoints(
    builder: GroupBuilder, impact: _Impacts, settings: AnalysisSettings, counts: Mapping[str, GroupCounts]
) -> tuple[Group, ...]:
    """Build the groups in the order of the journey, then any other value, largest first."""
    journey = [point.name for point in settings.journey.touchpoints if point.name in counts]
    others = sorted(set(counts) - set(journey), key=lambda name: (-counts[name].base["records"], name))
    anchors = _unique_anchors("touchpoint", [*journey, *others])
    result = []
    for name in [*journey, *others]:
        quoted = name.replace("'", "''")
        large = counts[name].base["read"] >= settings.minimum_group
        condition = f"touchpoint = '{quoted}'"
        result.append(
            builder.build(
                "touchpoint",
                "touchpoint",
                name,
                counts[name],
                anchor_name=anchors[name],
                causes=impact.of("causes", condition) if large else None,
                strengths=impact.of("strengths", condition) if large else None,
            )
        )
    return tuple(result)


def _unique_anchors(kind: str, names: Sequence[str]) -> dict[str, str]:
    """Return name → anchor; names that differ only in what an anchor drops get a number."""
    result: dict[str, str] = {}
    for name in names:
        wanted, number = anchor(kind, name), 2
        link = wanted
        while link in result.values():
            link, number = f"{wanted}-{number}", number + 1
        result[name] = link
    return result


def _segments(builder: GroupBuilder, settings: AnalysisSettings, counted: Counted, records: int) -> tuple[Segment, ...]:
    """Build language and the configured columns, largest values first."""
    result = []
    for column, counts in counted.items():
        if column in ("overall", "stage", "touchpoint", "question") or not counts:
            continue
        order = sorted(counts, key=lambda name: (-counts[name].base["records"], name))
        shown = order[: settings.maximum_segment_values]
        anchors = _unique_anchors(anchor("segment", column), shown)
        groups = tuple(
            builder.build("segment", column, name, counts[name], anchor_name=anchors[name]) for name in shown
        )
        stated = sum(item.base["records"] for item in counts.values())
        result.append(Segment(column, groups, len(order) - len(shown), records - stated))
    return tuple(result)


def _quotes(
    connection: duckdb.DuckDBPyConnection,
    settings: AnalysisSettings,
    anchors: Mapping[str, str],
    alarmed: Set[str],
    window: Window | None,
) -> dict[str, tuple[Quote, ...]]:
    """Return anchor → quotes, of all records and of each touchpoint."""
    about = dict(_ABOUT)
    if alarmed and window is not None:
        about["early_warning"] = f"week >= DATE '{window.recent_from}' AND unhappy"
    result: dict[str, list[Quote]] = {}
    if settings.quotes == 0:
        return {}
    for key in ("overall", "touchpoint"):
        for topic, condition in about.items():
            drawn = draw(connection, settings, key, condition)
            for name, candidates in drawn.items():
                link = "overall" if key == "overall" else anchors[name]
                if topic == "early_warning" and link not in alarmed:
                    continue
                result.setdefault(link, []).extend(
                    make_quote(candidate, rule, topic) for rule, candidate in choose(candidates, settings.quotes)
                )
    return {link: tuple(quotes) for link, quotes in result.items()}


def _unsure(overall: GroupCounts, languages: Mapping[str, GroupCounts]) -> dict[str, tuple[int, int]]:
    every = {"all": overall} | dict(sorted(languages.items(), key=lambda item: (-item[1].base["read"], item[0])))
    return {name: (c.base["unsure"], c.base["read"]) for name, c in every.items() if c.base["read"] or name == "all"}


def _versions(connection: duckdb.DuckDBPyConnection, settings: AnalysisSettings) -> Versions:
    row = connection.execute("SELECT bit_xor(md5_number(row_hash || '|' || id)), count(*) FROM feedback").fetchone()
    fingerprint = f"{int(row[0]) if row and row[0] is not None else 0:032x}"[-12:]
    return Versions(
        settings.cxnlp_version,
        settings.model,
        f"{settings.taxonomy.name} {settings.taxonomy.version}",
        settings.taxonomy.fingerprint,
        fingerprint,
        tuple(Count(model, records) for model, records in models_used(connection)),
    )
