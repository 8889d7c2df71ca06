"""What `cxnlp evaluate` does: read the gold rows with a model and with the baselines, score all on the same rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cxnlp.errors import LabelsError
from cxnlp.model import baselines, folder
from cxnlp.model.card import card
from cxnlp.model.decide import Decisions, decide
from cxnlp.model.evaluate import MIN_ROWS, evaluate, gold_lines, worst_errors
from cxnlp.model.examples import VALIDATION_SHARE, Examples, split_validation, without_gold
from cxnlp.model.predict import Predictor
from cxnlp.model.seen import seen_rows, trained_on, training_of
from cxnlp.taxonomy import Taxonomy

EVALUATION = "evaluation.json"
GOLD = "gold.jsonl"
CARD = "README.md"


@dataclass(frozen=True)
class Assessment:
    """A model's evaluation: the scored rows, what was decided for each, and all scores (ready for JSON, no text)."""

    gold: Examples
    decisions: Decisions
    scores: dict[str, Any]
    worst: dict[str, list[dict[str, Any]]]


def gold_part(examples: Examples) -> Examples:
    """Return the rows to score: those of part `gold`, or all when none is marked so."""
    gold = np.array([part == "gold" for part in examples.parts], dtype=bool)
    chosen = examples.take(gold) if gold.any() else examples
    if len(chosen) < MIN_ROWS:
        raise LabelsError(f"found {len(chosen)} labelled rows to score, expected at least {MIN_ROWS}")
    return chosen


def check_gold(examples: Examples, path: Path, *, keep: bool, warn: Callable[[str], None]) -> None:
    """Say where no row is marked gold, how many of them the model was trained on; raise `LabelsError` with `keep`."""
    if "gold" in examples.parts:
        return
    what = f"none of the {len(examples)} rows is marked gold (column `part`)"
    learnt = int(seen_rows(examples, trained_on(path, None)).sum())
    if learnt:
        what += f", and the model was trained on {learnt} of them"
    if keep:
        raise LabelsError(
            f"{what}: only gold rows are kept as a model's evaluation; mark a test set that no model learns from as "
            "gold, or leave --save out"
        )
    warn(f"{what}: all are scored, and the figures hold for what the model has not learnt")


def training_seed(path: Path) -> int:
    """Return the seed that a model was trained with; raise `ModelError` when its folder does not say."""
    return int(training_of(path)["settings"]["seed"])


def decisions_of(predictor: Predictor, examples: Examples) -> Decisions:
    """Return what the model decides on examples."""
    pooled, _windows = predictor.pooled(examples.texts, examples.authors)
    return decide(predictor.logits(pooled), predictor.model.layout, predictor.model.calibration)


def assess(
    predictor: Predictor,
    examples: Examples,
    *,
    with_baselines: bool = True,
    seed: int,
    say: Callable[[str], None] = lambda _: None,
) -> Assessment:
    """Score a model on the gold rows of `examples`, and the baselines trained on its other rows.

    Where `examples` holds the model's own training rows and `seed` is the one it was trained with (`training_seed`),
    the baselines are trained and calibrated on the very rows the model was. They are left out when there are too few.
    """
    gold = gold_part(examples)
    taxonomy = predictor.taxonomy
    decisions = decisions_of(predictor, gold)
    scores: dict[str, Any] = {"model": predictor.version, "precision": predictor.precision}
    scores |= evaluate(gold, decisions, taxonomy)
    scores["baselines"] = {}
    others = without_gold(examples) if "gold" in examples.parts else examples.take([])
    if with_baselines and len(others) >= MIN_ROWS * 2:
        train_rows, validation_rows = split_validation(others, VALIDATION_SHARE, seed)
        train, validation = others.take(train_rows), others.take(validation_rows)
        say(f"Training the baselines on {len(train)} rows …")
        embed = frozen_embeddings(predictor)
        for name, decided in baselines.compare(train, validation, gold, predictor.model.layout, embed).items():
            scores["baselines"][name] = evaluate(gold, decided, taxonomy)["slices"]
    return Assessment(gold, decisions, scores, worst_errors(gold, decisions, taxonomy))


def frozen_embeddings(predictor: Predictor) -> Callable[[Examples], npt.NDArray[np.float32]]:
    """Return what embeds examples with the base encoder as it was before training: unit vectors [rows, H]."""
    from cxnlp.model.base import load_encoder  # noqa: PLC0415
    from cxnlp.model.folder import Model  # noqa: PLC0415
    from cxnlp.model.network import Network  # noqa: PLC0415

    model = predictor.model
    untrained = Network(load_encoder(folder.base_of(model)), model.layout.width)
    reader = Predictor(
        Model("base", "", untrained, model.reader, model.layout, model.calibration, model.base),
        precision=predictor.precision,
    )

    def embed(examples: Examples) -> npt.NDArray[np.float32]:
        pooled, _windows = reader.pooled(examples.texts, examples.authors)
        return np.asarray(pooled / np.linalg.norm(pooled, axis=1, keepdims=True) * 8.0, dtype=np.float32)

    return embed


def keep(path: Path, assessment: Assessment, taxonomy: Taxonomy) -> None:
    """Write scores, gold lines and card into a model's folder."""
    training = training_of(path)
    folder.add_files(
        path,
        {
            EVALUATION: json.dumps(assessment.scores, ensure_ascii=False, separators=(",", ":")) + "\n",
            GOLD: gold_lines(assessment.gold, assessment.decisions, taxonomy),
            CARD: card(assessment.scores, training, taxonomy),
        },
    )
