"""`cxnlp init` lays out three files that work as they are, and keeps what is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from cxnlp.config import load_config
from cxnlp.errors import ConfigError
from cxnlp.journey import load_journey
from cxnlp.layout import lay_out
from cxnlp.taxonomy import load_taxonomy


def test_three_files_that_can_be_read(tmp_path: Path) -> None:
    made = lay_out(tmp_path / "mine")
    assert [(path.name, new) for path, new in made] == [
        ("cxnlp.toml", True),
        ("taxonomy.toml", True),
        ("journey.toml", True),
    ]
    config = load_config(tmp_path / "mine/cxnlp.toml")
    assert load_journey(config.journey_path()).touchpoints
    assert load_taxonomy(tmp_path / "mine/taxonomy.toml").serves_report()


def test_what_is_there_is_kept(tmp_path: Path) -> None:
    (tmp_path / "journey.toml").write_text("mine")
    assert [new for _, new in lay_out(tmp_path)] == [True, True, False]
    assert (tmp_path / "journey.toml").read_text() == "mine"
    assert not any(new for _, new in lay_out(tmp_path))


def test_a_place_that_cannot_be_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="file: cannot be written"):
        lay_out(tmp_path / "file")
