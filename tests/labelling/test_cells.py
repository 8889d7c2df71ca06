"""A cell means one thing everywhere, is never a formula, and messages never say what a customer may have said."""

from __future__ import annotations

import pytest

from cxnlp.labelling.cells import columns_found, format_cell, guard_cell, parse_cell, quoted, unguard_cell
from cxnlp.spreadsheet import FORMULA_STARTS, safe_cell
from labelling.build import taxonomy

CAUSES, MOOD = taxonomy().task("causes"), taxonomy().task("mood")


@pytest.mark.parametrize("cell", ["", "  ", ";", None, float("nan")])
def test_nothing_is_not_labelled(cell: object) -> None:
    assert parse_cell(cell, CAUSES) is None
    assert parse_cell(cell, MOOD) is None


@pytest.mark.parametrize("cell", [" waiting ; price ", ["waiting", "price"], ("waiting", "price", "price")])
def test_words_and_lists_mean_the_same(cell: object) -> None:
    assert parse_cell(cell, CAUSES) == ("waiting", "price")


@pytest.mark.parametrize("cell", ["-", (), []])
def test_none_is_an_empty_list_or_the_label_of_that_meaning(cell: object) -> None:
    assert parse_cell(cell, CAUSES) == ()
    assert parse_cell(cell, MOOD) == ("calm",)
    without = MOOD.model_copy(update={"none": None})
    with pytest.raises(ValueError, match="mood takes exactly one label, found '-'"):
        parse_cell(cell, without)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("glad;cross", "exactly one label, found 2"), ("happy", "unknown label 'happy'; mood knows calm, glad, cross")],
)
def test_what_is_wrong_is_said(cell: str, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        parse_cell(cell, MOOD)


def test_labels_that_exclude_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="waiting and speed exclude each other"):
        parse_cell(("waiting", "speed"), CAUSES)


@pytest.mark.parametrize("labels", [None, (), ("waiting",), ("waiting", "price")])
def test_labels_come_back_from_their_cell(labels: tuple[str, ...] | None) -> None:
    assert parse_cell(format_cell(labels), CAUSES) == labels


@pytest.mark.parametrize("start", ["", *FORMULA_STARTS])
@pytest.mark.parametrize("before", ["", "'", "''", "'''", " ", " '", "' "])
def test_guarded_words_are_no_formula_and_come_back(before: str, start: str) -> None:
    words = f"{before}{start}cmd|' /C calc'!A0"
    assert safe_cell(guard_cell(words)) == guard_cell(words)
    assert unguard_cell(guard_cell(words)) == words


def test_words_that_need_no_guard_have_none() -> None:
    assert [guard_cell(words) for words in ("plain", "'quoted'", "")] == ["plain", "'quoted'", ""]


@pytest.mark.parametrize("words", ["customr", "wait_time", "staff attitude", "", "✓", "تاخیر"])
def test_what_looks_like_a_name_is_quoted(words: str) -> None:
    assert quoted(words) == repr(words)


@pytest.mark.parametrize("words", ["a lamp that never worked", "me@example.org", "49301234567", "so late!", "x" * 25])
def test_of_all_else_only_the_length_is_said(words: str) -> None:
    assert quoted(words) == f"(a text of {len(words)} characters)"


def test_columns_are_named_only_where_the_line_is_one_of_names() -> None:
    assert columns_found(["id", "comment", "What did you think of it?"], ["id"]) == (
        "found 3 columns: id, comment and 1 more"
    )
    assert columns_found(["r1", "so late"], ["id"]).startswith("found 2 columns, none of them known")
