"""Personal data in quotes, masked: what is found for certain, in any script.

Masked are e-mail addresses, web addresses (they may hold tokens), handles, payment cards (Luhn), IBANs, phone numbers,
order, account and ticket numbers, and honorifics followed by a name. Names without a title are *not* found: a
dictionary of names would mask ordinary words and miss most names. The page says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import phonenumbers
from stdnum import iban, luhn

#: language of the text → regions whose way of writing phone numbers is tried.
_REGIONS = {
    "en": ("US", "GB"),
    "fa": ("IR",),
    "pl": ("PL",),
    "ro": ("RO",),
    "vi": ("VN",),
    "de": ("DE", "AT", "CH"),
    "es": ("ES", "MX"),
    "fr": ("FR",),
    "tr": ("TR",),
    "ar": ("SA", "EG"),
    "it": ("IT",),
    "pt": ("PT", "BR"),
}

_EMAIL = re.compile(r"[^\s@<>()\[\],;:]+@[^\s@<>()\[\],;:]+\.[^\W\d_]{2,}")
_URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_HANDLE = re.compile(r"(?<![\w@])@\w[\w.]+")
_CARD = re.compile(r"(?<!\d)\d(?:[ -]?\d){11,18}(?!\d)")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}\b")
_LONG_NUMBER = re.compile(r"(?<![\w.,])(?:[#№]\s?)?\d(?:[ ./-]?\d){6,}(?![\w%])")
_CODE = re.compile(
    r"(?<!\w)(?=(?:[A-Z-]*\d){4})(?=[\w-]{7})[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)*(?!\w)|[#№]\s?(?=\w*\d{3})\w+(?:-\w+)*"
)
_TITLES = (
    "Mr Mrs Ms Miss Dr Prof Herr Frau Monsieur Madame Mme Sr Sra Pan Pani Panu Panią Panem Pana Domnul Doamna Dl Dna "
    "D-na Anh Chị Ông Bà Bay Bayan"
)
_WORD = r"[^\W\d_]+"
_TITLED = re.compile(rf"(?<!\w)((?:{_TITLES.replace(' ', '|')})\.?\s+)({_WORD})((?:\s+{_WORD})?)")
#: In a script without capitals only the word after the title is taken for a name.
_ARABIC_TITLED = re.compile(rf"(?<!\w)(آقای|خانم|جناب|دکتر)\s+{_WORD}")
_DATE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}(?!\d)")
_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")


@dataclass(frozen=True, slots=True)
class Masked:
    """A text with personal data replaced by bracketed words, and whether anything was."""

    text: str
    changed: bool


def mask(text: str, language: str | None = None) -> Masked:
    """Mask personal data in `text`; `language` tells whose phone numbers to look for, beside international ones.

    Masking twice changes nothing more.
    """
    result = _URL.sub("[link]", text)
    result = _EMAIL.sub("[e-mail]", result)
    result = _HANDLE.sub("[handle]", result)
    result = _mask_spans(result, _IBAN, "[account]", _is_iban)
    result = _mask_spans(result, _CARD, "[card]", _is_card)
    result = _mask_phones(result, language)
    result = _mask_spans(result, _LONG_NUMBER, "[number]", _is_long)
    result = _CODE.sub("[number]", result)
    result = _TITLED.sub(_mask_name, result)
    result = _ARABIC_TITLED.sub(r"\1 [name]", result)
    return Masked(result, result != text)


def _mask_name(match: re.Match[str]) -> str:
    """Replace the capitalised word after a title, and a capitalised one after that; keep anything else."""
    title, first, second = match.groups()
    if not first[0].isupper():
        return match.group()
    return f"{title}[name]" + ("" if second.strip()[:1].isupper() else second)


def _is_iban(text: str) -> bool:
    return bool(iban.is_valid(text))


def _is_card(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    return 13 <= len(digits) <= 19 and bool(luhn.is_valid(digits))


def _is_long(text: str) -> bool:
    """Return whether a run of digits names something; dates and prices in full stops stay readable."""
    if _DATE.match(text):
        return False
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+|\d{1,3}(?: \d{3})* 000", text.strip()):
        return False  # a sum of money, not a number that names somebody
    return len(re.sub(r"\D", "", text)) >= 7


def _mask_spans(text: str, pattern: re.Pattern[str], word: str, holds: Callable[[str], bool]) -> str:
    """Replace what `pattern` finds and `holds` confirms, looking at ASCII digits of the same length."""
    plain = text.translate(_DIGITS)
    pieces, end = [], 0
    for match in pattern.finditer(plain):
        if holds(match.group()):
            pieces += [text[end : match.start()], word]
            end = match.end()
    return "".join([*pieces, text[end:]])


def _mask_phones(text: str, language: str | None) -> str:
    plain = text.translate(_DIGITS)
    spans: set[tuple[int, int]] = set()
    for region in (None, *_REGIONS.get(language or "", ())):
        for match in phonenumbers.PhoneNumberMatcher(plain, region, phonenumbers.Leniency.VALID, max_tries=200):
            spans.add((match.start, match.end))
    pieces, end = [], 0
    for start, stop in sorted(spans):
        if start >= end:
            pieces += [text[end:start], "[phone]"]
            end = stop
    return "".join([*pieces, text[end:]])
