"""A tiny taxonomy, store and sheet for the tests of labelling."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from cxnlp.labelling.layout import Sheet
from cxnlp.labelling.workbook import FIRST_ROW, KEY_ROW, LABEL_SHEET
from cxnlp.records import text_hash
from cxnlp.schema import TABLES
from cxnlp.taxonomy import Taxonomy, parse_taxonomy

TOML = """
name = "small"
version = 3
[[tasks]]
name = "mood"
title = "Mood"
kind = "single"
none = "calm"
labels = [
  {name = "calm", title = "Calm"},
  {name = "glad", title = "Glad", definition = "pleased"},
  {name = "cross", title = "Cross"},
]
[[tasks]]
name = "effort"
kind = "ordinal"
none = "unstated"
labels = [{name = "unstated"}, {name = "low"}, {name = "high"}]
[[tasks]]
name = "causes"
title = "Causes"
kind = "multi"
exclusive = [["waiting", "speed"]]
labels = [
  {name = "waiting", title = "Waiting", definition = "queues and slow answers"},
  {name = "price", title = "Price"},
  {name = "speed", title = "Speed"},
]
"""


def taxonomy() -> Taxonomy:
    return parse_taxonomy(TOML)


def frame(texts: list[str], **columns: object) -> pd.DataFrame:
    rows = pd.DataFrame({"id": [f"r{number}" for number in range(len(texts))], "text": texts})
    defaults: dict[str, object] = {
        "language": "en",
        "author": "customer",
        "touchpoint": "buy",
        "drawn": "random",
        "same_text": "",
    }
    return rows.assign(**(defaults | columns))


def sheet(texts: list[str], **columns: object) -> Sheet:
    known = taxonomy()
    return Sheet(frame(texts, **columns), known, known.tasks, facts={"seed": "0"})


class Filler:
    """Fills a written workbook in as a person would, by the names of its columns."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.book = load_workbook(path)
        self.page: Worksheet = self.book[LABEL_SHEET]
        self.columns = {cell.value: cell.column for cell in self.page[KEY_ROW] if cell.value}

    def set(self, row: int, **cells: str) -> None:
        for name, value in cells.items():
            self.page.cell(row=FIRST_ROW + row, column=self.columns[name.replace("__", "/")], value=value)

    def save(self, path: Path | None = None) -> Path:
        self.book.save(path or self.path)
        return path or self.path


def store(rows: list[dict[str, object]], model: str = "m@1") -> duckdb.DuckDBPyConnection:
    """Return an in-memory store; each row has `id`, `text`, and optionally the columns used below."""
    connection = duckdb.connect()
    fill(connection, rows, model)
    return connection


def fill(connection: duckdb.DuckDBPyConnection, rows: list[dict[str, object]], model: str = "m@1") -> None:
    for table in TABLES:
        connection.execute(table)
    connection.execute("BEGIN")
    seen = set()
    for row in rows:
        text = row["text"]
        digest = text_hash(str(text)) if text is not None else None
        connection.execute(
            """
            INSERT INTO feedback (id, author, text, text_hash, touchpoint, touchpoint_source, language, language_source,
                segments, file, line, row_hash, first_run, changed_run, last_run)
            VALUES (?, ?, ?, ?, ?, 'column', ?, 'column', '{}', 'f', 1, 'h', 1, 1, 1)
            """,
            [
                row["id"],
                row.get("author", "customer"),
                text,
                digest,
                row.get("touchpoint", "buy"),
                row.get("language", "en"),
            ],
        )
        key = (digest, row.get("author", "customer"))
        if text is None or row.get("unread") or key in seen:
            continue
        seen.add(key)
        vector = np.asarray(row.get("vector", [1.0, 0.0]), dtype=float)
        connection.execute(
            "INSERT INTO predictions VALUES (?, ?, ?, [], 'unstated', 'neither', ?, [], ?, ?, false, 1, ?)",
            [
                digest,
                row.get("author", "customer"),
                model,
                row.get("causes", []),
                json.dumps({"mood": [row.get("mood", "calm")]}),
                {"mood": row.get("confidence", 0.9), "causes": row.get("confidence", 0.9)},
                (vector / np.linalg.norm(vector) * 127).astype(np.int8).tobytes(),
            ],
        )
    connection.execute("COMMIT")
