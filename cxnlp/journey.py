"""The customer journey: touchpoints with their stage, what each promises and means to evoke, and the rules that
place a row that names no touchpoint."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from cxnlp.errors import ConfigError, describe_problems

Stage = Literal["before", "during", "after"]
STAGES: tuple[Stage, ...] = ("before", "during", "after")


class Touchpoint(BaseModel):
    """One place where customer and company meet.

    `values` are what the export's own column calls it (the name itself always counts, letter case never does).
    `promise` is what the company states; `broken_by` the causes that break it, `kept_by` the strengths that keep it
    (the same themes, when not given). `intended_emotions` are those the company means to evoke.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    title: str = ""
    stage: Stage
    owner: str = ""
    values: tuple[str, ...] = ()
    promise: str = ""
    broken_by: tuple[str, ...] = ()
    kept_by: tuple[str, ...] = ()
    intended_emotions: tuple[str, ...] = ()

    @property
    def display(self) -> str:
        """The friendly name."""
        return self.title or self.name.replace("_", " ")


class Rule(BaseModel):
    """Place a row at `touchpoint` when the export's own `column` matches the regular expression `matches`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    touchpoint: str
    column: str
    matches: str

    @field_validator("matches")
    @classmethod
    def _compiles(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"{value!r} is not a regular expression: {error}") from error
        return value


class Journey(BaseModel):
    """All touchpoints in the order of the journey, and the rules in the order they are tried."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    touchpoints: tuple[Touchpoint, ...] = Field(min_length=1)
    rules: tuple[Rule, ...] = ()

    @model_validator(mode="after")
    def _is_consistent(self) -> Journey:
        names = [touchpoint.name for touchpoint in self.touchpoints]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"touchpoints named more than once: {', '.join(twice)}")
        unknown = sorted({rule.touchpoint for rule in self.rules} - set(names))
        if unknown:
            raise ValueError(f"rules lead to touchpoints that are not in the journey: {', '.join(unknown)}")
        return self


def parse_journey(toml_text: str, source: str) -> Journey:
    """Parse a journey from TOML text; raise `ConfigError` naming `source` and the place of each problem."""
    try:
        values = tomllib.loads(toml_text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{source}: not valid TOML: {error}") from error
    try:
        return Journey.model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"{source}: {describe_problems(error, Journey, values)}") from error


def load_journey(path: Path | None = None) -> Journey:
    """Load a journey file, or the default one when `path` is None; raise `ConfigError` if it cannot be used."""
    if path is None:
        return default_journey()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as UTF-8 text: {error}") from error
    return parse_journey(text, str(path))


def default_journey_toml() -> str:
    """Return the text of the journey that ships with cxnlp."""
    return files("cxnlp").joinpath("journey.toml").read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def default_journey() -> Journey:
    """Return the journey that ships with cxnlp."""
    return parse_journey(default_journey_toml(), "cxnlp/journey.toml")
