"""Adapting keeps what a model knows, learns what is new, and leaves gold rows alone."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxnlp.errors import LabelsError
from cxnlp.model import decide, folder
from cxnlp.model.adapt import USUAL_EMPHASIS, adapt, fold_of
from cxnlp.model.assess import decisions_of
from cxnlp.model.build import pooled_vectors, training_record
from cxnlp.model.examples import Examples, from_frame
from cxnlp.model.predict import Predictor
from cxnlp.model.seen import seen_rows, trained_on
from cxnlp.model.train import TrainSettings
from cxnlp.model.weak import STARS, weakly_labelled
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


def beside(examples: Examples) -> Examples:
    """The old rows, none of which has the new label."""
    mood = np.concatenate([examples.targets["mood"], np.zeros((len(examples), 1), dtype=np.float32)], axis=1)
    return examples.with_targets({**examples.targets, "mood": mood})


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
    others = beside(examples)
    own = own_rows(160, toml)
    out = tmp_path / "mine"
    how = adapt(own, others, toml, out, model=tiny_model, settings=replace(QUICK, epochs=6), emphases=(1, 4))
    assert set(how.scores) == {1, 4}
    assert how.emphasis == max(how.scores, key=lambda emphasis: how.scores[emphasis] or 0.0)
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


@pytest.mark.slow
def test_a_warm_up_on_stars_teaches_the_encoder_the_exports_words_and_keeps_what_it_knew(
    tiny_model: Path, examples: Examples, taxonomy_toml: str, tmp_path: Path
) -> None:
    """The export has few stars where it says `w3`, a word that means nothing in the labelled rows."""
    generator = np.random.default_rng(8)
    cross = generator.random(400) < 0.5
    words = [[f"w{n}" for n in generator.integers(10, 60, size=6)] + ["w3"] * (2 * bad) for bad in cross]
    export = pd.DataFrame(
        {
            "id": [f"e{n}" for n in range(400)],
            "author": "customer",
            "text": [" ".join(row) for row in words],
            "stars": np.where(cross, 1.0, 5.0),
            "scale_low": 1.0,
            "scale_high": 5.0,
            "language": "en",
        }
    )
    taxonomy = parse_taxonomy(taxonomy_toml)
    weak, held = (weakly_labelled(part, taxonomy, seed=1) for part in (export.iloc[:280], export.iloc[280:]))
    out = tmp_path / "warm"
    how = adapt(None, examples, taxonomy_toml, out, model=tiny_model, weak=weak, settings=replace(QUICK, epochs=20))
    assert (how.own_rows, how.emphasis, how.scores) == (0, 0, {})
    assert how.weak_rows == 280
    assert folder.taxonomy_of(out).task_names == taxonomy.task_names

    def told_apart(model: Path) -> float:
        """How far apart the encoder puts texts with and without the word, in standard deviations."""
        known = folder.load(model)
        vectors = pooled_vectors(known.network, known.reader, held)
        bad = held.targets[STARS.name][:, 0] > 0.5
        gap = vectors[bad].mean(0) - vectors[~bad].mean(0)
        return float(np.linalg.norm(gap) / np.linalg.norm(vectors.std(0)))

    assert told_apart(out) > 1.2 * told_apart(tiny_model)
    gold = examples.take(np.array([part == "gold" for part in examples.parts]))
    assert micro_f1(out, gold, "mood", "cross") > micro_f1(tiny_model, gold, "mood", "cross") - 0.1


def test_too_few_rows_are_refused_before_anything_is_loaded(
    examples: Examples, taxonomy_toml: str, tmp_path: Path
) -> None:
    with pytest.raises(LabelsError, match="expected at least"):
        adapt(examples.take(np.arange(20)), None, taxonomy_toml, tmp_path / "mine", model=Path("/nowhere"))


@pytest.mark.slow
def test_few_own_rows_do_not_choose_how_much_they_weigh(
    tiny_model: Path, examples: Examples, taxonomy_toml: str, tmp_path: Path
) -> None:
    own = own_rows(40, with_new_label(taxonomy_toml))
    quick = TrainSettings(seed=3, epochs=1, distort_share=0.0)
    how = adapt(
        own, beside(examples), with_new_label(taxonomy_toml), tmp_path / "mine", model=tiny_model, settings=quick
    )
    assert list(how.scores) == [how.emphasis] == [USUAL_EMPHASIS]


@pytest.mark.slow
@pytest.mark.parametrize("listed", [True, False], ids=["with its list", "by its seed"])
def test_no_row_the_start_was_trained_on_calibrates_or_chooses(
    listed: bool,
    tiny_model: Path,
    examples: Examples,
    taxonomy_toml: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever the seed of the new training, and in the second round as in the first, for own rows as for others."""
    validated: list[Examples] = []

    def spy(*given: Any) -> dict[str, Any]:
        validated.append(given[1])
        return training_record(*given)

    monkeypatch.setattr("cxnlp.model.adapt.training_record", spy)
    start = Path(shutil.copytree(tiny_model, tmp_path / "tiny"))
    if not listed:
        record = json.loads((start / "training.json").read_text(encoding="utf-8"))
        del record["trained_on"]
        folder.add_files(start, {"training.json": json.dumps(record)})
    toml = with_new_label(taxonomy_toml)
    others, own = beside(examples), own_rows(240, toml)
    quick = replace(QUICK, seed=99, epochs=1)
    adapt(own.take(np.arange(120)), others, toml, tmp_path / "first", model=start, settings=quick, emphases=(1,))
    adapt(own, others, toml, tmp_path / "second", model=tmp_path / "first", settings=quick, emphases=(1,))
    learnt = [trained_on(tiny_model, None), trained_on(tmp_path / "first", None)]
    assert learnt[0] < learnt[1] < trained_on(tmp_path / "second", None)
    for known, rows in zip(learnt, validated, strict=True):
        assert not seen_rows(rows, known).any()
        mine = sum(row.startswith("own-") for row in rows.ids)
        assert 50 < len(rows) - mine <= 60
        assert mine > 0.1 * 90


