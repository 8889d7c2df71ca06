"""From raw cells to records: each row is accepted whole or set aside with its first problem."""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import TypeVar

import numpy as np
import pandas as pd

from cxnlp.config import ExportConfig
from cxnlp.errors import ConfigError
from cxnlp.ingest import languages, values
from cxnlp.ingest.columns import ignored
from cxnlp.ingest.dates import DateReader
from cxnlp.ingest.raw import Cell, RawRows, replace_surrogates, show, show_masked, show_size
from cxnlp.ingest.touchpoints import TouchpointReader
from cxnlp.journey import Journey
from cxnlp.records import RECORD_COLUMNS, RejectedRow, reply_record_id, text_hash

_T = TypeVar("_T")

#: Returns, of the given text hashes, those whose language was detected before, with it (None: undetermined).
KnownLanguages = Callable[[list[str]], Mapping[str, str | None]]

_REPLY_SUFFIX = reply_record_id("")
FRAME_COLUMNS = (*RECORD_COLUMNS, "text_hash", "reply_to")
_DTYPES = {
    "stars": "float64",
    "scale_low": "float64",
    "scale_high": "float64",
    "date": "datetime64[s]",
    "line": "int64",
}
_MAX_KNOWN_LANGUAGES = 200_000
#: A date may lie so many days after the export was made: zones differ, and clocks.
_DAYS_AHEAD = 2


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of an export.

    `records` has the columns `FRAME_COLUMNS`: `records.RECORD_COLUMNS`, the `text_hash` of the text (missing without
    one) and `reply_to` (of a reply: the id of its comment). `rejected` are the rows set aside. `rows` counts both:
    accepted rows = distinct values of `records.line`, since a reply in a column shares the line of its comment.
    """

    records: pd.DataFrame
    rejected: tuple[RejectedRow, ...]
    rows: int


class Builder:
    """Makes the batches of one file; remembers the ids and languages that it has seen."""

    def __init__(
        self,
        file: str,
        export: ExportConfig,
        journey: Journey,
        columns: dict[str, str],
        again: Callable[[], Iterable[RawRows]],
        *,
        doubled: Set[str] = frozenset(),
        modified: date | None = None,
        known_languages: KnownLanguages | None = None,
        today: date | None = None,
    ) -> None:
        """Take `columns` (canonical name → the file's own name) and how to read the file `again` from its start for a
        sample of its texts; columns that are `doubled` in it, the day it was last `modified`, and where to look up
        languages found on earlier nights.

        Dates more than two days after `today`, or after the day of the last change where that is later, set their rows
        aside; without `today` any date is taken.

        Raise `ConfigError` when the touchpoint or language of the whole export is not known.
        """
        self._file = file
        self._export = export
        self._columns = columns
        self._again = again
        self._look_up = known_languages
        self._doubled = doubled
        reference = modified if export.reference_date == "modified" else export.reference_date
        self._read_date = DateReader(export.day_first, reference or None)
        self._end = datetime.max
        if today is not None:
            self._end = datetime.combine(max(today, modified or today) + timedelta(days=_DAYS_AHEAD), time.max)
        self.touchpoints = TouchpointReader(journey, columns.get("touchpoint"), export.touchpoint)
        self._lines_of_ids: dict[str, int] = {}
        self._known_languages: dict[str, str | None] = {}
        self._shares: dict[str, float] | None = None
        try:
            self._language = languages.parse_language(export.language) if export.language else None
        except ValueError as error:
            raise ConfigError(f"export.language: found {export.language!r}, expected {error}") from None

    def _sample_languages(self) -> dict[str, float]:
        """Return the file's share of languages, from a sample of the texts that state none.

        The sample is those with the greatest hashes: random, each text once, the same whatever the order of the rows.
        """
        sample: list[tuple[str, str]] = []
        inside: set[str] = set()
        for raw in self._again():
            stated = raw.cells.get(self._columns.get("language", ""))
            for at, value in enumerate(raw.cells.get(self._columns["text"], [])):
                if isinstance(value, str) and value and not (stated and isinstance(stated[at], str) and stated[at]):
                    entry = (text_hash(value[:1000]), value[:1000])
                    if entry[0] in inside or (len(sample) == languages.SAMPLE and entry <= sample[0]):
                        continue
                    inside.add(entry[0])
                    heapq.heappush(sample, entry)
                    if len(sample) > languages.SAMPLE:
                        inside.remove(heapq.heappop(sample)[0])
        return languages.share_of_languages(replace_surrogates(text) for _, text in sample)

    def build(self, raw: RawRows) -> Batch:
        """Return the batch of some raw rows."""
        count = len(raw.lines)
        problems: dict[int, RejectedRow] = {}

        def column(name: str) -> list[Cell] | None:
            return raw.cells.get(self._columns[name]) if name in self._columns else None

        def reject(at: int, name: str, reason: str, found: str, expected: str) -> None:
            if at not in problems:
                shown = self._columns.get(name, name)
                problems[at] = RejectedRow(self._file, raw.lines[at], shown, reason, found, expected)

        def parsed(
            name: str, parse: Callable[[Cell], _T], reason: str, display: Callable[[Cell], str]
        ) -> list[_T | None]:
            cells = column(name)
            result: list[_T | None] = [None] * count
            for at, value in enumerate(cells or ()):
                try:
                    result[at] = parse(value)
                except ValueError as error:
                    reject(at, name, reason, _found(value, display), str(error))
            return result

        def dated(name: str) -> list[datetime | None]:
            moments = parsed(name, self._read_date, "not a date", show_masked)
            expected = f"a date up to {self._end:%Y-%m-%d}"
            for at, (moment, value) in enumerate(zip(moments, column(name) or (), strict=False)):
                if moment and moment > self._end:
                    reject(at, name, "the date lies in the future", _found(value, show_masked), expected)
            return moments

        low, high = self._export.scale
        ids = parsed("id", values.parse_id, "the id cannot be used", show)
        if column("id") is None:
            for at in range(count):
                reject(at, "id", "the id cannot be used", "nothing", "an id")
        texts = parsed("text", values.parse_text, "the text cannot be read", show_size)
        stars = parsed("stars", lambda value: values.parse_stars(value, low, high), "not a mark", show_masked)
        dates = dated("date")
        authors = parsed("author", values.parse_author, "unknown author", show_masked)
        replies = parsed("reply", values.parse_text, "the reply cannot be read", show_size)
        reply_dates = dated("reply_date")
        stated = parsed("language", _parse_language, "unknown language", show_masked)
        questions = parsed("question", values.parse_words, "the question cannot be read", show_size)
        outcomes = parsed("outcome", values.parse_words, "the outcome cannot be read", show_size)
        touchpoints, touchpoint_sources = self.touchpoints.read(raw.cells, count)
        segments = self._segments(raw, count)
        nothing = "neither text nor stars" + (", only a reply" if "reply" in self._columns else "")
        for at in range(count):
            if texts[at] is None and stars[at] is None:
                reason = nothing if replies[at] is not None else "neither text nor stars"
                reject(at, "text", reason, "nothing to read", "a text, stars or both")

        self._reject_repeated(ids, raw.lines, problems)
        keep = [at for at in range(count) if at not in problems]
        answered = [at for at in keep if replies[at] is not None]

        def both(comments: Sequence[object], answers: Callable[[int], object]) -> list[object]:
            return [comments[at] for at in keep] + [answers(at) for at in answered]

        known_author = [author or "customer" for author in authors]
        own_language = [language or self._language for language in stated]
        records: dict[str, list[object]] = {
            "id": both(ids, lambda at: reply_record_id(str(ids[at]))),
            "author": both(known_author, lambda at: "company"),
            "text": both(texts, lambda at: replies[at]),
            "stars": both(stars, lambda at: None),
            "scale_low": both([None if mark is None else low for mark in stars], lambda at: None),
            "scale_high": both([None if mark is None else high for mark in stars], lambda at: None),
            "touchpoint": both(touchpoints, lambda at: touchpoints[at]),
            "touchpoint_source": both(touchpoint_sources, lambda at: touchpoint_sources[at]),
            "date": both(dates, lambda at: reply_dates[at] or dates[at]),
            "question": both(questions, lambda at: None),
            "language": both(own_language, lambda at: own_language[at]),
            "outcome": both(outcomes, lambda at: None),
            "segments": both(segments, lambda at: segments[at]),
            "file": [self._file] * (len(keep) + len(answered)),
            "line": both(raw.lines, lambda at: raw.lines[at]),
            "reply_to": both([_answers(ids[at], known_author[at]) for at in range(count)], lambda at: ids[at]),
        }
        records["text_hash"] = [None if text is None else text_hash(str(text)) for text in records["text"]]
        self._add_languages(records)
        frame = _frame(records)
        broken = (replace(row, file=self._file) for row in raw.rejected)
        rejected = tuple(sorted((*broken, *problems.values()), key=lambda row: row.line))
        return Batch(frame, rejected, raw.rows)

    def _reject_repeated(self, ids: list[str | None], lines: list[int], problems: dict[int, RejectedRow]) -> None:
        """Set aside rows whose id an accepted row before has, or that would clash with the id of a reply."""
        known, column = self._lines_of_ids, self._columns["id"]
        has_replies = "reply" in self._columns
        for at, record_id in enumerate(ids):
            if record_id is None or at in problems:
                continue
            first = known.setdefault(record_id, lines[at])
            if first != lines[at]:
                reason, expected = f"the id stands already in line {first}", "an id of its own"
            elif has_replies and record_id.endswith(_REPLY_SUFFIX):
                reason, expected = "the id is kept for a reply", f"an id that does not end in {_REPLY_SUFFIX}"
            else:
                continue
            problems[at] = RejectedRow(self._file, lines[at], column, reason, show(record_id), expected)

    def _segments(self, raw: RawRows, count: int) -> list[str]:
        used = set(self._columns.values()) | ignored(raw.cells, self._export.ignore, self._doubled)
        fragments: list[list[str]] = []
        for name, cells in raw.cells.items():
            if name in used:
                continue
            start = json.dumps(replace_surrogates(name), ensure_ascii=False) + ": "
            known: dict[object, str] = {"": "", None: ""}
            column: list[str] = []
            for value in cells:
                if isinstance(value, str):
                    fragment = known.get(value)
                    if fragment is None:
                        fragment = known[value] = _fragment(start, value)
                    column.append(fragment)
                else:
                    column.append("" if value is None else _fragment(start, value))
            fragments.append(column)
        if not fragments:
            return ["{}"] * count
        return ["{" + ", ".join(filter(None, row)) + "}" for row in zip(*fragments, strict=True)]

    def _add_languages(self, records: dict[str, list[object]]) -> None:
        stated, texts, hashes = records["language"], records["text"], records["text_hash"]
        records["language_source"] = ["none" if language is None else "column" for language in stated]
        missing: dict[str, str] = {}
        for language, text, key in zip(stated, texts, hashes, strict=True):
            if language is None and text is not None and key not in self._known_languages:
                missing[str(key)] = str(text)
        if len(self._known_languages) > _MAX_KNOWN_LANGUAGES:
            self._known_languages.clear()
            missing |= {
                str(key): str(text)
                for language, text, key in zip(stated, texts, hashes, strict=True)
                if language is None and text is not None
            }
        if missing and self._look_up:
            known = self._look_up(list(missing))
            self._known_languages.update(known)
            missing = {key: text for key, text in missing.items() if key not in known}
        if missing:
            if self._shares is None:
                self._shares = self._sample_languages()
            self._known_languages.update(
                zip(missing, languages.detect(list(missing.values()), self._shares), strict=True)
            )
        for at, (language, key) in enumerate(zip(stated, hashes, strict=True)):
            if language is None and key is not None:
                found = self._known_languages[str(key)]
                if found is not None:
                    stated[at], records["language_source"][at] = found, "detected"


def _parse_language(value: Cell) -> str | None:
    if values.is_empty(value):
        return None
    return languages.parse_language(str(value)[:60])


def _answers(record_id: str | None, author: str) -> str | None:
    """Return the comment that a row of cxnlp's own form (`7/reply`, by the company) answers."""
    if record_id is not None and author == "company" and record_id.endswith(_REPLY_SUFFIX):
        return record_id.removesuffix(_REPLY_SUFFIX) or None
    return None


def _found(value: Cell, display: Callable[[Cell], str]) -> str:
    return display(value) if isinstance(value, str | int | float | datetime | date) else show_size(value)


def _fragment(start: str, value: Cell) -> str:
    """Return `"name": value` of a segment; lists and objects as JSON text; nothing for an empty value."""
    if isinstance(value, str):
        text = replace_surrogates(value)
        return start + json.dumps(text, ensure_ascii=False) if text.strip() else ""
    if values.is_empty(value):
        return ""
    if isinstance(value, bool | int):
        return start + json.dumps(value)
    if isinstance(value, float) and np.isfinite(value):
        return start + json.dumps(value)
    return start + json.dumps(replace_surrogates(values.plain(value)), ensure_ascii=False)


def _frame(records: dict[str, list[object]]) -> pd.DataFrame:
    columns: dict[str, object] = {}
    for name in FRAME_COLUMNS:
        dtype = _DTYPES.get(name, "str")
        if dtype == "datetime64[s]":
            columns[name] = np.array(records[name], dtype="datetime64[s]")
        elif dtype == "float64":
            columns[name] = np.array(records[name], dtype="float64")
        else:
            columns[name] = pd.array(records[name], dtype=dtype)  # type: ignore[call-overload]
    return pd.DataFrame(columns)


def empty_batch() -> Batch:
    """Return the batch of an export that has a header and no rows."""
    return Batch(_frame({name: [] for name in FRAME_COLUMNS}), (), 0)


def batches(builder: Builder, chunks: Iterator[RawRows]) -> Iterator[Batch]:
    """Yield one batch a chunk, and an empty one when there is none."""
    is_first = True
    for raw in chunks:
        is_first = False
        yield builder.build(raw)
    if is_first:
        yield empty_batch()
