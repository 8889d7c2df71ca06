"""Numbers, percents and dates in the locale's form; rounding never turns something into nothing or into all."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxnlp.analysis.summary import Summary
from cxnlp.report.text import Name, plain, text
from cxnlp.report.words import Words, tame, whole_percent
from report.build import lindgard, share


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"),
        (1.0, "100"),
        (0.0001, "<1"),
        (0.004, "<1"),
        (0.006, "1"),
        (0.9999, ">99"),
        (0.994, "99"),
        (0.41, "41"),
    ],
)
def test_rounding_never_shows_nothing_for_something_or_all_for_less(value: float, shown: str) -> None:
    assert whole_percent(value) == shown


@given(st.floats(min_value=0, max_value=1))
def test_only_nothing_is_0_and_only_all_is_100(value: float) -> None:
    shown = whole_percent(value)
    assert (shown == "0") == (value == 0)
    assert (shown == "100") == (value == 1)


@pytest.mark.parametrize(
    ("language", "percent", "count", "day"),
    [
        ("en", "84%", "12,345", "16 Nov 2026"),
        ("fa", "۸۴٪", "۱۲٬۳۴۵", "۲۵ آبان ۱۴۰۵"),
        ("pl", "84%", "12\N{NO-BREAK SPACE}345", "16 lis 2026"),
        ("ro", "84\N{NO-BREAK SPACE}%", "12.345", "16 nov. 2026"),
        ("vi", "84%", "12.345", "16/11/2026"),
    ],
)
def test_numbers_and_dates_take_the_locales_form(language: str, percent: str, count: str, day: str) -> None:
    words = Words(language)
    assert words.digits(words.percents(0.84)) == percent
    assert words.digits(words.decimals(12345, 0)) == count
    assert str(words.day("2026-11-16")) == day


def test_a_difference_carries_its_sign() -> None:
    words = Words("en")
    shown = [words.signed(value) for value in (0.27, -0.03, 0.0, 0.004, -0.004, 0.0001, -0.996)]
    assert shown == ["+27", "-3", "0", "+0.4", "-0.4", "+0.1", "<-99"]
    assert words.digits("-3") == "\N{MINUS SIGN}3"


@pytest.mark.parametrize(
    ("low", "high", "said"), [(-0.004, 0.06, "−0.4 to 6"), (0.002, 0.06, "0.2 to 6"), (-0.0001, 0.0, "−0.1 to 0")]
)
def test_an_interval_that_ends_just_below_zero_holds_it(low: float, high: float, said: str) -> None:
    summary = lindgard()
    numbers = summary.overall.satisfaction
    assert numbers.gap is not None
    gap = replace(numbers.gap, low=low, high=high, corrected=None)
    summary = replace(summary, overall=replace(summary.overall, satisfaction=replace(numbers, gap=gap)))
    assert plain(Words("en", summary).points_interval(gap)) == said


def test_a_share_can_be_told_as_read(summary: Summary) -> None:
    words, share = Words("en", summary), summary.touchpoints[3].satisfaction.expressed
    assert words.percent(share, as_read=True).path == "touchpoints.3.satisfaction.expressed.value"  # type: ignore[union-attr]


def test_a_number_knows_its_place_in_the_summary(summary: Summary) -> None:
    words = Words("en", summary)
    reported = summary.touchpoints[3].satisfaction.reported
    assert words.percent(reported).path == "touchpoints.3.satisfaction.reported.value"  # type: ignore[union-attr]
    corrected = summary.touchpoints[3].satisfaction.expressed
    assert words.percent(corrected).path == "touchpoints.3.satisfaction.expressed.corrected.value"  # type: ignore[union-attr]


def test_a_number_that_is_not_in_the_summary_cannot_be_shown(summary: Summary) -> None:
    words = Words("en", summary)
    with pytest.raises(KeyError):
        words.percent(share(1, 2))


def test_an_unsafe_correction_leaves_the_raw_number_in_front() -> None:
    summary = lindgard()
    overall = summary.overall.satisfaction
    assert overall.expressed.corrected is not None
    unsafe = replace(overall.expressed, corrected=replace(overall.expressed.corrected, safe=False, reason="shift"))
    summary = replace(summary, overall=replace(summary.overall, satisfaction=replace(overall, expressed=unsafe)))
    shown = Words("en", summary).percent(summary.overall.satisfaction.expressed)
    assert shown.path == "overall.satisfaction.expressed.value"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("value", "low", "high", "shown", "field"),
    [
        (0.0, 0.0, 0.0312, "≤3%", "high"),
        (0.0, 0.0, 0.004, "<1%", "high"),
        (1.0, 0.967, 1.0, "≥97%", "low"),
        (0.02, 0.0, 0.04, "2%", "value"),
    ],
)
def test_a_correction_that_leaves_nothing_shows_its_bound(
    value: float, low: float, high: float, shown: str, field: str
) -> None:
    summary = lindgard()
    overall = summary.overall.satisfaction
    assert overall.expressed.corrected is not None
    corrected = replace(overall.expressed.corrected, value=value, low=low, high=high, safe=True)
    expressed = replace(overall.expressed, corrected=corrected)
    summary = replace(summary, overall=replace(summary.overall, satisfaction=replace(overall, expressed=expressed)))
    number = Words("en", summary).percent(summary.overall.satisfaction.expressed)
    assert plain((number,)) == shown
    assert number.path == f"overall.satisfaction.expressed.corrected.{field}"  # type: ignore[union-attr]


def test_plural_forms_follow_the_language(summary: Summary) -> None:
    words = Words("pl", summary)
    said = [plain(words.many("{n} response", "{n} responses", n, n=str(n))) for n in (1, 3, 5, 22, 25)]
    assert said == ["1 opinia", "3 opinie", "5 opinii", "22 opinie", "25 opinii"]


def test_lists_take_the_languages_form() -> None:
    names = [Name("a"), Name("b"), Name("c")]
    assert plain(Words("pl").join(names)) == "a, b i c"
    assert plain(Words("fa").series(names)) == "a، b، c"
    assert Words("en").join([]) == ()


def test_taming_drops_what_cannot_be_seen_and_cuts_what_is_too_long() -> None:
    assert tame("a\u202eb\u200bc\u0000d\u2066e") == "abcde"
    assert tame("می\u200cشود") == "می\u200cشود"
    assert len(tame("x" * 100_000)) == 120
    assert tame("z" + "\u0301" * 50).count("\u0301") <= 4


def test_text_joins_neighbouring_words() -> None:
    assert text("a", "", ("b", Name("c")), "d") == ("ab", Name("c"), "d")
