"""The data card says what the data says, and labels without texts are joined with the right texts or not at all."""

from __future__ import annotations

import importlib.util
import json
import sys
from functools import partial
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from cxnlp.labelling.rows import read_labelled
from cxnlp.records import text_hash
from cxnlp.taxonomy import default_taxonomy

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
    head = "set,row,text_hash,language,author,emotions,effort,stance,causes,strengths,group,part\n"
    tail = "en,customer,anger,unstated,complaint,-,-,some_set:review 7,train\n"
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
    assert frame["group"].tolist() == ["some_set:review 7"], "or a review's sentences would part in a split"


def test_a_text_that_changed_is_not_joined(joined: ModuleType, tmp_path: Path) -> None:
    put(tmp_path, "good!")
    frame, missing = joined.join(["some_set"], [tmp_path])
    assert frame.empty
    assert "hash differs" in missing[0]


def test_a_missing_set_is_named_with_where_to_get_it(joined: ModuleType, tmp_path: Path) -> None:
    frame, missing = joined.join(["some_set"], [tmp_path / "nowhere"])
    assert frame.empty
    assert "https://example.org/some" in missing[0]


@pytest.fixture
def split(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A set that may not be trained on, one of its rows not gold yet, beside own rows of which one repeats it."""
    module = script("split_gold", monkeypatch)
    monkeypatch.setattr(module, "LABELLED", tmp_path / "labelled")
    (name,) = module.TEST_ONLY
    public = tmp_path / "labelled" / "public" / f"{name}.csv"
    public.parent.mkdir(parents=True)
    texts = {"r1": "the kettle broke after a week", "r2": "a fine lamp, bright and warm"}
    head, tail = "language,author,emotions,effort,stance,causes,strengths", "en,customer,-,unstated,neither,-,-"
    parts = {"r1": "gold", "r2": "train"}
    rows = [f"{name},{row},{text_hash(text)},{tail},{parts[row]}\n" for row, text in texts.items()]
    public.write_text(f"set,row,text_hash,{head},part\n" + "".join(rows))
    lines = [json.dumps({"id": row, "text": text}) for row, text in texts.items()]
    (tmp_path / f"{name}.jsonl").write_text("\n".join(lines))
    own = {"o1": "A fine lamp: bright and warm!", "o2": "the courier never came", "o3": "what a garden"}
    (tmp_path / "labelled" / "own.csv").write_text(
        f"id,text,{head},part\n" + "".join(f"{row},{text},{tail},train\n" for row, text in own.items())
    )
    return module


def test_sets_that_may_not_be_trained_on_are_gold_as_a_whole(
    split: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["split_gold.py", "--sets", str(tmp_path)])
    faults = script("check_labelled", monkeypatch).trained_on
    read = partial(read_labelled, split.labelled_files(), default_taxonomy(), sets=[tmp_path])
    (name,) = split.TEST_ONLY
    assert faults(read()) == [f"{name}: 1 rows of a set that may not be trained on stand in the training part"]
    split.main()
    parts = read().set_index("id")["part"]
    assert parts[[f"{name}:r1", f"{name}:r2", "o1"]].tolist() == ["gold"] * 3, "and what nearly repeats one of theirs"
    assert parts[["o2", "o3"]].tolist() == ["train"] * 2, "nothing is drawn unasked"
    assert faults(read()) == []
    before = [path.read_bytes() for path in split.labelled_files()]
    split.main()
    assert [path.read_bytes() for path in split.labelled_files()] == before


def test_further_gold_is_drawn_when_a_share_is_asked_for(
    split: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["split_gold.py", "--sets", str(tmp_path), "--share", "0.7"])
    split.main()
    parts = read_labelled(split.labelled_files(), default_taxonomy(), sets=[tmp_path]).set_index("id")["part"]
    assert parts[["o1", "o2", "o3"]].value_counts().to_dict() == {"gold": 2, "train": 1}


def test_every_public_file_has_a_source() -> None:
    import tomllib

    data = SCRIPTS.parent / "data"
    known = tomllib.loads((data / "sources.toml").read_text(encoding="utf-8"))
    assert {path.stem for path in (data / "labelled" / "public").glob("*.csv")} == set(known)
