"""The `cxnlp` command: flags, messages, exit status; no logic.

Commands import what they need when they are called, so that `cxnlp --help` answers at once.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from cxnlp.console import LogFormat, logger, set_up_logging
from cxnlp.errors import CxnlpError

app = typer.Typer(
    name="cxnlp",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Reads what customers wrote and sets it against the stars they gave.",
    epilog="Exit status: 0 done · 1 unexpected failure · 2 wrong usage · 3 bad configuration, input or model "
    "(nothing changed) · 4 another run holds the store · 5 done, but a gate failed.",
)


@app.callback()
def common(
    log_format: Annotated[
        LogFormat, typer.Option(help="Messages on stderr as plain text or one JSON object a line.")
    ] = "text",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only warnings and errors.")] = False,
) -> None:
    """Hold what all commands share."""
    set_up_logging(log_format, quiet)


def main() -> None:
    """Run the command line; turn each error into its message and exit status."""
    # before torch is loaded: threads that spin while they wait make it several times slower on busy cores
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from cxnlp.cli import register

    register.register_all(app)
    try:
        app()
    except CxnlpError as error:
        logger.error("error: %s", error)
        sys.exit(error.exit_status)
