"""Languages: by code or name as the column says, else detected with the file's languages as prior."""

from __future__ import annotations

import pytest

from cxnlp.ingest import languages

TEXTS = {
    "en": "The parcel came late and nobody answered my letters.",
    "fa": "غذا سرد بود و پیک خیلی دیر رسید.",
    "pl": "Paczka przyszła późno i nikt nie odpowiedział na moje listy.",
    "ro": "Coletul a ajuns târziu și nimeni nu mi-a răspuns.",
    "vi": "Gói hàng đến muộn và không ai trả lời thư của tôi.",
    "de": "Das Paket kam zu spät und niemand hat geantwortet.",
    "ar": "وصل الطرد متأخرا ولم يرد أحد على رسائلي.",
    "uk": "Посилка прийшла пізно, і ніхто не відповів.",
    "hi": "पार्सल देर से आया और किसी ने जवाब नहीं दिया।",
    "ja": "荷物が遅れて届き、返事もありませんでした。",
}


def test_plain_sentences_are_told_apart_even_where_another_language_rules() -> None:
    shares = {"pl": 0.98, "en": 0.02}
    assert languages.detect(list(TEXTS.values()), shares) == list(TEXTS)


def test_a_short_text_is_taken_for_the_files_language() -> None:
    shares = languages.share_of_languages([TEXTS["pl"], "Obsługa była bardzo miła, polecam.", "Nigdy więcej!"])
    assert shares["pl"] > 0.9
    assert languages.detect(["super", "ok", "bardzo"], shares) == ["pl", "pl", "pl"]
    assert languages.detect(["super", "ok"], {"ro": 1.0}) == ["ro", "ro"]


@pytest.mark.parametrize("text", ["", "12345", "👍👍", "...", "https://example.org/abc", "@somebody", "[NAME]"])
def test_texts_without_words_have_no_language(text: str) -> None:
    assert languages.detect([text], {"en": 1.0}) == [None]


def test_a_hostile_text_is_no_trouble() -> None:
    assert len(languages.detect(["@" * 50_000, "a@" * 20_000, "x" * 90_000, "\ufffd"], {"en": 1.0})) == 4


def test_the_language_of_a_text_does_not_depend_on_its_neighbours() -> None:
    shares = {"ro": 0.5, "en": 0.5}
    together = languages.detect(list(TEXTS.values()), shares)
    assert together == [languages.detect([text], shares)[0] for text in TEXTS.values()]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        *(("en", "en"), ("EN-us", "en"), ("pl_PL", "pl"), ("fas", "fa"), ("Persian", "fa"), ("tiếng việt", "vi")),
        *(("română", "ro"), ("zh-Hant-TW", "zh"), ("iw", "he"), ("sw", "sw"), ("und", None), ("unknown", None)),
    ],
)
def test_codes_tags_and_names(value: str, code: str | None) -> None:
    assert languages.parse_language(value) == code


@pytest.mark.parametrize("value", ["klingon", "e", "zz", "12", "en fr"])
def test_what_is_no_language_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="a language code"):
        languages.parse_language(value)


def test_released_models_are_loaded_again() -> None:
    languages.release()
    assert languages.detect([TEXTS["pl"]], {}) == ["pl"]
