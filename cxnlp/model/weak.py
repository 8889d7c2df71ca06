"""Stars as weak labels: what a warm-up on a customer's own unlabelled export learns from (`cxnlp train --adapt`).

The stars of each text become a further ordinal task beside the labelled rows' tasks; its outputs are thrown away when
the warm-up ends (an auxiliary task: Caruana 1997). The encoder so gets used to the export's language, trade and
spelling. What it answers is not taught by stars, or it could not be held against them: labelled rows teach it, and on
the export's texts the answers it had before.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxnlp.errors import ExportError
from cxnlp.model.examples import Examples, concatenate, split_groups
from cxnlp.taxonomy import Label, Task, Taxonomy

#: Texts of the export that are learnt from, at most and at least.
MOST_TEXTS, FEWEST_TEXTS = 1_500, 100
#: Characters from which a text is worth learning from.
SHORTEST = 10
#: Marks of any scale are read as these five levels, lowest first.
STARS = Task(
    name="stars_of_the_export", kind="ordinal", labels=tuple(Label(name=f"level_{level}") for level in range(1, 6))
)


def with_stars(taxonomy: Taxonomy) -> Taxonomy:
    """Return the taxonomy with the stars as its last task."""
    return taxonomy.model_copy(update={"tasks": (*taxonomy.tasks, STARS)})


def levels(records: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Return the level 0 to 4 of each record's stars on its own scale, [rows]; NaN where it has none."""
    low, high = (records[name].to_numpy(dtype=np.float64) for name in ("scale_low", "scale_high"))
    share = (records["stars"].to_numpy(dtype=np.float64) - low) / (high - low)
    return np.asarray(np.round(4 * share))


def weakly_labelled(records: pd.DataFrame, taxonomy: Taxonomy, seed: int, most: int = MOST_TEXTS) -> Examples:
    """Return texts of an export (`RECORD_COLUMNS`) with their stars as the only label, `most` at most.

    Of each level as many are drawn as of the others, as far as there are: most exports are nearly all five stars. Raise
    `ExportError` when the export has too few texts with stars, or stars of one level only.
    """
    usable = records[(records["author"] == "customer") & (records["text"].fillna("").str.len() >= SHORTEST)]
    usable = usable.assign(level=levels(usable)).dropna(subset=["level"]).drop_duplicates("text")
    if len(usable) < FEWEST_TEXTS or usable["level"].nunique() < 2:
        raise ExportError(
            f"found {len(usable)} texts of {SHORTEST} characters or more with stars, of {usable['level'].nunique()} "
            f"levels; expected {FEWEST_TEXTS} texts of two levels at least to adapt to"
        )
    usable = usable.sample(frac=1, random_state=seed)
    turn = usable.groupby("level").cumcount().to_numpy()
    usable = usable.iloc[np.sort(np.argsort(turn, kind="stable")[:most])]
    targets = {
        task.name: np.full((len(usable), len(task.labels)), np.nan, dtype=np.float32)
        for task in with_stars(taxonomy).tasks
    }
    targets[STARS.name] = np.eye(len(STARS.labels), dtype=np.float32)[usable["level"].to_numpy(dtype=np.int64)]
    count = len(usable)
    return Examples(
        ids=tuple(f"export:{record}" for record in usable["id"]),
        texts=tuple(usable["text"]),
        languages=tuple(usable["language"].fillna("und")),
        authors=("customer",) * count,
        origins=("real",) * count,
        parts=("train",) * count,
        groups=("",) * count,
        targets=targets,
    )


def without_stars(labelled: Examples) -> Examples:
    """Return labelled rows as rows of the wider taxonomy, their stars unknown."""
    unknown = np.full((len(labelled), len(STARS.labels)), np.nan, dtype=np.float32)
    return labelled.with_targets({**labelled.targets, STARS.name: unknown})


def unlike(weak: Examples, labelled: Examples) -> Examples:
    """Return the texts that nearly repeat no labelled one (gold and validation rows would not be unseen)."""
    groups = split_groups(concatenate([without_stars(labelled), weak]))
    return weak.take(~np.isin(groups[len(labelled) :], groups[: len(labelled)]))
