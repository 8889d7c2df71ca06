"""The words of `words.toml`: loaded once, folded, and as regular expressions."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files
from typing import Any


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    return tomllib.loads(files("cxnlp.ingest").joinpath("words.toml").read_text(encoding="utf-8"))


def fold(text: str) -> str:
    """Return `text` without letter case, with single blanks for blanks, `_` and `-`, in Unicode NFKC."""
    return re.sub(r"[\s_-]+", " ", unicodedata.normalize("NFKC", text).replace("\u200c", " ")).strip().casefold()


def table(*path: str) -> dict[str, Any]:
    """Return a table of the file."""
    found: dict[str, Any] = _table()
    for key in path:
        found = found[key]
    return found


def listed(*path: str) -> list[str]:
    """Return the words of an entry, folded, in their order."""
    found = table(*path[:-1])[path[-1]]
    return [fold(word) for word in found.split()]


def alternatives(words: Iterable[str]) -> str:
    """Return words (or regular expressions of them) as one alternative of a regular expression, the longest first."""
    return "|".join(sorted((word.replace("_", r"\s+") for word in words), key=len, reverse=True))


def patterns(*path: str) -> str:
    """Return the words of an entry as one alternative of a regular expression."""
    return alternatives(table(*path[:-1])[path[-1]].split())
