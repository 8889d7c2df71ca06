"""`run` and `report` as a user calls them: results on stdout, messages on stderr, the exit statuses of the contract."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from night import CONFIG, HashReader, call, row, rows, stand_in, write_export

from cxnlp.keeping import hold

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> HashReader:
    return stand_in(monkeypatch)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    write_export(tmp_path / "exports/a.csv", [*rows(40), row(99, stars="many")])
    (tmp_path / "cxnlp.toml").write_text(CONFIG, encoding="utf-8")
    return tmp_path / "cxnlp.toml"


def test_a_night_prints_its_counts_and_where_the_report_lies(
    config: Path, reader: HashReader, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "run", "--config", config) == 0
    seen = capsys.readouterr()
    assert "41 rows read, 1 set aside; 48 records new, 0 edited, 0 deleted, 0 expired; " in seen.out
    assert "; 48 texts classified, 0 known already" in seen.out
    report = Path(seen.out.splitlines()[-1].removeprefix("report: "))
    assert report.read_text(encoding="utf-8") == "40\n"
    assert [line for line in seen.err.splitlines() if line] == ["read …", "classify …", "report …"]
    assert call(monkeypatch, "--quiet", "run", "--config", config) == 0
    seen = capsys.readouterr()
    assert "0 texts classified, 48 known already" in seen.out and seen.err == ""


def test_messages_for_schedulers_are_json_lines(
    config: Path, reader: HashReader, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "--log-format", "json", "run", "--config", config) == 0
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["stage"] for line in lines] == ["read", "classify", "report"]
    assert {line["run"] for line in lines} == {1}


def test_a_dry_run_changes_nothing(
    config: Path, reader: HashReader, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "run", "--dry-run", "--config", config) == 0
    told = "exports/a.csv: 41 rows, 1 would be set aside\n48 texts would be classified by fake@000000000000\n"
    assert capsys.readouterr().out == told
    assert {path.name for path in config.parent.iterdir()} == {"cxnlp.toml", "exports"}


@pytest.mark.parametrize(
    ("spoil", "status", "told"),
    [
        (lambda folder: (folder / "cxnlp.toml").unlink(), 3, "there is no such file; `cxnlp init` makes one"),
        (lambda folder: (folder / "exports/a.csv").unlink(), 3, "no file matches (`path` in [export])"),
        (lambda folder: (folder / "exports/a.csv").write_text("x,y\n1,2\n"), 3, "has no column 'id' for `id`"),
        (lambda folder: (folder / "store").write_text("a file"), 3, "store is a file; expected a folder"),
    ],
)
def test_bad_input_is_status_3_with_a_message(
    config: Path,
    reader: HashReader,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    spoil: object,
    status: int,
    told: str,
) -> None:
    spoil(config.parent)  # type: ignore[operator]
    assert call(monkeypatch, "run", "--config", config) == status
    seen = capsys.readouterr()
    assert seen.out == "" and seen.err.startswith("error: ") and told in seen.err
    assert "Traceback" not in seen.err
    assert not (config.parent / "store/cxnlp.duckdb").exists()
    assert not (config.parent / "reports").exists() or [p.name for p in (config.parent / "reports").iterdir()] == [
        "runs"
    ]


def test_a_held_store_is_status_4(
    config: Path, reader: HashReader, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with hold(config.parent / "store/cxnlp.duckdb"):
        assert call(monkeypatch, "run", "--config", config) == 4
    assert f"held by process {os.getpid()} since" in capsys.readouterr().err


def test_a_failed_gate_is_status_5(
    config: Path, reader: HashReader, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text(CONFIG + "[gates]\nmax_rejected_share = 0.01\n", encoding="utf-8")
    assert call(monkeypatch, "run", "--config", config) == 5
    assert "max_rejected_share: 1 of 41 rows were set aside (2.4%), at most 1.0% allowed" in capsys.readouterr().err
    assert (config.parent / "reports/latest/index.html").exists()


def test_an_unexpected_error_is_status_1_and_quotes_nobody(
    config: Path, reader: HashReader, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("Dear Mrs Miller wrote")

    monkeypatch.setattr("cxnlp.report_stage.summarize", fail)
    assert call(monkeypatch, "run", "--config", config) == 1
    told = capsys.readouterr().err
    assert "unexpected RuntimeError at " in told and "report_stage.py:" in told and "Miller" not in told


def test_a_broken_store_is_restored_with_a_warning(
    config: Path, reader: HashReader, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "run", "--config", config) == 0
    store = config.parent / "store/cxnlp.duckdb"
    store.write_bytes(store.read_bytes()[:20_000])
    capsys.readouterr()
    assert call(monkeypatch, "run", "--config", config) == 0
    seen = capsys.readouterr()
    assert "restored from cxnlp.duckdb.backup" in seen.err and "48 known already" in seen.out


def test_report_needs_a_store(
    config: Path, reader: HashReader, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "report", "--config", config) == 3
    assert "there is no store yet" in capsys.readouterr().err
    assert call(monkeypatch, "run", "--config", config) == 0
    assert call(monkeypatch, "report", "--config", config) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("index.html")


SLOW = """
import sys
sys.path.insert(0, sys.argv.pop(1))
from cxnlp import cli, pipeline
import night
pipeline.find_model = lambda config: night.HashReader(seconds_per_text=0.2)
cli.main()
"""


def test_sigterm_ends_a_run_with_143_and_the_next_one_goes_on(config: Path) -> None:
    command = [sys.executable, "-c", SLOW, str(PROJECT / "tests"), "run", "--config", str(config)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as job:
        assert job.stderr is not None
        for line in job.stderr:
            if line.startswith("classify"):
                break
        time.sleep(1)
        job.send_signal(signal.SIGTERM)
        told = job.stderr.read()
        assert job.wait() == 143, told
    assert "stopped by SIGTERM; the next run goes on from here" in told and "Traceback" not in told


@pytest.fixture
def default_model(base_encoder: Path) -> Path:
    folder = PROJECT / "models" / "default"
    if not (folder / "manifest.json").exists():
        pytest.skip("models/default is not here: run `make model`")
    return folder


def test_a_night_with_sockets_blocked(config: Path, default_model: Path, tmp_path: Path) -> None:
    """The real model, a real page, and no connection: not even a name is looked up."""
    text = CONFIG.replace('languages = ["en"]', 'languages = ["en", "fa"]') + f'[model]\npath = "{default_model}"\n'
    config.write_text(text, encoding="utf-8")
    (tmp_path / "blocked").mkdir()
    (tmp_path / "blocked/sitecustomize.py").write_text(
        "import socket\n"
        "def refuse(*given, **more):\n    raise RuntimeError('a socket was opened')\n"
        "socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = socket.create_connection = refuse\n"
    )
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "blocked")}
    command = [sys.executable, "-c", "from cxnlp.cli import main; main()", "run", "--config", str(config)]
    first = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert first.returncode == 0, first.stderr
    report = config.parent / "reports/latest"
    summary = (report / "summary.json").read_bytes()
    assert "48 texts classified" in first.stdout and (report / "index.fa.html").exists()
    second = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "0 texts classified, 48 known already" in second.stdout, second.stderr
    assert (report / "summary.json").read_bytes() == summary
