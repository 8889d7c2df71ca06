"""How far the analyst's two aids can be trusted, measured on the labelled sample.

- `mistakes`: a share of the labels of two tasks is replaced by another answer by chance; how many of them are among the
  doubts of `cxnlp labels errors`, and how many of the first hundred doubts are planted ones.
- `themes`: each theme in turn is taken for new; how many of the first candidates by its definition
  (`cxnlp labels sample --for`) name it, among all rows and among the real ones.

    python scripts/measure_labelling_aids.py --sets ../shared [--seed 0]
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read once, when torch is loaded

import numpy as np
import numpy.typing as npt
import pandas as pd
from split_gold import labelled_files

from cxnlp.labelling.rows import read_labelled
from cxnlp.labelling.suspects import find_suspects
from cxnlp.labelling.theme import definitions, nearness
from cxnlp.labelling.vectors import embed
from cxnlp.taxonomy import Task, Taxonomy, default_taxonomy

PLANTED = 0.05
TASKS = ("emotions", "stance")
FIRST_DOUBTS = 100
FIRST_CANDIDATES = 30

Vectors = npt.NDArray[np.float32]


def plant(frame: pd.DataFrame, task: Task, generator: np.random.Generator) -> tuple[pd.DataFrame, set[str]]:
    """Return the rows with some answers of a task replaced by another row's, and the ids of those that now differ."""
    chosen = generator.permutation(len(frame))[: round(PLANTED * len(frame))]
    donors = generator.permutation(len(frame))[: len(chosen)]
    cells = list(frame[task.name])
    wrong = set()
    for row, donor in zip(chosen, donors, strict=True):
        other = frame[task.name].iloc[donor]
        if set(other) != set(cells[row]):
            cells[row] = other
            wrong.add(frame["id"].iloc[row])
    return frame.assign(**{task.name: pd.Series(cells, index=frame.index, dtype=object)}), wrong


def mistakes(frame: pd.DataFrame, vectors: Vectors, taxonomy: Taxonomy, seed: int) -> None:
    generator = np.random.default_rng(seed)
    for name in TASKS:
        task = taxonomy.task(name)
        changed, wrong = plant(frame, task, generator)
        doubts = find_suspects(changed, vectors, taxonomy.model_copy(update={"tasks": (task,)}), seed=seed).rows
        first = doubts["id"].head(FIRST_DOUBTS).isin(wrong).sum()
        found = len(wrong & set(doubts["id"]))
        print(
            f"{name}: {len(wrong)} of {len(frame):,} answers planted; {len(doubts):,} doubts hold "
            f"{found / len(wrong):.0%} of them; of the first {FIRST_DOUBTS} doubts {first} are planted"
        )


def themes(frame: pd.DataFrame, vectors: Vectors, taxonomy: Taxonomy) -> None:
    task = taxonomy.task("causes")
    named = [
        {*causes, *strengths} for causes, strengths in zip(frame["causes"], frame["strengths"], strict=True)
    ]  # a theme is a theme whether it is blamed or praised
    for what, rows in (("all", np.arange(len(frame))), ("real", np.flatnonzero(frame["origin"] == "real"))):
        shares, base = [], []
        for label in task.labels:
            texts = definitions(task, label)
            near = nearness(embed(texts, ["customer"] * len(texts)), vectors[rows])
            right = np.array([label.name in named[row] for row in rows])
            shares.append(right[np.argsort(-near, kind="stable")[:FIRST_CANDIDATES]].mean())
            base.append(right.mean())
        print(
            f"{what} rows ({len(rows):,}): of the first {FIRST_CANDIDATES} candidates {np.mean(shares):.0%} name the "
            f"theme (mean over {len(task.labels)} themes; {np.mean(base):.1%} of all rows do; "
            f"lowest {min(shares):.0%}, highest {max(shares):.0%})"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=Path, required=True, help="folder of the public sets")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    taxonomy = default_taxonomy()
    frame = read_labelled(labelled_files(), taxonomy, sets=[arguments.sets])
    vectors = embed(list(frame["text"]), list(frame["author"]))
    themes(frame, vectors, taxonomy)
    mistakes(frame, vectors, taxonomy, arguments.seed)


if __name__ == "__main__":
    main()
