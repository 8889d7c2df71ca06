"""Comparisons: what became of complaints, and groups by language, question and other columns."""

from __future__ import annotations

from dataclasses import replace

from cxnlp.analysis.summary import ReplyGroup, Segment
from cxnlp.report.blocks import (
    Block,
    Cell,
    Column,
    Paragraph,
    Row,
    Section,
    Table,
)
from cxnlp.report.groups import reply_sentence
from cxnlp.report.sentences import Teller
from cxnlp.report.tables import (
    count_cell,
    group_columns,
    group_row,
    share_cell,
)
from cxnlp.report.text import plain, text


def replies_section(teller: Teller) -> Section | None:
    """Return what became of the complaints, by touchpoint and by cause."""
    words, summary = teller.words, teller.summary
    replies = summary.overall.replies
    if not replies.available:
        return None
    points = [
        replace(group.replies.all, title=group.title, owner=group.owner)
        for group in summary.touchpoints
        if group.replies.all.answered.total
    ]
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
    words, least = teller.words, teller.summary.minimum_group
    return Row(
        (
            Cell((words.title(group.title),)),
            count_cell(words, group.answered, "total"),
            share_cell(words, group.answered, least=least),
            share_cell(words, group.excused, "alarm", least=least),
            share_cell(words, group.remedied, "words", least=least),
            count_cell(words, group.excused, "total"),
            Cell((words.title(group.owner),) if group.owner else ("–",)),
        )
    )


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
    audited = segment.column == "question" and bool(teller.summary.questions)  # their anchors are in that section
    blocks: list[Block] = [
        Table(
            words.say("Stars against words, by {column}", column=name),
            group_columns(words, plain(text(name))),
            tuple(group_row(teller, group, linked=False, anchored=not audited) for group in segment.groups),
            tall=True,
        ),
    ]
    if segment.column == "language":
        apart = words.say("Languages are not compared with each other: the model reads them unequally well.")
        blocks.append(Paragraph(apart, "note"))
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
