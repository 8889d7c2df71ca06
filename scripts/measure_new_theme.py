"""A theme the model has never heard of, learnt from a sheet of 20, 40 or 80 rows, and what that costs the old tasks.

The theme is `battery` (phone batteries, Vietnamese: a set that no shipped weight has seen). A sheet is drawn as
`cxnlp labels sample --for battery` draws it: three quarters nearest to the definition, a quarter at random. The public
set says whether a row blames the battery; all else on the sheet is what the shipped model says, as if the analyst
agreed. Then `cxnlp train SHEET --base default --beside data/labelled`: its answers on 600 other rows are scored for the
theme, and those on the frozen gold part are compared with the shipped model's.

    python scripts/measure_new_theme.py --sets ../shared [--sizes 20 40 80]
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read once, when torch is loaded

import numpy as np
import pandas as pd
from split_gold import labelled_files

from cxnlp.labelling.rows import read_labelled
from cxnlp.labelling.theme import definitions, nearness
from cxnlp.labelling.vectors import embed
from cxnlp.model import metrics
from cxnlp.model.adapt import adapt
from cxnlp.model.assess import decisions_of, gold_part
from cxnlp.model.compare import compare_models, read_gold, sentence
from cxnlp.model.examples import from_frame, near_duplicate_groups
from cxnlp.model.predict import Predictor
from cxnlp.taxonomy import Taxonomy, default_taxonomy_toml, parse_taxonomy

THEME = "battery"
DEFINITION = "how long the battery lasts, how fast it drains, charging, overheating while charging"
POOL, TEST = 1_500, 600


def with_theme() -> tuple[str, Taxonomy]:
    """Return the default taxonomy with the theme as a further cause, as text and parsed."""
    lines = default_taxonomy_toml().splitlines()
    causes = next(at for at, line in enumerate(lines) if line == 'name = "causes"')
    end = next(
        (at for at in range(causes, len(lines)) if lines[at] == "[[tasks]]"), len(lines)
    )  # the label goes to the end of its task
    entry = ["[[tasks.labels]]", f'name = "{THEME}"', 'layer = "product"', f'definition = "{DEFINITION}"', ""]
    toml = "\n".join([*lines[:end], *entry, *lines[end:]]) + "\n"
    return toml, parse_taxonomy(toml)


def rows_of(folder: Path, model: Predictor) -> pd.DataFrame:
    """Return rows of the set, labelled: the theme by the set, all else by the model."""
    with gzip.open(folder / "feedback" / "visfd_vi.jsonl.gz", "rt", encoding="utf-8") as lines:
        raw = [json.loads(line) for line in lines]
    order = np.random.default_rng(0).permutation(len(raw))[:POOL]
    raw = [raw[place] for place in order if raw[place]["text"].strip()]
    _, first = np.unique(near_duplicate_groups([row["text"] for row in raw]), return_index=True)
    raw = [raw[place] for place in np.sort(first)]
    texts = [row["text"] for row in raw]
    frame = pd.DataFrame(
        {"id": [row["id"] for row in raw], "text": texts, "language": "vi", "author": "customer", "origin": "real"}
    )
    predictions = model.predict(texts, ["customer"] * len(texts))
    for task in model.taxonomy.task_names:
        frame[task] = pd.Series([prediction.labels[task] for prediction in predictions], dtype=object)
    blamed = [
        any(a["aspect"] == "BATTERY" and a["polarity"] == "negative" for a in row.get("aspects", [])) for row in raw
    ]
    frame["causes"] = pd.Series(
        [(*causes, THEME) if holds else causes for causes, holds in zip(frame["causes"], blamed, strict=True)],
        dtype=object,
    )
    return frame.assign(part="train")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=Path, required=True, help="folder of the public sets")
    parser.add_argument("--sizes", type=int, nargs="+", default=[20, 40, 80], help="rows on the sheet")
    parser.add_argument("--model", type=Path, default=Path("models/default"))
    arguments = parser.parse_args()
    toml, taxonomy = with_theme()
    shipped = Predictor.load(arguments.model)
    frame = rows_of(arguments.sets, shipped)
    test, pool = frame.iloc[:TEST], frame.iloc[TEST:].reset_index(drop=True)
    task = taxonomy.task("causes")
    queries = definitions(task, next(label for label in task.labels if label.name == THEME))
    near = nearness(embed(queries, ["customer"] * len(queries)), embed(list(pool["text"]), ["customer"] * len(pool)))
    by_nearness, by_chance = np.argsort(-near, kind="stable"), np.random.default_rng(1).permutation(len(pool))
    labelled = read_labelled(labelled_files(), taxonomy, sets=[arguments.sets])
    others = from_frame(labelled, taxonomy)
    gold = labelled[labelled["id"].isin(gold_part(others).ids)]
    texts, authors = list(gold["text"]), list(gold["author"])
    said = [prediction.labels for prediction in shipped.predict(texts, authors)]
    before = read_gold(gold, said, shipped.taxonomy, taxonomy)
    wanted = from_frame(test, taxonomy)
    column = task.label_names.index(THEME)
    truth = wanted.targets["causes"][:, [column]] > 0.5
    print(f"{int(truth.sum())} of {len(truth)} test rows blame the battery")
    for size in arguments.sizes:
        nearest = by_nearness[: size - size // 4]
        rows = np.concatenate([nearest, [place for place in by_chance if place not in set(nearest)][: size // 4]])
        sheet = from_frame(pool.iloc[rows], taxonomy)
        positives = int(sheet.targets["causes"][:, column].sum())
        began = time.perf_counter()
        with tempfile.TemporaryDirectory() as scratch:
            out = Path(scratch) / "mine"
            adapted = adapt(sheet, others, toml, out, model=arguments.model)
            seconds = time.perf_counter() - began
            mine = Predictor.load(out)
            given = decisions_of(mine, wanted).labels["causes"][:, [column]]
            after = read_gold(gold, [p.labels for p in mine.predict(texts, authors)], taxonomy, taxonomy)
        hits = int((given & truth).sum())
        drawn = [metrics.micro_f1(truth, given, w) for w in metrics.resamples(len(truth), seed=0, draws=400)]
        low, high = metrics.interval(np.array(drawn))
        comparison = compare_models(before, after, taxonomy, "the frozen gold part")
        print(
            f"{size} rows ({positives} of the theme, each {adapted.emphasis}x): "
            f"precision {hits / max(1, given.sum()):.2f}, recall {hits / truth.sum():.2f}, "
            f"F1 {metrics.micro_f1(truth, given):.2f} ({low:.2f}-{high:.2f}); "
            f"{seconds / 60:.1f} min; {sentence(comparison)}",
            flush=True,
        )


if __name__ == "__main__":
    main()
