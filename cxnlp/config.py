"""`cxnlp.toml`: what to read, which model, where the store and the reports lie, which gates hold.

Paths are relative to the file. Unknown keys are errors. Every key's comment in `cxnlp init`'s file comes from
`config.toml` beside this module; a test holds the two together.
"""

from __future__ import annotations

import os
import re
import tomllib
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from cxnlp.errors import ConfigError, describe_problems

REPORT_LANGUAGES = ("en", "fa", "pl", "ro", "vi")
ReportLanguage = Literal["en", "fa", "pl", "ro", "vi"]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ColumnsConfig(_Section):
    """Canonical name = the export's own column. Columns not named here become segments."""

    id: str = "id"
    text: str = "text"
    stars: str | None = None
    touchpoint: str | None = None
    date: str | None = None
    author: str | None = None
    reply: str | None = None
    reply_date: str | None = None
    question: str | None = None
    language: str | None = None
    outcome: str | None = None


class ExportConfig(_Section):
    """Where the feedback comes from: files, or a database with a query."""

    path: str = ""
    database: str = ""
    query: str = ""
    columns: ColumnsConfig = ColumnsConfig()
    scale: tuple[float, float] = (1, 5)
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    day_first: bool = True
    reference_date: date | Literal["modified"] | None = None
    touchpoint: str = ""
    language: str = ""
    ignore: tuple[str, ...] = ()
    missing: Literal["keep", "delete"] = "keep"

    @model_validator(mode="after")
    def _is_consistent(self) -> ExportConfig:
        if bool(self.path) == bool(self.query):
            raise ValueError("give either `path` (file, folder or glob) or `database` and `query`")
        if self.query and not self.database:
            raise ValueError("`query` needs `database`, the DuckDB or SQLite file it is run on")
        if not self.scale[0] < self.scale[1]:
            raise ValueError(f"scale must rise, found {list(self.scale)}")
        return self


class JourneyConfig(_Section):
    """The journey file; empty takes the default journey."""

    path: str = ""


class ModelConfig(_Section):
    """The model: a folder or a registered name."""

    path: str = "models/default"
    batch_tokens: int = Field(default=1024, ge=256)
    budget: str = ""


class StoreConfig(_Section):
    """The DuckDB file, and how long feedback stays in it."""

    path: str = "cxnlp.duckdb"
    retention_days: int | None = Field(default=None, ge=1)
    memory_limit: str = "1GB"

    @field_validator("memory_limit")
    @classmethod
    def _is_an_amount(cls, value: str) -> str:
        if not re.fullmatch(r"(?=.*[1-9])\d+(\.\d+)?\s*[KMGT]i?B", value, re.IGNORECASE):
            raise ValueError(f"expected an amount of memory, such as 1GB or 500MB, found {value!r}")
        return value


class ReportConfig(_Section):
    """What the report shows."""

    dir: str = "reports"
    company: str = ""
    languages: tuple[ReportLanguage, ...] = ("en",)
    minimum_group: int = Field(default=30, ge=5)
    week_starts: Literal["monday", "saturday", "sunday"] = "monday"
    quotes: int = Field(default=3, ge=0, le=10)
    segments: tuple[str, ...] = ()
    gold: str = ""
    seed: int = 0


class GatesConfig(_Section):
    """What must hold for a night to count as good; a gate that fails ends the job with status 5.

    `max_deleted_share` also keeps the night from deleting more than that.
    """

    max_rejected_share: float | None = Field(default=None, ge=0, le=1)
    min_new_rows: int | None = Field(default=None, ge=0)
    max_unsure_share: float | None = Field(default=None, ge=0, le=1)
    max_deleted_share: float = Field(default=0.2, ge=0, le=1)
    max_drift: float | None = Field(default=None, ge=0)
    max_training_drift: float | None = Field(default=None, ge=0)
    fail_on_alert: bool = False


class RunConfig(_Section):
    """What a run leaves for monitoring."""

    metrics: str = ""


class NotifyConfig(_Section):
    """Where the three findings are sent (Apprise addresses); needs `pip install cxnlp[notify]`."""

    urls: tuple[str, ...] = ()


class Config(_Section):
    """The whole file, and the folder its paths are relative to."""

    export: ExportConfig
    journey: JourneyConfig = JourneyConfig()
    model: ModelConfig = ModelConfig()
    store: StoreConfig = StoreConfig()
    report: ReportConfig = ReportConfig()
    gates: GatesConfig = GatesConfig()
    run: RunConfig = RunConfig()
    notify: NotifyConfig = NotifyConfig()
    folder: Path = Path()

    def resolve(self, path: str) -> Path:
        """Return `path` as seen from the configuration's folder."""
        return Path(os.path.normpath((self.folder / Path(path).expanduser()).absolute()))

    def with_options(self, *, fail_on_alert: bool = False, budget: str = "") -> Config:
        """Return the configuration with what the command line adds."""
        gates = self.gates.model_copy(update={"fail_on_alert": self.gates.fail_on_alert or fail_on_alert})
        model = self.model.model_copy(update={"budget": budget or self.model.budget})
        return self.model_copy(update={"gates": gates, "model": model})

    def journey_path(self) -> Path | None:
        """Return the journey file, or None for the default journey."""
        return self.resolve(self.journey.path) if self.journey.path else None


def parse_config(toml_text: str, source: str, folder: Path) -> Config:
    """Parse a configuration; raise `ConfigError` naming `source` and every key that is wrong."""
    try:
        values = tomllib.loads(toml_text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{source}: not valid TOML: {error}") from error
    if "folder" in values:
        raise ConfigError(f"{source}: folder: unknown key")
    try:
        return Config.model_validate(values | {"folder": folder})
    except ValidationError as error:
        raise ConfigError(f"{source}: {describe_problems(error, Config, values)}") from error


def load_config(path: Path) -> Config:
    """Load a configuration file; raise `ConfigError` if it is missing or cannot be used."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: there is no such file; `cxnlp init` makes one") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as UTF-8 text: {error}") from error
    return parse_config(text, str(path), path.absolute().parent)


def default_config_toml() -> str:
    """Return the commented configuration that `cxnlp init` writes."""
    return files("cxnlp").joinpath("config.toml").read_text(encoding="utf-8")
