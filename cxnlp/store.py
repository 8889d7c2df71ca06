"""The DuckDB file: feedback, predictions, runs.

State is per row, text and model. Every method leaves the file consistent: a change is one transaction, so a process
that dies in the middle of one leaves the state before it. `keeping.py` holds the file and keeps its copy, `intake.py`
takes in export files, `schema.py` says what the tables hold.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from cxnlp.errors import StoreError, StoreLockedError
from cxnlp.intake import DELETE_UNUSED_PREDICTIONS, Intake, registered
from cxnlp.keeping import beside, clear_leftovers, describe_holder, owner_only, read_holder, refused
from cxnlp.schema import MIGRATIONS, SCHEMA_VERSION, TABLES

#: The tables that a report and the next night are made from: their copy is renewed when one of them changed.
_KEPT = ("feedback", "predictions", "rejected", "export_files", "forgotten", "models")

#: Noted from the first change of a run until the rows gone from the export are deleted.
DELETION_DUE = "deletion_due"

#: What the system says, in DuckDB's messages, when it will not open a file that may well be whole.
_REFUSALS = (
    "permission denied",
    "operation not permitted",
    "read-only file system",
    "too many open files",
    "is a directory",
    "text file busy",
    "stale file handle",
)


class OpenElsewhereError(StoreError):
    """Another process has the file open."""


class BrokenStoreError(StoreError):
    """The file is cut short or damaged: its copy can take its place."""


@dataclass(frozen=True, slots=True)
class PendingText:
    """A text that the model has not read yet, as that author's words."""

    text_hash: str
    author: str
    text: str


@dataclass(frozen=True, slots=True)
class Pending:
    """How many texts the model is to read: those that no model has read yet, and those that an earlier one has."""

    unread: int
    read_before: int


@dataclass(frozen=True, slots=True)
class StoredPrediction:
    """What the model said of one text, in the shape of the `predictions` table."""

    text_hash: str
    author: str
    emotions: list[str]
    effort: str
    stance: str
    causes: list[str]
    strengths: list[str]
    other: str
    confidence: dict[str, float]
    unsure: bool
    windows: int
    embedding: bytes | None


@dataclass(frozen=True, slots=True)
class StoredModel:
    """What is kept of a model that has read texts, so that its folder may change.

    Version, taxonomy (TOML), gold rows (JSON Lines), and the distribution of what it learned from (JSON).
    """

    version: str
    taxonomy: str
    gold: str
    training: str = "{}"


_PREDICTION_TYPES: dict[str, pa.DataType] = {
    "text_hash": pa.string(),
    "author": pa.string(),
    "emotions": pa.list_(pa.string()),
    "effort": pa.string(),
    "stance": pa.string(),
    "causes": pa.list_(pa.string()),
    "strengths": pa.list_(pa.string()),
    "other": pa.string(),
    "confidence": pa.map_(pa.string(), pa.float32()),
    "unsure": pa.bool_(),
    "windows": pa.int32(),
    "embedding": pa.binary(),
}


