"""Which rows are worth labelling next.

Five ways to draw, each row marked with its own:

* `random`: a simple random sample of all rows with text. Only these may correct shares. A text drawn twice is shown
  once and its labels count for every draw; nothing else is left out, or the sample would no longer be fair.
* `uncertain`: the model's confidence is lowest; spread out over the unlike ones among them by farthest-first traversal
  (Sener & Savarese 2018), since the same doubt labelled ten times teaches little.
* `rare`: languages, touchpoints and labels (as the model reads them) of which least has been labelled so far.
* `suspected`: labelled rows whose label looks wrong (`suspects.py`). Rows of the gold part are never among them: to
  correct gold only where a model disagrees would flatter that model. Where nothing looks wrong, `uncertain` rows take
  their place.
* `theme`: nearest in meaning to the definition of a label that nothing has been labelled with yet. Rows labelled
  before the label was there may come again: nobody was asked about it. Rows of the gold part may not, or they would end
  up among rows picked for what they hold.

Rows that nearly repeat another one drawn, or one labelled before, are left out of all but the first.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxnlp.errors import WrongUsageError
from cxnlp.labelling.layout import DRAWN
from cxnlp.labelling.pool import Floats, Pool
from cxnlp.model.examples import near_duplicate_groups
from cxnlp.taxonomy import Task

Indices = npt.NDArray[np.int64]

#: Shares of a sample where nothing else is asked for.
DEFAULT_MIX: Mapping[str, float] = {"random": 0.4, "uncertain": 0.3, "rare": 0.2, "suspected": 0.1}
#: … and where candidates for a new label are looked for.
THEME_MIX: Mapping[str, float] = {"theme": 0.75, "random": 0.25}
#: So many times the rows wanted are looked at closely.
SHORTLIST = 20
#: A language, touchpoint or label with fewer rows than this in the pool is noise rather than under-represented.
LEAST_OF_A_GROUP = 3


@dataclass(frozen=True)
class Sample:
    """Drawn rows: the pool's columns plus `drawn` and `same_text`; `positions` are their places in the pool.

    `wanted` and the drawn rows differ where there were not enough. `moved` rows were to be suspected ones and are
    wanted as uncertain ones instead, since no further label looked wrong.
    """

    frame: pd.DataFrame
    positions: Indices
    wanted: dict[str, int]
    moved: int = 0


def split_rows(rows: int, mix: Mapping[str, float]) -> dict[str, int]:
    """Return how many rows each way to draw gets; raise `WrongUsageError` for an unknown way or impossible shares."""
    unknown = sorted(set(mix) - set(DRAWN))
    if unknown:
        raise WrongUsageError(f"unknown way to draw rows: {', '.join(unknown)}; expected {', '.join(DRAWN)}")
    total = sum(mix.values())
    if not math.isfinite(total) or total <= 0 or min(mix.values()) < 0:
        raise WrongUsageError("the mix must name ways to draw rows, each with a share of 0 or more and one above 0")
    exact = {name: rows * share / total for name, share in mix.items()}
    found = {name: int(value) for name, value in exact.items()}
    by_remainder = sorted(exact, key=lambda name: found[name] - exact[name])
    for name in by_remainder[: rows - sum(found.values())]:
        found[name] += 1
    return found


def draw(
    pool: Pool,
    wanted: Mapping[str, int],
    *,
    tasks: Sequence[Task],
    labelled: pd.DataFrame | None = None,
    suspects: Sequence[str] = (),
    again: Collection[str] = (),
    theme: Floats | None = None,
    seed: int = 0,
) -> Sample:
    """Draw rows from the pool; see the module's text for the ways.

    `labelled` holds rows labelled so far (`id`, `text`, `part`, `language`, task columns), `suspects` ids of those
    whose label looks wrong, worst first, `again` ids of those that may be drawn as if they had no label yet (rows of
    the gold part are kept out all the same). `theme` [rows] is how near each row of the pool is to the new label.
    The sheet's order is shuffled: an annotator cannot tell the ways apart.
    """
    frame = pool.frame
    labelled = labelled if labelled is not None else pd.DataFrame({"id": [], "text": [], "part": []}, dtype=str)
    gold = set(labelled.loc[labelled["part"] == "gold", "id"])
    settled = labelled[~labelled["id"].isin(set(again) - gold)]
    known = set(settled["id"])
    drawn: dict[int, str] = {}
    same_text: dict[int, list[str]] = {}
    # earlier gold rows are not drawn again; rows labelled for training may be, and become gold then
    fair = [row for row, row_id in enumerate(frame["id"]) if row_id not in gold][: wanted.get("random", 0)]
    first: dict[tuple[str, str], int] = {}
    for row in fair:
        key = (frame["text_hash"].iloc[row], frame["author"].iloc[row])
        if key in first:
            same_text[first[key]].append(frame["id"].iloc[row])
        else:
            first[key] = row
            same_text[row] = []
            drawn[row] = "random"

    open_rows = np.array([row for row in range(len(frame)) if frame["id"].iloc[row] not in known], dtype=np.int64)
    read = np.array([bool(value) for value in frame["confidence"]], dtype=bool)
    suspected = [row for row in _places(frame, suspects) if row not in drawn and frame["id"].iloc[row] not in gold]
    for row in suspected[: wanted.get("suspected", 0)]:
        drawn[row] = "suspected"
    # where nothing is suspected the rows go to the next best use
    moved = wanted.get("suspected", 0) - sum(way == "suspected" for way in drawn.values())
    if moved:
        wanted = {**wanted, "suspected": wanted["suspected"] - moved, "uncertain": wanted.get("uncertain", 0) + moved}
    old_texts = list(settled["text"])
    if theme is not None and wanted.get("theme"):
        picked = nearest(theme, open_rows, wanted["theme"])
        _add(drawn, "theme", picked, wanted["theme"], frame, old_texts)
    if wanted.get("rare"):
        ranked = under_represented(frame, tasks, labelled, open_rows, wanted["rare"] * 3)
        _add(drawn, "rare", ranked, wanted["rare"], frame, old_texts)
    if wanted.get("uncertain"):
        ranked = uncertain(pool, tasks, open_rows[read[open_rows]], wanted["uncertain"])
        _add(drawn, "uncertain", ranked, wanted["uncertain"], frame, old_texts)

    order = np.random.default_rng(seed).permutation(np.array(sorted(drawn), dtype=np.int64))
    chosen = frame.iloc[order].reset_index(drop=True)
    chosen["drawn"] = [drawn[int(row)] for row in order]
    chosen["same_text"] = [";".join(same_text.get(int(row), ())) for row in order]
    return Sample(chosen, order, dict(wanted), moved)


def _places(frame: pd.DataFrame, ids: Sequence[str]) -> list[int]:
    place = {row_id: row for row, row_id in enumerate(frame["id"])}
    return [place[row_id] for row_id in ids if row_id in place]


def _add(
    drawn: dict[int, str], way: str, ranked: Sequence[int], count: int, frame: pd.DataFrame, old_texts: list[str]
) -> None:
    """Add the first `count` of the ranked rows that nearly repeat no row drawn or labelled before."""
    fresh = [int(row) for row in ranked if int(row) not in drawn][: max(200, SHORTLIST * count)]
    before = list(drawn)
    texts = [*old_texts, *frame["text"].iloc[before], *frame["text"].iloc[fresh]]
    groups = near_duplicate_groups(texts)
    seen = set(groups[: len(old_texts) + len(before)].tolist())
    added = 0
    for row, group in zip(fresh, groups[len(old_texts) + len(before) :].tolist(), strict=True):
        if added == count:
            break
        if group in seen:
            continue
        seen.add(group)
        drawn[row] = way
        added += 1


def uncertain(pool: Pool, tasks: Sequence[Task], rows: Indices, count: int) -> list[int]:
    """Return rows by how little the model is sure of them, unlike ones first among the least sure."""
    names = [task.name for task in tasks]
    means = []
    for row in rows:
        given = pool.frame["confidence"].iloc[row]
        values = [given[name] for name in names if name in given]
        means.append(float(np.mean(values)) if values else 1.0)
    order = np.argsort(np.array(means), kind="stable")
    near = rows[order[: 5 * count]]
    spread = farthest_first(pool.vectors[near])
    return [*near[spread].tolist(), *rows[order[5 * count :]].tolist()]


def farthest_first(vectors: Floats) -> Indices:
    """Return all rows, each next one the farthest from those before (Gonzalez 1985); the first row comes first."""
    if not len(vectors):
        return np.zeros(0, dtype=np.int64)
    order = [0]
    nearest_so_far = vectors @ vectors[0]
    nearest_so_far[0] = np.inf
    for _ in range(len(vectors) - 1):
        following = int(np.argmin(nearest_so_far))
        order.append(following)
        nearest_so_far = np.maximum(nearest_so_far, vectors @ vectors[following])
        nearest_so_far[order] = np.inf
    return np.array(order, dtype=np.int64)


def under_represented(
    frame: pd.DataFrame, tasks: Sequence[Task], labelled: pd.DataFrame, rows: Indices, count: int
) -> list[int]:
    """Return up to `count` rows, each next one the one whose groups were labelled least so far, itself counted.

    Groups are language, touchpoint and each label that the model gives. A row's worth is the sum over its groups of
    1 / (1 + rows labelled of the group).
    """
    members = [_groups(frame.iloc[row], tasks) for row in rows]
    sizes = Counter(group for groups in members for group in groups)
    names = sorted(group for group, size in sizes.items() if size >= LEAST_OF_A_GROUP)
    place = {name: position for position, name in enumerate(names)}
    member = np.zeros((len(rows), len(names)), dtype=np.float32)
    for position, groups in enumerate(members):
        for group in groups:
            if group in place:
                member[position, place[group]] = 1.0
    so_far = Counter(group for _, row in labelled.iterrows() for group in _groups(row, tasks))
    have = np.array([so_far[name] for name in names], dtype=np.float32)
    left = np.ones(len(rows), dtype=bool)
    picked: list[int] = []
    while len(picked) < count and left.any() and names:
        worth = np.where(left, member @ (1.0 / (1.0 + have)), -1.0)
        best = int(np.argmax(worth))
        left[best] = False
        have += member[best]
        picked.append(int(rows[best]))
    return picked


def _groups(row: pd.Series, tasks: Sequence[Task]) -> list[tuple[str, str]]:
    found = [(name, str(row[name])) for name in ("language", "touchpoint") if row.get(name)]
    for task in tasks:
        found += [(task.name, label) for label in row.get(task.name) or () if label != task.none]
    return found


def nearest(nearness: Floats, rows: Indices, count: int) -> list[int]:
    """Return rows for a new label: the nearest ones first, every third one from further down.

    The rows from further down show where the label ends; a label learnt from its clearest cases alone claims too much.
    """
    order = rows[np.argsort(-nearness[rows], kind="stable")]
    top, below = order[: SHORTLIST * count].tolist(), order[2 * count : 10 * count : 4].tolist()
    found: list[int] = []
    while len(found) < SHORTLIST * count and (top or below):
        source = below if len(found) % 3 == 2 and below else top or below
        row = source.pop(0)
        if row not in found:
            found.append(row)
    return found
