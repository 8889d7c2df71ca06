"""What is checked before a night begins: places to write to and files that are only needed at its end."""

from __future__ import annotations

import os
from pathlib import Path

from cxnlp.config import Config
from cxnlp.errors import ConfigError, LabelsError
from cxnlp.labelling.rows import random_rows, read_labelled
from cxnlp.taxonomy import Taxonomy


def check_places(config: Config) -> None:
    """Raise `ConfigError` when store or reports cannot lie where the configuration says."""
    store, reports = config.resolve(config.store.path), config.resolve(config.report.dir)
    try:
        if store.is_dir():
            raise ConfigError(f"[store] path: {store} is a folder; expected a file, such as cxnlp.duckdb")
        for key, folder in (("[store] path", store.parent), ("[report] dir", reports)):
            place = nearest(folder)
            if not place.is_dir():
                raise ConfigError(f"{key}: {place} is a file; expected a folder")
            if not os.access(place, os.W_OK | os.X_OK):
                raise ConfigError(f"{key}: {place} cannot be written by this user")
    except OSError as error:
        raise ConfigError(f"[store] path or [report] dir: {error.filename}: {error.strerror}") from error


def check_gold(config: Config, taxonomy: Taxonomy) -> None:
    """Raise `LabelsError` when the rows that `[report] gold` names cannot be read."""
    if config.report.gold:
        try:
            random_rows(read_labelled([config.resolve(config.report.gold)], taxonomy, known_only=True))
        except LabelsError as error:
            raise LabelsError(f"[report] gold: {error}") from error


def nearest(path: Path) -> Path:
    """Return `path`, or the nearest folder (or file) above it that is there."""
    return next(place for place in (path, *path.parents) if place.exists())
