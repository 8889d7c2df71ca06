"""Which language a text is in, where the export does not say.

Lingua (https://github.com/pemistahl/lingua-py; character n-grams of 1 to 5) gives each language a probability. It is
multiplied by the share of each language in the file (Bayes' rule with the file as prior), so that "ok super" in a
Polish export is Polish, while a text that is plainly of another language stays with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lingua import LanguageDetector

#: ISO 639-1 codes told apart. A longer list makes short texts less certain; texts of others need a language column.
LANGUAGES = (
    *("en", "fa", "pl", "ro", "vi", "de", "es", "fr", "tr", "ar", "it", "pt", "ru", "nl", "cs", "hu", "uk", "id"),
    *("hi", "ja", "ko", "zh", "sv", "el", "th"),
)

SAMPLE = 2000
#: Share that every language keeps in the prior, however rare it is in the file.
FLOOR = 0.002
_READ = 1000
_NOT_WORDS = re.compile(r"https?://\S+|www\.\S+|\S+@\S+\.\S+|[@#]\w+|\[[A-Z_]+\]")
_LETTER = re.compile(r"[^\W\d_]")


@lru_cache(maxsize=1)
def _detector() -> LanguageDetector:
    from lingua import IsoCode639_1, LanguageDetectorBuilder  # noqa: PLC0415  (0.3 s and 100 MB, only when needed)

    codes = [getattr(IsoCode639_1, code.upper()) for code in LANGUAGES]
    return LanguageDetectorBuilder.from_iso_codes_639_1(*codes).build()


def _words_of(text: str) -> str:
    return _NOT_WORDS.sub(" ", text[: 4 * _READ])[:_READ]


def probabilities(texts: Sequence[str]) -> list[dict[str, float]]:
    """Return for each text the probability of each language, every language alike beforehand; {} without letters."""
    words = [_words_of(text) for text in texts]
    found = _detector().compute_language_confidence_values_in_parallel(words)
    return [
        {value.language.iso_code_639_1.name.lower(): value.value for value in values if value.value > 0}
        if _LETTER.search(text)
        else {}
        for text, values in zip(words, found, strict=True)
    ]


def share_of_languages(texts: Iterable[str]) -> dict[str, float]:
    """Return the share of each language in a sample of texts, longer texts counting more."""
    distinct = sorted(set(texts))
    total = dict.fromkeys(LANGUAGES, 0.0)
    for text, values in zip(distinct, probabilities(distinct), strict=True):
        weight = min(len(text), 100)
        for language, probability in values.items():
            total[language] += weight * probability
    everything = sum(total.values())
    if not everything:
        return dict.fromkeys(LANGUAGES, 1 / len(LANGUAGES))
    return {language: value / everything for language, value in total.items()}


def detect(texts: Sequence[str], shares: dict[str, float]) -> list[str | None]:
    """Return the most probable language of each text given the file's `shares`, None where it has no letters."""
    result: list[str | None] = []
    for values in probabilities(texts):
        weighted = {
            language: probability * max(shares.get(language, 0.0), FLOOR) for language, probability in values.items()
        }
        result.append(max(weighted, key=weighted.__getitem__) if weighted else None)
    return result


_NAMES = {
    **dict.fromkeys(("english", "eng"), "en"),
    **dict.fromkeys(("persian", "farsi", "فارسی", "fas", "per"), "fa"),
    **dict.fromkeys(("polish", "polski", "pol"), "pl"),
    **dict.fromkeys(("romanian", "română", "romana", "ron", "rum"), "ro"),
    **dict.fromkeys(("vietnamese", "tiếng việt", "vie"), "vi"),
    **dict.fromkeys(("german", "deutsch", "deu", "ger"), "de"),
    **dict.fromkeys(("spanish", "español", "spa"), "es"),
    **dict.fromkeys(("french", "français", "fra", "fre"), "fr"),
    **dict.fromkeys(("turkish", "türkçe", "tur"), "tr"),
    **dict.fromkeys(("arabic", "العربية", "ara"), "ar"),
    **dict.fromkeys(("italian", "italiano", "ita"), "it"),
    **dict.fromkeys(("portuguese", "português", "por"), "pt"),
    **dict.fromkeys(("russian", "русский", "rus"), "ru"),
    **dict.fromkeys(("dutch", "nederlands", "nld", "dut"), "nl"),
    **dict.fromkeys(("czech", "čeština", "ces", "cze"), "cs"),
    **dict.fromkeys(("hungarian", "magyar", "hun"), "hu"),
    **dict.fromkeys(("ukrainian", "українська", "ukr"), "uk"),
    **dict.fromkeys(("indonesian", "bahasa indonesia", "ind"), "id"),
    **dict.fromkeys(("hindi", "हिन्दी", "hin"), "hi"),
    **dict.fromkeys(("japanese", "日本語", "jpn"), "ja"),
    **dict.fromkeys(("korean", "한국어", "kor"), "ko"),
    **dict.fromkeys(("chinese", "中文", "zho", "chi", "cmn"), "zh"),
    **dict.fromkeys(("swedish", "svenska", "swe"), "sv"),
    **dict.fromkeys(("greek", "ελληνικά", "ell", "gre"), "el"),
    **dict.fromkeys(("thai", "ไทย", "tha"), "th"),
    **{"iw": "he", "in": "id", "ji": "yi", "no": "nb", "tl": "tl"},
}
_UNDETERMINED = frozenset(("und", "unknown", "undetermined", "undefined", "other", "mul", "zxx", "xx", "?"))
_CODE = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9]+)*")


@lru_cache(maxsize=1)
def _two_letter_codes() -> frozenset[str]:
    from babel import Locale  # noqa: PLC0415

    return frozenset(code for code in Locale("en").languages if len(code) == 2)


@lru_cache(maxsize=4096)
def parse_language(value: str) -> str | None:
    """Return the ISO 639-1 code of a code, tag or name ("pl", "pl-PL", "pol", "Polish"), None when undetermined.

    Raise `ValueError` when it is none.
    """
    text = value.strip().lower()
    if text in _UNDETERMINED:
        return None
    if text in _NAMES:
        return _NAMES[text]
    found = _CODE.fullmatch(text)
    if found:
        code = _NAMES.get(found[1], found[1])
        if code in _two_letter_codes():
            return code
        if found[1] in _UNDETERMINED:
            return None
    raise ValueError("a language code such as `en`, or an empty cell")
