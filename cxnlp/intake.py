"""One export file on its way into the store: its batches are staged, then merged in one transaction, or not at all.

Set against set: the cost of a row does not depend on how many the store holds, and a process that dies half way
through a file leaves the store as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol

import duckdb
import pandas as pd

from cxnlp.records import RECORD_COLUMNS, RejectedRow

#: What an edited row differs in.
CONTENT_COLUMNS = (*(name for name in RECORD_COLUMNS if name not in ("id", "file", "line")), "text_hash", "reply_to")
_CONTENT = ", ".join(CONTENT_COLUMNS)

DELETE_UNUSED_PREDICTIONS = """
DELETE FROM predictions WHERE NOT EXISTS (
    SELECT 1 FROM feedback
    WHERE feedback.text_hash = predictions.text_hash AND feedback.author = predictions.author)
"""


@dataclass(frozen=True, slots=True)
class Changes:
    """How many records a file brought: new, edited, as they were, and outdone by those of a later file."""

    new: int = 0
    edited: int = 0
    unchanged: int = 0
    outdone: int = 0

    def __add__(self, other: Changes) -> Changes:
        """Add counts."""
        return Changes(
            self.new + other.new,
            self.edited + other.edited,
            self.unchanged + other.unchanged,
            self.outdone + other.outdone,
        )


class OpenStore(Protocol):
    """What the intake needs of a store."""

    connection: duckdb.DuckDBPyConnection

    def transaction(self) -> AbstractContextManager[None]:
        """Commit at the end of the block, or undo it."""


@contextmanager
def registered(connection: duckdb.DuckDBPyConnection, name: str, table: object) -> Iterator[None]:
    """Let SQL see a frame or an Arrow table under `name` while the block runs."""
    connection.register(name, table)
    try:
        yield
    finally:
        connection.unregister(name)


class Intake:
    """Takes in one export file, called `file`, for `run`.

    Where the same id stands in several files, the last of them by name wins: `later_files` are those that come after
    this one, and what the store has from them is not overwritten.
    """

    def __init__(self, store: OpenStore, file: str, run: int, later_files: Sequence[str] = ()) -> None:
        self._store = store
        self._connection = store.connection
        self._file, self._run, self._later = file, run, list(later_files)
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE staged AS SELECT id, {_CONTENT}, line, row_hash FROM feedback LIMIT 0"  # noqa: S608  (our own column names)
        )

    def add(self, records: pd.DataFrame) -> None:
        """Stage a batch: columns `RECORD_COLUMNS`, `text_hash` and `reply_to`. Forgotten ids are left out."""
        if records.empty:
            return
        with registered(self._connection, "incoming", records):
            self._connection.execute(
                f"""
                INSERT INTO staged
                SELECT id, {_CONTENT}, line, md5(to_json(({_CONTENT}))::VARCHAR)
                FROM (SELECT id, {_CONTENT}, line FROM incoming)
                WHERE md5(id) NOT IN (SELECT id_hash FROM forgotten)
                  AND (reply_to IS NULL OR md5(reply_to) NOT IN (SELECT id_hash FROM forgotten))
                """  # noqa: S608
            )

    def merge(self, fingerprint: str, rows: int, rejected: Sequence[RejectedRow]) -> Changes:
        """Bring the store to what the file says, and note that it was read to its end: all of it, or nothing.

        The same file twice changes nothing but which run saw its rows last. Rows that the file no longer has stay.
        """
        connection, run = self._connection, self._run
        with self._store.transaction():
            connection.execute(
                "DELETE FROM staged WHERE id IN (SELECT id FROM staged GROUP BY id HAVING count(*) > 1) "
                "AND (id, line) NOT IN (SELECT (id, max(line)) FROM staged GROUP BY id)"
            )
            connection.execute(
                """
                CREATE OR REPLACE TEMP TABLE verdicts AS
                SELECT staged.id, stored.first_run,
                       CASE WHEN stored.id IS NULL THEN 'new'
                            WHEN stored.row_hash = staged.row_hash THEN 'unchanged'
                            WHEN list_contains(?, stored.file) THEN 'outdone'
                            ELSE 'edited' END AS verdict
                FROM staged LEFT JOIN (SELECT id, row_hash, file, first_run FROM feedback) AS stored USING (id)
                """,
                [self._later],
            )
            counted = dict(connection.execute("SELECT verdict, count(*) FROM verdicts GROUP BY verdict").fetchall())
            changes = Changes(**{str(name): int(count) for name, count in counted.items()})
            if changes.edited:
                connection.execute(
                    "DELETE FROM feedback WHERE id IN (SELECT id FROM verdicts WHERE verdict = 'edited')"
                )
            if changes.unchanged or changes.outdone:
                self._mark_seen()
            if changes.new or changes.edited:
                connection.execute(
                    f"""
                    INSERT INTO feedback (id, {_CONTENT}, file, line, row_hash, first_run, changed_run, last_run)
                    SELECT id, {_CONTENT}, ?, line, row_hash, coalesce(first_run, {run}), {run}, {run}
                    FROM staged JOIN verdicts USING (id) WHERE verdict IN ('new', 'edited')
                    """,  # noqa: S608
                    [self._file],
                )
            if changes.edited:
                connection.execute(DELETE_UNUSED_PREDICTIONS)
            self._note_file(fingerprint, rows, rejected)
        self.discard()
        return changes

    def discard(self) -> None:
        """Let go of what is staged."""
        for table in ("staged", "verdicts"):
            self._connection.execute(f"DROP TABLE IF EXISTS temp.{table}")

    def _mark_seen(self) -> None:
        connection, run = self._connection, self._run
        connection.execute(
            f"UPDATE feedback SET last_run = {run} FROM verdicts "  # noqa: S608  (a number)
            f"WHERE feedback.id = verdicts.id AND verdict IN ('unchanged', 'outdone')"
        )
        connection.execute(
            """
            UPDATE feedback SET file = ?, line = staged.line FROM staged, verdicts
            WHERE feedback.id = staged.id AND verdicts.id = staged.id AND verdict = 'unchanged'
              AND NOT list_contains(?, feedback.file) AND (feedback.file <> ? OR feedback.line <> staged.line)
            """,
            [self._file, self._later, self._file],
        )

    def _note_file(self, fingerprint: str, rows: int, rejected: Sequence[RejectedRow]) -> None:
        connection, path = self._connection, self._file
        connection.execute("DELETE FROM rejected WHERE path = ?", [path])
        if rejected:
            frame = pd.DataFrame(
                [(path, r.file, r.line, r.column, r.reason, r.found, r.expected) for r in rejected],
                columns=["path", "file", "line", "column", "reason", "found", "expected"],
            )
            with registered(connection, "rejected_frame", frame):
                connection.execute("INSERT INTO rejected SELECT * FROM rejected_frame")
        connection.execute(
            "INSERT OR REPLACE INTO export_files VALUES (?, ?, ?, ?, ?)",
            [path, fingerprint, rows, len(rejected), self._run],
        )
