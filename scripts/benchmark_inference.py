"""Texts per second: `Predictor` at each precision beside `transformers.pipeline` in fp32, in one run.

All read the same texts of about 41 pieces on the same number of threads. How far each precision moves probabilities,
and how many labels it changes, is measured on the texts given.

    python scripts/benchmark_inference.py --model models/default --texts ../shared/feedback/airline_en.jsonl.gz
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
from transformers import AutoConfig, BertForSequenceClassification, pipeline

from cxnlp.model import folder
from cxnlp.model.base import quiet_transformers
from cxnlp.model.predict import Predictor

PRECISIONS = ("fp32", "bf16", "int8")


def texts_of_length(predictor: Predictor, texts: list[str], pieces: int, count: int) -> list[str]:
    """Return texts cut or joined to `pieces` pieces, prefix and special pieces included."""
    tokenizer = predictor.model.reader.tokenizer
    room = pieces - len(predictor.model.reader.read([""], ["customer"]).pieces[0])
    joined = tokenizer(" ".join(texts[: count * 3]), add_special_tokens=False, verbose=False)["input_ids"]
    found = [tokenizer.decode(joined[start : start + room]) for start in range(0, count * room, room)]
    return [f"{number} {text}" for number, text in enumerate(found[:count])]  # all distinct


def rate(read: Callable[[list[str]], object], texts: list[str], repeats: int) -> float:
    """Return texts per second: the best of some repeats, after a first run to warm up."""
    read(texts[:64])
    best = 0.0
    for _ in range(repeats):
        began = time.perf_counter()
        read(texts)
        best = max(best, len(texts) / (time.perf_counter() - began))
    return best


def pipeline_reader(path: Path) -> Callable[[list[str]], object]:
    """Return a `transformers.pipeline` for text classification on the same encoder and number of outputs, in fp32."""
    model = folder.load(path)
    base = folder.base_of(model)
    with quiet_transformers():
        config = AutoConfig.from_pretrained(base, num_labels=model.layout.width, local_files_only=True)
        classifier = BertForSequenceClassification(config)
        classifier.bert.load_state_dict(model.network.encoder.state_dict(), strict=False)
        reader = pipeline(
            "text-classification",
            model=classifier.eval(),
            tokenizer=model.reader.tokenizer,
            device="cpu",
            top_k=None,
        )
    return lambda texts: reader(texts, batch_size=32, truncation=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=Path("models/default"))
    parser.add_argument("--texts", type=Path, required=True, help="JSON Lines with `text`, may be gzipped")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--pieces", type=int, default=41)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    opener = gzip.open if arguments.texts.suffix == ".gz" else open
    with opener(arguments.texts, "rt", encoding="utf-8") as lines:
        real = [json.loads(line)["text"] for line in lines]
    np.random.default_rng(0).shuffle(real)
    exact = Predictor.load(arguments.model, precision="fp32")
    texts = texts_of_length(exact, real, arguments.pieces, arguments.count)
    lengths = exact.model.reader.read(texts, ["customer"] * len(texts)).lengths()
    print(
        f"{platform.processor() or platform.machine()}, {torch.backends.cpu.get_cpu_capability()}, "
        f"{arguments.threads} threads, {len(texts)} texts of {lengths.mean():.0f} pieces"
    )

    sample = real[:1000]
    truth = exact.predict(sample, ["customer"] * len(sample), scores=True)
    print(f"{'':24}{'texts/s':>9}{'  mean move':>12}{'  99 %':>8}{'  labels changed':>17}")
    print(f"{'transformers.pipeline':24}{rate(pipeline_reader(arguments.model), texts, arguments.repeats):9.0f}")
    for precision in PRECISIONS:
        predictor = Predictor.load(arguments.model, precision=precision)
        speed = rate(lambda some, p=predictor: p.predict(some, ["customer"] * len(some)), texts, arguments.repeats)
        found = predictor.predict(sample, ["customer"] * len(sample), scores=True)
        moved = np.array(
            [
                abs(one.scores[task][label] - two.scores[task][label])
                for one, two in zip(truth, found, strict=True)
                if one.scores and two.scores
                for task in one.scores
                for label in one.scores[task]
            ]
        )
        names = list(truth[0].labels)
        changed = np.mean(
            [one.labels[task] != two.labels[task] for one, two in zip(truth, found, strict=True) for task in names]
        )
        name = f"Predictor {precision}"
        print(f"{name:24}{speed:9.0f}{moved.mean():12.4f}{np.quantile(moved, 0.99):8.4f}{changed:17.2%}")


if __name__ == "__main__":
    main()
