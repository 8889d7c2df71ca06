"""Early warnings, trends with their limits, and themes the taxonomy does not know."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cxnlp.analysis.summary import EarlyWarning, Trend, UnknownTheme
from cxnlp.analysis.trends import WATCHED
from cxnlp.report.blocks import (
    Block,
    Cell,
    Column,
    Figure,
    Fold,
    Paragraph,
    Row,
    Section,
    Table,
    Tone,
    TrendLine,
    TrendPoint,
)
from cxnlp.report.sentences import Teller
from cxnlp.report.tables import count_cell, gap_cell, percent_ticks, quotes_of, separated
from cxnlp.report.text import Aside, Link, Name, Part, Strong, Text, text
from cxnlp.report.words import Words, tame

#: Trend charts on the page at most, early warnings first.
MAXIMUM_CHARTS = 8


def metric_name(words: Words, metric: str) -> str:
    """Return what a weekly series is called."""
    return {
        "unhappy_words": words.word("Unhappy words"),
        "high_effort": words.word("High effort"),
        "reported": words.word("Happy ratings"),
        "complaints": words.word("Complaints"),
        "replies_excuse": words.word("Answers that only explain"),
    }.get(metric, metric.replace("_", " "))


def warnings_section(teller: Teller) -> Section:
    """Return early warnings, and the trends behind them."""
    words, summary = teller.words, teller.summary
    warned = [(warning.anchor, warning.metric) for warning in summary.warnings]
    charted = [t for key in warned for t in summary.trends if (t.anchor, t.metric) == key]
    charted += [
        t for t in summary.trends if t.anchor == "overall" and t.metric in ("unhappy_words", "high_effort", "reported")
    ]
    charted += [t for t in summary.trends if t.alarm_since]
    unique = list(dict.fromkeys(id(trend) for trend in charted))
    by_id = {id(trend): trend for trend in charted}
    blocks: list[Block] = [_warning_line(teller, warning) for warning in summary.warnings]
    for index, key in enumerate(unique[:MAXIMUM_CHARTS]):
        figure = trend_figure(teller, by_id[key], index)
        if figure:
            blocks.append(figure)
    rest = [trend for trend in summary.trends if trend.change is not None]
    if rest:
        blocks.append(_trend_table(teller, rest))
    judged = any(trend.metric in WATCHED and _judged(trend) for trend in summary.trends)
    if summary.warnings:
        lead = words.say("Series that left their limits; each says whether words or stars moved first.")
    elif judged:
        lead = words.say("No early warning: words and effort stay within their limits.")
    else:
        lead = words.say("Nothing could be watched: that takes dates, and texts in more than nine weeks.")
    return Section(
        "warnings",
        words.word("Early warnings"),
        words.word("Early warnings and trends"),
        lead,
        tuple(blocks),
    )


def _judged(trend: Trend) -> bool:
    """Return whether any week had enough before it to be held against."""
    return any(week.recent is not None for week in trend.weeks)


def _warning_line(teller: Teller, warning: EarlyWarning) -> Paragraph:
    words = teller.words
    owner = words.say("Owner: {owner}", owner=words.title(warning.owner)) if warning.owner else ()
    place = "overall" if warning.anchor == "overall" else "touchpoint"
    causes = words.say("Blamed more: {causes}.", causes=teller.names(warning.causes)) if warning.causes else ()
    ratings: Text = ()
    if warning.order != "no_stars":
        ratings = words.say(
            "Happy ratings: {before} before, {now} now.",
            before=words.percent(warning.reported_baseline),
            now=words.percent(warning.reported_recent),
        )
    return Paragraph(
        text(
            Strong((Link(teller.place(place, warning.title), f"#{warning.anchor}"),)),
            ": ",
            teller.warning(warning),
            " ",
            Aside(teller.evidence_of_warning(warning)),
            ". ",
            ratings,
            " ",
            causes,
            " ",
            owner,
        )
    )


def trend_figure(teller: Teller, trend: Trend, index: int) -> Figure | None:
    """Return a weekly series with its limits, titled by what it shows; None where there is too little."""
    words = teller.words
    weeks = [week for week in trend.weeks if week.complete and week.share.total]
    if len(weeks) < 3:
        return None
    name = text(teller.place(trend.anchor if trend.anchor == "overall" else "touchpoint", trend.title))
    metric = metric_name(words, trend.metric)
    if trend.alarm_since:
        title = words.say(
            "{group}, {metric}: beyond the limit since {day}",
            group=name,
            metric=metric,
            day=words.day(trend.alarm_since, year=False),
        )
    elif _judged(trend):
        title = words.say("{group}, {metric}: within the limits", group=name, metric=metric)
    else:
        title = words.say("{group}, {metric}: too few texts to be judged", group=name, metric=metric)
    columns = (
        Column(words.word("Week of")),
        Column(words.word("Share"), True),
        Column(words.word("Of how many"), True),
        Column(words.word("Four weeks"), True),
        Column(words.word("Lower limit"), True),
        Column(words.word("Upper limit"), True),
    )
    rows = tuple(
        Row(
            (
                Cell((words.day(week.week),)),
                Cell((words.percent(week.share),), week.share.best),
                count_cell(words, week.share, "total"),
                *(
                    Cell((words.percent_of(week, field),)) if getattr(week, field) is not None else Cell(("–",))
                    for field in ("recent", "low", "high")
                ),
            )
        )
        for week in weeks
    )
    points = tuple(
        TrendPoint(
            week.week,
            str(words.day(week.week, year=False)),
            week.share.best,
            week.recent,
            week.low,
            week.high,
            week.alarm,
        )
        for week in weeks
    )
    tone: Tone = "stars" if trend.metric == "reported" else "words"
    return Figure(
        f"trend-{index}",
        title,
        (
            (tone, words.word("share of four weeks")),
            ("week", words.word("single weeks")),
            ("band", words.word("limits")),
            ("alarm", words.word("beyond the limit")),
        ),
        words.say(
            "Dots are single weeks, the line is the share of the last four weeks, the band its limits. "
            "The table has the numbers."
        ),
        TrendLine(
            points,
            tone,
            _trend_ticks(words, points),
            str(words.percent_of(weeks[-1], "recent")) if weeks[-1].recent is not None else "",
        ),
        Table(words.say("{group}, {metric}, by week", group=name, metric=metric), columns, rows),
    )


def _trend_ticks(words: Words, points: Sequence[TrendPoint]) -> tuple[tuple[float, str], ...]:
    """Return rising marks in tenths that span all the points and their limits, from 0 to 1 at the most."""
    values = [v for p in points for v in (p.share, p.recent, p.low, p.high) if v is not None]
    low = min(9, math.floor(round(min(values) * 10, 6)))
    high = max(low + 1, math.ceil(round(max(values) * 10, 6)))
    step = 1 if high - low <= 4 else 2
    if (high - low) % step:
        low, high = (low - 1, high) if low else (low, high + 1)
    return percent_ticks(words, [tenth / 10 for tenth in range(low, high + 1, step)])


def _trend_table(teller: Teller, trends: list[Trend]) -> Table:
    words = teller.words
    columns = (
        Column(words.word("Touchpoint")),
        Column(words.word("What")),
        Column(words.word("Change in four weeks"), True),
        Column(words.word("Alarm since")),
    )
    rows = tuple(
        Row(
            (
                Cell(teller.place("overall" if trend.anchor == "overall" else "touchpoint", trend.title)),
                Cell((metric_name(words, trend.metric),)),
                Cell(gap_cell(words, trend.change).text, trend.change.best if trend.change else None),
                Cell((words.day(trend.alarm_since),), tone="alarm") if trend.alarm_since else Cell(("–",)),
            )
        )
        for trend in trends
    )
    return Table(words.say("The last four weeks against the weeks before"), columns, rows, tall=True)


def themes_section(teller: Teller) -> Section:
    """Return themes that the taxonomy does not know."""
    words, summary = teller.words, teller.summary
    folds = tuple(_theme_fold(teller, theme) for theme in summary.themes)
    return Section(
        "themes",
        words.word("Unknown themes"),
        words.word("What the taxonomy does not know yet"),
        words.say(
            "Words that object or are hard to read and name no known cause, or none for certain, gathered by likeness: "
            "an aid for the analyst, not a label. Some are known themes that were missed."
        )
        if folds
        else words.say("No group of unknown words is large enough to be shown."),
        folds,
    )


def _theme_fold(teller: Teller, theme: UnknownTheme) -> Fold:
    words = teller.words
    said = [Name(tame(word, 40)) for word in theme.words[:6]]
    line = words.many("{n} text", "{n} texts", theme.share.count, n=words.count(theme.share, "count"))
    if theme.new:
        line = text(line, " ", Strong((words.word("new"),), "alarm"))
    facts: list[Part | Text] = []
    if theme.first and theme.last:
        facts.append(words.say("{first} to {last}", first=words.day(theme.first), last=words.day(theme.last)))
    for counts, title in ((theme.touchpoints, teller.touchpoint), (theme.languages, words.language_name)):
        facts.append(words.join([text(title(item.name), " ", words.count(item, "count")) for item in counts[:4]]))
    if theme.change is not None:
        facts.append(
            words.say(
                "last four weeks: {change} points ({interval})",
                change=words.signed_points(theme.change),
                interval=words.points_interval(theme.change),
            )
        )
    quotes = quotes_of(teller, theme.quotes, words.word("In their own words"))
    blocks: tuple[Block, ...] = (Paragraph(separated([fact for fact in facts if fact])),)
    return Fold(theme.anchor, words.series(said), line, blocks + ((quotes,) if quotes else ()))
