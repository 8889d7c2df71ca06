"""What `cxnlp train --adapt` is worth: the shipped model, and the same after it got used to an export it never saw.

Two exports of which the shipped model has seen nothing:

- Romanian shop reviews (LaRoSeDa): both models are scored on the set's gold rows, and on all other gold rows. Since
  stars are what is learnt from, texts that contradict their stars are counted apart.
- Vietnamese phone reviews (ViSFD): people marked the polarity of each aspect; do the emotions read agree whether a text
  has anything positive, and anything negative?

    python scripts/measure_adapting.py --sets ../shared [--model models/default] [--seeds 13 14]
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read once, when torch is loaded

import numpy as np
import numpy.typing as npt
import pandas as pd
from split_gold import labelled_files

from cxnlp.labelling.rows import read_labelled
from cxnlp.model import metrics
from cxnlp.model.adapt import PASSES_BESIDE_OTHERS, adapt
from cxnlp.model.assess import decisions_of, gold_part
from cxnlp.model.compare import compare_models, read_gold, sentence
from cxnlp.model.examples import Examples, from_frame, normal_form
from cxnlp.model.predict import Predictor
from cxnlp.model.train import TrainSettings
from cxnlp.model.weak import weakly_labelled
from cxnlp.taxonomy import default_taxonomy, default_taxonomy_toml

Bools = npt.NDArray[np.bool_]

ROMANIAN, VIETNAMESE = "laroseda_ro", "visfd_vi"
TEST_ROWS = 800


def raw_rows(folder: Path, name: str) -> list[dict[str, Any]]:
    """Return the rows of a set."""
    with gzip.open(folder / "feedback" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def records_of(rows: list[dict[str, Any]], name: str) -> pd.DataFrame:
    """Return rows of a set as records of an export."""
    return pd.DataFrame(
        {
            "id": [f"{name}:{row['id']}" for row in rows],
            "text": [row["text"] for row in rows],
            "stars": [float(row["stars"]) for row in rows],
            "author": "customer",
            "language": name[-2:],
            "scale_low": 1.0,
            "scale_high": 5.0,
        }
    )


def sides(predictor: Predictor, answers: Bools) -> Bools:
    """Return whether there is a positive, and a negative emotion, [rows, 2]."""
    labels = predictor.taxonomy.task("emotions").labels
    kept = [np.array([label.valence == side for label in labels]) for side in ("positive", "negative")]
    return np.stack([answers[:, side].any(axis=1) for side in kept], axis=1)


def against_stars(gold: Examples, predictor: Predictor, stars: dict[str, float]) -> str:
    """Say how well negative emotions are found in texts with four or five stars, positive ones with one or two."""
    given = sides(predictor, decisions_of(predictor, gold).labels["emotions"])
    true = sides(predictor, gold.targets["emotions"] > 0.5)
    said = []
    for what, keep, side in (("unhappy, 4-5 stars", (4, 5), 1), ("happy, 1-2 stars", (1, 2), 0)):
        rows = np.array([stars[row] in keep for row in gold.ids])
        found, wanted = given[rows, side], true[rows, side]
        wrongly = int((found & ~wanted).sum())
        said.append(f"{what}: {int((found & wanted).sum())} of {int(wanted.sum())}, {wrongly} wrongly")
    return "; ".join(said)


def polarities(rows: list[dict[str, Any]]) -> Bools:
    """Return whether people marked any aspect positive, and any negative, [rows, 2]."""
    marked = [{aspect["polarity"] for aspect in row["aspects"]} for row in rows]
    return np.array([["positive" in row, "negative" in row] for row in marked])


def agreement(predictor: Predictor, rows: list[dict[str, Any]]) -> Bools:
    """Return in which rows the emotions read agree with people on both sides, [rows]."""
    labels = predictor.taxonomy.task("emotions").label_names
    said = predictor.predict([row["text"] for row in rows], ["customer"] * len(rows))
    given = np.array([[name in answer.labels["emotions"] for name in labels] for answer in said])
    return np.asarray((sides(predictor, given) == polarities(rows)).all(axis=1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=Path, required=True, help="folder of the public sets")
    parser.add_argument("--model", type=Path, default=Path("models/default"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[13])
    arguments = parser.parse_args()
    toml, taxonomy = default_taxonomy_toml(), default_taxonomy()
    labelled = read_labelled(labelled_files(), taxonomy, sets=[arguments.sets])
    others = from_frame(labelled, taxonomy)
    gold_ids = set(gold_part(others).ids)
    shipped = Predictor.load(arguments.model)

    def adapted(records: pd.DataFrame, seed: int) -> Predictor:
        with tempfile.TemporaryDirectory() as scratch:
            settings = TrainSettings(seed=seed, epochs=PASSES_BESIDE_OTHERS)
            weak = weakly_labelled(records, taxonomy, seed)
            out = Path(scratch) / "adapted"
            how = adapt(None, others, toml, out, model=arguments.model, weak=weak, settings=settings)
            print(f"seed {seed}: {how.weak_rows} texts with stars, {how.seconds / 60:.1f} min", flush=True)
            return Predictor.load(out)

    def read(model: Predictor, frame: pd.DataFrame) -> list[dict[str, Any]]:
        said = [answer.labels for answer in model.predict(list(frame["text"]), list(frame["author"]))]
        return read_gold(frame, said, taxonomy, taxonomy)

    romanian = records_of(raw_rows(arguments.sets, ROMANIAN), ROMANIAN)
    stars = dict(zip(romanian["id"], romanian["stars"], strict=True))
    frames = {
        "the export's gold rows": labelled[labelled["id"].isin(gold_ids & set(stars))],
        "all other gold rows": labelled[labelled["id"].isin(gold_ids - set(stars))],
    }
    own = from_frame(frames["the export's gold rows"], taxonomy)
    before = {name: read(shipped, frame) for name, frame in frames.items()}
    print(f"{ROMANIAN}, shipped: {against_stars(own, shipped, stars)}")
    for seed in arguments.seeds:
        model = adapted(romanian[~romanian["id"].isin(gold_ids)], seed)
        print(f"  {against_stars(own, model, stars)}")
        for name, frame in frames.items():
            comparison = compare_models(before[name], read(model, frame), taxonomy, name)
            print(f"  {sentence(comparison)}")
            for task in comparison.tasks:
                print(f"    {task.task}: {task.before:.3f} -> {task.after:.3f} ({task.low:+.3f} to {task.high:+.3f})")

    phones = [row for row in raw_rows(arguments.sets, VIETNAMESE) if row.get("aspects") and row["text"].strip()]
    order = np.random.default_rng(0).permutation(len(phones))
    test, rest = [phones[place] for place in order[:TEST_ROWS]], [phones[place] for place in order[TEST_ROWS:]]
    held = {normal_form(row["text"]) for row in test}
    rest = [row for row in rest if normal_form(row["text"]) not in held]
    old = agreement(shipped, test)
    print(f"{VIETNAMESE}, shipped: agrees with people in {old.mean():.3f} of {len(test)}")
    for seed in arguments.seeds:
        new = agreement(adapted(records_of(rest, VIETNAMESE), seed), test)
        gain = new.astype(float) - old.astype(float)
        low, high = metrics.interval(metrics.resamples(len(gain), seed=0) @ gain / len(gain))
        print(f"  agrees in {new.mean():.3f} ({new.mean() - old.mean():+.3f}; {low:+.3f} to {high:+.3f})", flush=True)


if __name__ == "__main__":
    main()
