"""XLSX workbooks, row by row.

A workbook is a zip of XML: small files can unpack to more than a machine holds. Sizes are checked before anything is
unpacked, and rows are read as a stream (`sheet_xml.py`).
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.parsers.expat import ExpatError

from cxnlp.errors import ExportError
from cxnlp.ingest import sheet_xml
from cxnlp.ingest.encoding import is_gzip, open_bytes
from cxnlp.ingest.raw import MAX_CHUNK_CHARACTERS, Cell, RawRows, show, unique_names
from cxnlp.records import RejectedRow

MAX_UNPACKED_BYTES = 4 << 30
#: Part of a workbook beyond which its compression must stay below `MAX_PART_RATIO` (real sheets reach about 30).
SUSPICIOUS_PART_BYTES = 64 << 20
MAX_PART_RATIO = 150
MAX_SHARED_STRINGS_BYTES = 512 << 20
_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, ExpatError, ValueError, TypeError, LookupError, EOFError, OSError),
    *(RuntimeError, NotImplementedError, OverflowError, StopIteration),
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
def _open(path: Path) -> Iterator[zipfile.ZipFile]:
    with unpacked(path) as file:
        try:
            _check_sizes(path, file)
            with zipfile.ZipFile(file) as archive:
                yield archive
        except sheet_xml.BrokenWorkbookError as error:
            raise ExportError(f"{path}: cannot be read as a workbook: it holds {error}") from error
        except _BROKEN as error:
            raise ExportError(f"{path}: cannot be read as a workbook ({type(error).__name__})") from error


def _part_of(path: Path, archive: zipfile.ZipFile, sheet: str) -> tuple[str, str]:
    """Return name and part of the sheet named, or of the first one."""
    parts = sheet_xml.sheets(archive)
    if not parts:
        raise ExportError(f"{path}: a workbook without sheets")
    name = sheet or next(iter(parts))
    if name not in parts:
        raise ExportError(f"{path}: has no sheet {sheet!r}; expected one of: {', '.join(map(show, parts))}")
    return name, parts[name]


def read_header(path: Path, sheet: str) -> tuple[str, list[str], set[str]]:
    """Return the sheet's name, its columns, and those that stand twice."""
    with _open(path) as archive:
        title, part = _part_of(path, archive, sheet)
        names, doubled = _header(path, title, sheet_xml.read_rows(archive, part))
        return title, names, doubled


def _header(path: Path, title: str, rows: Iterator[tuple[int, dict[int, Cell]]]) -> tuple[list[str], set[str]]:
    first = next(rows, None)
    if first is None:
        raise ExportError(f"{path}: the sheet {show(title)} is empty; expected a header and rows")
    _, cells = first
    return unique_names([cells.get(column) for column in range(1, max(cells) + 1)])


def read(path: Path, sheet: str, *, chunk_rows: int) -> Iterator[RawRows]:
    """Yield the rows of a sheet below its header; rows without any cell are no rows."""
    with _open(path) as archive:
        title, part = _part_of(path, archive, sheet)
        rows = sheet_xml.read_rows(archive, part)
        names, _ = _header(path, title, rows)
        width = len(names)

        def reject(number: int, row: tuple[Cell, ...]) -> RejectedRow | None:
            if len(row) > width:
                expected = f"{width} cells"
                return RejectedRow(
                    path.name, number, "(row)", "the row does not fit the header", "more cells", expected
                )
            return None

        places = range(1, width + 1)
        tuples = (
            (number, tuple(map(cells.get, places)) if max(cells) <= width else (None,) * (width + 1))
            for number, cells in rows
        )
        yield from chunked(tuples, names, reject, chunk_rows)


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
                column.append(value)
            if size > MAX_CHUNK_CHARACTERS:
                break
        if not lines and not rejected:
            return
        yield RawRows(cells, lines, rejected)
