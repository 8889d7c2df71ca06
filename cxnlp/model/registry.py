"""Versions of models under `models/`: what is there, which one is in use, and how another takes its place.

    models/NAME/            a model's folder; a name is in use when the configuration says `path = "models/NAME"`
    models/.previous/NAME/  the versions that a promotion replaced, newest last, each a whole folder

A promotion needs a paired test on the same gold rows: the candidate may not be worse overall, and no language may
collapse (`compare`).
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cxnlp.errors import GateError, ModelError
from cxnlp.model import folder as folders
from cxnlp.model import metrics
from cxnlp.model.base import models_home
from cxnlp.taxonomy import Taxonomy

PREVIOUS = ".previous"
#: The name in use where nothing else is said: what `promote` puts models in the place of.
IN_USE = "default"
#: Where `train --out models/NAME` puts a model, seen from the folder one works in.
HERE = Path("models")
#: How much worse the mean score may plausibly be (lower end of the 90 % interval) for "not worse".
MARGIN = 0.02
#: A language collapses when it loses this much, beyond doubt.
COLLAPSE = 0.05
MIN_LANGUAGE_ROWS = 20
RESAMPLES = 2000

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Version:
    """A model's folder in short: its name, version digits, and what its evaluation leads with (or None)."""

    name: str
    fingerprint: str
    folder: Path
    problem: str | None
    taxonomy: str | None
    scores: dict[str, Any] | None
    previous: int


@dataclass(frozen=True)
class Comparison:
    """Candidate minus current, on the gold rows both have: mean score over tasks with its 90 % interval."""

    rows: int
    difference: float
    low: float
    high: float
    languages: dict[str, tuple[int, float, float, float]]
    collapsed: tuple[str, ...]

    @property
    def passes(self) -> bool:
        """Whether the candidate is not worse overall and no language collapsed."""
        return self.low > -MARGIN and not self.collapsed


def resolve_model(name_or_folder: str | Path) -> Path:
    """Return a model's folder from its path, or from its name; raise `ModelError` if there is none.

    A name is looked for among the registered models, then in `models/` here, where `train --out models/NAME` puts it;
    so is `models/NAME`, as the configuration writes it.
    """
    found = trained_folder(name_or_folder)
    if found is not None:
        return found
    given = Path(name_or_folder)
    if given.is_dir():
        return given  # loading it says what is wrong
    known = ", ".join(version.name for version in versions()) or "none"
    raise ModelError(f"{name_or_folder}: there is no such model folder; models found: {known}")


def trained_folder(name_or_folder: str | Path) -> Path | None:
    """Return the folder that `resolve_model` finds a complete model in, or None."""
    given = Path(name_or_folder)
    name = Path(*given.parts[1:]) if given.parts[:1] == ("models",) else given
    places = (given, *(home / name for home in homes()))
    return next((place for place in places if (place / folders.MANIFEST).exists()), None)


def homes() -> list[Path]:
    """Return the folders that models are looked for in by name: the registered ones', and `models/` here.

    Where `$CXNLP_MODELS` says where models lie, there is no other.
    """
    registered = models_home()
    if "CXNLP_MODELS" in os.environ or HERE.resolve() == registered.resolve():
        return [registered]
    return [registered, HERE]


def check_out(out: Path) -> None:
    """Raise `ModelError` when training may not write its model here.

    Not to a folder of models or one above it, not where `promote` puts models (there a model comes by its gate alone),
    not over anything but a model (`folder.check_replaceable`).
    """
    place = out.resolve()
    places = {home.resolve() for home in (*homes(), HERE)}
    if any(home == place or home.is_relative_to(place) for home in places):
        raise ModelError(f"{out}: models are kept below this folder; give the new one a name of its own: models/NAME")
    if place.parent in places:
        if place.name == "base":
            raise ModelError(f"{out}: is where base encoders are kept; train under another name")
        if place.name == IN_USE or history(place):
            raise ModelError(
                f"{out}: a model comes to this name by promotion, once it was compared with the one in use; train "
                f"under another name, as models/mine, then: cxnlp models promote mine --to {place.name}"
            )
    folders.check_replaceable(place)


