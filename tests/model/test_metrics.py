"""Scores agree with scikit-learn's and with hand-made counts; intervals cover."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import f1_score

from cxnlp.model import metrics


@pytest.fixture(scope="module")
def arrays() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    truth = generator.random((400, 5)) < [0.5, 0.3, 0.1, 0.05, 0.02]
    return truth, truth ^ (generator.random((400, 5)) < 0.1)


def test_they_are_scikit_learns(arrays: tuple[np.ndarray, np.ndarray]) -> None:
    truth, given = arrays
    assert metrics.micro_f1(truth, given) == pytest.approx(f1_score(truth, given, average="micro"))
    assert metrics.macro_f1(truth, given) == pytest.approx(f1_score(truth, given, average="macro"))


def test_a_weight_of_two_is_the_row_twice(arrays: tuple[np.ndarray, np.ndarray]) -> None:
    truth, given = arrays
    weights = np.ones(len(truth))
    weights[:50] = 2
    doubled = [np.concatenate([values, values[:50]]) for values in arrays]
    for score in (metrics.micro_f1, metrics.macro_f1, metrics.exact):
        assert score(truth, given, weights) == pytest.approx(score(*doubled))


def test_one_label_a_row_makes_micro_f1_the_accuracy() -> None:
    truth, given = np.eye(3, dtype=bool)[[0, 1, 2, 2]], np.eye(3, dtype=bool)[[0, 1, 1, 2]]
    assert metrics.micro_f1(truth, given) == metrics.exact(truth, given) == 0.75


def test_a_label_that_no_row_has_does_not_enter_the_mean() -> None:
    truth = np.array([[True, False], [True, False]])
    assert metrics.macro_f1(truth, np.array([[True, False], [True, True]])) == 1.0


def test_nothing_to_score_is_no_number() -> None:
    nothing = np.zeros((0, 2), dtype=bool)
    assert math.isnan(metrics.micro_f1(nothing, nothing))
    assert math.isnan(metrics.macro_f1(nothing, nothing))
    assert math.isnan(metrics.exact(nothing, nothing))
    assert math.isnan(metrics.expected_calibration_error(np.zeros(0), np.zeros(0, dtype=bool)))
    assert all(math.isnan(end) for end in metrics.interval(np.full(5, np.nan)))


def test_many_weights_at_once_are_each_on_its_own(arrays: tuple[np.ndarray, np.ndarray]) -> None:
    draws = metrics.resamples(400, seed=0, draws=7)
    together = metrics.f1(*metrics.counts(*arrays, draws))
    for one, weights in zip(together, draws, strict=True):
        assert one == pytest.approx(metrics.f1(*metrics.counts(*arrays, weights)))
        assert weights.sum() == 400


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    generator = np.random.default_rng(0)
    held = 0
    for seed in range(200):
        values = (generator.random(80) < 0.7).astype(float)
        low, high = metrics.interval(metrics.resamples(80, seed=seed, draws=200) @ values / 80)
        held += low <= 0.7 <= high
    assert 0.88 <= held / 200 <= 0.99


def test_calibration_error_of_the_sure_and_wrong() -> None:
    confidence = np.array([0.9] * 100)
    right = np.array([True] * 50 + [False] * 50)
    generator = np.random.default_rng(0)
    generator.shuffle(right)
    assert metrics.expected_calibration_error(confidence, right, bins=1) == pytest.approx(0.4)
    assert metrics.expected_calibration_error(np.full(100, 0.5), right, bins=1) == pytest.approx(0.0)
