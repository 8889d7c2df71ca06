"""Scores on labelled rows, with intervals: what `evaluation.json` holds.

Every figure is a count-based score on one slice of rows (all real ones, real ones of a language, …) with a 95 %
bootstrap interval over rows. A slice with too few rows is left out rather than shown as a number.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cxnlp.model import metrics
from cxnlp.model.decide import Decisions
from cxnlp.model.examples import Examples
from cxnlp.model.metrics import Bools
from cxnlp.taxonomy import Task, Taxonomy

#: A slice or label with fewer rows than this gets no score.
MIN_ROWS = 20
MIN_LABEL_ROWS = 5
RESAMPLES = 1000
BINS = 10


@dataclass(frozen=True)
class Slice:
    """A part of the rows: its name, what it is made of, and which rows it holds [rows]."""

    name: str
    origin: str | None
    language: str | None
    author: str | None
    rows: Bools


def slices(examples: Examples) -> list[Slice]:
    """Return the slices to score: per origin, then per language and per author within it; real rows first.

    Where none of them has enough rows there is one of all rows.
    """
    origin, language, author = (
        np.array(values, dtype=object) for values in (examples.origins, examples.languages, examples.authors)
    )
    found: list[Slice] = []
    for kind in ("real", "written"):
        of_kind = np.asarray(origin == kind, dtype=bool)
        found.append(Slice(kind, kind, None, None, of_kind))
        for code in sorted(set(language[of_kind])):
            found.append(Slice(f"{kind} {code}", kind, code, None, of_kind & (language == code)))
        for who in sorted(set(author[of_kind])):
            found.append(Slice(f"{kind} {who}", kind, None, who, of_kind & (author == who)))
    everything = Slice("all", None, None, None, np.ones(len(examples), dtype=bool))
    return [part for part in found if part.rows.sum() >= MIN_ROWS] or [everything]


def valence(labels: Bools, task: Task) -> Bools:
    """Return two columns [rows, 2]: does a positive, does a negative label hold."""
    signs = [label.valence for label in task.labels]
    columns = [np.array([sign == wanted for sign in signs]) for wanted in ("positive", "negative")]
    return np.stack([labels[:, column].any(axis=1) for column in columns], axis=1)


def has_valence(task: Task) -> bool:
    """Return whether a task's labels say what is positive and what negative."""
    return {"positive", "negative"} <= {label.valence for label in task.labels}


Score = dict[str, float] | None


def with_interval(value: float, drawn: metrics.Floats) -> Score:
    """Return a score with its interval, rounded; None where there is nothing to score."""
    if np.isnan(value):
        return None
    low, high = metrics.interval(drawn)
    return {"value": round(float(value), 4), "low": round(low, 4), "high": round(high, 4)}


def score_task(truth: Bools, given: Bools, task: Task, *, seed: int) -> dict[str, Any]:
    """Return a task's scores on some rows: n, micro- and macro-F1, the share wholly right, and every label's F1.

    Macro-F1 is the mean over labels that at least `MIN_LABEL_ROWS` rows hold, and only those get a score of their
    own; of an ordinal task it is None unless all levels have so many, since a mean without the rare end of the scale is
    little more than the score of "unstated". For a task with one label per row, `micro_f1` is the accuracy.
    """
    draws = metrics.resamples(len(truth), seed=seed, draws=RESAMPLES)
    whole, drawn = metrics.counts(truth, given), metrics.counts(truth, given, draws)
    per_label, per_label_drawn = metrics.f1(*whole), metrics.f1(*drawn)
    enough = whole[2] >= MIN_LABEL_ROWS
    found: dict[str, Any] = {
        "n": len(truth),
        "micro_f1": with_interval(
            float(metrics.f1(*(part.sum() for part in whole))), metrics.f1(*(part.sum(axis=1) for part in drawn))
        ),
        "macro_f1": with_interval(
            float(metrics.known_mean(per_label[enough])), metrics.known_mean(per_label_drawn[:, enough])
        )
        if task.kind != "ordinal" or enough.all()
        else None,
        "exact": _share(truth == given, draws),
    }
    if has_valence(task):
        found["valence"] = _share(valence(truth, task) == valence(given, task), draws)
    found["labels"] = {}
    for column, name in enumerate(task.label_names):
        hits, handed, wanted = (float(part[column]) for part in whole)
        entry: dict[str, Any] = {"n": int(wanted), "given": int(handed), "right": int(hits)}
        if enough[column]:
            entry["precision"] = round(hits / handed, 4) if handed else None
            entry["recall"] = round(hits / wanted, 4)
            entry["f1"] = with_interval(float(per_label[column]), per_label_drawn[:, column])
        found["labels"][name] = entry
    return found


def _share(right: Bools, draws: metrics.Floats) -> Score:
    """Return the share of rows that are right in every column."""
    wholly = right.all(axis=1).astype(float)
    return with_interval(float(wholly.mean()), draws @ wholly / len(wholly))


