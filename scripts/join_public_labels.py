"""Put the texts of public sets back to their labels, from a local copy of the sets.

The labels of public sets are kept without text: set, row id and a hash of the text. Given a folder with the sets (one
`NAME.jsonl.gz` or `NAME.jsonl` each, with `id`, `text` and, where there is one, `reply`), this writes one file of
labelled rows with texts. Each text is checked against its hash. A set that is not there is named, with where to get it.

    python scripts/join_public_labels.py --sets FOLDER --out joined.csv [SET …]
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from pathlib import Path

import pandas as pd

from cxnlp.errors import LabelsError
from cxnlp.labelling.cells import format_cell
from cxnlp.labelling.rows import PLAIN_COLUMNS, read_labelled
from cxnlp.taxonomy import default_taxonomy

DATA = Path(__file__).resolve().parents[1] / "data"


def join(names: list[str], sets: list[Path]) -> tuple[pd.DataFrame, list[str]]:
    """Return the labelled rows of the sets that are here, ready to be written, and what to say of the others."""
    sources = tomllib.loads((DATA / "sources.toml").read_text(encoding="utf-8"))
    taxonomy = default_taxonomy()
    frames, missing = [], []
    for name in names:
        try:
            frames.append(read_labelled([DATA / "labelled" / "public" / f"{name}.csv"], taxonomy, sets=sets))
        except LabelsError as error:
            source = sources.get(name, {})
            where = f"{source['cite']} ({source['terms']}); {source['where']}" if source else "no set of this project"
            missing.append(f"{error}\n    get it from: {where}")
    if not frames:
        return pd.DataFrame(), missing
    joined = pd.concat(frames, ignore_index=True)
    out = joined[[*PLAIN_COLUMNS]].copy()
    for task in taxonomy.tasks:
        out[task.name] = joined[task.name].map(format_cell)
    return out.assign(origin=joined["origin"], part=joined["part"], group=joined["group"]), missing


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="SET", help="sets to join; all if none is named")
    parser.add_argument("--sets", type=Path, action="append", required=True, help="folder with the sets")
    parser.add_argument("--out", type=Path, required=True, help="CSV file to write")
    arguments = parser.parse_args()
    known = sorted(path.stem for path in (DATA / "labelled" / "public").glob("*.csv"))
    joined, missing = join(arguments.names or known, arguments.sets)
    for message in missing:
        print(message, file=sys.stderr)
    if len(joined):
        joined.to_csv(arguments.out, index=False, lineterminator="\n")
        print(f"{arguments.out}: {len(joined):,} labelled rows with texts")
    sys.exit(3 if missing else 0)


if __name__ == "__main__":
    main()
