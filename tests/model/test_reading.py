"""No piece of a text is lost, whatever its length."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxnlp.model.base import load_tokenizer
from cxnlp.model.reading import Reader, window_starts


@pytest.fixture(scope="module")
def reader(tiny_base: Path) -> Reader:
    return Reader(load_tokenizer(tiny_base), window=32, overlap=4)


@given(pieces=st.integers(0, 900), room=st.integers(8, 120), overlap=st.integers(0, 7))
def test_windows_cover_everything_and_are_full(pieces: int, room: int, overlap: int) -> None:
    starts = window_starts(pieces, room, overlap)
    covered = {at for start in starts for at in range(start, min(start + room, pieces))}
    assert covered == set(range(pieces))
    assert len(starts) == len(set(starts))
    if pieces > room:
        assert starts[-1] + room == pieces
        assert all(later - start <= room - overlap for start, later in pairwise(starts))


def test_every_piece_is_in_a_window(reader: Reader) -> None:
    words = [f"w{number % 60}" for number in range(100)]
    windows = reader.read([" ".join(words)], ["customer"])
    assert all(len(window) == 32 for window in windows.pieces)
    seen = [piece for window in windows.pieces for piece in window]
    wanted = reader.tokenizer(" ".join(words), add_special_tokens=False)["input_ids"]
    assert set(wanted) <= set(seen)
    assert windows.text.tolist() == [0] * len(windows.pieces)


def test_each_window_starts_with_who_writes(reader: Reader) -> None:
    long = "w1 " * 80
    customer = reader.read([long], ["customer"]).pieces
    company = reader.read([long], ["company"]).pieces
    assert len({tuple(window[:3]) for window in customer}) == 1
    assert len({tuple(window[:5]) for window in company}) == 1
    assert tuple(customer[0][:5]) != tuple(company[0][:5])


def test_windows_know_their_text(reader: Reader) -> None:
    windows = reader.read(["w1", "w1 " * 80, ""], ["customer"] * 3)
    assert windows.text[0] == 0
    assert windows.text[-1] == 2
    assert (windows.text[1:-1] == 1).all()
    assert len(windows.lengths()) == len(windows.pieces)
