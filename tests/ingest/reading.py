"""Reading small exports in tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from cxnlp.config import ColumnsConfig, ExportConfig
from cxnlp.ingest import read_export
from cxnlp.journey import Journey, default_journey
from cxnlp.records import RejectedRow


@dataclass
class Read:
    """A whole file, all batches together."""

    records: pd.DataFrame
    rejected: list[RejectedRow]
    rows: int
    batches: int

    @property
    def comments(self) -> pd.DataFrame:
        """Records without the replies that come from a column."""
        return self.records[~self.records["line"].duplicated()].reset_index(drop=True)

    def column(self, name: str) -> list[Any]:
        """Values of all comments, None where missing."""
        return [None if pd.isna(value) else value for value in self.comments[name]]


def config(*columns: str, mapping: dict[str, str] | None = None, **settings: Any) -> ExportConfig:
    """An [export] section that maps `columns` to themselves; language detection is off unless asked for."""
    settings.setdefault("language", "" if "language" in columns else "en")
    return ExportConfig(
        path="x", columns=ColumnsConfig(**{name: name for name in columns} | (mapping or {})), **settings
    )


def read(
    path: Path,
    export: ExportConfig | None = None,
    journey: Journey | None = None,
    batch_rows: int = 20_000,
    today: date | None = None,
) -> Read:
    """Read a file to its end and check what must hold of any export: no row is lost or doubled."""
    batches = list(
        read_export(path, export or config(), journey or default_journey(), batch_rows=batch_rows, today=today)
    )
    records = pd.concat([batch.records for batch in batches], ignore_index=True)
    rejected = [row for batch in batches for row in batch.rejected]
    found = Read(records, rejected, sum(batch.rows for batch in batches), len(batches))
    assert len(found.comments) + len(rejected) == found.rows
    assert records["id"].is_unique
    assert not records["id"].isna().any()
    assert set(records["author"]) <= {"customer", "company"}
    assert not (records["text"].isna() & records["stars"].isna()).any()
    accepted, set_aside = set(records["line"]), [row.line for row in rejected]
    assert len(set(set_aside)) == len(set_aside)
    assert not accepted & set(set_aside)
    return found
