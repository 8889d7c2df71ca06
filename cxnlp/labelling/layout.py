"""The columns of a sheet that is given out for labelling, and what each of its rows carries.

A workbook, a CSV file and a Label Studio project are three forms of the same `Sheet`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

import pandas as pd

from cxnlp.taxonomy import Task, Taxonomy

#: How a row came to be drawn. Only `random` rows may correct shares: all others were picked for what they hold.
DRAWN = ("random", "uncertain", "rare", "suspected", "theme")
#: Columns that say which row it is and why it is here; the analyst does not fill them.
GIVEN_COLUMNS = ("id", "language", "author", "touchpoint", "text")
HIDDEN_COLUMNS = ("drawn", "same_text", "text_hash")
#: Over a column with a model's suggestions: rows labelled beside them are no honest figures.
MODEL_SAYS = "model says"
#: A workbook's cell holds no more.
LONGEST_TEXT = 32_000

_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


@dataclass(frozen=True)
class Sheet:
    """Rows to label: a frame with `id`, `text`, `language`, `author`, `touchpoint`, `drawn`, `same_text`.

    `same_text` holds the ids, separated by `;`, of further random draws with the very same text: they take the same
    labels. `tasks` are those asked for; `hints` maps a heading to one remark a row (a model's suggestion, what each
    annotator said), `filled` a task to labels that are filled in beforehand, one entry a row.
    `facts` is kept with the sheet: which model, seed, how many rows the random ones were drawn from.
    """

    frame: pd.DataFrame
    taxonomy: Taxonomy
    tasks: tuple[Task, ...]
    hints: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    filled: dict[str, list[tuple[str, ...] | None]] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)


def guideline_version(taxonomy: Taxonomy) -> str:
    """Return what labels made by this taxonomy are marked with: its version number and its fingerprint."""
    return f"{taxonomy.version}-{taxonomy.fingerprint}"


def shown_text(text: str) -> str:
    """Return a text as a sheet can hold it: line breaks as one character, no characters that XML forbids."""
    return _NOT_IN_XML.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))


def is_right_to_left(text: str) -> bool:
    """Tell whether a text is written from right to left: by its first letter that has a direction (UAX #9, P2)."""
    for character in text:
        direction = unicodedata.bidirectional(character)
        if direction in ("R", "AL"):
            return True
        if direction == "L":
            return False
    return False
