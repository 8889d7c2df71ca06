"""Before against after: two models on the same gold rows, per task and label, and what may be said of the difference.

Rows are drawn with replacement for both models at once (paired bootstrap, Efron & Tibshirani 1993; Berg-Kirkpatrick,
Burkett & Klein 2012), so that what both find hard cancels out. `registry.compare` decides a promotion; this says to a
person what changed, how sure that is, and what it would take to be sure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import false_discovery_control, norm

from cxnlp.errors import ModelError
from cxnlp.model.metrics import known_mean
from cxnlp.taxonomy import Taxonomy

Floats = npt.NDArray[np.float64]
Verdict = Literal["better", "worse", "cannot tell"]
Line = Mapping[str, Any]

RESAMPLES = 2000
MIN_ROWS = 20
#: A label is compared from this many rows on that people gave it to.
MIN_LABEL_ROWS = 5
#: The smallest change in F1 worth telling, for which more rows are asked: three points.
WORTH_TELLING = 0.03
#: Chance of telling such a change when it is there.
POWER = 0.8
MOST_ROWS = 10_000


@dataclass(frozen=True)
class Change:
    """One figure before and after, on `rows` gold rows, `positives` of which people gave the label.

    `low` to `high` is the 95 % interval of the difference, `p_value` two-sided. `more_rows` is how many further gold
    rows, drawn like these, would tell a change of three points four times in five: 0 where these are enough, None where
    it would take more than ten thousand.
    """

    task: str
    label: str
    rows: int
    positives: int
    before: float
    after: float
    low: float
    high: float
    p_value: float
    verdict: Verdict
    more_rows: int | None

    @property
    def difference(self) -> float:
        """After minus before."""
        return self.after - self.before


@dataclass(frozen=True)
class Comparison:
    """Two models on one set of gold rows: the mean over tasks, each task, each label.

    `overall` and `tasks` are micro-F1. Verdicts on tasks and labels hold after correction for their number
    (Benjamini & Hochberg 1995, 5 %). `new_labels` maps labels only the later model knows to `NewLabel`.
    """

    name: str
    rows: int
    overall: Change
    tasks: tuple[Change, ...]
    labels: tuple[Change, ...]
    new_labels: dict[tuple[str, str], NewLabel]


@dataclass(frozen=True)
class NewLabel:
    """How a label that only the later model knows fares on gold rows whose labellers had it in their guideline.

    `asked` is how many those are, `wanted` how many have it, `given` how many were given it, `right` how many both;
    `elsewhere` is how many of the other rows were given it.
    """

    asked: int
    wanted: int
    given: int
    right: int
    elsewhere: int

    @property
    def words(self) -> str:
        """Say it in a line."""
        elsewhere = f"; given to {self.elsewhere} rows labelled before it existed" if self.elsewhere else ""
        if not self.asked:
            return f"no gold row was labelled since it exists, so how well it is read is not known{elsewhere}"
        given = f"given to {self.given}, {self.right} of them rightly"
        return f"of {self.asked} rows {self.wanted} have it; {given}{elsewhere}"


def read_gold(
    rows: pd.DataFrame,
    predicted: Sequence[Mapping[str, tuple[str, ...]]],
    model: Taxonomy,
    taxonomy: Taxonomy,
    guideline: str = "",
) -> list[dict[str, Any]]:
    """Return gold lines of labelled rows (`read_labelled`) beside what a model with taxonomy `model` says of them.

    With `guideline`, the present version's name, tasks labelled by another were not asked about labels new in it.
    """
    knows = {task.name: list(task.label_names) for task in model.tasks}
    lines = []
    for row, labels in zip(rows.to_dict("records"), predicted, strict=True):
        asked = [task.name for task in taxonomy.tasks if row[task.name] is not None and task.name in knows]
        lines.append(
            {
                "id": row["id"],
                "human": {name: list(row[name]) for name in asked},
                "predicted": {name: list(labels[name]) for name in asked},
                "knows": knows,
                "asked": [name for name in asked if not guideline or row["sources"][name].guideline == guideline],
            }
        )
    return lines


def compare_models(
    before: Sequence[Line], after: Sequence[Line], taxonomy: Taxonomy, name: str, *, seed: int = 0
) -> Comparison:
    """Compare two models' gold lines (`evaluate.gold_lines`) on the rows both have.

    `taxonomy` is the later model's. Labels that the earlier one does not know are left out of the comparison, and so
    are tasks in which no row has a label: nothing can be found or missed there. Raise `ModelError` when the two share
    too few rows, people's labels of a shared row differ in what both know, or no task is left.
    """
    earlier = {line["id"]: line for line in before}
    shared = [(earlier[line["id"]], line) for line in after if line["id"] in earlier]
    if len(shared) < MIN_ROWS:
        raise ModelError(f"{name}: the two models share {len(shared)} gold rows, expected at least {MIN_ROWS}")
    tasks = [task.name for task in taxonomy.tasks if any(task.name in old["human"] for old, _ in shared)]
    known = {task: _labels_known(before, task, taxonomy) for task in tasks}
    new_labels = _new_labels([line for _, line in shared], taxonomy, known)
    items = [(task, label) for task in tasks for label in known[task]]
    counts = np.stack([_counts([pair[side] for pair in shared], items) for side in (0, 1)])  # [2, rows, items, 3]
    if not np.array_equal(counts[0, :, :, 2], counts[1, :, :, 2], equal_nan=True):
        raise ModelError(f"{name}: the gold labels differ between the two models: read both with the same files")
    wanted = np.nansum(counts[0, :, :, 2], axis=0)  # [items]
    tasks = [task for task in tasks if any(n for (name, _), n in zip(items, wanted, strict=True) if name == task)]
    if not tasks:
        raise ModelError(f"{name}: people gave no label to any row; expected rows with labels to compare on")
    weights = (
        np.random.default_rng(seed)
        .multinomial(len(shared), np.full(len(shared), 1 / len(shared)), size=RESAMPLES)
        .astype(float)
    )
    filled = np.nan_to_num(counts)
    drawn = np.einsum("br,srik->sbik", weights, filled, optimize=True)
    whole = filled.sum(axis=1)  # [2, items, 3]
    by_task = [np.array([item[0] == task for item in items]) for task in tasks]

    label_changes = []
    for place, (task, label) in enumerate(items):
        positives = int(whole[0, place, 2])
        if positives >= MIN_LABEL_ROWS:
            rows = int((~np.isnan(counts[0, :, place, 2])).sum())
            label_changes.append(
                _change(task, label, rows, positives, _f1(whole[:, place]), _f1(drawn[:, :, place]), len(shared))
            )
    task_scores = [_f1(whole[:, which].sum(axis=1)) for which in by_task]
    task_draws = np.array([_f1(drawn[:, :, which].sum(axis=2)) for which in by_task])  # [tasks, 2, resamples]
    # a resample without any label of a task may leave one model's F1 undefined and the other's at 0: neither counts
    task_draws = np.where(np.isnan(task_draws).any(axis=1, keepdims=True), np.nan, task_draws)
    task_changes = []
    for task, which, score, draws in zip(tasks, by_task, task_scores, task_draws, strict=True):
        rows = int((~np.isnan(counts[0][:, which, 2])).any(axis=1).sum())
        positives = int(whole[0, which, 2].sum())
        task_changes.append(_change(task, "", rows, positives, score, draws, len(shared)))
    mean, mean_draws = np.mean(task_scores, axis=0), known_mean(np.moveaxis(task_draws, 0, -1))
    overall = _change("", "", len(shared), 0, mean, mean_draws, len(shared))
    return Comparison(name, len(shared), overall, _corrected(task_changes), _corrected(label_changes), new_labels)


def _labels_known(before: Sequence[Line], task: str, taxonomy: Taxonomy) -> tuple[str, ...]:
    """Return the labels of a task that the earlier model could give, in the later taxonomy's order."""
    could = {label for line in before for label in line.get("knows", {}).get(task, ())}
    names = taxonomy.task(task).label_names
    return tuple(label for label in names if label in could) if could else names


