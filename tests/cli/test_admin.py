"""`init`, `doctor`, `runs`, `forget` as a user calls them: what they print, and their exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from night import CONFIG, DAY, HashReader, call, configure, held_elsewhere, row, rows, stand_in, write_export

from cxnlp import pipeline
from cxnlp.store import Store


@pytest.fixture(autouse=True)
def reader(monkeypatch: pytest.MonkeyPatch) -> HashReader:
    return stand_in(monkeypatch)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    write_export(tmp_path / "exports/a.csv", [*rows(20), row(99, stars="many")])
    (tmp_path / "cxnlp.toml").write_text(CONFIG, encoding="utf-8")
    return tmp_path / "cxnlp.toml"


def test_init_lays_out_and_says_what_comes_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "init", tmp_path / "mine") == 0
    told = capsys.readouterr().out
    assert "made  " in told and "cxnlp inspect YOUR_EXPORT" in told
    assert f"cxnlp run --config {tmp_path / 'mine/cxnlp.toml'}" in told
    assert call(monkeypatch, "init", tmp_path / "mine") == 0
    assert "kept  " in capsys.readouterr().out


def test_runs_are_listed(config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        pipeline.run(configure(config.parent), today=DAY)
    assert call(monkeypatch, "runs", "--config", config) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["run", "started", "(UTC)", "status", "read", "rejected", "classified", "seconds"]
    assert [line.split()[0] for line in lines[1:]] == ["2", "1"]
    assert lines[2].split()[3:7] == ["done", "21", "1", "24"]
    assert call(monkeypatch, "runs", "--config", config, "--json", "--last", "1") == 0
    (entry,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert entry["run"] == 2 and entry["record"]["texts_reused"] == 24


def test_runs_are_listed_while_one_holds_the_store_and_those_that_did_not_open_it(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pipeline.run(configure(config.parent), today=DAY)
    (config.parent / "exports/a.csv").unlink()
    assert call(monkeypatch, "run", "--config", config) == 3
    path = config.parent / "store/cxnlp.duckdb"
    capsys.readouterr()
    with held_elsewhere(path) as other:
        assert call(monkeypatch, "runs", "--config", config) == 0
    seen = capsys.readouterr()
    listed = [(line.split()[0], line.split()[3]) for line in seen.out.splitlines()[1:]]
    assert sorted(listed) == [("-", "failed"), ("-", "running"), ("1", "done")]
    assert f"held by process {other} since " in seen.err
    with Store(path) as store:
        store.begin_run()
        store.begin_run()
    assert call(monkeypatch, "runs", "--config", config) == 0
    seen = capsys.readouterr()
    listed = [(line.split()[0], line.split()[3]) for line in seen.out.splitlines()[1:]]
    assert sorted(listed) == [("-", "failed"), ("1", "done"), ("2", "died"), ("3", "running")]
    path.write_bytes(b"no store" * 5000)
    assert call(monkeypatch, "runs", "--config", config) == 0
    seen = capsys.readouterr()
    assert len(seen.out.splitlines()) == 3 and "cut short or damaged" in seen.err
    assert not path.with_name("cxnlp.duckdb.broken").exists(), "a list mends nothing"


def test_runs_before_the_first_one(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "runs", "--config", config) == 3
    assert "there is no store yet; `cxnlp run` makes it" in capsys.readouterr().err


def test_forget_says_what_it_erased(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pipeline.run(configure(config.parent), today=DAY)
    assert call(monkeypatch, "forget", "--id", "c-000005", "--id", "nobody", "--config", config) == 0
    told = capsys.readouterr().out
    assert "erased 2 records; 1 of the ids were not in the store" in told and "yours to clean" in told


def test_doctor_ends_with_3_when_something_is_missing(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from cxnlp import doctor
    from cxnlp.doctor import Check

    monkeypatch.setattr(doctor, "examine", lambda config: [Check("Python", "ok", "3.12")])
    assert call(monkeypatch, "doctor") == 0
    monkeypatch.setattr(doctor, "examine", lambda config: [Check("model", "missing", "none", "train one")])
    assert call(monkeypatch, "doctor", "--config", config) == 3
    assert capsys.readouterr().out.endswith("missing model: none\n        → train one\n")
