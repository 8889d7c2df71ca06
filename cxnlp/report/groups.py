"""Everything about one group: what ratings and words say, causes, effort, emotions, replies, promise, quotes."""

from __future__ import annotations

from cxnlp.analysis.numbers import Share
from cxnlp.analysis.summary import Finding, Group, ReplyGroup
from cxnlp.report.blocks import (
    Block,
    Cell,
    Column,
    Fold,
    Paragraph,
    Row,
    Section,
    Table,
    Tone,
)
from cxnlp.report.sentences import Teller
from cxnlp.report.tables import (
    count_cell,
    facts_table,
    gap_cell,
    quotes_by_topic,
    satisfaction_facts,
    share_cell,
    theme_table,
)
from cxnlp.report.text import Aside, Name, Part, Strong, Text, text
from cxnlp.report.words import tame


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
            "words, in points, other causes held fixed. Shares of happy words, complaints and effort are corrected for "
            "reading errors where that is safe; single causes, strengths and emotions are as read, unless labelled "
            "rows of this very feedback correct them."
        ),
        tuple(folds),
    )


def group_fold(teller: Teller, group: Group) -> Fold:
    """Return everything about one group."""
    words = teller.words
    numbers = group.satisfaction
    if numbers.both < teller.summary.minimum_group:
        line = words.say("too few rated and wrote to judge ({n})", n=words.count(numbers, "both"))
    else:
        line = words.say(
            "stars {stars}, words {words}, n {n}",
            stars=Strong((words.percent(numbers.reported_paired),), "stars"),
            words=Strong((words.percent(numbers.expressed_paired),), "words"),
            n=words.count(numbers, "both"),
        )
    title = teller.place(group.column, group.title)
    return Fold(group.anchor, title, line, group_blocks(teller, group), words.path_of(group))


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
        _mean(teller, group),
        facts_table(
            words,
            words.say("What ratings and words say: {group}", group=name),
            satisfaction_facts(words, group),
            least=teller.summary.minimum_group,
        ),
        theme_table(words, words.say("Causes: {group}", group=name), group.causes, causes=True),
        theme_table(words, words.say("Strengths: {group}", group=name), group.strengths, causes=False),
        _effort_causes(teller, group, name),
        _marks(teller, group) if group.kind == "overall" else None,
        _emotion_table(teller, group, name),
        _evoked(teller, group),
        *_promise(teller, group, name),
        *_replies(teller, group),
        *quotes_by_topic(teller, group),
    ]
    return tuple(block for block in blocks if block is not None)


def _mean(teller: Teller, group: Group) -> Paragraph | None:
    """Say the mean rating on the export's own scale, and the net promoter score where there is one."""
    words, numbers = teller.words, group.satisfaction
    if numbers.mean is None or numbers.scale is None:
        return None
    said = words.say(
        "Mean rating {mean} ({interval}; n {n}).",
        mean=words.decimal(numbers.mean, "value", 1),
        interval=words.decimal_interval(numbers.mean, 1),
        n=words.count(numbers.mean, "n"),
    )
    if numbers.nps is not None:
        score = numbers.nps.score
        said = text(
            said,
            " ",
            words.say(
                "Net promoter score {score} ({interval}): {promoters} promoters, {detractors} detractors.",
                score=words.decimal(score, "value", 0),
                interval=words.decimal_interval(score, 0),
                promoters=words.percent(numbers.nps.promoters),
                detractors=words.percent(numbers.nps.detractors),
            ),
        )
    return Paragraph(said)


def _marks(teller: Teller, group: Group) -> Table | None:
    words, marks = teller.words, group.satisfaction.marks
    if not marks:
        return None
    columns = (Column(words.word("Mark"), True), Column(words.word("How often"), True))
    rows = tuple(
        Row(
            (
                Cell((words.decimal(mark, "mark", 0 if float(mark.mark).is_integer() else 1),)),
                count_cell(words, mark, "count"),
            )
        )
        for mark in marks
    )
    return Table(words.say("How often each mark was given"), columns, tuple(rows))