def _new_labels(
    after: Sequence[Line], taxonomy: Taxonomy, known: Mapping[str, Sequence[str]]
) -> dict[tuple[str, str], NewLabel]:
    found = {}
    for task in taxonomy.tasks:
        for label in task.label_names:
            if label in known.get(task.name, ()):
                continue
            counted = NewLabel(0, 0, 0, 0, 0)
            for line in after:
                wanted, given = (label in line[side].get(task.name, ()) for side in ("human", "predicted"))
                if task.name not in line["human"]:
                    continue
                if not (task.name in line.get("asked", ()) or wanted):
                    counted = replace(counted, elsewhere=counted.elsewhere + given)
                    continue
                counted = NewLabel(
                    counted.asked + 1,
                    counted.wanted + wanted,
                    counted.given + given,
                    counted.right + (wanted and given),
                    counted.elsewhere,
                )
            found[task.name, label] = counted
    return found


def _counts(lines: Sequence[Line], items: Sequence[tuple[str, str]]) -> Floats:
    """Return per row and label: right, given, wanted; NaN where people did not label the task. [rows, items, 3]."""
    found = np.full((len(lines), len(items), 3), np.nan)
    for row, line in enumerate(lines):
        for place, (task, label) in enumerate(items):
            if task in line["human"]:
                wanted, given = label in line["human"][task], label in line["predicted"].get(task, ())
                found[row, place] = (wanted and given, given, wanted)
    return found


