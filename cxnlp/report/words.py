"""Words of a page in its language: messages, and numbers, percents and dates in the locale's form.

Every number comes from a field of the summary and keeps the path to it, so that a page cannot show a number that
`summary.json` does not hold.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from string import Formatter
from typing import Any

import jdatetime
from babel import Locale
from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent

from cxnlp.analysis.numbers import Gap, Share
from cxnlp.analysis.summary import Summary
from cxnlp.report.catalogue import RIGHT_TO_LEFT, translations
from cxnlp.report.text import Day, Name, Number, Part, Text, text

LONGEST_NAME = 120
_PERSIAN_DIGITS = str.maketrans("0123456789%", "۰۱۲۳۴۵۶۷۸۹٪")
_MINUS = "\N{MINUS SIGN}"
#: Characters that change the direction of what follows, or cannot be seen; joiners stay, Persian needs them.
_UNSEEN = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)
_PILED_MARKS = re.compile(
    r"([\u0300-\u036f\u0489\u1ab0-\u1aff\u20d0-\u20ff]{4})[\u0300-\u036f\u0489\u1ab0-\u1aff\u20d0-\u20ff]+"
)


def tame(words: str, longest: int = LONGEST_NAME) -> str:
    """Return foreign words without unseen and direction-changing characters, and no longer than `longest`."""
    cut = words[: longest * 2]
    seen = _PILED_MARKS.sub(r"\1", _UNSEEN.sub("", unicodedata.normalize("NFC", cut))).strip()
    if len(seen) > longest or len(cut) < len(words):
        return seen[: longest - 1].rstrip() + "…"
    return seen


def index_paths(summary: Summary) -> dict[int, str]:
    """Return where in `summary.json` each dataclass of a summary stands, by its identity."""
    paths: dict[int, str] = {}

    def walk(value: Any, path: str) -> None:
        if is_dataclass(value):
            paths[id(value)] = path
            for item in fields(value):
                walk(getattr(value, item.name), f"{path}.{item.name}" if path else item.name)
        elif isinstance(value, tuple):
            for index, item in enumerate(value):
                walk(item, f"{path}.{index}")

    walk(summary, "")
    return paths


def whole_percent(value: float) -> str:
    """Return a share as whole percents without sign: never 0 for something, never 100 for less than all.

    Small shares read `<1`, near-complete ones `>99`.
    """
    rounded = round(abs(value) * 100)
    if value != 0 and rounded == 0:
        return "<1"
    if abs(value) < 1 and rounded == 100:
        return ">99"
    return str(rounded)


class Words:
    """The language of a page, and the summary whose numbers it prints."""

    def __init__(self, language: str, summary: Summary | None = None) -> None:
        """Load the language's messages; raise `FileNotFoundError` when cxnlp has none for it."""
        self.language = language
        self.locale = Locale.parse(language)
        self.right_to_left = language in RIGHT_TO_LEFT
        self._messages = translations(language)
        self._summary = summary  # kept alive: paths are found by identity
        self._paths = index_paths(summary) if summary is not None else {}

    # Messages

    def word(self, message: str | None) -> str:
        """Return a message without placeholders."""
        return self._messages.gettext(message) if message else ""

    def say(self, message: str, **parts: Part | Text) -> Text:
        """Return a message with its `{placeholders}` filled."""
        return self._fill(self._messages.gettext(message), parts)

    def many(self, one: str, other: str, count: int, **parts: Part | Text) -> Text:
        """Return the message that fits `count`."""
        return self._fill(self._messages.ngettext(one, other, count), parts)

    def title(self, words: str) -> Name:
        """Return a title of the taxonomy or journey: translated if it is a default one, else as it is."""
        return Name(tame(self.word(words)))

    def join(self, items: Sequence[Part | Text]) -> Text:
        """Return a list in the language's form: "a, b and c"."""
        if not items:
            return ()
        slots = [f"{{{index}}}" for index in range(len(items))]
        return self._fill(format_list(slots, locale=self.locale), {str(i): item for i, item in enumerate(items)})

    def series(self, items: Sequence[Part | Text]) -> Text:
        """Return names with commas between them, for names that may hold an "and" of their own."""
        comma = "، " if self.language == "fa" else ", "
        return text(*(part for index, item in enumerate(items) for part in ((comma, item) if index else (item,))))

    @staticmethod
    def _fill(message: str, parts: Mapping[str, Part | Text]) -> Text:
        filled: list[Part | Text] = []
        for literal, name, _, _ in Formatter().parse(message):
            filled.append(literal)
            if name is not None:
                filled.append(parts[name])
        return text(*filled)

    def language_name(self, code: str) -> Part:
        """Return the name of a language in the page's language; an unknown code as it is."""
        name = self.locale.languages.get(code)
        return str(name) if name else Name(tame(code, 20))

    # Numbers

    def number(self, source: object, field: str, shown: str) -> Number:
        """Return `shown` as the number that stands in `field` of a part of the summary."""
        base = self._paths[id(source)]
        return Number(self.digits(shown), f"{base}.{field}" if base else field)

    def path_of(self, source: object) -> str:
        """Return where in `summary.json` a part of the summary stands."""
        return self._paths[id(source)]

    def digits(self, shown: str) -> str:
        """Return digits, minus and percent sign in the language's own form."""
        shown = shown.replace("-", _MINUS)
        return shown.translate(_PERSIAN_DIGITS) if self.language == "fa" else shown

    def count(self, source: object, field: str) -> Number:
        """Return a count."""
        return self.number(source, field, self.decimals(getattr(source, field), 0))

    def length(self, source: object, field: str) -> Number:
        """Return how many items a list of the summary has (its path ends in `.length`)."""
        return self.number(source, f"{field}.length", self.decimals(len(getattr(source, field)), 0))

    def decimal(self, source: object, field: str, places: int = 1) -> Number:
        """Return a number with a fixed number of decimal places."""
        return self.number(source, field, self.decimals(getattr(source, field), places))

    def percent(self, share: Share, *, as_read: bool = False) -> Part:
        """Return the best value of a share as whole percents, or the value `as_read`; a dash where there is no base.

        Where a correction leaves nothing of texts that were read so (or leaves none out), its bound is shown: "≤3%".
        """
        if share.best is None:
            return "–"
        if as_read:
            return self.number(share, "value", self.percents(share.count / share.total))
        corrected = share.corrected
        if corrected is not None and corrected.safe and 0 < share.count < share.total:
            if corrected.value == 0:
                most = self.percents(corrected.high)
                return self.number(share, "corrected.high", most if most.startswith("<") else f"≤{most}")
            if corrected.value == 1:
                least = self.percents(corrected.low)
                return self.number(share, "corrected.low", least if least.startswith(">") else f"≥{least}")
        return self.number(share, self._best_field(share, "value"), self.percents(share.best))

    def percent_of(self, source: object, field: str) -> Number:
        """Return a plain field that holds a share, as whole percents."""
        return self.number(source, field, self.percents(getattr(source, field)))

    def interval(self, share: Share) -> Text:
        """Return the 95 % interval of a share in percents: "38 to 44"."""
        return self.range_of(share, *share.best_interval) if share.best is not None else ()

    def points(self, gap: Gap) -> Number:
        """Return a difference of shares in whole points, without sign."""
        return self.number(gap, self._best_field(gap, "value"), whole_percent(gap.best))

    def signed_points(self, source: object, field: str = "") -> Number:
        """Return a difference in whole points with its sign."""
        field = field or (self._best_field(source, "value") if isinstance(source, Gap) else "value")
        value = source.best if isinstance(source, Gap) else getattr(source, field)
        return self.number(source, field, self.signed(value))

    def points_interval(self, gap: Gap) -> Text:
        """Return the 95 % interval of a difference in points: "24 to 30"."""
        return self.range_of(gap, *gap.best_interval, signed=True)

    def range_of(self, source: Any, low: float, high: float, *, signed: bool = False) -> Text:
        """Return "low to high" in whole percents."""
        field = self._best_field(source, "{}") if isinstance(source, Share | Gap) else "{}"
        one, other = (
            self.number(source, field.format(end), self._end(value, signed=signed))
            for end, value in (("low", low), ("high", high))
        )
        return self.say("{low} to {high}", low=one, high=other)

    def _end(self, value: float, *, signed: bool) -> str:
        return self.signed(value).removeprefix("+") if signed else whole_percent(value)

    def decimal_interval(self, source: Any, places: int) -> Text:
        """Return "low to high" of a mean or estimate."""
        return self.say(
            "{low} to {high}", low=self.decimal(source, "low", places), high=self.decimal(source, "high", places)
        )

    @staticmethod
    def _best_field(source: Share | Gap, field: str) -> str:
        return f"corrected.{field}" if source.corrected is not None and source.corrected.safe else field

    def percents(self, value: float) -> str:
        """Return a share as whole percents in the language's form."""
        shown = whole_percent(value)
        if not shown.isdigit():
            return shown[0] + str(format_percent(int(shown[1:]) / 100, locale=self.locale, numbering_system="default"))
        return str(format_percent(int(shown) / 100, locale=self.locale, numbering_system="default"))

    def decimals(self, value: float, places: int) -> str:
        """Return a number with `places` decimals in the language's form."""
        pattern = "#,##0" + ("." + "0" * places if places else "")
        return str(format_decimal(value, format=pattern, locale=self.locale, numbering_system="default"))

    def signed(self, value: float) -> str:
        """Return a difference in whole points with a plus or minus sign; one decimal within half a point of zero."""
        if value != 0 and round(abs(value) * 100) == 0:
            return ("+" if value > 0 else "-") + self.decimals(max(0.1, abs(value) * 100), 1)
        shown = whole_percent(value)
        if shown == "0":
            return "0"
        if not shown.isdigit():
            return shown if value > 0 else f"<-{shown[1:]}"
        return ("+" if value > 0 else "-") + shown

    # Dates

    def day(self, iso: str, *, year: bool = True) -> Day:
        """Return an ISO day in the language's form; Persian pages use the Persian calendar."""
        when = date.fromisoformat(iso)
        if self.language == "fa":
            own = jdatetime.date.fromgregorian(date=when)
            shown = f"{own.day} {jdatetime.date.j_months_fa[own.month - 1]}" + (f" {own.year}" if year else "")
            return Day(self.digits(shown), iso)
        patterns = {"en": "d MMM", "pl": "d MMM", "ro": "d MMM", "vi": "d/M"}
        pattern = patterns.get(self.language, "d MMM") + ("" if not year else "/y" if self.language == "vi" else " y")
        return Day(str(format_date(when, pattern, locale=self.locale)), iso)
