"""CSV and TSV as real exports have them: any delimiter, quoted newlines, stray quotes, ragged rows.

A quote that is never closed would swallow the rows after it. A record of several lines that does not fit the header is
therefore taken apart again: its first line is set aside and reading goes on with its second.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cxnlp.errors import ExportError
from cxnlp.ingest.encoding import Encoding, open_text
from cxnlp.ingest.raw import (
    MAX_CHUNK_CHARACTERS,
    MAX_ROW_CHARACTERS,
    RawRows,
    has_undecoded_bytes,
    show_size,
    unique_names,
)
from cxnlp.records import RejectedRow

DELIMITERS = (",", ";", "\t", "|")
MAX_RECORD_LINES = 10_000
MAX_COLUMNS = 20_000
_SNIFF_CHARACTERS = 1 << 18
_SNIFF_ROWS = 200
_SEPARATOR_LINE = re.compile(r"\ufeff?\"?sep=(.)\"?\r?\n?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How cells are told apart; `skip` is the number of lines before the header (Excel's `sep=;`)."""

    delimiter: str
    backslash: bool = False
    skip: int = 0


class _Lines:
    """Hands out physical lines, keeps those of the current record, and can take lines back."""

    def __init__(self, stream: io.TextIOBase) -> None:
        self._readline = stream.readline
        self._again: deque[str] = deque()
        self.given: list[str] = []
        self.number = 0
        self.ended = False
        self.too_long = False
        self._size = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._readline(MAX_ROW_CHARACTERS)
        if not line:
            self.ended = True
            raise StopIteration
        self._size += len(line)
        if len(self.given) >= MAX_RECORD_LINES or (self._size > MAX_ROW_CHARACTERS and self.given):
            self._again.appendleft(line)
            self.ended = True
            raise StopIteration
        if len(line) >= MAX_ROW_CHARACTERS and line[-1] not in "\r\n":
            self._skip_line()
            self.too_long = True
            line = "\n"
        self.number += 1
        self.given.append(line)
        return line

    def _skip_line(self) -> None:
        while (rest := self._readline(MAX_ROW_CHARACTERS)) and rest[-1] not in "\r\n":
            pass

    def start_record(self) -> None:
        """Forget the lines of the record before."""
        self.given.clear()
        self.ended = self.too_long = False
        self._size = 0

    def take_back(self) -> None:
        """Hand out again all lines of the current record but its first."""
        self._again.extendleft(reversed(self.given[1:]))
        self.number -= len(self.given) - 1
        self.ended = False


def sniff(path: Path, encoding: Encoding, configured: str = "", expected: Sequence[str] = ()) -> Dialect:
    """Return how the cells of a file are told apart: the delimiter whose rows agree best in their number of cells.

    `expected` are columns that the configuration names: a delimiter under which the header holds them wins.
    """
    with open_text(path, encoding) as stream:
        sample = stream.read(_SNIFF_CHARACTERS)
    separator = _SEPARATOR_LINE.match(sample)
    skip = 0
    if separator:
        skip, sample = 1, sample[separator.end() :]
    backslash = '\\"' in sample and '""' not in sample
    if configured:
        return Dialect("\t" if configured in ("\\t", "tab") else configured, backslash, skip)
    if separator:
        return Dialect(separator[1], backslash, skip)
    preferred = "\t" if path.name.lower().removesuffix(".gz").endswith((".tsv", ".tab")) else ","
    best = max(
        DELIMITERS,
        key=lambda delimiter: (*_agreement(sample, delimiter, backslash, expected), delimiter == preferred),
    )
    return Dialect(best, backslash, skip)


def _agreement(sample: str, delimiter: str, backslash: bool, expected: Sequence[str]) -> tuple[int, float, int]:
    rows: list[list[str]] = []
    reader = _reader(io.StringIO(sample, newline=""), Dialect(delimiter, backslash))
    try:
        for row in reader:
            if row:
                rows.append(row)
            if len(rows) > _SNIFF_ROWS:
                break
    except csv.Error:
        pass
    if len(rows) > 2:
        rows.pop()  # the sample may end within it
    if not rows or len(rows[0]) < 2:
        return (0, 0.0, 0)
    names, _ = unique_names(rows[0])
    widths = Counter(len(row) for row in rows)
    return (len(set(names) & set(expected)), round(widths[len(rows[0])] / len(rows), 2), len(rows[0]))


def _is_well_quoted(lines: list[str], dialect: Dialect) -> bool:
    """Tell whether a record of several lines is one beyond doubt: every closing quote stands before a delimiter."""
    try:
        return len(list(_reader(iter(lines), dialect, strict=True))) == 1
    except csv.Error:
        return False


