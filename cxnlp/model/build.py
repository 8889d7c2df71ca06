"""From labelled rows to a model's folder: what `cxnlp train` does, in order."""

from __future__ import annotations

import dataclasses
import hashlib
import platform
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from cxnlp.model import decide, differences, folder, metrics
from cxnlp.model.base import DEFAULT_BASE, load_encoder, load_tokenizer, resolve_base
from cxnlp.model.checkpoint import Checkpoint
from cxnlp.model.examples import (
    VALIDATION_SHARE,
    Examples,
    check_trainable,
    concatenate,
    split_validation,
    without_gold,
)
from cxnlp.model.layout import Layout
from cxnlp.model.network import Network
from cxnlp.model.probe import start_heads
from cxnlp.model.reading import Reader
from cxnlp.model.seen import record
from cxnlp.model.train import Epoch, TrainSettings, fit, gather
from cxnlp.taxonomy import parse_taxonomy

#: Training rows that the heads are first fitted to: more would cost time and hardly move where training ends.
PROBED = 4_000


@dataclass(frozen=True)
class Built:
    """How a training went."""

    epochs: list[Epoch]
    trained_on: int
    validated_on: int
    seconds: float


def build(
    labelled: Examples,
    taxonomy_toml: str,
    out: Path,
    *,
    base: str = DEFAULT_BASE,
    settings: TrainSettings | None = None,
    report: Callable[[int, int, float], None] | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Built:
    """Train on the rows of part `train`, calibrate on a validation part of them, and write the folder `out`.

    Gold rows are left out, and so is any row that nearly repeats one. Raise `LabelsError`, `TaxonomyError` or
    `ModelError` before any long work when labels, taxonomy or base cannot be used.
    """
    began = time.perf_counter()
    folder.check_replaceable(out)
    settings = settings or TrainSettings()
    taxonomy = parse_taxonomy(taxonomy_toml)
    layout = Layout(taxonomy)
    usable = without_gold(labelled)
    check_trainable(usable, taxonomy)
    base_path = resolve_base(base)
    reader = Reader(load_tokenizer(base_path))
    network, base_tensors = start_network(base_path, layout, settings)

    train_rows, validation_rows = split_validation(usable, VALIDATION_SHARE, settings.seed)
    train, validation = usable.take(train_rows), usable.take(validation_rows)
    say(f"Training on {len(train)} rows, validating on {len(validation)}.")
    checkpoint = Checkpoint(
        out.with_name(f".training-{out.name}"),
        key=training_key(train, validation, taxonomy_toml, settings, differences.fingerprint(base_tensors)),
    )
    if settings.probe and checkpoint.load() is None:
        say("Fitting the heads to the untrained encoder …")
        some = train.take(np.random.default_rng(settings.seed).permutation(len(train))[:PROBED])
        start_heads(network, pooled_vectors(network, reader, some), some, layout)
    epochs = fit(
        network,
        reader,
        layout,
        train,
        settings,
        validate=lambda current: validation_score(current, reader, layout, validation),
        report=report,
        say=say,
        checkpoint=checkpoint,
    )
    calibration = decide.fit(network_logits(network, reader, validation), validation.targets, layout)
    seconds = time.perf_counter() - began
    folder.save(
        out,
        network=network,
        base=base,
        base_tensors=base_tensors,
        reader=reader,
        taxonomy_toml=taxonomy_toml,
        calibration=calibration,
        training=training_record(train, validation, settings, epochs, seconds),
    )
    checkpoint.remove()
    return Built(epochs, len(train), len(validation), seconds)


def training_key(
    train: Examples, validation: Examples, taxonomy_toml: str, settings: TrainSettings, base_sha256: str
) -> str:
    """Return what two trainings share that would end with the same model."""
    parts = [train.fingerprint, validation.fingerprint, taxonomy_toml, repr(settings), base_sha256]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def start_network(
    base: Path, layout: Layout, settings: TrainSettings
) -> tuple[Network, dict[str, npt.NDArray[np.float32]]]:
    """Return a network that is ready to be trained, and a copy of its encoder's parameters as they were."""
    # eager attention: the bf16 backward pass of the fused kind is slow on CPUs
    encoder = load_encoder(base, attention="eager")
    for module in encoder.modules():  # the encoder's own dropout costs half of the forward pass on CPUs
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    tensors = {
        name: value.copy() for name, value in folder.tensors_of(encoder).items() if "word_embeddings" not in name
    }
    tensors |= {name: value for name, value in folder.tensors_of(encoder).items() if "word_embeddings" in name}
    torch.manual_seed(settings.seed)
    return Network(encoder, layout.width, settings.dropout), tensors


def network_logits(network: Network, reader: Reader, examples: Examples) -> npt.NDArray[np.float32]:
    """Return the network's outputs for examples, [rows, outputs]."""
    pooled = torch.from_numpy(pooled_vectors(network, reader, examples))
    with torch.inference_mode():
        return np.asarray(network.heads(pooled).numpy(), dtype=np.float32)


def pooled_vectors(network: Network, reader: Reader, examples: Examples, batch: int = 64) -> npt.NDArray[np.float32]:
    """Return the pooled vector of each example, [rows, H]."""
    windows = reader.read(examples.texts, examples.authors)
    starts = np.searchsorted(windows.text, np.arange(len(examples) + 1))
    lengths = np.add.reduceat(windows.lengths(), starts[:-1])
    order = np.argsort(lengths, kind="stable")
    found = np.zeros((len(examples), network.hidden), dtype=np.float32)
    with torch.inference_mode():
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            pieces, mask, owners = gather(windows, rows, starts, reader.padding)
            found[rows] = network.pool_fast(pieces, mask, owners, len(rows)).numpy()
    return found


def validation_score(network: Network, reader: Reader, layout: Layout, validation: Examples) -> float | None:
    """Return the mean over tasks of micro- and macro-F1, after thresholds were fitted; real rows count double.

    A score is left out where nothing was given or wanted, macro-F1 where no label is held by any row; None where that
    leaves nothing.
    """
    logits = network_logits(network, reader, validation)
    decisions = decide.decide(logits, layout, decide.fit(logits, validation.targets, layout))
    weights = np.array([2.0 if origin == "real" else 1.0 for origin in validation.origins])
    scores = []
    for task, _ in layout:
        known = validation.labelled(task.name)
        if known.any():
            truth, given = validation.targets[task.name][known] > 0.5, decisions.labels[task.name][known]
            scores += [metrics.micro_f1(truth, given, weights[known]), metrics.macro_f1(truth, given, weights[known])]
    defined = [score for score in scores if not np.isnan(score)]
    return float(np.mean(defined)) if defined else None


def training_record(
    train: Examples,
    validation: Examples,
    settings: TrainSettings,
    epochs: list[Epoch],
    seconds: float,
    earlier: Iterable[str] = (),
) -> dict[str, Any]:
    """Return what `training.json` holds; `earlier` are the keys of texts that the model it started from learnt."""
    everything = concatenate([train, validation])
    return {
        "settings": dataclasses.asdict(settings),
        "data_sha256": everything.fingerprint,
        "rows": {
            "train": len(train),
            "validation": len(validation),
            "public_sets": sorted({row.split(":", 1)[0] for row in everything.ids if ":" in row}),
            "by_origin_language_author": {
                " ".join(key): count
                for key, count in sorted(
                    Counter(zip(everything.origins, everything.languages, everything.authors, strict=True)).items()
                )
            },
            # of customers: floor(log2(characters)) → texts; nights are held against it (cxnlp/drift.py)
            "text_length": {
                str(size): count
                for size, count in sorted(
                    Counter(
                        max(len(text), 1).bit_length() - 1
                        for text, author in zip(everything.texts, everything.authors, strict=True)
                        if author == "customer"
                    ).items()
                )
            },
        },
        "epochs": [dataclasses.asdict(epoch) for epoch in epochs],
        "seconds": round(seconds, 1),
        "torch": torch.__version__,
        "processor": platform.machine(),
        "trained_on": record(train, earlier),
    }
