"""`cxnlp train`, `cxnlp evaluate`, `cxnlp models …`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cxnlp.cli.options import TaxonomyOption, find_taxonomy
from cxnlp.console import logger
from cxnlp.console import progress as progress_bar
from cxnlp.errors import WrongUsageError

if TYPE_CHECKING:
    import pandas as pd

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


def read_examples(
    paths: list[Path], taxonomy: Taxonomy, sets: list[Path] | None, *, need_text: bool = True
) -> Examples:
    """Read labelled files as examples; without `need_text` nor `sets`, rows of public sets are left out."""
    from cxnlp.labelling.rows import NOT_JOINED, read_labelled
    from cxnlp.model.examples import from_frame

    frame = read_labelled(paths, taxonomy, sets=tuple(sets or ()), need_text=need_text or bool(sets))
    here = frame["text"] != NOT_JOINED
    missing = int((~here).sum())
    if missing:
        logger.warning(
            "%s of %s labelled rows are left out: they belong to public sets whose texts are not here (--sets FOLDER)",
            f"{missing:,}",
            f"{len(frame):,}",
        )
    return from_frame(frame[here], taxonomy)


def train(
    out: Annotated[
        Path,
        typer.Option(
            help="Folder to write the model to, usually models/NAME; an earlier model there is "
            "replaced, but not one in use by promotion, nor anything else."
        ),
    ],
    labels: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Labelled files (CSV, JSON Lines), or folders of them; may be left out with --adapt.",
            show_default=False,
        ),
    ] = None,
    taxonomy: TaxonomyOption = None,
    base: Annotated[
        str, typer.Option(help="Where to start: a base encoder, or a trained model's name or folder.")
    ] = "multilingual-e5-small",
    beside: Annotated[
        list[Path] | None,
        typer.Option(help="Labelled files that a trained model is not to unlearn; only with such a --base."),
    ] = None,
    export: Annotated[
        str | None,
        typer.Option(
            "--adapt",
            metavar="EXPORT",
            help="An export without labels (file, folder or pattern) whose texts the model gets used to first, its "
            "stars being weak labels; only with --beside.",
        ),
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="Configuration that names the columns of --adapt's export.")
    ] = None,
    sets: Sets = None,
    seed: Annotated[int, typer.Option(help="Decides everything that is drawn by chance.")] = 13,
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the rows, at most.")] = None,
) -> None:
    """Fine-tune a model on labelled rows, for any taxonomy.

    From a trained model (--base NAME) your own rows are learnt beside those it should keep (--beside); how much yours
    weigh is chosen on validation rows. With --adapt EXPORT the model first gets used to the texts of an export.
    """
    import time
    from collections import deque
    from dataclasses import replace

    from cxnlp.model.registry import check_out, trained_folder

    check_out(out)
    settled, toml = find_taxonomy(taxonomy)
    start = trained_folder(base)
    if beside and start is None:
        raise WrongUsageError(f"--beside needs a trained model as --base; {base!r} is none")
    if export and not beside:
        raise WrongUsageError("--adapt needs --beside: labelled rows that keep what the model knows")
    if config and not export:
        raise WrongUsageError("--config names the columns of --adapt's export; there is no --adapt")
    if not labels and not export:
        raise WrongUsageError("expected LABELS, --adapt EXPORT, or both")
    examples = read_examples(labels, settled, sets) if labels else None
    others = read_examples(beside, settled, sets, need_text=False) if beside else None

    from cxnlp.model.build import build
    from cxnlp.model.train import TrainSettings
    from cxnlp.model.weak import weakly_labelled

    weak = weakly_labelled(read_export_texts(export, config), settled, seed) if export else None

    settings = replace(TrainSettings(), seed=seed)
    if epochs:
        settings = replace(settings, epochs=epochs)
    started: list[float] = []
    with progress_bar("training", None) as advance:
        recent: deque[float] = deque(maxlen=20)

        def report(done: int, total: int, loss: float) -> None:
            recent.append(loss)
            if done == 1:
                started.append(time.monotonic())
            left = (time.monotonic() - started[-1]) / max(1, done - 1) * (total - done)
            how = f"step {done} of {total}, loss {sum(recent) / len(recent):.3f}, {left / 60:.1f} min left at most"
            advance(1, how)
            if done % max(1, total // 20) == 0:
                logger.info(how)

        if start is not None:
            from cxnlp.model.adapt import PASSES_ALONE, PASSES_BESIDE_OTHERS, adapt

            passes = epochs or (PASSES_BESIDE_OTHERS if beside else PASSES_ALONE)
            chosen = replace(settings, epochs=passes)
            adapted = adapt(
                examples, others, toml, out, model=start, weak=weak, settings=chosen, report=report, say=logger.info
            )
            own = f"{adapted.own_rows} own rows" if examples is not None else ""
            if own and beside:
                own += f", each {adapted.emphasis}×, beside {adapted.other_rows}"
            warm = f"{adapted.weak_rows} texts with stars" if weak is not None else ""
            what = " and ".join(part for part in (warm, own) if part)
            typer.echo(f"{out}: trained on {what} in {adapted.seconds / 60:.1f} min")
            return
        assert examples is not None
        built = build(examples, toml, out, base=base, settings=settings, report=report, say=logger.info)
    typer.echo(f"{out}: trained on {built.trained_on} rows in {built.seconds / 60:.1f} min, {len(built.epochs)} passes")


def read_export_texts(export: str, config: Path | None) -> pd.DataFrame:
    """Return the records of an export, its columns as `config` names them, or as `inspect` would propose."""
    import pandas as pd

    from cxnlp.config import ExportConfig, load_config
    from cxnlp.ingest import find_files, read_export, release_languages
    from cxnlp.ingest.inspect import propose_export
    from cxnlp.journey import default_journey

    configured = load_config(config).export if config else None
    batches = []
    for file in find_files(ExportConfig(path=export), Path.cwd()):
        mapping = configured or propose_export(file, default_journey())
        batches += [batch.records for batch in read_export(file, mapping, default_journey())]
    release_languages()
    records = pd.concat(batches, ignore_index=True)
    logger.info("%s: %s records", export, f"{len(records):,}")
    return records


def evaluate(
    labels: LabelFiles,
    model: Annotated[str, typer.Option(help="A model's folder, or its name under models/.")] = "default",
    sets: Sets = None,
    baselines: Annotated[bool, typer.Option(help="Train and score the baselines on the same rows.")] = True,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write all scores to this file.")] = None,
    html_file: Annotated[
        Path | None, typer.Option("--html", help="Write one self-contained page (shows texts).")
    ] = None,
    save: Annotated[
        bool, typer.Option("--save", help="Keep scores, gold lines and card in the model's folder; only for gold rows.")
    ] = False,
) -> None:
    """Score a model on labelled gold rows, with intervals, beside the baselines.

    Rows marked `gold` (column `part`) are scored, the others train the baselines; where none is marked all are scored,
    with a warning. Labels are read by the model's own taxonomy. Rows of public sets whose texts are not here (--sets)
    are left out.
    """
    import json

    from cxnlp.model import folder as folders
    from cxnlp.model.registry import resolve_model

    path = resolve_model(model)
    known = folders.taxonomy_of(path)

    from cxnlp.model import assess, card, page
    from cxnlp.model.predict import Predictor

    examples = read_examples(labels, known, sets, need_text=False)
    assess.check_gold(examples, path, keep=save, warn=logger.warning)
    predictor = Predictor.load(path)
    found = assess.assess(
        predictor, examples, with_baselines=baselines, seed=assess.training_seed(path), say=logger.info
    )
    lead = card.leading_slice(found.scores)
    typer.echo(f"{predictor.version} on {len(found.gold)} rows, 95 % intervals; {lead} rows beside the baselines:\n")
    typer.echo(card.plain(card.comparison(found.scores, known, lead)))
    typer.echo("")
    typer.echo(card.plain(card.by_slice(found.scores, known)))
    if json_file:
        json_file.write_text(json.dumps(found.scores, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if html_file:
        html_file.write_text(page.render(found, known, f"How well {predictor.version} reads"), encoding="utf-8")
    if save:
        assess.keep(path, found, known)


@models_app.command(name="list")
def list_versions() -> None:
    """List the models that are here, with what their evaluation leads with."""
    from cxnlp.model import registry
    from cxnlp.model.card import figure, find, leading_slice, number

    versions = registry.versions()
    if not versions:
        typer.echo("no models yet: cxnlp train LABELS --out models/NAME")
    for version in versions:
        if version.problem:
            typer.echo(f"{version.name}  broken: {version.problem}")
            continue
        line = f"{version.name}@{version.fingerprint}  {version.taxonomy}"
        if version.folder.parent == registry.HERE:
            line += f"  ({version.folder})"
        if version.scores:
            lead = leading_slice(version.scores)
            part = find(version.scores["slices"], lead)
            shown = [f"{task} {number(figure(part, task, 'micro_f1'))}" for task in (part or {"tasks": {}})["tasks"]]
            line += f"  {lead} gold, micro-F1: {', '.join(shown)}"
        else:
            line += "  not evaluated"
        if version.previous:
            line += f"  ({version.previous} earlier)"
        typer.echo(line)


@models_app.command()
def show(name: Annotated[str, typer.Argument(help="A model's name or folder.")] = "default") -> None:
    """Print a model's card."""
    from cxnlp.model import folder as folders
    from cxnlp.model.registry import resolve_model

    path = resolve_model(name)
    fingerprint = folders.version_of(path)
    readme = path / "README.md"
    if readme.exists():
        typer.echo(readme.read_text(encoding="utf-8"), nl=False)
    else:
        typer.echo(f"{path.name}@{fingerprint}: no card yet; `cxnlp evaluate LABELS --model {path} --save` writes it")


