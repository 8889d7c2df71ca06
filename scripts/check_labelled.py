"""Check that the labelled sample is what data/README.md says: exits with 1 and names each fault.

- every identifier is in the taxonomy, every id unique (reading does this)
- every label has at least 80 positives over the whole and 8 in each main language; the plain majority is there
- no run of six words stands in more than two written texts
- no two written texts are nearer than 0.97 cosine by the base encoder (`--embeddings`; a minute or two)
- no gold row has a near-duplicate in the training part; sets that may not be trained on are gold as a whole

    python scripts/check_labelled.py --sets ../shared --embeddings
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd
from split_gold import labelled_files, of_test_set

from cxnlp.labelling.rows import read_labelled
from cxnlp.model.examples import from_frame, split_groups
from cxnlp.taxonomy import default_taxonomy

MAIN_LANGUAGES = ("en", "fa", "pl", "ro", "vi")
AT_LEAST_OVERALL = 80
AT_LEAST_PER_LANGUAGE = 8
AT_LEAST_PLAIN = 0.08
NEAREST = 0.97
WORDS = 6
#: Formulas that every company writes; they may recur.
COMMON_FORMULAS: tuple[str, ...] = ()


def balance_faults(frame: pd.DataFrame) -> list[str]:
    faults = []
    for task in default_taxonomy().tasks:
        cells = frame[task.name]
        for label in task.label_names:
            holds = cells.map(lambda names, label=label: names is not None and label in names)
            if holds.sum() < AT_LEAST_OVERALL:
                faults.append(f"{task.name} {label}: {holds.sum()} positives, wanted {AT_LEAST_OVERALL}")
            for language in MAIN_LANGUAGES:
                count = int((holds & (frame["language"] == language)).sum())
                if count < AT_LEAST_PER_LANGUAGE:
                    faults.append(f"{task.name} {label} in {language}: {count}, wanted {AT_LEAST_PER_LANGUAGE}")
    plain = (
        frame["emotions"].map(lambda names: names == ("satisfaction",))
        & frame["causes"].map(lambda names: names == ())
        & frame["effort"].map(lambda names: names == ("unstated",))
    )
    if plain.mean() < AT_LEAST_PLAIN:
        faults.append(f"plain satisfied rows: {plain.mean():.0%}, wanted {AT_LEAST_PLAIN:.0%}")
    return faults


def repeated_runs(written: pd.DataFrame) -> list[str]:
    holders: dict[str, set[str]] = defaultdict(set)
    for row_id, text in zip(written["id"], written["text"], strict=True):
        words = re.findall(r"\w+", text.lower())
        for start in range(len(words) - WORDS + 1):
            holders[" ".join(words[start : start + WORDS])].add(row_id)
    return [
        f"six-word run in {len(ids)} written texts: {', '.join(sorted(ids))}"
        for run, ids in holders.items()
        if len(ids) > 2 and run not in COMMON_FORMULAS
    ]


def leaks(frame: pd.DataFrame) -> list[str]:
    parts = frame.groupby(split_groups(from_frame(frame, default_taxonomy())))["part"].nunique()
    return (
        [f"{(parts > 1).sum()} groups of near-duplicates or of one review stand in both parts"]
        if (parts > 1).any()
        else []
    )


def trained_on(frame: pd.DataFrame) -> list[str]:
    rows = frame[of_test_set(frame["id"]) & (frame["part"] != "gold")]
    return [
        f"{name}: {len(group)} rows of a set that may not be trained on stand in the training part"
        for name, group in rows.groupby(rows["id"].str.split(":").str[0])
    ]


def nearest_pairs(written: pd.DataFrame) -> list[str]:
    from cxnlp.labelling.vectors import embed

    vectors = embed(list(written["text"]), list(written["author"]))
    faults = []
    for start in range(0, len(vectors), 512):
        near = vectors[start : start + 512] @ vectors.T
        for row, other in np.argwhere(near > NEAREST):
            if start + row < other:
                first, second = written["id"].iloc[start + row], written["id"].iloc[other]
                faults.append(f"{first} and {second}: cosine {near[row, other]:.3f}, wanted at most {NEAREST}")
    return faults


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=Path, help="folder of the public sets; without it their texts are not checked")
    parser.add_argument("--embeddings", action="store_true", help="also check that no two written texts are too near")
    arguments = parser.parse_args()
    sets = [arguments.sets] if arguments.sets else []
    frame = read_labelled(labelled_files(), default_taxonomy(), sets=sets, need_text=bool(sets))
    written = frame[frame["origin"] == "written"]
    faults = balance_faults(frame) + repeated_runs(written) + leaks(frame if sets else written)
    faults += trained_on(frame)
    if arguments.embeddings:
        faults += nearest_pairs(written)
    print(f"{len(frame):,} labelled rows, {len(written):,} of them written; {len(faults)} faults")
    print("\n".join(faults[:60]))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
