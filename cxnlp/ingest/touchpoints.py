"""Where in the journey a row belongs: its own column first, then rules, then the touchpoint of the whole export."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Literal

from cxnlp.errors import ConfigError
from cxnlp.ingest.raw import Cell
from cxnlp.ingest.values import is_empty, plain
from cxnlp.ingest.words import fold
from cxnlp.journey import Journey

#: Longer values of a touchpoint column are texts, which no message quotes.
LONG_VALUE = 30

TouchpointSource = Literal["column", "rule", "none"]


class TouchpointReader:
    """Places rows. `unknown` counts values of the touchpoint column that the journey does not know, `known` rows with
    one that it knows."""

    def __init__(self, journey: Journey, column: str | None, whole_export: str = "") -> None:
        """Raise `ConfigError` when `whole_export` is no touchpoint of the journey."""
        self._by_name: dict[str, str] = {}
        for touchpoint in journey.touchpoints:
            for name in (*touchpoint.values, touchpoint.display, touchpoint.name):
                self._by_name.setdefault(fold(name), touchpoint.name)
        for touchpoint in journey.touchpoints:  # a touchpoint's own name beats another's alias
            self._by_name[fold(touchpoint.name)] = touchpoint.name
        self._column = column
        self._rules = [(rule.column, re.compile(rule.matches), rule.touchpoint) for rule in journey.rules]
        self._whole: str | None = None
        if whole_export:
            self._whole = self.by_name(whole_export)
            if self._whole is None:
                known = ", ".join(touchpoint.name for touchpoint in journey.touchpoints)
                raise ConfigError(
                    f"export.touchpoint: found {whole_export!r}, expected a touchpoint of the journey ({known})"
                )
        self.unknown: Counter[str] = Counter()
        self.known = 0
        self._matched: list[dict[str, bool]] = [{} for _ in self._rules]

    def by_name(self, value: str) -> str | None:
        """Return the touchpoint that is called `value`, letter case aside, or None."""
        return self._by_name.get(fold(value))

    def reads_free_text(self) -> bool:
        """Tell whether the column seems to hold words of customers, see `is_free_text`."""
        return is_free_text(self.unknown, self.known)

    def read(self, cells: dict[str, list[Cell]], rows: int) -> tuple[list[str | None], list[TouchpointSource]]:
        """Return touchpoint and source of each row of a chunk."""
        names: list[str | None] = [None] * rows
        sources: list[TouchpointSource] = ["none"] * rows
        if self._column and self._column in cells:
            known: dict[str, str | None] = {}
            for at, value in enumerate(cells[self._column]):
                if is_empty(value):
                    continue
                text = plain(value)
                if text not in known:
                    known[text] = self.by_name(text)
                names[at] = known[text]
                if names[at] is not None:
                    sources[at] = "column"
                    self.known += 1
                elif text in self.unknown or len(self.unknown) < 1000:
                    self.unknown[text[:100]] += 1
        for (column, pattern, touchpoint), matched in zip(self._rules, self._matched, strict=True):
            if column not in cells:
                continue
            if len(matched) > 100_000:
                matched.clear()
            for at, value in enumerate(cells[column]):
                if names[at] is None and value is not None:
                    text = plain(value)
                    hit = matched.get(text)
                    if hit is None:
                        hit = matched[text] = pattern.search(text) is not None
                    if hit:
                        names[at], sources[at] = touchpoint, "rule"
        if self._whole is not None:
            for at, name in enumerate(names):
                if name is None:
                    names[at], sources[at] = self._whole, "rule"
        return names, sources


def is_free_text(unknown: Mapping[str, int], known: int) -> bool:
    """Tell whether a touchpoint column seems to hold words of customers: then its values must not be shown.

    So it is where most of the values that the journey does not know are long or unique, unless more rows have one that
    it does know (`known`).
    """
    unique = sum(count == 1 for count in unknown.values())
    long = sum(len(value) > LONG_VALUE for value in unknown)
    return 2 * max(unique, long) > len(unknown) and known < sum(unknown.values())
