"""The DuckDB file: feedback, predictions, runs.

State is per row, text and model. Every method leaves the file consistent: a change is one transaction, so a process
that dies in the middle of one leaves the state before it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb
import pandas as pd
from filelock import FileLock, Timeout

from cxnlp.errors import StoreError, StoreLockedError
from cxnlp.records import RECORD_COLUMNS, RejectedRow
from cxnlp.schema import SCHEMA_VERSION, TABLES

_CONTENT_COLUMNS = tuple(name for name in RECORD_COLUMNS if name not in ("id", "file", "line"))


@dataclass(frozen=True, slots=True)
class Changes:
    """How many records a batch brought: new, edited, and as they were."""

    new: int = 0
    edited: int = 0
    unchanged: int = 0

    def __add__(self, other: Changes) -> Changes:
        """Add counts."""
        return Changes(self.new + other.new, self.edited + other.edited, self.unchanged + other.unchanged)


@dataclass(frozen=True, slots=True)
class PendingText:
    """A text that the model has not read yet, as that author's words."""

    text_hash: str
    author: str
    text: str


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


@contextmanager
def hold(path: Path) -> Iterator[None]:
    """Hold the store for this process; raise `StoreLockedError`, naming holder and time, when another does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(f"{path}.lock", mode=0o600)
    holder = Path(f"{path}.holder.json")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise StoreLockedError(f"{path}: {_describe_holder(holder)}") from error
    try:
        holder.write_text(json.dumps({"pid": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds")}))
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _describe_holder(holder: Path) -> str:
    try:
        entry = json.loads(holder.read_text(encoding="utf-8"))
        return f"held by process {entry['pid']} since {entry['since']}; try again when it has ended"
    except (OSError, ValueError, KeyError):
        return "held by another run; try again when it has ended"


class Store:
    """An open store; use as a context manager. Open it only while `hold` is in force."""

    def __init__(self, path: Path, *, memory_limit: str = "1GB") -> None:
        """Open or create the store at `path`, readable by its owner alone.

        Raise `StoreError` when it is no store, is broken, or was written by a newer cxnlp.
        """
        self.path = path
        is_new = not path.exists()
        try:
            self.connection = duckdb.connect(str(path), config={"memory_limit": memory_limit, "threads": 2})
            if is_new:
                path.chmod(0o600)
            self._migrate()
        except duckdb.Error as error:
            first_line = str(error).splitlines()[0]
            raise StoreError(f"{path}: cannot be opened as a store: {first_line}") from error

    def __enter__(self) -> Store:
        """Return the store itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the file."""
        self.connection.close()

    def _migrate(self) -> None:
        tables = {row[0] for row in self.connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        if tables and "meta" not in tables:
            raise StoreError(f"{self.path}: a DuckDB file, but not a cxnlp store (it has no table `meta`)")
        with self._transaction():
            for table in TABLES:
                self.connection.execute(table)
            found = self.meta("schema_version")
            if found is None:
                self.set_meta("schema_version", str(SCHEMA_VERSION))
            elif int(found) > SCHEMA_VERSION:
                raise StoreError(
                    f"{self.path}: written by a newer cxnlp (store version {found}; this one knows {SCHEMA_VERSION}); "
                    f"upgrade cxnlp"
                )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self.connection.execute("BEGIN")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def meta(self, key: str) -> str | None:
        """Return what is noted under `key`, or None."""
        row = self.connection.execute("SELECT value FROM meta WHERE key = ?", [key]).fetchone()
        return None if row is None else str(row[0])

    def set_meta(self, key: str, value: str) -> None:
        """Note `value` under `key`."""
        self.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", [key, value])

    # -- export files -------------------------------------------------------------------------------------------

    def read_by(self, path: str) -> tuple[str, int, int] | None:
        """Return fingerprint, rows and rejected rows of an export file that was read to its end, or None."""
        query = "SELECT fingerprint, rows, rejected FROM export_files WHERE path = ?"
        return self.connection.execute(query, [path]).fetchone()

    def add_records(self, records: pd.DataFrame, run: int) -> Changes:
        """Add a batch of records (columns `RECORD_COLUMNS` plus `text_hash` and `reply_to`); later rows win.

        The same batch twice changes nothing but `last_run`.
        """
        if records.empty:
            return Changes()
        content = ", ".join((*_CONTENT_COLUMNS, "text_hash", "reply_to"))
        self.connection.register("incoming_frame", records)
        try:
            with self._transaction():
                self.connection.execute(
                    f"""
                    CREATE OR REPLACE TEMP TABLE incoming AS
                    SELECT id, {content}, file, line, md5(to_json(({content}))::VARCHAR) AS row_hash
                    FROM incoming_frame
                    QUALIFY row_number() OVER (PARTITION BY id ORDER BY line DESC) = 1
                    """  # noqa: S608  (column names are our own constants)
                )
                counted = self.connection.execute(
                    """
                    SELECT count(*) FILTER (stored.id IS NULL),
                           count(*) FILTER (stored.row_hash <> incoming.row_hash),
                           count(*) FILTER (stored.row_hash = incoming.row_hash)
                    FROM incoming LEFT JOIN feedback AS stored USING (id)
                    """
                ).fetchone()
                self.connection.execute(
                    f"""
                    UPDATE feedback SET last_run = {run} FROM incoming
                    WHERE feedback.id = incoming.id AND feedback.row_hash = incoming.row_hash
                    """  # noqa: S608
                )
                self.connection.execute(
                    f"""
                    INSERT INTO feedback (id, {content}, file, line, row_hash, first_run, changed_run, last_run)
                    SELECT incoming.id, {", ".join("incoming." + c.strip() for c in content.split(","))},
                           incoming.file, incoming.line, incoming.row_hash, {run}, {run}, {run}
                    FROM incoming LEFT JOIN feedback AS stored USING (id)
                    WHERE stored.id IS NULL OR stored.row_hash <> incoming.row_hash
                    ON CONFLICT (id) DO UPDATE SET
                        {", ".join(f"{c.strip()} = excluded.{c.strip()}" for c in content.split(","))},
                        file = excluded.file, line = excluded.line, row_hash = excluded.row_hash,
                        changed_run = excluded.changed_run, last_run = excluded.last_run
                    """  # noqa: S608
                )
                self.connection.execute("DROP TABLE incoming")
        finally:
            self.connection.unregister("incoming_frame")
        assert counted is not None
        return Changes(*(int(number) for number in counted))

    def finish_file(self, path: str, fingerprint: str, rows: int, rejected: Sequence[RejectedRow], run: int) -> None:
        """Note that an export file was read to its end, with the rows of it that were set aside."""
        frame = pd.DataFrame(
            [(path, r.file, r.line, r.column, r.reason, r.found, r.expected) for r in rejected],
            columns=["path", "file", "line", "column", "reason", "found", "expected"],
        )
        with self._transaction():
            self.connection.execute("DELETE FROM rejected WHERE path = ?", [path])
            if len(frame):
                self.connection.register("rejected_frame", frame)
                self.connection.execute("INSERT INTO rejected SELECT * FROM rejected_frame")
                self.connection.unregister("rejected_frame")
            self.connection.execute(
                "INSERT OR REPLACE INTO export_files VALUES (?, ?, ?, ?, ?)",
                [path, fingerprint, rows, len(rejected), run],
            )

    def rejected_rows(self) -> pd.DataFrame:
        """Return all rows set aside: file, line, column, reason, found, expected."""
        return self.connection.execute(
            'SELECT file, line, "column", reason, found, expected FROM rejected ORDER BY file, line'
        ).df()

    def touch_file(self, path: str, run: int) -> None:
        """Note that the rows of an export file that did not change were seen again."""
        self.connection.execute("UPDATE export_files SET run = ? WHERE path = ?", [run, path])

    # -- predictions --------------------------------------------------------------------------------------------

    def count_pending(self, model: str) -> int:
        """Return how many distinct texts `model` has not read yet."""
        row = self.connection.execute(f"SELECT count(*) FROM ({_PENDING})", [model]).fetchone()  # noqa: S608
        return int(row[0]) if row else 0

    def pending(self, model: str, limit: int) -> list[PendingText]:
        """Return up to `limit` distinct texts that `model` has not read yet, those of the newest rows first."""
        rows = self.connection.execute(f"{_PENDING} ORDER BY newest DESC, text_hash LIMIT {limit}", [model]).fetchall()
        return [PendingText(row[0], row[1], row[2]) for row in rows]

    def add_predictions(self, predictions: Sequence[StoredPrediction], model: str) -> None:
        """Add predictions of `model`; one that is there already is replaced."""
        rows = [
            (
                p.text_hash,
                p.author,
                model,
                p.emotions,
                p.effort,
                p.stance,
                p.causes,
                p.strengths,
                p.other,
                p.confidence,
                p.unsure,
                p.windows,
                p.embedding,
            )
            for p in predictions
        ]
        with self._transaction():
            self.connection.executemany(
                f"INSERT OR REPLACE INTO predictions VALUES ({', '.join('?' * 13)})",  # noqa: S608
                rows,
            )

    # -- runs ---------------------------------------------------------------------------------------------------

    def begin_run(self) -> int:
        """Note that a run began and return its number."""
        row = self.connection.execute("SELECT coalesce(max(run), 0) + 1 FROM runs").fetchone()
        assert row is not None
        run = int(row[0])
        self.connection.execute(
            "INSERT INTO runs VALUES (?, ?, NULL, 'running', '{}')", [run, datetime.now(UTC).replace(tzinfo=None)]
        )
        return run

    def end_run(self, run: int, status: str, record: dict[str, Any]) -> None:
        """Note how a run ended."""
        self.connection.execute(
            "UPDATE runs SET ended = ?, status = ?, record = ? WHERE run = ?",
            [datetime.now(UTC).replace(tzinfo=None), status, json.dumps(record, sort_keys=True), run],
        )

    def forget(self, ids: Sequence[str]) -> int:
        """Erase records (with their replies) and the predictions no other record needs; return how many records."""
        with self._transaction():
            deleted = self.connection.execute(
                "DELETE FROM feedback WHERE list_contains(?, id) OR list_contains(?, reply_to) RETURNING id",
                [list(ids), list(ids)],
            ).fetchall()
            self.connection.execute(
                "DELETE FROM predictions WHERE NOT EXISTS ("
                "SELECT 1 FROM feedback WHERE feedback.text_hash = predictions.text_hash)"
            )
        self.connection.execute("CHECKPOINT")
        return len(deleted)


_PENDING = """
    SELECT text_hash, author, any_value(text) AS text, max(changed_run) AS newest
    FROM feedback
    WHERE text_hash IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM predictions
        WHERE predictions.text_hash = feedback.text_hash
          AND predictions.author = feedback.author AND predictions.model = ?)
    GROUP BY text_hash, author
"""
