"""What training changes in texts: noise that real feedback has (no diacritics, other casing, typos), parts left out."""

from __future__ import annotations

import unicodedata

import numpy as np

from cxnlp.model.reading import Windows

HALF_SPACE = "\u200c"  # ZWNJ: Persian writers leave it out, or type a space instead
#: First pieces of a window that are never dropped: `<s> query :`, and `reply :` where a company writes.
KEPT_AT_START = 5
_ARABIC_FORMS = str.maketrans({"ی": "ي", "ک": "ك"})
_PLAIN = str.maketrans({"đ": "d", "Đ": "D", "ł": "l", "Ł": "L"})


def strip_diacritics(text: str) -> str:
    """Return the text without accents, as typed on a keyboard that lacks them (đ and ł included)."""
    decomposed = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(c for c in decomposed if unicodedata.category(c) != "Mn")).translate(
        _PLAIN
    )


def distort(text: str, generator: np.random.Generator) -> str:
    """Return the text with one or two kinds of noise that leave its meaning."""
    for _ in range(int(generator.integers(1, 3))):
        kind = generator.integers(0, 6)
        if kind == 0:
            text = strip_diacritics(text)
        elif kind == 1:
            text = text.lower()
        elif kind == 2:
            text = text.upper() if generator.random() < 0.3 else text[:1].upper() + text[1:]
        elif kind == 3:
            text = text.replace(HALF_SPACE, " " if generator.random() < 0.5 else "")
            if generator.random() < 0.5:
                text = text.translate(_ARABIC_FORMS)
        elif kind == 4:
            text = _typos(text, generator)
        else:
            text = text.rstrip(".!?… ") + ("" if generator.random() < 0.6 else "!" * int(generator.integers(1, 4)))
    return text if text.strip() else "."


def drop_pieces(windows: Windows, share: float, generator: np.random.Generator) -> Windows:
    """Return the windows without a random share of their pieces; prefix and special pieces stay."""
    if share <= 0:
        return windows
    kept = []
    for pieces in windows.pieces:
        keep = generator.random(len(pieces)) >= share
        keep[:KEPT_AT_START] = True
        keep[-1] = True
        kept.append(pieces[keep])
    return Windows(tuple(kept), windows.text)


def draw_windows(windows: Windows, most: int, generator: np.random.Generator) -> Windows:
    """Return at most `most` windows of each text, drawn at random where it has more; 0 stands for all."""
    if not most or not len(windows.text):
        return windows
    order = np.lexsort((generator.random(len(windows.text)), windows.text))
    owners = windows.text[order]
    rank = np.arange(len(owners)) - np.searchsorted(owners, owners)
    kept = np.sort(order[rank < most])
    return Windows(tuple(windows.pieces[place] for place in kept), windows.text[kept])


def _typos(text: str, generator: np.random.Generator) -> str:
    letters = list(text)
    for _ in range(max(1, len(letters) // 60)):
        if len(letters) < 8:
            break
        at = int(generator.integers(1, len(letters) - 2))
        if not (letters[at].isalpha() and letters[at + 1].isalpha()):
            continue
        if generator.random() < 0.5:
            letters[at], letters[at + 1] = letters[at + 1], letters[at]
        else:
            del letters[at]
    return "".join(letters)
