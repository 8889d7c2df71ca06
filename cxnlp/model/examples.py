"""Labelled rows as arrays: what training, calibration and evaluation read."""

from __future__ import annotations

import hashlib
import math
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxnlp.errors import LabelsError
from cxnlp.labelling.cells import columns_found, parse_cell
from cxnlp.taxonomy import Taxonomy

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]

#: Below this a task cannot be learnt, let alone calibrated and measured.
MIN_ROWS = 40
#: Character n-grams shared (Jaccard) from which two texts count as the same text.
NEAR_DUPLICATE = 0.7
#: The share of the rows without gold that chooses and calibrates.
VALIDATION_SHARE = 0.15
UNKNOWN_LANGUAGE = "und"


@dataclass(frozen=True)
class Examples:
    """Labelled texts, row by row.

    `targets[task]` is float32 [rows, labels], 1 where a label holds, and a row of NaN where the task is not labelled.
    `groups` names what a row belongs to (one review, one customer; empty: nothing): a group is never split.
    """

    ids: tuple[str, ...]
    texts: tuple[str, ...]
    languages: tuple[str, ...]
    authors: tuple[str, ...]
    origins: tuple[str, ...]
    parts: tuple[str, ...]
    groups: tuple[str, ...]
    targets: dict[str, Floats]

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, rows: Sequence[int] | npt.NDArray[Any]) -> Examples:
        """Return the rows at these positions, or where a boolean mask is true."""
        chosen = np.asarray(rows)
        chosen = np.flatnonzero(chosen) if chosen.dtype == bool else chosen.astype(np.int64)

        def pick(values: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(values[i] for i in chosen)

        return replace(
            self,
            ids=pick(self.ids),
            texts=pick(self.texts),
            languages=pick(self.languages),
            authors=pick(self.authors),
            origins=pick(self.origins),
            parts=pick(self.parts),
            groups=pick(self.groups),
            targets={name: values[chosen] for name, values in self.targets.items()},
        )

    def with_targets(self, targets: dict[str, Floats]) -> Examples:
        """Return the rows with other labels."""
        return replace(self, targets=targets)

    def labelled(self, task: str) -> npt.NDArray[np.bool_]:
        """Return which rows carry this task, [rows]."""
        return ~np.isnan(self.targets[task][:, 0])

    @property
    def fingerprint(self) -> str:
        """Twelve hex digits of ids, texts and labels: what the model card calls the data's hash."""
        digest = hashlib.sha256()
        for row in zip(self.ids, self.texts, self.languages, self.authors, strict=True):
            digest.update("\x1f".join(row).encode("utf-8", "surrogatepass") + b"\x1e")
        for name in sorted(self.targets):
            digest.update(name.encode() + np.nan_to_num(self.targets[name], nan=-1.0).astype(np.int8).tobytes())
        return digest.hexdigest()[:12]


def concatenate(parts: Sequence[Examples]) -> Examples:
    """Join examples of the same tasks, one after the other."""
    first = parts[0]
    return Examples(
        ids=sum((part.ids for part in parts), ()),
        texts=sum((part.texts for part in parts), ()),
        languages=sum((part.languages for part in parts), ()),
        authors=sum((part.authors for part in parts), ()),
        origins=sum((part.origins for part in parts), ()),
        parts=sum((part.parts for part in parts), ()),
        groups=sum((part.groups for part in parts), ()),
        targets={name: np.concatenate([part.targets[name] for part in parts]) for name in first.targets},
    )


def from_frame(frame: pd.DataFrame, taxonomy: Taxonomy) -> Examples:
    """Turn labelled rows (design §3) into examples.

    A task's cell holds labels separated by `;`, or is a list of them (`parse_cell`).
    `origin` and `part` default to `real` and `train`, `group` to nothing. Rows without text are left
    out. Raise `LabelsError` on a label that the taxonomy lacks, naming the row and the column.
    """
    missing = [name for name in ("id", "text") if name not in frame]
    if missing:
        found = columns_found(frame, ("id", "text", *taxonomy.task_names))
        raise LabelsError(f"labelled rows lack the column {', '.join(missing)}; {found}")
    tasks = [task for task in taxonomy.tasks if task.name in frame]
    if not tasks:
        raise LabelsError(f"labelled rows have no column of a task; expected one of {', '.join(taxonomy.task_names)}")
    text = frame["text"]
    frame = frame[text.notna() & (text.astype(str).str.strip() != "")]

    def column(name: str, default: str) -> tuple[str, ...]:
        if name not in frame:
            return (default,) * len(frame)
        return tuple(default if _is_empty(value) else str(value) for value in frame[name])

    ids = column("id", "")
    targets: dict[str, Floats] = {}
    for task in taxonomy.tasks:
        values = np.full((len(frame), len(task.labels)), np.nan, dtype=np.float32)
        if task.name in frame:
            for row, (cell, row_id) in enumerate(zip(frame[task.name], ids, strict=True)):
                try:
                    labels = parse_cell(cell, task)
                except ValueError as error:
                    raise LabelsError(f"row {row_id!r}, column {task.name!r}: {error}") from error
                if labels is not None:
                    values[row] = [name in labels for name in task.label_names]
        targets[task.name] = values
    return Examples(
        ids=ids,
        texts=tuple(frame["text"].astype(str)),
        languages=column("language", UNKNOWN_LANGUAGE),
        authors=column("author", "customer"),
        origins=column("origin", "real"),
        parts=column("part", "train"),
        groups=column("group", ""),
        targets=targets,
    )


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, float) and np.isnan(value)) or value is pd.NA or str(value).strip() == ""


