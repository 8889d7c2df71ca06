"""No cell that goes into a spreadsheet starts a formula."""

from __future__ import annotations

import pytest

from cxnlp.spreadsheet import FORMULA_STARTS, safe_cell


@pytest.mark.parametrize("start", FORMULA_STARTS)
@pytest.mark.parametrize("before", ["", " ", "\t", "\u00a0"])
def test_whatever_starts_like_a_formula_is_quoted(before: str, start: str) -> None:
    assert safe_cell(f"{before}{start}cmd()") == f"'{before}{start}cmd()"


@pytest.mark.parametrize("words", ["", "Get help", "a-b=c", "5 %", "سلام = خوب"])
def test_other_words_stay_as_they_are(words: str) -> None:
    assert safe_cell(words) == words
