"""Vectors of texts from the base encoder, before any training on labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from cxnlp.model.predict import Predictor


def base_reader(base: str | None = None) -> Predictor:
    """Return what reads texts with an untrained base encoder; raise `ModelError` when it is not here."""
    from cxnlp.model.base import DEFAULT_BASE, load_encoder, load_tokenizer, resolve_base  # noqa: PLC0415  (torch)
    from cxnlp.model.decide import Calibration  # noqa: PLC0415
    from cxnlp.model.folder import Model  # noqa: PLC0415
    from cxnlp.model.layout import Layout  # noqa: PLC0415
    from cxnlp.model.network import Network  # noqa: PLC0415
    from cxnlp.model.predict import Predictor  # noqa: PLC0415
    from cxnlp.model.reading import Reader  # noqa: PLC0415
    from cxnlp.taxonomy import default_taxonomy  # noqa: PLC0415

    name = base or DEFAULT_BASE
    folder = resolve_base(name)
    layout = Layout(default_taxonomy())  # its heads are never asked
    network = Network(load_encoder(folder), layout.width)
    network.eval()
    return Predictor(Model("base", "", network, Reader(load_tokenizer(folder)), layout, Calibration({}), name))


def embed(
    texts: Sequence[str],
    authors: Sequence[str],
    *,
    base: str | None = None,
    progress: Callable[[int], None] = lambda _: None,
    chunk: int = 512,
) -> npt.NDArray[np.float32]:
    """Return unit vectors [texts, H]; `progress` is called with the number of texts just done."""
    reader = base_reader(base)
    order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
    found = np.zeros((len(texts), reader.model.network.hidden), dtype=np.float32)
    for start in range(0, len(order), chunk):
        rows = order[start : start + chunk]
        pooled, _windows = reader.pooled([texts[row] for row in rows], [authors[row] for row in rows])
        found[rows] = pooled / np.maximum(np.linalg.norm(pooled, axis=1, keepdims=True), 1e-12)
        progress(len(rows))
    return found
