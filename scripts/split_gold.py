"""Freeze the gold part: mark about 15 % of the labelled rows `gold` in their own files.

Whole groups (near-duplicates, sentences of one review) go to one side, over all files; language, origin and
author are stratified. Rows that are gold stay gold, so that the part can grow with the data and never leaks into
training. Sets that may not be trained on (`TEST_ONLY`) are gold as a whole.

    python scripts/split_gold.py --sets ../shared
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=Path, required=True, help="folder of the public sets")
    parser.add_argument("--share", type=float, default=0.15)
    parser.add_argument("--seed", type=int, default=2026)
    arguments = parser.parse_args()

    frame = read_labelled(labelled_files(), default_taxonomy(), sets=[arguments.sets])
    groups = split_groups(from_frame(frame, default_taxonomy()))
    frozen = set(groups[(frame["part"] == "gold").to_numpy()])
    fresh = frame[[group not in frozen for group in groups]].reset_index(drop=True)
    have = (frame["part"] == "gold").sum() - frame["id"].str.startswith(tuple(f"{n}:" for n in TEST_ONLY)).sum()
    share = max(0.0, (arguments.share * len(frame) - have) / max(1, len(fresh)))
    gold = set(frame.loc[[group in frozen for group in groups], "id"])
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