def versions() -> list[Version]:
    """Return the registered models by name, then those in `models/` here; broken ones with what is wrong with them."""
    return [
        describe(path)
        for home in homes()
        if home.is_dir()
        for path in sorted(home.iterdir())
        if path.is_dir() and path.name != "base" and not path.name.startswith(".")
    ]


def describe(path: Path) -> Version:
    """Return a model's folder in short."""
    kept = history(path)
    try:
        fingerprint = folders.version_of(path)
        taxonomy = folders.taxonomy_of(path).name
    except ModelError as error:
        return Version(path.name, "", path, str(error), None, None, len(kept))
    evaluation = path / "evaluation.json"
    scores = json.loads(evaluation.read_text(encoding="utf-8")) if evaluation.exists() else None
    return Version(path.name, fingerprint, path, None, taxonomy, scores, len(kept))


def history(path: Path) -> list[Path]:
    """Return the versions that promotions to this name replaced, newest last."""
    kept = path.parent / PREVIOUS / path.name
    return sorted(kept.iterdir()) if kept.is_dir() else []


def promote(candidate: Path, target: Path, *, force: bool = False) -> Comparison | None:
    """Put a candidate in the place of `target`, keeping the version there for `roll_back`.

    Return the comparison, or None when there was nothing to compare with. Raise `GateError` when the candidate is
    worse (unless `force`), `ModelError` when a folder is broken or was not evaluated.
    """
    folders.check(candidate)
    if candidate.resolve() == target.resolve():
        raise ModelError(f"{candidate}: is in use under this name already")
    comparison = None
    if target.exists():
        old, new = folders.taxonomy_of(target), folders.taxonomy_of(candidate)
        if not new.extends(old) and not force:
            raise ModelError(
                f"{candidate}: its taxonomy lacks what that of {target} has; --force replaces it all the same"
            )
        if not force:
            comparison = compare(gold_of(candidate, old), gold_of(target))
            if not comparison.passes:
                raise GateError(f"{candidate.name} is not promoted: {verdict(comparison)}")
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.parent / f".promoting-{target.name}"
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(candidate, fresh)
    _rename(fresh, candidate.name, target.name)
    if target.exists():
        kept = history(target)
        number = int(kept[-1].name.split("-")[0]) + 1 if kept else 1
        place = target.parent / PREVIOUS / target.name / f"{number:04d}-{folders.version_of(target)}"
        place.parent.mkdir(parents=True, exist_ok=True)
        target.rename(place)
    fresh.rename(target)
    return comparison


def _rename(path: Path, old: str, new: str) -> None:
    """Let card and evaluation call the model by its new name; its version digits stay."""
    version = folders.version_of(path)
    files = [file for file in ("README.md", "evaluation.json") if (path / file).exists()]
    texts = {file: (path / file).read_text(encoding="utf-8") for file in files}
    folders.add_files(
        path, {file: text.replace(f"{old}@{version}", f"{new}@{version}") for file, text in texts.items()}
    )


def roll_back(target: Path) -> str:
    """Put the version before the last promotion back, and drop the one in use; return its version digits."""
    kept = history(target)
    if not kept:
        raise ModelError(f"{target}: there is no earlier version to roll back to")
    fingerprint = folders.version_of(kept[-1])
    leaving = target.parent / f".leaving-{target.name}"
    shutil.rmtree(leaving, ignore_errors=True)
    if target.exists():
        target.rename(leaving)
    kept[-1].rename(target)
    shutil.rmtree(leaving, ignore_errors=True)
    return fingerprint


def gold_of(path: Path, within: Taxonomy | None = None) -> list[dict[str, Any]]:
    """Return the gold lines of a model's folder, with `within` only what that taxonomy knows of them.

    Raise `ModelError` when it was not evaluated.
    """
    file = path / "gold.jsonl"
    if not file.exists():
        raise ModelError(
            f"{path}: was not evaluated on the gold rows: "
            f"run `cxnlp evaluate LABELS --model {path} --save --no-baselines`, LABELS being those of the model in use"
        )
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    if within is None:
        return lines
    known = {task.name: set(task.label_names) for task in within.tasks}
    return [
        line
        | {
            side: {
                task: [name for name in names if name in known[task]]
                for task, names in line[side].items()
                if task in known
            }
            for side in ("human", "predicted")
        }
        for line in lines
    ]


