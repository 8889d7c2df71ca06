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

from pydantic import ValidationError


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


def describe_problems(error: ValidationError) -> str:
    """Say in one line what is wrong with a configuration file, key by key."""
    return "; ".join(
        f"{'.'.join(str(part) for part in problem['loc']) or 'file'}: {problem['msg']}"
        for problem in error.errors(include_url=False)
    )
