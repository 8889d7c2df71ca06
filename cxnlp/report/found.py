"""Every finding, worst first; and stars that hide something."""

from __future__ import annotations

from cxnlp.report.blocks import (
    Block,
    Cell,
    Column,
    Findings,
    Paragraph,
    Row,
    Section,
    Table,
)
from cxnlp.report.sentences import Teller
from cxnlp.report.tables import count_cell, facts_table, quotes_by_topic, share_cell
from cxnlp.report.text import Link, Text, text
from cxnlp.report.words import Words


def findings_section(teller: Teller) -> Section:
    """Return every finding, worst first, and how they were sifted."""
    words, summary = teller.words, teller.summary
    made = summary.comparisons
    sifted = text(
        words.many(
            "{n} comparison was made.",
            "{n} comparisons were made.",
            made.made,
            n=words.count(made, "made"),
        ),
        " ",
        words.say(
            "What stands here survived the correction for all of them (false discovery rate {alpha}) and is at least "
            "{size} points large, half of that for single causes and promises. Early warnings have a budget of false "
            "alarms of their own. Order: how bad it is at the least, for what share of the group, weighted by kind; "
            "the first of each place and kind before any repetition.",
            alpha=words.percent_of(made, "alpha"),
            size=words.number(made, "minimum_size", str(round(made.minimum_size * 100))),
        ),
        " ",
        words.say(
            "“Elsewhere” is compared within each language, so the points need not be the difference of the two shares."
        ),
        " ",
        words.many(
            "{n} group was too small to be judged.",
            "{n} groups were too small to be judged.",
            made.too_small_groups,
            n=words.count(made, "too_small_groups"),
        ),
    )
    items = tuple(teller.finding(finding) for finding in summary.findings)
    found: list[Block] = [Findings(items)] if items else [Paragraph(nothing_found(words))]
    return Section(
        "findings",
        words.word("Findings"),
        words.word("All findings, worst first"),
        _gloss(teller),
        (*found, Paragraph(sifted, "note")),
    )


def _gloss(teller: Teller) -> Text:
    """Say what high effort is, where a finding is about it."""
    if not any(finding.kind == "effort_high" or finding.metric == "high_effort" for finding in teller.summary.findings):
        return ()
    return teller.words.say("High effort: repeated contacts, transfers, long waits, or the customer gave up.")


def nothing_found(words: Words) -> Text:
    """Say that no finding holds."""
    return words.say("No difference is both sure and large enough to be called a finding.")


def hidden_section(teller: Teller) -> Section | None:
    """Return the hidden unhappy, the quiet fans and the hollow top marks; None where nobody both rated and wrote."""
    words, summary = teller.words, teller.summary
    numbers = summary.overall.satisfaction
    if not numbers.both:
        return None
    name = text(words.word("All customers"))
    blocks: list[Block | None] = [
        facts_table(
            words,
            words.say("Marks that hide something: {group}", group=name),
            [
                (words.word("Hidden unhappy: happy rating, unhappy words"), numbers.hidden_unhappy, "alarm"),
                (words.word("Quiet fans: unhappy rating, happy words"), numbers.quiet_fans, "words"),
                (
                    words.word("Hollow top marks: of those that praise anything, the basics only"),
                    numbers.hollow,
                    "stars",
                ),
            ],
            least=summary.minimum_group,
        ),
        _hidden_by_touchpoint(teller),
        *quotes_by_topic(teller, summary.overall, hidden_only=True),
    ]
    return Section(
        "hidden",
        words.word("Hidden unhappy"),
        words.word("Hidden unhappy, quiet fans, hollow top marks"),
        words.say(
            "Hidden unhappy gave a happy rating, yet their words complain, tell of high effort or show an emotion that "
            "destroys value. Hollow top marks praise only courtesy and smooth service (an easy app, too): the basics, "
            "not what sets a company apart."
        ),
        tuple(block for block in blocks if block is not None),
    )


def _hidden_by_touchpoint(teller: Teller) -> Table | None:
    words, least = teller.words, teller.summary.minimum_group
    rows = []
    for group in teller.summary.touchpoints:
        numbers = group.satisfaction
        if numbers.both >= least:
            shares = (numbers.hidden_unhappy, numbers.quiet_fans, numbers.hollow)
            cells: list[Cell] = [Cell((Link((words.title(group.title),), f"#{group.anchor}"),))]
            for share in shares:
                cells += [share_cell(words, share, least=least), count_cell(words, share, "total")]
            rows.append(Row(tuple(cells)))
    if not rows:
        return None
    base = words.word("Of how many")
    columns = [Column(words.word("Touchpoint"))]
    for title in (words.word("Hidden unhappy"), words.word("Quiet fans"), words.word("Hollow top marks")):
        columns += [Column(title, True), Column(base, True)]
    return Table(words.say("Marks that hide something, by touchpoint"), tuple(columns), tuple(rows), tall=True)
