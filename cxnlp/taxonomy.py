"""The taxonomy: which tasks the model answers, and the labels of each.

Loaded from TOML (`load_taxonomy`). Any taxonomy works for training and classifying; the report needs the five tasks
of the default one (`REPORT_TASKS`), though its labels may be extended.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cxnlp.errors import TaxonomyError, describe_problems

REPORT_TASKS = ("emotions", "effort", "stance", "causes", "strengths")
RESERVED_NAMES = frozenset({"id", "text", "language", "author", "model", "confidence", "scores", "unsure", "windows"})

Kind = Literal["single", "multi", "ordinal"]
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]


class Label(BaseModel):
    """One label of a task; `layer`, `owner` and `information_prevents` matter to themes, `valence` to emotions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Identifier
    title: str = ""
    definition: str = ""
    valence: Literal["positive", "negative"] | None = None
    layer: str | None = None
    owner: str | None = None
    information_prevents: bool = False

    @property
    def display(self) -> str:
        """The friendly name."""
        return self.title or self.name.replace("_", " ")


class Task(BaseModel):
    """One question the model answers about a text.

    `single` and `ordinal` tasks hold exactly one label, ordinal ones in the order given; `multi` tasks any number.
    `none` names the label that means "nothing to say" in a single or ordinal task, if there is one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Identifier
    title: str = ""
    kind: Kind
    definition: str = ""
    none: str | None = None
    exclusive: tuple[tuple[str, ...], ...] = ()
    labels: tuple[Label, ...] = Field(min_length=1)

    @property
    def label_names(self) -> tuple[str, ...]:
        """Identifiers in the order of the file: the order of the model's outputs."""
        return tuple(label.name for label in self.labels)

    def label(self, name: str) -> Label:
        """Return the label called `name`; raise `TaxonomyError` when there is none."""
        for label in self.labels:
            if label.name == name:
                return label
        raise TaxonomyError(f"task {self.name!r} has no label {name!r}; it has {', '.join(self.label_names)}")

    @model_validator(mode="after")
    def _is_consistent(self) -> Task:
        names = self.label_names
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"task {self.name!r} names {', '.join(twice)} more than once")
        if self.name in RESERVED_NAMES:
            raise ValueError(f"task name {self.name!r} is the name of a column of its own")
        if self.kind != "multi" and len(names) < 2:
            raise ValueError(f"task {self.name!r} is {self.kind} and needs at least two labels, found {len(names)}")
        if self.kind == "multi" and self.none is not None:
            raise ValueError(f"task {self.name!r} is multi: an empty list says none, so it takes no `none`")
        known = [name for group in self.exclusive for name in group] + ([self.none] if self.none else [])
        unknown = [name for name in known if name not in names]
        if unknown:
            raise ValueError(f"task {self.name!r} refers to labels it does not have: {', '.join(unknown)}")
        return self


class Taxonomy(BaseModel):
    """All tasks, in the order of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: int = 1
    tasks: tuple[Task, ...] = Field(min_length=1)

    @property
    def task_names(self) -> tuple[str, ...]:
        """Identifiers of the tasks, in order."""
        return tuple(task.name for task in self.tasks)

    def task(self, name: str) -> Task:
        """Return the task called `name`; raise `TaxonomyError` when there is none."""
        for task in self.tasks:
            if task.name == name:
                return task
        raise TaxonomyError(f"the taxonomy has no task {name!r}; it has {', '.join(self.task_names)}")

    @property
    def fingerprint(self) -> str:
        """Twelve hex digits that change when a task, its kind or its labels change (not when wording does)."""
        shape = [(task.name, task.kind, task.label_names, task.none, task.exclusive) for task in self.tasks]
        return hashlib.sha256(json.dumps(shape).encode()).hexdigest()[:12]

    def extends(self, other: Taxonomy) -> bool:
        """Whether every task of the other is here, of the same kind and with all its labels."""
        mine = {task.name: task for task in self.tasks}
        return all(
            task.name in mine
            and mine[task.name].kind == task.kind
            and mine[task.name].none == task.none
            and set(task.label_names) <= set(mine[task.name].label_names)
            for task in other.tasks
        )

    def serves_report(self) -> bool:
        """Whether the report's five tasks are all here."""
        return all(name in self.task_names for name in REPORT_TASKS)

    @model_validator(mode="after")
    def _is_consistent(self) -> Taxonomy:
        names = self.task_names
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"tasks named more than once: {', '.join(twice)}")
        return self


def parse_taxonomy(toml_text: str, source: str = "taxonomy") -> Taxonomy:
    """Parse a taxonomy from TOML text; raise `TaxonomyError` naming `source` and the place of each problem."""
    try:
        values = tomllib.loads(toml_text)
    except tomllib.TOMLDecodeError as error:
        raise TaxonomyError(f"{source}: not valid TOML: {error}") from error
    try:
        return Taxonomy.model_validate(values)
    except ValidationError as error:
        raise TaxonomyError(f"{source}: {describe_problems(error, Taxonomy, values)}") from error


def load_taxonomy(path: Path | None = None) -> Taxonomy:
    """Load a taxonomy file, or the default one when `path` is None; raise `TaxonomyError` if it cannot be used."""
    if path is None:
        return default_taxonomy()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TaxonomyError(f"{path}: cannot be read as UTF-8 text: {error}") from error
    return parse_taxonomy(text, str(path))


def default_taxonomy_toml() -> str:
    """Return the text of the taxonomy that ships with cxnlp."""
    return files("cxnlp").joinpath("taxonomy.toml").read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def default_taxonomy() -> Taxonomy:
    """Return the taxonomy that ships with cxnlp."""
    return parse_taxonomy(default_taxonomy_toml(), "cxnlp/taxonomy.toml")
