"""Which modules bring which commands."""

from __future__ import annotations

from importlib import import_module

import typer

COMMAND_MODULES = ("run", "data", "models", "compare", "labels", "admin")


def register_all(app: typer.Typer) -> None:
    """Add every module's commands to `app`."""
    for name in COMMAND_MODULES:
        import_module(f"cxnlp.cli.{name}").register(app)