def test_rows_that_were_all_learnt_before_are_refused(
    tiny_model: Path, examples: Examples, taxonomy_toml: str, tmp_path: Path
) -> None:
    learnt = examples.take(seen_rows(examples, trained_on(tiny_model, None)))
    own, others = learnt.take(np.arange(50)), learnt.take(np.arange(50, len(learnt)))
    with pytest.raises(LabelsError, match="found 0 rows to choose and calibrate by that the model was not trained on"):
        adapt(own, others, taxonomy_toml, tmp_path / "mine", model=tiny_model, settings=QUICK)


@pytest.mark.slow
def test_own_rows_alone_calibrate_where_the_model_has_not_learnt_them(
    tiny_model: Path, examples: Examples, taxonomy_toml: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[int] = []

    def fit(logits: np.ndarray, *given: Any) -> decide.Calibration:
        used.append(len(logits))
        return decide.fit(logits, *given)

    monkeypatch.setattr("cxnlp.model.adapt.decide", SimpleNamespace(fit=fit))
    quick = replace(QUICK, epochs=1)
    said: list[str] = []
    adapt(examples, None, taxonomy_toml, tmp_path / "a", model=tiny_model, settings=quick, say=said.append)
    new = sum(part == "train" for part in examples.parts) - len(trained_on(tiny_model, None))
    assert used == [new]
    assert not any("too sure" in line for line in said)
    learnt = examples.take(seen_rows(examples, trained_on(tiny_model, None)))
    adapt(learnt, None, taxonomy_toml, tmp_path / "b", model=tiny_model, settings=quick, say=said.append)
    assert used[1] == len(learnt)
    assert any("Only 0 rows are new to the model" in line for line in said)


def test_own_rows_that_are_all_gold_are_refused(
    tiny_model: Path, examples: Examples, taxonomy_toml: str, tmp_path: Path
) -> None:
    """An untrained model would be written, and called trained."""
    gold = np.array([part == "gold" for part in examples.parts])
    with pytest.raises(LabelsError, match="none of the 100 own rows can be learnt from: gold rows"):
        adapt(examples.take(gold), examples.take(~gold), taxonomy_toml, tmp_path / "mine", model=tiny_model)
    assert not (tmp_path / "mine").exists()


def test_near_duplicates_share_a_fold(examples: Examples) -> None:
    twice = examples.take(np.repeat(np.arange(60), 2))
    fold = fold_of(twice, seed=1)
    assert (fold[0::2] == fold[1::2]).all()
    assert set(fold) == {0, 1, 2}
