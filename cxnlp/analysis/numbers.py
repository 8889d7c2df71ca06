"""The small typed numbers of which every part of a summary is made: shares, gaps, means, effects.

Shares run from 0 to 1, gaps from -1 to 1, intervals are 95 % unless said otherwise. Counts are stored and ratios
derived from them, so that groups add up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Corrected:
    """A share or gap corrected for the classifier's own known errors, with its 95 % interval.

    `method` is `rogan-gladen` (labelled rows from elsewhere, reading errors carried over) or `ppi` (labelled rows drawn
    at random from this very feedback). `labels` is the number of labelled rows it rests on. When `safe` is false the
    page must say so and lead with the raw number; `reason` is then one of `too_few_labels`, `weak_reading` (the
    classifier hardly tells the two apart), `shift` (the feedback is unlike the labelled rows), `single_label` (one
    cause, strength or emotion: its error rates differ too much between feedbacks).
    """

    value: float
    low: float
    high: float
    method: str
    labels: int
    safe: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """`count` of `total`, with the Wilson score interval from `low` to `high` (0 to 1 where `total` is 0)."""

    count: int
    total: int
    low: float
    high: float
    corrected: Corrected | None = None

    DERIVED: ClassVar[tuple[str, ...]] = ("value",)

    @property
    def value(self) -> float | None:
        """`count / total`, None where there is no base."""
        return self.count / self.total if self.total else None

    @property
    def best(self) -> float | None:
        """The corrected share where that is safe, else the raw one."""
        return self.corrected.value if self.corrected is not None and self.corrected.safe else self.value

    @property
    def best_interval(self) -> tuple[float, float]:
        """The interval that belongs to `best`."""
        if self.corrected is not None and self.corrected.safe:
            return self.corrected.low, self.corrected.high
        return self.low, self.high


@dataclass(frozen=True, slots=True)
class Gap:
    """A difference of two shares, from -1 to 1, with its interval; `n` is the smaller base (paired: the rows).

    `p_value` is two-sided against no difference.
    """

    value: float
    low: float
    high: float
    n: int
    p_value: float
    corrected: Corrected | None = None

    @property
    def best(self) -> float:
        """The corrected difference where that is safe, else the raw one."""
        return self.corrected.value if self.corrected is not None and self.corrected.safe else self.value

    @property
    def best_interval(self) -> tuple[float, float]:
        """The interval that belongs to `best`."""
        if self.corrected is not None and self.corrected.safe:
            return self.corrected.low, self.corrected.high
        return self.low, self.high


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean of `n` values with its t interval and standard deviation, in the unit of the values."""

    value: float
    low: float
    high: float
    n: int
    sd: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """Any other estimate (a regression coefficient, an area under a curve, an NPS) with its interval."""

    value: float
    low: float
    high: float
    n: int
    p_value: float | None = None


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours that pass until something happens: median and 90th percentile of `n` cases."""

    n: int
    median: float
    p90: float
