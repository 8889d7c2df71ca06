"""The journey and its touchpoints: stars against words, causes and owners, effort, emotions, replies, promises."""

from __future__ import annotations

from cxnlp.analysis.summary import Finding, Group, ReplyGroup, Segment
from cxnlp.report.blocks import (
    Block,
    Cell,
    Column,
    Dumbbell,
    DumbbellRow,
    Figure,
    Fold,
    Heading,
    Heat,
    Paragraph,
    Row,
    Section,
    Table,
)
from cxnlp.report.sentences import Teller
from cxnlp.report.tables import (
    count_cell,
    dot,
    facts_table,
    group_columns,
    group_row,
    quotes_of,
    satisfaction_facts,
    share_cell,
    theme_table,
)
from cxnlp.report.text import Aside, Name, Part, Strong, Text, plain, text
from cxnlp.report.words import tame


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
                words.say(
                    "For each touchpoint, in the order of the journey: the share of happy ratings and the share of "
                    "happy words among customers who gave both, with 95 % intervals. The table has the numbers."
                ),
                Dumbbell(
                    tuple(_dumbbell_row(teller, group) for group in shown),
                    words.word("stars"),
                    words.word("words"),
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
    judged = [group for group in teller.summary.touchpoints if group.satisfaction.gap and not group.too_small]
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
    if group.too_small or numbers.gap is None:
        return DumbbellRow(title, words.word(group.stage or ""), None, None, words.word("too few"), False)
    return DumbbellRow(
        title,
        words.word(group.stage or ""),
        dot(numbers.reported_paired),
        dot(numbers.expressed_paired),
        str(words.signed_points(numbers.gap)),
        numbers.gap.best_interval[0] > 0.1,
    )


def touchpoints_section(teller: Teller) -> Section:
    """Return one fold per touchpoint, and one for all customers."""
    words, summary = teller.words, teller.summary
    folds = [group_fold(teller, group) for group in (*summary.touchpoints, summary.overall)]
    return Section(
        "touchpoints",
        words.word("Touchpoints"),
        words.word("Each touchpoint: causes and owners, effort, emotions, replies, promises"),
        words.say(
            "One text may blame several causes. The effect of a cause is what its presence does to the share of happy "
            "words, in points, other causes held fixed."
        ),
        tuple(folds),
    )


def group_fold(teller: Teller, group: Group) -> Fold:
    """Return everything about one group."""
    words = teller.words
    numbers = group.satisfaction
    line = words.say(
        "stars {stars}, words {words}, {n} comments",
        stars=Strong((words.percent(numbers.reported_paired),), "stars"),
        words=Strong((words.percent(numbers.expressed_paired),), "words"),
        n=words.count(group, "records"),
    )
    if group.too_small:
        line = text(line, " ", Aside(words.say("too few to judge")))
    return Fold(group.anchor, teller.place(group.column, group.title), line, group_blocks(teller, group))


def group_blocks(teller: Teller, group: Group) -> tuple[Block, ...]:
    """Return the blocks of one group's fold."""
    words = teller.words
    name = teller.place(group.column, group.title)
    found = [finding for finding in teller.summary.findings if finding.anchor == group.anchor]
    blocks: list[Block | None] = []
    if group.owner:
        blocks.append(Paragraph(words.say("Owner: {owner}", owner=words.title(group.owner))))
    blocks += [_told(teller, finding) for finding in found]
    blocks += [
        facts_table(
            words, words.say("What ratings and words say: {group}", group=name), satisfaction_facts(words, group)
        ),
        theme_table(words, words.say("Causes: {group}", group=name), group.causes, causes=True),
        theme_table(words, words.say("Strengths: {group}", group=name), group.strengths, causes=False),
        _emotion_table(teller, group, name),
        _evoked(teller, group),
        *_promise(teller, group, name),
        *_replies(teller, group),
        quotes_of(teller, group.quotes, words.word("In their own words")),
    ]
    return tuple(block for block in blocks if block is not None)


def _told(teller: Teller, finding: Finding) -> Paragraph:
    view = teller.finding(finding)
    return Paragraph(text(view.text, " ", Aside(view.evidence)))


def _emotion_table(teller: Teller, group: Group, name: Text) -> Table | None:
    words = teller.words
    facts: list[tuple[Part | Text, object]] = []
    for emotion in group.emotions.profile:
        if not emotion.share.count and not emotion.intended:
            continue
        label = text(words.title(emotion.title))
        if emotion.intended:
            label = text(label, " ", Aside(words.say("meant to be evoked")))
        facts.append((label, emotion))
    if not facts:
        return None
    tones = {"positive": "words", "negative": "alarm"}
    return facts_table(
        words,
        words.say("Emotions in the words: {group}", group=name),
        [(label, e.share, tones.get(e.valence or "", "")) for label, e in facts],  # type: ignore[attr-defined,misc]
    )


def _evoked(teller: Teller, group: Group) -> Paragraph | None:
    words, evoked = teller.words, group.emotions.evoked
    if evoked is None or evoked.best is None:
        return None
    meant = [words.title(emotion.title) for emotion in group.emotions.profile if emotion.intended]
    return Paragraph(
        words.say(
            "Of the texts that show any emotion, {share} ({interval}; n {n}) show one that is meant here: {meant}.",
            share=Strong((words.percent(evoked),)),
            interval=words.interval(evoked),
            n=words.count(evoked, "total"),
            meant=words.join(meant),
        )
    )


def _promise(teller: Teller, group: Group, name: Text) -> list[Block | None]:
    words, promise = teller.words, group.promise
    if promise is None:
        return []
    return [
        facts_table(
            words,
            words.say("The promise “{promise}”: {group}", promise=Name(tame(promise.text)), group=name),
            [
                (words.word("Broken, of all texts"), promise.broken, "alarm"),
                (words.word("Kept, of all texts"), promise.kept, "words"),
                (words.word("Not mentioned"), promise.unmentioned, ""),
                (words.word("Broken, of those that mention it"), promise.broken_of_mentioned, "alarm"),
            ],
        )
    ]


def _replies(teller: Teller, group: Group) -> list[Block | None]:
    words, replies = teller.words, group.replies
    if not replies.available or not replies.all.answered.total:
        return []
    return [Paragraph(reply_sentence(teller, replies.all))]


def reply_sentence(teller: Teller, group: ReplyGroup) -> Text:
    """Say what became of complaints: answered, explained away, remedied."""
    words = teller.words
    said = words.many(
        "Of {n} complaint {answered} were answered.",
        "Of {n} complaints {answered} were answered.",
        group.answered.total,
        n=words.count(group.answered, "total"),
        answered=Strong((words.percent(group.answered),)),
    )
    if group.excused.total:
        said = text(
            said,
            " ",
            words.many(
                "Of {n} answer that was read {excused} only explain and {remedied} name a remedy.",
                "Of {n} answers that were read {excused} only explain and {remedied} name a remedy.",
                group.excused.total,
                n=words.count(group.excused, "total"),
                excused=Strong((words.percent(group.excused),), "alarm"),
                remedied=Strong((words.percent(group.remedied),), "words"),
            ),
        )
    if group.hours is not None:
        said = text(
            said,
            " ",
            words.say(
                "Half of the answers came within {median} hours, nine in ten within {p90}.",
                median=words.decimal(group.hours, "median", 0),
                p90=words.decimal(group.hours, "p90", 0),
            ),
        )
    return said


def replies_section(teller: Teller) -> Section | None:
    """Return what became of the complaints, by touchpoint and by cause."""
    words, summary = teller.words, teller.summary
    replies = summary.overall.replies
    if not replies.available:
        return None
    points = [group.replies.all for group in summary.touchpoints if group.replies.all.answered.total]
    causes = [group for group in replies.by_cause if group.answered.total]
    blocks: list[Block] = [
        Table(caption, _reply_columns(teller, head), tuple(_reply_row(teller, group) for group in groups))
        for caption, head, groups in (
            (words.say("Answers to complaints, by touchpoint"), words.word("Touchpoint"), points),
            (words.say("Answers to complaints, by cause"), words.word("Cause"), causes),
        )
        if groups
    ]
    return Section(
        "replies",
        words.word("Replies"),
        words.word("A reason is not a remedy"),
        reply_sentence(teller, replies.all),
        tuple(blocks),
    )


def _reply_columns(teller: Teller, head: str) -> tuple[Column, ...]:
    words = teller.words
    return (
        Column(head),
        Column(words.word("Complaints"), True),
        Column(words.word("Answered"), True),
        Column(words.word("Only explained"), True),
        Column(words.word("Remedied"), True),
        Column(words.word("Answers read"), True),
        Column(words.word("Owner")),
    )


def _reply_row(teller: Teller, group: ReplyGroup) -> Row:
    words = teller.words
    name: Text = (words.title(group.title),)
    return Row(
        (
            Cell(text(name, " ", Aside(words.say("too few to judge"))) if group.too_small else name),
            count_cell(words, group.answered, "total"),
            share_cell(words, group.answered),
            share_cell(words, group.excused, "alarm"),
            share_cell(words, group.remedied, "words"),
            count_cell(words, group.excused, "total"),
            Cell((words.title(group.owner),) if group.owner else ("–",)),
        )
    )


def causes_section(teller: Teller) -> Section | None:
    """Return the heat map of causes by touchpoints."""
    words, summary = teller.words, teller.summary
    causes = [theme for theme in summary.overall.causes if theme.share.count]
    points = [group for group in summary.touchpoints if not group.too_small and group.satisfaction.written]
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
    most = causes[0]
    figure = Figure(
        "causes",
        words.say(
            "“{cause}” is blamed most: by {share} of the texts",
            cause=words.title(most.title),
            share=words.percent(most.share),
        ),
        words.say("The darker a field, the larger the share of a touchpoint's texts that blame the cause."),
        Heat(
            tuple(str(words.title(theme.title)) for theme in causes),
            tuple(str(name) for name in names),
            tuple(values),
            tuple(shown),
        ),
        Table(words.say("Share of texts that blame a cause, by touchpoint"), columns, tuple(table_rows), tall=True),
    )
    return Section("causes", words.word("Causes"), words.word("What is blamed, and where"), (), (figure,))


def segments_section(teller: Teller) -> Section | None:
    """Return the further columns to compare by."""
    words = teller.words
    blocks: list[Block] = []
    for segment in teller.summary.segments:
        if segment.groups:
            blocks += _segment(teller, segment)
    if not blocks:
        return None
    return Section(
        "segments",
        words.word("Comparisons"),
        words.word("By language, question and other columns"),
        words.say("Groups with few rows are shown and never ranked."),
        tuple(blocks),
    )


def _segment(teller: Teller, segment: Segment) -> list[Block]:
    words = teller.words
    name = teller.column(segment.column)
    blocks: list[Block] = [
        Heading(text(name)),
        Table(
            words.say("Stars against words, by {column}", column=name),
            group_columns(words, plain(text(name))),
            tuple(group_row(teller, group, linked=False, anchored=True) for group in segment.groups),
            tall=True,
        ),
    ]
    if segment.omitted or segment.unstated:
        blocks.append(
            Paragraph(
                words.say(
                    "Not shown: {omitted} further values; {unstated} rows carry none.",
                    omitted=words.count(segment, "omitted"),
                    unstated=words.count(segment, "unstated"),
                ),
                "note",
            )
        )
    return blocks
