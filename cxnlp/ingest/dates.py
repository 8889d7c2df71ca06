"""Dates as exports write them: ISO, day or month first, epochs, Excel serials, month names, Jalali, relative.

The wall time is kept as written and a zone beside it is dropped, so that a comment of Monday evening stays on Monday;
epochs are UTC. A date that cannot exist raises `ValueError`, as does a relative one without a day to count from.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache

import jdatetime
from babel.dates import get_month_names

from cxnlp.ingest import words
from cxnlp.ingest.raw import Cell
from cxnlp.ingest.values import ascii_digits, is_empty

_FIRST_YEAR, _LAST_YEAR = 1970, 2100
_EXCEL_EPOCH = datetime(1899, 12, 30)
_UNIX_EPOCH = datetime(1970, 1, 1)
_MONTH_LANGUAGES = (
    *("en", "fa", "pl", "ro", "vi", "de", "es", "fr", "tr", "ar", "it", "pt", "ru", "nl", "cs", "hu", "uk", "id"),
    *("hi", "sv", "da", "nb", "fi", "el", "bg", "sk", "sl", "ca", "he"),
)

_ENGLISH = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_TIME = (
    r"(?:(?:\s*[T,]\s*|\s+|\s*[-–]\s*|\s+(?:at|um|à|o|la|lúc|ساعت)\s+)(?P<hour>\d{1,2})[:.h](?P<minute>\d{2})"
    r"(?:[:.](?P<second>\d{2})(?:[.,]\d{1,9})?)?\s*(?P<half>[ap]\.?m\.?)?"
    r"\s*(?:Z|UTC|GMT|(?:UTC|GMT)?[+-]\d{1,2}:?(?:\d{2})?|\([A-Z]{2,5}\)|[A-Z]{3,4})?(?:\[[\w/+-]+\])?)?"
)
_YEAR_FIRST = re.compile(rf"(?P<year>\d{{4}})\s*([-/.])\s*(?P<month>\d{{1,2}})\s*\2\s*(?P<day>\d{{1,2}}){_TIME}", re.I)
_YEAR_LAST = re.compile(
    rf"(?P<first>\d{{1,2}})\s*([-/.])\s*(?P<second_part>\d{{1,2}})\s*\2\s*(?P<year>\d{{4}}|\d{{2}}){_TIME}", re.I
)
_COMPACT = re.compile(
    r"(?P<year>(?:19|20)\d\d)(?P<month>\d\d)(?P<day>\d\d)(?:T?(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)?Z?)?"
)
_DAY_NAME_YEAR = re.compile(
    r"(?:[^\W\d]+\.?,?\s+)?(?P<day>\d{1,2})(?:st|nd|rd|th|er|º|ª|\.)?[\s./-]*(?:de |of |d['’])?"
    rf"(?P<name>[^\W\d][^\d]{{1,24}}?)\.?,?[\s./-]*(?:de |del )?(?P<year>\d{{4}}){_TIME}",
    re.I,
)
_NAME_DAY_YEAR = re.compile(
    rf"(?:[^\W\d]+\.?,?\s+)?(?P<name>[^\W\d]+)\.?[\s./-]*(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?[\s./-]+(?P<year>\d{{4}}){_TIME}",
    re.I,
)
_RFC_TAIL = re.compile(r"[^\W\d]{2,12},?\s+(?P<rest>\d.*)")
_EAST_ASIAN = re.compile(
    rf"(?P<year>\d{{4}})\s*[年년]\s*(?P<month>\d{{1,2}})\s*[月월]\s*(?P<day>\d{{1,2}})\s*[日일]{_TIME}", re.I
)
_VIETNAMESE = re.compile(
    rf"(?:ngày\s+)?(?P<day>\d{{1,2}})\s+tháng\s+(?P<month>\d{{1,2}}),?\s+(?:năm\s+)?(?P<year>\d{{4}}){_TIME}", re.I
)
_DIGITS = re.compile(r"\d+(?:\.\d+)?")


@lru_cache(maxsize=1)
def _jalali_months() -> dict[str, int]:
    months = words.table("dates", "jalali")["months"]
    return {_fold(name): number for number, names in enumerate(months, start=1) for name in names.split()}


@lru_cache(maxsize=1)
def _relative_patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the patterns of "3 days ago" and of "acum 3 zile" (the sign of the past before)."""
    units = "|".join(f"(?P<{unit}>{words.patterns('dates', 'units', unit)})" for unit in words.table("dates", "units"))
    about = rf"(?:(?:{words.patterns('dates', 'about')})\s+)?"
    count = rf"{about}(?:(?P<count>\d{{1,3}}|{words.patterns('dates', 'one')})\s*)?"
    after = rf"{count}(?:{units})\.?\s*(?:{words.patterns('dates', 'ago')})"
    before = rf"(?:{words.patterns('dates', 'ago_before')})\s+{count}(?:{units})"
    return re.compile(after, re.IGNORECASE), re.compile(before, re.IGNORECASE)


