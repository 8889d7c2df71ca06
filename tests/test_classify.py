"""`cxnlp classify`: every row of any file comes out labelled, once, in any of the formats, whole or not at all."""

from __future__ import annotations

import csv
import gzip
import json
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest
from night import Reading, read

from cxnlp.classify import Classified, classify
from cxnlp.cli.options import export_config
from cxnlp.config import ColumnsConfig, ExportConfig
from cxnlp.errors import WrongUsageError
from cxnlp.taxonomy import Taxonomy, default_taxonomy, parse_taxonomy

OWN = parse_taxonomy(
    'name = "own"\n[[tasks]]\nname = "mood"\nkind = "single"\nlabels = [{name = "good"}, {name = "bad"}]\n'
    '[[tasks]]\nname = "topics"\nkind = "multi"\nlabels = [{name = "food"}, {name = "price"}]\n'
)


class Labeller:
    """Answers from a hash of each text, in the shape of `Predictor`."""

    version = "fake@000000000000"

    def __init__(self, taxonomy: Taxonomy | None = None) -> None:
        self.taxonomy = taxonomy or default_taxonomy()

    def predict(self, texts: Sequence[str], authors: Sequence[str], *, scores: bool = False) -> list[Any]:
        made = []
        for text, author in zip(texts, authors, strict=True):
            reading = read(text, author)
            labels = reading.labels
            if self.taxonomy is OWN:
                labels = {"mood": ("bad",), "topics": ("food", "price") if "!" in text else ()}
            given = {t.name: dict.fromkeys(t.label_names, 0.25) for t in self.taxonomy.tasks} if scores else None
            made.append(Scored(labels, dict.fromkeys(labels, 0.5), scores=given))
        return made


class Scored(Reading):
    def __init__(self, labels: Any, confidence: Any, scores: Any) -> None:
        super().__init__(labels, confidence)
        object.__setattr__(self, "scores", scores)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    path.write_text(
        'id,text,stars,reply\n1,"Good!",5,Thank you\n=2,Bad,1,\n3,,4,\n4,Bad,bad,\n5,Bad,,\n', encoding="utf-8"
    )
    return path


def label(source: Path, out: Path, *, taxonomy: Taxonomy | None = None, scores: bool = False) -> Classified:
    columns = ColumnsConfig(stars="stars", reply="reply")
    mapping = ExportConfig(path=str(source), columns=columns, language="en")
    told: list[int] = []
    done = classify(
        source,
        mapping,
        Labeller(taxonomy),
        out,
        scores=scores,
        advance=lambda rows, note="": told.append(rows),  # type: ignore[arg-type]
    )
    assert sum(told) == done.rows
    return done


def rows_of(path: Path) -> list[dict[str, Any]]:
    if ".jsonl" in path.name:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        return [json.loads(line) for line in raw.decode().splitlines()]
    if ".csv" in path.name:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        return list(csv.DictReader(raw.decode().splitlines()))
    if path.suffix == ".parquet":
        return list(pq.read_table(path).to_pylist())
    head, *rest = openpyxl.load_workbook(path).active.values
    return [dict(zip(head, row, strict=True)) for row in rest]


def test_columns_that_json_rows_may_lack_are_read_where_they_are(tmp_path: Path) -> None:
    path = tmp_path / "export.jsonl"
    path.write_text('{"id": 1, "text": "x"}\n' * 3 + '{"id": 2, "text": "x", "reply": "y"}\n')
    columns = export_config(path, None, []).columns
    assert (columns.reply, columns.author, columns.language) == ("reply", None, None)


def test_every_row_is_accounted_for(source: Path, tmp_path: Path) -> None:
    done = label(source, tmp_path / "out.jsonl")
    assert done == Classified(5, 4, 1, 1, tmp_path / "out.jsonl.rejected.csv")
    rows = rows_of(tmp_path / "out.jsonl")
    assert [row["id"] for row in rows] == ["1", "=2", "5", "1/reply"]
    assert set(rows[0]) == {
        "id", "emotions", "effort", "stance", "causes", "strengths", "language", "model", "confidence",
    }  # fmt: skip
    assert rows[0]["model"] == "fake@000000000000" and rows[0]["language"] == "en"
    assert isinstance(rows[0]["emotions"], list) and isinstance(rows[0]["effort"], str)
    assert rows[1]["causes"] == rows[2]["causes"], "the same text, the same labels"


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "out.csv", "out.csv.gz", "out.parquet", "out.xlsx"])
def test_every_format_holds_the_same(source: Path, tmp_path: Path, name: str) -> None:
    label(source, tmp_path / "plain.jsonl", taxonomy=OWN)
    label(source, tmp_path / name, taxonomy=OWN)
    wanted, found = rows_of(tmp_path / "plain.jsonl"), rows_of(tmp_path / name)
    assert [row["mood"] for row in found] == [row["mood"] for row in wanted]

    def listed(value: Any) -> list[str]:
        return value if isinstance(value, list) else [] if value == "-" else value.split(";")

    assert [listed(row["topics"]) for row in found] == [row["topics"] for row in wanted]
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["out.csv", "out.xlsx"])
def test_no_cell_is_taken_for_a_formula(source: Path, tmp_path: Path, name: str) -> None:
    label(source, tmp_path / name)
    assert [row["id"] for row in rows_of(tmp_path / name)] == ["1", "'=2", "5", "1/reply"]


def test_scores_on_request(source: Path, tmp_path: Path) -> None:
    label(source, tmp_path / "out.jsonl", taxonomy=OWN, scores=True)
    assert rows_of(tmp_path / "out.jsonl")[0]["scores"] == {
        "mood": {"good": 0.25, "bad": 0.25},
        "topics": {"food": 0.25, "price": 0.25},
    }


@pytest.mark.parametrize("name", ["out.txt", "out", "out.parquet.gz", "out.gz"])
def test_an_unknown_suffix_is_wrong_usage(source: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(WrongUsageError, match="cannot write"):
        label(source, tmp_path / name)
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("name", ["out.jsonl", "out.parquet", "out.xlsx"])
def test_a_failure_leaves_the_file_that_was_there(
    source: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).write_text("before")

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no model")

    monkeypatch.setattr(Labeller, "predict", fail)
    with pytest.raises(RuntimeError, match="no model"):
        label(source, tmp_path / name)
    assert (tmp_path / name).read_text() == "before"
    assert {path.name for path in tmp_path.iterdir()} == {"in.csv", name}


def test_an_export_without_rows_gives_a_file_without_rows(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("id,text,stars,reply\n", encoding="utf-8")
    for name in ("out.csv", "out.parquet"):
        assert label(tmp_path / "in.csv", tmp_path / name).rows == 0
        assert rows_of(tmp_path / name) == []
