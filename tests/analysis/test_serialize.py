"""Protects the passage to summary.json and back."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from cxnlp.analysis.numbers import Share
from cxnlp.analysis.serialize import from_plain, rounded, to_plain
from cxnlp.analysis.summary import Summary


@dataclass(frozen=True)
class Box:
    names: tuple[str, ...]
    share: Share | None
    pair: tuple[str, float]


BOX = Box(("a",), Share(1, 3, 0.0614, 0.7923), ("x", 2.0))


def test_there_and_back() -> None:
    plain = to_plain(BOX)
    assert plain["share"]["value"] == 0.333333
    assert from_plain(Box, plain) == BOX


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"names": "a"}, "names: found str, expected a list"),
        ({"share": {"count": 1}}, "share: lacks total, low, high, corrected"),
        ({"pair": ["x"]}, "pair: found 1 items, expected 2"),
        ({"pair": ["x", "y"]}, r"pair\[1\]: found str, expected float"),
        ({"share": 3}, "share: found int, expected an object"),
    ],
)
def test_says_where_something_does_not_fit(change: dict[str, object], place: str) -> None:
    with pytest.raises(ValueError, match=place):
        from_plain(Box, to_plain(BOX) | change)


def test_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="version: found 0, expected 2"):
        Summary.from_dict({"version": 0})


def test_numbers_keep_six_digits_and_no_minus_zero() -> None:
    box = rounded(Box((), None, ("x", -0.0)))
    assert str(box.pair[1]) == "0.0"
    assert rounded(Box((), None, ("x", 123456.789))).pair[1] == 123457.0
    with pytest.raises(ValueError, match="finite"):
        rounded(Box((), None, ("x", float("nan"))))