def _reader(lines: Iterator[str] | io.StringIO, dialect: Dialect, strict: bool = False) -> Iterator[list[str]]:
    csv.field_size_limit(2**31 - 1)  # Python's limit of 131,072 characters is shorter than real cells
    return csv.reader(
        lines,
        delimiter=dialect.delimiter,
        doublequote=not dialect.backslash,
        escapechar="\\" if dialect.backslash else None,
        strict=strict,
    )


def read_header(path: Path, encoding: Encoding, dialect: Dialect) -> tuple[list[str], set[str]]:
    """Return the columns' names and those that stand twice; raise `ExportError` when there is no header."""
    with open_text(path, encoding) as stream:
        return _header(path, _Lines(stream), dialect)[:2]


def _header(path: Path, lines: _Lines, dialect: Dialect) -> tuple[list[str], set[str], Iterator[list[str]]]:
    for _ in range(dialect.skip):
        next(lines, "")
    try:
        reader = _reader(lines, dialect)
        lines.start_record()
        header = next((row for row in reader if any(cell.strip() for cell in row)), None)
    except (csv.Error, TypeError) as error:
        raise ExportError(f"{path}: cannot be read with the delimiter {dialect.delimiter!r}: {error}") from error
    if header is None:
        raise ExportError(f"{path}: is empty; expected a header and rows (an export without rows still has a header)")
    if len(header) > MAX_COLUMNS:
        raise ExportError(f"{path}: its header has {len(header):,} columns; expected at most {MAX_COLUMNS:,}")
    while len(header) > 1 and not header[-1].strip():
        header.pop()
    names, doubled = unique_names(header)
    return names, doubled, reader


def read(path: Path, encoding: Encoding, dialect: Dialect, *, chunk_rows: int) -> Iterator[RawRows]:
    """Yield the rows of a delimited file, `chunk_rows` at a time; rows that do not fit the header are set aside."""
    file = path.name
    with open_text(path, encoding) as stream:
        lines = _Lines(stream)
        names, _, reader = _header(path, lines, dialect)
        width = len(names)
        rows: list[list[str]] = []
        numbers: list[int] = []
        rejected: list[RejectedRow] = []
        size = 0
        damaged = encoding.damaged
        while True:
            lines.start_record()
            first = lines.number + 1
            try:
                row = next(reader, None)
            except csv.Error as error:
                row = None
                rejected.append(_reject(file, first, f"cannot be parsed: {error}", _span(lines), "cells"))
                if not lines.given:
                    break
                lines.take_back()
                continue
            if row is None:
                break
            if lines.too_long:
                expected = f"at most {MAX_ROW_CHARACTERS:,} characters"
                rejected.append(_reject(file, first, "the row is too long", "a longer line", expected))
                if lines.ended:
                    lines.take_back()
                continue
            if not row:
                continue
            if lines.ended:
                rejected.append(
                    _reject(file, first, "a quote is opened and never closed", _span(lines), "a closing quote")
                )
                lines.take_back()
                continue
            if len(row) != width:
                if len(row) > width and not any(cell.strip() for cell in row[width:]):
                    del row[width:]
                else:
                    found = f"{len(row)} cells over {_span(lines)}"
                    rejected.append(_reject(file, first, "the row does not fit the header", found, f"{width} cells"))
                    lines.take_back()
                    continue
            if len(lines.given) > 1 and not _is_well_quoted(lines.given, dialect):
                reason = "a quote is opened and closed in the middle of another row"
                rejected.append(_reject(file, first, reason, _span(lines), "a closing quote before a delimiter"))
                lines.take_back()
                continue
            if damaged and any(has_undecoded_bytes(cell) for cell in row):
                place = next(at for at, cell in enumerate(row) if has_undecoded_bytes(cell))
                reason = f"bytes that are not {encoding.name}"
                rejected.append(RejectedRow(file, first, names[place], reason, show_size(row[place]), encoding.name))
                continue
            rows.append(row)
            numbers.append(first)
            size += sum(map(len, lines.given))
            if len(rows) + len(rejected) >= chunk_rows or size > MAX_CHUNK_CHARACTERS:
                yield _chunk(names, rows, numbers, rejected)
                rows, numbers, rejected, size = [], [], [], 0
        if rows or rejected:
            yield _chunk(names, rows, numbers, rejected)


def _chunk(names: list[str], rows: list[list[str]], lines: list[int], rejected: list[RejectedRow]) -> RawRows:
    columns = zip(*rows, strict=True) if rows else ([] for _ in names)
    return RawRows({name: list(column) for name, column in zip(names, columns, strict=True)}, lines, rejected)


def _reject(file: str, line: int, reason: str, found: str, expected: str) -> RejectedRow:
    return RejectedRow(file, line, "(row)", reason, found, expected)


def _span(lines: _Lines) -> str:
    count = len(lines.given)
    return "1 line" if count == 1 else f"{count} lines"