class Store:
    """An open store; use as a context manager. Open it only while `keeping.hold` is in force."""

    def __init__(
        self, path: Path, *, memory_limit: str = "1GB", must_exist: bool = False, read_only: bool = False
    ) -> None:
        """Open or create the store at `path`, readable by its owner alone, and read it once from end to end.

        With `read_only` it must exist and need not be held; nothing at all is changed or made: an older store is not
        carried forward, nor is it read from end to end. Raise `StoreLockedError` when a run holds it.
        Raise `BrokenStoreError` when it is cut short or damaged, and `StoreError` when it is no store, was written by
        a newer cxnlp, cannot be opened by this user, or must exist and does not.
        """
        self.path = path
        self.memory_limit, self.read_only = memory_limit, read_only
        try:
            if (must_exist or read_only) and not path.exists():
                raise StoreError(f"{path}: there is no store yet; `cxnlp run` makes it")
            if not read_only:
                clear_leftovers(path)
        except OSError as error:
            raise refused(path, error) from error
        self.connect()
        try:
            found = self._version()
            if not read_only:
                self._carry_forward(found)
                self.verify()
        except BaseException:
            self.connection.close()
            raise

    def __enter__(self) -> Store:
        """Return the store itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the file."""
        self.connection.close()

    def connect(self) -> None:
        """Open the file; batches that memory does not hold are spilled to a folder beside it."""
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": self.memory_limit,
            "threads": 2,
            "temp_directory": "" if self.read_only else str(beside(self.path, ".tmp")),
            "preserve_insertion_order": False,
        }
        try:
            with owner_only():
                self.connection = duckdb.connect(str(self.path), read_only=self.read_only, config=settings)
        except duckdb.Error as error:
            problem = unusable(self.path, error)
            if self.read_only and isinstance(problem, OpenElsewhereError) and read_holder(self.path):
                raise StoreLockedError(f"{self.path}: {describe_holder(self.path)}") from error
            raise problem from error

    def _version(self) -> int:
        """Return the version of the tables, 0 where there is none."""
        try:
            tables = {row[0] for row in self.connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
            if tables and "meta" not in tables:
                raise StoreError(f"{self.path}: a DuckDB file, but not a cxnlp store (it has no table `meta`)")
            found = int(self.meta("schema_version") or 0) if tables else 0
            if found > SCHEMA_VERSION:
                raise StoreError(
                    f"{self.path}: written by a newer cxnlp (store version {found}; this one knows {SCHEMA_VERSION}); "
                    f"upgrade cxnlp"
                )
            return found
        except duckdb.Error as error:
            raise unusable(self.path, error) from error

    def _carry_forward(self, found: int) -> None:
        """Bring the tables from version `found` to this one."""
        if found == SCHEMA_VERSION:
            return
        with self.transaction():
            for version in range(found, SCHEMA_VERSION) if found else ():
                for statement in MIGRATIONS[version]:
                    self.connection.execute(statement)
            for table in TABLES:
                self.connection.execute(table)
            self.set_meta("schema_version", str(SCHEMA_VERSION))

    def verify(self) -> None:
        """Read every block; raise `BrokenStoreError` when one is missing or damaged, or a key stands twice.

        DuckDB notices damage when it reads a block, not when it opens the file.
        """
        try:
            for table in ("meta", *_KEPT, "runs"):
                self.first(f"SELECT bit_xor(hash({table})) FROM {table}")  # noqa: S608
            for table, key in (("feedback", "id"), ("predictions", "(text_hash, author, model)")):
                row = self.first(
                    f"SELECT count(*) - count(DISTINCT {key}) FROM {table}"  # noqa: S608
                )
                if row is None or row[0]:
                    raise BrokenStoreError(f"{self.path}: keys stand more than once in the table {table}")
        except duckdb.Error as error:
            raise unusable(self.path, error) from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit at the end of the block, or undo it; raise `StoreError` when the disk or the memory will not do."""
        try:
            self.connection.execute("BEGIN")
            try:
                yield
            except BaseException:
                self._undo()
                raise
            self.connection.execute("COMMIT")
        except duckdb.Error as error:
            raise unusable(self.path, error) from error

    def _undo(self) -> None:
        try:
            self.connection.execute("ROLLBACK")
        except duckdb.Error:
            return  # a failed write has closed the database: nothing of the transaction is kept

    def first(self, query: str, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        """Return the first row of a query, fetched to its end: DuckDB registers nothing beside an unfinished one."""
        rows = self.connection.execute(query, list(values)).fetchall()
        return rows[0] if rows else None

    def meta(self, key: str) -> str | None:
        """Return what is noted under `key`, or None."""
        row = self.first("SELECT value FROM meta WHERE key = ?", [key])
        return None if row is None else str(row[0])

    def set_meta(self, key: str, value: str) -> None:
        """Note `value` under `key`."""
        self.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", [key, value])

    def mark(self) -> str:
        """Return a mark of everything a report is made from: it changes when a record, prediction or rejection does."""
        row = self.first(
            """
            SELECT concat_ws('-',
                (SELECT count(*) || '.' || coalesce(bit_xor(hash(id, row_hash)), 0) FROM feedback),
                (SELECT count(*) || '.' || coalesce(bit_xor(hash(text_hash, author, model)), 0) FROM predictions),
                (SELECT count(*) || '.' || coalesce(sum(hash(rejected)), 0) FROM rejected))
            """
        )
        assert row is not None
        return str(row[0])

    # -- export files -------------------------------------------------------------------------------------------

    def take_in(self, path: str, run: int, later_files: Sequence[str] = ()) -> Intake:
        """Return the intake of an export file; of ids that `later_files` hold too, theirs stay."""
        return Intake(self, path, run, later_files)

    def touch_files(self, paths: Sequence[str], run: int) -> None:
        """Note that `run` found these files as they were."""
        self.connection.execute("UPDATE export_files SET run = ? WHERE list_contains(?, path)", [run, list(paths)])

    def file_marks(self) -> dict[str, str]:
        """Return export file → fingerprint, of the files that were read to their end."""
        return dict(self.connection.execute("SELECT path, fingerprint FROM export_files").fetchall())

    def forget_files(self, present: Sequence[str]) -> None:
        """Drop what is noted of export files that are no longer there, and of their rows set aside."""
        with self.transaction():
            for table in ("export_files", "rejected"):
                self.connection.execute(f"DELETE FROM {table} WHERE NOT list_contains(?, path)", [list(present)])  # noqa: S608

    def count_rows(self) -> tuple[int, int]:
        """Return how many rows the export has, and how many of them are set aside."""
        row = self.first("SELECT coalesce(sum(rows), 0), coalesce(sum(rejected), 0) FROM export_files")
        assert row is not None
        return int(row[0]), int(row[1])

    def rejected_rows(self) -> pd.DataFrame:
        """Return all rows set aside: file, line, column, reason, found, expected."""
        return self.connection.execute(
            'SELECT file, line, "column", reason, found, expected FROM rejected ORDER BY ALL'
        ).df()

    def count_rejected(self) -> dict[str, int]:
        """Return how many rows are set aside, by reason."""
        rows = self.connection.execute(
            "SELECT reason, count(*) FROM rejected GROUP BY reason ORDER BY reason"
        ).fetchall()
        return {str(reason): int(count) for reason, count in rows}

    # -- predictions --------------------------------------------------------------------------------------------

    def count_texts(self) -> int:
        """Return how many distinct texts there are, a customer's and a company's counted apart."""
        row = self.first(
            "SELECT count(*) FROM (SELECT DISTINCT text_hash, author FROM feedback WHERE text_hash IS NOT NULL)"
        )
        return int(row[0]) if row else 0

    def note_model(self, model: StoredModel, run: int) -> None:
        """Note the model that `run` reads with, and what a report needs of it."""
        self.connection.execute(
            "INSERT OR REPLACE INTO models VALUES (?, ?, ?, ?, ?)",
            [model.version, model.taxonomy, model.gold, run, model.training],
        )

    def has_models(self) -> bool:
        """Tell whether any model has read texts."""
        return self.first("SELECT 1 FROM models LIMIT 1") is not None

    def noted_models(self) -> list[StoredModel]:
        """Return the models that have read texts, the newest first; raise `StoreError` before the first run."""
        rows = self.connection.execute(
            "SELECT version, taxonomy, gold, training FROM models ORDER BY run DESC, version"
        ).fetchall()
        if not rows:
            raise StoreError(f"{self.path}: nothing was classified yet; `cxnlp run` does")
        return [StoredModel(*row) for row in rows]

    def drop_models(self, keep: Sequence[str]) -> None:
        """Drop all models but these, with what they said."""
        with self.transaction():
            for table, column in (("predictions", "model"), ("models", "version")):
                self.connection.execute(f"DELETE FROM {table} WHERE NOT list_contains(?, {column})", [list(keep)])  # noqa: S608

    def text_hashes_of(self, ids: Sequence[str]) -> dict[str, str]:
        """Return id → hash of its text, of those records that are here and have words."""
        rows = self.connection.execute(
            "SELECT id, text_hash FROM feedback WHERE text_hash IS NOT NULL AND list_contains(?, id)", [list(ids)]
        ).fetchall()
        return {str(name): str(digest) for name, digest in rows}

    def detected_languages(self, text_hashes: Sequence[str]) -> dict[str, str | None]:
        """Return text hash → language (None: none could be told) of those texts whose language was detected before."""
        rows = self.connection.execute(
            """
            SELECT text_hash, arg_min(coalesce(language, ''), id) FROM feedback
            WHERE language_source IN ('detected', 'none') AND list_contains(?, text_hash) GROUP BY text_hash
            """,
            [list(text_hashes)],
        ).fetchall()
        return {str(digest): language or None for digest, language in rows}

    def predictions_of(
        self, text_hashes: Sequence[str], model: str
    ) -> dict[tuple[str, str], dict[str, tuple[str, ...]]]:
        """Return (text hash, author) → task → labels, of those texts that `model` has read."""
        rows = self.connection.execute(
            """
            SELECT text_hash, author, emotions, effort, stance, causes, strengths
            FROM predictions WHERE model = ? AND list_contains(?, text_hash)
            """,
            [model, list(text_hashes)],
        ).fetchall()
        return {
            (name, author): {
                "emotions": tuple(emotions),
                "effort": (effort,),
                "stance": (stance,),
                "causes": tuple(causes),
                "strengths": tuple(strengths),
            }
            for name, author, emotions, effort, stance, causes, strengths in rows
        }

    def list_pending(self, model: str) -> Pending:
        """List the distinct texts that `model` has not read yet, and count them.

        Texts that no model has read come first, then those of the newest rows; within a run, texts of like length
        stand together, so that the batches of the network are full.
        """
        with self.transaction():
            self.connection.execute(
                """
                CREATE OR REPLACE TEMP TABLE pending AS
                WITH wanted AS (
                    SELECT text_hash, author, min(text) AS text, max(changed_run) AS newest
                    FROM feedback ANTI JOIN (SELECT text_hash, author FROM predictions WHERE model = ?) AS done
                        USING (text_hash, author)
                    WHERE text_hash IS NOT NULL GROUP BY text_hash, author
                )
                SELECT wanted.*, earlier.text_hash IS NOT NULL AS read_before
                FROM wanted LEFT JOIN (SELECT DISTINCT text_hash, author FROM predictions) AS earlier
                    USING (text_hash, author)
                """,
                [model],
            )
            self.connection.execute(
                """
                CREATE OR REPLACE TEMP TABLE pending AS
                SELECT row_number() OVER (
                           ORDER BY read_before, newest DESC, length(text), text_hash, author
                       ) - 1 AS place, text_hash, author, text, read_before
                FROM pending
                """
            )
        row = self.first("SELECT count(*) FILTER (NOT read_before), count(*) FILTER (read_before) FROM pending")
        assert row is not None
        return Pending(int(row[0]), int(row[1]))

    def pending(self, start: int, limit: int) -> list[PendingText]:
        """Return up to `limit` of the texts that `list_pending` listed, from place `start` (counted from 0)."""
        rows = self.connection.execute(
            "SELECT text_hash, author, text FROM pending WHERE place >= ? AND place < ? ORDER BY place",
            [start, start + limit],
        ).fetchall()
        return [PendingText(*row) for row in rows]

    def add_predictions(self, predictions: Sequence[StoredPrediction], model: str) -> None:
        """Add what `model` said of texts that it had not read yet (`list_pending`)."""
        columns = {
            name: pa.array([getattr(p, name) for p in predictions], type=kind)
            if name != "confidence"
            else pa.array([list(p.confidence.items()) for p in predictions], type=kind)
            for name, kind in _PREDICTION_TYPES.items()
        }
        columns["model"] = pa.array([model] * len(predictions), type=pa.string())
        with registered(self.connection, "read_texts", pa.table(columns)), self.transaction():
            self.connection.execute("INSERT INTO predictions BY NAME SELECT * FROM read_texts")

    # -- runs ---------------------------------------------------------------------------------------------------

    def begin_run(self) -> int:
        """Note that a run began and return its number; runs that are still marked as running have died."""
        with self.transaction():
            self.connection.execute("UPDATE runs SET status = 'died' WHERE status = 'running'")
            row = self.first("SELECT coalesce(max(run), 0) + 1 FROM runs")
            assert row is not None
            run = int(row[0])
            self.connection.execute("INSERT INTO runs VALUES (?, ?, NULL, 'running', '{}')", [run, _now()])
        return run

    def end_run(self, run: int, status: str, record: dict[str, Any]) -> None:
        """Note how a run ended."""
        with self.transaction():
            self.connection.execute(
                "UPDATE runs SET ended = ?, status = ?, record = ? WHERE run = ?",
                [_now(), status, json.dumps(record, sort_keys=True), run],
            )

    def runs(self, last: int) -> list[dict[str, Any]]:
        """Return the newest runs, newest first: run, started and ended (UTC, ISO 8601), status, record."""
        rows = self.connection.execute(
            "SELECT run, started, ended, status, record FROM runs ORDER BY run DESC LIMIT ?", [last]
        ).fetchall()
        return [
            {
                "run": run,
                "started": started.isoformat(sep=" ", timespec="seconds"),
                "ended": ended.isoformat(sep=" ", timespec="seconds") if ended else None,
                "status": status,
                "record": json.loads(record),
            }
            for run, started, ended, status, record in rows
        ]

    def last_good_run(self, before: date | None = None) -> int:
        """Return the last run that ended with a report (begun before that UTC day, if one is given), or 0."""
        row = self.first(
            "SELECT coalesce(max(run), 0) FROM runs "
            "WHERE status IN ('done', 'gate failed') AND (? IS NULL OR started < ?::DATE)",
            [before, before],
        )
        return int(row[0]) if row else 0

    def count_rows_since(self, run: int) -> int:
        """Return how many rows of exports (replies in a column apart) were first read after `run`."""
        row = self.first("SELECT count(*) FROM feedback WHERE first_run > ? AND reply_to IS NULL", [run])
        return int(row[0]) if row else 0

    # -- erasing ------------------------------------------------------------------------------------------------

    def forget(self, ids: Sequence[str]) -> int:
        """Erase these records with their replies, and see to it that they are never read again.

        Return how many records were erased. `backup.erase_traces` rids the file of what they left.
        """
        with self.transaction():
            self.connection.execute(
                "INSERT OR IGNORE INTO forgotten SELECT DISTINCT md5(id) FROM (SELECT unnest(?) AS id)", [list(ids)]
            )
            return self._delete(
                "md5(id) IN (SELECT id_hash FROM forgotten) OR md5(reply_to) IN (SELECT id_hash FROM forgotten)"
            )

    def known_ids(self, ids: Sequence[str]) -> set[str]:
        """Return those of `ids` that the store has."""
        rows = self.connection.execute("SELECT id FROM feedback WHERE list_contains(?, id)", [list(ids)]).fetchall()
        return {str(row[0]) for row in rows}

    def count_unseen(self, run: int, unchanged_files: Sequence[str]) -> int:
        """Return how many records `run` has not seen, those of files that were not read again aside."""
        row = self.first(
            "SELECT count(*) FROM feedback WHERE last_run < ? AND NOT list_contains(?, file)",
            [run, list(unchanged_files)],
        )
        return int(row[0]) if row else 0

    def count_records_before(self, run: int) -> int:
        """Return how many records of earlier runs there are."""
        row = self.first("SELECT count(*) FROM feedback WHERE first_run < ?", [run])
        return int(row[0]) if row else 0

    def delete_unseen(self, run: int, unchanged_files: Sequence[str]) -> int:
        """Delete the records that `count_unseen` counts, and return how many; no deletion is due any more."""
        with self.transaction():
            self.connection.execute("DELETE FROM meta WHERE key = ?", [DELETION_DUE])
            return self._delete("last_run < ? AND NOT list_contains(?, file)", [run, list(unchanged_files)])

    def delete_older(self, before: datetime) -> int:
        """Delete records dated before `before` and return how many; records without a date stay."""
        with self.transaction():
            return self._delete("date < ?", [before])

    def _delete(self, condition: str, values: Sequence[Any] = ()) -> int:
        row = self.first(f"DELETE FROM feedback WHERE {condition}", list(values))  # noqa: S608
        count = int(row[0]) if row else 0
        if count:
            self.connection.execute(DELETE_UNUSED_PREDICTIONS)
            self.connection.execute("DELETE FROM meta WHERE key = 'summary'")  # it may quote what was deleted
            self.set_meta("traces", "yes")
        return count


def unusable(path: Path, error: duckdb.Error) -> StoreError:
    """Say what DuckDB found; only the kinds that speak of files are quoted, since others may quote values.

    Damage is a `BrokenStoreError`; what the system refuses (no permission, too many open files) is none.
    """
    told = str(error).splitlines()[0]
    # without names and values: a folder may be called "lock"
    message = re.sub(r"\"[^\"]*\"|'[^']*'", "", told.replace(str(path), "")).lower()
    if any(phrase in message for phrase in ("no space left", "disk quota", "file too large")):
        return StoreError(f"{path}: the disk is full; free some space and run again (nothing is lost)")
    if isinstance(error, duckdb.OutOfMemoryException):
        return StoreError(f"{path}: out of memory; raise [store] memory_limit and run again (nothing is lost)")
    about_files = isinstance(error, duckdb.IOException | duckdb.TransactionException)
    if about_files and "could not set lock" in message:
        return OpenElsewhereError(f"{path}: another program has the file open; close it")
    refusal = next((phrase for phrase in _REFUSALS if phrase in message), "")
    if about_files and refusal:
        file = next((name for name in re.findall(r'"([^"]*)"', told) if name.startswith(str(path))), str(path))
        return StoreError(f"{file}: cannot be used: {refusal}; mend that and run again (nothing is lost)")
    if isinstance(
        error, duckdb.IOException | duckdb.InternalException | duckdb.FatalException | duckdb.SerializationException
    ) or ("corrupt" in message or "checksum" in message):
        return BrokenStoreError(f"{path}: cut short or damaged ({type(error).__name__})")
    return StoreError(f"{path}: cannot be used ({type(error).__name__})")


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
