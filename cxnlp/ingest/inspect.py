"""`cxnlp inspect`: what an export holds, the mapping it suggests, and what reading it so would set aside.

Nothing here carries a customer's words: texts are counted and measured, ids and categories cut and escaped.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cxnlp.config import ColumnsConfig, ExportConfig
from cxnlp.errors import ExportError
from cxnlp.ingest import propose as proposing
from cxnlp.ingest.export import RawExport, open_export, read_export
from cxnlp.ingest.profile import ColumnProfile, profile
from cxnlp.ingest.propose import Proposal
from cxnlp.ingest.raw import show
from cxnlp.ingest.sources import modified_on
from cxnlp.ingest.touchpoints import TouchpointReader, is_free_text
from cxnlp.ingest.values import plain
from cxnlp.journey import Journey

_FIRST_LINES = 3
_MAX_TOUCHPOINTS = 50


@dataclass(frozen=True, slots=True)
class RejectedGroup:
    """Rows that would be set aside for one reason."""

    column: str
    reason: str
    expected: str
    rows: int
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Trial:
    """What reading the export with a mapping gives; counts are of rows, `languages` and `authors` of records."""

    rows: int
    accepted: int
    replies: int
    without_text: int
    without_stars: int
    languages: dict[str, int]
    touchpoints: dict[str, int]
    touchpoint_sources: dict[str, int]
    rejected: tuple[RejectedGroup, ...]


@dataclass(frozen=True, slots=True)
class Inspection:
    """All that `inspect` says of one file. `trial` is None, and `problem` says why, when it cannot be read."""

    path: Path
    raw: RawExport
    rows: int
    columns: dict[str, ColumnProfile]
    export: ExportConfig
    proposed: bool
    proposal: Proposal
    date_forms: dict[str, int]
    touchpoint_values: dict[str, tuple[int, str | None]]
    trial: Trial | None
    problem: str


def inspect_export(
    path: Path, journey: Journey, configured: ExportConfig | None = None, today: date | None = None
) -> Inspection:
    """Look through one file; with `configured` its mapping is tried, else the proposed one, as a run of
    `today` would read it.

    Raise `ExportError` when the file cannot be opened as any format.
    """
    raw = open_export(path, configured or ExportConfig(path=str(path)))
    columns, rows = profile(raw.chunks(20_000), raw.header)
    reader = TouchpointReader(journey, None)
    proposal = proposing.propose(columns, rows, reader)
    problem = "" if configured else _missing(proposal)
    export = configured or _as_config(path, proposal)
    trial = None
    if not problem:
        try:
            trial = _try(path, export, journey, today)
        except ExportError as error:
            problem = str(error)
    touchpoint_column = columns.get(export.columns.touchpoint or "")
    touchpoint_values: dict[str, tuple[int, str | None]] = {}
    if touchpoint_column and len(touchpoint_column.values) <= _MAX_TOUCHPOINTS:
        named = {value: (count, reader.by_name(value)) for value, count in touchpoint_column.values.most_common()}
        unknown = {value: count for value, (count, name) in named.items() if name is None}
        if not is_free_text(unknown, sum(count for count, name in named.values() if name)):
            touchpoint_values = {show(value): found for value, found in named.items()}
    date_column = columns.get(export.columns.date or "")
    forms = Counter(_form(plain(value)) for value in date_column.sample) if date_column else Counter[str]()
    return Inspection(
        *(path, raw, rows, columns, export, configured is None, proposal),
        *(dict(forms.most_common(6)), touchpoint_values, trial, problem),
    )


def propose_export(path: Path, journey: Journey) -> ExportConfig:
    """Return how `inspect` would have one file read; raise `ExportError` when no column looks like id or text."""
    raw = open_export(path, ExportConfig(path=str(path)))
    proposal = proposing.propose(*profile(raw.chunks(20_000), raw.header), TouchpointReader(journey, None))
    problem = _missing(proposal)
    if problem:
        raise ExportError(f"{path}: {problem}; name the columns in a configuration (`cxnlp inspect`, --config)")
    return _as_config(path, proposal)


def _missing(proposal: Proposal) -> str:
    missing = [name for name in ("id", "text") if name not in proposal.columns]
    return f"no column looks like {' or '.join(f'`{name}`' for name in missing)}" if missing else ""


def _as_config(path: Path, proposal: Proposal) -> ExportConfig:
    return ExportConfig(
        path=str(path),
        columns=ColumnsConfig(**proposal.columns),
        scale=proposal.scale,
        day_first=proposal.day_first is not False,
        reference_date=modified_on(path) if proposal.relative_dates else None,
    )


def _form(value: str) -> str:
    """Return the shape of a date: digits as 9, letters as x."""
    return re.sub(r"[^\W\d_]+", "x", re.sub(r"\d", "9", value[:40]))


def _try(path: Path, export: ExportConfig, journey: Journey, today: date | None) -> Trial:
    rows = accepted = replies = without_text = without_stars = 0
    languages: Counter[str] = Counter()
    touchpoints: Counter[str] = Counter()
    sources: Counter[str] = Counter()
    groups: dict[tuple[str, str, str], list[int]] = {}
    for batch in read_export(path, export, journey, today=today):
        records = batch.records
        comments = records[~records["line"].duplicated()]
        rows += batch.rows
        accepted += len(comments)
        replies += len(records) - len(comments)
        without_text += int(comments["text"].isna().sum())
        without_stars += int(comments["stars"].isna().sum())
        languages.update(comments["language"].fillna("not determined").tolist())
        touchpoints.update(comments["touchpoint"].dropna().tolist())
        sources.update(comments["touchpoint_source"].tolist())
        for row in batch.rejected:
            reason = re.sub(r"\d+$", "…", row.reason)
            groups.setdefault((row.column, reason, row.expected), []).append(row.line)
    rejected = tuple(
        RejectedGroup(*key, len(lines), tuple(lines[:_FIRST_LINES]))
        for key, lines in sorted(groups.items(), key=lambda item: -len(item[1]))
    )
    return Trial(
        *(rows, accepted, replies, without_text, without_stars),
        *(dict(languages.most_common()), dict(touchpoints.most_common()), dict(sources.most_common()), rejected),
    )
