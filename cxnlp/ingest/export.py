"""An export file, whatever its format, as batches of records and rows set aside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

from cxnlp.config import ExportConfig
from cxnlp.console import logger
from cxnlp.errors import ExportError
from cxnlp.ingest import columns, delimited, jsonrows, sources
from cxnlp.ingest.build import Batch, Builder, KnownLanguages, batches
from cxnlp.ingest.encoding import Encoding, detect, is_gzip, open_bytes
from cxnlp.ingest.raw import RawRows, show
from cxnlp.ingest.touchpoints import LONG_VALUE
from cxnlp.journey import Journey

Format = Literal["csv", "json", "xlsx", "parquet", "query"]
_ZIP, _PARQUET, _OLD_EXCEL = b"PK\x03\x04", b"PAR1", b"\xd0\xcf\x11\xe0"
_DATABASES = (b"SQLite format 3\x00",)


@dataclass(frozen=True, slots=True)
class RawExport:
    """A file whose format is known and whose rows can be read more than once."""

    path: Path
    export: ExportConfig
    format: Format
    encoding: Encoding | None = None
    dialect: delimited.Dialect | None = None
    header: list[str] | None = None  # None: only the rows tell (JSON)
    doubled: set[str] = field(default_factory=set)
    sheet: str = ""

    def chunks(self, chunk_rows: int) -> Iterator[RawRows]:
        """Yield the rows, about `chunk_rows` at a time."""
        if self.format == "csv":
            assert self.encoding and self.dialect
            return delimited.read(self.path, self.encoding, self.dialect, chunk_rows=chunk_rows)
        if self.format == "json":
            assert self.encoding
            return jsonrows.read(self.path, self.encoding, chunk_rows=chunk_rows)
        from cxnlp.ingest import tables, workbook  # noqa: PLC0415  (loads openpyxl, pyarrow, duckdb)

        if self.format == "xlsx":
            return workbook.read(self.path, self.sheet, chunk_rows=chunk_rows)
        if self.format == "parquet":
            return tables.read_parquet(self.path, chunk_rows=chunk_rows)
        return tables.read_query(self.path, self.export.query, chunk_rows=chunk_rows)


def detect_format(path: Path) -> Format:
    """Return a file's format by its first bytes and, among text formats, by its name; raise `ExportError` if none."""
    with open_bytes(path) as stream:
        head = stream.read(4096)
    if not head.strip(b"\x00\t\r\n \xef\xbb\xbf\xff\xfe"):
        if path.name.lower().removesuffix(".gz").endswith((".jsonl", ".ndjson")):
            return "json"
        raise ExportError(f"{path}: is empty; expected a header and rows (an export without rows still has a header)")
    if head.startswith(_ZIP):
        return "xlsx"
    if head.startswith(_PARQUET):
        return "parquet"
    if head.startswith(_OLD_EXCEL):
        raise ExportError(f"{path}: an old Excel file (.xls) or one with a password; save it as .xlsx without one")
    if head.startswith(_DATABASES) or head[8:12] == b"DUCK":
        raise ExportError(f"{path}: a database; give `database` and `query` in [export]")
    name = path.name.lower().removesuffix(".gz")
    if name.endswith((".json", ".jsonl", ".ndjson")):
        return "json"
    if name.endswith((".csv", ".tsv", ".tab")):
        return "csv"
    start = head.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return "json" if start.startswith((b'{"', b"[{", b"{ ", b"{\n", b"[\n", b"[ {")) else "csv"


def open_export(path: Path, export: ExportConfig) -> RawExport:
    """Find out how a file is to be read; raise `ExportError` when it cannot be."""
    if export.query:
        from cxnlp.ingest import tables  # noqa: PLC0415

        header, doubled = tables.query_header(path, export.query)
        return RawExport(path, export, "query", header=header, doubled=doubled)
    if not path.exists():
        raise ExportError(f"{path}: there is no such file")
    if path.is_dir():
        raise ExportError(f"{path}: a folder; expected a file")
    kind = detect_format(path)
    if kind == "json":
        return RawExport(path, export, kind, detect(path, export.encoding))
    if kind == "csv":
        encoding = detect(path, export.encoding)
        expected = [name for name in export.columns.model_dump().values() if name]
        dialect = delimited.sniff(path, encoding, export.delimiter, expected)
        header, doubled = delimited.read_header(path, encoding, dialect)
        return RawExport(path, export, kind, encoding, dialect, header, doubled)
    if kind == "xlsx":
        from cxnlp.ingest import workbook  # noqa: PLC0415

        sheet, header, doubled = workbook.read_header(path, export.sheet)
        return RawExport(path, export, kind, header=header, doubled=doubled, sheet=sheet)
    from cxnlp.ingest import tables  # noqa: PLC0415

    header, doubled = tables.parquet_header(path)
    return RawExport(path, export, kind, header=header, doubled=doubled)


