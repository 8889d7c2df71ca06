"""What there is to do, by owner."""

from __future__ import annotations

from cxnlp.analysis.groups import anchor
from cxnlp.analysis.summary import Action
from cxnlp.report.blocks import (
    Block,
    Cell,
    Column,
    Fold,
    Row,
    Section,
    Table,
)
from cxnlp.report.sentences import Teller
from cxnlp.report.tables import count_cell, separated, share_cell
from cxnlp.report.text import Aside, Link, Part, Text, text


def actions_section(teller: Teller) -> Section:
    """Return what there is to do, by owner."""
    words, summary = teller.words, teller.summary
    owners = list(dict.fromkeys(action.owner for action in summary.actions))
    blocks: list[Block] = [
        _owner_fold(teller, owner, [action for action in summary.actions if action.owner == owner]) for owner in owners
    ]
    return Section(
        "actions",
        words.word("Actions"),
        words.word("Who can do what: actions by owner"),
        words.say(
            "Ordered by how many × how bad × how sure. “Effect” is what the cause takes from the share of happy words, "
            "in points; “how sure” is the part of it that is left at the cautious end of its interval. The file "
            "actions.csv beside this page holds the same list."
        )
        if summary.actions
        else words.say("No cause does measurable harm."),
        tuple(blocks),
    )


def _owner_fold(teller: Teller, owner: str, actions: list[Action]) -> Fold:
    """Return an owner's part; it has an anchor of its own, to be sent to just them."""
    words, first = teller.words, actions[0]
    name: Part = words.title(owner) if owner else words.word("No owner named")
    line = words.say(
        "first: {cause} at “{touchpoint}”, {n} of {total} texts",
        cause=words.title(first.title),
        touchpoint=words.title(first.touchpoint_title),
        n=words.count(first.affected, "count"),
        total=words.count(first.affected, "total"),
    )
    return Fold(anchor("owner", owner), (name,), line, (_action_table(teller, owner, actions),))


def _action_table(teller: Teller, owner: str, actions: list[Action]) -> Table:
    words = teller.words
    columns = (
        Column(words.word("Cause")),
        Column(words.word("Touchpoint")),
        Column(words.word("Texts that blame it"), True),
        Column(words.word("Share"), True),
        Column(words.word("Effect"), True),
        Column(words.word("How sure"), True),
        Column(words.word("Of them with a happy rating"), True),
        Column(words.word("Note")),
    )
    name: Part = words.title(owner) if owner else words.word("No owner named")
    return Table(
        words.say("Actions: {owner}", owner=name), columns, tuple(_action_row(teller, a) for a in actions), True
    )


def _action_row(teller: Teller, action: Action) -> Row:
    words = teller.words
    notes: list[Part | Text] = []
    if action.prevents:
        notes.append(words.word("information or a guide would prevent it"))
    for finding_id in action.findings:
        finding = teller.finding_link(finding_id)
        if finding is not None:
            label = words.say("finding {rank}", rank=words.count(finding, "rank"))
            notes.append(Link(label, f"#finding-{finding.rank}"))
    harm = action.harm
    return Row(
        (
            Cell((words.title(action.title),)),
            Cell((Link((words.title(action.touchpoint_title),), f"#{action.anchor}"),)),
            count_cell(words, action.affected, "count"),
            share_cell(words, action.affected),
            Cell(
                text(
                    words.number(harm, "value", words.signed(harm.value).lstrip("+")),
                    " ",
                    Aside(words.range_of(harm, harm.low, harm.high, signed=True)),
                ),
                harm.value,
            ),
            Cell((words.percent_of(action, "sure"),), action.sure),
            count_cell(words, action, "hidden"),
            Cell(separated(notes) if notes else ("–",)),
        )
    )
