"""The audit of survey questions: does the question itself decide the answer?"""

from __future__ import annotations

import math
from collections.abc import Mapping

from cxnlp.analysis.correct import Reading
from cxnlp.analysis.corrector import Corrector
from cxnlp.analysis.counts import GroupCounts
from cxnlp.analysis.numbers import Estimate, Share
from cxnlp.analysis.stats import auc_of_counts, share
from cxnlp.analysis.summary import Group, Question

#: Share of top marks from which a question has hit its ceiling.
CEILING = 0.8
#: A question whose area under the curve surely stays below this hardly tells happy from unhappy texts.
BLIND_BELOW = 0.75
#: Least happy and least unhappy rated texts for an area under the curve (as read, and after correction).
MINIMUM_EACH = 5


def true_area(seen: Estimate, happy: Share, reading: Reading) -> Estimate:
    """Return the area under the curve of ratings against what texts say, from that against how they are read.

    `happy` is the share of the rated texts that is read as happy, with its correction. Texts that are misread mix the
    two classes, which draws the area towards one half: seen - 1/2 = (PPV + NPV - 1)(true - 1/2), where errors do not
    depend on the rating given what the text says. PPV + NPV - 1 is Youden's index times the variance of the true
    indicator over that of the one read. The interval adds the doubt about the true share and about Youden's index to
    that of the area seen, by the square-and-add rule (Zou & Donner 2008, Stat. Med. 27:1693).
    """
    share, corrected = happy.value, happy.corrected
    if share is None or corrected is None or share in (0, 1):
        raise ValueError("an area cannot be corrected without happy and unhappy texts and a corrected share")
    read = share * (1 - share)

    def area(place: float, true: float, youden: float) -> float:
        shrink = min(1.0, max(1e-9, youden * true * (1 - true) / read))
        return 0.5 + (place - 0.5) / shrink

    best, youden = corrected.value, reading.youden
    found, passed = reading.sensitivity, reading.specificity
    less = youden - math.hypot((found.value or 0) - found.low, (passed.value or 0) - passed.low)
    more = youden + math.hypot(found.high - (found.value or 0), passed.high - (passed.value or 0))
    value = area(seen.value, best, youden)
    widest = min(corrected.high, max(corrected.low, 0.5))  # of the shares within the interval the one of most variance
    ends = [
        [area(place, best, youden) for place in (seen.low, seen.high)],
        [area(seen.value, true, youden) for true in (corrected.low, widest, corrected.high)],
        [area(seen.value, best, other) for other in (less, more)],
    ]
    low = value - math.hypot(*(value - min(value, *places) for places in ends))
    high = value + math.hypot(*(max(value, *places) - value for places in ends))
    value, low, high = (min(1.0, max(0.0, place)) for place in (value, low, high))
    return Estimate(value, low, high, seen.n)


def audit(group: Group, counts: GroupCounts, corrector: Corrector, minimum: int) -> Question:
    """Audit one question from its group."""
    numbers = group.satisfaction
    marks = [counts.happy_marks[key] for key in sorted(counts.happy_marks)]
    unhappy, happy = [mark[0] for mark in marks], [mark[1] for mark in marks]
    enough = min(sum(unhappy), sum(happy)) >= MINIMUM_EACH
    seen = auc_of_counts(happy, unhappy) if enough else None
    if seen is not None and len(marks) == 1:  # everybody gave the same mark: it tells nobody apart, for certain
        seen = Estimate(0.5, 0.5, 0.5, seen.n)
    auc = seen
    reading, corrected = corrector.pooled("expressed"), numbers.expressed_paired.corrected
    if seen is not None and len(marks) > 1 and corrected is not None and corrected.safe and reading.youden > 0:
        rarer = min(corrected.value, 1 - corrected.value) * numbers.expressed_paired.total
        auc = true_area(seen, numbers.expressed_paired, reading) if rarer >= MINIMUM_EACH else None
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
        auc_as_read=seen,
        basics_only=basics,
        ceiling=not group.too_small and top >= CEILING,
        blind=not group.too_small and auc is not None and auc.high < BLIND_BELOW,
        asks_basics=basics.total >= minimum and basics.low > 0.5,
    )


def audit_all(
    groups: Mapping[str, Group], counts: Mapping[str, GroupCounts], corrector: Corrector, minimum: int
) -> tuple[Question, ...]:
    """Audit every question, most asked first; `corrector` knows how well happy words are read."""
    order = sorted(groups, key=lambda name: (-groups[name].records, name))
    return tuple(audit(groups[name], counts[name], corrector, minimum) for name in order)
