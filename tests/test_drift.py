"""Drift against training: what the model's folder says, what the store says, and how far they are apart."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from night import read
from test_store import MODEL, records, take_in

from cxnlp.drift import recent_distribution, training_distribution, training_drift
from cxnlp.store import Store


def gold(author: str, stance: str, emotions: list[str], unsure: bool) -> str:
    return json.dumps({"author": author, "predicted": {"stance": [stance], "emotions": emotions}, "unsure": unsure})


def test_what_a_folder_says(tmp_path: Path) -> None:
    rows = {
        "by_origin_language_author": {"real en customer": 5, "written en customer": 2, "real pl company": 9},
        "text_length": {"5": 4, "6": 3},
    }
    (tmp_path / "training.json").write_text(json.dumps({"rows": rows}))
    lines = [
        gold("customer", "complaint", ["anger", "neglect"], True),
        gold("customer", "neither", [], False),
        gold("company", "excuse", [], False),
    ]
    (tmp_path / "gold.jsonl").write_text("\n".join(lines))
    found = training_distribution(tmp_path)
    assert found["languages"] == {"en": 7} and found["text_length"] == {"5": 4, "6": 3}
    assert found["stance"] == {"complaint": 1, "neither": 1}
    assert found["emotions"] == {"anger": 1, "neglect": 1, "none": 1}
    assert found["unsure"] == {"true": 1, "false": 1}


def test_a_folder_that_says_nothing(tmp_path: Path) -> None:
    assert training_distribution(tmp_path) == {}


def test_what_the_store_says_of_the_last_four_weeks(tmp_path: Path) -> None:
    from cxnlp.classify_stage import to_row

    with Store(tmp_path / "s.duckdb") as store:
        frame = records("1", "2", "3", "4")
        frame.loc[0, "date"] = frame.loc[0, "date"].replace(month=9)
        frame.loc[1, "language"] = "pl"
        take_in(store, frame, 1)
        store.list_pending(MODEL)
        texts = store.pending(0, 3)
        store.add_predictions([to_row(text, read(text.text, text.author)) for text in texts], MODEL)
        found = recent_distribution(store.connection, MODEL)
    assert found["languages"] == {"en": 1, "pl": 1}, "one text is too old, one not read yet"
    assert found["text_length"] == {"3": 2}
    assert sum(found["stance"].values()) == 2


def test_the_index_by_hand() -> None:
    recent = {"languages": {"en": 150, "pl": 50}, "stance": {"complaint": 200}}
    drift = training_drift({"languages": {"en": 100, "pl": 100}}, recent)
    p, q = (100.5 / 201, 100.5 / 201), (150.5 / 201, 50.5 / 201)
    wanted = sum((b - a) * math.log(b / a) for a, b in zip(p, q, strict=True))
    assert drift == {"languages": pytest.approx(wanted, abs=1e-4)}


def test_the_same_mix_has_no_drift_and_few_texts_tell_nothing() -> None:
    same = {"languages": {"en": 300, "fa": 100}}
    assert training_drift(same, {"languages": {"en": 300, "fa": 100}}) == {"languages": 0.0}
    assert training_drift(same, {"languages": {"en": 99}}) == {}
