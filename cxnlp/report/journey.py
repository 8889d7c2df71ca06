"""The journey as pictures: stars against words along it, causes by touchpoint."""

from __future__ import annotations

from collections.abc import Sequence

from cxnlp.analysis.summary import Group, Theme
from cxnlp.report.blocks import (
    Block,
    Cell,
    Column,
    Dumbbell,
    DumbbellRow,
    Figure,
    Heat,
    Row,
    Section,
    Table,
)
from cxnlp.report.sentences import Teller
from cxnlp.report.tables import (
    dot,
    group_columns,
    group_row,
    percent_ticks,
    share_cell,
)
from cxnlp.report.text import Text, plain


def journey_section(teller: Teller) -> Section:
    """Return the journey as a picture and a table, stages below."""
    words, summary = teller.words, teller.summary
    columns = group_columns(words, words.word("Touchpoint"))
    rows = tuple(group_row(teller, group, linked=True, anchored=False) for group in summary.touchpoints)
    stages = tuple(group_row(teller, group, linked=False, anchored=True) for group in summary.stages)
    blocks: list[Block] = []
    shown = [group for group in summary.touchpoints if group.satisfaction.both]
    if shown:
        blocks.append(
            Figure(
                "journey",
                journey_title(teller),
                (
                    ("words", words.word("happy words")),
                    ("stars", words.word("happy ratings")),
                    ("whisker", words.word("95 % interval")),
                ),
                words.say(
                    "For each touchpoint, in the order of the journey: the share of happy ratings and the share of "
                    "happy words among customers who gave both, with 95 % intervals. The table has the numbers."
                ),
                Dumbbell(
                    tuple(_dumbbell_row(teller, group) for group in shown),
                    percent_ticks(words, (0, 0.25, 0.5, 0.75, 1)),
                ),
                Table(words.say("Stars against words, by touchpoint"), columns, rows, tall=True),
            )
        )
    elif rows:
        blocks.append(Table(words.say("Stars against words, by touchpoint"), columns, rows, tall=True))
    if stages:
        columns = group_columns(words, words.word("Stage"))
        blocks.append(Table(words.say("Before, during, after"), columns, stages))
    return Section(
        "journey",
        words.word("Journey"),
        words.word("The journey: where stars and words part"),
        words.say(
            "Stars and words are compared on the same customers: those who gave both. A distance above zero means "
            "that the ratings are kinder than the words."
        ),
        tuple(blocks),
    )


def journey_title(teller: Teller) -> Text:
    """Say where the distance is widest and where it is least."""
    words = teller.words
    least = teller.summary.minimum_group
    judged = [
        group for group in teller.summary.touchpoints if group.satisfaction.gap and group.satisfaction.both >= least
    ]
    judged.sort(key=lambda group: -(group.satisfaction.gap.best if group.satisfaction.gap else 0))
    if not judged or judged[0].satisfaction.gap is None or judged[0].satisfaction.gap.best_interval[0] <= 0:
        return words.say("Nowhere do the stars stand clearly above the words")
    first = judged[0]
    return words.many(
        "Stars and words part most at “{title}”: {points} point",
        "Stars and words part most at “{title}”: {points} points",
        round(abs(judged[0].satisfaction.gap.best) * 100),
        title=words.title(first.title),
        points=words.points(judged[0].satisfaction.gap),
    )


def _dumbbell_row(teller: Teller, group: Group) -> DumbbellRow:
    words, numbers = teller.words, group.satisfaction
    title = plain((words.title(group.title),))
    if numbers.both < teller.summary.minimum_group or numbers.gap is None:
        return DumbbellRow(title, words.word(group.stage), None, None, "", "", words.word("too few"), False)
    return DumbbellRow(
        title,
        words.word(group.stage),
        dot(numbers.reported_paired),
        dot(numbers.expressed_paired),
        str(words.percent(numbers.reported_paired)),
        str(words.percent(numbers.expressed_paired)),
        str(words.signed_points(numbers.gap)),
        numbers.gap.best_interval[0] > 0.1,
    )


def causes_section(teller: Teller) -> Section | None:
    """Return the heat map of causes by touchpoints."""
    words, summary = teller.words, teller.summary
    causes = [theme for theme in summary.overall.causes if theme.share.count]
    points = [group for group in summary.touchpoints if group.satisfaction.written >= summary.minimum_group]
    if not causes or not points:
        return None
    shares = {(g.name, theme.name): theme.share for g in points for theme in g.causes}
    table_rows, values, shown = [], [], []
    for theme in causes:
        row = [shares.get((group.name, theme.name)) for group in points]
        values.append(tuple(share.best if share else None for share in row))
        shown.append(tuple(str(words.percent(s)) if s and s.best and s.best >= 0.05 else "" for s in row))
        cells = [Cell((words.percent(s),) if s else ("–",), s.best if s else None) for s in row]
        total = share_cell(words, theme.share)
        table_rows.append(Row((Cell((words.title(theme.title),)), total, *cells)))
    names = tuple(words.title(group.title) for group in points)
    head = (Column(words.word("Cause")), Column(words.word("All customers"), True))
    columns = (*head, *(Column(str(name), True) for name in names))
    figure = Figure(
        "causes",
        causes_title(teller, causes),
        (("alarm", words.word("the deeper, the more texts blame it")),),
        words.say("The deeper a field, the larger the share of a touchpoint's texts that blame the cause."),
        Heat(
            tuple(str(words.title(theme.title)) for theme in causes),
            tuple(str(name) for name in names),
            tuple(values),
            tuple(shown),
        ),
        Table(words.say("Share of texts that blame a cause, by touchpoint"), columns, tuple(table_rows), tall=True),
    )
    return Section("causes", words.word("Causes"), words.word("What is blamed, and where"), (), (figure,))


def causes_title(teller: Teller, causes: Sequence[Theme]) -> Text:
    """Say what is blamed most often, as read; beside the second where their intervals leave open which it is."""
    words = teller.words
    first, *others = sorted(causes, key=lambda theme: -theme.share.count)
    if not others or first.share.low > others[0].share.high:
        return words.say(
            "Blamed most often, as read: {cause} ({count} of {total} texts)",
            cause=words.title(first.title),
            count=words.count(first.share, "count"),
            total=words.count(first.share, "total"),
        )
    second = others[0]
    return words.say(
        "Blamed often, as read: {cause} ({count} of {total} texts) and {second} ({fewer})",
        cause=words.title(first.title),
        count=words.count(first.share, "count"),
        total=words.count(first.share, "total"),
        second=words.title(second.title),
        fewer=words.count(second.share, "count"),
    )
