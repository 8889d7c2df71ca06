"""Weeks that vary more than draws from one share would: how much, and how surely that is known."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri, stdtrit

from cxnlp.analysis.stats import FloatArray

MINIMUM_BASELINE_WEEKS = 6
#: Weeks that the dispersion of the other touchpoints counts for at the most, beside a series' own baseline.
BORROWED_WEEKS = 20
#: Imagined weeks without excess, so that a dozen weeks alone do not set a dispersion.
CALM_WEEKS = 5


@dataclass(frozen=True, slots=True)
class Excess:
    """How much weeks vary around their common share.

    `chi` is Pearson's chi-square; it is `freedom` on average where weeks are draws from one share, and `freedom` plus
    `slope` times the intraclass correlation of a week's texts where they are not (Williams 1982, Appl. Stat. 31:144).
    Adds up over series.
    """

    chi: float = 0.0
    freedom: float = 0.0
    slope: float = 0.0

    def __add__(self, other: Excess) -> Excess:
        """Pool two series."""
        return Excess(self.chi + other.chi, self.freedom + other.freedom, self.slope + other.slope)

    def __sub__(self, other: Excess) -> Excess:
        """Take a series out of a pool."""
        return Excess(self.chi - other.chi, self.freedom - other.freedom, self.slope - other.slope)


def excess(counts: FloatArray, totals: FloatArray) -> Excess:
    """Return how much these weeks vary; nothing where they are too few or all texts are alike."""
    present = totals > 0
    count, total = counts[present], totals[present]
    number, texts = float(count.sum()), float(total.sum())
    if len(total) < MINIMUM_BASELINE_WEEKS or number in (0, texts):
        return Excess()
    share = number / texts
    chi = float(np.sum((count - total * share) ** 2 / total)) / (share * (1 - share))
    freedom = len(total) - 1
    return Excess(chi, freedom, texts - float(np.dot(total, total)) / texts - freedom)


def dispersion(own: Excess, others: Excess) -> tuple[float, float]:
    """Return the variance of a series' weeks over the binomial one, and the degrees of freedom of this estimate.

    The series' own weeks, and up to `BORROWED_WEEKS` such as the intraclass correlation of the `others` and
    `CALM_WEEKS` without excess let expect for weeks of this size.
    """
    if not own.freedom:
        return 1.0, math.inf
    pooled = others.freedom + CALM_WEEKS
    correlation = max(0.0, others.chi - others.freedom) / others.slope if others.slope > 0 else 0.0
    expected = 1 + correlation * own.slope / own.freedom * others.freedom / pooled
    borrowed = min(BORROWED_WEEKS, pooled)
    return (borrowed * expected + own.chi) / (borrowed + own.freedom), borrowed + own.freedom


def widening(spread: float, freedom: float, alpha: float) -> float:
    """Return by what samples are divided: the dispersion, larger by what Student's tail lies beyond the normal one.

    1 at the least: the limits are never narrower than those of draws from one share.
    """
    ratio = 1.0 if math.isinf(freedom) else float(stdtrit(freedom, alpha) / ndtri(alpha))
    return max(1.0, spread * ratio**2)
