"""`cxnlp inspect` on the command line: what it prints, and its messages when called wrongly."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cxnlp.cli import data
from cxnlp.config import ExportConfig
from cxnlp.errors import ConfigError, ExportError, WrongUsageError
from cxnlp.ingest import find_files


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer()
    app.callback()(lambda: None)
    data.register(app)
    return app


def _export(folder: Path, name: str = "export.csv") -> Path:
    path = folder / name
    path.write_text("id,comment,rating\n1,Great shop and very kind people,5\n2,Never again,9\n", encoding="utf-8")
    return path


def test_it_shows_each_file_of_a_folder_with_its_mapping(app: typer.Typer, tmp_path: Path) -> None:
    _export(tmp_path, "a.csv")
    _export(tmp_path, "b.csv")
    result = CliRunner().invoke(app, ["inspect", str(tmp_path)])
    assert result.exit_code == 0
    assert result.stdout.count("[export.columns]") == 2
    assert 'text = "comment"' in result.stdout
    assert "Great shop" not in result.output


def _proposed_path(shown: str) -> str:
    lines = [line.strip() for line in shown.splitlines()]
    return str(tomllib.loads(lines[lines.index("[export]") + 1])["path"])


def test_the_proposed_path_holds_wherever_the_configuration_lies(
    app: typer.Typer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _export(tmp_path, "a.csv")
    _export(tmp_path, "b.csv")
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path)
    for export, files in (("a.csv", ["a.csv"]), ("*.csv", ["a.csv", "b.csv"]), (".", ["a.csv", "b.csv"])):
        proposed = _proposed_path(CliRunner().invoke(app, ["inspect", export]).stdout)
        found = find_files(ExportConfig(path=proposed), tmp_path / "mine")
        assert [file.name for file in found] == files


def test_it_tries_a_configuration_on_its_own_export(app: typer.Typer, tmp_path: Path) -> None:
    _export(tmp_path)
    config = tmp_path / "cxnlp.toml"
    config.write_text('[export]\npath = "export.csv"\n[export.columns]\ntext = "comment"\nstars = "rating"\n')
    result = CliRunner().invoke(app, ["inspect", "--config", str(config)])
    assert result.exit_code == 0
    assert "accepted    1 of 2 rows" in result.stdout
    assert "expected a mark from 1 to 5" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ([], WrongUsageError),
        (["gone.csv"], ExportError),
        (["--config", "gone.toml"], ConfigError),
    ],
)
def test_wrong_calls_end_with_their_own_status(
    arguments: list[str], error: type[Exception], app: typer.Typer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["inspect", *arguments])
    assert isinstance(result.exception, error)