def check_trainable(examples: Examples, taxonomy: Taxonomy) -> None:
    """Raise `LabelsError` when a task has too few rows or a single class: before any long work starts."""
    if len(examples) < MIN_ROWS:
        raise LabelsError(f"found {len(examples)} labelled rows with text, expected at least {MIN_ROWS} to train on")
    for task in taxonomy.tasks:
        values = examples.targets[task.name][examples.labelled(task.name)]
        if len(values) < MIN_ROWS:
            raise LabelsError(f"task {task.name!r}: found {len(values)} labelled rows, expected at least {MIN_ROWS}")
        counts = values.sum(axis=0)
        seen = [name for name, count in zip(task.label_names, counts, strict=True) if count]
        mixed = (counts > 0) & (counts < len(values))
        varies = bool(mixed.any()) if task.kind == "multi" else len(seen) > 1
        if not varies:
            what = f"only {seen[0]!r}" if seen else "no label at all"
            raise LabelsError(f"task {task.name!r}: all {len(values)} rows hold {what}; expected at least two classes")


def normal_form(text: str) -> str:
    """Return the text folded for comparing: NFKC, lower case, runs of anything but letters and digits as one space."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join("".join(c if c.isalnum() else " " for c in folded).split())


def near_duplicate_groups(texts: Sequence[str]) -> Indices:
    """Return a group number per text; texts that share most of their character trigrams are in one group.

    Candidates come from shared rare trigrams (prefix filtering, Chaudhuri et al. 2006; shorter prefixes for the shorter
    text of a pair, Xiao et al. 2008): enough for any pair above the threshold to meet. Pairs are then checked exactly
    and joined.
    """
    shingles = []
    for text in texts:
        padded = f" {normal_form(text)} "
        shingles.append(frozenset(padded[i : i + 3] for i in range(max(1, len(padded) - 2))))
    frequency = Counter(chain.from_iterable(shingles))
    by_rarity = sorted(frequency, key=lambda piece: (frequency[piece], piece))
    rank = {piece: place for place, piece in enumerate(by_rarity)}
    ranked = [frozenset(rank[piece] for piece in pieces) for pieces in shingles]
    sizes = [len(pieces) for pieces in ranked]
    parent = list(range(len(texts)))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    index: dict[int, list[int]] = {}
    for row in sorted(range(len(texts)), key=sizes.__getitem__):
        pieces, size = ranked[row], sizes[row]
        rare = sorted(pieces)[: size - math.ceil(NEAR_DUPLICATE * size) + 1]
        candidates: set[int] = set()
        for piece in rare:
            candidates.update(index.get(piece, ()))
        least = NEAR_DUPLICATE * size  # a text with fewer trigrams cannot share enough
        for other in candidates:
            if sizes[other] < least:
                continue
            shared = len(pieces & ranked[other])
            if shared >= NEAR_DUPLICATE * (size + sizes[other] - shared):
                parent[root(row)] = root(other)
        # what comes later is at least as long, so it shares more with this text than the threshold says
        for piece in rare[: size - math.ceil(2 * NEAR_DUPLICATE / (1 + NEAR_DUPLICATE) * size) + 1]:
            index.setdefault(piece, []).append(row)
    return np.array([root(row) for row in range(len(texts))], dtype=np.int64)


def split_groups(examples: Examples) -> Indices:
    """Return a number per row; rows that nearly repeat each other, or share a group, share it: no split parts them."""
    found = near_duplicate_groups(examples.texts)
    parent = {int(number): int(number) for number in found}

    def root(node: int) -> int:
        while parent[node] != node:
            node = parent[node]
        return node

    first: dict[str, int] = {}
    for name, number in zip(examples.groups, found, strict=True):
        if name:
            parent[root(int(number))] = root(first.setdefault(name, int(number)))
    return np.array([root(int(number)) for number in found], dtype=np.int64)


def without_gold(labelled: Examples) -> Examples:
    """Return the rows that may be trained on: part `train`, and in no group (`split_groups`) with a gold row."""
    gold = np.array([part == "gold" for part in labelled.parts], dtype=bool)
    if not gold.any():
        return labelled
    groups = split_groups(labelled)
    return labelled.take(~np.isin(groups, groups[gold]))


def split_validation(
    examples: Examples,
    share: float,
    seed: int,
    *,
    own: npt.NDArray[np.bool_] | None = None,
    seen: npt.NDArray[np.bool_] | None = None,
) -> tuple[Indices, Indices]:
    """Return positions for training and for validation.

    Whole groups (`split_groups`) go to one side; within each language, origin and author the share is held as nearly as
    the groups allow, and apart for rows that are `own` [rows] and those that are not. A group with a row that was
    `seen` [rows] in an earlier training stays in training.
    """
    groups = split_groups(examples)
    strata = ["|".join(key) for key in zip(examples.languages, examples.origins, examples.authors, strict=True)]
    if own is not None:
        strata = [f"{mine:d}|{stratum}" for mine, stratum in zip(own, strata, strict=True)]
    barred = set() if seen is None else set(groups[seen].tolist())
    generator = np.random.default_rng(seed)
    validation = np.zeros(len(examples), dtype=bool)
    members: dict[int, list[int]] = {}
    for row, group in enumerate(groups):
        members.setdefault(int(group), []).append(row)
    by_stratum: dict[str, list[int]] = {}
    for group, rows in members.items():
        by_stratum.setdefault(strata[rows[0]], []).append(group)
    for stratum in sorted(by_stratum):
        order = by_stratum[stratum]
        generator.shuffle(order)
        wanted = share * sum(len(members[group]) for group in order)
        taken = 0
        for group in order:
            if group in barred or taken + len(members[group]) / 2 > wanted:
                continue
            validation[members[group]] = True
            taken += len(members[group])
    return np.flatnonzero(~validation), np.flatnonzero(validation)
