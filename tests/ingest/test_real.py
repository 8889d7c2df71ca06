"""The real exports run unedited, each with the small configuration of `tests/real/`: every row accounted for."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from cxnlp.config import Config, load_config
from cxnlp.errors import ExportError
from cxnlp.ingest import find_files, fingerprint
from cxnlp.ingest.inspect import inspect_export
from cxnlp.ingest.inspect_text import render
from cxnlp.journey import Journey, load_journey

from .reading import read

REAL = Path(__file__).resolve().parents[1] / "real"
ROWS = {
    "visfd_vi": 8898,
    "bankapp_vi": 5355,
    "laroseda_ro": 12_000,
    "snappfood_fa": 1400,
    "airline_en": 11_672,
    "cesamard_en": 3897,
    "poleval2024_pl": 494,
}
FILES = [name for name in ROWS if name != "poleval2024_pl"]


def _load(name: str) -> tuple[Config, Journey]:
    config = load_config(REAL / f"{name}.toml")
    return config, load_journey(config.journey_path())


def _slice(source: Path, target: Path, every: int) -> list[dict[str, object]]:
    with gzip.open(source, "rt", encoding="utf-8") as stream:
        lines = list(stream)[::every]
    with gzip.open(target, "wt", encoding="utf-8") as stream:
        stream.writelines(lines)
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("name", ROWS)
def test_every_row_of_a_real_export_is_accounted_for(name: str, shared: Path) -> None:
    config, journey = _load(name)
    (path,) = find_files(config.export, config.folder)
    found = read(path, config.export, journey)
    assert found.rows == ROWS[name]
    # ten rows of this set have words where their date should be
    assert len(found.rejected) == (10 if name == "cesamard_en" else 0)
    assert set(found.column("language")) == {name[-2:]}


@pytest.mark.parametrize("name", FILES)
def test_records_of_a_slice_say_what_the_file_says(name: str, shared: Path, tmp_path: Path) -> None:
    config, journey = _load(name)
    (source,) = find_files(config.export, config.folder)
    rows = _slice(source, tmp_path / source.name, 40)
    found = read(tmp_path / source.name, config.export, journey)
    assert found.rows == len(rows)
    by_id = {row["id"]: row for row in rows}
    for record in found.comments.itertuples():
        row = by_id[record.id]
        assert record.text == str(row["text"]).strip()
        if "stars" in row:
            assert record.stars == row["stars"]
    replies = found.records[found.records["reply_to"].notna()]
    assert set(replies["reply_to"]) == {row["id"] for row in rows if row.get("reply")}
    assert set(replies["author"]) <= {"company"}


@pytest.mark.parametrize("name", FILES)
def test_hidden_languages_of_a_slice_are_found_again(name: str, shared: Path, tmp_path: Path) -> None:
    config, journey = _load(name)
    (source,) = find_files(config.export, config.folder)
    _slice(source, tmp_path / source.name, 40)
    columns = config.export.columns.model_copy(update={"language": None})
    found = read(tmp_path / source.name, config.export.model_copy(update={"columns": columns}), journey)
    languages = [language for language in found.column("language") if language]
    assert sum(language == name[-2:] for language in languages) >= 0.99 * len(languages)
    assert set(found.records["language_source"]) <= {"detected", "none"}


@pytest.mark.parametrize("name", FILES)
def test_inspect_proposes_the_columns_of_a_real_export_and_shows_no_text(
    name: str, shared: Path, tmp_path: Path
) -> None:
    config, journey = _load(name)
    (source,) = find_files(config.export, config.folder)
    rows = _slice(source, tmp_path / source.name, 20)
    found = inspect_export(tmp_path / source.name, journey)
    assert found.export.columns == config.export.columns
    assert found.export.scale == config.export.scale
    assert found.export.day_first is config.export.day_first
    assert bool(found.export.reference_date) is bool(config.export.reference_date)
    assert found.trial
    assert found.trial.rows == len(rows)
    shown = render(found)
    assert "[export.columns]" in shown
    for row in rows:
        text = str(row["text"])
        assert len(text) < 12 or text[:60] not in shown


def test_relative_dates_without_a_day_to_count_from_are_set_aside_by_name(shared: Path, tmp_path: Path) -> None:
    config, journey = _load("visfd_vi")
    (source,) = find_files(config.export, config.folder)
    rows = _slice(source, tmp_path / source.name, 10)
    relative = sum("trước" in str(row["date"]) for row in rows)
    found = read(tmp_path / source.name, config.export.model_copy(update={"reference_date": None}), journey)
    assert len(found.rejected) == relative > 50
    assert all("`reference_date`" in row.expected for row in found.rejected)
    assert all("x" in row.found and "trước" not in row.found for row in found.rejected)


def test_a_fingerprint_tells_another_content_and_another_way_of_reading(shared: Path, tmp_path: Path) -> None:
    config, journey = _load("snappfood_fa")
    (source,) = find_files(config.export, config.folder)
    first = fingerprint(source, config.export, journey)
    assert first == fingerprint(source, config.export, journey)
    assert len(first) == 64
    _slice(source, tmp_path / source.name, 40)
    assert fingerprint(tmp_path / source.name, config.export, journey) != first
    assert fingerprint(source, config.export.model_copy(update={"scale": (0, 10)}), journey) != first


def test_a_query_reads_what_it_asks_for(shared: Path) -> None:
    config, journey = _load("poleval2024_pl")
    (path,) = find_files(config.export, config.folder)
    first = fingerprint(path, config.export, journey)
    narrower = config.export.model_copy(update={"query": config.export.query + " limit 3"})
    assert read(path, narrower, journey).rows == 3
    assert fingerprint(path, narrower, journey) != first
    broken = config.export.model_copy(update={"query": "select nothing from nowhere"})
    with pytest.raises(ExportError, match="query of \\[export\\] failed"):
        read(path, broken, journey)
