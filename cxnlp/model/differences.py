"""Trained weights as 4-bit differences to the base: an encoder of 470 MB becomes a file of 12 MB.

Each trained matrix is kept as its difference to the base's, in blocks of 32 weights of one row: an fp16 scale and 32
signed 4-bit steps (Q4 block quantization as in Dettmers & Zettlemoyer 2023, applied to differences, which are an
order of magnitude smaller than the weights). Vectors (biases, norms) and heads are kept whole in fp32.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from cxnlp.errors import ModelError

BLOCK = 32
STEPS = 7
DELTA = "::delta4"
SCALE = "::scale"

Array = npt.NDArray[np.float32]


def pack(difference: Array) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float16]]:
    """Return steps, two to a byte [rows, columns / 2], and scales [rows, columns / 32] of a matrix of differences."""
    rows, columns = difference.shape
    blocks = difference.reshape(rows, columns // BLOCK, BLOCK)
    scales = (np.abs(blocks).max(axis=2) / STEPS).astype(np.float16)
    wide = scales.astype(np.float32)[:, :, None]
    steps = np.divide(blocks, wide, out=np.zeros_like(blocks), where=wide > 0)
    nibbles = (np.clip(np.rint(steps), -STEPS, STEPS) + 8).astype(np.uint8).reshape(rows, columns)
    return nibbles[:, 0::2] | (nibbles[:, 1::2] << 4), scales


def unpack(packed: npt.NDArray[np.uint8], scales: npt.NDArray[np.float16]) -> Array:
    """Return the matrix of differences, [rows, columns]; the inverse of `pack` up to half a step."""
    rows, half = packed.shape
    steps = np.empty((rows, half * 2), dtype=np.float32)
    steps[:, 0::2] = packed & 0x0F
    steps[:, 1::2] = packed >> 4
    blocks = (steps - 8.0).reshape(rows, scales.shape[1], -1) * scales.astype(np.float32)[:, :, None]
    return np.asarray(blocks.reshape(rows, half * 2), dtype=np.float32)


def compress(trained: Mapping[str, Array], base: Mapping[str, Array]) -> dict[str, npt.NDArray[np.generic]]:
    """Return the tensors to keep of a trained network, by name; what equals the base is left out.

    Tensors that the base lacks (heads), vectors, and matrices whose width is no multiple of 32 are kept whole.
    """
    kept: dict[str, npt.NDArray[np.generic]] = {}
    for name, value in trained.items():
        original = base.get(name)
        if original is not None and np.array_equal(value, original):
            continue
        if original is None or value.ndim != 2 or value.shape[1] % BLOCK:
            kept[name] = np.ascontiguousarray(value, dtype=np.float32)
            continue
        kept[name + DELTA], kept[name + SCALE] = pack(np.asarray(value - original, dtype=np.float32))
    return kept


def restore(kept: Mapping[str, npt.NDArray[np.generic]], base: Mapping[str, Array]) -> dict[str, Array]:
    """Return the trained tensors by name; raise `ModelError` when they do not fit the base."""
    found: dict[str, Array] = {}
    for name, value in kept.items():
        if name.endswith(SCALE):
            continue
        if not name.endswith(DELTA):
            found[name] = np.asarray(value, dtype=np.float32)
            continue
        plain = name.removesuffix(DELTA)
        if plain not in base or plain + SCALE not in kept:
            raise ModelError(f"the weights hold a difference to {plain!r}, which the base lacks or which has no scale")
        difference = unpack(np.asarray(value, dtype=np.uint8), np.asarray(kept[plain + SCALE], dtype=np.float16))
        if difference.shape != base[plain].shape:
            raise ModelError(f"{plain}: found a difference of {difference.shape}, expected {base[plain].shape}")
        found[plain] = base[plain] + difference
    return found


def fingerprint(tensors: Mapping[str, Array]) -> str:
    """Return the SHA-256 of tensors, their names and shapes: which base a model's differences belong to."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(f"{name}{tensors[name].shape}".encode())
        digest.update(np.ascontiguousarray(tensors[name], dtype=np.float32).data)
    return digest.hexdigest()
