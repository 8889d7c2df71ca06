"""What the commands say: messages on stderr (plain or JSON), progress bars on a terminal only.

Customer text never passes through here.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Literal, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

LogFormat = Literal["text", "json"]
logger = logging.getLogger("cxnlp")


class Advance(Protocol):
    """Call with the number of items that were just done, and optionally a word on how it stands."""

    def __call__(self, done: int, note: str = "") -> None:
        """Report `done` further items."""


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, message, and whatever `extra={'data': {...}}` holds."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        entry: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        entry.update(getattr(record, "data", {}))
        return json.dumps(entry, ensure_ascii=False, default=str)


def set_up_logging(log_format: LogFormat, quiet: bool = False) -> None:
    """Send cxnlp's messages to stderr; `quiet` leaves warnings and errors."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if log_format == "json" else logging.Formatter("%(message)s"))
    logger.handlers[:] = [handler]
    logger.setLevel(logging.WARNING if quiet else logging.INFO)
    logger.propagate = False


@contextmanager
def progress(description: str, total: int | None) -> Iterator[Advance]:
    """Show a progress bar with time left while the block runs; silent where stderr is no terminal."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bars:
        task = bars.add_task(description, total=total, note="")

        def advance(done: int, note: str = "") -> None:
            bars.update(task, advance=done, note=note)

        yield advance
