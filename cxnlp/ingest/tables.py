"""Parquet files, and queries on a DuckDB or SQLite file opened for reading only."""

from __future__ import annotations

import hashlib
import sqlite3
import urllib.parse
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from cxnlp.errors import ExportError
from cxnlp.ingest.raw import Cell, RawRows, unique_names
from cxnlp.ingest.sources import MEMORY
from cxnlp.ingest.workbook import chunked, unpacked

_SQLITE = b"SQLite format 3\x00"
_FETCH = 5000


def parquet_header(path: Path) -> tuple[list[str], set[str]]:
    """Return the columns of a Parquet file, and those that stand twice."""
    with _open_parquet(path) as file:
        return unique_names(file.schema_arrow.names)


@contextmanager
def _open_parquet(path: Path) -> Iterator[Any]:
    with unpacked(path) as plain:
        try:
            with pq.ParquetFile(plain, memory_map=True) as file:
                yield file
        except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
            raise ExportError(f"{path}: cannot be read as Parquet ({type(error).__name__})") from error


def read_parquet(path: Path, *, chunk_rows: int) -> Iterator[RawRows]:
    """Yield the rows of a Parquet file; row numbers count from 1."""
    with _open_parquet(path) as file:
        names, _ = unique_names(file.schema_arrow.names)
        number = 1
        for batch in file.iter_batches(batch_size=chunk_rows):
            columns = [_values(column) for column in batch.columns]
            yield RawRows(dict(zip(names, columns, strict=True)), list(range(number, number + batch.num_rows)), [])
            number += batch.num_rows


def _values(column: Any) -> list[Cell]:
    """Return an Arrow column as Python values; dictionaries as their words, binary as text, times to the second."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_timestamp(column.type):
        # The wall time of the zone that the column names; Python has no nanoseconds.
        if column.type.tz:
            column = pa.compute.local_timestamp(column)
        column = column.cast(pa.timestamp("us"), safe=False)
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        return [None if value is None else value.decode("utf-8", "replace") for value in column.to_pylist()]
    values: list[Cell] = column.to_pylist()
    return values


def _is_sqlite(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return stream.read(16) == _SQLITE
    except OSError as error:
        raise ExportError(f"{path}: cannot be read: {error.strerror or error}") from error


@contextmanager
def _cursor(path: Path, query: str) -> Iterator[tuple[list[str], Any]]:
    """Run a query without the right to write; yield its columns and a cursor on its rows.

    Files that a DuckDB query names are looked for in the database's folder. `:memory:` is DuckDB without a database,
    for queries on files.
    """
    try:
        if path.name != MEMORY and _is_sqlite(path):
            address = f"file:{urllib.parse.quote(str(path))}?mode=ro"
            with closing(sqlite3.connect(address, uri=True)) as lite:
                cursor = lite.execute(query)
                yield [column[0] for column in cursor.description or ()], cursor
            return
        database, read_only = (MEMORY, False) if path.name == MEMORY else (str(path), True)
        with closing(duckdb.connect(database, read_only=read_only, config={"threads": 2})) as duck:
            duck.execute("SET file_search_path = ?", [str(path.parent)])
            duck.execute("SET autoinstall_known_extensions = false")
            duck.execute("SET memory_limit = '512MB'")
            result = duck.execute(query)
            yield [column[0] for column in result.description or ()], result
    except (duckdb.Error, sqlite3.Error, sqlite3.Warning) as error:
        # Messages on the query itself help; those on its data would quote them.
        on_query = isinstance(error, duckdb.ProgrammingError | duckdb.IOException | sqlite3.OperationalError)
        message = (str(error).splitlines() or [""])[0][:300] if on_query else type(error).__name__
        raise ExportError(f"{path}: the query of [export] failed: {message}") from None


def query_header(path: Path, query: str) -> tuple[list[str], set[str]]:
    """Return the columns of a query's result, and those that stand twice."""
    with _cursor(path, query) as (columns, _):
        if not columns:
            raise ExportError(f"{path}: the query of [export] returns no columns; expected a SELECT")
        return unique_names(columns)


def read_query(path: Path, query: str, *, chunk_rows: int) -> Iterator[RawRows]:
    """Yield the rows of a query's result; row numbers count from 1."""
    with _cursor(path, query) as (columns, cursor):
        names, _ = unique_names(columns)
        yield from chunked(enumerate(_fetch(cursor), start=1), names, lambda number, row: None, chunk_rows)


def _fetch(cursor: Any) -> Iterator[tuple[Cell, ...]]:
    while rows := cursor.fetchmany(_FETCH):
        yield from rows


def hash_query(path: Path, query: str) -> bytes:
    """Return a digest of a query's result, whatever the order of its rows."""
    total, count = 0, 0
    with _cursor(path, query) as (columns, cursor):
        for row in _fetch(cursor):
            digest = hashlib.blake2b(repr(row).encode("utf-8", "surrogatepass"), digest_size=32).digest()
            total += int.from_bytes(digest)
            count += 1
    return hashlib.sha256(f"{columns} {count} {total}".encode()).digest()
