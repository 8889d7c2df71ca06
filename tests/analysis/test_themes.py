"""Protects the search for themes the taxonomy does not know: found, named, and the same from night to night."""

from __future__ import annotations

from typing import Any

import numpy as np

from cxnlp.analysis import AnalysisSettings, summarize
from cxnlp.analysis.themes import distinctive_words

from .build import MODEL, store

WASTE = (
    "so much plastic around one small lamp",
    "plastic everywhere, think of the planet",
    "why all this plastic wrapping? the planet drowns in it",
    "layers and layers of plastic, shame for the planet",
    "again plastic bags inside plastic bags",
    "your plastic mountain kills the planet",
    "could you please stop wrapping everything in plastic",
    "plastic plastic plastic. what about the planet",
    "i unpacked plastic for ten minutes",
    "the planet does not need this plastic wrapping",
)
OTHER = (
    "the music in the showroom hurts my ears",
    "no idea who signed for this",
    "my grandmother could not open the lid",
    "smelled of paint for a week",
    "the advert insulted my intelligence",
    "lift does not stop at the third floor",
    "you changed the colour without asking",
    "a dog was barking in the background",
    "somebody had written on our invitation",
    "three letters with my old surname",
    "nowhere to sit down with a baby",
    "your quiz asked how much i earn",
    "candles were lit right beside curtains",
    "they sang happy birthday, it was not",
    "parking under water since monday",
    "a mannequin fell on my foot",
)


def vector(number: int, theme: bool) -> bytes:
    """Return an embedding near all others of the theme, or one of its own."""
    rng = np.random.default_rng(number)
    direction = rng.normal(size=64) + (np.r_[np.full(8, 4.0), np.zeros(56)] if theme else 0)
    return np.round(direction / np.linalg.norm(direction) * 127).astype(np.int8).tobytes()


COMPLAINT = {"emotions": ["disappointment"], "stance": "complaint"}


def export(night: int = 1, *, embedded: bool = True) -> list[dict[str, Any]]:
    texts = [(f"w{i}", text) for i, text in enumerate(WASTE)] + [(f"o{i}", text) for i, text in enumerate(OTHER)]
    if night == 2:
        texts += [(f"wn{i}", f"plastic is bad for the planet, {text}") for i, text in enumerate(OTHER[:3])]
    rows = [COMPLAINT | {"id": name, "text": text, "date": "2026-01-05"} for name, text in texts]
    rows += [COMPLAINT | {"id": f"k{i}", "text": f"parcel {i} came late", "causes": ["delivery"]} for i in range(20)]
    if embedded:
        rows = [row | {"embedding": vector(n, row["id"][0] == "w")} for n, row in enumerate(rows)]
    return rows


def themes(night: int = 1, *, embedded: bool = True, **further: Any) -> Any:
    settings = AnalysisSettings(model=MODEL, minimum_group=10, **further)
    return summarize(store(export(night, embedded=embedded)), settings)


def test_a_theme_without_a_cause_is_found_and_named() -> None:
    found = themes().themes
    assert len(found) == 1
    theme = found[0]
    assert {"plastic", "planet"} <= set(theme.words)
    assert theme.share.count == len(WASTE) and theme.share.total == len(WASTE) + len(OTHER)
    assert theme.new and theme.first == "2026-01-05"
    assert all(quote.id.startswith("w") for quote in theme.quotes)


def test_it_keeps_its_key_the_next_night() -> None:
    first = themes()
    second = themes(2, previous=first)
    assert second.themes[0].key == first.themes[0].key
    assert not second.themes[0].new
    assert second.changes.new_themes == ()


def test_without_embeddings_words_must_do() -> None:
    found = themes(embedded=False).themes
    assert found and "planet" in found[0].words


def test_what_has_a_cause_is_not_searched() -> None:
    assert not any("parcel" in theme.words for theme in themes().themes)


def test_distinctive_words_are_those_said_inside_and_not_outside() -> None:
    inside = [("en", words.split()) for words in ("plastic the lamp", "plastic the", "plastic the box")] * 4
    outside = [("en", words.split()) for words in ("the lamp nice", "the box", "the table")] * 20
    assert distinctive_words(inside, outside) == ("plastic",)
    assert distinctive_words([("en", ["once"])], []) == ()


def test_each_language_is_held_against_its_own() -> None:
    # "und" is rare over all texts but common in German, so it names nothing
    inside = [("de", ["und", "plastik"]), ("de", ["und", "plastik"]), ("en", ["plastic"]), ("en", ["plastic", "and"])]
    outside = [("en", ["and", "fine"])] * 90 + [("de", ["und", "gut"])] * 10
    assert set(distinctive_words(inside, outside)) == {"plastik", "plastic"}
