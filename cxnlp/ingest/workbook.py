"""XLSX workbooks, row by row.

A workbook is a zip of XML: small files can unpack to more than a machine holds, or claim a cell in the last column of
the last row. Sizes are therefore checked before, XML entities are refused (defusedxml, through openpyxl), and rows are
read as a stream and only as wide as the header.
"""

from __future__ import annotations

import gzip
import itertools
import shutil
import tempfile
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import time, timedelta
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import openpyxl
from defusedxml import DefusedXmlException
from openpyxl.utils.exceptions import InvalidFileException

from cxnlp.errors import ExportError
from cxnlp.ingest.encoding import is_gzip, open_bytes
from cxnlp.ingest.raw import MAX_CHUNK_CHARACTERS, Cell, RawRows, unique_names
from cxnlp.records import RejectedRow

MAX_UNPACKED_BYTES = 4 << 30
#: Part of a workbook beyond which its compression must stay below `MAX_PART_RATIO` (real sheets reach about 30).
SUSPICIOUS_PART_BYTES = 64 << 20
MAX_PART_RATIO = 150
MAX_SHARED_STRINGS_BYTES = 512 << 20
MAX_CELLS_BEYOND = 50_000_000
MAX_COLUMNS, MAX_ROWS = 16_384, 1_048_576  # of the format

_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, InvalidFileException, ParseError, DefusedXmlException, KeyError, ValueError),
    *(TypeError, AttributeError, IndexError, EOFError, NotImplementedError, OSError, gzip.BadGzipFile, RuntimeError),
    *(OverflowError, AssertionError, LookupError),
)


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """Give the path of a file as it is, of a gzipped one that of a private unpacked copy."""
    if not is_gzip(path):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="cxnlp-") as folder:
        copy = Path(folder) / path.name.removesuffix(".gz")
        with open_bytes(path) as packed, copy.open("wb") as target:
            shutil.copyfileobj(packed, target, 1 << 20)
        yield copy


def _check_sizes(path: Path, file: Path) -> None:
    with zipfile.ZipFile(file) as archive:
        parts = archive.infolist()
        total = sum(part.file_size for part in parts)
        if total > MAX_UNPACKED_BYTES:
            raise ExportError(f"{path}: unpacks to {total:,} bytes; expected at most {MAX_UNPACKED_BYTES:,}")
        for part in parts:
            ratio = part.file_size / max(part.compress_size, 1)
            if part.file_size > SUSPICIOUS_PART_BYTES and ratio > MAX_PART_RATIO:
                raise ExportError(
                    f"{path}: a part of the workbook unpacks to {part.file_size:,} bytes, {ratio:.0f} times its size: "
                    f"looks like a zip bomb"
                )
            if part.filename.endswith("sharedStrings.xml") and part.file_size > MAX_SHARED_STRINGS_BYTES:
                raise ExportError(f"{path}: its texts unpack to {part.file_size:,} bytes; save it as CSV or Parquet")
        if not any(part.filename == "xl/workbook.xml" or part.filename.endswith("/workbook.xml") for part in parts):
            raise ExportError(f"{path}: a zip file without a workbook; expected .xlsx, or the file that is in the zip")


@contextmanager
def _open(path: Path, sheet: str) -> Iterator[tuple[str, Any]]:
    """Open a sheet: the one named, else the active one that is a worksheet."""
    with unpacked(path) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl tells of styles and extensions that do not matter here
        try:
            _check_sizes(path, file)
            book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        except _BROKEN as error:
            raise ExportError(f"{path}: cannot be read as a workbook ({type(error).__name__})") from error
        try:
            names = [worksheet.title for worksheet in book.worksheets]
            if sheet and sheet not in names:
                raise ExportError(f"{path}: has no sheet {sheet!r}; expected one of: {', '.join(map(repr, names))}")
            if not names:
                raise ExportError(f"{path}: a workbook without sheets")
            found = book[sheet or names[0]]
            found.reset_dimensions()  # files state wrong ones
            yield found.title, found
        finally:
            book.close()


def _rows(path: Path, worksheet: Any, width: int | None) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    """Yield number and cells of the rows that hold anything; `width` bounds how far a row is read."""
    number = 0
    with closing(worksheet.iter_rows(values_only=True, max_col=width)) as rows:
        while True:
            try:
                row = next(rows)
            except StopIteration:
                return
            except _BROKEN as error:
                raise ExportError(
                    f"{path}: the workbook is broken after row {number} ({type(error).__name__})"
                ) from error
            number += 1
            if number > MAX_ROWS:
                raise ExportError(f"{path}: names a row beyond {MAX_ROWS:,}, the last that a sheet can have")
            if any(cell is not None and cell != "" for cell in row):
                yield number, row


def read_header(path: Path, sheet: str) -> tuple[str, list[str], set[str]]:
    """Return the sheet's name, its columns, and those that stand twice."""
    with _open(path, sheet) as (title, worksheet):
        _, names, doubled = _header(path, worksheet)
        return title, names, doubled


def _header(path: Path, worksheet: Any) -> tuple[int, list[str], set[str]]:
    first = next(_rows(path, worksheet, MAX_COLUMNS), None)
    if first is None:
        raise ExportError(f"{path}: the sheet {worksheet.title!r} is empty; expected a header and rows")
    number, row = first
    header = list(row)
    while header and (header[-1] is None or not str(header[-1]).strip()):
        header.pop()
    return (number, *unique_names(header))


def read(path: Path, sheet: str, *, chunk_rows: int) -> Iterator[RawRows]:
    """Yield the rows of a sheet below its header; rows without any cell are no rows."""
    with _open(path, sheet) as (_, worksheet):
        header_row, names, _ = _header(path, worksheet)
        width = len(names)
        rows = _rows(path, worksheet, None)
        beyond = 0

        def reject(number: int, row: tuple[Cell, ...]) -> RejectedRow | None:
            nonlocal beyond
            beyond += max(len(row) - width, 0)
            if beyond > MAX_CELLS_BEYOND:
                raise ExportError(f"{path}: has rows far wider than its header; expected {width} columns")
            if any(cell is not None and cell != "" for cell in row[width:]):
                expected = f"{width} cells"
                return RejectedRow(
                    path.name, number, "(row)", "the row does not fit the header", "more cells", expected
                )
            return None

        below = ((number, row) for number, row in rows if number > header_row)
        yield from chunked(below, names, reject, chunk_rows)


def chunked(
    rows: Iterator[tuple[int, tuple[Cell, ...]]],
    names: list[str],
    reject: Callable[[int, tuple[Cell, ...]], RejectedRow | None],
    chunk_rows: int,
) -> Iterator[RawRows]:
    """Gather rows into chunks of `chunk_rows`, fewer where their texts are long."""
    while True:
        cells: dict[str, list[Cell]] = {name: [] for name in names}
        columns = list(cells.values())
        lines: list[int] = []
        rejected: list[RejectedRow] = []
        size = 0
        for number, row in itertools.islice(rows, chunk_rows):
            problem = reject(number, row)
            if problem:
                rejected.append(problem)
                continue
            lines.append(number)
            for column, value in itertools.zip_longest(columns, row[: len(columns)]):
                size += len(value) if isinstance(value, str) else 8
                column.append(str(value) if isinstance(value, time | timedelta) else value)
            if size > MAX_CHUNK_CHARACTERS:
                break
        if not lines and not rejected:
            return
        yield RawRows(cells, lines, rejected)
