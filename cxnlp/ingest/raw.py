"""What every reader hands on: cells by column with their lines, before anything is made of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from cxnlp.records import RejectedRow

#: A cell as the format gives it: text, number, truth value, date, list, object or None.
Cell = object

#: Longest row of a text format, in characters; a longer one is set aside.
MAX_ROW_CHARACTERS = 16 * 1024 * 1024

#: Rows that a reader hands on at once, whatever batch size was asked for, are cut when they reach this size.
MAX_CHUNK_CHARACTERS = 16 * 1024 * 1024

_SURROGATE = re.compile("[\ud800-\udfff]")
_UNDECODED = re.compile("[\udc80-\udcff]")


@dataclass(slots=True)
class RawRows:
    """Some rows of an export.

    `cells` maps each column to one value a row; `lines` holds the line (text formats) or row number of each;
    `rejected` holds rows that are broken as rows, which are in neither.
    """

    cells: dict[str, list[Cell]]
    lines: list[int]
    rejected: list[RejectedRow]

    @property
    def rows(self) -> int:
        """Rows of the file that this stands for."""
        return len(self.lines) + len(self.rejected)


def unique_names(header: Sequence[Cell]) -> tuple[list[str], set[str]]:
    """Return one distinct name a column, and the names that stand in the header more than once.

    A column without a name is called `column_3` by its place; the second `a` is called `a.2`.
    """
    names: list[str] = []
    doubled: set[str] = set()
    seen: set[str] = set()
    for place, cell in enumerate(header, start=1):
        name = _SURROGATE.sub("\ufffd", "" if cell is None else str(cell)).replace("\x00", "").strip("\ufeff \t\r\n")
        if not name:
            name = f"column_{place}"
        elif name in seen:
            doubled.add(name)
        count, unique = 2, name
        while unique in seen:
            unique, count = f"{name}.{count}", count + 1
        seen.add(unique)
        names.append(unique)
    return names, doubled


def has_undecoded_bytes(text: str) -> bool:
    """Tell whether bytes that are not of the file's encoding were met in `text` (see `errors='surrogateescape'`)."""
    return not text.isascii() and _UNDECODED.search(text) is not None


def replace_surrogates(text: str) -> str:
    """Return `text` with halves of surrogate pairs (an emoji cut in two) as U+FFFD, which UTF-8 can carry."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def show(value: Cell, limit: int = 40) -> str:
    """Return a name, id or category for a message: cut, with control, bidi and unpaired characters escaped."""
    text = str(value)
    cut = text[:limit]
    shown = "".join(
        f"\\u{ord(sign):04x}" if unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") else sign
        for sign in cut
    )
    return f"'{shown}'" + ("…" if len(text) > limit else "")


def show_masked(value: Cell) -> str:
    """Return a mark or a date for a message with each letter as `x`: a misplaced text stays private."""
    return show("".join("x" if sign.isalpha() else sign for sign in str(value)[:41]))


def show_size(value: Cell) -> str:
    """Return what may be said of a text: its type and length."""
    if isinstance(value, str):
        return f"text of {len(value):,} characters"
    if isinstance(value, list | dict):
        return f"{'list' if isinstance(value, list) else 'object'} of {len(value):,} items"
    return f"{type(value).__name__}"
