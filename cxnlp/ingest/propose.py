"""What the columns of an export mean: proposed from their names, in several languages, and from what they hold."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from cxnlp.ingest import languages, values, words
from cxnlp.ingest.dates import DateReader
from cxnlp.ingest.profile import ColumnProfile
from cxnlp.ingest.raw import Cell
from cxnlp.ingest.touchpoints import TouchpointReader

SCALES = ((1.0, 5.0), (0.0, 5.0), (1.0, 7.0), (1.0, 10.0), (0.0, 10.0), (0.0, 100.0))
_TWO_PARTS = re.compile(r"\s*(\d{1,2})[-/.](\d{1,2})[-/.]\d{2,4}\b")
_ORDER = (
    *("id", "text", "reply", "reply_date", "stars", "date", "language", "touchpoint", "author", "question", "outcome"),
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """Canonical name → column, with the settings that reading them needs."""

    columns: dict[str, str]
    scale: tuple[float, float]
    day_first: bool | None  # None: the dates do not tell
    relative_dates: int


@lru_cache(maxsize=1)
def _names() -> dict[str, dict[str, int]]:
    return {
        canonical: {name: rank for rank, name in enumerate(words.listed("columns", canonical))}
        for canonical in words.table("columns")
    }


def _spaced(name: str) -> str:
    """Return a column's name folded, `createdAt` as `created at`."""
    return words.fold(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name))


def name_score(canonical: str, name: str) -> float:
    """Return 2-3 when a column is called like `canonical`, about 1 when a part of its name is, else 0."""
    known, spaced = _names()[canonical], _spaced(name)
    if spaced in known:
        return 3 - known[spaced] / len(known)
    hits = [
        rank
        for called, rank in known.items()
        if len(called) > 1 and re.search(rf"(?<!\w){re.escape(called)}(?!\w)", spaced)
    ]
    return 1 - min(hits) / len(known) if hits else 0.0


def _share(cells: list[Cell], parse: Callable[[Cell], object]) -> float:
    readable = 0
    for value in cells:
        try:
            readable += parse(value) is not None
        except ValueError:
            continue
    return readable / len(cells) if cells else 0.0


def _language(value: Cell) -> object:
    return languages.parse_language(str(value)[:60])


def guess_scale(column: ColumnProfile) -> tuple[tuple[float, float], float]:
    """Return the narrowest scale that reads the most values of a column, and the share of rows that it reads."""
    total = column.values.total()
    best, best_share = SCALES[0], 0.0
    for low, high in SCALES:
        read = sum(count for value, count in column.values.items() if _reads(value, low, high))
        share = read / total if total else 0.0
        if share > best_share + 0.05:
            best, best_share = (low, high), share
    if best == (1.0, 10.0) and re.search(r"nps|recommend|likel", column.name, re.IGNORECASE):
        best = (0.0, 10.0)
    return best, best_share


def _reads(value: str, low: float, high: float) -> bool:
    try:
        return values.parse_stars(value, low, high) is not None
    except ValueError:
        return False


def date_order(column: ColumnProfile) -> bool | None:
    """Tell whether 03/04/2026 has its day first in this column; None when no date of it tells."""
    counts: Counter[bool] = Counter()
    for value in column.sample:
        found = _TWO_PARTS.match(values.ascii_digits(str(value)[:40]))
        if found:
            first, second = int(found[1]), int(found[2])
            if (first > 12) != (second > 12):
                counts[first > 12] += 1
    return counts.most_common(1)[0][0] if counts else None


def _date_share(column: ColumnProfile) -> float:
    if column.kind == "number" and not re.search(r"date|time|_at$|\bat$", _spaced(column.name)):
        return 0.0
    order = date_order(column)
    return _share(column.sample, DateReader(True if order is None else order, date(2020, 1, 1)))


def _fits(canonical: str, column: ColumnProfile, touchpoints: TouchpointReader) -> float:
    """Return how well what a column holds fits a canonical name, 0 to 1; 0 rules it out."""
    few = not column.many
    match canonical:
        case "id":
            return column.unique_share if column.longest <= values.MAX_ID and column.unique_share > 0.98 else 0.0
        case "text" | "reply":
            return 0.0 if column.kind not in ("text", "words") else min(1.0, 0.2 + column.mean_length / 60)
        case "stars":
            return share if few and (share := guess_scale(column)[1]) > 0.8 else 0.0
        case "date" | "reply_date":
            return share if (share := _date_share(column)) > 0.8 else 0.0
        case "language":
            return share if few and (share := _share(column.sample, _language)) > 0.9 else 0.0
        case "author":
            return share if few and (share := _share(column.sample, values.parse_author)) > 0.9 else 0.0
        case "touchpoint":
            known = [value for value in column.values if touchpoints.by_name(value)]
            few = few and len(column.values) <= 50 and column.kind in ("words", "text") and column.longest <= 80
            return (1.0 if known else 0.4) if few else 0.0
        case "question":
            return 0.5 if few and column.kind in ("words", "text") else 0.0
        case _:
            return 0.5 if few else 0.0


def propose(columns: Mapping[str, ColumnProfile], rows: int, touchpoints: TouchpointReader) -> Proposal:
    """Propose what each column means; a column is proposed for one thing only, the surest first."""
    chosen: dict[str, str] = {}
    free = {name: column for name, column in columns.items() if column.filled}
    for canonical in _ORDER:
        scored = [
            (name_score(canonical, name), _fits(canonical, column, touchpoints), name) for name, column in free.items()
        ]
        named = [(by_name + fit, name) for by_name, fit, name in scored if by_name and fit]
        if named:
            best = max(named, key=lambda pair: pair[0])
            chosen[canonical] = best[1]
        elif canonical in ("id", "text", "date"):
            by_content = _by_content(canonical, free, rows, scored)
            if by_content:
                chosen[canonical] = by_content
        if canonical in chosen:
            del free[chosen[canonical]]
    scale = guess_scale(columns[chosen["stars"]])[0] if "stars" in chosen else SCALES[0]
    dated = columns.get(chosen.get("date", ""))
    relative = 0
    if dated:
        without, order = DateReader(True), date_order(dated)
        counting = DateReader(True if order is None else order, date(2020, 1, 1))
        relative = sum(_share([v], counting) > _share([v], without) and _has_letters(v) for v in dated.sample)
    return Proposal(chosen, scale, date_order(dated) if dated else None, relative)


def _has_letters(value: Cell) -> bool:
    return any(sign.isalpha() for sign in str(value))


def _has_blanks(column: ColumnProfile) -> bool:
    return any(len(str(value).split()) > 1 for value in column.sample)


def _by_content(
    canonical: str, free: Mapping[str, ColumnProfile], rows: int, scored: list[tuple[float, float, str]]
) -> str | None:
    """Return the column whose content alone makes it `canonical`, or None."""
    fitting = [name for _, fit, name in scored if fit]
    if canonical == "text":
        return max((n for n in fitting if free[n].mean_length > 12), key=lambda n: free[n].mean_length, default=None)
    full = [name for name in fitting if free[name].filled >= 0.95 * rows]
    if canonical == "id":
        full = [name for name in full if free[name].filled == rows and not _has_blanks(free[name])]
    return full[0] if full else None
