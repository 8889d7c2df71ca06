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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from cxnlp.analysis.events import Vocabulary, events_of
from cxnlp.analysis.numbers import Corrected, Share
from cxnlp.analysis.settings import GoldRow
from cxnlp.analysis.stats import Z95, FloatArray, share, two_sample_p, wilson

#: Least labelled rows with, and without, the event for error rates to be carried over; a simulation backs it (docs).
MINIMUM_LABELS = 20
#: Least labelled rows of one group for prediction-powered inference.
MINIMUM_RANDOM_LABELS = 50
#: Sensitivity + specificity - 1 below which a correction multiplies noise more than threefold.
MINIMUM_YOUDEN = 0.33
#: What doubt about the error rates may add to the width of an interval; more says that too few rows are labelled.
MAXIMUM_ADDED_WIDTH = 0.15
#: Share of texts in languages without labelled rows above which the errors are not known.
MAXIMUM_UNCOVERED = 0.2
MINIMUM_LANGUAGE_LABELS = 10
#: Share of an export's texts from which one language is its main one, whose own error rates count.
MAIN_LANGUAGE = 0.8
#: p-value below which a language is read otherwise than the others.
UNLIKE = 0.05

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
    def problem(self) -> Reason:
        """Why a correction by these rates would not be safe, or ''."""
        if min(self.with_event, self.without_event) < MINIMUM_LABELS:
            return "too_few_labels"
        return "weak_reading" if self.youden < MINIMUM_YOUDEN else ""


def rogan_gladen(count: int, total: int, reading: Reading) -> Corrected | None:
    """Correct a share; None where there is no base or nothing is known of the errors.

    Estimate and interval are kept within 0-1. Not safe with reason `shift` where fewer texts are read as having the
    event than false alarms alone would give (or more than misses allow): the errors must then be different here; with
    reason `too_few_labels` where doubt about the error rates makes most of the interval as it is before that.
    """
    if not total or not reading.with_event or not reading.without_event or reading.youden <= 0:
        return None
    sensitivity, specificity = reading.hits / reading.with_event, reading.passed / reading.without_event
    raw = (count / total + specificity - 1) / (sensitivity + specificity - 1)
    bounds = _lang_reiczigel(count, total, reading)
    problem = reading.problem or ("shift" if _impossible(count, total, reading) else "")
    seen_low, seen_high = wilson(count, total)
    if not problem and bounds[1] - bounds[0] > (seen_high - seen_low) / reading.youden + MAXIMUM_ADDED_WIDTH:
        problem = "too_few_labels"
    value, low, high = (min(1.0, max(0.0, place)) for place in (raw, *bounds))
    low, high = min(low, value), max(high, value)
    labels = reading.with_event + reading.without_event
    return Corrected(value, low, high, "rogan-gladen", labels, not problem, problem)


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


def _impossible(count: int, total: int, reading: Reading) -> bool:
    low, high = wilson(count, total)
    return high < 1 - reading.specificity.high or low > reading.sensitivity.high


def _unlike(own: Reading, every: Reading) -> bool:
    """Return whether one language's few rows are read otherwise than those of the other languages."""
    hits, with_event = every.hits - own.hits, every.with_event - own.with_event
    passed, without_event = every.passed - own.passed, every.without_event - own.without_event
    found = two_sample_p(own.hits, own.with_event, hits, with_event)
    left_alone = two_sample_p(own.passed, own.without_event, passed, without_event)
    return min(found, left_alone) < UNLIKE


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


def rogan_gladen_gap(cells: PairedCells, reading: Reading) -> Corrected | None:
    """Correct a paired gap, rating minus text: ratings are known, only the text's share is corrected.

    Interval by the delta method, with the errors' uncertainty, on counts adjusted as Lang & Reiczigel do.
    """
    n = cells.n
    corrected = rogan_gladen(cells.both + cells.only_text, n, reading)
    if corrected is None:
        return None
    value = (cells.both + cells.only_rating) / n - corrected.value
    n_with, n_without = reading.with_event + 2, reading.without_event + 2
    sensitivity, specificity = (reading.hits + 1) / n_with, (reading.passed + 1) / n_without
    youden = sensitivity + specificity - 1
    if youden <= 0:
        return None
    true = corrected.value
    spread = _paired_variance(cells, 1 / youden) / n
    errors = true**2 * sensitivity * (1 - sensitivity) / n_with
    errors += (1 - true) ** 2 * specificity * (1 - specificity) / n_without
    half = Z95 * math.sqrt(spread + errors / youden**2)
    return Corrected(
        value,
        max(-1.0, value - half),
        min(1.0, value + half),
        "rogan-gladen",
        corrected.labels,
        corrected.safe,
        corrected.reason,
    )


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


@dataclass(frozen=True, slots=True)
class _GoldEvents:
    human: dict[str, bool]
    predicted: dict[str, bool]
    row: GoldRow


