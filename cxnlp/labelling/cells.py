"""Cells of labelled files: labels in words, guards against formulas, and what a message may say of a cell."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Sequence

import numpy as np
import pandas as pd

from cxnlp.spreadsheet import safe_cell
from cxnlp.taxonomy import Task

NONE_MARK = "-"
SEPARATOR = ";"
_GUARD = "'"
_NAME = re.compile(r"[\w -]{0,24}")
_NUMBER = re.compile(r"\d{5}")


class UnknownLabelError(ValueError):
    """A cell holds a label, `label`, that its task lacks."""

    def __init__(self, label: str, task: Task) -> None:
        """Keep the label; the message names those that the task has."""
        super().__init__(f"unknown label {quoted(label)}; {task.name} knows {', '.join(task.label_names)}")
        self.label = label


def parse_cell(cell: object, task: Task) -> tuple[str, ...] | None:
    """Return a cell's labels: None for "not labelled", () for "none"; raise `ValueError` saying what is wrong.

    A cell is words (labels separated by `;`, `-` for none) or a list of labels; missing values are "not labelled". In a
    task that takes one label "none" is its label of that meaning, where it has one.
    """
    if isinstance(cell, (list, tuple, np.ndarray)):
        listed = [str(name) for name in cell] or [NONE_MARK]
    else:
        missing = cell is None or cell is pd.NA or (isinstance(cell, float) and math.isnan(cell))
        listed = [] if missing else str(cell).split(SEPARATOR)
    names = tuple(dict.fromkeys(name.strip() for name in listed if name.strip()))
    if not names:
        return None
    if names == (NONE_MARK,):
        if task.kind == "multi":
            return ()
        if task.none:
            return (task.none,)
        raise ValueError(f"{task.name} takes exactly one label, found {NONE_MARK!r} (none)")
    unknown = [name for name in names if name not in task.label_names]
    if unknown:
        raise UnknownLabelError(unknown[0], task)
    if task.kind != "multi" and len(names) > 1:
        raise ValueError(f"{task.name} takes exactly one label, found {len(names)}")
    for group in task.exclusive:
        together = [name for name in names if name in group]
        if len(together) > 1:
            raise ValueError(f"{' and '.join(together)} exclude each other")
    return names


def format_cell(labels: Sequence[str] | None) -> str:
    """Turn labels into a cell; the inverse of `parse_cell`."""
    if labels is None:
        return ""
    return SEPARATOR.join(labels) if labels else NONE_MARK


def guard_cell(words: str) -> str:
    """Return words that no spreadsheet takes for a formula, and from which `unguard_cell` makes them again.

    Words that look guarded as they are get a further apostrophe.
    """
    return f"{_GUARD}{words}" if safe_cell(words.lstrip(_GUARD)) != words.lstrip(_GUARD) else words


def unguard_cell(cell: str) -> str:
    """Return the words that `guard_cell` made the cell of."""
    return cell[1:] if cell.startswith(_GUARD) and guard_cell(cell[1:]) == cell else cell


def quoted(value: object) -> str:
    """Return what was found in quotes where it looks like a name, else only its length: a customer may have said it."""
    found = str(value)
    return repr(found) if _is_name(found) else f"(a text of {len(found)} characters)"


def columns_found(columns: Iterable[object], known: Collection[str]) -> str:
    """Say which columns a file has. Where none is `known`, its first line may be a customer's words: none is named."""
    names = [str(name) for name in columns]
    if not set(names) & set(known):
        return f"found {len(names)} columns, none of them known: is the line of column names missing?"
    shown = [name for name in names if name.strip() and _is_name(name)]
    others = f" and {len(names) - len(shown)} more" if len(shown) < len(names) else ""
    return f"found {len(names)} columns: {', '.join(shown)}{others}"


def _is_name(words: str) -> bool:
    """Tell whether words may be a column's or label's name: short, at most three of them, and no long number."""
    if len(words) == 1:
        return True
    return bool(_NAME.fullmatch(words)) and len(words.split()) <= 3 and not _NUMBER.search(words)
