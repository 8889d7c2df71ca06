"""Write docs/commands.md from the commands' own help.

    python scripts/document_commands.py

A test fails when the file is not what this writes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from cxnlp.cli import app, register

PATH = Path(__file__).resolve().parents[1] / "docs" / "commands.md"
HEAD = """# Commands

Written by `python scripts/document_commands.py` from each command's own help (`cxnlp COMMAND --help`).

Results go to stdout, messages to stderr; progress bars are shown on a terminal only. Before any command:
`--quiet` leaves warnings and errors, `--log-format json` writes one JSON object a line.

| status | means |
| --- | --- |
| 0 | done |
| 1 | an unexpected failure (its kind and place are printed; `CXNLP_TRACEBACK=1` shows all of it) |
| 2 | wrong usage |
| 3 | bad configuration, input or model; nothing was changed |
| 4 | another run holds the store |
| 5 | done, but a gate asked for in the configuration failed |
| 143, 130 | stopped by SIGTERM or SIGINT where nothing was half done; the next run goes on |
"""


def walk(command: Any, name: str) -> list[tuple[str, Any]]:
    """Return every command below this one with its full name."""
    if not hasattr(command, "commands"):
        return [(name, command)]
    return [found for verb, below in command.commands.items() for found in walk(below, f"{name} {verb}")]


def all_commands() -> list[tuple[str, Any]]:
    """Return all commands, `cxnlp …` first."""
    register.register_all(app)
    return sorted(dict(walk(typer.main.get_command(app), "cxnlp")).items())


def spelling(parameter: Any) -> str:
    """Return how a parameter is written: an argument's name, or every spelling of an option and of its opposite."""
    if parameter.param_type_name == "argument":
        return f"`{parameter.name.upper()}`"
    spelled = ", ".join(f"`{option}`" for option in parameter.opts)
    opposites = ", ".join(f"`{option}`" for option in parameter.secondary_opts)
    return f"{spelled} / {opposites}" if opposites else spelled


def unless_given(parameter: Any) -> str:
    """Return what holds when a parameter is not given: a value, off, the opposite's name; "" where that is nothing."""
    if parameter.required:
        return " Required."
    default = parameter.default
    if default is None or default in ("", ()):
        return ""
    if getattr(parameter, "is_flag", False):
        sides = parameter.opts if default else parameter.secondary_opts
        return f" Default: `{sides[0]}`." if sides else " Default: off."
    return f" Default: `{default}`."


def describe(name: str, command: Any) -> str:
    """Return the section of one command."""
    lines = [f"\n## `{name}`", "", command.help.strip().replace("\n    ", "\n"), ""]
    rows = []
    for parameter in command.params:
        if parameter.name == "help":
            continue
        what = (getattr(parameter, "help", "") or "").replace("|", "/")
        rows.append(f"| {spelling(parameter)} | {what}{unless_given(parameter)} |")
    return "\n".join([*lines, "| | |", "| --- | --- |", *rows] if rows else lines).rstrip("\n") + "\n"


def render() -> str:
    """Return the whole file."""
    return HEAD + "".join(describe(name, command) for name, command in all_commands())


if __name__ == "__main__":
    PATH.write_text(render(), encoding="utf-8")
