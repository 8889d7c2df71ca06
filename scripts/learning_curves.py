"""Learning curves on real data: what 50, 100, 200 and 400 labels of one's own are worth.

Three ways to learn the same small taxonomy from the same rows, scored on the same test rows:

- `from the model`: `cxnlp train --base default`: from the shipped model
- `from the base`: the same, from the base encoder alone
- `SetFit` (Tunstall et al. 2022) with the same base encoder and about as many texts read in training

Sets: causes that an airline's customers complain of (English, one each), aspects that phone buyers blame (Vietnamese,
several), emotions (Persian, one of seven). The shipped model has seen no row of them: they may not be trained on for
shipping, and what is trained here is thrown away.

    python scripts/learning_curves.py --sets ../shared [--sizes 50 100 200 400] [--seeds 1] [--subjects airline …]
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read once, when torch is loaded

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxnlp.model import metrics
from cxnlp.model.examples import Examples, from_frame, near_duplicate_groups
from cxnlp.taxonomy import parse_taxonomy

TEST_ROWS = 600
#: Rows of a set that are looked at, drawn at random.
POOL_ROWS = 1_500
TASK = "answer"
#: Passes over texts that one row gets in cxnlp's training: eight on all rows, eight on two thirds of them three times.
PASSES = 24

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Subject:
    """A set mapped to a small taxonomy: rows with `id`, `text`, `answer`."""

    name: str
    what: str
    file: str
    kind: str
    labels: dict[str, str]

    def toml(self) -> str:
        listed = "\n".join(f'[[tasks.labels]]\nname = "{name}"' for name in dict.fromkeys(self.labels.values()))
        none = 'none = "other"\n' if self.kind == "single" and "other" in self.labels.values() else ""
        return f'name = "{self.name}"\n[[tasks]]\nname = "{TASK}"\nkind = "{self.kind}"\n{none}{listed}\n'

    def answer(self, row: dict[str, Any]) -> str | None:
        """Return the row's cell, or None where it is not labelled."""
        if "aspects" in row:
            blamed = {self.labels.get(a["aspect"]) for a in row["aspects"] if a["polarity"] == "negative"} - {None}
            return ";".join(sorted(str(name) for name in blamed)) or "-"
        return self.labels.get(str(row.get("negative_reason") or row.get("emotion")))


SUBJECTS = (
    Subject(
        "airline",
        "causes, airline tweets (en)",
        "feedback/airline_en.jsonl.gz",
        "single",
        {
            "Customer Service Issue": "service",
            "Flight Attendant Complaints": "service",
            "Late Flight": "punctuality",
            "Cancelled Flight": "punctuality",
            "Lost Luggage": "luggage",
            "Damaged Luggage": "luggage",
            "Bad Flight": "comfort",
            "Flight Booking Problems": "booking",
        },
    ),
    Subject(
        "phones",
        "aspects blamed, phone reviews (vi)",
        "feedback/visfd_vi.jsonl.gz",
        "multi",
        {
            "FEATURES": "features",
            "PERFORMANCE": "performance",
            "BATTERY": "battery",
            "CAMERA": "camera",
            "SER&ACC": "service",
            "SCREEN": "screen",
            "PRICE": "price",
        },
    ),
    Subject(
        "emotions",
        "emotion, tweets and comments (fa)",
        "benchmarks/armanemo_fa.jsonl.gz",
        "single",
        {name: name.lower() for name in ("ANGRY", "FEAR", "HAPPY", "HATE", "OTHER", "SAD", "SURPRISE")},
    ),
)