@models_app.command()
def promote(
    candidate: Annotated[str, typer.Argument(help="The model that is to take over: its name or folder.")],
    name: Annotated[str, typer.Option("--to", help="The name it takes over.")] = "default",
    force: Annotated[bool, typer.Option("--force", help="Without the test on the gold rows.")] = False,
) -> None:
    """Put a model in another's place if it is not worse on the gold rows both were evaluated on."""
    from cxnlp.model import registry
    from cxnlp.model.base import models_home

    comparison = registry.promote(registry.resolve_model(candidate), models_home() / name, force=force)
    if comparison is not None:
        typer.echo(registry.verdict(comparison))
    place = models_home() / name
    typer.echo(f"{name} is now {registry.describe(place).fingerprint} ({place})")


@models_app.command()
def rollback(
    name: Annotated[str, typer.Argument(help="The name whose last promotion is taken back.")] = "default",
) -> None:
    """Put back the version before the last promotion."""
    from cxnlp.model import registry
    from cxnlp.model.base import models_home

    typer.echo(f"{name} is {registry.roll_back(models_home() / name)} again")


@models_app.command()
def pull(
    name: Annotated[str, typer.Argument(help="Base encoder: the default one, or any encoder's name on the hub.")] = (
        "multilingual-e5-small"
    ),
    if_missing: Annotated[bool, typer.Option("--if-missing", help="Say nothing when it is here already.")] = False,
) -> None:
    """Fetch a base encoder into models/base/ (the only command that downloads anything)."""
    from cxnlp.model.base import base_folder
    from cxnlp.model.base import pull as fetch

    here = base_folder(name)
    complete = (here / "model.safetensors").exists() and (here / "tokenizer.json").exists()
    if complete and if_missing:
        return
    folder = fetch(name, say=logger.info)
    typer.echo(str(folder))