@lru_cache(maxsize=1)
def _named_days() -> dict[str, int]:
    return {
        name: days
        for days, key in enumerate(("now", "yesterday", "day_before_yesterday"))
        for name in words.listed("dates", key)
    }


@lru_cache(maxsize=1)
def _month_names() -> dict[str, int]:
    """Return CLDR's names of the months, wide and short, in the languages read; a name two months share is left out."""
    names: dict[str, int] = {}
    clashing: set[str] = set()
    for language in _MONTH_LANGUAGES:
        for width in ("wide", "abbreviated"):
            for context in ("format", "stand-alone"):
                for number, name in get_month_names(width, context, language).items():
                    key = _fold(name)
                    if key.isdigit() or not key:
                        continue
                    if names.setdefault(key, number) != number:
                        clashing.add(key)
    for key in clashing:
        del names[key]
    for number, key in enumerate(_ENGLISH, start=1):
        names[key] = number
    names["sept"] = 9
    return names


def _fold(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold().strip(" .\u200f\u200e")


@dataclass(slots=True)
class DateReader:
    """Reads the dates of one export.

    `day_first` tells 3 April from 4 March in 03/04/2026. `reference` is the day that relative dates ("3 days ago") are
    counted back from; None refuses them.
    """

    day_first: bool = True
    reference: date | None = None
    _known: dict[str, datetime | ValueError] = field(default_factory=dict)

    def __call__(self, value: Cell) -> datetime | None:
        """Return a naive datetime in whole seconds, None for an empty cell; raise `ValueError` for anything else."""
        if isinstance(value, datetime):
            return _checked(value.replace(tzinfo=None, microsecond=0))
        if isinstance(value, date):
            return _checked(datetime.combine(value, time()))
        if is_empty(value):
            return None
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            return self._number(float(value))
        if not isinstance(value, str):
            raise ValueError("a date")
        found = self._known.get(value)
        if found is None:
            if len(self._known) > 100_000:
                self._known.clear()
            try:
                found = self._read(value)
            except ValueError as error:
                found = ValueError(*error.args)
            self._known[value] = found
        if isinstance(found, ValueError):
            raise ValueError(*found.args)
        return found

    def _read(self, value: str) -> datetime:
        if len(value) > 80:
            raise ValueError("a date")
        text = ascii_digits(value).strip().replace("\u200f", "").replace("\u200e", "")
        if _DIGITS.fullmatch(text) and not _COMPACT.fullmatch(text):
            return self._number(float(text))
        for pattern, make in _FORMS:
            if (found := pattern.fullmatch(text)) and (moment := make(self, found)):
                return moment
        relative = self._relative(text)
        if relative:
            return relative
        if found := _RFC_TAIL.fullmatch(text):
            return self._read(found["rest"])
        raise ValueError("a date")

    def _number(self, number: float) -> datetime:
        for divisor in (1, 1e3, 1e6, 1e9):
            if 1e8 <= number / divisor < 4.2e9:
                return _checked((_UNIX_EPOCH + timedelta(seconds=number / divisor)).replace(microsecond=0))
        if 20_000 <= number < 80_000:
            moment = _EXCEL_EPOCH + timedelta(seconds=round(number * 86_400))
            return _checked(moment)
        raise ValueError("a date, seconds since 1970 or an Excel day number")

    def _year_last(self, found: re.Match[str]) -> datetime:
        first, second = int(found["first"]), int(found["second_part"])
        day, month = (first, second) if self.day_first else (second, first)
        if month > 12 >= day:
            order = "day first" if self.day_first else "month first"
            raise ValueError(f"a date with the {order} (`day_first = {str(self.day_first).lower()}`)")
        return _moment(found, month, day)

    def _relative(self, text: str) -> datetime | None:
        folded = words.fold(text)
        if folded in _named_days():
            delta: tuple[int, str] = (_named_days()[folded], "day")
        else:
            after, before = _relative_patterns()
            found = after.fullmatch(folded) or before.fullmatch(folded)
            if not found:
                return None
            count = int(found["count"]) if (found["count"] or "").isdigit() else 1
            delta = (count, next(unit for unit in words.table("dates", "units") if found[unit]))
        if self.reference is None:
            raise ValueError("a date of its own, or `reference_date` in [export] to count back from")
        return _checked(datetime.combine(_back(self.reference, *delta), time()))


def _back(day: date, count: int, unit: str) -> date:
    if unit in ("minute", "hour"):
        return day - timedelta(hours=count if unit == "hour" else 0)
    if unit in ("day", "week"):
        return day - timedelta(days=count * (7 if unit == "week" else 1))
    months = day.year * 12 + day.month - 1 - count * (12 if unit == "year" else 1)
    year, month = divmod(months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    raise ValueError("a date that can exist")


def _checked(moment: datetime) -> datetime:
    if not _FIRST_YEAR <= moment.year < _LAST_YEAR:
        raise ValueError(f"a date from {_FIRST_YEAR} to {_LAST_YEAR - 1}")
    return moment


def _moment(found: re.Match[str], month: int, day: int) -> datetime:
    """Put a match together; years 1300-1500 are of the Jalali calendar, two digits of this century (to 68)."""
    year = int(found["year"])
    if len(found["year"]) == 2:
        year += 2000 if year <= 68 else 1900
    clock = found.groupdict()
    hour, minute, second = (int(clock.get(part) or 0) for part in ("hour", "minute", "second"))
    half = (clock.get("half") or "").lower().replace(".", "")
    if half and not 1 <= hour <= 12:
        raise ValueError("a time that can exist")
    hour = hour % 12 + 12 * (half == "pm") if half else hour
    try:
        at = time(hour % 24 if hour == 24 and not minute else hour, minute, min(second, 59))
        is_jalali = 1300 <= year < 1500
        day_found = jdatetime.date(year, month, day).togregorian() if is_jalali else date(year, month, day)
    except ValueError:
        raise ValueError("a date that can exist") from None
    return _checked(datetime.combine(day_found, at) + timedelta(days=hour == 24))


def _numeric(reader: DateReader, found: re.Match[str]) -> datetime:
    return _moment(found, int(found["month"]), int(found["day"]))


def _named(reader: DateReader, found: re.Match[str]) -> datetime | None:
    name = _fold(found["name"])
    year = int(found["year"])
    month = (_jalali_months() if 1300 <= year < 1500 else _month_names()).get(name)
    return _moment(found, month, int(found["day"])) if month else None


_FORMS: tuple[tuple[re.Pattern[str], Callable[[DateReader, re.Match[str]], datetime | None]], ...] = (
    (_YEAR_FIRST, _numeric),
    (_YEAR_LAST, DateReader._year_last),
    (_COMPACT, _numeric),
    (_EAST_ASIAN, _numeric),
    (_VIETNAMESE, _numeric),
    (_DAY_NAME_YEAR, _named),
    (_NAME_DAY_YEAR, _named),
)
