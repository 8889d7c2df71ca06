"""Broken and hostile exports: each file of `hostile/` becomes what `hostile/expected.toml` says, and big ones that the
tests make themselves neither crash the reader nor fill the memory."""

from __future__ import annotations

import gzip
import io
import math
import tomllib
import tracemalloc
import unicodedata
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from cxnlp.errors import ExportError
from cxnlp.ingest import encoding, workbook

from .reading import config, read

HOSTILE = Path(__file__).parent / "hostile"
EXPECTED: dict[str, dict[str, Any]] = tomllib.loads((HOSTILE / "expected.toml").read_text(encoding="utf-8"))
SETTINGS = ("encoding", "delimiter", "scale", "day_first", "reference_date")


def test_every_hostile_file_has_an_expected_outcome() -> None:
    files = {path.name for path in HOSTILE.iterdir()} - {"expected.toml"}
    assert files == set(EXPECTED)
    assert len(files) >= 60


@pytest.mark.parametrize("batch_rows", [20_000, 1], ids=["whole", "row by row"])
@pytest.mark.parametrize("name", EXPECTED)
def test_each_hostile_file_becomes_what_is_expected(name: str, batch_rows: int) -> None:
    expected = EXPECTED[name]
    export = config(*expected["columns"], **{key: expected[key] for key in SETTINGS if key in expected})
    if "error" in expected:
        with pytest.raises(ExportError, match=expected["error"]) as caught:
            read(HOSTILE / name, export, batch_rows=batch_rows)
        assert name in str(caught.value)
        return
    found = read(HOSTILE / name, export, batch_rows=batch_rows)
    assert found.rows == expected["rows"]
    assert len(found.comments) == expected["accepted"]
    rejected = [(row.line, row.column) for row in found.rejected]
    assert rejected == [(line, column) for line, column, _ in expected["rejected"]]
    for row, (_, _, reason) in zip(found.rejected, expected["rejected"], strict=True):
        assert row.reason.startswith(reason)
    if "records" in expected:
        assert len(found.records) == expected["records"]
    if "stars" in expected:
        stars = [math.nan if mark is None else mark for mark in found.column("stars")]
        assert stars == pytest.approx(expected["stars"], nan_ok=True)
    if "days" in expected:
        days = [f"{moment:%Y-%m-%d}" for moment in found.column("date") if moment is not None]
        assert days == expected["days"]
    if "texts_nfc" in expected:
        texts = {unicodedata.normalize("NFC", text) for text in found.column("text")}
        assert set(expected["texts_nfc"]) <= texts
    if "texts" in expected:
        assert set(expected["texts"]) <= set(found.column("text"))
    for key, column in (("authors", "author"), ("languages", "language"), ("segments", "segments")):
        if key in expected:
            assert found.column(column) == expected[key]
    if "touchpoints" in expected:
        assert [name or "" for name in found.column("touchpoint")] == expected["touchpoints"]


def test_no_words_of_a_customer_in_what_is_said_of_set_aside_rows() -> None:
    words = {"never", "again", "opened", "unquoted", "sorry", "stars_word", "ago", "have"}
    for name, expected in EXPECTED.items():
        if expected.get("rejected"):
            export = config(*expected["columns"], **{key: expected[key] for key in SETTINGS if key in expected})
            for row in read(HOSTILE / name, export).rejected:
                assert not words & set(row.found.lower().replace("'", " ").split()), name


def test_a_cell_of_50_megabytes_is_set_aside_and_the_rows_after_it_are_read(tmp_path: Path) -> None:
    path = tmp_path / "big_cell.csv"
    with path.open("w", encoding="utf-8") as stream:
        stream.write("id,text\n1,fine\n2,")
        for _ in range(50):
            stream.write("x" * (1 << 20))
        stream.write("\n3,good\n")
    found = read(path)
    assert [row.line for row in found.rejected] == [3]
    assert found.column("id") == ["1", "3"]


