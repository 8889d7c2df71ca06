"""An inspection as lines of plain text, with the proposed mapping as TOML to paste."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from cxnlp.ingest.inspect import Inspection
from cxnlp.ingest.profile import ColumnProfile
from cxnlp.ingest.raw import show
from cxnlp.ingest.sources import as_utf8

_MAX_COLUMNS = 60
_MAX_GROUPS = 20


def render(found: Inspection, export: Path | None = None) -> str:
    """Return all that an inspection found.

    `export` is the whole export (a file, folder or pattern) that the file is of; the file itself if not given. The
    mapping names it by its absolute path, which holds wherever the configuration lies.
    """
    return as_utf8("\n".join(_lines(found, export or found.path)) + "\n")


def _lines(found: Inspection, export: Path) -> Iterator[str]:
    raw = found.raw
    yield f"{found.path}"
    yield f"  format      {raw.format}" + (f", sheet {show(raw.sheet)}" if raw.sheet else "")
    if raw.encoding:
        damage = ", with bytes that are not of it" if raw.encoding.damaged and raw.encoding.name == "utf-8" else ""
        yield f"  encoding    {raw.encoding.name} (by {raw.encoding.origin}){damage}"
    if raw.dialect:
        yield f"  delimiter   {json.dumps(raw.dialect.delimiter)}"
    yield f"  rows        {found.rows:,}"
    yield ""
    yield "Columns"
    yield from _columns(found)
    yield ""
    yield from _proposal(found, export)
    if found.touchpoint_values:
        yield ""
        yield "Touchpoints"
        for value, (count, name) in found.touchpoint_values.items():
            yield f"  {value:<30} {count:>9,}  " + (
                f"→ {name}" if name else "not in the journey: name it under `values` of a touchpoint in journey.toml"
            )
    yield ""
    yield from _trial(found)


def _columns(found: Inspection) -> Iterator[str]:
    meaning = {column: name for name, column in found.export.columns.model_dump().items() if column}
    if found.proposed:
        meaning = {column: name for name, column in found.proposal.columns.items()}
    shown = list(found.columns.values())[:_MAX_COLUMNS]
    width = min(max((len(show(column.name)) for column in shown), default=0), 42)
    for column in shown:
        filled = _percent(column.filled, found.rows)
        what = meaning.get(column.name, "segment" if column.filled else "nothing in it")
        yield f"  {show(column.name):<{width}}  {filled:>7} filled  {_content(column):<44}  {what}"
    if len(found.columns) > _MAX_COLUMNS:
        yield f"  … and {len(found.columns) - _MAX_COLUMNS:,} more"


def _percent(part: int, whole: int) -> str:
    if not whole or part in (0, whole):
        return "100 %" if whole and part else "0 %"
    return f"{min(max(100 * part / whole, 0.1), 99.9):.1f} %"


def _content(column: ColumnProfile) -> str:
    if not column.filled:
        return "empty"
    distinct = "over 1,000 values" if column.many else f"{len(column.values):,} values"
    if column.kind in ("text", "nested"):
        return f"{column.kind}, {column.mean_length:,.0f} characters, at most {column.longest:,}"
    return f"{column.kind}, {distinct}, at most {column.longest:,} characters"


def _proposal(found: Inspection, whole: Path) -> Iterator[str]:
    export = found.export
    if not found.proposed:
        yield "Read with the columns of the configuration."
        return
    yield "Proposed for cxnlp.toml, in place of its two sections of these names"
    yield "  [export]"
    yield f"  path = {_toml(str(whole.absolute()))}"
    if "stars" in found.proposal.columns:
        low, high = export.scale
        yield f"  scale = [{low:g}, {high:g}]"
    if "date" in found.proposal.columns:
        known = "" if found.proposal.day_first is not None else "  # the dates do not tell: check it"
        yield f"  day_first = {str(export.day_first).lower()}{known}"
        forms = ", ".join(f"{form} ({count})" for form, count in found.date_forms.items())
        yield f"  # forms of dates in a sample: {forms}"
    if export.reference_date:
        yield f"  reference_date = {export.reference_date}  # the file's last change: set the day the export was made"
    yield from _one_language(found)
    yield "  [export.columns]"
    for name, column in found.proposal.columns.items():
        yield f"  {name} = {_toml(column)}"


def _one_language(found: Inspection) -> Iterator[str]:
    if found.trial and "language" not in found.proposal.columns and found.trial.languages:
        language, count = max(found.trial.languages.items(), key=lambda item: item[1])
        told = sum(rows for name, rows in found.trial.languages.items() if name != "not determined")
        if language != "not determined" and count >= 0.98 * told:
            yield f'  # language = "{language}"  # of {_percent(count, told)} of the texts; saves the time to detect it'


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _trial(found: Inspection) -> Iterator[str]:
    trial = found.trial
    if trial is None:
        yield f"Cannot be read so: {found.problem}"
        return
    yield "Read so"
    yield f"  accepted    {trial.accepted:,} of {trial.rows:,} rows, {trial.replies:,} with a reply"
    yield f"  of these    {trial.without_text:,} without text, {trial.without_stars:,} without stars"
    sources = trial.touchpoint_sources
    yield (
        f"  touchpoint  {sources.get('column', 0):,} from their column, {sources.get('rule', 0):,} by rule, "
        f"{sources.get('none', 0):,} without"
    )
    shown = ", ".join(f"{language} {count:,}" for language, count in list(trial.languages.items())[:12])
    yield f"  languages   {shown or 'none'}"
    yield f"  set aside   {trial.rows - trial.accepted:,}"
    for group in trial.rejected[:_MAX_GROUPS]:
        lines = ", ".join(str(line) for line in group.lines) + (" …" if group.rows > len(group.lines) else "")
        yield (f"    {group.rows:>7,}  {show(group.column)}: {group.reason}; expected {group.expected} (line {lines})")
    if len(trial.rejected) > _MAX_GROUPS:
        yield f"    … and {len(trial.rejected) - _MAX_GROUPS} more reasons"
