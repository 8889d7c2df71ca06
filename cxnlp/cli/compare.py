"""`cxnlp models compare`: before against after."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cxnlp.cli.models import LabelFiles, Sets, models_app
from cxnlp.console import logger
from cxnlp.errors import LabelsError

if TYPE_CHECKING:
    from cxnlp.model.compare import Comparison
    from cxnlp.model.predict import Predictor
    from cxnlp.taxonomy import Taxonomy


def register(_app: typer.Typer) -> None:
    """Add this module's command to `models`."""
    models_app.command()(compare)


def compare(
    before: Annotated[str, typer.Argument(help="The earlier model: its name or folder.")],
    after: Annotated[str, typer.Argument(help="The later one.")],
    labels: LabelFiles,
    sets: Sets = None,
    frozen: Annotated[
        list[Path] | None,
        typer.Option(
            "--frozen",
            help="Labelled files with the frozen gold; what both models keep from `evaluate --save` if not given.",
            show_default=False,
        ),
    ] = None,
    html_file: Annotated[Path | None, typer.Option("--html", help="Write one self-contained page (no texts).")] = None,
    seed: Annotated[int, typer.Option(help="Of the bootstrap.")] = 0,
) -> None:
    """Say whether a later model reads your own gold rows and the frozen ones better, worse, or cannot tell.

    Own gold rows are those of LABELS drawn at random (part `gold`), as labels/random holds them; there must be some.
    """
    from cxnlp.model import folder as folders
    from cxnlp.model.compare import compare_models, render, sentence
    from cxnlp.model.predict import Predictor
    from cxnlp.model.registry import resolve_model

    places = [resolve_model(before), resolve_model(after)]
    taxonomies = [folders.taxonomy_of(place) for place in places]
    later = taxonomies[1]
    readers = [Predictor.load(place) for place in places]
    comparisons: list[Comparison] = []
    for name, paths in (("your own gold", labels), ("the frozen gold", frozen)):
        if paths:
            lines = [gold_lines(reader, paths, later, sets) for reader in readers]
        else:
            kept = [kept_lines(place, known) for place, known in zip(places, taxonomies, strict=True)]
            if kept[0] is None or kept[1] is None:
                logger.info(
                    "no frozen gold: run `cxnlp evaluate LABELS --model MODEL --save --no-baselines` for both, LABELS "
                    "being those of the model in use; or give --frozen"
                )
                continue
            lines = [part for part in kept if part is not None]
        comparisons.append(compare_models(lines[0], lines[1], later, name, seed=seed))
    for comparison in comparisons:
        typer.echo(sentence(comparison))
        for change in (*comparison.tasks, *comparison.labels):
            if change.verdict != "cannot tell":
                where = f"{change.task}/{change.label}" if change.label else change.task
                typer.echo(
                    f"  {change.verdict}: {where}, F1 {change.before:.2f} before, {change.after:.2f} after "
                    f"({100 * change.low:+.1f} to {100 * change.high:+.1f} points)"
                )
        for (task, label), new in comparison.new_labels.items():
            typer.echo(f"  new: {task}/{label}: {new.words}")
    if html_file:
        page = render(comparisons, later, readers[0].version, readers[1].version)
        html_file.write_text(page, encoding="utf-8")
        typer.echo(str(html_file))


def gold_lines(
    reader: Predictor, files: list[Path], taxonomy: Taxonomy, sets: list[Path] | None
) -> list[dict[str, Any]]:
    """Return what a model says of the gold rows of labelled files, beside what people say by `taxonomy`.

    Raise `LabelsError` where no row is gold: a model reads what it was trained on better than anything it will meet.
    """
    from cxnlp.labelling.layout import guideline_version
    from cxnlp.labelling.rows import read_labelled
    from cxnlp.model.compare import read_gold

    frame = read_labelled(files, taxonomy, sets=tuple(sets or ()))
    rows = frame[frame["part"] == "gold"]
    if rows.empty:
        raise LabelsError(
            f"{', '.join(map(str, files))}: none of the {len(frame)} rows is marked gold (column `part`); models are "
            "compared on rows that none is trained on, as `labels import` puts them into labels/random"
        )
    predictions = reader.predict(list(rows["text"]), list(rows["author"]))
    said = [prediction.labels for prediction in predictions]
    return read_gold(rows, said, reader.taxonomy, taxonomy, guideline_version(taxonomy))


def kept_lines(folder: Path, taxonomy: Taxonomy) -> list[dict[str, Any]] | None:
    """Return the gold lines that a model's folder keeps from its evaluation, or None."""
    import json

    file = folder / "gold.jsonl"
    if not file.exists():
        return None
    knows = {task.name: list(task.label_names) for task in taxonomy.tasks}
    return [json.loads(line) | {"knows": knows} for line in file.read_text(encoding="utf-8").splitlines()]
