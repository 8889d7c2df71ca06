"""Noise leaves the words recognisable and never empties a text."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cxnlp.model.augment import KEPT_AT_START, distort, draw_windows, drop_pieces, strip_diacritics
from cxnlp.model.reading import Windows


def test_letters_without_decomposition_are_plain_too() -> None:
    assert strip_diacritics("Đường łódź ășțî") == "Duong lodz asti"


@given(text=st.text(min_size=1, max_size=80), seed=st.integers(0, 1000))
def test_a_text_stays_a_text(text: str, seed: int) -> None:
    found = distort(text, np.random.default_rng(seed))
    assert found.strip()
    assert len(found) <= 2 * len(text) + 8


def test_the_generator_decides() -> None:
    text = "Dịch vụ rất tốt, giao hàng nhanh"
    first, again = (distort(text, np.random.default_rng(5)) for _ in range(2))
    assert first == again
    assert len({distort(text, np.random.default_rng(seed)) for seed in range(30)}) > 5


def test_dropped_pieces_leave_the_prefix_and_the_end() -> None:
    windows = Windows((np.arange(100, dtype=np.int32), np.arange(4, dtype=np.int32)), np.array([0, 1]))
    found = drop_pieces(windows, 0.3, np.random.default_rng(0))
    assert 50 < len(found.pieces[0]) < 90
    assert found.pieces[0][:KEPT_AT_START].tolist() == list(range(KEPT_AT_START))
    assert found.pieces[0][-1] == 99
    assert (np.diff(found.pieces[0]) > 0).all()
    assert found.pieces[1].tolist() == [0, 1, 2, 3]
    assert drop_pieces(windows, 0.0, np.random.default_rng(0)) is windows


def test_a_long_text_shows_other_windows_in_each_pass() -> None:
    pieces = tuple(np.array([number], dtype=np.int32) for number in range(7))
    windows = Windows(pieces, np.array([0, 1, 1, 1, 1, 2, 2]))
    seen = set()
    for seed in range(60):
        found = draw_windows(windows, 1, np.random.default_rng(seed))
        assert found.text.tolist() == [0, 1, 2]
        assert found.pieces[0].tolist() == [0]
        seen |= {int(piece[0]) for piece in found.pieces}
    assert seen == set(range(7))
    assert draw_windows(windows, 3, np.random.default_rng(0)).text.tolist() == [0, 1, 1, 1, 2, 2]
    assert draw_windows(windows, 0, np.random.default_rng(0)) is windows
