"""`cxnlp init`: a user's own folder with its three commented files."""

from __future__ import annotations

from pathlib import Path

from cxnlp.config import default_config_toml
from cxnlp.errors import ConfigError
from cxnlp.journey import default_journey_toml
from cxnlp.taxonomy import default_taxonomy_toml


def lay_out(folder: Path) -> list[tuple[Path, bool]]:
    """Write cxnlp.toml, taxonomy.toml and journey.toml into `folder`; return each path and whether it was made.

    A file that is there already is kept. Raise `ConfigError` when the folder cannot be written.
    """
    contents = {
        "cxnlp.toml": default_config_toml(),
        "taxonomy.toml": default_taxonomy_toml(),
        "journey.toml": default_journey_toml(),
    }
    outcome = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            path = folder / name
            made = not path.exists()
            if made:
                path.write_text(content, encoding="utf-8")
            outcome.append((path, made))
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be written: {error.strerror}") from error
    return outcome
