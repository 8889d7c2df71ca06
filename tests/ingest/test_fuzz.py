"""Whatever the bytes, a reader either refuses the file with its reason or accounts for every row."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cxnlp.errors import ExportError
from cxnlp.ingest.dates import DateReader
from cxnlp.ingest.values import parse_author, parse_id, parse_stars, parse_text

from .reading import config, read

HOSTILE = Path(__file__).parent / "hostile"
SEEDS = sorted(path for path in HOSTILE.iterdir() if path.name != "expected.toml")
SUFFIXES = ("csv", "tsv", "json", "jsonl", "xlsx", "parquet", "txt", "csv.gz")
EXPORT = config("stars", "date", "reply", reference_date="2025-11-06")
fuzz = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
CELL = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["1", "5", "4,5", "★★★", '"', '""', "\r", "\n", ",", ";", "\x00", "2025-01-01", "\u202e", "=1+1"]),
)


def _refused_or_whole(path: Path) -> None:
    """Read a file; `reading.read` itself checks that accepted + rejected = rows."""
    try:
        read(path, EXPORT, batch_rows=3)
    except ExportError as error:
        assert path.name in str(error)
        assert len(str(error)) < 5000


@fuzz
@given(content=st.binary(max_size=400), suffix=st.sampled_from(SUFFIXES))
@example(content=b"PK\x03\x04", suffix="xlsx")
@example(content=b"PAR1PAR1", suffix="parquet")
@example(content=b"\x1f\x8b", suffix="csv")
@example(content=b"\xff\xfe", suffix="csv")
@example(content=b"[", suffix="json")
@example(content=b'id,text\n"', suffix="csv")
def test_any_bytes(content: bytes, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"fuzz.{suffix}"
    path.write_bytes(content)
    _refused_or_whole(path)


@fuzz
@given(content=st.binary(max_size=300), suffix=st.sampled_from(SUFFIXES))
def test_any_bytes_after_a_header(content: bytes, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"fuzz.{suffix}"
    path.write_bytes(b"id,text,stars,date,reply\n" + content)
    _refused_or_whole(path)


@fuzz
@given(rows=st.lists(st.lists(CELL, max_size=7), max_size=8), delimiter=st.sampled_from(",;\t|"))
def test_any_cells(rows: list[list[str]], delimiter: str, tmp_path: Path) -> None:
    path = tmp_path / "fuzz.csv"
    header = delimiter.join(["id", "text", "stars", "date", "reply"])
    content = "\n".join([header, *(delimiter.join(row) for row in rows)])
    path.write_bytes(content.encode("utf-8", "surrogatepass"))
    _refused_or_whole(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@fuzz
@given(
    rows=st.lists(JSON | st.fixed_dictionaries({"id": JSON, "text": JSON}, optional={"stars": JSON, "date": JSON})),
    as_array=st.booleans(),
)
def test_any_json(rows: list[object], as_array: bool, tmp_path: Path) -> None:
    path = tmp_path / ("fuzz.json" if as_array else "fuzz.jsonl")
    path.write_text(json.dumps(rows) if as_array else "\n".join(map(json.dumps, rows)), encoding="utf-8")
    _refused_or_whole(path)


@fuzz
@given(data=st.data())
def test_hostile_files_with_some_bytes_changed(data: st.DataObject, tmp_path: Path) -> None:
    seed = data.draw(st.sampled_from(SEEDS))
    content = bytearray(seed.read_bytes())
    for _ in range(data.draw(st.integers(1, 6)) if content else 0):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    path = tmp_path / seed.name
    path.write_bytes(bytes(content[:cut]) if data.draw(st.booleans()) else bytes(content))
    _refused_or_whole(path)


@fuzz
@given(content=st.binary(max_size=200))
def test_any_gzipped_bytes(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "fuzz.csv.gz"
    path.write_bytes(gzip.compress(b"id,text\n" + content))
    _refused_or_whole(path)


ANY = JSON | st.binary(max_size=5) | st.datetimes() | st.dates()


@pytest.mark.parametrize(
    "parse",
    [
        lambda value: parse_stars(value, 1, 5),
        DateReader(True),
        DateReader(False),
        parse_text,
        parse_id,
        parse_author,
    ],
    ids=["stars", "day first", "month first", "text", "id", "author"],
)
@fuzz
@given(value=ANY | st.text(alphabet="0123456789/.-:★☆,%TZ +agodyeمر۱۲ ", max_size=24))
def test_a_parser_of_cells_returns_or_says_what_it_expects(parse: object, value: object) -> None:
    try:
        parse(value)  # type: ignore[operator]
    except ValueError as error:
        assert str(error)
        assert not isinstance(error, UnicodeError)
