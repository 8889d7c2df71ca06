"""Protects the comparison of what foretells the outcome."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from cxnlp.analysis.outcome import cross_validated, delong


def test_areas_agree_with_sklearn_and_errors_with_the_bootstrap() -> None:
    rng = np.random.default_rng(0)
    y = rng.random(600) < 0.3
    scores = [y + rng.normal(size=600), 0.5 * y + rng.normal(size=600).round(1)]
    areas, covariance = delong(y, scores)
    assert areas == pytest.approx([roc_auc_score(y, score) for score in scores])
    drawn = []
    for _ in range(300):
        rows = rng.integers(0, 600, 600)
        drawn.append([roc_auc_score(y[rows], score[rows]) for score in scores])
    assert np.sqrt(np.diag(covariance)) == pytest.approx(np.std(drawn, axis=0), rel=0.15)


def test_noise_foretells_nothing_when_cross_validated() -> None:
    rng = np.random.default_rng(1)
    y, noise = rng.random(500) < 0.3, rng.normal(size=(500, 30))
    assert roc_auc_score(y, cross_validated(noise, y, seed=0)) == pytest.approx(0.5, abs=0.08)
    told = noise.copy()
    told[:, 0] += 2 * y
    assert roc_auc_score(y, cross_validated(told, y, seed=0)) > 0.8
