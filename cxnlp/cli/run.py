"""`cxnlp run`, `report`, `classify`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cxnlp.cli.options import DEFAULT_CONFIG, ConfigOption


def run(
    config: ConfigOption = DEFAULT_CONFIG,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be read and classified; change nothing.")
    ] = False,
    fail_on_alert: Annotated[
        bool, typer.Option("--fail-on-alert", help="End with status 5 when the report holds an early warning.")
    ] = False,
    budget: Annotated[
        str, typer.Option(help="Time that may go into re-reading old rows with a new model: 90s, 30m, 2h.")
    ] = "",
) -> None:
    """Do the nightly job: read the export, classify what is new, aggregate, publish the report.

    Safe to repeat: the same export twice classifies nothing and leaves the same report. A run that died is simply
    run again.
    """
    from cxnlp import pipeline
    from cxnlp.config import load_config

    settings = load_config(config).with_options(fail_on_alert=fail_on_alert, budget=budget)
    if dry_run:
        from cxnlp.dry_run import plan

        planned = plan(settings)
        for file in planned.files:
            told = f"{file.rows:,} rows, {file.rejected:,} would be set aside"
            typer.echo(f"{file.file}: {'unchanged, would not be read again' if file.unchanged else told}")
        typer.echo(f"{planned.texts:,} texts would be classified by {planned.model}")
        return
    outcome = pipeline.run(settings)
    record = outcome.record
    typer.echo(
        f"{record.rows_read:,} rows read, {record.rejected:,} set aside; {record.records_new:,} records new, "
        f"{record.records_edited:,} edited, {record.records_deleted:,} deleted, {record.records_expired:,} expired; "
        f"{record.texts_classified:,} texts classified, "
        f"{record.texts_reused:,} known already"
    )
    typer.echo(f"report: {outcome.report / 'index.html'}")


def report(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Rebuild today's report from the store, without reading the export or loading the model."""
    from cxnlp import pipeline
    from cxnlp.config import load_config

    typer.echo(f"report: {pipeline.rebuild_report(load_config(config)) / 'index.html'}")


def classify(
    export: Annotated[Path, typer.Argument(help="CSV, TSV, XLSX, JSON Lines or Parquet; .gz too.")],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Where to: .jsonl, .csv, .parquet, .xlsx; .gz of the first two.")
    ],
    model: Annotated[str, typer.Option(help="A model folder or registered name.")] = "",
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Take the column mapping and model from this configuration.")
    ] = None,
    column: Annotated[list[str] | None, typer.Option(help="canonical=own, such as text=comment; repeatable.")] = None,
    scores: Annotated[bool, typer.Option("--scores", help="Add the probability of every label.")] = False,
) -> None:
    """Label any file: it needs only `id` and `text` (and `author`, `reply` where there are any), or a mapping."""
    from cxnlp.classify import classify as classify_file
    from cxnlp.cli.options import export_config
    from cxnlp.config import load_config
    from cxnlp.console import logger, progress
    from cxnlp.model.predict import Predictor
    from cxnlp.model.registry import resolve_model
    from cxnlp.pipeline import model_folder

    settings = load_config(config) if config else None
    mapping = export_config(export, settings, column or [])
    folder = model_folder(settings) if settings and not model else resolve_model(model or "default")
    predictor = Predictor.load(folder)
    with progress("classifying", None) as advance:
        done = classify_file(export, mapping, predictor, out, scores=scores, advance=advance)
    typer.echo(f"{done.texts:,} texts labelled, {done.without_text:,} rows without text → {out}")
    if done.rejected_path:
        logger.warning("%d of %d rows were set aside: %s", done.rejected, done.rows, done.rejected_path)


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    for command in (run, report, classify):
        app.command()(command)
