"""`cxnlp train`, `evaluate` and `models …` as a user calls them, on a tiny encoder."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
import typer
from model.conftest import TOML, one_thread, rows, tiny_base  # noqa: F401  (fixtures; `tests/` is on the path)
from typer.testing import CliRunner, Result

from cxnlp.cli import models
from cxnlp.errors import LabelsError, ModelError, TaxonomyError, WrongUsageError
from cxnlp.taxonomy import parse_taxonomy


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CXNLP_MODELS", str(tmp_path / "models"))
    (tmp_path / "taxonomy.toml").write_text(TOML, encoding="utf-8")
    pd.DataFrame(rows(300)).to_csv(tmp_path / "labels.csv", index=False)
    return tmp_path


def call(*arguments: object) -> Result:
    app = typer.Typer()
    models.register(app)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def train(folder: Path, base: Path, name: str, *more: object) -> Result:
    out = folder / "models" / name
    return call(
        "train", folder / "labels.csv", "--out", out, "--taxonomy", folder / "taxonomy.toml", "--base", base,
        "--epochs", 2, *more,
    )  # fmt: skip


def test_the_whole_way_from_labels_to_a_model_in_use(folder: Path, tiny_base: Path) -> None:  # noqa: F811
    trained = train(folder, tiny_base, "first")
    assert trained.exit_code == 0, trained.output
    assert "trained on" in trained.stdout

    scored = call(
        "evaluate", folder / "labels.csv", "--model", "first", "--save",
        "--json", folder / "scores.json", "--html", folder / "scores.html",
    )  # fmt: skip
    assert scored.exit_code == 0, scored.output
    assert "frozen encoder" in scored.stdout
    assert json.loads((folder / "scores.json").read_text(encoding="utf-8"))["slices"]
    assert (folder / "scores.html").read_text(encoding="utf-8").startswith("<!doctype html>")

    assert call("models", "promote", "first", "--to", "default").exit_code == 0
    listed = call("models", "list").stdout
    assert "default@" in listed
    assert "micro-F1" in listed
    assert "## How well it reads" in call("models", "show", "default").stdout

    second = train(folder, tiny_base, "second", "--seed", 5)
    assert second.exit_code == 0
    assert "no card yet" in call("models", "show", "second").stdout
    refused = call("models", "promote", "second", "--to", "default")
    assert isinstance(refused.exception, ModelError)
    assert call("models", "promote", "second", "--to", "default", "--force").exit_code == 0
    assert "again" in call("models", "rollback", "default").stdout


@pytest.mark.parametrize("out", ["models", "models/default", "", "labels.csv"])
def test_training_touches_nothing_but_models_of_its_own(out: str, folder: Path) -> None:
    """Refused before labels are read: what is there was one typing mistake away from being deleted."""
    (folder / "models" / "mine").mkdir(parents=True)
    before = sorted(folder.rglob("*"))
    result = call("train", folder / "nothing.csv", "--out", folder / out)
    assert isinstance(result.exception, ModelError)
    assert sorted(folder.rglob("*")) == before


def test_rows_that_are_not_gold_are_scored_with_a_warning_and_not_kept(
    folder: Path,
    tiny_base: Path,  # noqa: F811
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert train(folder, tiny_base, "first").exit_code == 0
    frame = pd.read_csv(folder / "labels.csv")
    frame[frame["part"] == "train"].to_csv(folder / "chosen.csv", index=False)
    refused = call("evaluate", folder / "chosen.csv", "--model", "first", "--save")
    assert isinstance(refused.exception, LabelsError)
    assert not (folder / "models" / "first" / "evaluation.json").exists()
    page = folder / "scores.html"
    with caplog.at_level("WARNING"):
        scored = call("evaluate", folder / "chosen.csv", "--model", "first", "--html", page)
    assert scored.exit_code == 0, scored.output
    assert "none of the 240 rows is marked gold" in caplog.text
    assert "none of them marked gold" in page.read_text(encoding="utf-8")


def test_a_model_gets_used_to_an_export(folder: Path, tiny_base: Path) -> None:  # noqa: F811
    assert train(folder, tiny_base, "first").exit_code == 0
    export = folder / "export.csv"
    words = [f"w{n % 60} w{n % 7} " + ("glad again" if n % 2 else "cross again") for n in range(240)]
    pd.DataFrame({"id": range(240), "comment": words, "stars": [5 if n % 2 else 1 for n in range(240)]}).to_csv(
        export, index=False
    )
    adapted = call(
        "train", "--adapt", export, "--base", "first", "--beside", folder / "labels.csv", "--epochs", 1,
        "--taxonomy", folder / "taxonomy.toml", "--out", folder / "models" / "used",
    )  # fmt: skip
    assert adapted.exit_code == 0, adapted.output
    assert "texts with stars in" in adapted.stdout
    record = json.loads((folder / "models" / "used" / "training.json").read_text(encoding="utf-8"))
    assert record["rows"]["with_stars_only"] > 150


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--adapt", "e.csv", "--base", "first"], "needs --beside"),
        (["labels.csv", "--config", "cxnlp.toml"], "there is no --adapt"),
        ([], "expected LABELS"),
        (["labels.csv", "--beside", "labels.csv"], "needs a trained model"),
    ],
)
def test_arguments_that_do_not_fit_together(arguments: list[str], message: str, folder: Path) -> None:
    result = call("train", *arguments, "--out", folder / "models" / "mine")
    assert isinstance(result.exception, WrongUsageError)
    assert message in str(result.exception)


def test_rows_of_sets_that_are_not_here_are_left_out_where_that_is_safe(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    taxonomy = parse_taxonomy(TOML)
    (folder / "both").mkdir()
    (folder / "labels.csv").rename(folder / "both" / "labels.csv")
    (folder / "both" / "public.csv").write_text(
        "set,row,text_hash,language,author,mood,stance,effort,part\n"
        f"shop_en,r1,{'0' * 32},en,customer,cross,complaint,high,train\n",
        encoding="utf-8",
    )
    with pytest.raises(LabelsError, match="the texts of the public set 'shop_en' are needed"):
        models.read_examples([folder / "both"], taxonomy, None)
    with caplog.at_level("WARNING"):
        found = models.read_examples([folder / "both"], taxonomy, None, need_text=False)
    assert len(found) == 300
    assert "1 of 301 labelled rows are left out" in caplog.text


def test_no_models_yet(folder: Path) -> None:
    assert "no models yet" in call("models", "list").stdout


def test_an_unknown_label_stops_before_training(folder: Path) -> None:
    table = pd.DataFrame(rows(60))
    table.loc[3, "mood"] = "sulky"
    table.to_csv(folder / "labels.csv", index=False)
    result = train(folder, folder / "no-base", "first")
    assert isinstance(result.exception, LabelsError)
    assert "line 5, column mood: unknown label 'sulky'" in str(result.exception)


def test_too_few_rows_stop_before_the_base_is_looked_for(folder: Path) -> None:
    pd.DataFrame(rows(20)).to_csv(folder / "labels.csv", index=False)
    result = train(folder, folder / "no-base", "first")
    assert isinstance(result.exception, LabelsError)
    assert "expected at least 40" in str(result.exception)


def test_a_base_that_is_not_here(folder: Path) -> None:
    result = train(folder, folder / "no-base", "first")
    assert isinstance(result.exception, ModelError)
    assert "fetch it once with: cxnlp models pull" in str(result.exception)


def test_a_taxonomy_that_is_none(folder: Path) -> None:
    (folder / "taxonomy.toml").write_text("name = 'x'\ntasks = []", encoding="utf-8")
    result = train(folder, folder / "no-base", "first")
    assert isinstance(result.exception, TaxonomyError)


def test_a_model_that_is_not_here(folder: Path) -> None:
    result = call("evaluate", folder / "labels.csv", "--model", "nothing")
    assert isinstance(result.exception, ModelError)
    assert "there is no such model folder" in str(result.exception)


def test_a_folder_without_labels(folder: Path) -> None:
    (folder / "empty").mkdir()
    result = call("train", folder / "empty", "--out", folder / "m", "--taxonomy", folder / "taxonomy.toml")
    assert isinstance(result.exception, LabelsError)
    assert "holds no labelled file" in str(result.exception)


def test_pull_says_nothing_when_the_base_is_here(folder: Path) -> None:
    here = folder / "models/base/multilingual-e5-small"
    here.mkdir(parents=True)
    for name in ("model.safetensors", "tokenizer.json"):
        (here / name).write_bytes(b"")
    result = call("models", "pull", "--if-missing")
    assert result.exit_code == 0
    assert result.output == ""
    assert str(here) in call("models", "pull").stdout
