"""`cxnlp models compare` and `cxnlp train --base MODEL`: the sentence is on stdout, the page has no texts."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import typer
from typer.testing import CliRunner, Result

from cxnlp.cli import compare, models
from cxnlp.errors import LabelsError, WrongUsageError
from cxnlp.model.examples import Examples


@pytest.fixture
def labelled(tmp_path: Path, examples: Examples) -> Path:
    """The tiny rows as a labelled file."""
    names = {
        "mood": ["glad", "happy", "cross"],
        "stance": ["complaint", "excuse", "neither"],
        "effort": ["low", "high"],
    }
    columns = {
        task: [";".join(np.array(known)[row > 0.5]) or "-" for row in examples.targets[task]]
        for task, known in names.items()
    }
    frame = pd.DataFrame(
        {"id": examples.ids, "text": examples.texts, "language": examples.languages, "author": examples.authors}
        | columns
        | {"origin": examples.origins, "part": examples.parts}
    )
    path = tmp_path / "rows.csv"
    frame.to_csv(path, index=False)
    return path


def run(*words: str | Path) -> Result:
    app = typer.Typer()
    models.register(app)
    compare.register(app)
    return CliRunner().invoke(app, [str(word) for word in words])


def test_a_model_against_itself_is_no_better_and_no_worse(tiny_model: Path, labelled: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    result = run("models", "compare", tiny_model, tiny_model, labelled, "--frozen", labelled, "--html", page)
    assert result.exit_code == 0, result.output
    assert re.search(r"On \d+ rows \(your own gold\) the two cannot be told apart", result.output)
    assert "(the frozen gold)" in result.output
    text = pd.read_csv(labelled)["text"].iloc[0]
    assert text not in page.read_text(encoding="utf-8")


def test_without_frozen_gold_only_the_own_is_compared(tiny_model: Path, labelled: Path) -> None:
    result = run("models", "compare", tiny_model, tiny_model, labelled)
    assert result.exit_code == 0, result.output
    assert "the frozen gold" not in result.output


def test_rows_to_train_on_are_no_gold(tiny_model: Path, labelled: Path) -> None:
    """`labels/chosen` in place of `labels/random`: the later model has learnt those rows."""
    frame = pd.read_csv(labelled)
    frame[frame["part"] == "train"].to_csv(labelled, index=False)
    result = run("models", "compare", tiny_model, tiny_model, labelled)
    assert isinstance(result.exception, LabelsError)
    assert "none of the 400 rows is marked gold" in str(result.exception)
    assert "labels/random" in str(result.exception)


@pytest.mark.slow
def test_training_from_a_model_needs_no_base_of_its_own(
    tiny_model: Path, labelled: Path, tmp_path: Path, taxonomy_toml: str
) -> None:
    (tmp_path / "taxonomy.toml").write_text(taxonomy_toml)
    words = ["--taxonomy", tmp_path / "taxonomy.toml", "--out", tmp_path / "mine", "--epochs", "1"]
    result = run("train", labelled, "--base", tiny_model, *words)
    assert result.exit_code == 0, result.output
    assert "own rows in" in result.output
    assert (tmp_path / "mine" / "manifest.json").exists()


def test_beside_without_a_trained_model_is_wrong_usage(labelled: Path, tmp_path: Path, taxonomy_toml: str) -> None:
    (tmp_path / "taxonomy.toml").write_text(taxonomy_toml)
    words = ["--taxonomy", tmp_path / "taxonomy.toml", "--out", tmp_path / "mine"]
    result = run("train", labelled, "--beside", labelled, *words)
    assert isinstance(result.exception, WrongUsageError)