def column_names(raw: RawExport) -> list[str]:
    """Return the columns of a file; of JSON, which has no header, those of any row (it is read to its end)."""
    if raw.header is not None:
        return raw.header
    names: dict[str, None] = {}
    for chunk in raw.chunks(20_000):
        names.update(dict.fromkeys(chunk.cells))
    return list(names)


def check_files(paths: Sequence[Path], export: ExportConfig, segments: Sequence[str] = ()) -> None:
    """Raise `ExportError` when a file cannot be read or lacks a column, or none has one that is to be ignored.

    Columns of JSON are only known by its rows, see `read_export`. `segments` that no file has are logged.
    """
    raws = [open_export(path, export) for path in paths]
    for raw in raws:
        if raw.header is not None:
            columns.map_columns(raw, raw.header)
    columns.check_names(raws, export, segments)


def read_export(
    path: Path,
    export: ExportConfig,
    journey: Journey,
    *,
    batch_rows: int = 20_000,
    known_languages: KnownLanguages | None = None,
    today: date | None = None,
) -> Iterator[Batch]:
    """Yield the rows of one file, `batch_rows` at most at a time; at least one batch, an empty one if need be.

    Raise `ExportError` when the file cannot be read at all: most often before the first batch. Damage that shows only
    later (a broken JSON array, a workbook cut in the middle) raises it between two batches, a named column that no row
    of a JSON file has after the last; what came before is then not to be kept. Values of the touchpoint column that
    the journey does not know are logged at the end.

    Where rows state no language the file is read once more for a sample of its texts, and the language models stay
    loaded (about 0.5 GB) for the next file; `languages.release` gives the memory back. `known_languages` looks up, by
    text hash, what was detected on earlier nights: it saves the time and keeps a text's language from changing with
    the shares of languages in the file. `today` sets aside rows that are dated after it, and after the file's last
    change, by more than two days; without it any date is taken.
    """
    raw = open_export(path, export)
    names = raw.header
    if names is None:
        names = next((list(chunk.cells) for chunk in raw.chunks(batch_rows)), [])
    if names or raw.header is not None:
        mapped = columns.map_columns(raw, names)
    else:
        mapped = {canonical: own for canonical, own in export.columns.model_dump().items() if own}
    builder = Builder(
        sources.as_utf8(path.name) if path.name != sources.MEMORY else "query",
        export,
        journey,
        mapped,
        lambda: raw.chunks(batch_rows),
        doubled=raw.doubled,
        modified=sources.modified_on(path),
        known_languages=known_languages,
        today=today,
    )
    occurred: dict[str, None] = {}
    yield from batches(builder, _watched(raw.chunks(batch_rows), occurred))
    if raw.header is None and occurred:
        columns.check_occurred(raw, mapped, list(occurred))
    _tell_unknown(path, builder)


def _watched(chunks: Iterator[RawRows], names: dict[str, None]) -> Iterator[RawRows]:
    """Hand on chunks, and note in `names` the columns that their rows have."""
    for chunk in chunks:
        if chunk.lines:
            names.update(dict.fromkeys(chunk.cells))
        yield chunk


def _tell_unknown(path: Path, builder: Builder) -> None:
    unknown = builder.touchpoints.unknown
    if not unknown:
        return
    if len(unknown) > 50 or builder.touchpoints.reads_free_text():
        shown = f"{len(unknown)} different value{'s' * (len(unknown) > 1)}: is that the right column?"
    else:
        named = [(value, count) for value, count in unknown.most_common(10) if len(value) <= LONG_VALUE]
        shown = ", ".join(f"{show(value)} ({count:,} rows)" for value, count in named) or "long ones"
    logger.warning(
        "%s: touchpoints that the journey does not know: %s; name them under `values` of a touchpoint in the journey",
        path.name,
        shown,
    )


__all__ = ["Batch", "RawExport", "check_files", "column_names", "is_gzip", "open_export", "read_export"]
