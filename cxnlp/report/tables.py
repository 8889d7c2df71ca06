"""Cells and tables that several sections share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cxnlp.analysis.numbers import Gap, Share
from cxnlp.analysis.summary import Group, Quote, Theme
from cxnlp.report.blocks import Bar, Cell, Column, Dot, Quotes, QuoteView, Row, Table, Tone
from cxnlp.report.sentences import Teller
from cxnlp.report.text import Aside, Link, Name, Part, Text, text
from cxnlp.report.words import Words, tame

LONGEST_QUOTE = 600
#: Themes shown per group; the heat map's table holds all.
TOP_CAUSES = 8
TOP_STRENGTHS = 5
#: A corrected share below this says that most of what was read so was misread.
HARDLY_ANY = 0.02


def dot(share: Share | None) -> Dot | None:
    """Return a share as a dot with whiskers, None where it has no base."""
    if share is None or share.best is None:
        return None
    return Dot(_within(share.best), *map(_within, share.best_interval))


def _within(value: float) -> float:
    return min(1.0, max(0.0, value))


def bar(share: Share, tone: Tone = "") -> Bar | None:
    """Return a share as a bar."""
    place = dot(share)
    return Bar(place.value, place.low, place.high, tone) if place else None


def share_cell(words: Words, share: Share, tone: Tone = "", *, bars: bool = False, least: int = 0) -> Cell:
    """Return a share: percent and interval; how many there are instead where they are fewer than `least`."""
    if share.best is None:
        return Cell(("–",))
    if share.total < least:
        return _too_few(words, share, "total")
    shown = text(words.percent(share), " ", Aside(words.interval(share)))
    return Cell(shown, share.best, bar(share, tone) if bars else None, "" if bars else tone)


def _too_few(words: Words, source: Share | Gap, field: str) -> Cell:
    return Cell((Aside(words.say("too few ({n})", n=words.count(source, field))),))


def gap_cell(words: Words, gap: Gap | None, *, least: int = 0) -> Cell:
    """Return a difference in points with its interval; it is loud where the interval leaves nothing out of doubt.

    Where its base is smaller than `least` it says so instead.
    """
    if gap is None:
        return Cell(("–",))
    if gap.n < least:
        return _too_few(words, gap, "n")
    shown = text(words.signed_points(gap), " ", Aside(words.points_interval(gap)))
    return Cell(shown, gap.best, tone="alarm" if gap.best_interval[0] > 0.1 else "")


def count_cell(words: Words, source: object, field: str) -> Cell:
    """Return a count."""
    return Cell((words.count(source, field),), float(getattr(source, field)))


def facts_table(
    words: Words, caption: Text, facts: Sequence[tuple[Part | Text, Share, Tone]], *, least: int = 0
) -> Table:
    """Return shares one below the other, with bars, intervals and bases."""
    columns = (Column(words.word("What")), Column(words.word("Share"), True), Column(words.word("Of how many"), True))
    rows = tuple(
        Row(
            (
                Cell(text(label)),
                share_cell(words, share, tone, bars=True, least=least),
                count_cell(words, share, "total"),
            )
        )
        for label, share, tone in facts
        if share.total
    )
    return Table(caption, columns, rows)


def satisfaction_facts(words: Words, group: Group) -> list[tuple[Part | Text, Share, Tone]]:
    """Return what every group says of itself."""
    numbers, effort = group.satisfaction, group.effort
    return [
        (words.word("Ratings that are happy (top boxes)"), numbers.reported, "stars"),
        (words.word("Words that are happy"), numbers.expressed, "words"),
        (words.word("Words that complain"), numbers.complaints, ""),
        (words.word("Hidden unhappy: happy rating, unhappy words"), numbers.hidden_unhappy, "alarm"),
        (words.word("Quiet fans: unhappy rating, happy words"), numbers.quiet_fans, ""),
        (words.word("Hollow top marks: of those that praise anything, the basics only"), numbers.hollow, ""),
        (words.word("Words that state effort"), effort.stated, ""),
        (words.word("High effort, of those who state any"), effort.high, "alarm"),
        (words.word("Low effort, of those who state any"), effort.low, ""),
    ]


def theme_table(words: Words, caption: Text, themes: Iterable[Theme], *, causes: bool) -> Table | None:
    """Return causes (with owner, change and effect) or strengths of one group, most frequent first."""
    some = [theme for theme in themes if theme.share.count][: TOP_CAUSES if causes else TOP_STRENGTHS]
    if not some:
        return None
    columns = [Column(words.word("Theme")), Column(words.word("Texts"), True), Column(words.word("Share"), True)]
    if causes:
        columns += [
            Column(words.word("Change in four weeks"), True),
            Column(words.word("Effect on happy words"), True),
            Column(words.word("Owner")),
        ]
    return Table(caption, tuple(columns), tuple(_theme_row(words, theme, causes=causes) for theme in some))


def _theme_row(words: Words, theme: Theme, *, causes: bool) -> Row:
    cells = [
        Cell((words.title(theme.title),)),
        count_cell(words, theme.share, "count"),
        share_cell(words, theme.share, "alarm" if causes else "words", bars=True),
    ]
    if causes:
        effect = theme.impact_expressed
        cells += [
            gap_cell(words, theme.change),
            Cell((words.signed_points(effect),), effect.value) if effect else Cell(("–",)),
            Cell((words.title(theme.owner),) if theme.owner else ("–",)),
        ]
    return Row(tuple(cells))


def group_columns(words: Words, first: str) -> tuple[Column, ...]:
    """Return the columns of `group_row`."""
    return (
        Column(first),
        Column(words.word("Responses"), True),
        Column(words.word("Rated and wrote"), True),
        Column(words.word("Stars say"), True),
        Column(words.word("Words say"), True),
        Column(words.word("Distance"), True),
        Column(words.word("High effort"), True),
        Column(words.word("Answers that only explain"), True),
    )


def group_row(teller: Teller, group: Group, *, linked: bool, anchored: bool) -> Row:
    """Return a group in one line: stars and words on the rows that have both, and their distance."""
    words, least = teller.words, teller.summary.minimum_group
    numbers = group.satisfaction
    name = _name_in_table(teller, group)
    return Row(
        (
            Cell((Link(name, f"#{group.anchor}"),) if linked else name),
            count_cell(words, group, "records"),
            count_cell(words, numbers, "both"),
            share_cell(words, numbers.reported_paired, "stars", least=least),
            share_cell(words, numbers.expressed_paired, "words", least=least),
            gap_cell(words, numbers.gap, least=least),
            share_cell(words, group.effort.high_of_all, least=least),
            share_cell(words, group.replies.all.excused, least=least),
        ),
        group.anchor if anchored else "",
    )


def _name_in_table(teller: Teller, group: Group) -> Text:
    if group.kind == "segment" and group.column != "language":
        return (Name(tame(group.title, 200)),)
    return teller.place(group.column, group.title)


def quotes_of(teller: Teller, quotes: Iterable[Quote], title: str, note: Text = ()) -> Quotes | None:
    """Return quotes with what the model read in them and why they stand here."""
    items = tuple(_quote(teller, quote) for quote in quotes)
    return Quotes(title, items, note) if items else None


def quotes_by_topic(teller: Teller, group: Group, *, hidden_only: bool = False) -> list[Quotes]:
    """Return a group's quotes, those about each topic under a heading of their own; perhaps only what marks hide."""
    words, numbers = teller.words, group.satisfaction
    topics: list[tuple[str, str, Share | None]] = [
        ("hidden_unhappy", words.word("Hidden unhappy, in their own words"), numbers.hidden_unhappy),
        ("quiet_fans", words.word("Quiet fans, in their own words"), numbers.quiet_fans),
        ("hollow", words.word("Hollow top marks, in their own words"), numbers.hollow),
    ]
    if not hidden_only:
        topics = [
            ("all", words.word("All customers, in their own words"), None),
            ("early_warning", words.word("Unhappy in the last four weeks, in their own words"), None),
            *topics,
        ]
    runs = [
        quotes_of(teller, [quote for quote in group.quotes if quote.about == about], title, _doubt(words, share))
        for about, title, share in topics
    ]
    return [run for run in runs if run is not None]


