"""`cxnlp train`, `cxnlp evaluate`, `cxnlp models …`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cxnlp.console import logger
from cxnlp.console import progress as progress_bar
from cxnlp.errors import LabelsError

if TYPE_CHECKING:
    from cxnlp.model.examples import Examples
    from cxnlp.taxonomy import Taxonomy

models_app = typer.Typer(no_args_is_help=True, help="Model versions and the base encoder.", rich_markup_mode=None)

LabelFiles = Annotated[
    list[Path], typer.Argument(help="Labelled files (CSV, JSON Lines), or folders of them.", show_default=False)
]
Sets = Annotated[
    list[Path] | None,
    typer.Option("--sets", help="Folder with the texts of public sets whose labels are kept without text."),
]


def register(app: typer.Typer) -> None:
    """Add this module's commands to `app`."""
    app.command()(train)
    app.command()(evaluate)
    app.add_typer(models_app, name="models")


def label_files(paths: list[Path]) -> list[Path]:
    """Return the files meant: folders stand for the labelled files in and below them."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(file for file in path.rglob("*") if file.suffix in (".csv", ".jsonl"))
            if not inside:
                raise LabelsError(f"{path}: holds no labelled file (.csv or .jsonl)")
            found += inside
        else:
            found.append(path)
    return found


def read_examples(paths: list[Path], taxonomy: Taxonomy, sets: list[Path] | None) -> Examples:
    """Read labelled files as examples."""
    from cxnlp.labelling.rows import read_labelled
    from cxnlp.model.examples import from_frame

    return from_frame(read_labelled(label_files(paths), taxonomy, sets=tuple(sets or ())), taxonomy)


def train(
    labels: LabelFiles,
    out: Annotated[Path, typer.Option(help="Folder to write the model to, usually models/NAME.")],
    taxonomy: Annotated[Path | None, typer.Option(help="Taxonomy file; the default one if not given.")] = None,
    base: Annotated[str, typer.Option(help="Base encoder: a pulled name or a folder.")] = "multilingual-e5-small",
    sets: Sets = None,
    seed: Annotated[int, typer.Option(help="Decides everything that is drawn by chance.")] = 13,
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the rows, at most.")] = None,
) -> None:
    """Fine-tune a model on labelled rows, for any taxonomy."""
    from dataclasses import replace

    from cxnlp.taxonomy import default_taxonomy_toml, load_taxonomy

    settled = load_taxonomy(taxonomy)
    toml = default_taxonomy_toml() if taxonomy is None else taxonomy.read_text(encoding="utf-8")
    examples = read_examples(labels, settled, sets)

    from cxnlp.model.build import build
    from cxnlp.model.train import TrainSettings

    settings = replace(TrainSettings(), seed=seed)
    if epochs:
        settings = replace(settings, epochs=epochs)
    with progress_bar("training", None) as advance:

        def report(done: int, total: int, loss: float) -> None:
            advance(1, f"step {done} of {total}, loss {loss:.3f}")

        built = build(examples, toml, out, base=base, settings=settings, report=report, say=logger.info)
    typer.echo(f"{out}: trained on {built.trained_on} rows in {built.seconds / 60:.1f} min, {len(built.epochs)} passes")


def evaluate(
    labels: LabelFiles,
    model: Annotated[str, typer.Option(help="A model's folder, or its name under models/.")] = "default",
    sets: Sets = None,
) -> None:
    """Score a model on labelled gold rows, with intervals, beside the baselines."""
    raise NotImplementedError


@models_app.command()
def pull(
    name: Annotated[str, typer.Argument(help="Base encoder: the default one, or any encoder's name on the hub.")] = (
        "multilingual-e5-small"
    ),
    if_missing: Annotated[bool, typer.Option("--if-missing", help="Say nothing when it is here already.")] = False,
) -> None:
    """Fetch a base encoder into models/base/ (the only command that uses the network)."""
    from cxnlp.model.base import base_folder
    from cxnlp.model.base import pull as fetch

    here = base_folder(name)
    complete = (here / "model.safetensors").exists() and (here / "tokenizer.json").exists()
    if complete and if_missing:
        return
    folder = fetch(name, say=logger.info)
    typer.echo(str(folder))


def _unused() -> Any:  # pragma: no cover
    return None
