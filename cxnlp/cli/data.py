"""`cxnlp inspect`: look at an export before it is read."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(inspect)


def inspect(
    export: Annotated[
        str, typer.Argument(metavar="EXPORT", help="A file, a folder, or a pattern such as 'exports/*.csv'.")
    ] = "",
    config: Annotated[
        Path | None,
        typer.Option("--config", help="Try the columns of this configuration instead of proposing them."),
    ] = None,
) -> None:
    """Show what an export holds, propose its columns, and say which rows would be set aside, and why."""
    from cxnlp.config import ExportConfig, load_config
    from cxnlp.errors import WrongUsageError
    from cxnlp.ingest.inspect import inspect_export
    from cxnlp.ingest.inspect_text import render
    from cxnlp.ingest.sources import find_files, reading_day
    from cxnlp.journey import default_journey, load_journey

    if not export and config is None:
        raise WrongUsageError("expected EXPORT, --config, or both")
    journey, configured, folder = default_journey(), None, Path.cwd()
    if config is not None:
        settings = load_config(config)
        journey, configured, folder = load_journey(settings.journey_path()), settings.export, settings.folder
    if export:
        files = find_files(ExportConfig(path=export), Path.cwd())
        if configured and configured.query:
            raise WrongUsageError(f"{config}: reads a query; leave EXPORT out")
    else:
        assert configured
        files = find_files(configured, folder)
    for place, file in enumerate(files):
        found = inspect_export(file, journey, configured, reading_day(date.today()))
        typer.echo(("\n" if place else "") + render(found, Path(export).expanduser() if export else None), nl=False)
