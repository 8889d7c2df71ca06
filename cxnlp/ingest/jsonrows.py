"""JSON Lines and JSON arrays of objects, read as a stream."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from cxnlp.errors import ExportError
from cxnlp.ingest.encoding import Encoding, open_text
from cxnlp.ingest.raw import (
    MAX_CHUNK_CHARACTERS,
    MAX_ROW_CHARACTERS,
    Cell,
    RawRows,
    has_undecoded_bytes,
    show_size,
)
from cxnlp.records import RejectedRow

_READ = 1 << 20
_SPACE = re.compile(r"[ \t\r\n\ufeff]*")


def _no_number(_: str) -> None:
    """NaN and Infinity, which some exporters write for a missing value, are no values."""


_DECODER = json.JSONDecoder(parse_constant=_no_number)


def read(path: Path, encoding: Encoding, *, chunk_rows: int) -> Iterator[RawRows]:
    """Yield the rows of a JSON Lines file or a JSON array; a line that is no JSON object is set aside."""
    with open_text(path, encoding) as stream:
        head = ""
        while not head.strip("\ufeff \t\r\n") and (piece := stream.read(4096)):
            head += piece
            if len(head) > _READ:
                raise ExportError(f"{path}: starts with a megabyte of nothing; expected JSON")
    is_array = head.lstrip("\ufeff \t\r\n").startswith("[")
    with open_text(path, encoding) as stream:
        items = _array(path, stream) if is_array else _lines(stream)
        rows: list[dict[str, Cell]] = []
        lines: list[int] = []
        rejected: list[RejectedRow] = []
        size = 0
        for line, item, length in items:
            size += length
            if isinstance(item, dict):
                rows.append(item)
                lines.append(line)
            else:
                reason, found = item if isinstance(item, tuple) else ("not a JSON object", show_size(item))
                rejected.append(RejectedRow(path.name, line, "(row)", reason, found, "a JSON object"))
            if len(rows) + len(rejected) >= chunk_rows or size > MAX_CHUNK_CHARACTERS:
                yield _chunk(rows, lines, rejected, path.name, encoding)
                rows, lines, rejected, size = [], [], [], 0
        if rows or rejected:
            yield _chunk(rows, lines, rejected, path.name, encoding)


def _parse(text: str) -> object:
    """Return the value, or why there is none: (reason, what was found)."""
    try:
        return _DECODER.decode(text)
    except RecursionError:
        return ("nested too deeply", f"{len(text):,} characters")
    except ValueError as error:
        problem = error.msg if isinstance(error, json.JSONDecodeError) else "a number that is too long"
        return (f"not JSON: {problem}", f"{len(text):,} characters")


def _lines(stream: Iterator[str]) -> Iterator[tuple[int, object, int]]:
    readline = stream.readline  # type: ignore[attr-defined]
    number = 0
    while line := readline(MAX_ROW_CHARACTERS):
        number += 1
        if len(line) >= MAX_ROW_CHARACTERS and line[-1] not in "\r\n":
            while (rest := readline(MAX_ROW_CHARACTERS)) and rest[-1] not in "\r\n":
                pass
            yield number, ("the row is too long", f"over {MAX_ROW_CHARACTERS:,} characters"), 0
            continue
        stripped = line.strip("\ufeff \t\r\n\x00")
        if stripped:
            yield number, _parse(stripped), len(line)


def _array(path: Path, stream: Iterator[str]) -> Iterator[tuple[int, object, int]]:
    """Yield number and value of each element; an array that is broken ends with an `ExportError`."""
    read_more = stream.read  # type: ignore[attr-defined]
    buffer = read_more(_READ)
    place, number, want = buffer.index("[") + 1, 1, _READ
    while True:
        start = _skip_space(buffer, place)
        if number > 1 and buffer[start : start + 1] == ",":
            start = _skip_space(buffer, start + 1)
        elif buffer[start : start + 1] == "]":
            return
        try:
            value, end = _DECODER.raw_decode(buffer, start)
        except RecursionError:
            raise ExportError(f"{path}: element {number} of the JSON array is nested too deeply") from None
        except ValueError:
            end = len(buffer)
        if end < len(buffer):
            yield number, value, end - start
            number, want = number + 1, _READ
            buffer, place = (buffer, end) if end < _READ else (buffer[end:], 0)
            continue
        more = read_more(want) if len(buffer) - place <= MAX_ROW_CHARACTERS else ""
        if not more:
            raise ExportError(
                f"{path}: the JSON array is broken or cut short at element {number}; expected objects and a `]`"
            )
        buffer, place, want = buffer[place:] + more, 0, want * 2


def _skip_space(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place


def _chunk(
    rows: list[dict[str, Cell]], lines: list[int], rejected: list[RejectedRow], file: str, encoding: Encoding
) -> RawRows:
    if encoding.damaged:
        keep: list[int] = []
        for at, row in enumerate(rows):
            if has_undecoded_bytes(json.dumps(row, ensure_ascii=False)):
                reason = f"bytes that are not {encoding.name}, or half of a surrogate pair"
                rejected.append(RejectedRow(file, lines[at], "(row)", reason, "undecodable", encoding.name))
            else:
                keep.append(at)
        rows, lines = [rows[at] for at in keep], [lines[at] for at in keep]
    names: dict[str, None] = {}
    for row in rows:
        if len(row) != len(names) or row.keys() != names.keys():
            names.update(dict.fromkeys(row))
    return RawRows({name: [row.get(name) for row in rows] for name in names}, lines, rejected)
