"""`cxnlp classify`: label any file, row by row, into JSON Lines, CSV, Parquet or XLSX."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from cxnlp.config import ExportConfig
from cxnlp.console import Advance
from cxnlp.errors import WrongUsageError
from cxnlp.ingest import read_export, write_rejected
from cxnlp.journey import default_journey
from cxnlp.records import RejectedRow
from cxnlp.spreadsheet import safe_cell
from cxnlp.taxonomy import Taxonomy

if TYPE_CHECKING:
    from cxnlp.model.predict import Prediction, Predictor

FORMATS = (".jsonl", ".csv", ".parquet", ".xlsx")
BATCH_ROWS = 4_096
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Classified:
    """How many rows were read, texts labelled, rows had no text, rows were set aside (and where those are)."""

    rows: int
    texts: int
    without_text: int
    rejected: int
    rejected_path: Path | None


class Writer(Protocol):
    """Takes rows one after the other."""

    def __call__(self, rows: Sequence[Row]) -> None:
        """Write `rows`."""


def classify(
    source: Path, export: ExportConfig, predictor: Predictor, out: Path, *, scores: bool, advance: Advance
) -> Classified:
    """Label every text of `source` and write `out`, whole or not at all.

    Replies get rows of their own (`id` + `/reply`). Rows without text are counted, rows that cannot be read go to
    `OUT.rejected.csv`. Raise `WrongUsageError` for an unknown suffix.
    """
    columns = output_columns(predictor.taxonomy, scores=scores)
    rejected: list[RejectedRow] = []
    rows = texts = without_text = 0
    lists = frozenset(task.name for task in predictor.taxonomy.tasks if task.kind == "multi")
    with open_writer(out, columns, lists) as write:
        for batch in read_export(source, export, default_journey(), batch_rows=BATCH_ROWS):
            rows += batch.rows
            rejected.extend(batch.rejected)
            worded = batch.records[batch.records["text"].notna()]
            without_text += len(batch.records) - len(worded)
            texts += len(worded)
            predictions = predictor.predict(list(worded["text"]), list(worded["author"]), scores=scores)
            languages = [value if isinstance(value, str) else None for value in worded["language"]]
            write(
                [
                    output_row(record_id, language, prediction, predictor)
                    for record_id, language, prediction in zip(worded["id"], languages, predictions, strict=True)
                ]
            )
            advance(batch.rows)
    rejected_path = out.with_name(f"{out.name}.rejected.csv") if rejected else None
    if rejected_path:
        write_rejected(rejected, rejected_path)
    return Classified(rows, texts, without_text, len(rejected), rejected_path)


def output_columns(taxonomy: Taxonomy, *, scores: bool) -> tuple[str, ...]:
    """Return the names of the output's columns, in order."""
    return ("id", *taxonomy.task_names, "language", "model", "confidence", *(("scores",) if scores else ()))


def output_row(record_id: str, language: str | None, prediction: Prediction, predictor: Predictor) -> Row:
    """Return one row: lists for multi tasks, one name for single and ordinal ones."""
    row: Row = {"id": record_id}
    for task in predictor.taxonomy.tasks:
        names = prediction.labels[task.name]
        row[task.name] = list(names) if task.kind == "multi" else names[0]
    row |= {"language": language, "model": predictor.version}
    row["confidence"] = {task: round(value, 4) for task, value in prediction.confidence.items()}
    if prediction.scores is not None:
        row["scores"] = {
            task: {label: round(value, 4) for label, value in by_label.items()}
            for task, by_label in prediction.scores.items()
        }
    return row


@contextmanager
def open_writer(out: Path, columns: Sequence[str], lists: frozenset[str]) -> Iterator[Writer]:
    """Open a writer by the suffix of `out` (`.gz` too for text formats); the file appears only when all is written.

    The cells of the columns `lists` are lists of names. Raise `WrongUsageError` for an unknown suffix.
    """
    zipped = out.suffix == ".gz"
    suffix = Path(out.stem).suffix if zipped else out.suffix
    if suffix not in FORMATS or (zipped and suffix in (".parquet", ".xlsx")):
        raise WrongUsageError(
            f"{out}: cannot write {out.suffix or 'a file without suffix'}; "
            f"use {', '.join(FORMATS)}, .jsonl.gz or .csv.gz"
        )
    partial = out.with_name(f".{out.name}.partial")
    openers: dict[str, Callable[..., Any]] = {
        ".jsonl": _jsonl,
        ".csv": _csv,
        ".parquet": _parquet,
        ".xlsx": _xlsx,
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        with openers[suffix](partial, columns, lists, zipped) as write:
            yield write
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)


def _open_text(path: Path, zipped: bool) -> io.TextIOBase:
    if zipped:
        return io.TextIOWrapper(gzip.open(path, "wb", compresslevel=6), encoding="utf-8", newline="")
    return path.open("w", encoding="utf-8", newline="")


@contextmanager
def _jsonl(path: Path, _columns: Sequence[str], _lists: frozenset[str], zipped: bool) -> Iterator[Writer]:
    with _open_text(path, zipped) as stream:

        def write(rows: Sequence[Row]) -> None:
            stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)

        yield write


def _flat(value: Any) -> str:
    if isinstance(value, list):
        return ";".join(value) or "-"
    if isinstance(value, dict):
        return json.dumps(value, sort_keys=True)
    return "" if value is None else safe_cell(str(value))


@contextmanager
def _csv(path: Path, columns: Sequence[str], _lists: frozenset[str], zipped: bool) -> Iterator[Writer]:
    with _open_text(path, zipped) as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(columns)

        def write(rows: Sequence[Row]) -> None:
            table.writerows([_flat(row[name]) for name in columns] for row in rows)

        yield write


@contextmanager
def _parquet(path: Path, columns: Sequence[str], lists: frozenset[str], _zipped: bool) -> Iterator[Writer]:
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    kinds = {name: pa.list_(pa.string()) if name in lists else pa.string() for name in columns}
    schema = pa.schema(list(kinds.items()))
    with pq.ParquetWriter(path, schema) as table:

        def write(rows: Sequence[Row]) -> None:
            plain = [
                {name: json.dumps(v) if isinstance(v := row[name], dict) else v for name in columns} for row in rows
            ]
            table.write_table(pa.Table.from_pylist(plain, schema=schema))

        yield write


@contextmanager
def _xlsx(path: Path, columns: Sequence[str], _lists: frozenset[str], _zipped: bool) -> Iterator[Writer]:
    from openpyxl import Workbook  # noqa: PLC0415
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE  # noqa: PLC0415

    book = Workbook(write_only=True)
    sheet = book.create_sheet("predictions")
    sheet.append(list(columns))

    def write(rows: Sequence[Row]) -> None:
        for row in rows:
            sheet.append([ILLEGAL_CHARACTERS_RE.sub("\ufffd", _flat(row[name])) for name in columns])

    yield write
    book.save(path)