def test_a_json_line_of_50_megabytes_is_set_aside_and_the_rows_after_it_are_read(tmp_path: Path) -> None:
    path = tmp_path / "big_cell.jsonl"
    with path.open("w", encoding="utf-8") as stream:
        stream.write('{"id": 1, "text": "' + "x" * (50 << 20) + '"}\n{"id": 2, "text": "good"}\n')
    found = read(path)
    assert [(row.line, row.reason) for row in found.rejected] == [(1, "the row is too long")]
    assert found.column("id") == ["2"]


def test_a_text_longer_than_any_feedback_is_set_aside_with_its_length_alone(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("id,text\n1," + "secret " * 20_000 + "\n2,good\n", encoding="utf-8")
    found = read(path)
    assert [(row.line, row.column, row.found) for row in found.rejected] == [(2, "text", "text of 140,000 characters")]


def test_ten_thousand_columns_are_read(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    names = ["id", "text", *(f"c{number}" for number in range(9_998))]
    rows = [",".join([str(number), "fine", *("v" for _ in range(9_998))]) for number in range(3)]
    path.write_text("\n".join([",".join(names), *rows]), encoding="utf-8")
    found = read(path)
    assert found.rows == 3
    assert found.column("segments")[0].count('"v"') == 9_998


def test_more_columns_than_any_export_has_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "wider.csv"
    path.write_text("id,text," + "," * 30_000 + "z\n1,fine\n", encoding="utf-8")
    with pytest.raises(ExportError, match="columns; expected at most"):
        read(path)


def test_an_unclosed_quote_before_many_rows_costs_one_row(tmp_path: Path) -> None:
    path = tmp_path / "unclosed.csv"
    lines = ["id,text", '0,"never closed', *(f"{number},fine" for number in range(1, 30_000))]
    path.write_text("\n".join(lines), encoding="utf-8")
    found = read(path)
    assert [(row.line, row.reason) for row in found.rejected] == [(2, "a quote is opened and never closed")]
    assert len(found.comments) == 29_999


def _workbook(rows: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_a_zip_bomb_in_a_workbook_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with (
        zipfile.ZipFile(io.BytesIO(_workbook([["id", "text"], [1, "fine"]]))) as source,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            if name.startswith("xl/worksheets/"):
                with target.open(name, "w", force_zip64=True) as part:
                    for _ in range(200):
                        part.write(b" " * (1 << 20))
            else:
                target.writestr(name, source.read(name))
    assert path.stat().st_size < 1 << 20
    tracemalloc.start()
    with pytest.raises(ExportError, match="zip bomb"):
        read(path)
    assert tracemalloc.get_traced_memory()[1] < 20 << 20
    tracemalloc.stop()


def test_a_workbook_that_claims_the_last_cell_of_a_sheet_is_read_row_by_row(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["id", "text"])
    book.active.append([1, "fine"])
    book.active.cell(row=100_000, column=16_384, value="x")
    path = tmp_path / "sparse.xlsx"
    book.save(path)
    found = read(path)
    assert (found.rows, len(found.comments)) == (2, 1)
    assert [row.line for row in found.rejected] == [100_000]


def test_a_gzip_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "MAX_SUSPICIOUS_BYTES", 8 << 20)
    path = tmp_path / "bomb.csv.gz"
    with gzip.open(path, "wb") as stream:
        stream.write(b"id,text\n1,fine\n" + b"\n" * (64 << 20))
    with pytest.raises(ExportError, match="decompression bomb"):
        read(path)


def test_texts_of_a_workbook_beyond_the_limit_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MAX_SHARED_STRINGS_BYTES", 100)
    path = tmp_path / "texts.xlsx"
    path.write_bytes(_workbook([["id", "text"], [1, "fine"]]))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/sharedStrings.xml", "<sst>" + "<si><t>fine</t></si>" * 100 + "</sst>")
    with pytest.raises(ExportError, match="save it as CSV or Parquet"):
        read(path)


def test_a_low_limit_of_cells_set_by_another_library_does_not_matter(tmp_path: Path) -> None:
    """Python's csv module has one global limit for cells; another library may have set it low."""
    import csv

    path = tmp_path / "cell.csv"
    path.write_text("id,text\n1," + "x " * 40_000 + "\n", encoding="utf-8")
    before = csv.field_size_limit(1000)
    try:
        assert read(path).rows == 1
    finally:
        csv.field_size_limit(before)