def calibration_curve(confidence: metrics.Floats, right: Bools) -> dict[str, Any]:
    """Return the expected calibration error and the equally filled bins behind it."""
    order = np.argsort(confidence, kind="stable")
    parts = [part for part in np.array_split(order, min(BINS, max(1, len(order)))) if len(part)]
    return {
        "error": round(metrics.expected_calibration_error(confidence, right, BINS), 4),
        "bins": [
            {
                "n": len(part),
                "confidence": round(float(confidence[part].mean()), 4),
                "right": round(float(right[part].mean()), 4),
            }
            for part in parts
        ],
    }


def evaluate(examples: Examples, decisions: Decisions, taxonomy: Taxonomy, *, seed: int = 0) -> dict[str, Any]:
    """Return all scores of one model's decisions on labelled rows, ready for JSON. No text is in it."""
    found: list[dict[str, Any]] = []
    for part in slices(examples):
        entry: dict[str, Any] = {
            "slice": part.name,
            "origin": part.origin,
            "language": part.language,
            "author": part.author,
            "n": int(part.rows.sum()),
            "tasks": {},
        }
        for task in taxonomy.tasks:
            known = part.rows & examples.labelled(task.name)
            if known.sum() < MIN_ROWS:
                continue
            truth, given = examples.targets[task.name][known] > 0.5, decisions.labels[task.name][known]
            right = np.asarray((truth == given).all(axis=1))
            entry["tasks"][task.name] = score_task(truth, given, task, seed=seed)
            entry["tasks"][task.name]["calibration"] = calibration_curve(decisions.confidence[task.name][known], right)
            if task.kind != "multi":
                entry["tasks"][task.name]["confusion"] = (truth.T.astype(int) @ given.astype(int)).tolist()
        entry["unsure"] = unsure_band(examples, decisions, taxonomy, part.rows)
        found.append(entry)
    return {"rows": len(examples), "gold_sha256": examples.fingerprint, "slices": found}


def unsure_band(examples: Examples, decisions: Decisions, taxonomy: Taxonomy, rows: Bools) -> dict[str, Any]:
    """Return the share of rows in the unsure band, and the share of right answers inside and outside it."""
    inside = decisions.unsure & rows
    outside = ~decisions.unsure & rows

    def right(part: Bools) -> float | None:
        hits = total = 0
        for task in taxonomy.tasks:
            known = part & examples.labelled(task.name)
            truth, given = examples.targets[task.name][known] > 0.5, decisions.labels[task.name][known]
            hits += int((truth == given).all(axis=1).sum())
            total += int(known.sum())
        return round(hits / total, 4) if total else None

    share = float(inside.sum() / rows.sum()) if rows.any() else 0.0
    return {"share": round(share, 4), "right_inside": right(inside), "right_outside": right(outside)}


def names(row: npt.NDArray[Any], task: Task) -> list[str]:
    """Return the labels that hold in one row of a task."""
    return [name for name, holds in zip(task.label_names, row, strict=True) if holds]


def gold_lines(examples: Examples, decisions: Decisions, taxonomy: Taxonomy) -> str:
    """Return `gold.jsonl`: per row its labels by people and by the model, for tasks that people labelled; no text."""
    lines: list[str] = []
    for row in range(len(examples)):
        human: dict[str, list[str]] = {}
        predicted: dict[str, list[str]] = {}
        for task in taxonomy.tasks:
            truth = examples.targets[task.name][row]
            if not np.isnan(truth[0]):
                human[task.name] = names(truth > 0.5, task)
                predicted[task.name] = names(decisions.labels[task.name][row], task)
        entry = {
            "id": examples.ids[row],
            "language": examples.languages[row],
            "author": examples.authors[row],
            "origin": examples.origins[row],
            "human": human,
            "predicted": predicted,
            "unsure": bool(decisions.unsure[row]),
        }
        lines.append(json.dumps(entry, ensure_ascii=False))
    return "".join(f"{line}\n" for line in lines)


def worst_errors(
    examples: Examples, decisions: Decisions, taxonomy: Taxonomy, limit: int = 10
) -> dict[str, list[dict[str, Any]]]:
    """Return per task the wrong answers that the model was surest of, surest first; by position, without text."""
    found: dict[str, list[dict[str, Any]]] = {}
    for task in taxonomy.tasks:
        known = examples.labelled(task.name)
        truth = np.nan_to_num(examples.targets[task.name]) > 0.5
        wrong = np.flatnonzero(known & (truth != decisions.labels[task.name]).any(axis=1))
        confidence = decisions.confidence[task.name]
        surest = sorted(wrong.tolist(), key=lambda row: (-confidence[row], row))[:limit]
        found[task.name] = [
            {
                "row": int(row),
                "id": examples.ids[row],
                "confidence": round(float(confidence[row]), 4),
                "human": names(truth[row], task),
                "predicted": names(decisions.labels[task.name][row], task),
            }
            for row in surest
        ]
    return found
