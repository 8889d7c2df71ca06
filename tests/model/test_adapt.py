"""Adapting keeps what a model knows, learns what is new, and leaves gold rows alone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxnlp.errors import LabelsError
from cxnlp.model import folder
from cxnlp.model.adapt import adapt, fold_of
from cxnlp.model.assess import decisions_of
from cxnlp.model.examples import Examples, from_frame
from cxnlp.model.predict import Predictor
from cxnlp.model.train import TrainSettings
from cxnlp.taxonomy import parse_taxonomy

QUICK = TrainSettings(seed=3, epochs=3, rate=2e-3, head_rate=1e-2, distort_share=0.0)


def with_new_label(toml: str) -> str:
    return toml.replace(
        '{name = "cross", valence = "negative"},', '{name = "cross", valence = "negative"}, {name = "tired"},'
    )


def own_rows(count: int, toml: str) -> Examples:
    """Rows in which a word of the tiny vocabulary, `w7`, says `tired`: a label that the model has never seen."""
    generator = np.random.default_rng(5)
    found = []
    for number in range(count):
        tired, cross = number % 2 == 0, number % 3 == 0
        words = [f"w{n}" for n in generator.integers(10, 60, size=6)] + ["w7"] * tired + ["cross"] * cross
        generator.shuffle(words)
        found.append(
            {
                "id": f"own-{number}",
                "text": " ".join(words),
                "mood": ";".join(["cross"] * cross + ["tired"] * tired) or "-",
                "part": "gold" if number % 4 == 0 else "train",
            }
        )
    return from_frame(pd.DataFrame(found), parse_taxonomy(toml))


def micro_f1(model: Path, rows: Examples, task: str, label: str) -> float:
    predictor = Predictor.load(model, precision="fp32")
    place = predictor.taxonomy.task(task).label_names.index(label)
    given = decisions_of(predictor, rows).labels[task][:, place]
    wanted = rows.targets[task][:, place] > 0.5
    return float(2 * (given & wanted).sum() / max(1, given.sum() + wanted.sum()))


@pytest.mark.slow
def test_a_new_label_is_learnt_beside_the_old_ones(
    tiny_model: Path, examples: Examples, taxonomy_toml: str, tmp_path: Path
) -> None:
    toml = with_new_label(taxonomy_toml)
    known = parse_taxonomy(toml)
    others = Examples(**{**vars(examples), "targets": dict(examples.targets)})
    mood = np.concatenate([others.targets["mood"], np.zeros((len(others), 1), dtype=np.float32)], axis=1)
    others.targets["mood"] = mood
    own = own_rows(160, toml)
    out = tmp_path / "mine"
    how = adapt(own, others, toml, out, model=tiny_model, settings=QUICK, emphases=(1, 4))
    assert set(how.scores) == {1, 4}
    assert how.emphasis == max(how.scores, key=lambda emphasis: how.scores[emphasis])
    assert folder.taxonomy_of(out).fingerprint == known.fingerprint
    gold_own = own.take(np.array([part == "gold" for part in own.parts]))
    gold_old = examples.take(np.array([part == "gold" for part in examples.parts]))
    assert micro_f1(out, gold_own, "mood", "tired") > 0.8
    for label in ("glad", "happy", "cross"):
        assert micro_f1(out, gold_old, "mood", label) > micro_f1(tiny_model, gold_old, "mood", label) - 0.1
    record = json.loads((out / "training.json").read_text(encoding="utf-8"))
    assert record["from"] == {
        "model": "tiny",
        "emphasis": how.emphasis,
        "scores": {"1": how.scores[1], "4": how.scores[4]},
    }


@pytest.mark.slow
def test_own_rows_alone_are_all_used_and_gold_is_not(
    tiny_model: Path, examples: Examples, taxonomy_toml: str, tmp_path: Path
) -> None:
    rows = examples.take(np.arange(150))
    how = adapt(rows, None, taxonomy_toml, tmp_path / "mine", model=tiny_model, settings=QUICK)
    train = sum(part == "train" for part in rows.parts)
    assert (how.own_rows, how.other_rows, how.scores) == (train, 0, {})
    gold = examples.take(np.array([part == "gold" for part in examples.parts]))
    assert micro_f1(tmp_path / "mine", gold, "mood", "cross") > 0.8


def test_too_few_rows_are_refused_before_anything_is_loaded(
    examples: Examples, taxonomy_toml: str, tmp_path: Path
) -> None:
    with pytest.raises(LabelsError, match="expected at least"):
        adapt(examples.take(np.arange(20)), None, taxonomy_toml, tmp_path / "mine", model=Path("/nowhere"))


def test_near_duplicates_share_a_fold(examples: Examples) -> None:
    twice = examples.take(np.repeat(np.arange(60), 2))
    fold = fold_of(twice, seed=1)
    assert (fold[0::2] == fold[1::2]).all()
    assert set(fold) == {0, 1, 2}
