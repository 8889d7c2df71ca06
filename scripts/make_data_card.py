"""Write the figures of data/README.md anew: what stands between `<!-- NAME:begin -->` and `<!-- NAME:end -->`.

- `counts`: rows by file, origin, part, language and author; how often each label was given
- `agreement`: Krippendorff's alpha of two blind readings before they were settled (data/agreement/second_reading.csv:
  `id` as `read_labelled` gives it, and `first_`, `second_` and `settled_` columns per task; no texts)
- `sources`: terms and origin of each public set (data/sources.toml)

    python scripts/make_data_card.py [--check]
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from split_gold import labelled_files

from cxnlp.labelling.agreement import Alpha, agree
from cxnlp.labelling.cells import parse_cell
from cxnlp.labelling.rows import read_labelled
from cxnlp.taxonomy import default_taxonomy

DATA = Path(__file__).resolve().parents[1] / "data"
CARD = DATA / "README.md"
SECOND = DATA / "agreement" / "second_reading.csv"
LANGUAGES = ("en", "fa", "pl", "ro", "vi")


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table; all but the first column to the right."""
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def counts(frame: pd.DataFrame) -> str:
    """Return rows by file and by language and author, and how often each label was given."""
    rows = []
    for (name, origin), part in frame.groupby(["file", "origin"], sort=False):
        gold = int((part["part"] == "gold").sum())
        company = int((part["author"] == "company").sum())
        rows.append([f"`{name}`", origin, f"{len(part):,}", f"{len(part) - gold:,}", f"{gold:,}", f"{company:,}"])
    gold = int((frame["part"] == "gold").sum())
    company = int((frame["author"] == "company").sum())
    rows.append(["all", "", f"{len(frame):,}", f"{len(frame) - gold:,}", f"{gold:,}", f"{company:,}"])
    blocks = [table(["file", "origin", "rows", "train", "gold", "of a company"], rows)]

    languages = frame.groupby("language")["origin"].value_counts().unstack(fill_value=0)
    languages = languages.reindex(columns=["real", "written"], fill_value=0)
    order = languages.sum(axis=1).sort_values(ascending=False, kind="stable").index
    rows = [[code, f"{languages.loc[code, 'real']:,}", f"{languages.loc[code, 'written']:,}"] for code in order]
    blocks.append(table(["language", "real", "written"], rows))
    for task in default_taxonomy().tasks:
        known = frame[frame[task.name].notna()]
        rows = []
        for label in task.label_names:
            held = known[[label in names for names in known[task.name]]]
            real = int((held["origin"] == "real").sum())
            gold = int((held["part"] == "gold").sum())
            rows.append([f"`{label}`", f"{len(held):,}", f"{len(held) / len(known):.1%}", f"{real:,}", f"{gold:,}"])
        if task.kind == "multi":
            empty = known[[names == () for names in known[task.name]]]
            real, gold = int((empty["origin"] == "real").sum()), int((empty["part"] == "gold").sum())
            rows.append(["(none)", f"{len(empty):,}", f"{len(empty) / len(known):.1%}", f"{real:,}", f"{gold:,}"])
        blocks.append(table([f"`{task.name}`", "rows", "share", "of them real", "of them gold"], rows))
    return "\n\n".join(blocks)


def agreement() -> str:
    """Return how far the second, blind reading agreed with the first before any difference was settled."""
    if not SECOND.exists():
        return "No second reading has been taken in yet."
    tasks = default_taxonomy().tasks
    raw = pd.read_csv(SECOND, dtype=str, keep_default_na=False)

    def reading(rows: pd.DataFrame, which: str) -> pd.DataFrame:
        cells = {t.name: [parse_cell(cell, t) for cell in rows[f"{which}_{t.name}"]] for t in tasks}
        return pd.DataFrame({"id": list(rows["id"])} | {name: pd.Series(v, dtype=object) for name, v in cells.items()})

    names = ["first reading", "second reading"]
    found = agree([reading(raw, "first"), reading(raw, "second")], names, tasks)
    heads = [alpha for alpha in found.alphas if not alpha.label or alpha.label.startswith("(")]
    labels = [alpha for alpha in found.alphas if alpha not in heads and alpha.used >= 10 and alpha.value == alpha.value]
    head = ["", "measure", "alpha", "95 % interval", "same answer", "rows"]
    by_language = []
    for language in LANGUAGES:
        rows = raw[raw["language"] == language]
        own = agree([reading(rows, "first"), reading(rows, "second")], names, tasks)
        by_task = {alpha.task: alpha.value for alpha in own.alphas if not alpha.label or alpha.label.startswith("(")}
        by_language.append([language, str(own.rows), *(f"{by_task[task.name]:.2f}" for task in tasks)])
    blocks = [
        f"{found.rows:,} rows were labelled a second time without sight of the first labels; the two readings give the "
        f"very same labels in every task on {found.rows - len(found.differing):,} of them.",
        table(head, [_line(alpha, f"`{alpha.task}` {alpha.label}".strip()) for alpha in heads]),
        "Alpha by language:",
        table(["language", "rows", *(f"`{task.name}`" for task in tasks)], by_language),
        "The labels that the two readings agree on least, of those given ten times or more:",
        table(head, [_line(a, f"`{a.task}`: `{a.label}`") for a in sorted(labels, key=lambda a: a.value)[:12]]),
    ]
    return "\n\n".join(blocks)


def _line(alpha: Alpha, name: str) -> list[str]:
    return [
        name,
        alpha.metric,
        f"{alpha.value:.2f}",
        f"{alpha.low:.2f} to {alpha.high:.2f}",
        f"{alpha.raw:.0%}",
        f"{alpha.rows:,}",
    ]


def sources() -> str:
    """Return terms and origin of each public set."""
    known = tomllib.loads((DATA / "sources.toml").read_text(encoding="utf-8"))
    lines = ["| set | what | terms | learnt from | source | where to get it |", "| --- | --- | --- | --- | --- | --- |"]
    for name, entry in known.items():
        learnt = "yes" if entry["trainable"] else "no"
        lines.append(
            f"| `{name}` | {entry['what']} | {entry['terms']} | {learnt} | {entry['cite']} | {entry['where']} |"
        )
    return "\n".join(lines)


def fill(text: str, blocks: dict[str, str]) -> str:
    """Return the card with each block's content renewed; raise `ValueError` when a marker is missing."""
    for name, content in blocks.items():
        pattern = re.compile(rf"(<!-- {name}:begin -->\n).*?(<!-- {name}:end -->)", re.DOTALL)
        if not pattern.search(text):
            raise ValueError(f"the card has no place for {name!r}: <!-- {name}:begin --> … <!-- {name}:end -->")
        text = pattern.sub(lambda match, content=content: f"{match[1]}{content}\n{match[2]}", text)
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 when the card is out of date")
    arguments = parser.parse_args()
    frame = read_labelled(labelled_files(), default_taxonomy(), need_text=False)
    before = CARD.read_text(encoding="utf-8")
    after = fill(before, {"counts": counts(frame), "agreement": agreement(), "sources": sources()})
    if arguments.check:
        print(f"{CARD.name} is {'up to date' if before == after else 'out of date: run scripts/make_data_card.py'}")
        sys.exit(0 if before == after else 1)
    CARD.write_text(after, encoding="utf-8")
    print(f"{CARD}: {len(frame):,} labelled rows")


if __name__ == "__main__":
    main()
