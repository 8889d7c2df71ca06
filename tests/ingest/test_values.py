"""Cells become values or say what was expected: marks on any scale, texts, ids, authors."""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal

import pytest

from cxnlp.ingest.values import (
    MAX_TEXT,
    ascii_digits,
    is_empty,
    parse_author,
    parse_id,
    parse_stars,
    parse_text,
    parse_words,
    plain,
)


@pytest.mark.parametrize(
    ("cell", "mark"),
    [
        (4, 4),
        (4.5, 4.5),
        (Decimal("4.5"), 4.5),
        ("4", 4),
        (" 4,5 ", 4.5),
        ("٤٫٥", 4.5),
        ("۴", 4),
        ("४", 4),
        ("★★★★☆", 4),
        ("★★★★", 4),
        ("★ ★ ★", 3),
        ("⭐️⭐️⭐️⭐️⭐️", 5),
        ("★★★★½", 4.5),
        ("4/5", 4),
        ("4,0 / 5", 4),
        ("4.0 out of 5 stars", 4),
        ("4,0 von 5 Sternen", 4),
        ("4 z 5", 4),
        ("4 din 5", 4),
        ("۴ از ۵", 4),
        ("80%", 4),
        ("100 %", 5),
        ("1 star", 1),
        ("5 sao", 5),
        ("4 gwiazdki", 4),
        ("3 stele", 3),
        ("۴ ستاره", 4),
        ("3 étoiles", 3),
        ("5 - Excellent", 5),
        ("5 (very good)", 5),
        ("1: niezadowolony", 1),
    ],
)
def test_marks_are_read(cell: object, mark: float) -> None:
    assert parse_stars(cell, 1, 5) == mark


@pytest.mark.parametrize("cell", [None, "", "  ", "N/A", "null", "-", float("nan"), "NaN", "\\N"])
def test_an_empty_mark_is_none(cell: object) -> None:
    assert parse_stars(cell, 1, 5) is None


@pytest.mark.parametrize(
    "cell",
    [
        *(
            0,
            6,
            -1,
            5.01,
            math.inf,
            "0",
            "6",
            "8/10",
            "4/",
            "/5",
            "good",
            "five",
            "★★★★★★",
            "☆☆☆☆☆",
            "★☆",
            "4-5",
            "4 5",
        ),
        *("10%", "1e2", "0x4", True, [4], {"a": 4}, datetime(2025, 1, 1), date(2025, 4, 5), "4 apples", "5/5/5", "4★x"),
    ],
)
def test_what_is_no_mark_on_the_scale_says_what_is_expected(cell: object) -> None:
    with pytest.raises(ValueError, match="a mark from 1 to 5, or an empty cell"):
        parse_stars(cell, 1, 5)


@pytest.mark.parametrize(
    ("cell", "low", "high", "mark"),
    [
        ("0", 0, 10, 0),
        ("10", 0, 10, 10),
        ("7/10", 0, 10, 7),
        ("9 - very likely", 0, 10, 9),
        ("7", 1, 7, 7),
        ("85%", 0, 100, 85),
    ],
)
def test_other_scales(cell: str, low: float, high: float, mark: float) -> None:
    assert parse_stars(cell, low, high) == mark


def test_drawn_stars_must_fit_the_scale() -> None:
    with pytest.raises(ValueError, match="0 to 10"):
        parse_stars("★★★★☆", 0, 10)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("  fine \n", "fine"),
        ("a\x00b", "a b"),
        ("خیلی‌ خوب", "خیلی‌ خوب"),
        ("👍", "👍"),
        ("None", "None"),  # an answer to "what could be better?"
        ("-", "-"),
        ("NULL", None),
        ("\\N", None),
        ("", None),
        (None, None),
        ("\u200b \u2060", None),
        (12, "12"),
        (12.0, "12"),
        (True, "true"),
        (float("nan"), None),
        ("cut \ud83d", "cut \ufffd"),
    ],
)
def test_texts(cell: object, text: str | None) -> None:
    assert parse_text(cell) == text


@pytest.mark.parametrize("cell", [["a"], {"a": 1}, b"a", "x" * (MAX_TEXT + 1)])
def test_what_is_no_text_or_too_long_is_refused(cell: object) -> None:
    with pytest.raises(ValueError, match=r"a text|at most 100,000 characters"):
        parse_text(cell)


@pytest.mark.parametrize(
    ("cell", "text"),
    [("a-1", "a-1"), (" 7 ", "7"), (7, "7"), (7.0, "7"), (7.5, "7.5"), ("-", "-"), ("شماره۱", "شماره۱")],
)
def test_ids(cell: object, text: str) -> None:
    assert parse_id(cell) == text


@pytest.mark.parametrize(
    "cell", [None, "", " ", float("nan"), True, [1], {"a": 1}, "a\x00", "a\nb", "\u202ea", "x" * 201, "\ud800"]
)
def test_what_is_no_id_is_refused(cell: object) -> None:
    with pytest.raises(ValueError, match=r"id|characters|number"):
        parse_id(cell)


@pytest.mark.parametrize(
    ("cell", "author"),
    [
        *(
            (word, "customer")
            for word in (None, "", "customer", "KLIENT", "مشتری", "khách hàng", "Khách_Hàng", "Kunde")
        ),
        *((word, "company") for word in ("company", "Owner", "nhân viên", "firmă", "obsługa", "پشتیبانی", "support")),
    ],
)
def test_authors_in_several_languages(cell: object, author: str) -> None:
    assert parse_author(cell) == author


def test_an_unknown_author_is_refused() -> None:
    with pytest.raises(ValueError, match="customer or company"):
        parse_author("alien")


def test_plain_writes_as_one_would() -> None:
    assert [plain(value) for value in (1.0, 1.5, True, ["ż"], date(2025, 1, 2))] == [
        "1",
        "1.5",
        "true",
        '["ż"]',
        "2025-01-02",
    ]


def test_words_lose_control_signs_alone() -> None:
    assert parse_words("How\x07 was it?") == "How  was it?"
    assert parse_words("n/a") is None


def test_digits_of_other_scripts() -> None:
    assert ascii_digits("۱۲٫۵ ٣ ३ ３ x") == "12.5 3 3 3 x"
    assert is_empty([])
    assert not is_empty(0)
