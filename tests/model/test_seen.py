"""What a model was trained on is known by its texts, also where its folder does not say."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cxnlp.errors import ModelError
from cxnlp.model import folder
from cxnlp.model.examples import Examples, split_validation, without_gold
from cxnlp.model.seen import record, seen_rows, trained_on


def test_a_model_knows_its_training_rows_and_no_others(tiny_model: Path, examples: Examples) -> None:
    usable = without_gold(examples)
    train, validation = split_validation(usable, 0.15, seed=3)  # as `build` did for this model
    known = trained_on(tiny_model, None)
    assert seen_rows(usable.take(train), known).all()
    assert not seen_rows(usable.take(validation), known).any()
    assert not seen_rows(examples.take([part == "gold" for part in examples.parts]), known).any()


def test_the_same_words_under_another_id_are_known(tiny_model: Path, examples: Examples) -> None:
    known = trained_on(tiny_model, None)
    learnt = examples.take(seen_rows(examples, known))
    again = replace(
        learnt,
        ids=tuple(f"again-{row}" for row in learnt.ids),
        texts=tuple(f"  {text.upper()} !" for text in learnt.texts),
    )
    assert seen_rows(again, known).all()


def test_without_a_list_the_seed_parts_the_rows_it_was_trained_from(
    tiny_model: Path, examples: Examples, tmp_path: Path
) -> None:
    older = Path(shutil.copytree(tiny_model, tmp_path / "older"))
    training = json.loads((older / "training.json").read_text(encoding="utf-8"))
    del training["trained_on"]
    folder.add_files(older, {"training.json": json.dumps(training)})
    assert trained_on(older, examples) == trained_on(tiny_model, examples)
    assert trained_on(older, None) == frozenset()
    (older / "training.json").unlink()
    with pytest.raises(ModelError, match=r"training\.json is missing or does not name the seed"):
        trained_on(older, examples)


def test_what_was_learnt_earlier_stays_in_the_list(examples: Examples) -> None:
    first = record(examples.take(np.arange(10)))
    both = record(examples.take(np.arange(5, 15)), first.split())
    assert set(both.split()) >= set(first.split())
    assert both.split() == sorted(set(both.split()))
    assert len(both.split()) == 15
