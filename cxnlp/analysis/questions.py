"""The audit of survey questions: does the question itself decide the answer?"""

from __future__ import annotations

from collections.abc import Mapping

from cxnlp.analysis.counts import GroupCounts
from cxnlp.analysis.numbers import Estimate
from cxnlp.analysis.stats import auc_of_counts, share
from cxnlp.analysis.summary import Group, Question

#: Share of top marks from which a question has hit its ceiling.
CEILING = 0.8
#: A question whose area under the curve surely stays below this hardly tells happy from unhappy texts.
BLIND_BELOW = 0.75
#: Least happy and least unhappy rated texts for an area under the curve.
MINIMUM_EACH = 5


def audit(group: Group, counts: GroupCounts, minimum: int) -> Question:
    """Audit one question from its group."""
    numbers = group.satisfaction
    marks = [counts.happy_marks[key] for key in sorted(counts.happy_marks)]
    unhappy, happy = [mark[0] for mark in marks], [mark[1] for mark in marks]
    enough = min(sum(unhappy), sum(happy)) >= MINIMUM_EACH
    auc = auc_of_counts(happy, unhappy) if enough else None
    if auc is not None and len(marks) == 1:  # everybody gave the same mark: it tells nobody apart, for certain
        auc = Estimate(0.5, 0.5, 0.5, auc.n)
    basics = share(counts.base["basics_only"], counts.base["praises"])
    top = numbers.top_mark.value or 0.0
    return Question(
        question=group.name,
        anchor=group.anchor,
        records=group.records,
        too_small=group.too_small,
        mean=numbers.mean,
        scale=numbers.scale,
        top_mark=numbers.top_mark,
        reported=numbers.reported,
        expressed=numbers.expressed,
        gap=numbers.gap,
        auc=auc,
        basics_only=basics,
        ceiling=not group.too_small and top >= CEILING,
        blind=not group.too_small and auc is not None and auc.high < BLIND_BELOW,
        asks_basics=basics.total >= minimum and basics.low > 0.5,
    )


def audit_all(groups: Mapping[str, Group], counts: Mapping[str, GroupCounts], minimum: int) -> tuple[Question, ...]:
    """Audit every question, most asked first."""
    order = sorted(groups, key=lambda name: (-groups[name].records, name))
    return tuple(audit(groups[name], counts[name], minimum) for name in order)
