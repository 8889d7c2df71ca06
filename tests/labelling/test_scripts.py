"""The data card says what the data says, and labels without texts are joined with the right texts or not at all."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from cxnlp.records import text_hash

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


def script(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


def rows() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": ["a", "b", "c"],
            "file": ["one.csv", "one.csv", "two.csv"],
            "language": ["en", "en", "fa"],
            "author": ["customer", "company", "customer"],
            "origin": ["written", "written", "real"],
            "part": ["train", "gold", "train"],
            "emotions": [("anger",), (), ("anger", "neglect")],
            "effort": [("high",), ("unstated",), None],
            "stance": [("complaint",), ("excuse",), ("complaint",)],
            "causes": [(), (), ("delivery",)],
            "strengths": [(), (), ()],
        }
    )


def test_counts_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    card = script("make_data_card", monkeypatch).counts(rows())
    assert "| `one.csv` | written | 2 | 1 | 1 | 1 |" in card
    assert "| all |  | 3 | 2 | 1 | 1 |" in card
    assert "| `anger` | 2 | 66.7% | 1 | 0 |" in card
    assert "| (none) | 1 | 33.3% | 0 | 1 |" in card, "an empty list of emotions is none"
    assert "| `high` | 1 | 50.0% | 0 | 0 |" in card, "a row that is not labelled has no share in it"


def test_blocks_are_renewed_and_all_else_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    fill = script("make_data_card", monkeypatch).fill
    text = "before\n<!-- counts:begin -->\nold\n<!-- counts:end -->\nafter\n"
    assert fill(text, {"counts": "new"}) == "before\n<!-- counts:begin -->\nnew\n<!-- counts:end -->\nafter\n"
    with pytest.raises(ValueError, match="no place for 'agreement'"):
        fill(text, {"agreement": "new"})


def test_agreement_is_that_of_two_readings_before_they_were_settled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = script("make_data_card", monkeypatch)
    monkeypatch.setattr(module, "SECOND", tmp_path / "second.csv")
    monkeypatch.setattr(module, "LANGUAGES", ("en",))
    assert "No second reading" in module.agreement()
    tasks = ("emotions", "effort", "stance", "causes", "strengths")
    head = ",".join(["id", "language", *(f"{which}_{task}" for task in tasks for which in ("first", "second"))])
    (tmp_path / "second.csv").write_text(
        f"{head}\n"
        "a,en,anger,anger,high,high,complaint,complaint,-,-,-,-\n"
        "b,en,-,-,low,low,excuse,excuse,delivery,-,-,-\n"
        "c,en,neglect,anger,high,low,complaint,complaint,delivery,delivery,-,-\n"
    )
    said = module.agreement()
    assert "3 rows were labelled a second time" in said
    assert "same labels in every task on 1 of them" in said
    assert "| `stance` | nominal | 1.00 |" in said
    assert "| en | 3 |" in said


@pytest.fixture
def joined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = script("join_public_labels", monkeypatch)
    (tmp_path / "labelled" / "public").mkdir(parents=True)
    head = "set,row,text_hash,language,author,emotions,effort,stance,causes,strengths,part\n"
    tail = "en,customer,anger,unstated,complaint,-,-,train\n"
    (tmp_path / "labelled" / "public" / "some_set.csv").write_text(f"{head}some_set,r1,{text_hash('bad!')},{tail}")
    (tmp_path / "sources.toml").write_text('[some_set]\ncite = "C"\nterms = "T"\nwhere = "https://example.org/some"\n')
    monkeypatch.setattr(module, "DATA", tmp_path)
    return module


def put(folder: Path, text: str) -> None:
    (folder / "some_set.jsonl").write_text(json.dumps({"id": "r1", "text": text}) + "\n")


def test_labels_get_their_texts_back(joined: ModuleType, tmp_path: Path) -> None:
    put(tmp_path, "bad!")
    frame, missing = joined.join(["some_set"], [tmp_path])
    assert missing == []
    assert frame[["id", "text", "emotions", "causes", "part"]].iloc[0].tolist() == [
        "some_set:r1", "bad!", "anger", "-", "train",
    ]  # fmt: skip


def test_a_text_that_changed_is_not_joined(joined: ModuleType, tmp_path: Path) -> None:
    put(tmp_path, "good!")
    frame, missing = joined.join(["some_set"], [tmp_path])
    assert frame.empty
    assert "hash differs" in missing[0]


def test_a_missing_set_is_named_with_where_to_get_it(joined: ModuleType, tmp_path: Path) -> None:
    frame, missing = joined.join(["some_set"], [tmp_path / "nowhere"])
    assert frame.empty
    assert "https://example.org/some" in missing[0]


def test_every_public_file_has_a_source() -> None:
    import tomllib

    data = SCRIPTS.parent / "data"
    known = tomllib.loads((data / "sources.toml").read_text(encoding="utf-8"))
    assert {path.stem for path in (data / "labelled" / "public").glob("*.csv")} == set(known)
