"""What single cells mean: marks, authors, languages, ids, words.

A parser returns its value, None for a cell that is empty, or raises `ValueError` with what it expected: nothing is
guessed, so a row with a cell that is there but cannot be read is set aside.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from cxnlp.ingest import words
from cxnlp.ingest.raw import Cell, replace_surrogates
from cxnlp.records import Author

#: Longest text that is read, in characters: beyond it lies a log dump or a quote that was never closed.
MAX_TEXT = 100_000
MAX_ID = 200

_EMPTY = frozenset(
    ("", "null", "none", "nan", "nat", "n/a", "na", "#n/a", "<na>", "nil", "\\n", "-", "–", "—", "undefined")
)
_EMPTY_TEXT = frozenset(("NULL", "\\N", "#N/A", "<NA>", "NaN", "nan"))
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_UNSAFE_IN_ID = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def ascii_digits(text: str) -> str:
    """Return `text` with the decimal digits of every script as 0-9, and the Arabic decimal sign as a point."""
    if text.isascii():
        return text
    signs = (str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in text)
    return "".join(signs).replace("\u066b", ".").replace("\u00a0", " ").replace("\u202f", " ")


def is_empty(value: Cell) -> bool:
    """Tell whether a cell other than a text holds nothing: empty, blank, NaN, or a word for nothing."""
    if value is None:
        return True
    if isinstance(value, str):
        return value.strip().lower() in _EMPTY
    if isinstance(value, list | dict):
        return not value
    return (isinstance(value, float | Decimal) and math.isnan(value)) or str(value) == "NaT"


def parse_text(value: Cell) -> str | None:
    """Return a text, or None when it holds nothing visible; raise `ValueError` when it is longer than `MAX_TEXT`.

    Control characters become blanks and halves of surrogate pairs U+FFFD, as UTF-8 and XML cannot carry them; nothing
    else is touched.
    """
    if value is None:
        return None
    if isinstance(value, str):
        text = value
    elif isinstance(value, list | dict | bytes):
        raise ValueError("a text")
    elif is_empty(value):
        return None
    else:
        text = plain(value)
    if len(text) > MAX_TEXT:
        raise ValueError(f"at most {MAX_TEXT:,} characters")
    text = _CONTROL.sub(" ", replace_surrogates(text)).strip()
    is_visible = any(sign.isprintable() and not sign.isspace() for sign in text)
    return text if is_visible and text not in _EMPTY_TEXT else None


def plain(value: Cell) -> str:
    """Return a cell as text as one would write it: whole floats without `.0`, dates in ISO form, nested as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e16:
        return str(int(value))
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, bytes):
        return value.hex()
    return str(value)


def parse_id(value: Cell) -> str:
    """Return an id; raise `ValueError` when there is none or it could deceive a reader (control, bidi characters)."""
    if isinstance(value, list | dict | bytes | bool):
        raise ValueError("text or a number")
    text = "" if value is None else plain(value).strip()
    if not text or (not isinstance(value, str) and is_empty(value)):
        raise ValueError("an id")
    if len(text) > MAX_ID:
        raise ValueError(f"at most {MAX_ID} characters")
    if _UNSAFE_IN_ID.search(text):
        raise ValueError("an id without control or direction characters")
    return text


_FULL, _BLANK, _HALF = "★⭐🌟✭✮✯⭑🟊", "☆✩✰⚝", "⯨⯪½"
_NUMBER = r"([+-]?\d+(?:[.,]\d+)?|[.,]\d+)"
_PERCENT = re.compile(rf"{_NUMBER}\s*[%٪]")
_LABELLED = re.compile(rf"{_NUMBER}(?:\s*[-–—:=|]\s*|\s+\(|\.\s)\D{{1,80}}")


@lru_cache(maxsize=1)
def _mark_patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the patterns of a mark with its unit ("5 sao") and of a mark out of a highest ("4 out of 5 stars")."""
    unit = rf"\s*(?:{words.patterns('stars', 'units')})?\s*"
    of = rf"(?:{words.patterns('stars', 'of')})"
    return (
        re.compile(rf"{_NUMBER}{unit}\.?", re.IGNORECASE),
        re.compile(rf"{_NUMBER}{unit}{of}\s*{_NUMBER}{unit}", re.IGNORECASE),
    )


def _number(text: str) -> float:
    return float(text.replace(",", "."))


@lru_cache(maxsize=65_536)
def _read_mark(text: str, low: float, high: float) -> float | None:
    """Return the mark a text states, which may lie outside the scale, or None when it states none."""
    stripped = ascii_digits(text).strip().replace("\ufe0f", "")
    signs = stripped.replace(" ", "")
    if signs and all(sign in _FULL + _BLANK + _HALF for sign in signs):
        full, blank, half = (sum(sign in group for sign in signs) for group in (_FULL, _BLANK, _HALF))
        if blank and full + blank + half != high:
            return None
        return full + 0.5 * half
    mark, mark_of = _mark_patterns()
    if found := mark.fullmatch(stripped):
        return _number(found[1])
    if found := mark_of.fullmatch(stripped):
        return _number(found[1]) if _number(found[2]) == high else None
    if found := _PERCENT.fullmatch(stripped):
        return _number(found[1]) / 100 * high
    if found := _LABELLED.fullmatch(stripped):
        return _number(found[1])
    return None


def parse_stars(value: Cell, low: float, high: float) -> float | None:
    """Return a mark on the scale `low` to `high`, or None for an empty cell; raise `ValueError` for anything else.

    Reads 4, 4.5, "4,5", "۴", "★★★★☆", "4/5", "4 out of 5 stars", "80%" (of the highest mark), "5 sao",
    "9 - very likely". A mark out of another number than the highest ("8/10" on a scale to 5) is not converted.
    """
    expected = f"a mark from {low:g} to {high:g}, or an empty cell"
    if isinstance(value, bool | list | dict | bytes | datetime | date):
        raise ValueError(expected)
    if is_empty(value):
        return None
    mark = float(value) if isinstance(value, int | float | Decimal) else _read_mark(str(value)[:200], low, high)
    if mark is None or not low <= mark <= high:
        raise ValueError(expected)
    return round(mark, 6)


@lru_cache(maxsize=1)
def _authors() -> dict[str, Author]:
    customers: dict[str, Author] = dict.fromkeys(words.listed("authors", "customer"), "customer")
    return customers | dict.fromkeys(words.listed("authors", "company"), "company")


@lru_cache(maxsize=4096)
def _author_of(text: str) -> Author | None:
    return _authors().get(words.fold(text))


def parse_author(value: Cell) -> Author:
    """Return whose words these are, `customer` for an empty cell; raise `ValueError` for an unknown word."""
    if is_empty(value):
        return "customer"
    author = _author_of(str(value)[:100])
    if author is None:
        raise ValueError("customer or company")
    return author


def parse_words(value: Cell) -> str | None:
    """Return a short text (question, outcome, segment) as it stands, or None for an empty cell."""
    if is_empty(value):
        return None
    return _CONTROL.sub(" ", replace_surrogates(plain(value))).strip() or None
