"""From logits to labels: calibrated probabilities, thresholds, confidence, and the unsure band.

Everything here is fitted on validation rows only (`fit`), and kept beside the weights as `calibration.json`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax, softmax

from cxnlp.errors import ModelError
from cxnlp.model.layout import Layout
from cxnlp.model.metrics import Bools, f1
from cxnlp.taxonomy import Task

Floats = npt.NDArray[np.float64]

#: Positive validation rows at which a label's own best threshold weighs as much as its task's common one.
SHRINKAGE = 200.0
#: How far rare levels of an ordinal task are lifted (`fit_offsets`): 0 makes the most probable level win, 1 treats
#: levels as equally frequent. This and `SHRINKAGE` were chosen on validation rows (docs/model.md).
LIFT = 0.2
#: Where labels of both valences reach their thresholds, the less probable side is kept from this probability on: the
#: thresholds are low enough to find rare labels, so two of them together are a mixed text too easily (docs/model.md).
MIXED = 0.5
#: The share of validation rows that the unsure band holds.
UNSURE_SHARE = 0.10


@dataclass(frozen=True)
class TaskCalibration:
    """How one task's logits are read.

    Probabilities are those of logits / `temperature` (Guo et al. 2017). In a multi task a label is given when its
    probability reaches its threshold; in the others `thresholds` holds what is added to each logarithm of probability
    before the largest wins. `confidence` = logistic(slope x log-probability of the answer + intercept) is the
    probability that the answer to the task is wholly right (Platt 1999).
    """

    temperature: float
    thresholds: tuple[float, ...]
    slope: float = 1.0
    intercept: float = 0.0


@dataclass(frozen=True)
class Calibration:
    """All tasks, and the bound under which a text's mean confidence puts it into the unsure band."""

    tasks: dict[str, TaskCalibration]
    unsure_below: float = 0.0

    def to_json(self) -> str:
        """Return the content of `calibration.json`."""
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str, layout: Layout, source: str) -> Calibration:
        """Read `calibration.json`; raise `ModelError` when it does not fit the taxonomy."""
        try:
            data: dict[str, Any] = json.loads(text)
            tasks = {
                name: TaskCalibration(
                    temperature=float(entry["temperature"]),
                    thresholds=tuple(float(value) for value in entry["thresholds"]),
                    slope=float(entry["slope"]),
                    intercept=float(entry["intercept"]),
                )
                for name, entry in data["tasks"].items()
            }
            unsure_below = float(data["unsure_below"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelError(f"{source}: not a calibration: {error!r}") from error
        for task, _ in layout:
            found = len(tasks[task.name].thresholds) if task.name in tasks else 0
            if found != len(task.labels):
                raise ModelError(f"{source}: task {task.name!r}: found {found} thresholds, expected {len(task.labels)}")
        return cls(tasks, unsure_below)


@dataclass(frozen=True)
class Decisions:
    """What was decided for each text: per task probabilities and labels [texts, labels], confidence [texts]."""

    probabilities: dict[str, Floats]
    labels: dict[str, Bools]
    confidence: dict[str, Floats]
    unsure: Bools


def probabilities(logits: npt.NDArray[Any], task: Task, temperature: float) -> Floats:
    """Return the probabilities of a task's labels, [texts, labels]."""
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    found: Floats = expit(scaled) if task.kind == "multi" else softmax(scaled, axis=1)
    return found


def choose(probability: Floats, task: Task, thresholds: tuple[float, ...]) -> Bools:
    """Return the labels given, [texts, labels]: exactly one in single and ordinal tasks."""
    bounds = np.array(thresholds)
    if task.kind != "multi":
        best = (np.log(np.maximum(probability, 1e-12)) + bounds).argmax(axis=1)
        return np.asarray(np.eye(len(bounds), dtype=bool)[best])
    given = probability >= bounds
    for group in task.exclusive:
        columns = [task.label_names.index(name) for name in group]
        margin = np.where(given[:, columns], probability[:, columns] - bounds[columns], -np.inf)
        kept = np.zeros_like(given[:, columns])
        kept[np.arange(len(kept)), margin.argmax(axis=1)] = True
        given[:, columns] &= kept
    sides = [np.array([label.valence == side for label in task.labels]) for side in ("positive", "negative")]
    best = [np.where(given & side, probability, 0.0).max(axis=1) for side in sides]
    for side, own, other in zip(sides, best, reversed(best), strict=True):
        given &= ~((own < MIXED) & (own < other))[:, None] | ~side
    return given


def answer_log_probability(probability: Floats, given: Bools, task: Task) -> Floats:
    """Return the log-probability that the network gives to the answer as a whole, [texts]."""
    clipped = np.clip(probability, 1e-6, 1 - 1e-6)
    if task.kind == "multi":
        return np.asarray(np.where(given, np.log(clipped), np.log1p(-clipped)).sum(axis=1))
    return np.asarray(np.log(clipped[given]))


def decide(logits: npt.NDArray[Any], layout: Layout, calibration: Calibration) -> Decisions:
    """Turn logits [texts, outputs] into labels."""
    probability: dict[str, Floats] = {}
    labels: dict[str, Bools] = {}
    confidence: dict[str, Floats] = {}
    for task, where in layout:
        how = calibration.tasks[task.name]
        probability[task.name] = probabilities(logits[:, where], task, how.temperature)
        labels[task.name] = choose(probability[task.name], task, how.thresholds)
        raw = answer_log_probability(probability[task.name], labels[task.name], task)
        confidence[task.name] = expit(how.slope * raw + how.intercept)
    mean = np.mean(list(confidence.values()), axis=0)
    return Decisions(probability, labels, confidence, mean < calibration.unsure_below)


def fit_temperature(logits: npt.NDArray[Any], truth: Bools, task: Task) -> float:
    """Return the temperature that makes the truths likeliest."""
    values = np.asarray(logits, dtype=np.float64)

    def loss(log_temperature: float) -> float:
        scaled = values / np.exp(log_temperature)
        if task.kind == "multi":
            return float(np.mean(np.logaddexp(0, np.where(truth, -scaled, scaled))))
        return float(-np.mean(log_softmax(scaled, axis=1)[truth]))

    return float(np.exp(minimize_scalar(loss, bounds=(-1.5, 2.5), method="bounded").x))


def fit_thresholds(probability: Floats, truth: Bools, shrinkage: float = SHRINKAGE) -> tuple[float, ...]:
    """Return a threshold per label of a multi task.

    Each is the mean of the label's own best-F1 threshold and of the one that is best for micro-F1 over all labels,
    weighted by how many positive rows stand behind the former: rare labels stay near the common one.
    """
    grid = np.linspace(0.1, 0.8, 71)
    given = probability[None, :, :] >= grid[:, None, None]
    hits = (given & truth).sum(axis=1).astype(float)  # [grid, labels]
    handed = given.sum(axis=1).astype(float)
    wanted = truth.sum(axis=0).astype(float)
    common = grid[_middle_of_best(f1(hits.sum(1), handed.sum(1), np.full(len(grid), wanted.sum())))]
    found = []
    for label in range(truth.shape[1]):
        curve = f1(hits[:, label], handed[:, label], np.full(len(grid), wanted[label]))
        own = grid[_middle_of_best(curve)] if wanted[label] else common
        weight = wanted[label] / (wanted[label] + shrinkage)
        found.append(float(np.round(weight * own + (1 - weight) * common, 4)))
    return tuple(found)


def _middle_of_best(curve: Floats) -> int:
    """Return the middle of the places where a curve, smoothed over five neighbours, is at its best."""
    filled = np.nan_to_num(curve)
    smooth = np.convolve(np.pad(filled, 2, mode="edge"), np.full(5, 0.2), mode="valid")
    best = np.flatnonzero(smooth >= smooth.max() - 1e-12)
    return int(best[len(best) // 2])


def fit_offsets(truth: Bools, strength: float) -> tuple[float, ...]:
    """Return what to add to log-probabilities so that rare classes are not drowned: -strength x log(share)."""
    share = (truth.sum(axis=0) + 1) / (len(truth) + truth.shape[1])
    return tuple(float(value) for value in np.round(-strength * np.log(share), 4))


def fit_confidence(raw: Floats, right: Bools) -> tuple[float, float]:
    """Return slope and intercept of the logistic curve from log-probability to "wholly right"."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415  (slow to import)

    if right.all() or not right.any():
        return 1.0, 0.0
    model = LogisticRegression(C=100.0).fit(raw[:, None], right)
    return float(max(model.coef_[0, 0], 0.0)), float(model.intercept_[0])


def fit(logits: npt.NDArray[Any], truth: dict[str, npt.NDArray[np.float32]], layout: Layout) -> Calibration:
    """Fit temperatures, thresholds, confidence and the unsure band on validation rows.

    `truth[task]` is [rows, labels] with NaN rows where the task is not labelled. A task that validation lacks keeps
    neutral values.
    """
    found: dict[str, TaskCalibration] = {}
    for task, where in layout:
        known = ~np.isnan(truth[task.name][:, 0])
        if known.sum() == 0:
            neutral = 0.5 if task.kind == "multi" else 0.0
            found[task.name] = TaskCalibration(1.0, (neutral,) * len(task.labels))
            continue
        wanted = truth[task.name][known] > 0.5
        temperature = fit_temperature(logits[known, where], wanted, task)
        probability = probabilities(logits[known, where], task, temperature)
        if task.kind == "multi":
            thresholds = fit_thresholds(probability, wanted)
        else:
            thresholds = fit_offsets(wanted, LIFT if task.kind == "ordinal" else 0.0)
        given = choose(probability, task, thresholds)
        raw = answer_log_probability(probability, given, task)
        slope, intercept = fit_confidence(raw, np.asarray((given == wanted).all(axis=1)))
        found[task.name] = TaskCalibration(temperature, thresholds, slope, intercept)
    first = decide(logits, layout, Calibration(found))
    mean = np.mean(list(first.confidence.values()), axis=0)
    return Calibration(found, float(np.quantile(mean, UNSURE_SHARE)) if len(mean) else 0.0)