def read(subject: Subject, folder: Path) -> Examples:
    """Return the set's labelled rows in the small taxonomy, one of each near-duplicate group, in fixed random order."""
    found = []
    with gzip.open(folder / subject.file, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            answer = subject.answer(row)
            if answer is not None and row["text"].strip():
                found.append({"id": row["id"], "text": row["text"], "language": row["lang"], TASK: answer})
    order = np.random.default_rng(0).permutation(len(found))[:POOL_ROWS]
    frame = pd.DataFrame([found[place] for place in order])
    _, first = np.unique(near_duplicate_groups(list(frame["text"])), return_index=True)
    return from_frame(frame.iloc[np.sort(first)], parse_taxonomy(subject.toml()))


def scored(truth: Bools, given: Bools) -> tuple[float, float, float, float]:
    """Return macro-F1 with its interval, and micro-F1."""
    drawn = [metrics.macro_f1(truth, given, weights) for weights in metrics.resamples(len(truth), seed=0, draws=400)]
    low, high = metrics.interval(np.array(drawn))
    return metrics.macro_f1(truth, given), low, high, metrics.micro_f1(truth, given)


def with_cxnlp(model: Path | None) -> Callable[[Examples, Examples, str, int], Bools]:
    """Return what learns from rows with cxnlp and answers others."""

    def learn(train: Examples, test: Examples, toml: str, seed: int) -> Bools:
        from cxnlp.model.adapt import PASSES_ALONE, adapt
        from cxnlp.model.assess import decisions_of
        from cxnlp.model.predict import Predictor
        from cxnlp.model.train import TrainSettings

        with tempfile.TemporaryDirectory() as scratch:
            out = Path(scratch) / "learnt"
            adapt(train, None, toml, out, model=model, settings=TrainSettings(seed=seed, epochs=PASSES_ALONE))
            return decisions_of(Predictor.load(out), test).labels[TASK]

    return learn


def with_setfit(train: Examples, test: Examples, toml: str, seed: int) -> Bools:
    """Learn with SetFit from the same base encoder, as many texts read in training, and answer others."""
    from datasets import Dataset
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from setfit import SetFitModel, Trainer, TrainingArguments
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    from cxnlp.model.base import TEXT_PREFIX, base_folder

    task = parse_taxonomy(toml).task(TASK)
    truth = train.targets[TASK] > 0.5
    several = task.kind == "multi"
    reader = Transformer(str(base_folder()), max_seq_length=256)
    body = SentenceTransformer(modules=[reader, Pooling(reader.get_word_embedding_dimension())], device="cpu")
    head = LogisticRegression(max_iter=1000)
    model = SetFitModel(
        model_body=body,
        model_head=OneVsRestClassifier(head) if several else head,
        multi_target_strategy="one-vs-rest" if several else None,
    )
    texts = [TEXT_PREFIX + text for text in train.texts]
    kept = truth.any(axis=0) & ~truth.all(axis=0) if several else np.ones(truth.shape[1], dtype=bool)
    wanted = truth[:, kept].astype(int).tolist() if several else truth.argmax(axis=1).tolist()
    with tempfile.TemporaryDirectory() as scratch:
        arguments = TrainingArguments(
            output_dir=scratch,
            batch_size=16,
            num_epochs=1,
            # a pair is two texts, and there are two pairs (alike, unlike) to an iteration: passes / 4 of them
            num_iterations=PASSES // 4,
            seed=seed,
            report_to="none",
            save_strategy="no",
        )
        dataset = Dataset.from_dict({"text": texts, "label": wanted})
        Trainer(model=model, args=arguments, train_dataset=dataset).train()
    answers = np.asarray(model.predict([TEXT_PREFIX + text for text in test.texts]))
    given = np.zeros((len(test), truth.shape[1]), dtype=bool)
    if several:
        given[:, kept] = answers.astype(bool)
    else:
        given[np.arange(len(test)), answers.astype(int)] = True
    return given


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=Path, required=True, help="folder of the public sets")
    parser.add_argument("--sizes", type=int, nargs="+", default=[50, 100, 200, 400])
    parser.add_argument("--test-rows", type=int, default=TEST_ROWS, help="rows of each set to score on")
    parser.add_argument("--seeds", type=int, default=1, help="training samples drawn per size")
    parser.add_argument("--subjects", nargs="+", choices=[s.name for s in SUBJECTS], default=[s.name for s in SUBJECTS])
    parser.add_argument("--model", type=Path, default=Path("models/default"), help="the shipped model's folder")
    parser.add_argument("--without", nargs="*", default=[], help="ways to leave out")
    parser.add_argument("--out", type=Path, help="write the figures as JSON lines, too; what is there is not run again")
    arguments = parser.parse_args()
    ways: dict[str, Callable[[Examples, Examples, str, int], Bools]] = {
        "from the model": with_cxnlp(arguments.model),
        "from the base": with_cxnlp(None),
        "SetFit": with_setfit,
    }
    done = []
    if arguments.out and arguments.out.exists():
        done = [json.loads(line) for line in arguments.out.read_text(encoding="utf-8").splitlines()]
    known = {(row["subject"], row["labels"], row["seed"], row["way"]) for row in done}
    for subject in [s for s in SUBJECTS if s.name in arguments.subjects]:
        rows = read(subject, arguments.sets)
        held = np.arange(arguments.test_rows)
        test, pool = rows.take(held), rows.take(np.arange(len(held), len(rows)))
        truth = test.targets[TASK] > 0.5
        for seed in range(arguments.seeds):
            order = np.random.default_rng(seed).permutation(len(pool))
            for size in arguments.sizes:
                train = pool.take(order[:size])  # a larger sample holds the smaller ones
                for way, learn in ways.items():
                    if way in arguments.without or (subject.name, size, seed, way) in known:
                        continue
                    began = time.process_time()
                    macro, low, high, micro = scored(truth, learn(train, test, subject.toml(), seed))
                    entry = {
                        "subject": subject.name,
                        "labels": size,
                        "seed": seed,
                        "way": way,
                        "macro_f1": round(macro, 4),
                        "low": round(low, 4),
                        "high": round(high, 4),
                        "micro_f1": round(micro, 4),
                        "seconds": round(time.process_time() - began, 1),
                    }
                    done.append(entry)
                    print(json.dumps(entry), file=sys.stderr, flush=True)
                    if arguments.out:
                        with arguments.out.open("a", encoding="utf-8") as file:
                            file.write(json.dumps(entry) + "\n")
    print(table(done))


def table(done: list[dict[str, Any]]) -> str:
    """Return the curves as a Markdown table: macro-F1 (mean over seeds) and processor seconds."""
    frame = pd.DataFrame(done)
    ways = list(dict.fromkeys(frame["way"]))
    what = {subject.name: subject.what for subject in SUBJECTS}
    lines = [f"| set | labels | {' | '.join(ways)} |", f"| --- | --: | {' | '.join(['--:'] * len(ways))} |"]
    for (subject, size), part in frame.groupby(["subject", "labels"], sort=False):
        cells = []
        for way in ways:
            one = part[part["way"] == way]
            if one.empty:
                cells.append("–")
                continue
            interval = f" ({one['low'].mean():.2f}–{one['high'].mean():.2f})"
            cells.append(f"{one['macro_f1'].mean():.2f}{interval}, {one['seconds'].mean():.0f} s")
        lines.append(f"| {what[str(subject)]} | {size} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
