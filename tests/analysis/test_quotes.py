"""Protects quotes: chosen by rule, masked before they are cut, safe in any direction."""

from __future__ import annotations

import numpy as np

from cxnlp.analysis.frame import build_analysed
from cxnlp.analysis.quotes import LONGEST, Candidate, choose, draw, is_right_to_left, make_quote
from cxnlp.analysis.settings import AnalysisSettings

from .build import MODEL, store

SETTINGS = AnalysisSettings(model=MODEL)


def candidate(number: int, text: str = "", embedding: list[int] | None = None) -> Candidate:
    return Candidate(
        id=f"c{number}",
        text=text or f"a text that is long enough, number {number}",
        language="en",
        stars=5,
        scale_high=5,
        date=None,
        touchpoint=None,
        emotions=(),
        effort="unstated",
        stance="neither",
        causes=(),
        strengths=(),
        reply=None,
        reply_stance=None,
        embedding=None if embedding is None else np.array(embedding, np.int8).tobytes(),
    )


def test_centre_edge_and_random_by_hand() -> None:
    # three point one way, one stands at a right angle: the middle of the three is nearest to the centre
    pool = [candidate(0, embedding=[100, 20]), candidate(1, embedding=[0, 100]), candidate(2, embedding=[100, 35])]
    pool.append(candidate(3, embedding=[100, 30]))
    assert [(rule, item.id) for rule, item in choose(pool, 3)] == [("centre", "c2"), ("edge", "c1"), ("random", "c0")]


def test_no_more_quotes_than_texts_and_none_twice() -> None:
    chosen = choose([candidate(index) for index in range(4)], 10)
    assert sorted(item.id for _, item in chosen) == ["c0", "c1", "c2", "c3"]
    assert choose([], 3) == [] and choose([candidate(1)], 0) == []


def test_very_short_texts_wait_until_there_is_nothing_else() -> None:
    assert [item.id for _, item in choose([candidate(0, "ok"), candidate(1)], 3)] == ["c1"]
    assert [item.id for _, item in choose([candidate(0, "ok")], 3)] == ["c0"]


def test_texts_without_letters_can_be_chosen_from() -> None:
    assert len(choose([candidate(0, "!"), candidate(1, "?")], 2)) == 2


def test_masking_comes_before_cutting() -> None:
    text = "x" * (LONGEST - 5) + " 601 234 567"  # the cut would fall inside the number
    quote = make_quote(candidate(0, text), "centre", "all")
    assert "601" not in quote.text


def test_hidden_characters_cannot_hide_an_address_or_turn_the_page() -> None:
    quote = make_quote(candidate(0, "anna\u200b@\u200bpost.example\u202e evil\x00"), "centre", "all")
    assert quote.text == "[e-mail] evil" and quote.masked


def test_long_texts_are_cut_at_a_word_and_say_so() -> None:
    quote = make_quote(candidate(0, "word " * 30_000), "centre", "all")
    assert quote.cut and len(quote.text) <= LONGEST + 2 and quote.text.endswith("word …")
    assert not make_quote(candidate(0, "short"), "centre", "all").cut


def test_direction_is_that_of_the_first_strong_letter() -> None:
    assert is_right_to_left("5 ستاره good")
    assert not is_right_to_left("great ستاره")
    assert not is_right_to_left("5!")


def test_drawing_is_by_seed_and_takes_the_same_words_once() -> None:
    rows = [{"id": f"c{index}", "text": f"words {index % 30}", "touchpoint": "use"} for index in range(60)]
    connection = store(rows)
    build_analysed(connection, SETTINGS)
    first = draw(connection, SETTINGS, "touchpoint", "true", 10)["use"]
    assert len({item.text for item in first}) == 10
    assert draw(connection, SETTINGS, "touchpoint", "true", 10)["use"] == first
    other = draw(connection, AnalysisSettings(model=MODEL, seed=1), "touchpoint", "true", 10)["use"]
    assert [item.id for item in other] != [item.id for item in first]


def test_a_quote_brings_its_reply() -> None:
    connection = store(
        [{"text": "late again and nobody calls", "reply": "Dear Mr Smith, sorry", "reply_stance": "excuse"}]
    )
    build_analysed(connection, SETTINGS)
    quote = make_quote(draw(connection, SETTINGS, "overall", "true")["overall"][0], "centre", "all")
    assert (quote.reply, quote.reply_stance, quote.masked) == ("Dear Mr [name], sorry", "excuse", True)
