"""Dates in the forms that exports have become one wall time, and dates that cannot exist are refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from cxnlp.ingest.dates import DateReader

DAY = datetime(2025, 11, 6)
REFERENCE = date(2025, 11, 15)


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("2025-11-06", DAY),
        ("2025/11/6", DAY),
        ("2025.11.06.", None),
        ("06/11/2025 05:56", datetime(2025, 11, 6, 5, 56)),
        ("06-11-2025 5.56", datetime(2025, 11, 6, 5, 56)),
        ("6.11.25", DAY),
        ("06/11/2025, 5:56:07 PM", datetime(2025, 11, 6, 17, 56, 7)),
        ("06/11/2025 12:05 am", datetime(2025, 11, 6, 0, 5)),
        ("2025-11-06T05:56:00Z", datetime(2025, 11, 6, 5, 56)),
        ("2025-11-06T23:56:00+07:00", datetime(2025, 11, 6, 23, 56)),
        ("2025-11-06 05:56:00 UTC", datetime(2025, 11, 6, 5, 56)),
        ("2025-11-06 24:00", datetime(2025, 11, 7)),
        ("20251106T055600", datetime(2025, 11, 6, 5, 56)),
        ("6 lis 2025", DAY),
        ("6 listopada 2025", DAY),
        ("6 noiembrie 2025", DAY),
        ("November 6th, 2025", DAY),
        ("Thursday, November 6, 2025", DAY),
        ("6 de noviembre de 2025", DAY),
        ("6 tháng 11, 2025", DAY),
        ("ngày 6 tháng 11 năm 2025", DAY),
        ("2025年11月6日", DAY),
        ("2025년 11월 6일", DAY),
        ("1404/08/15", DAY),
        ("۱۴۰۴/۰۸/۱۵ ۰۵:۵۶", datetime(2025, 11, 6, 5, 56)),
        ("15 آبان 1404", DAY),
        ("30/12/1399", datetime(2021, 3, 20)),
        ("1762408560", datetime(2025, 11, 6, 5, 56)),
        (1762408560, datetime(2025, 11, 6, 5, 56)),
        (1762408560123.0, datetime(2025, 11, 6, 5, 56)),
        (45967, DAY),
        ("45967.25", datetime(2025, 11, 6, 6)),
        (date(2025, 11, 6), DAY),
        (datetime(2025, 11, 6, 5, 56, 1, 999, tzinfo=UTC), datetime(2025, 11, 6, 5, 56, 1)),
        (datetime(2025, 11, 6, 23, tzinfo=timezone(timedelta(hours=7))), datetime(2025, 11, 6, 23)),
        ("29/02/2024", datetime(2024, 2, 29)),
    ],
)
def test_forms_of_a_date(cell: object, moment: datetime | None) -> None:
    if moment is None:
        with pytest.raises(ValueError, match="a date"):
            DateReader()(cell)
    else:
        assert DateReader()(cell) == moment


@pytest.mark.parametrize("cell", [None, "", "n/a", "null", float("nan")])
def test_an_empty_date_is_none(cell: object) -> None:
    assert DateReader()(cell) is None


@pytest.mark.parametrize(
    "cell",
    [
        *(
            "29/02/2025",
            "2025-02-30",
            "00/11/2025",
            "32/01/2025",
            "2025-11-06 25:00",
            "2025-11-06 13:00 pm",
            "1402/13/01",
        ),
        *("1402/12/30", "2025", "11/2025", "last summer", "in 3 days", "3 days", "-1", -5, 12345, True, [1], "9" * 30),
        *("0001-01-01", "2999-01-01", "١", "x" * 500, "1/2/3/2025", "06/11-2025"),
    ],
)
def test_what_is_no_date_is_refused(cell: object) -> None:
    with pytest.raises(ValueError, match=r"a (date|time)"):
        DateReader(reference=REFERENCE)(cell)


def test_the_configured_order_of_day_and_month_is_never_swapped() -> None:
    assert DateReader(day_first=True)("03/04/2026") == datetime(2026, 4, 3)
    assert DateReader(day_first=False)("03/04/2026") == datetime(2026, 3, 4)
    with pytest.raises(ValueError, match="day_first = true"):
        DateReader(day_first=True)("03/25/2026")
    with pytest.raises(ValueError, match="day_first = false"):
        DateReader(day_first=False)("25/03/2026")


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("today", date(2025, 11, 15)),
        ("hôm nay", date(2025, 11, 15)),
        ("5 giờ trước", date(2025, 11, 15)),
        ("yesterday", date(2025, 11, 14)),
        ("دیروز", date(2025, 11, 14)),
        ("przedwczoraj", date(2025, 11, 13)),
        ("3 days ago", date(2025, 11, 12)),
        ("3 ngày trước", date(2025, 11, 12)),
        ("۳ روز پیش", date(2025, 11, 12)),
        ("3 dni temu", date(2025, 11, 12)),
        ("acum 3 zile", date(2025, 11, 12)),
        ("a week ago", date(2025, 11, 8)),
        ("tydzień temu", date(2025, 11, 8)),
        ("2 tuần trước", date(2025, 11, 1)),
        ("about 2 weeks ago", date(2025, 11, 1)),
        ("vor 2 Wochen", date(2025, 11, 1)),
        ("a month ago", date(2025, 10, 15)),
        ("9 months ago", date(2025, 2, 15)),
        ("2 years ago", date(2023, 11, 15)),
    ],
)
def test_relative_dates_count_back_from_the_reference(cell: str, day: date) -> None:
    found = DateReader(reference=REFERENCE)(cell)
    assert found == datetime(day.year, day.month, day.day)


def test_a_month_back_from_the_31st_is_the_last_day_there_is() -> None:
    assert DateReader(reference=date(2025, 3, 31))("1 month ago") == datetime(2025, 2, 28)


def test_relative_dates_without_a_reference_name_the_key_to_set() -> None:
    with pytest.raises(ValueError, match="reference_date"):
        DateReader()("2 tuần trước")
