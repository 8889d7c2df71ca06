"""Which column is which: the names that the configuration gives against those that the files have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import TYPE_CHECKING

from cxnlp.config import ExportConfig
from cxnlp.console import logger
from cxnlp.errors import ExportError
from cxnlp.ingest.raw import show
from cxnlp.ingest.sources import nearest

if TYPE_CHECKING:
    from cxnlp.ingest.export import RawExport

#: What comes later, if at all: a whole JSON file may be without, since rows leave out what they do not have.
_LATER = frozenset(("reply", "reply_date", "outcome"))
#: Ways to divide that are no columns of the export.
_NO_SEGMENTS = frozenset(("overall", "stage", "touchpoint", "language", "question"))
_LONGEST_NAME = 40
_DATA = re.compile(r"[\W\d]+|.*\d{5}.*|.*\d[-/.]\d+[-/.]\d.*|.*[@✓★].*|.*://.*|.*[.!…,;]\s.*|.*[.!…]", re.DOTALL)
_TWIN = re.compile(r"\.\d+$")


def fold(name: str) -> str:
    """Return a column's name without what does not matter in it: letter case and the blanks around it."""
    return name.strip().casefold()


def map_columns(raw: RawExport, names: Sequence[str]) -> dict[str, str]:
    """Return canonical name → the file's own column, for those that the configuration names.

    Letter case and blanks around a name do not matter where that is not ambiguous. Raise `ExportError` for a column
    that the file lacks or has twice. Of JSON only the first rows are known here: columns but `id` and `text` may come
    later, see `check_occurred`.
    """
    folded: dict[str, list[str]] = {}
    for name in names:
        folded.setdefault(fold(name), []).append(name)
    columns: dict[str, str] = {}
    for canonical, configured in raw.export.columns.model_dump().items():
        if not configured:
            continue
        alike = folded.get(fold(configured), [])
        own = configured if configured in names else alike[0] if len(alike) == 1 else None
        if own is None:
            if raw.format == "json" and canonical not in ("id", "text"):
                columns[canonical] = configured
                continue
            raise _missing(raw, canonical, configured, names)
        if own in raw.doubled:
            raise ExportError(
                f"{raw.path}: the column {own!r} stands more than once; expected it once for `{canonical}`"
            )
        columns[canonical] = own
    used = [own for canonical, own in columns.items()]
    twice = sorted({own for own in used if used.count(own) > 1})
    if twice:
        raise ExportError(
            f"{raw.path}: the column {twice[0]!r} is named for two things in [export.columns]; expected one"
        )
    return columns


def check_occurred(raw: RawExport, columns: Mapping[str, str], names: Sequence[str]) -> None:
    """Raise `ExportError` when none of a JSON file's rows has a column that is named; `names` are those they have.

    A file without replies or outcomes is only logged, unless a column of it has nearly that name.
    """
    free = [name for name in names if name not in columns.values()]
    for canonical, own in columns.items():
        if own in names:
            continue
        if canonical not in _LATER or nearest(own, free):
            raise _missing(raw, canonical, own, names)
        logger.warning("%s: no row has %s, which is named for `%s`", raw.path.name, show(own), canonical)


def _missing(raw: RawExport, canonical: str, configured: str, names: Sequence[str]) -> ExportError:
    problem = f"{raw.path}: has no column {configured!r} for `{canonical}`"
    if raw.format in ("csv", "xlsx") and not looks_like_header(names):
        return ExportError(
            f"{problem}; its first line looks like data, not like a header ({len(names)} cells). "
            f"Expected the names of the columns there"
        )
    shown = ", ".join(show(name) for name in names[:30]) + (" …" if len(names) > 30 else "")
    return ExportError(
        f"{problem}{nearest(configured, names)}; expected one of: {shown or 'no columns at all'}. "
        f"Set [export.columns] {canonical}, or let `cxnlp inspect` propose the columns"
    )


def looks_like_header(names: Sequence[str]) -> bool:
    """Tell whether a first line may be quoted: none of its cells is long, a sentence, a number, a date, an address."""
    return all(len(name) <= _LONGEST_NAME and not _DATA.fullmatch(name) for name in names)


def ignored(names: Iterable[str], ignore: Sequence[str], doubled: Set[str]) -> set[str]:
    """Return those of a file's columns that are not to be read: those that `ignore` names, and their twins.

    Of a column that stands twice (it is in `doubled`) the second is called `name.2`, and is meant too.
    """
    meant = {fold(name) for name in ignore}

    def is_meant(name: str) -> bool:
        base = _TWIN.sub("", name)
        return fold(name) in meant or (base in doubled and fold(base) in meant)

    return {name for name in names if is_meant(name)} if meant else set()


def check_names(raws: Sequence[RawExport], export: ExportConfig, segments: Sequence[str]) -> None:
    """Raise `ExportError` when no file has a column that `ignore` names: another would be stored in its place.

    Rows of JSON may leave columns out, so where JSON is read this takes a column of nearly that name, and is a warning
    without. So is one of `segments` that no file has. JSON is read as far as it takes to find all the names.
    """
    segments = [name for name in segments if name not in _NO_SEGMENTS]
    names: dict[str, None] = {}
    for raw in raws:
        names.update(dict.fromkeys(raw.header or ()))
    is_json = False
    for raw in raws:
        if raw.header is None:
            is_json = True
            for chunk in raw.chunks(1_000):
                if not _unfound(export.ignore, names) and not set(segments) - names.keys():
                    break
                names.update(dict.fromkeys(chunk.cells))
    if not names:
        return
    for name in _unfound(export.ignore, names):
        problem = f"[export] ignore: no file of the export has a column {show(name)}{nearest(name, list(names))}"
        if not is_json or nearest(name, list(names)):
            raise ExportError(f"{problem}; the column that is meant would be stored")
        logger.warning("%s", problem)
    for name in segments:
        _tell_segment(name, export, list(names))


def _unfound(wanted: Sequence[str], names: Iterable[str]) -> list[str]:
    found = {fold(name) for name in names}
    return [name for name in wanted if fold(name) not in found]


def _tell_segment(name: str, export: ExportConfig, names: Sequence[str]) -> None:
    """Log why nothing can be compared by a segment, where that is so; letter case matters, as in the store."""
    read_as = [canonical for canonical, own in export.columns.model_dump().items() if own and fold(own) == fold(name)]
    if read_as:
        why = f"is read as `{read_as[0]}`"
    elif not _unfound([name], export.ignore):
        why = "is under `ignore`"
    elif name not in names:
        why = f"is in no file of the export{nearest(name, names)}"
    else:
        return
    logger.warning("[report] segments: the column %s %s; nothing is compared by it", show(name), why)
