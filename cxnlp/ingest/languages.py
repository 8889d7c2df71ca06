"""Which language a text is in, where the export does not say.

Lingua (https://github.com/pemistahl/lingua-py; character n-grams of 1 to 5) gives each language a probability as if all
were equally likely beforehand. It is multiplied by the share of each language in the file (Bayes' rule), so that
"ok super" in a Polish export is Polish. Lingua's probabilities do not grow sharper with length as evidence does, so
those of a text of n letters count n / `LETTERS_PER_VOTE` times against the one vote of the file: a sentence that is
plainly of another language stays with it. `scripts/measure_languages.py` measures both effects.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from cxnlp.ingest import words

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
LETTERS_PER_VOTE = 10
_READ = 300
_NOT_WORDS = re.compile(r"https?://\S+|www\.\S+|[\w.+-]{1,64}@[\w.-]{1,64}|[@#]\w+|\[[A-Z_]{1,20}\]")
_LETTER = re.compile(r"[^\W\d_]")


@lru_cache(maxsize=1)
def _detector() -> LanguageDetector:
    from lingua import IsoCode639_1, LanguageDetectorBuilder  # noqa: PLC0415  (large; only when needed)

    codes = [getattr(IsoCode639_1, code.upper()) for code in LANGUAGES]
    return LanguageDetectorBuilder.from_iso_codes_639_1(*codes).build()


def _words_of(text: str) -> str:
    return _NOT_WORDS.sub(" ", text[: 4 * _READ])[:_READ]


def probabilities(texts: Sequence[str]) -> list[dict[str, float]]:
    """Return for each text the probability of each language, every language alike beforehand; {} without letters."""
    readable = [_words_of(text) for text in texts]
    found = _detector().compute_language_confidence_values_in_parallel(readable)
    return [
        {value.language.iso_code_639_1.name.lower(): value.value for value in values if value.value > 0}
        if _LETTER.search(text)
        else {}
        for text, values in zip(readable, found, strict=True)
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


def most_probable(text: str, values: dict[str, float], shares: dict[str, float]) -> str | None:
    """Return the language of a text from its probabilities and the file's shares, None without letters."""
    votes = max(1.0, len(_LETTER.findall(_words_of(text))) / LETTERS_PER_VOTE)
    weighted = {
        language: votes * math.log(probability) + math.log(max(shares.get(language, 0.0), FLOOR))
        for language, probability in values.items()
    }
    return max(weighted, key=weighted.__getitem__) if weighted else None


def detect(texts: Sequence[str], shares: dict[str, float]) -> list[str | None]:
    """Return the most probable language of each text given the file's `shares`, None where it has no letters."""
    return [most_probable(text, found, shares) for text, found in zip(texts, probabilities(texts), strict=True)]


def release() -> None:
    """Give back the memory of the language models (about 0.5 GB), which are loaded again when they are needed."""
    if _detector.cache_info().currsize:
        _detector().unload_language_models()  # type: ignore[no-untyped-call]


_CODE = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9]+)*")


@lru_cache(maxsize=1)
def _two_letter_codes() -> frozenset[str]:
    from babel import Locale  # noqa: PLC0415

    return frozenset(code for code in Locale("en").languages if len(code) == 2)


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    """Return folded name → ISO 639-1 code, `""` for words that mean undetermined."""
    names = {name: code for code in words.table("languages") for name in words.listed("languages", code)}
    return {name: "" if code == "undetermined" else code for name, code in names.items()}


@lru_cache(maxsize=4096)
def parse_language(value: str) -> str | None:
    """Return the ISO 639-1 code of a code, tag or name ("pl", "pl-PL", "pol", "Polish"), None when undetermined.

    Raise `ValueError` when it is none.
    """
    names = _names()
    whole = names.get(words.fold(value))
    if whole is not None:
        return whole or None
    found = _CODE.fullmatch(value.strip().lower())
    if found:
        code = names.get(found[1], found[1])
        if not code or code in _two_letter_codes():
            return code or None
    raise ValueError("a language code such as `en`, or an empty cell")
