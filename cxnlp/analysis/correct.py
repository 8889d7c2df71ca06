"""Correction of shares and gaps for the classifier's own known errors.

Two methods, by what is known of the labelled rows:

* *Rogan-Gladen* (1978, Am. J. Epidemiol. 107:71): labelled rows from elsewhere. Only the error rates carry over: given
  what a text says, the classifier errs here as often as there. Interval: Lang & Reiczigel (2014, Prev. Vet. Med.
  113:13), which counts in that sensitivity and specificity are themselves estimated.
* *Prediction-powered inference* (Angelopoulos et al. 2023, Science 382:669; power tuning: PPI++, arXiv 2311.01453):
  labelled rows drawn at random from this very feedback. Makes no assumption about the errors at all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from cxnlp.analysis.numbers import Corrected, Share
from cxnlp.analysis.stats import Z95, FloatArray, share, wilson

#: Least labelled rows with, and without, the event for error rates to be carried over; a simulation backs it (docs).
MINIMUM_LABELS = 20
#: Least labelled rows of one group for prediction-powered inference.
MINIMUM_RANDOM_LABELS = 50
#: Sensitivity + specificity - 1 below which a correction multiplies noise more than threefold.
MINIMUM_YOUDEN = 0.33
#: Half the width of that sum's interval, as a share of it, above which too few rows are labelled to divide by it.
MAXIMUM_DOUBT = 0.33

Reason = Literal["", "too_few_labels", "weak_reading", "shift", "single_label"]


@dataclass(frozen=True, slots=True)
class Reading:
    """How one event was read on labelled rows: `hits` of `with_event` found, `passed` of `without_event` left alone."""

    hits: int
    with_event: int
    passed: int
    without_event: int

    @property
    def sensitivity(self) -> Share:
        """Texts with the event that were read so."""
        return share(self.hits, self.with_event)

    @property
    def specificity(self) -> Share:
        """Texts without the event that were read so."""
        return share(self.passed, self.without_event)

    @property
    def youden(self) -> float:
        """Sensitivity + specificity - 1: 1 for a perfect reader, 0 for a coin."""
        return (self.sensitivity.value or 0.0) + (self.specificity.value or 0.0) - 1

    @property
    def doubt(self) -> float:
        """Half the width of the 95 % interval of `youden` (two imagined rows on each side), as a share of it."""
        if self.youden <= 0:
            return math.inf
        errors = 0.0
        for right, rows in ((self.hits, self.with_event), (self.passed, self.without_event)):
            rate = (right + 1) / (rows + 2)
            errors += rate * (1 - rate) / (rows + 2)
        return Z95 * math.sqrt(errors) / self.youden

    @property
    def problem(self) -> Reason:
        """Why a correction by these rates would not be safe, or ''.

        It is decided by the rates alone, so that the same event is corrected in all groups, or in none.
        """
        if min(self.with_event, self.without_event) < MINIMUM_LABELS:
            return "too_few_labels"
        if self.youden < MINIMUM_YOUDEN:
            return "weak_reading"
        return "too_few_labels" if self.doubt > MAXIMUM_DOUBT else ""


@dataclass(frozen=True, slots=True)
class Part:
    """Texts that are read with the same error rates: `count` of `total` are read as having the event."""

    count: int
    total: int
    reading: Reading


def rogan_gladen(parts: Sequence[Part]) -> Corrected | None:
    """Correct a share of texts that are read with one set of error rates or several (languages), part by part.

    None where there is no base or nothing is known of the errors. The parts' intervals are joined by the distances of
    their ends from the estimates (MOVER: Zou & Donner 2008, Stat. Med. 27:1693). Estimate and interval are kept within
    0-1. Not safe where a part's rates are not (`Reading.problem`), and with reason `shift` where fewer texts are read
    as having the event than false alarms alone would give (or more than misses allow): the errors must then be
    different here.
    """
    parts = [part for part in parts if part.total]
    total = sum(part.total for part in parts)
    if not total or any(part.reading.youden <= 0 or not part.reading.with_event for part in parts):
        return None
    value = below = above = 0.0
    for part in parts:
        weight, reading = part.total / total, part.reading
        one = (part.count / part.total + _specificity(reading) - 1) / reading.youden
        low, high = _lang_reiczigel(part.count, part.total, reading)
        value += weight * one
        below += (weight * (one - low)) ** 2
        above += (weight * (high - one)) ** 2
    problem = next((part.reading.problem for part in parts if part.reading.problem), "")
    if not problem and _impossible(parts):
        problem = "shift"
    low, high = max(0.0, value - math.sqrt(below)), min(1.0, value + math.sqrt(above))
    value = min(1.0, max(0.0, value))
    labels = sum({part.reading: part.reading.with_event + part.reading.without_event for part in parts}.values())
    return Corrected(value, min(low, value), max(high, value), "rogan-gladen", labels, not problem, problem)


def _specificity(reading: Reading) -> float:
    return reading.passed / reading.without_event


def _lang_reiczigel(count: int, total: int, reading: Reading) -> tuple[float, float]:
    """Return the adjusted interval, not kept within 0-1; (0, 1) where the adjusted reader is no better than a coin."""
    z2 = Z95 * Z95
    n = total + z2
    seen = (count + z2 / 2) / n
    n_with, n_without = reading.with_event + 2, reading.without_event + 2
    sensitivity, specificity = (reading.hits + 1) / n_with, (reading.passed + 1) / n_without
    youden = sensitivity + specificity - 1
    if youden <= 0:
        return 0.0, 1.0
    true = min(1.0, max(0.0, (seen + specificity - 1) / youden))
    miss = sensitivity * (1 - sensitivity) / n_with
    false_alarm = specificity * (1 - specificity) / n_without
    shift = 2 * z2 * (true * miss - (1 - true) * false_alarm)
    error = math.sqrt(seen * (1 - seen) / n + true * true * miss + (1 - true) ** 2 * false_alarm) / youden
    return true + shift - Z95 * error, true + shift + Z95 * error


def _impossible(parts: Sequence[Part]) -> bool:
    """Return whether so few texts, or so many, are read as having the event that the error rates cannot hold here."""
    total = sum(part.total for part in parts)
    low, high = wilson(sum(part.count for part in parts), total)
    false_alarms = sum(part.total * (1 - part.reading.specificity.high) for part in parts) / total
    most_found = sum(part.total * part.reading.sensitivity.high for part in parts) / total
    return high < false_alarms or low > most_found


@dataclass(frozen=True, slots=True)
class PairedCells:
    """Rows with both a rating and a text, by top box and by the text's event."""

    both: int
    only_rating: int
    only_text: int
    neither: int

    @property
    def n(self) -> int:
        """All of them."""
        return self.both + self.only_rating + self.only_text + self.neither

    def __add__(self, other: PairedCells) -> PairedCells:
        """Add the rows of two groups."""
        return PairedCells(
            self.both + other.both,
            self.only_rating + other.only_rating,
            self.only_text + other.only_text,
            self.neither + other.neither,
        )


