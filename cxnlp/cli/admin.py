"""`cxnlp init`, `doctor`, `runs`, `forget`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cxnlp.cli.options import DEFAULT_CONFIG, ConfigOption


def init(
    folder: Annotated[Path, typer.Argument(help="Where to lay it out; the current folder when not given.")] = Path(),
) -> None:
    """Lay out a folder of your own: cxnlp.toml, taxonomy.toml and journey.toml, each commented.

    Files that are there already are left as they are.
    """
    from cxnlp.layout import lay_out

    for path, made in lay_out(folder):
        typer.echo(f"{'made ' if made else 'kept '} {path}")
    config, journey = folder / "cxnlp.toml", folder / "journey.toml"
    typer.echo(
        f"\nNext:\n  cxnlp inspect YOUR_EXPORT\n"
        f"    put the lines that it proposes into {config}, in place of [export] and [export.columns]\n"
        f"    name your touchpoint values in {journey}\n"
        f"  cxnlp run --config {config}"
    )


def doctor(
    config: Annotated[Path | None, typer.Option("--config", "-c", help="Check this configuration too.")] = None,
) -> None:
    """Say what is missing or slow on this machine, and what to do about it."""
    from cxnlp.doctor import examine

    checks = examine(config)
    for check in checks:
        typer.echo(f"{check.state:8}{check.subject}: {check.finding}")
        if check.advice:
            typer.echo(f"        → {check.advice}")
    if any(check.state == "missing" for check in checks):
        raise typer.Exit(3)


def runs(
    config: ConfigOption = DEFAULT_CONFIG,
    last: Annotated[int, typer.Option(min=1, help="How many of the newest runs.")] = 14,
    as_json: Annotated[bool, typer.Option("--json", help="The full run records, one JSON object a line.")] = False,
) -> None:
    """List the runs: when, how they ended, what they read and classified, how long they took.

    Also while one is running. A run without a number failed before it opened the store.
    """
    import json

    from cxnlp.config import load_config
    from cxnlp.console import logger
    from cxnlp.history import list_runs

    entries, told = list_runs(load_config(config), last)
    if told:
        logger.warning("%s", told)
    if as_json:
        for entry in entries:
            typer.echo(json.dumps(entry, sort_keys=True))
        return
    typer.echo(
        f"{'run':>5}  {'started (UTC)':16}  {'status':12}  {'read':>9}  {'rejected':>8}  "
        f"{'classified':>10}  {'seconds':>8}"
    )
    for entry in entries:
        record, number = entry["record"], entry["run"] or "-"
        typer.echo(
            f"{number:>5}  {entry['started'][:16]}  {entry['status']:12}  {record.get('rows_read', 0):>9,}  "
            f"{sum(record.get('rejected_by_reason', {}).values()):>8,}  {record.get('texts_classified', 0):>10,}  "
            f"{sum(record.get('seconds', {}).values()):>8.1f}"
        )


def forget(
    ids: Annotated[list[str], typer.Option("--id", help="Id of a row whose feedback is to be erased; repeatable.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Erase a person's feedback from the store, its copy and its predictions, and rebuild the report without it.

    Earlier reports that quote it are removed. Rows still in the export are not read again: their ids are remembered
    as hashes.
    """
    from cxnlp.config import load_config
    from cxnlp.pipeline import forget as erase

    outcome = erase(load_config(config), ids)
    typer.echo(f"erased {outcome.erased} records; {outcome.unknown} of the ids were not in the store")
    for folder in outcome.reports:
        typer.echo(f"removed {folder}: it quoted them")
    typer.echo("The export itself, and copies that you made of store or reports, are yours to clean.")


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    for command in (init, doctor, runs, forget):
        app.command()(command)
