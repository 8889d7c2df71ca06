"""From a store to a sheet to label: read the pool, draw, add what the model suggests if that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cxnlp.errors import LabelsError, WrongUsageError
from cxnlp.labelling.layout import MODEL_SAYS, Sheet, guideline_version
from cxnlp.labelling.pool import Floats, Pool
from cxnlp.labelling.sample import DEFAULT_MIX, THEME_MIX, Sample, draw, split_rows
from cxnlp.labelling.suspects import find_suspects
from cxnlp.labelling.theme import definitions, find_label, nearness
from cxnlp.taxonomy import Label, Task, Taxonomy

#: Texts that are embedded to look for a new theme: about a minute's work on two cores.
THEME_POOL = 5_000
#: Labelled rows found in the store from which suspected mistakes are looked for among them.
LEAST_LABELLED = 60

Embed = Callable[[list[str], list[str]], Floats]


@dataclass(frozen=True)
class Wish:
    """What is asked for: how many rows, drawn how (way → share; empty: the default), of whom, for which tasks.

    `theme` is a label (`NAME` or `TASK/NAME`) that candidates are looked for; `suggest` shows the model's labels, and
    no row is drawn at random then: raise `WrongUsageError` where the mix asks for both.
    """

    rows: int = 100
    mix: Mapping[str, float] | None = None
    tasks: tuple[str, ...] = ()
    authors: tuple[str, ...] = ("customer", "company")
    theme: str = ""
    suggest: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse random rows beside suggestions."""
        if self.suggest and (self.mix or {}).get("random"):
            raise WrongUsageError(
                "--suggest and random rows do not go together: random rows give honest figures only if labelled "
                "without sight of the model's answers; leave random out of --mix, or draw these rows without --suggest"
            )

    @property
    def shares(self) -> Mapping[str, float]:
        """The mix asked for, else the default one."""
        if self.mix:
            return self.mix
        default = THEME_MIX if self.theme else DEFAULT_MIX
        return {way: share for way, share in default.items() if way != "random" or not self.suggest}


def make_sheet(
    pool: Pool,
    taxonomy: Taxonomy,
    wish: Wish,
    *,
    labelled: pd.DataFrame | None = None,
    embed: Embed | None = None,
) -> tuple[Sheet, Sample]:
    """Draw rows of the pool, which was read with the wish's seed and authors, and put them on a sheet.

    `labelled` holds the rows labelled so far. `embed` gives unit vectors of texts by the base encoder; only a wish for
    a theme needs it. Raise `LabelsError` when no row is left to draw.
    """
    sought = find_label(taxonomy, wish.theme) if wish.theme else []
    wanted = split_rows(wish.rows, wish.shares)
    names = wish.tasks or tuple(task.name for task, _ in sought) or taxonomy.task_names
    tasks = tuple(taxonomy.task(name) for name in taxonomy.task_names if name in [taxonomy.task(n).name for n in names])
    theme = None
    again: tuple[str, ...] = ()
    if sought:
        if embed is None:
            raise LabelsError("looking for a new theme needs the base encoder")
        pool = _cut_pool(pool, THEME_POOL)
        theme = _nearness(pool, sought[0][0], wish.theme, taxonomy, embed)
        again = _not_asked(labelled, sought, taxonomy)
    suspects = _suspects(pool, labelled, tasks, taxonomy, wish.seed) if wanted.get("suspected") else ()
    drawn = draw(
        pool, wanted, tasks=tasks, labelled=labelled, suspects=suspects, again=again, theme=theme, seed=wish.seed
    )
    if drawn.frame.empty:
        raise LabelsError(
            "the store has no row left to draw: those with text were labelled before, nearly repeat one that was, or "
            "were not read by the model yet"
        )
    return _sheet(drawn, pool, taxonomy, tasks, wish), drawn


def _cut_pool(pool: Pool, rows: int) -> Pool:
    return replace(pool, frame=pool.frame.iloc[:rows].reset_index(drop=True), vectors=pool.vectors[:rows])


def _nearness(pool: Pool, task: Task, wanted: str, taxonomy: Taxonomy, embed: Embed) -> Floats:
    label = find_label(taxonomy, wanted)[0][1]
    texts = definitions(task, label)
    vectors = embed([*texts, *pool.frame["text"]], ["customer"] * len(texts) + list(pool.frame["author"]))
    return nearness(vectors[: len(texts)], vectors[len(texts) :])


def _not_asked(labelled: pd.DataFrame | None, sought: list[tuple[Task, Label]], taxonomy: Taxonomy) -> tuple[str, ...]:
    """Return ids of rows without the label that is sought, and whose labels of its task are of another guideline.

    Rows whose task was not labelled at all were not asked either.
    """
    if labelled is None:
        return ()
    present = guideline_version(taxonomy)
    return tuple(
        row["id"]
        for row in labelled.to_dict("records")
        if not any(label.name in (row[task.name] or ()) for task, label in sought)
        and any(task.name not in row["sources"] or row["sources"][task.name].guideline != present for task, _ in sought)
    )


def _suspects(
    pool: Pool, labelled: pd.DataFrame | None, tasks: tuple[Task, ...], taxonomy: Taxonomy, seed: int
) -> tuple[str, ...]:
    """Return ids of labelled rows in the pool whose labels look wrong by the vectors in the store, worst first."""
    if labelled is None or labelled.empty:
        return ()
    place = {row_id: row for row, row_id in enumerate(pool.frame["id"])}
    known = labelled[labelled["id"].isin(place)].reset_index(drop=True)
    rows = [place[row_id] for row_id in known["id"]]
    vectors = pool.vectors[rows]
    if len(known) < LEAST_LABELLED or not np.any(vectors):
        return ()
    asked = taxonomy.model_copy(update={"tasks": tasks})
    found = find_suspects(known, vectors, asked, seed=seed)
    return tuple(dict.fromkeys(found.rows["id"]))


def _sheet(drawn: Sample, pool: Pool, taxonomy: Taxonomy, tasks: tuple[Task, ...], wish: Wish) -> Sheet:
    frame = drawn.frame
    hints: dict[tuple[str, str], list[str]] = {}
    if wish.suggest:
        for task in tasks:
            hints[task.name, MODEL_SAYS] = [suggestion(task, labels) for labels in frame[task.name]]
    counts = frame["drawn"].value_counts()
    random_draws = int(counts.get("random", 0)) + sum(ids.count(";") + 1 for ids in frame["same_text"] if ids)
    facts = {
        "rows": ", ".join(f"{counts[way]} {way}" for way in counts.index),
        "random": f"{random_draws} drawn at random from {pool.population:,} rows with text; only they correct shares",
        "model": pool.model,
        "seed": str(wish.seed),
    }
    if hints:
        facts["suggestions"] = "shown"
    if pool.too_long:
        facts["left out"] = f"{pool.too_long:,} texts longer than a cell holds"
    return Sheet(frame, taxonomy, tasks, hints=hints, facts=facts)


def suggestion(task: Task, labels: tuple[str, ...] | None) -> str:
    """Return labels in words, as a remark beside the cells to fill in."""
    if labels is None:
        return "(not read)"
    known = set(task.label_names)
    return ", ".join(task.label(name).display for name in labels if name in known) or "none"