def rogan_gladen_gap(parts: Sequence[tuple[PairedCells, Reading]]) -> Corrected | None:
    """Correct a paired gap, rating minus text: ratings are known, only the text's share is corrected, part by part.

    Interval by the delta method, with the errors' uncertainty, on counts adjusted as Lang & Reiczigel do.
    """
    parts = [(cells, reading) for cells, reading in parts if cells.n]
    corrected = rogan_gladen([Part(cells.both + cells.only_text, cells.n, reading) for cells, reading in parts])
    if corrected is None:
        return None
    n = sum(cells.n for cells, _ in parts)
    value = sum(cells.both + cells.only_rating for cells, _ in parts) / n - corrected.value
    variance = 0.0
    for cells, reading in parts:
        n_with, n_without = reading.with_event + 2, reading.without_event + 2
        sensitivity, specificity = (reading.hits + 1) / n_with, (reading.passed + 1) / n_without
        youden = sensitivity + specificity - 1
        if youden <= 0:
            return None
        true = ((cells.both + cells.only_text) / cells.n + _specificity(reading) - 1) / reading.youden
        true = min(1.0, max(0.0, true))
        spread = _paired_variance(cells, 1 / youden) / cells.n
        errors = true**2 * sensitivity * (1 - sensitivity) / n_with
        errors += (1 - true) ** 2 * specificity * (1 - specificity) / n_without
        variance += (cells.n / n) ** 2 * (spread + errors / youden**2)
    half = Z95 * math.sqrt(variance)
    return replace(corrected, value=value, low=max(-1.0, value - half), high=min(1.0, value + half))


def _paired_variance(cells: PairedCells, weight: float) -> float:
    """Return the variance of rating - weight × text over the rows, with half a row added to each cell."""
    counts = np.array([cells.both, cells.only_rating, cells.only_text, cells.neither], float) + 0.5
    values = np.array([1 - weight, 1.0, -weight, 0.0])
    mean = float(counts @ values / counts.sum())
    return float(counts @ (values - mean) ** 2 / counts.sum())


def ppi_mean(human: FloatArray, predicted: FloatArray, count: int, total: int) -> tuple[float, float]:
    """Return estimate and standard error of the share that humans would find, by power-tuned PPI.

    `human` and `predicted` are 0/1 for the n labelled rows; `count` of `total` are read as having the event among the
    rows without label. The weight on the classifier is the one of least variance, kept within 0-1.
    """
    n = len(human)
    if total == 0:
        return float(human.mean()), math.sqrt(float(human.var()) / n)
    rate = count / total
    spread = float(np.concatenate([predicted, np.repeat([1.0, 0.0], [count, total - count])]).var(ddof=1))
    joint = float(np.cov(human, predicted, ddof=1)[0, 1]) if n > 1 else 0.0
    weight = min(1.0, max(0.0, joint / ((1 + n / total) * spread))) if spread > 0 else 0.0
    rectifier = human - weight * predicted
    estimate = weight * rate + float(rectifier.mean())
    variance = weight**2 * rate * (1 - rate) / total + float(rectifier.var()) / n
    return estimate, math.sqrt(variance)


def ppi_share(human: FloatArray, predicted: FloatArray, count: int, total: int) -> Corrected:
    """Correct a share by labelled rows drawn at random from it.

    Two imagined labelled rows, one misread each way, keep the interval honest when no misreading was seen.
    """
    value, _ = ppi_mean(human, predicted, count, total)
    padded_human, padded = np.append(human, [1.0, 0.0]), np.append(predicted, [0.0, 1.0])
    _, error = ppi_mean(padded_human, padded, count, total)
    value = min(1.0, max(0.0, value))
    safe = len(human) >= MINIMUM_RANDOM_LABELS
    low, high = max(0.0, value - Z95 * error), min(1.0, value + Z95 * error)
    return Corrected(value, low, high, "ppi", len(human), safe, "" if safe else "too_few_labels")