def _doubt(words: Words, share: Share | None) -> Text:
    """Say of quotes that they are probably misread, where the correction leaves hardly any."""
    corrected = share.corrected if share is not None else None
    if share is None or corrected is None or not corrected.safe or corrected.value >= HARDLY_ANY:
        return ()
    return words.many(
        "Read so in {n} text; after correction hardly any: expect misreadings.",
        "Read so in {n} texts; after correction hardly any: expect misreadings.",
        share.count,
        n=words.count(share, "count"),
    )


def _quote(teller: Teller, quote: Quote) -> QuoteView:
    words = teller.words
    read: list[Part | Text] = []
    if quote.stars is not None and quote.scale_high is not None:
        places = 0 if float(quote.stars).is_integer() else 1
        given = words.decimal(quote, "stars", places)
        read.append(words.say("{stars} of {most} stars", stars=given, most=words.decimal(quote, "scale_high", 0)))
    if quote.date:
        read.append(words.day(quote.date))
    read += [teller.name_of(name) for name in quote.emotions]
    if quote.stance == "complaint":
        read.append(words.word("Complaint"))
    if quote.effort == "high":
        read.append(words.word("High effort"))
    if quote.causes:
        read.append(words.say("blames {causes}", causes=teller.names(quote.causes)))
    if quote.strengths:
        read.append(words.say("praises {strengths}", strengths=teller.names(quote.strengths)))
    return QuoteView(
        text=tame(quote.text, LONGEST_QUOTE) + (" …" if quote.cut and not quote.text.endswith("…") else ""),
        language=quote.language or "",
        right_to_left=quote.right_to_left,
        about=separated(read),
        why=_why(words, quote),
        reply=tame(quote.reply, LONGEST_QUOTE) if quote.reply else "",
        reply_about=_reply(words, quote.reply_stance) if quote.reply else (),
    )


def separated(items: Sequence[Part | Text]) -> Text:
    """Return items with a middle dot between them."""
    return text(*(part for index, item in enumerate(items) for part in ((" · ", item) if index else (item,))))


def _why(words: Words, quote: Quote) -> str:
    if quote.rule == "centre":
        return words.word("typical: nearest to the middle of its group")
    if quote.rule == "edge":
        return words.word("unusual: farthest from the middle of its group")
    return words.word("drawn at random")


def _reply(words: Words, stance: str | None) -> Text:
    if stance == "excuse":
        return words.say("The answer explains")
    if stance == "resolution":
        return words.say("The answer remedies")
    return words.say("The answer")


def percent_ticks(words: Words, values: Sequence[float]) -> tuple[tuple[float, str], ...]:
    """Return the marks of an axis of shares."""
    return tuple((value, words.digits(words.percents(value))) for value in values)
