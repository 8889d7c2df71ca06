"""How far annotators agree: Krippendorff's alpha with a bootstrap interval, per task and per label.

Alpha is 1 − observed / expected disagreement (Krippendorff 2018, *Content Analysis*, ch. 12). What counts as
disagreement between two answers depends on the task:

* single: nominal, right or wrong
* ordinal: ordinal, by how many answers lie between; for a task with a "nothing to say" label also on the rows where
  all who labelled it said something, since that label is no step of the scale
* multi: MASI distance between the two sets of labels (Passonneau 2006, LREC), and per label nominal on its presence
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import krippendorff
import numpy as np
import numpy.typing as npt
import pandas as pd

from cxnlp.errors import LabelsError
from cxnlp.taxonomy import Task

Floats = npt.NDArray[np.float64]
Labels = tuple[str, ...]

RESAMPLES = 1000


@dataclass(frozen=True)
class Alpha:
    """Agreement on one thing.

    `value` with its 95 % interval: NaN where nobody varied, so that agreement cannot be told from habit. `raw` is the
    share of pairs of answers that are the same. `rows` were labelled by two or more; `used` of the answers given hold
    the label (per label only).
    """

    task: str
    label: str
    metric: str
    value: float
    low: float
    high: float
    raw: float
    rows: int
    used: int


@dataclass(frozen=True)
class Agreement:
    """All alphas, and the rows on which annotators differ: id → names of the tasks."""

    names: tuple[str, ...]
    alphas: tuple[Alpha, ...]
    differing: dict[str, tuple[str, ...]]
    rows: int


def masi(first: Labels, second: Labels) -> float:
    """Return the MASI distance of two sets: 1 − Jaccard × monotonicity (1 same, ⅔ subset, ⅓ overlap, 0 disjoint)."""
    a, b = set(first), set(second)
    if a == b:
        return 0.0
    shared = a & b
    if not shared:
        return 1.0
    monotonicity = 2 / 3 if a <= b or b <= a else 1 / 3
    return 1.0 - len(shared) / len(a | b) * monotonicity


def agree(frames: Sequence[pd.DataFrame], names: Sequence[str], tasks: Sequence[Task], *, seed: int = 0) -> Agreement:
    """Compare two or more annotators' rows (`id` and task columns of labels or None), matched by id.

    Raise `LabelsError` when they share no row.
    """
    by_id = [
        {row["id"]: {task.name: row[task.name] for task in tasks} for row in frame.to_dict("records")}
        for frame in frames
    ]
    counted: dict[str, int] = {}
    for rows in by_id:
        for row_id in rows:
            counted[row_id] = counted.get(row_id, 0) + 1
    shared = [row_id for row_id, count in counted.items() if count > 1]
    if not shared:
        raise LabelsError(f"{' and '.join(names)} have no finished row in common: were they given the same sheet?")
    alphas: list[Alpha] = []
    differing: dict[str, list[str]] = {}
    for task in tasks:
        answers = [
            [given for rows in by_id if row_id in rows and (given := rows[row_id][task.name]) is not None]
            for row_id in shared
        ]
        units = [(row_id, given) for row_id, given in zip(shared, answers, strict=True) if len(given) > 1]
        if not units:
            continue
        for row_id, given in units:
            if len({frozenset(labels) for labels in given}) > 1:
                differing.setdefault(row_id, []).append(task.name)
        alphas += _alphas_of(task, [given for _, given in units], seed)
    return Agreement(tuple(names), tuple(alphas), {key: tuple(value) for key, value in differing.items()}, len(shared))


def _alphas_of(task: Task, units: list[list[Labels]], seed: int) -> list[Alpha]:
    found: list[Alpha] = []
    if task.kind == "multi":
        sets = sorted({tuple(sorted(labels)) for unit in units for labels in unit})
        distance = np.array([[masi(a, b) for b in sets] for a in sets])
        values = [[sets.index(tuple(sorted(labels))) for labels in unit] for unit in units]
        found.append(_alpha(task.name, "", "MASI", values, len(sets), distance, seed, 0))
    else:
        values = [[task.label_names.index(labels[0]) for labels in unit] for unit in units]
        metric = "ordinal" if task.kind == "ordinal" else "nominal"
        found.append(_alpha(task.name, "", metric, values, len(task.labels), metric, seed, 0))
        if task.kind == "ordinal" and task.none:
            silent = task.label_names.index(task.none)
            stated = [unit for unit in values if silent not in unit]
            if stated:
                label = "(where all state it)"
                found.append(_alpha(task.name, label, "ordinal", stated, len(task.labels), "ordinal", seed, 0))
    for label in task.label_names:
        holds = [[int(label in labels) for labels in unit] for unit in units]
        used = sum(sum(unit) for unit in holds)
        found.append(_alpha(task.name, label, "nominal", holds, 2, "nominal", seed, used))
    return found


def _alpha(
    task: str,
    label: str,
    metric: str,
    units: list[list[int]],
    values: int,
    distance: str | Floats,
    seed: int,
    used: int,
) -> Alpha:
    counts = np.zeros((len(units), values))
    for row, unit in enumerate(units):
        np.add.at(counts[row], unit, 1)
    value = point_alpha(counts, distance)
    low, high = interval(counts, distance, seed)
    answers = counts.sum(axis=1)
    same = (counts * (counts - 1)).sum(axis=1) / (answers * (answers - 1))
    raw = float((same * answers).sum() / answers.sum())
    return Alpha(task, label, metric, value, low, high, raw, len(units), used)


def point_alpha(counts: Floats, distance: str | Floats) -> float:
    """Return alpha of `counts` [rows, values] (how many annotators gave the row that value), NaN without variation."""
    if (counts.sum(axis=0) > 0).sum() < 2:
        return float("nan")
    level = distance if isinstance(distance, str) else (lambda *_, i1, i2, **__: distance[i1, i2])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return float(
            krippendorff.alpha(
                value_counts=counts, value_domain=list(range(counts.shape[1])), level_of_measurement=level
            )
        )


def interval(counts: Floats, distance: str | Floats, seed: int, resamples: int = RESAMPLES) -> tuple[float, float]:
    """Return the 95 % percentile bootstrap interval of alpha: rows are drawn with replacement.

    The same alpha as `point_alpha` from weighted sums, for all resamples at once. Resamples without variation say
    nothing and are left out; NaN where more than half are.
    """
    rows, values = counts.shape
    answers = counts.sum(axis=1)
    generator = np.random.default_rng(seed)
    weights = generator.multinomial(rows, np.full(rows, 1 / rows), size=resamples).astype(float)  # [B, rows]
    pairs = counts[:, :, None] * counts[:, None, :] - np.eye(values) * counts[:, :, None]
    coincidences = (weights @ (pairs / (answers - 1)[:, None, None]).reshape(rows, -1)).reshape(-1, values, values)
    totals = coincidences.sum(axis=2)  # [B, values]
    n = totals.sum(axis=1)
    expected = (totals[:, :, None] * totals[:, None, :] - np.eye(values) * totals[:, :, None]) / (n - 1)[:, None, None]
    squared = _squared_distance(distance, totals)
    observed_sum, expected_sum = (coincidences * squared).sum(axis=(1, 2)), (expected * squared).sum(axis=(1, 2))
    known = expected_sum > 1e-12
    if known.mean() < 0.5:
        return float("nan"), float("nan")
    drawn = 1 - observed_sum[known] / expected_sum[known]
    return float(np.quantile(drawn, 0.025)), float(np.quantile(drawn, 0.975))


def _squared_distance(distance: str | Floats, totals: Floats) -> Floats:
    """Return the distances as they enter alpha, [B or 1, values, values]."""
    if isinstance(distance, np.ndarray):
        return np.asarray(distance)[None]
    size = totals.shape[1]
    if distance == "nominal":
        return (1 - np.eye(size))[None]
    below = np.cumsum(totals, axis=1) - totals / 2  # the middle of each value among all answers, in ranks
    return np.asarray((below[:, :, None] - below[:, None, :]) ** 2)
