"""Which texts a model was trained on: what chooses or calibrates its successor must not be among them.

`training.json` keeps a hash of each text under `trained_on`, with those of the model that it started from. A text's
hash is of its normal form alone: the same words under another id are no news to the model. Texts of a warm-up on an
export (`weak.py`) are not in it, since none of their labels was learnt.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cxnlp.errors import ModelError
from cxnlp.model.examples import (
    VALIDATION_SHARE,
    Examples,
    normal_form,
    split_validation,
    without_gold,
)


def text_keys(examples: Examples) -> list[str]:
    """Return eight hex digits that stand for each text.

    Held against a list of 10,000, two texts in a million are taken for one of them.
    """
    return [hashlib.blake2b(normal_form(text).encode(), digest_size=4).hexdigest() for text in examples.texts]


def record(train: Examples, earlier: Iterable[str] = ()) -> str:
    """Return what `training.json` keeps: the keys of the texts trained on, and of those `earlier`, sorted."""
    return " ".join(sorted({*text_keys(train), *earlier}))


def training_of(model: Path) -> dict[str, Any]:
    """Return what `training.json` of a model's folder holds; raise `ModelError` when it is missing or no such file."""
    path = model / "training.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        int(found["settings"]["seed"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{model}: training.json is missing or does not name the seed") from error
    return dict(found)


def trained_on(model: Path, labelled: Examples | None) -> frozenset[str]:
    """Return the keys of the texts that a model was trained on.

    A model of before this was kept has no such list. Then `labelled` is parted as `build` parts rows, by the model's
    own seed: where they are the rows that it was trained from, that gives the very part it was trained on.
    """
    training = training_of(model)
    if "trained_on" in training:
        return frozenset(training["trained_on"].split())
    if labelled is None:
        return frozenset()
    usable = without_gold(labelled)
    train, _validation = split_validation(usable, VALIDATION_SHARE, int(training["settings"]["seed"]))
    return frozenset(text_keys(usable.take(train)))


def seen_rows(examples: Examples, keys: frozenset[str]) -> npt.NDArray[np.bool_]:
    """Return which rows' texts a model has seen that was trained on `keys` [rows]; near-duplicates do not count."""
    return np.array([key in keys for key in text_keys(examples)], dtype=bool)
