"""What a model must beat: the majority answer, and linear models on character n-grams and on the untrained encoder.

All give logits that go through the same calibration and thresholds, fitted on the same validation rows.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from cxnlp.model import decide
from cxnlp.model.decide import Decisions
from cxnlp.model.examples import Examples
from cxnlp.model.layout import Layout

#: Logit that stands for "never": used where a label has one class among the training rows.
NEVER = 8.0

Features = Callable[[Examples], Any]


def majority(train: Examples, rows: int, layout: Layout) -> npt.NDArray[np.float64]:
    """Return the logits of the labels' shares among the training rows, the same for each row, [rows, outputs]."""
    found = np.zeros(layout.width)
    for task, where in layout:
        truth = train.targets[task.name][train.labelled(task.name)]
        share = np.clip(truth.mean(axis=0), 1e-3, 1 - 1e-3)
        found[where] = np.log(share / (1 - share)) if task.kind == "multi" else np.log(share)
    return np.tile(found, (rows, 1))


def linear(
    train: Examples, others: list[Examples], layout: Layout, features: Features, strength: float
) -> list[npt.NDArray[np.float64]]:
    """Fit a logistic regression per label (per task, where each row has one label) and return logits of `others`.

    `features` turns examples into a matrix; `strength` is scikit-learn's C.
    """
    from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415  (slow to import)
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

    inputs, outputs = features(train), [features(part) for part in others]
    found = [np.zeros((len(part), layout.width)) for part in others]
    for task, where in layout:
        known = train.labelled(task.name)
        truth = train.targets[task.name][known] > 0.5
        columns = range(where.start, where.stop)
        if task.kind == "multi":
            for label, column in enumerate(columns):
                wanted = truth[:, label]
                if wanted.all() or not wanted.any():
                    for part in found:
                        part[:, column] = NEVER if wanted.all() else -NEVER
                    continue
                model = LogisticRegression(C=strength, solver="liblinear").fit(inputs[known], wanted)
                for part, matrix in zip(found, outputs, strict=True):
                    part[:, column] = model.decision_function(matrix)
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)  # near enough for a baseline
                model = LogisticRegression(C=strength, max_iter=500).fit(inputs[known], truth.argmax(axis=1))
            for part, matrix in zip(found, outputs, strict=True):
                part[:, where] = -NEVER
                part[:, where.start + model.classes_] = np.log(np.maximum(model.predict_proba(matrix), 1e-9))
    return found


def character_ngrams(train: Examples, limit: int = 60_000) -> Features:
    """Return features: TF-IDF of character n-grams of 2 to 5 within words, and who wrote."""
    from scipy import sparse  # noqa: PLC0415
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415

    vectorizer = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True, max_features=limit
    )
    vectorizer.fit(train.texts)

    def features(examples: Examples) -> Any:
        company = sparse.csr_matrix([[float(author == "company")] for author in examples.authors])
        return sparse.hstack([vectorizer.transform(examples.texts), company]).tocsr()

    return features


def compare(
    train: Examples, validation: Examples, gold: Examples, layout: Layout, embed: Features | None
) -> dict[str, Decisions]:
    """Return what each baseline decides on the gold rows. `embed` gives the untrained encoder's vectors, [rows, H]."""

    def decided(on_validation: npt.NDArray[Any], on_gold: npt.NDArray[Any]) -> Decisions:
        calibration = decide.fit(on_validation, validation.targets, layout)
        return decide.decide(on_gold, layout, calibration)

    found = {
        "majority": decided(majority(train, len(validation), layout), majority(train, len(gold), layout)),
        "character n-grams": decided(*linear(train, [validation, gold], layout, character_ngrams(train), 4.0)),
    }
    if embed is not None:
        found["frozen encoder"] = decided(*linear(train, [validation, gold], layout, embed, 10.0))
    return found
