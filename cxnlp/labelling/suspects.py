"""Labels that look wrong: confident learning (Northcutt, Jiang & Chuang 2021, JAIR 70) with the cleanlab package.

Probabilities are out of sample: a logistic regression on the texts' vectors, cross-validated so that near-duplicates
are never on both sides. Give vectors of an encoder that was not fine-tuned on these very labels, for it would have
learnt the mistakes by heart.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxnlp.labelling.cells import format_cell
from cxnlp.model.examples import near_duplicate_groups
from cxnlp.taxonomy import Task, Taxonomy

Floats = npt.NDArray[np.float64]
Vectors = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

FOLDS = 5
#: A label is judged from this many rows on (and as many without it): with fewer, rare looks like wrong.
LEAST_ROWS = 10
#: With fewer rows of a task than this, the model behind the probabilities knows too little: most doubts are noise.
TRUSTED_ROWS = 300


@dataclass(frozen=True)
class Suspects:
    """What was found.

    `rows` holds one suspected task of a row each, most suspicious first: `id`, `file`, `line`, `task`, `given`,
    `doubt` (which label, in words), `quality` (probability of what was given, 0-1). `left_out` are labels too rare to
    be judged, as `task/label`; `judged` counts rows that were looked at, per task.
    """

    rows: pd.DataFrame
    left_out: tuple[str, ...]
    judged: dict[str, int]

    @property
    def noisy(self) -> tuple[str, ...]:
        """Tasks that were judged on so few rows that most doubts about them are noise."""
        return tuple(name for name, rows in self.judged.items() if rows < TRUSTED_ROWS)


def find_suspects(
    labelled: pd.DataFrame,
    vectors: Vectors,
    taxonomy: Taxonomy,
    *,
    seed: int = 0,
    progress: Callable[[str], None] = lambda _: None,
) -> Suspects:
    """Return the labels that look wrong among labelled rows (columns as `read_labelled` gives them).

    `vectors` [rows, H] stand for the texts.
    """
    groups = near_duplicate_groups(list(labelled["text"]))
    found: list[dict[str, object]] = []
    left_out: list[str] = []
    judged: dict[str, int] = {}
    for task in taxonomy.tasks:
        known = np.flatnonzero(labelled[task.name].notna().to_numpy())
        truth = np.array(
            [[name in labels for name in task.label_names] for labels in labelled[task.name].iloc[known]], dtype=bool
        ).reshape(len(known), len(task.labels))
        enough = (truth.sum(axis=0) >= LEAST_ROWS) & ((~truth).sum(axis=0) >= LEAST_ROWS)
        left_out += [f"{task.name}/{name}" for name, kept in zip(task.label_names, enough, strict=True) if not kept]
        if task.kind != "multi":
            kept_rows = truth[:, enough].any(axis=1)
            known, truth = known[kept_rows], truth[kept_rows]
        if enough.sum() < (1 if task.kind == "multi" else 2) or not len(known):
            continue
        judged[task.name] = len(known)
        progress(task.name)
        judge = _several if task.kind == "multi" else _single
        for row, doubt, quality in judge(task, enough, truth, vectors[known], groups[known], seed):
            entry = labelled.iloc[known[row]]
            found.append(
                {
                    "id": entry["id"],
                    "file": entry["sources"][task.name].file,
                    "line": entry["sources"][task.name].line,
                    "task": task.name,
                    "given": format_cell(entry[task.name]),
                    "doubt": doubt,
                    "quality": round(float(quality), 4),
                }
            )
    columns = ["id", "file", "line", "task", "given", "doubt", "quality"]
    rows = pd.DataFrame(found, columns=columns).sort_values(["quality", "id"], kind="stable", ignore_index=True)
    return Suspects(rows, tuple(left_out), judged)


def _single(
    task: Task, enough: Bools, truth: Bools, vectors: Vectors, groups: npt.NDArray[np.int64], seed: int
) -> list[tuple[int, str, float]]:
    from cleanlab.filter import find_label_issues  # noqa: PLC0415  (slow to import)
    from cleanlab.rank import get_label_quality_scores  # noqa: PLC0415

    names = [label for label, kept in zip(task.labels, enough, strict=True) if kept]
    given = truth[:, enough].argmax(axis=1)
    probability = out_of_sample(vectors, given, len(names), groups, seed)
    flagged = find_label_issues(given, probability, n_jobs=1)
    quality = get_label_quality_scores(given, probability)
    return [
        (
            int(row),
            f"{names[given[row]].display} ({probability[row, given[row]]:.0%}) "
            f"or {names[int(probability[row].argmax())].display} ({probability[row].max():.0%})?",
            float(quality[row]),
        )
        for row in np.flatnonzero(flagged)
    ]


def _several(
    task: Task, enough: Bools, truth: Bools, vectors: Vectors, groups: npt.NDArray[np.int64], seed: int
) -> list[tuple[int, str, float]]:
    from cleanlab.multilabel_classification.filter import find_label_issues  # noqa: PLC0415

    columns = np.flatnonzero(enough)
    held = truth[:, columns]
    probability = np.column_stack(
        [out_of_sample(vectors, held[:, place].astype(int), 2, groups, seed)[:, 1] for place in range(len(columns))]
    )
    flagged = find_label_issues([np.flatnonzero(row).tolist() for row in held], probability, n_jobs=1)
    own = np.where(held, probability, 1 - probability)  # probability of what was given, per label
    found = []
    for row in np.flatnonzero(flagged):
        worst = int(own[row].argmin())
        label = task.labels[columns[worst]].display
        doubt = (
            f"{label} is given ({own[row, worst]:.0%} likely)"
            if held[row, worst]
            else (f"{label} is missing ({1 - own[row, worst]:.0%} likely)")
        )
        found.append((int(row), doubt, float(own[row, worst])))
    return found


def out_of_sample(
    vectors: Vectors,
    given: npt.NDArray[np.int64],
    classes: int,
    groups: npt.NDArray[np.int64],
    seed: int,
) -> Floats:
    """Return cross-validated probabilities [rows, classes]; groups of near-duplicates stay in one fold."""
    from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415  (slow to import)
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from sklearn.model_selection import StratifiedGroupKFold  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415

    found = np.full((len(given), classes), 1.0 / classes)
    folds = StratifiedGroupKFold(n_splits=FOLDS, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", UserWarning)  # a class rarer than the folds: its fold keeps even odds
        for train, test in folds.split(vectors, given, groups):
            if len(set(given[train].tolist())) < 2:
                continue
            model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=300))
            model.fit(vectors[train], given[train])
            share = model.predict_proba(vectors[test])
            found[np.ix_(test, model.classes_)] = share
            absent = np.setdiff1d(np.arange(classes), model.classes_)
            found[np.ix_(test, absent)] = 0.0
    return found