def compare(candidate: list[dict[str, Any]], current: list[dict[str, Any]], *, seed: int = 0) -> Comparison:
    """Compare two models on the gold rows both have, row by row (paired bootstrap, Berg-Kirkpatrick et al. 2012).

    The score is the mean over tasks of micro-F1. Raise `ModelError` when the two share too few rows, or people's
    labels of a shared row differ.
    """
    theirs = {line["id"]: line for line in current}
    shared = [(line, theirs[line["id"]]) for line in candidate if line["id"] in theirs]
    if len(shared) < MIN_LANGUAGE_ROWS:
        raise ModelError(f"the two models share {len(shared)} gold rows, expected at least {MIN_LANGUAGE_ROWS}")
    if any(_labels_of(new) != _labels_of(old) for new, old in shared):
        raise ModelError("the gold labels differ between the two models: evaluate both on the same files first")
    tasks = sorted({task for new, _ in shared for task in new["human"]})
    fresh = np.array([[_row_counts(new, task) for task in tasks] for new, _ in shared], dtype=float)
    known = np.array([[_row_counts(old, task) for task in tasks] for _, old in shared], dtype=float)
    language = np.array([new["language"] for new, _ in shared], dtype=object)

    everything = np.ones(len(shared), dtype=bool)
    difference, low, high = _difference(fresh, known, everything, seed)
    languages: dict[str, tuple[int, float, float, float]] = {}
    for code in sorted(set(language)):
        rows = np.asarray(language == code, dtype=bool)
        if rows.sum() >= MIN_LANGUAGE_ROWS:
            languages[code] = (int(rows.sum()), *_difference(fresh, known, rows, seed))
    collapsed = tuple(code for code, (_, change, _, top) in languages.items() if change < -COLLAPSE and top < 0)
    return Comparison(len(shared), difference, low, high, languages, collapsed)


def _labels_of(line: dict[str, Any]) -> dict[str, set[str]]:
    """Return people's labels of a row; their order is the taxonomy's, and two taxonomies may order them otherwise."""
    return {task: set(names) for task, names in line["human"].items()}


def _row_counts(line: dict[str, Any], task: str) -> tuple[int, int]:
    """Return (twice the right labels, labels given + wanted) of one row: micro-F1 is the ratio of their sums."""
    human, predicted = set(line["human"].get(task, ())), set(line["predicted"].get(task, ()))
    return 2 * len(human & predicted), len(human) + len(predicted)


def _difference(fresh: Floats, known: Floats, rows: npt.NDArray[np.bool_], seed: int) -> tuple[float, float, float]:
    """Return the mean difference of micro-F1 with its 90 % interval; the counts are [rows, tasks, 2]."""
    new, old = fresh[rows], known[rows]
    count = len(new)

    def mean_gap(weights: Floats) -> Floats:
        """Mean over the tasks in which both have an F1: where nothing is given or wanted there is none."""
        new_f1, old_f1 = (
            metrics.f1(sums[..., 0] / 2, sums[..., 1], np.zeros(sums.shape[:-1]))
            for sums in (np.tensordot(weights, values, axes=(-1, 0)) for values in (new, old))  # [..., tasks, 2]
        )
        return metrics.known_mean(new_f1 - old_f1)

    weights = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=RESAMPLES).astype(float)
    low, high = metrics.interval(mean_gap(weights), 0.9)
    return float(mean_gap(np.ones(count))), low, high


def verdict(comparison: Comparison) -> str:
    """Say in one line how the candidate compares."""
    text = (
        f"mean F1 {comparison.difference:+.3f} (90 % interval {comparison.low:+.3f} to {comparison.high:+.3f}) "
        f"on {comparison.rows} shared gold rows"
    )
    if comparison.collapsed:
        lost = ", ".join(f"{code} {comparison.languages[code][1]:+.3f}" for code in comparison.collapsed)
        return f"{text}; collapsed: {lost}"
    allowed = f"a loss of {MARGIN} is allowed"
    return f"{text}; {'not worse' if comparison.passes else 'worse'} ({allowed})"