class Corrector:
    """Corrects the shares of one export by its labelled rows.

    `members` says of each labelled row that is in the store which group it belongs to (id → column → value); it is used
    only with labels drawn at random. `languages` counts the export's texts by language.
    """

    def __init__(
        self,
        gold: Sequence[GoldRow],
        vocabulary: Vocabulary,
        languages: Mapping[str, int],
        *,
        is_random: bool = False,
        members: Mapping[str, Mapping[str, str | None]] | None = None,
    ) -> None:
        """Work out the events of every labelled row, on the human and on the classifier's side."""
        real = [row for row in gold if row.origin != "written"]
        self.rows = [
            _GoldEvents(events_of(row.human, vocabulary), events_of(row.predicted, vocabulary), row) for row in real
        ]
        self.is_random = is_random
        self.members = members or {}
        labelled: dict[str, int] = {}
        for row in real:
            if row.author == "customer" and row.language:
                labelled[row.language] = labelled.get(row.language, 0) + 1
        self.uncovered = {
            name: count for name, count in languages.items() if labelled.get(name, 0) < MINIMUM_LANGUAGE_LABELS
        }
        total = sum(languages.values())
        self.uncovered_share = sum(self.uncovered.values()) / total if total else 0.0
        self.main_language = next(
            (name for name, count in languages.items() if count >= MAIN_LANGUAGE * total > 0), None
        )
        self._readings: dict[tuple[str, str, str | None], Reading] = {}

    def reading(self, event: str, author: str = "customer", language: str | None = None) -> Reading:
        """Return how `event` was read on labelled rows of this author (and language)."""
        key = (event, author, language)
        if key not in self._readings:
            pairs = [
                (item.human[event], item.predicted[event])
                for item in self.rows
                if item.row.author == author
                and event in item.human
                and event in item.predicted
                and (language is None or item.row.language == language)
            ]
            self._readings[key] = Reading(
                hits=sum(human and read for human, read in pairs),
                with_event=sum(human for human, _ in pairs),
                passed=sum(not human and not read for human, read in pairs),
                without_event=sum(not human for human, _ in pairs),
            )
        return self._readings[key]

    def rates(
        self, event: str, author: str = "customer", column: str = "overall", value: str = "overall"
    ) -> tuple[Reading, Reason]:
        """Return how `event` is read in a group, and why correcting by it would not be safe, or ''.

        The rates are those of the group's language (the export's main one for all other groups) where enough of it is
        labelled, else of all languages, unless the few rows of the language already show that it is read otherwise.
        Those of a single cause, strength or emotion are never carried over: they differ between feedbacks by more than
        the correction mends (docs/report.md).
        """
        reading, problem = self._rates(event, author, column, value)
        return reading, problem or ("single_label" if ":" in event else "")

    def _rates(self, event: str, author: str, column: str, value: str) -> tuple[Reading, Reason]:
        every = self.reading(event, author)
        language = value if column == "language" else self.main_language
        if language is None:
            return every, every.problem
        own = self.reading(event, author, language)
        if own.problem != "too_few_labels":
            return own, own.problem
        return every, every.problem or ("shift" if _unlike(own, every) else "")

    def share(self, count: int, total: int, event: str, column: str, value: str, *, author: str = "customer") -> Share:
        """Return the raw share of `event` in a group, with its correction where anything is labelled."""
        raw = share(count, total)
        if not total or not self.rows:
            return raw
        corrected = self._ppi(count, total, event, column, value) if self.is_random and author == "customer" else None
        if corrected is None:
            reading, problem = self.rates(event, author, column, value)
            corrected = self._flag(rogan_gladen(count, total, reading), problem, column, value)
        return Share(raw.count, raw.total, raw.low, raw.high, corrected)

    def gap(self, cells: PairedCells, event: str, column: str, value: str) -> Corrected | None:
        """Return the corrected gap of a group: top-box ratings minus `event` among texts."""
        if not cells.n or not self.rows:
            return None
        if self.is_random:
            seen = cells.both + cells.only_text
            corrected = self._ppi(seen, cells.n, event, column, value)
            if corrected is not None:
                gap = (cells.both + cells.only_rating) / cells.n - corrected.value
                rating = (cells.both + cells.only_rating) / cells.n
                half = math.hypot(
                    (corrected.high - corrected.low) / 2, Z95 * math.sqrt(rating * (1 - rating) / cells.n)
                )
                low, high = max(-1.0, gap - half), min(1.0, gap + half)
                return Corrected(gap, low, high, "ppi", corrected.labels, corrected.safe, corrected.reason)
        reading, problem = self.rates(event, "customer", column, value)
        return self._flag(rogan_gladen_gap(cells, reading), problem, column, value)

    def _flag(self, corrected: Corrected | None, problem: Reason, column: str, value: str) -> Corrected | None:
        """Mark a correction as not safe for `problem`, or where the language was (or much was) never labelled."""
        if corrected is None or not corrected.safe:
            return corrected
        unknown = value in self.uncovered if column == "language" else self.uncovered_share > MAXIMUM_UNCOVERED
        if not unknown and not problem:
            return corrected
        reason = problem if problem == "single_label" and not unknown else "shift"
        return replace(corrected, safe=False, reason=reason)

    def _ppi(self, count: int, total: int, event: str, column: str, value: str) -> Corrected | None:
        """Correct by the labelled rows of this group; None where it has too few."""
        inside = [
            item
            for item in self.rows
            if event in item.human
            and event in item.predicted
            and item.row.id in self.members
            and (column == "overall" or self.members[item.row.id].get(column) == value)
        ]
        if len(inside) < MINIMUM_RANDOM_LABELS:
            return None
        human = np.array([item.human[event] for item in inside], float)
        predicted = np.array([item.predicted[event] for item in inside], float)
        read = int(predicted.sum())
        return ppi_share(human, predicted, max(0, count - read), max(0, count - read, total - len(inside)))
