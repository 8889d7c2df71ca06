"""The file of rows that were set aside, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from pathlib import Path

from cxnlp.records import RejectedRow
from cxnlp.spreadsheet import safe_cell

COLUMNS = ("file", "line", "column", "reason", "found", "expected")


def write_rejected(rows: Iterable[RejectedRow], path: Path) -> None:
    """Write rows set aside as CSV (UTF-8 with a mark for Excel), readable by the owner alone, whole or not at all."""
    partial = path.with_name(f"{path.name}.partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8-sig", errors="replace", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        for row in rows:
            texts = (row.column, row.reason, row.found, row.expected)
            writer.writerow([safe_cell(row.file), row.line, *(safe_cell(text) for text in texts)])
    partial.replace(path)
