"""A training that died goes on, and ends with the model it would have ended with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cxnlp.model import build as building
from cxnlp.model import folder
from cxnlp.model.checkpoint import Checkpoint
from cxnlp.model.examples import Examples
from cxnlp.model.train import TrainSettings

SETTINGS = TrainSettings(seed=3, epochs=3, rate=5e-3, head_rate=2e-2, average=0.9)


class PowerCutError(Exception):
    """The machine goes off."""


def train(
    out: Path, base: Path, examples: Examples, toml: str, settings: TrainSettings, *, stop_after: int = 0
) -> list[str]:
    """Train; with `stop_after` the machine goes off in the step after so many."""
    said: list[str] = []

    def report(done: int, _total: int, _loss: float) -> None:
        if done == stop_after:
            raise PowerCutError

    building.build(examples, toml, out, base=str(base), settings=settings, report=report, say=said.append)
    return said


def test_going_on_gives_the_same_model(tmp_path: Path, tiny_base: Path, examples: Examples, taxonomy_toml: str) -> None:
    train(tmp_path / "whole", tiny_base, examples, taxonomy_toml, SETTINGS)
    with pytest.raises(PowerCutError):
        train(tmp_path / "cut", tiny_base, examples, taxonomy_toml, SETTINGS, stop_after=25)
    assert not (tmp_path / "cut").exists()
    assert (tmp_path / ".training-cut").is_dir()
    said = train(tmp_path / "cut", tiny_base, examples, taxonomy_toml, SETTINGS)
    assert "Going on after pass 2." in said
    assert folder.version_of(tmp_path / "cut") == folder.version_of(tmp_path / "whole")
    assert not (tmp_path / ".training-cut").exists()


def test_other_settings_start_anew(tmp_path: Path, tiny_base: Path, examples: Examples, taxonomy_toml: str) -> None:
    with pytest.raises(PowerCutError):
        train(tmp_path / "cut", tiny_base, examples, taxonomy_toml, SETTINGS, stop_after=14)
    said = train(tmp_path / "cut", tiny_base, examples, taxonomy_toml, replace(SETTINGS, seed=4, epochs=1))
    assert not any("Going on" in line for line in said)


def test_a_broken_checkpoint_is_none(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "state", "key")
    assert checkpoint.load() is None
    (tmp_path / "state").mkdir()
    (tmp_path / "state/state.json").write_text('{"key": "key"}')
    assert checkpoint.load() is None