def _effort_causes(teller: Teller, group: Group, name: Text) -> Table | None:
    words = teller.words
    if not group.effort.causes:
        return None
    columns = (
        Column(words.word("Cause")),
        Column(words.word("In texts of high effort"), True),
        Column(words.word("In all others"), True),
        Column(words.word("Distance"), True),
        Column(words.word("Owner")),
    )
    rows = tuple(
        Row(
            (
                Cell((words.title(cause.title),)),
                share_cell(words, cause.among_high),
                share_cell(words, cause.among_others),
                gap_cell(words, cause.difference),
                Cell((words.title(cause.owner),) if cause.owner else ("–",)),
            )
        )
        for cause in group.effort.causes[:5]
    )
    return Table(words.say("What makes it hard: {group}", group=name), columns, rows)


def _told(teller: Teller, finding: Finding) -> Paragraph:
    view = teller.finding(finding)
    return Paragraph(text(view.text, " ", Aside(view.evidence)))


def _emotion_table(teller: Teller, group: Group, name: Text) -> Table | None:
    words = teller.words
    tones: dict[str | None, Tone] = {"positive": "words", "negative": "alarm"}
    facts: list[tuple[Part | Text, Share, Tone]] = []
    for emotion in group.emotions.profile:
        if emotion.share.count or emotion.intended:
            label = text(words.title(emotion.title))
            if emotion.intended:
                label = text(label, " ", Aside(words.say("meant to be evoked")))
            facts.append((label, emotion.share, tones.get(emotion.valence, "")))
    return facts_table(words, words.say("Emotions in the words: {group}", group=name), facts) if facts else None


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
                (words.word("Blame what would break it, of all texts"), promise.broken, "alarm"),
                (words.word("Praise what keeps it, of all texts"), promise.kept, "words"),
                (words.word("Neither, of all texts"), promise.unmentioned, ""),
                (
                    words.word("Blame what would break it, of those that do either"),
                    promise.broken_of_mentioned,
                    "alarm",
                ),
            ],
            least=teller.summary.minimum_group,
        )
    ]


def _replies(teller: Teller, group: Group) -> list[Block | None]:
    replies = group.replies
    if not replies.available or not replies.all.answered.total:
        return []
    return [Paragraph(reply_sentence(teller, replies.all))]


def reply_sentence(teller: Teller, group: ReplyGroup) -> Text:
    """Say what became of complaints: answered, explained away, remedied; of too few only how many they are."""
    words, least = teller.words, teller.summary.minimum_group
    if group.answered.total < least:
        return words.many(
            "{n} complaint: too few to judge what became of them.",
            "{n} complaints: too few to judge what became of them.",
            group.answered.total,
            n=words.count(group.answered, "total"),
        )
    said = words.many(
        "Of {n} complaint {answered} were answered.",
        "Of {n} complaints {answered} were answered.",
        group.answered.total,
        n=words.count(group.answered, "total"),
        answered=Strong((words.percent(group.answered),)),
    )
    if 0 < group.excused.total < least:
        few = words.many(
            "{n} answer was read: too few to judge.",
            "{n} answers were read: too few to judge.",
            group.excused.total,
            n=words.count(group.excused, "total"),
        )
        said = text(said, " ", few)
    elif group.excused.total:
        said = text(
            said,
            " ",
            words.many(
                "Of {n} answer that was read {excused} only explain or apologise and {remedied} name a remedy.",
                "Of {n} answers that were read {excused} only explain or apologise and {remedied} name a remedy.",
                group.excused.total,
                n=words.count(group.excused, "total"),
                excused=Strong((words.percent(group.excused),), "alarm"),
                remedied=Strong((words.percent(group.remedied),), "words"),
            ),
        )
    if group.hours is not None and group.hours.n >= least:
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
