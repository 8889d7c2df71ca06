"""What the columns of an export hold, counted in one pass. Values of long texts are never kept whole."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from cxnlp.ingest.raw import Cell, RawRows
from cxnlp.ingest.values import is_empty, plain

Kind = Literal["text", "words", "number", "date", "true or false", "nested", "empty"]
_MAX_DISTINCT = 1000
_MAX_SHORT = 60
_SAMPLE_PER_CHUNK = 2000
_SAMPLE = 10_000
_NUMBER = re.compile(r"\s*[+-]?\d+(?:[.,]\d+)?\s*")


@dataclass(slots=True)
class ColumnProfile:
    """One column: `filled` of `rows` cells hold something.

    `values` counts the distinct short values until there are more than 1,000 (`many`); `sample` holds values spread
    over the file, for guessing only.
    """

    name: str
    filled: int = 0
    characters: int = 0
    longest: int = 0
    many: bool = False
    values: Counter[str] = field(default_factory=Counter)
    sample: list[Cell] = field(default_factory=list)
    types: Counter[str] = field(default_factory=Counter)

    def add(self, cells: list[Cell]) -> None:
        """Count the cells of a chunk."""
        step = max(1, len(cells) // _SAMPLE_PER_CHUNK)
        for at, value in enumerate(cells):
            if is_empty(value):
                continue
            self.filled += 1
            text = plain(value)
            self.characters += len(text)
            self.longest = max(self.longest, len(text))
            if not self.many:
                self.values[text[:_MAX_SHORT]] += 1
                self.many = len(self.values) > _MAX_DISTINCT
            if at % step == 0 and len(self.sample) < _SAMPLE:
                self.sample.append(value)
                self.types[type(value).__name__] += 1

    @property
    def mean_length(self) -> float:
        """Characters of a filled cell, on average."""
        return self.characters / self.filled if self.filled else 0.0

    @property
    def unique_share(self) -> float:
        """Distinct values among the sampled ones."""
        return len({plain(value) for value in self.sample}) / len(self.sample) if self.sample else 0.0

    @property
    def kind(self) -> Kind:
        """What most cells are."""
        if not self.filled:
            return "empty"
        most = self.types.most_common(1)[0][0] if self.types else "str"
        if most in ("list", "dict"):
            return "nested"
        if most == "bool":
            return "true or false"
        if most in ("datetime", "date"):
            return "date"
        numbers = sum(isinstance(v, int | float) or bool(_NUMBER.fullmatch(str(v)[:40])) for v in self.sample)
        if numbers >= 0.95 * len(self.sample):
            return "number"
        return "text" if self.mean_length > 40 else "words"


def profile(chunks: Iterable[RawRows], header: list[str] | None) -> tuple[dict[str, ColumnProfile], int]:
    """Return a profile of each column, in the file's order, and the number of rows."""
    columns: dict[str, ColumnProfile] = {name: ColumnProfile(name) for name in header or ()}
    rows = 0
    for chunk in chunks:
        rows += chunk.rows
        for name, cells in chunk.cells.items():
            columns.setdefault(name, ColumnProfile(name)).add(cells)
    return columns, rows
