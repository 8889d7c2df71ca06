"""The `cxnlp` command: flags, messages, exit status; no logic.

Commands import what they need when they are called, so that `cxnlp --help` answers at once.
"""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer

from cxnlp.console import LogFormat, logger, set_up_logging
from cxnlp.errors import CxnlpError, Stopped

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
    os.umask(0o077)  # whatever a command writes is its owner's alone
    from cxnlp.cli import register

    register.register_all(app)
    try:
        app()
    except CxnlpError as error:
        logger.error("error: %s", error)
        sys.exit(error.exit_status)
    except Stopped as stop:
        logger.warning("stopped by %s; the next run goes on from here", stop)
        sys.exit(stop.exit_status)
    except Exception as error:
        if os.environ.get("CXNLP_TRACEBACK"):
            raise
        logger.error("unexpected %s", describe_unexpected(error))
        sys.exit(CxnlpError.exit_status)


def describe_unexpected(error: Exception) -> str:
    """Return kind and place of an error that cxnlp did not raise on purpose; its message may quote customers."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "cxnlp" in frame.filename] or list(frames)
    places = ", ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in own[-3:])
    return f"{type(error).__name__} at {places}; set CXNLP_TRACEBACK=1 to see all of it (it may quote customers)"
