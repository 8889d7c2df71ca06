"""Protects the search for themes the taxonomy does not know: found, named, and the same from night to night."""

from __future__ import annotations

from typing import Any

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
)
COMPLAINT = {"emotions": ["disappointment"], "stance": "complaint"}


def export(night: int = 1) -> list[dict[str, Any]]:
    rows = [COMPLAINT | {"id": f"w{i}", "text": text, "date": "2026-01-05"} for i, text in enumerate(WASTE)]
    rows += [COMPLAINT | {"id": f"o{i}", "text": text} for i, text in enumerate(OTHER)]
    rows += [COMPLAINT | {"id": f"k{i}", "text": f"parcel {i} came late", "causes": ["delivery"]} for i in range(20)]
    if night == 2:
        rows += [
            COMPLAINT | {"id": f"n{i}", "text": f"plastic for the planet, {text}"} for i, text in enumerate(OTHER[:3])
        ]
    return rows


def themes(night: int = 1, **further: Any) -> Any:
    settings = AnalysisSettings(model=MODEL, minimum_group=10, **further)
    return summarize(store(export(night)), settings)


def test_a_theme_without_a_cause_is_found_and_named() -> None:
    found = themes().themes
    assert len(found) == 1
    theme = found[0]
    assert {"plastic", "planet"} <= set(theme.words)
    assert theme.share.count >= 8 and theme.share.total == len(WASTE) + len(OTHER)
    assert theme.new and theme.first == "2026-01-05"
    assert all(quote.id.startswith("w") for quote in theme.quotes)


def test_it_keeps_its_key_the_next_night() -> None:
    first = themes()
    second = themes(2, previous=first)
    assert second.themes[0].key == first.themes[0].key
    assert not second.themes[0].new
    assert second.changes.new_themes == ()


def test_what_has_a_cause_is_not_searched() -> None:
    assert not any("parcel" in theme.words for theme in themes().themes)


def test_distinctive_words_are_those_said_inside_and_not_outside() -> None:
    inside = [["plastic", "the", "lamp"], ["plastic", "the"], ["plastic", "the", "box"], ["plastic", "the"]] * 3
    outside = [["the", "lamp", "nice"], ["the", "box"], ["the", "table"]] * 20
    assert distinctive_words(inside, outside) == ("plastic",)
    assert distinctive_words([["once"]], []) == ()
