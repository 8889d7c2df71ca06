"""Words that go into a spreadsheet: none may be taken for a formula."""

from __future__ import annotations

#: What a spreadsheet takes for the start of a formula (OWASP's page on CSV injection), full-width forms included.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")


def safe_cell(words: str) -> str:
    """Return words that no spreadsheet takes for a formula: an apostrophe stands before a dangerous start.

    White space before a dangerous start does not hide it, and a tab or line break is one itself.
    """
    starts = (words, words.lstrip(" \u00a0"), words.lstrip())
    return f"'{words}" if any(start.startswith(FORMULA_STARTS) for start in starts) else words
