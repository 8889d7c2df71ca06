"""Texts as pieces: the prefix that tells who writes, and windows for texts that are too long to read at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from cxnlp.model.base import TEXT_PREFIX

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

#: What stands before a text tells the encoder who wrote it.
AUTHOR_PREFIXES = {"customer": TEXT_PREFIX, "company": f"{TEXT_PREFIX}reply: "}
#: Pieces read at once, special pieces and prefix included. Longer texts are read in windows that overlap.
WINDOW = 128
OVERLAP = 16


@dataclass(frozen=True)
class Windows:
    """Windows of several texts: `pieces[w]` are the piece ids of window w, `text[w]` the position of its text."""

    pieces: tuple[npt.NDArray[np.int32], ...]
    text: npt.NDArray[np.int64]

    def lengths(self) -> npt.NDArray[np.int64]:
        """Return the number of pieces of each window."""
        return np.array([len(window) for window in self.pieces], dtype=np.int64)


class Reader:
    """Turns texts into windows of pieces with one tokenizer."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, window: int = WINDOW, overlap: int = OVERLAP) -> None:
        self.tokenizer = tokenizer
        self.window = window
        self.overlap = overlap
        first, last = tokenizer.cls_token_id, tokenizer.sep_token_id
        self._first = [first] if first is not None else []
        self._last = [last] if last is not None else []
        self.padding: int = tokenizer.pad_token_id or 0
        self._prefixes = {author: self._plain([prefix])[0] for author, prefix in AUTHOR_PREFIXES.items()}

    def _plain(self, texts: Sequence[str]) -> list[list[int]]:
        pieces: list[list[int]] = self.tokenizer(
            list(texts),
            add_special_tokens=False,
            return_attention_mask=False,
            return_token_type_ids=False,
            verbose=False,
        )["input_ids"]
        return pieces

    def read(self, texts: Sequence[str], authors: Sequence[str]) -> Windows:
        """Cut texts into windows; every piece of every text is in at least one.

        An empty text is one window with nothing but the prefix. An author other than `company` reads as a customer.
        """
        windows: list[npt.NDArray[np.int32]] = []
        owner: list[int] = []
        customer = self._prefixes["customer"]
        # a lone surrogate (broken export) has no UTF-8 form, which the tokenizer needs
        clean = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        for position, (pieces, author) in enumerate(zip(self._plain(clean) if clean else [], authors, strict=True)):
            prefix = self._prefixes.get(author, customer)
            room = self.window - len(prefix) - len(self._first) - len(self._last)
            for start in window_starts(len(pieces), room, self.overlap):
                body = pieces[start : start + room]
                windows.append(np.array(self._first + prefix + body + self._last, dtype=np.int32))
                owner.append(position)
        return Windows(tuple(windows), np.array(owner, dtype=np.int64))


def window_starts(pieces: int, room: int, overlap: int) -> list[int]:
    """Return where windows of `room` pieces start so that all pieces are covered and neighbours share `overlap`.

    The last window is moved back to be full, so that no window is a stub.
    """
    if pieces <= room:
        return [0]
    starts = list(range(0, pieces - room, room - overlap))
    return [*starts, pieces - room]
