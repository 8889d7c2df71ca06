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
    read_before: bool


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

    def __init__(self, path: Path, *, memory_limit: str = "1GB", must_exist: bool = False) -> None:
        """Open or create the store at `path`, readable by its owner alone.

        Raise `StoreError` when it is no store, is broken, was written by a newer cxnlp, or must exist and does not.
        """
        self.path = path
        is_new = not path.exists()
        if is_new and must_exist:
            raise StoreError(f"{path}: there is no store yet; `cxnlp run` makes it")
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
                    WHERE md5(coalesce(reply_to, id)) NOT IN (SELECT id_hash FROM forgotten)
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

    def rejected_rows(self) -> list[RejectedRow]:
        """Return all rows set aside, by file and line."""
        rows = self.connection.execute(
            'SELECT file, line, "column", reason, found, expected FROM rejected ORDER BY file, line'
        ).fetchall()
        return [RejectedRow(*row) for row in rows]

    def count_rejected(self) -> dict[str, int]:
        """Return how many rows are set aside, by reason."""
        rows = self.connection.execute(
            "SELECT reason, count(*) FROM rejected GROUP BY reason ORDER BY reason"
        ).fetchall()
        return {str(reason): int(count) for reason, count in rows}

    def state_mark(self, model: str) -> str:
        """Return a mark of everything a summary is made from: it changes when a record or a prediction does."""
        row = self.connection.execute(
            """
            SELECT (SELECT count(*) || '-' || coalesce(bit_xor(hash(id, row_hash)), 0) FROM feedback)
                || '-' || (SELECT count(*) || '-' || coalesce(bit_xor(hash(text_hash, author)), 0)
                           FROM predictions WHERE model = ?)
                || '-' || (SELECT count(*) FROM rejected)
            """,
            [model],
        ).fetchone()
        assert row is not None
        return str(row[0])

    def file_marks(self) -> dict[str, str]:
        """Return export file → fingerprint, of the files that were read to their end."""
        return dict(self.connection.execute("SELECT path, fingerprint FROM export_files").fetchall())

    def forget_files(self, present: Sequence[str]) -> None:
        """Drop what is noted of export files that are no longer there, and of their rows set aside."""
        with self._transaction():
            for table in ("export_files", "rejected"):
                self.connection.execute(f"DELETE FROM {table} WHERE NOT list_contains(?, path)", [list(present)])  # noqa: S608

    # -- predictions --------------------------------------------------------------------------------------------

    def count_texts(self) -> int:
        """Return how many distinct texts there are, a customer's and a company's counted apart."""
        row = self.connection.execute(
            "SELECT count(*) FROM (SELECT DISTINCT text_hash, author FROM feedback WHERE text_hash IS NOT NULL)"
        ).fetchone()
        return int(row[0]) if row else 0

    def note_model(self, version: str, folder: Path) -> None:
        """Note which model the report is made with, and where it lies."""
        self.set_meta("model", json.dumps([version, str(folder)]))

    def noted_model(self) -> tuple[str, Path]:
        """Return version and folder of the model the report is made with; raise `StoreError` before the first run."""
        noted = self.meta("model")
        if noted is None:
            raise StoreError(f"{self.path}: nothing was classified yet; `cxnlp run` does")
        model_version, folder = json.loads(noted)
        return str(model_version), Path(folder)

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

    def count_pending(self, model: str) -> int:
        """Return how many distinct texts `model` has not read yet."""
        row = self.connection.execute(f"SELECT count(*) FROM ({_PENDING})", [model]).fetchone()  # noqa: S608
        return int(row[0]) if row else 0

    def pending(self, model: str, limit: int) -> list[PendingText]:
        """Return up to `limit` distinct texts that `model` has not read yet.

        Texts that no model has read come first, then those of the newest rows.
        """
        rows = self.connection.execute(
            f"{_PENDING} ORDER BY read_before, newest DESC, text_hash, author LIMIT {limit}", [model]
        ).fetchall()
        return [PendingText(text_hash, author, text, read_before) for text_hash, author, text, read_before, _ in rows]

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

    # -- erasing ------------------------------------------------------------------------------------------------

    def forget(self, ids: Sequence[str]) -> int:
        """Erase these comments with their replies, and see to it that they are never read again.

        Return how many records were erased. Freed pages of the file are given back.
        """
        with self._transaction():
            self.connection.executemany("INSERT OR IGNORE INTO forgotten VALUES (md5(?))", [[name] for name in ids])
            erased = self._delete("md5(coalesce(reply_to, id)) IN (SELECT id_hash FROM forgotten)")
        self.connection.execute("CHECKPOINT")
        return erased

    def delete_missing(self, run: int, unchanged_files: Sequence[str]) -> int:
        """Delete records that `run` did not see, unless their file was not read again because it is unchanged."""
        with self._transaction():
            return self._delete("last_run < ? AND NOT list_contains(?, file)", [run, list(unchanged_files)])

    def delete_older(self, before: datetime) -> int:
        """Delete records dated before `before`; records without a date stay."""
        with self._transaction():
            return self._delete("date < ?", [before])

    def _delete(self, condition: str, values: Sequence[Any] = ()) -> int:
        deleted = self.connection.execute(f"DELETE FROM feedback WHERE {condition} RETURNING id", list(values))  # noqa: S608
        count = len(deleted.fetchall())
        if count:
            self.connection.execute(
                """
                DELETE FROM predictions WHERE NOT EXISTS (
                    SELECT 1 FROM feedback
                    WHERE feedback.text_hash = predictions.text_hash AND feedback.author = predictions.author)
                """
            )
        return count


_PENDING = """
    SELECT text_hash, author, min(text) AS text, bool_or(
            EXISTS (SELECT 1 FROM predictions AS earlier
                    WHERE earlier.text_hash = feedback.text_hash AND earlier.author = feedback.author)
        ) AS read_before, max(changed_run) AS newest
    FROM feedback
    WHERE text_hash IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM predictions
        WHERE predictions.text_hash = feedback.text_hash
          AND predictions.author = feedback.author AND predictions.model = ?)
    GROUP BY text_hash, author
"""
