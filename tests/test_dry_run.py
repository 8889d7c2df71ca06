"""A dry run says what a run would refuse, read and classify, and changes nothing at all."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from night import DAY, HashReader, configure, held_elsewhere, rows, stand_in, write_export

from cxnlp import pipeline
from cxnlp.config import Config
from cxnlp.dry_run import FilePlan, plan
from cxnlp.errors import ModelError, StoreError, StoreLockedError
from cxnlp.schema import SCHEMA_VERSION
from cxnlp.store import Store

VERSION_1 = Path(__file__).parent / "stores" / "version_1.store.gz"


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> HashReader:
    return stand_in(monkeypatch)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    write_export(tmp_path / "exports/a.csv", rows(60))
    write_export(tmp_path / "exports/b.csv", rows(60, 60))
    return configure(tmp_path)


def contents(config: Config) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in config.folder.rglob("*") if path.is_file()}


def test_texts_are_counted_as_the_next_run_counts_them(config: Config, reader: HashReader) -> None:
    before = contents(config)
    first = plan(config)
    assert first.files == (FilePlan("exports/a.csv", False, 60, 0), FilePlan("exports/b.csv", False, 60, 0))
    assert (first.texts, first.model) == (144, reader.version)
    assert contents(config) == before, "not even a store is made"
    pipeline.run(config, today=DAY)
    assert plan(config).texts == 0 and all(file.unchanged for file in plan(config).files)
    pipeline.forget(config, ["c-000061"], today=DAY)
    edited = rows(60, 60)
    edited[3]["comment"], edited[4]["rating"] = "Now I think quite otherwise", "many"
    write_export(config.folder / "exports/b.csv", edited)
    before = contents(config)
    second = plan(config)
    assert second.files[1] == FilePlan("exports/b.csv", False, 60, 1)
    assert contents(config) == before
    assert second.texts == 1 == pipeline.run(config, today=DAY).record.texts_classified
    reader.version = "fake@111111111111"
    assert plan(config).texts == pipeline.run(config, today=DAY).record.texts_classified > 100


def test_an_older_store_is_not_carried_forward(config: Config, reader: HashReader) -> None:
    store = config.resolve(config.store.path)
    store.parent.mkdir()
    store.write_bytes(gzip.decompress(VERSION_1.read_bytes()))
    before = contents(config)
    assert plan(config).texts == 144 + 2
    assert contents(config) == before


def test_what_a_run_refuses_is_refused(config: Config, reader: HashReader, monkeypatch: pytest.MonkeyPatch) -> None:
    path = config.resolve(config.store.path)
    pipeline.run(config, today=DAY)
    with held_elsewhere(path) as other, pytest.raises(StoreLockedError, match=f"held by process {other} since 20"):
        plan(config)
    with Store(path) as store:
        store.set_meta("schema_version", str(SCHEMA_VERSION + 1))
    with pytest.raises(StoreError, match="written by a newer cxnlp"):
        plan(config)
    monkeypatch.undo()
    with pytest.raises(ModelError, match="no such model"):
        plan(config.model_copy(update={"model": config.model.model_copy(update={"path": "nowhere"})}))


def test_a_store_that_is_gone_counts_as_its_copy(config: Config, reader: HashReader) -> None:
    pipeline.run(config, today=DAY)
    config.resolve(config.store.path).unlink()
    assert plan(config).texts == 0
    assert not config.resolve(config.store.path).exists()
