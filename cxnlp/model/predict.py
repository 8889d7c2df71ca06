"""Reading texts with a trained model: `Predictor`.

Identical texts are read once, texts of like length together. Every batch of one length has one fixed shape (short
batches are filled with empty rows), so that what a text gets never depends on which texts stand beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch

from cxnlp.model.decide import Decisions, decide
from cxnlp.model.folder import Model, load
from cxnlp.model.network import pad
from cxnlp.model.precision import Precision, prepare, resolve
from cxnlp.model.reading import Windows
from cxnlp.taxonomy import Taxonomy

Floats = npt.NDArray[np.float32]

#: Windows are padded to the next of these lengths.
STEP = 8
#: Texts that go through tokenizer and network at a time: bounds memory, and how often progress is told.
CHUNK = 4096


@dataclass(frozen=True)
class Prediction:
    """What the model says about one text.

    `labels` holds one element for single and ordinal tasks. `confidence` is the probability that the task's answer is
    wholly right. `embedding` is int8[H]: the text's unit vector times 127.
    """

    labels: dict[str, tuple[str, ...]]
    confidence: dict[str, float]
    unsure: bool
    windows: int
    scores: dict[str, dict[str, float]] | None = None
    embedding: bytes | None = None


class Predictor:
    """A model that reads texts. Make it with `Predictor.load`."""

    def __init__(
        self, model: Model, *, batch_tokens: int = 1024, precision: Literal["auto", "fp32", "bf16", "int8"] = "auto"
    ) -> None:
        self.model = model
        self.batch_tokens = batch_tokens
        self.precision: Precision = resolve(precision)
        self._sums = prepare(model.network, self.precision)
        self._heads = model.network.heads

    @classmethod
    def load(
        cls,
        folder: Path,
        *,
        batch_tokens: int = 1024,
        precision: Literal["auto", "fp32", "bf16", "int8"] = "auto",
    ) -> Predictor:
        """Load a model's folder; raise `ModelError` when it is broken or its base is not here.

        `batch_tokens` is the number of pieces in one batch (larger is no faster, and wastes more on few texts);
        `precision` is chosen by what the processor does fast.
        """
        return cls(load(folder), batch_tokens=batch_tokens, precision=precision)

    @property
    def version(self) -> str:
        """The model's name and content hash, as in `default@3f2a9c1b0d4e`."""
        return self.model.version

    @property
    def taxonomy(self) -> Taxonomy:
        """What the model tells."""
        return self.model.taxonomy

    def predict(
        self,
        texts: Sequence[str],
        authors: Sequence[str],
        *,
        scores: bool = False,
        embeddings: bool = False,
        progress: Callable[[int], None] | None = None,
    ) -> list[Prediction]:
        """Return a prediction per text, in the order given.

        `authors` are `customer` or `company`. `progress` is called with the number of texts that were just done.
        """
        keys = list(zip(texts, authors, strict=True))
        position: dict[tuple[str, str], int] = {}
        for key in keys:
            position.setdefault(key, len(position))
        distinct = list(position)
        # neighbours of like length in one chunk: full batches for all but the last of each length
        order = sorted(range(len(distinct)), key=lambda i: len(distinct[i][0]))
        repeats = np.bincount([position[key] for key in keys], minlength=len(distinct)) if keys else np.zeros(0)
        found: list[Prediction | None] = [None] * len(distinct)
        for start in range(0, len(order), CHUNK):
            rows = order[start : start + CHUNK]
            pooled, windows = self.pooled([distinct[i][0] for i in rows], [distinct[i][1] for i in rows])
            decisions = decide(self.logits(pooled), self.model.layout, self.model.calibration)
            vectors = _as_bytes(pooled) if embeddings else None
            for at, prediction in enumerate(self._predictions(decisions, windows, scores, vectors)):
                found[rows[at]] = prediction
            if progress:
                progress(int(repeats[rows].sum()))
        return [done for key in keys if (done := found[position[key]]) is not None]

    def logits(self, pooled: Floats) -> Floats:
        """Return the outputs of the heads for pooled vectors, [texts, outputs]; always in fp32."""
        with torch.inference_mode():
            # one row at a time in effect: a sum over the hidden units whose order no neighbour changes
            weight, bias = self._heads.weight.detach().numpy(), self._heads.bias.detach().numpy()
        return np.asarray(np.einsum("th,oh->to", pooled, weight) + bias, dtype=np.float32)

    def pooled(self, texts: Sequence[str], authors: Sequence[str]) -> tuple[Floats, npt.NDArray[np.int64]]:
        """Return the pooled vector of each text, [texts, H], and how many windows it took."""
        windows = self.model.reader.read(texts, authors)
        sums = np.zeros((len(windows.pieces), self.model.network.hidden), dtype=np.float32)
        lengths = windows.lengths()
        padded = -(-lengths // STEP) * STEP
        for length in np.unique(padded):
            same = np.flatnonzero(padded == length)
            height = max(1, self.batch_tokens // int(length))
            for start in range(0, len(same), height):
                rows = same[start : start + height]
                sums[rows] = self._read(windows, rows, int(length), height)
        return pool(windows, sums, lengths, len(texts))

    def _read(self, windows: Windows, rows: npt.NDArray[np.int64], length: int, height: int) -> Floats:
        filler: list[Any] = [windows.pieces[rows[0]]] * (height - len(rows))
        pieces, mask = pad([windows.pieces[row] for row in rows] + filler, self.model.reader.padding, length)
        with torch.inference_mode():
            return np.asarray(self._sums(pieces, mask)[: len(rows)].float().numpy(), dtype=np.float32)

    def _predictions(
        self, decisions: Decisions, windows: npt.NDArray[np.int64], scores: bool, vectors: list[bytes] | None
    ) -> list[Prediction]:
        tasks = self.taxonomy.tasks
        names = {task.name: np.array(task.label_names, dtype=object) for task in tasks}
        return [
            Prediction(
                labels={task.name: tuple(names[task.name][decisions.labels[task.name][row]]) for task in tasks},
                confidence={task.name: round(float(decisions.confidence[task.name][row]), 4) for task in tasks},
                unsure=bool(decisions.unsure[row]),
                windows=int(windows[row]),
                scores={
                    task.name: {
                        name: round(float(value), 4)
                        for name, value in zip(task.label_names, decisions.probabilities[task.name][row], strict=True)
                    }
                    for task in tasks
                }
                if scores
                else None,
                embedding=vectors[row] if vectors else None,
            )
            for row in range(len(windows))
        ]


def pool(
    windows: Windows, sums: Floats, lengths: npt.NDArray[np.int64], texts: int
) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Return the mean over all pieces of each text, [texts, H], and the number of its windows, [texts]."""
    total = np.zeros((texts, sums.shape[1]), dtype=np.float32)
    np.add.at(total, windows.text, sums)
    pieces = np.bincount(windows.text, weights=lengths, minlength=texts).astype(np.float32)
    mean = np.asarray(total / np.maximum(pieces, 1.0)[:, None], dtype=np.float32)
    return mean, np.bincount(windows.text, minlength=texts).astype(np.int64)


def _as_bytes(pooled: Floats) -> list[bytes]:
    length = np.linalg.norm(pooled, axis=1, keepdims=True)
    unit = pooled / np.where(length > 0, length, 1.0)
    return [row.tobytes() for row in np.rint(unit * 127).astype(np.int8)]
