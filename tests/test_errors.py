"""Every error has its exit status, and the tree in the docstring is the tree in the code."""

from __future__ import annotations

import re

import pytest

from cxnlp import errors
from cxnlp.errors import CxnlpError, Stopped

STATUSES = {
    "CxnlpError": 1,
    "WrongUsageError": 2,
    "BadInputError": 3,
    "StoreLockedError": 4,
    "GateError": 5,
}


def classes() -> dict[str, type[CxnlpError]]:
    return {
        name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, CxnlpError)
    }


def test_the_docstring_draws_every_error() -> None:
    drawn = set(re.findall(r"\b[A-Z]\w+Error\b", errors.__doc__ or ""))
    assert drawn == set(classes())


@pytest.mark.parametrize(("name", "status"), STATUSES.items())
def test_exit_statuses(name: str, status: int) -> None:
    assert classes()[name].exit_status == status


def test_bad_input_of_every_kind_is_status_3() -> None:
    for name in ("ConfigError", "ExportError", "LabelsError", "TaxonomyError", "ModelError", "StoreError"):
        assert classes()[name].exit_status == 3


def test_being_stopped_is_no_error_that_a_handler_swallows() -> None:
    assert not issubclass(Stopped, Exception)
    assert (Stopped(15).exit_status, Stopped(2).exit_status, str(Stopped(15))) == (143, 130, "SIGTERM")
