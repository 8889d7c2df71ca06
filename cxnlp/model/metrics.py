"""Scores of decisions against people's labels. Decisions and truths are boolean arrays [rows, labels].

A task with exactly one label per row is scored on its one-hot rows: its micro-F1 is its accuracy.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


def f1(hits: Floats, given: Floats, wanted: Floats) -> Floats:
    """Return F1 from counts of right labels, labels given and labels wanted; NaN where nothing was given or wanted."""
    total = given + wanted
    found: Floats = np.divide(2 * hits, total, out=np.full(np.shape(total), np.nan), where=total > 0)
    return found


def counts(truth: Bools, decided: Bools, weights: Floats | None = None) -> tuple[Floats, Floats, Floats]:
    """Return per label: labels rightly given, given, wanted, [labels].

    Each row counts `weights` times, [rows]; with weights [draws, rows] the counts are [draws, labels].
    """
    w = np.ones(len(truth)) if weights is None else weights
    return w @ (truth & decided), w @ decided, w @ truth


def micro_f1(truth: Bools, decided: Bools, weights: Floats | None = None) -> float:
    """Return F1 over all labels pooled."""
    hits, given, wanted = counts(truth, decided, weights)
    return float(f1(hits.sum(), given.sum(), wanted.sum()))


def macro_f1(truth: Bools, decided: Bools, weights: Floats | None = None, least: int = 1) -> float:
    """Return the mean F1 of the labels that at least `least` rows hold, before weighting."""
    hits, given, wanted = counts(truth, decided, weights)
    per_label = f1(hits, given, wanted)[truth.sum(axis=0) >= least]
    return float(known_mean(per_label))


def known_mean(values: Floats) -> Floats:
    """Return the mean over the last axis of what is a number; NaN where nothing is."""
    known = ~np.isnan(values)
    total, count = np.where(known, values, 0.0).sum(axis=-1), known.sum(axis=-1)
    found: Floats = np.divide(total, count, out=np.full(np.shape(total), np.nan), where=count > 0)
    return found


def exact(truth: Bools, decided: Bools, weights: Floats | None = None) -> float:
    """Return the share of rows whose labels are all right (accuracy, where each row has one label)."""
    if not len(truth):
        return float("nan")
    w = np.ones(len(truth)) if weights is None else weights
    return float(w @ (truth == decided).all(axis=1) / w.sum()) if w.sum() else float("nan")


def resamples(rows: int, *, seed: int, draws: int = 1000) -> Floats:
    """Return how often each row is drawn in each bootstrap resample (Efron & Tibshirani 1993), [draws, rows]."""
    generator = np.random.default_rng(seed)
    return generator.multinomial(rows, np.full(rows, 1 / rows), size=draws).astype(np.float64)


def interval(drawn: Floats, level: float = 0.95) -> tuple[float, float]:
    """Return the percentile interval of a score's value in each resample; NaN where it has none."""
    known = drawn[~np.isnan(drawn)]
    if not len(known):
        return float("nan"), float("nan")
    tail = (1 - level) / 2
    return float(np.quantile(known, tail)), float(np.quantile(known, 1 - tail))


def expected_calibration_error(confidence: Floats, right: Bools, bins: int = 10) -> float:
    """Return the mean distance between confidence and accuracy over equally filled bins (Nguyen & O'Connor 2015)."""
    if not len(confidence):
        return float("nan")
    order = np.argsort(confidence, kind="stable")
    parts = [part for part in np.array_split(order, min(bins, len(order))) if len(part)]
    return float(sum(len(p) * abs(confidence[p].mean() - right[p].mean()) for p in parts) / len(order))
