"""The two things an export turns into: records, and rows set aside with their reason.

Records travel in pandas frames with the columns of `RECORD_COLUMNS`, since a million of them must pass in batches.
A reply is a record of its own (`reply_record_id`, author `company`).
"""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from typing import Literal

Author = Literal["customer", "company"]

#: column → what it holds. Missing values are None / NaN / NaT.
RECORD_COLUMNS: dict[str, str] = {
    "id": "str, unique within the store; a reply's is its comment's id + '/reply'",
    "author": "'customer' or 'company'",
    "text": "str or None (a rating without words)",
    "stars": "float on the export's own scale, or NaN",
    "scale_low": "float, the lowest mark of the scale, or NaN where there are no stars",
    "scale_high": "float, the highest mark of the scale, or NaN",
    "touchpoint": "str or None",
    "touchpoint_source": "'column', 'rule' or 'none'",
    "date": "datetime64[s], naive, in the export's time zone, or NaT",
    "question": "str or None",
    "language": "ISO 639-1 code, or None (star-only rows, undetermined)",
    "language_source": "'column', 'detected' or 'none'",
    "outcome": "str or None",
    "segments": "str: JSON object of every further column that has a value ('{}' if none)",
    "file": "str: name of the file the row came from",
    "line": "int: line (CSV, JSON Lines) or row number (workbooks, JSON arrays, Parquet, queries), counted from 1",
}


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """One row of an export that was set aside; `found` is cut to what is safe to show and never customer text."""

    file: str
    line: int
    column: str
    reason: str
    found: str
    expected: str


def reply_record_id(record_id: str) -> str:
    """Return the id of the record that holds the company's reply to `record_id`."""
    return f"{record_id}/reply"


def text_hash(text: str) -> str:
    """Return 32 hex digits that identify a text after Unicode NFC and trimming: the key of its predictions."""
    normal = unicodedata.normalize("NFC", text).strip()
    return hashlib.blake2b(normal.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
