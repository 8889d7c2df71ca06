"""Freeze the gold part: mark rows `gold` in their own files.

Rows that are gold stay gold, so that the part never leaks into training. Sets that may not be trained on (`TEST_ONLY`)
are gold as a whole. Whole groups (near-duplicates, sentences of one review) go to one side, over all files. With
`--share`, further groups are drawn until about that share of all other rows is gold (15 % at the first draw); language,
origin and author are stratified.

    python scripts/split_gold.py --sets ../shared
    python scripts/split_gold.py --sets ../shared --share 0.15
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from cxnlp.labelling.rows import read_labelled
from cxnlp.model.examples import from_frame, split_groups, split_validation
from cxnlp.taxonomy import default_taxonomy

TEST_ONLY = ("laroseda_ro",)
LABELLED = Path(__file__).resolve().parents[1] / "data" / "labelled"


def labelled_files() -> list[Path]:
    return [*sorted(LABELLED.glob("*.csv")), *sorted((LABELLED / "public").glob("*.csv"))]


def of_test_set(ids: pd.Series) -> pd.Series:
    """Return which ids belong to sets that may not be trained on."""
    return ids.str.startswith(tuple(f"{name}:" for name in TEST_ONLY))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=Path, required=True, help="folder of the public sets")
    parser.add_argument("--share", type=float, default=0.0, help="draw rows until this share is gold; else none")
    parser.add_argument("--seed", type=int, default=2026)
    arguments = parser.parse_args()

    frame = read_labelled(labelled_files(), default_taxonomy(), sets=[arguments.sets])
    groups = split_groups(from_frame(frame, default_taxonomy()))
    test_only = of_test_set(frame["id"])
    frozen = set(groups[((frame["part"] == "gold") | test_only).to_numpy()])
    fresh = frame[[group not in frozen for group in groups]].reset_index(drop=True)
    gold = set(frame.loc[[group in frozen for group in groups], "id"])
    have = (frame["id"].isin(gold) & ~test_only).sum()
    share = max(0.0, (arguments.share * (~test_only).sum() - have) / max(1, len(fresh)))
    if share > 0.01:
        _train, chosen = split_validation(from_frame(fresh, default_taxonomy()), share, arguments.seed)
        gold |= set(fresh.loc[chosen, "id"])
    for path in labelled_files():
        raw = pd.read_csv(path, dtype=str, keep_default_na=False)
        ids = raw["id"] if "id" in raw else raw["set"] + ":" + raw["row"]
        raw["part"] = ["gold" if row in gold else "train" for row in ids]
        raw.to_csv(path, index=False, lineterminator="\n")
        print(f"{path.name:24} {len(raw):5} rows, {sum(raw['part'] == 'gold'):4} gold")


if __name__ == "__main__":
    main()
