"""Which error rates correct which share: by language, by author, by the rows that a share is made of."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from cxnlp.analysis.correct import (
    MINIMUM_RANDOM_LABELS,
    PairedCells,
    Part,
    Reading,
    Reason,
    ppi_share,
    rogan_gladen,
    rogan_gladen_gap,
)
from cxnlp.analysis.events import Vocabulary, events_of
from cxnlp.analysis.numbers import Corrected, Share
from cxnlp.analysis.settings import GoldRow
from cxnlp.analysis.stats import Z95, share, two_sample_p

#: Share of texts whose error rates are not known above which a share is left as it was read.
MAXIMUM_UNKNOWN = 0.2
#: Least labelled rows of a language, by one author, for it to count as known.
MINIMUM_LANGUAGE_LABELS = 10
#: p-value below which one of the languages is read otherwise than the others (shared among the languages).
UNLIKE = 0.05

#: The rows that a share is made of: all that were read, or those rated as well, or rated in the top or low box.
Among = Literal["read", "rated", "top", "low_box"]
#: language → (texts read as having the event, texts); '' where the language is not known.
Strata = Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Member:
    """Where a labelled row stands in the export: its groups (column → value), and its rating."""

    groups: Mapping[str, str | None] = field(default_factory=dict)
    rated: bool = False
    top: bool = False
    low_box: bool = False

    def within(self, column: str, value: str, among: Among) -> bool:
        """Return whether the row is of this group, and one of the rows that a share is made of."""
        return (column == "overall" or self.groups.get(column) == value) and (
            among == "read" or bool(getattr(self, among))
        )


@dataclass(frozen=True, slots=True)
class _GoldEvents:
    human: dict[str, bool]
    predicted: dict[str, bool]
    row: GoldRow


class Corrector:
    """Corrects the shares of one export by its labelled rows.

    `members` says of each labelled row that is in the store where it stands; it is used only with labels drawn at
    random. `languages` counts the export's texts by language.
    """

    def __init__(
        self,
        gold: Sequence[GoldRow],
        vocabulary: Vocabulary,
        languages: Mapping[str, int],
        *,
        is_random: bool = False,
        members: Mapping[str, Member] | None = None,
    ) -> None:
        """Work out the events of every labelled row, on the human and on the classifier's side."""
        real = [row for row in gold if row.origin != "written"]
        self.rows = [
            _GoldEvents(events_of(row.human, vocabulary), events_of(row.predicted, vocabulary), row) for row in real
        ]
        self.is_random = is_random
        self.members = members or {}
        self.languages = dict(languages)
        self._labelled: dict[tuple[str, str], int] = {}
        for row in real:
            key = (row.author, row.language or "")
            self._labelled[key] = self._labelled.get(key, 0) + 1
        self.uncovered = {name: count for name, count in languages.items() if not self._covered(name, "customer")}
        self._readings: dict[tuple[str, str, str | None], Reading] = {}
        self._rates: dict[tuple[str, str, str], tuple[Reading, Reason]] = {}
        self._problems: dict[tuple[str, str], Reason] = {}

    def _covered(self, language: str, author: str) -> bool:
        return bool(language) and self._labelled.get((author, language), 0) >= MINIMUM_LANGUAGE_LABELS

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

    def rates(self, event: str, author: str, language: str) -> tuple[Reading, Reason]:
        """Return how `event` is read in a language, and why correcting by it would not be safe, or ''.

        The rates are the language's own where enough of it is labelled, else those of all languages together, unless
        some language is seen to be read otherwise than the rest: then nothing is known of this one.
        """
        key = (event, author, language)
        if key not in self._rates:  # asked for by every group, and telling languages apart takes exact tests
            self._rates[key] = self._settle_rates(event, author, language)
        return self._rates[key]

    def _settle_rates(self, event: str, author: str, language: str) -> tuple[Reading, Reason]:
        own, every = self.reading(event, author, language), self.reading(event, author)
        if own.problem != "too_few_labels":
            return own, own.problem
        if every.problem:
            return every, every.problem
        known = self._covered(language, author) and not self._languages_differ(event, author)
        return every, "" if known else "shift"

    def _stand_in(self, event: str, author: str, language: str) -> Reading:
        """Return the rates to correct by: a language's, or those of all where its own are no good."""
        reading, problem = self.rates(event, author, language)
        every = self.reading(event, author)
        return every if problem and not every.problem else reading

    def _languages_differ(self, event: str, author: str) -> bool:
        every = self.reading(event, author)
        names = [name for by, name in self._labelled if by == author and self._covered(name, author)]
        for name in names:
            own = self.reading(event, author, name)
            found = two_sample_p(own.hits, own.with_event, every.hits - own.hits, every.with_event - own.with_event)
            left_alone = two_sample_p(
                own.passed, own.without_event, every.passed - own.passed, every.without_event - own.without_event
            )
            if min(found, left_alone) < UNLIKE / len(names):
                return True
        return False

    def problem(self, event: str, author: str = "customer") -> Reason:
        """Return why shares of `event` are left as they were read in this export, or ''.

        It is decided for the whole export, so that groups can be compared. Those of a single cause, strength or emotion
        always are, unless labels were drawn at random from it: their error rates differ between feedbacks by more than
        a correction mends (docs/report.md).
        """
        key = (event, author)
        if key not in self._problems:
            if ":" in event:
                self._problems[key] = "" if self.is_random else "single_label"
            else:
                self._problems[key] = self._trouble(self.languages, event, author)
        return self._problems[key]

    def _trouble(self, texts: Mapping[str, int], event: str, author: str) -> Reason:
        """Return the gravest problem where texts (by language) of which too little is known are too many."""
        weights: dict[Reason, int] = {}
        for language, count in texts.items():
            reason = self.rates(event, author, language)[1]
            weights[reason] = weights.get(reason, 0) + count
        known = weights.pop("", 0)
        troubled = sum(weights.values())
        if not troubled and known:
            return ""
        every = self.reading(event, author).problem
        if troubled > MAXIMUM_UNKNOWN * (troubled + known) or every:
            return max(weights, key=lambda reason: weights[reason], default="too_few_labels")
        return ""

    def pooled(self, event: str, author: str = "customer") -> Reading:
        """Return how `event` was read on labelled rows in the export's languages, or in all where it has none."""
        found = [self.reading(event, author, name) for name in self.languages if self._covered(name, author)]
        if not found:
            return self.reading(event, author)
        return Reading(
            sum(reading.hits for reading in found),
            sum(reading.with_event for reading in found),
            sum(reading.passed for reading in found),
            sum(reading.without_event for reading in found),
        )

    def share(
        self, strata: Strata, event: str, column: str, value: str, *, author: str = "customer", among: Among = "read"
    ) -> Share:
        """Return the raw share of `event` in a group, with its correction where anything is labelled."""
        count, total = (sum(one[at] for one in strata.values()) for at in (0, 1))
        raw = share(count, total)
        if not total or not self.rows:
            return raw
        corrected = None
        if self.is_random and author == "customer":
            corrected = self._ppi(count, total, event, column, value, among)
        if corrected is None and ":" not in event:
            merged: dict[Reading, tuple[int, int]] = {}
            for language, (inside, texts) in strata.items():
                reading = self._stand_in(event, author, language)
                before = merged.get(reading, (0, 0))
                merged[reading] = (before[0] + inside, before[1] + texts)
            parts = [Part(inside, texts, reading) for reading, (inside, texts) in merged.items()]
            texts_of = {language: texts for language, (_, texts) in strata.items() if texts}
            corrected = self._judged(rogan_gladen(parts), texts_of, event, author)
        return Share(raw.count, raw.total, raw.low, raw.high, corrected)

    def gap(self, strata: Mapping[str, PairedCells], event: str, column: str, value: str) -> Corrected | None:
        """Return the corrected gap of a group: top-box ratings minus `event` among texts, on rows with both."""
        cells = sum(strata.values(), PairedCells(0, 0, 0, 0))
        if not cells.n or not self.rows:
            return None
        if self.is_random:
            corrected = self._ppi(cells.both + cells.only_text, cells.n, event, column, value, "rated")
            if corrected is not None:
                rating = (cells.both + cells.only_rating) / cells.n
                gap = rating - corrected.value
                half = math.hypot(
                    (corrected.high - corrected.low) / 2, Z95 * math.sqrt(rating * (1 - rating) / cells.n)
                )
                return replace(corrected, value=gap, low=max(-1.0, gap - half), high=min(1.0, gap + half))
        merged: dict[Reading, PairedCells] = {}
        for language, own in strata.items():
            reading = self._stand_in(event, "customer", language)
            merged[reading] = merged.get(reading, PairedCells(0, 0, 0, 0)) + own
        corrected = rogan_gladen_gap([(own, reading) for reading, own in merged.items()])
        texts = {language: own.n for language, own in strata.items() if own.n}
        return self._judged(corrected, texts, event, "customer")

    def _judged(
        self, corrected: Corrected | None, texts: Mapping[str, int], event: str, author: str
    ) -> Corrected | None:
        """Mark a correction as not safe for what is wrong with it here, or for the event in the whole export."""
        if corrected is None:
            return None
        reason = self.problem(event, author) or self._trouble(texts, event, author)
        # too few labels in a small part of the texts is no trouble by itself: rates of all languages stand in there
        reason = reason or ("shift" if corrected.reason == "shift" else "")
        return replace(corrected, safe=not reason, reason=reason)

    def _ppi(self, count: int, total: int, event: str, column: str, value: str, among: Among) -> Corrected | None:
        """Correct by the labelled rows among those that the share is made of; None where they are too few."""
        inside = [
            item
            for item in self.rows
            if event in item.human
            and event in item.predicted
            and (member := self.members.get(item.row.id)) is not None
            and member.within(column, value, among)
        ]
        if len(inside) < MINIMUM_RANDOM_LABELS:
            return None
        human = np.array([item.human[event] for item in inside], float)
        predicted = np.array([item.predicted[event] for item in inside], float)
        others = max(0, total - len(inside))
        return ppi_share(human, predicted, min(others, max(0, count - int(predicted.sum()))), others)