def _f1(counts: Floats) -> Floats:
    """Return F1 of counts [..., 3]: right, given, wanted; NaN where nothing was given or wanted."""
    total = counts[..., 1] + counts[..., 2]
    return np.asarray(np.divide(2 * counts[..., 0], total, out=np.full(total.shape, np.nan), where=total > 0))


def _change(task: str, label: str, rows: int, positives: int, scores: Floats, draws: Floats, gold: int) -> Change:
    """Describe one difference; `scores` [2] and `draws` [2, resamples] are before and after."""
    differences = draws[1] - draws[0]
    differences = differences[~np.isnan(differences)]
    error = float(differences.std(ddof=1)) if len(differences) > 1 else float("nan")
    old, new = float(scores[0]), float(scores[1])
    if not error:  # the two models say the same of every row: no doubt about that, and no need for more rows
        return Change(task, label, rows, positives, old, new, 0.0, 0.0, 1.0, "cannot tell", 0)
    low, high = (float(np.quantile(differences, level)) for level in (0.025, 0.975))
    p_value = float(2 * norm.sf(abs(new - old) / error))
    needed = more_rows(error, gold)
    return Change(task, label, rows, positives, old, new, low, high, p_value, _verdict(low, high), needed)


def _verdict(low: float, high: float) -> Verdict:
    return "better" if low > 0 else "worse" if high < 0 else "cannot tell"


def more_rows(error: float, rows: int, change: float = WORTH_TELLING) -> int | None:
    """Return how many more gold rows would tell a difference of `change`, given its standard error on `rows` rows.

    The standard error falls with the square root of the rows; a two-sided test at 5 % tells a difference of
    (1.96 + 0.84) standard errors with 80 % power. None above `MOST_ROWS`.
    """
    wanted = rows * ((norm.ppf(0.975) + norm.ppf(POWER)) * error / change) ** 2
    more = int(np.ceil(max(0.0, wanted - rows) / 10) * 10)
    return more if more <= MOST_ROWS else None


def _corrected(changes: Sequence[Change]) -> tuple[Change, ...]:
    """Return the changes with verdicts that hold after correction for how many were looked at."""
    if not changes:
        return ()
    adjusted = false_discovery_control([change.p_value for change in changes])
    return tuple(change if level <= 0.05 else _doubted(change) for change, level in zip(changes, adjusted, strict=True))


def _doubted(change: Change) -> Change:
    return replace(change, verdict="cannot tell")


def sentence(comparison: Comparison) -> str:
    """Say in plain words how the later model compares on these rows, and what it would take to tell more."""
    change = comparison.overall
    figures = (
        f"mean F1 {change.before:.2f} before, {change.after:.2f} after "
        f"({100 * change.difference:+.1f} points, 95 % interval {100 * change.low:+.1f} to {100 * change.high:+.1f})"
    )
    on = f"On {comparison.rows:,} rows ({comparison.name})"
    if change.verdict != "cannot tell":
        return f"{on} the new model is {change.verdict}: {figures}."
    points = f"{100 * WORTH_TELLING:.0f} points"
    if change.more_rows == 0:
        return f"{on} the two cannot be told apart: {figures}. A change of {points} would have shown."
    more = f"More than {MOST_ROWS:,}" if change.more_rows is None else f"About {change.more_rows:,}"
    return f"{on} it cannot be told which is better: {figures}. {more} further rows would tell a change of {points}."


def render(comparisons: Sequence[Comparison], taxonomy: Taxonomy, before: str, after: str) -> str:
    """Return the comparison as one self-contained HTML page. No text of a customer is in it."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415

    environment = Environment(
        loader=PackageLoader("cxnlp.model"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    parts = [
        {
            "name": part.name,
            "sentence": sentence(part),
            "tasks": [(taxonomy.task(change.task).title or change.task, change) for change in part.tasks],
            "labels": [
                (
                    taxonomy.task(change.task).title or change.task,
                    taxonomy.task(change.task).label(change.label).display,
                    change,
                )
                for change in sorted(part.labels, key=lambda change: change.difference)
            ],
            "new": [
                (taxonomy.task(task).label(label).display, taxonomy.task(task).title or task, new.words)
                for (task, label), new in part.new_labels.items()
            ],
        }
        for part in comparisons
    ]
    return environment.get_template("comparison.html.j2").render(
        before=before, after=after, parts=parts, worth=100 * WORTH_TELLING
    )
