"""What can go wrong, and the exit status of each.

    CxnlpError                      1  an unexpected failure
    ├── WrongUsageError             2  the command was called wrongly
    ├── BadInputError               3  configuration, input or model cannot be used; nothing was changed
    │   ├── ConfigError
    │   ├── ExportError
    │   ├── LabelsError
    │   ├── TaxonomyError
    │   ├── ModelError
    │   └── StoreError
    ├── StoreLockedError            4  another run holds the store
    └── GateError                   5  done, but a gate asked for in the configuration failed

Status 143 (130): stopped by SIGTERM (SIGINT) where nothing was half done; the next run goes on.

A message names the file, line and column, what was found and what was expected. It never quotes customer text.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError


class CxnlpError(Exception):
    """Base of every error that cxnlp raises on purpose."""

    exit_status = 1


class WrongUsageError(CxnlpError):
    """The command was called with arguments that do not fit together."""

    exit_status = 2


class BadInputError(CxnlpError):
    """Configuration, input or model cannot be used; nothing was changed."""

    exit_status = 3


class ConfigError(BadInputError):
    """A configuration file is missing, unreadable or says something impossible."""


class ExportError(BadInputError):
    """An export cannot be read at all (a bad row in a good export is set aside instead)."""


class LabelsError(BadInputError):
    """A labelled file or workbook holds something the taxonomy does not know, or too little."""


class TaxonomyError(BadInputError):
    """A taxonomy file contradicts itself, or does not fit the model or the labels."""


class ModelError(BadInputError):
    """A model folder is missing, broken, tampered with or cannot be reached."""


class StoreError(BadInputError):
    """The store is broken, or was written by a newer cxnlp."""


class StoreLockedError(CxnlpError):
    """Another run holds the store."""

    exit_status = 4


class GateError(CxnlpError):
    """The job is done, but a gate asked for in the configuration failed."""

    exit_status = 5


class Stopped(BaseException):
    """The process was asked to end by a signal; raised where nothing is half done. Its text names the signal."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number

    @property
    def exit_status(self) -> int:
        """The status that shells and supervisors know for a process that a signal ended: 143 for SIGTERM."""
        return 128 + self.number


def describe_problems(error: ValidationError, model: type[BaseModel], values: Mapping[str, Any]) -> str:
    """Say in one line what is wrong with a configuration file, key by key; of an unknown key, which there are.

    `values` is what was read and `model` what it should be: entries of a list are called by their `name`.
    """
    return "; ".join(
        f"{_place(problem['loc'], values) or 'file'}: "
        + (
            f"unknown key; known are {_keys(problem['loc'], model)}"
            if problem["type"] == "extra_forbidden"
            else problem["msg"]
        )
        for problem in error.errors(include_url=False)
    )


def _place(steps: Sequence[int | str], values: Any) -> str:
    """Return the way to a value: `tasks[causes].labels[delivery].owner`; by its number, from 1, what has no name."""
    told = ""
    for step in steps:
        try:
            values = values[step]
        except (KeyError, IndexError, TypeError):
            values = None
        if isinstance(step, int):
            name = values.get("name") if isinstance(values, Mapping) else None
            told += f"[{name if isinstance(name, str) else step + 1}]"
        else:
            told += f".{step}" if told else step
    return told


def _keys(steps: Sequence[int | str], model: type[BaseModel]) -> str:
    """Return the keys that stand where the last of `steps` was found."""
    for step in steps[:-1]:
        if isinstance(step, str) and step in model.model_fields:
            model = _model_of(model.model_fields[step].annotation) or model
    return ", ".join(model.model_fields)


def _model_of(annotation: Any) -> type[BaseModel] | None:
    """Return the model in an annotation such as `tuple[Label, ...]` or `Gates | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_of(part))), None)
