"""Training on public sets with published results: it works for taxonomies that are not ours.

Each set gets a taxonomy of a few lines (below), is split here where its official test part is kept back, and is
trained with the same settings as the shipped model. Nothing trained here ships.

    python scripts/benchmark_public.py --sets ../shared/benchmarks armanemo poleval2024
    python scripts/benchmark_public.py --sets ../shared/benchmarks goemotions --epochs 2
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import pandas as pd

from cxnlp.model import metrics
from cxnlp.model.assess import decisions_of
from cxnlp.model.build import build
from cxnlp.model.examples import Examples, from_frame
from cxnlp.model.predict import Predictor
from cxnlp.model.train import TrainSettings
from cxnlp.taxonomy import parse_taxonomy

TEST_SHARE = 0.2


@dataclass(frozen=True)
class Benchmark:
    """A public set: its file, its taxonomy, how a row becomes a labelled one, and what was published for it."""

    file: str
    taxonomy: str
    row: Callable[[dict[str, Any]], dict[str, str] | None]
    group: Callable[[dict[str, Any]], str]
    published: str


def _toml(name: str, kind: str, labels: Iterable[str]) -> str:
    listed = ", ".join(f'{{name = "{label}"}}' for label in labels)
    return f'name = "{name}"\n[[tasks]]\nname = "emotion"\nkind = "{kind}"\nlabels = [{listed}]\n'


def _poleval(row: dict[str, Any]) -> dict[str, str] | None:
    return {"language": "pl", "emotion": ";".join(row["emotion"]) or "-"}


def _goemotions(row: dict[str, Any]) -> dict[str, str] | None:
    return {"language": "en", "emotion": ";".join(row["ekman"]), "split": row["split"]}


BENCHMARKS = {
    "armanemo": Benchmark(
        "armanemo_fa.jsonl.gz",
        _toml("armanemo", "single", ("angry", "fear", "happy", "hate", "sad", "surprise", "other")),
        lambda row: {"language": "fa", "emotion": row["emotion"].lower()},
        lambda row: str(row["id"]),
        "macro-F1 75.4 with XLM-R-large on the official test part (arXiv:2207.11808)",
    ),
    "poleval2024": Benchmark(
        "poleval2024_pl.jsonl.gz",
        _toml(
            "poleval2024", "multi", ("joy", "trust", "anticipation", "surprise", "fear", "sadness", "disgust", "anger")
        ),
        _poleval,
        lambda row: str(row["review_id"]),
        "PolEval 2024 task 2, official test part kept back",
    ),
    "goemotions": Benchmark(
        "goemotions_en.jsonl.gz",
        _toml("goemotions", "multi", ("anger", "disgust", "fear", "joy", "sadness", "surprise", "neutral")),
        _goemotions,
        lambda row: str(row["id"]),
        "macro-F1 62.4 with BERT-base on the same test part (Demszky et al. 2020)",
    ),
}


def read(benchmark: Benchmark, folder: Path, limit: int, seed: int) -> pd.DataFrame:
    """Return labelled rows: `gold` is the set's own test part where it is here, else a fifth of the groups."""
    with gzip.open(folder / benchmark.file, "rt", encoding="utf-8") as lines:
        raw = [json.loads(line) for line in lines]
    rows = []
    for entry in raw:
        labelled = benchmark.row(entry)
        if labelled:
            rows.append({"id": entry["id"], "text": entry["text"], "group": benchmark.group(entry), **labelled})
    frame = pd.DataFrame(rows)
    generator = np.random.default_rng(seed)
    if "split" in frame:
        frame = frame[frame["split"] != "dev"].reset_index(drop=True)
        held_out = frame["split"] == "test"
    else:
        groups = sorted(set(frame["group"]))
        generator.shuffle(groups)
        held_out = frame["group"].isin(groups[: round(TEST_SHARE * len(groups))])
    frame["part"] = np.where(held_out, "gold", "train")
    train = frame[~held_out]
    if limit and len(train) > limit:
        train = train.sample(limit, random_state=seed)
    return pd.concat([train, frame[held_out]], ignore_index=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="+", choices=sorted(BENCHMARKS))
    parser.add_argument("--sets", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=0, help="training rows at most (0: all)")
    parser.add_argument("--epochs", type=int, default=0)
    parser.add_argument("--seed", type=int, default=13)
    arguments = parser.parse_args()
    settings = replace(TrainSettings(), seed=arguments.seed)
    if arguments.epochs:
        settings = replace(settings, epochs=arguments.epochs)
    for name in arguments.names:
        benchmark = BENCHMARKS[name]
        taxonomy = parse_taxonomy(benchmark.taxonomy)
        examples = from_frame(read(benchmark, arguments.sets, arguments.limit, arguments.seed), taxonomy)
        began = time.perf_counter()
        with tempfile.TemporaryDirectory() as scratch:
            out = Path(scratch) / name
            build(examples, benchmark.taxonomy, out, settings=settings, say=lambda text: print(f"  {text}", flush=True))
            score(name, benchmark, examples, Predictor.load(out), time.perf_counter() - began)


def score(name: str, benchmark: Benchmark, examples: Examples, predictor: Predictor, seconds: float) -> None:
    """Print the scores on the held-out rows."""
    gold = examples.take([part == "gold" for part in examples.parts])
    truth = gold.targets["emotion"] > 0.5
    given = decisions_of(predictor, gold).labels["emotion"]
    draws = metrics.resamples(len(gold), seed=0)
    drawn = metrics.f1(*metrics.counts(truth, given, draws)).mean(axis=1)
    low, high = metrics.interval(drawn)
    print(
        f"{name}: macro-F1 {100 * metrics.macro_f1(truth, given):.1f} ({100 * low:.1f}–{100 * high:.1f}), micro-F1 "
        f"{100 * metrics.micro_f1(truth, given):.1f} on {len(gold)} held-out rows, trained on "
        f"{len(examples) - len(gold)} in {seconds / 60:.1f} min; published: {benchmark.published}"
    )


if __name__ == "__main__":
    main()
