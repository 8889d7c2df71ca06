"""No stale catalogue: every message a page may need is translated into every language, with its placeholders."""

from __future__ import annotations

import re

import pytest

from cxnlp.config import REPORT_LANGUAGES
from cxnlp.report.catalogue import SOURCE_LANGUAGE, messages, read_catalogue, translations

OTHERS = [language for language in REPORT_LANGUAGES if language != SOURCE_LANGUAGE]


def fields(words: str) -> set[str]:
    """Return the placeholders of a message."""
    return set(re.findall(r"\{(\w+)\}", words))


def test_messages_are_found_in_code_templates_and_the_taxonomy() -> None:
    found = messages()
    assert "What to look at first" in found, "templates"
    assert found["{n} response"] == ("{n} response", "{n} responses"), "plurals"
    assert "Delivery and punctuality" in found, "taxonomy"
    assert "Leave or renew" in found, "journey"
    assert "" not in found


@pytest.mark.parametrize("language", OTHERS)
def test_every_message_is_translated(language: str) -> None:
    catalogue = read_catalogue(language)
    missing = []
    for message, forms in messages().items():
        entry = catalogue.get(message)
        strings = (entry.string,) if entry and isinstance(entry.string, str) else entry.string if entry else ()
        if not strings or not all(strings) or (len(forms) == 2) != isinstance(entry.id, tuple):
            missing.append(message)
    assert not missing


@pytest.mark.parametrize("language", OTHERS)
def test_no_translation_is_left_over_or_unsure(language: str) -> None:
    needed = messages()
    entries = [entry for entry in read_catalogue(language) if entry.id]
    assert not [entry.id for entry in entries if entry.fuzzy]
    assert {entry.id if isinstance(entry.id, str) else entry.id[0] for entry in entries} == set(needed)


@pytest.mark.parametrize("language", OTHERS)
def test_translations_keep_their_placeholders_and_plural_forms(language: str) -> None:
    catalogue = read_catalogue(language)
    for entry in catalogue:
        if not entry.id:
            continue
        singular = entry.id if isinstance(entry.id, str) else entry.id[0]
        strings = (entry.string,) if isinstance(entry.string, str) else tuple(entry.string)
        assert all(fields(string) == fields(singular) for string in strings), singular
        if not isinstance(entry.id, str):
            assert len(strings) == catalogue.num_plurals, singular


def test_english_needs_no_catalogue_and_an_unknown_language_has_none() -> None:
    assert translations("en").gettext("Findings") == "Findings"
    with pytest.raises(FileNotFoundError):
        translations("xx")
