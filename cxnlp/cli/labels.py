"""`cxnlp labels …`: the analyst's loop."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cxnlp.cli.options import DEFAULT_CONFIG, ConfigOption, TaxonomyOption, find_taxonomy
from cxnlp.console import logger
from cxnlp.console import progress as progress_bar
from cxnlp.errors import WrongUsageError

if TYPE_CHECKING:
    from cxnlp.labelling.agreement import Agreement
    from cxnlp.labelling.pool import Floats
    from cxnlp.labelling.returned import Returned
    from cxnlp.taxonomy import Taxonomy

labels_app = typer.Typer(
    no_args_is_help=True, help="Rows worth labelling, into a workbook and back.", rich_markup_mode=None
)

Returneds = Annotated[list[Path], typer.Argument(help="Labelled sheets: .xlsx, .csv, or Label Studio's .json.")]
SHOWN = 50


def register(app: typer.Typer) -> None:
    """Add this module's commands to `app`."""
    app.add_typer(labels_app, name="labels")


def parse_mix(text: str) -> dict[str, float]:
    """Read `random=40,uncertain=30`; raise `WrongUsageError` where that is not what it says."""
    found = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = part.partition("=")
        try:
            found[name.strip()] = float(value) if equals else 1.0
        except ValueError as error:
            raise WrongUsageError(f"--mix {part!r}: expected WAY=SHARE, for example random=40,uncertain=60") from error
    return found


@labels_app.command()
def sample(
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write; one that is there is never replaced.")],
    config: ConfigOption = DEFAULT_CONFIG,
    rows: Annotated[int, typer.Option(min=1, help="How many rows.")] = 100,
    mix: Annotated[
        str,
        typer.Option(
            help="How they are drawn, as shares: random=40,uncertain=30,rare=20,suspected=10. Only random rows may "
            "correct shares, and none is drawn with --suggest.",
            show_default=False,
        ),
    ] = "",
    sought: Annotated[
        str,
        typer.Option(
            "--for",
            help="Look for candidates of this new label of the taxonomy, by its definition; also among rows that were "
            "labelled by an earlier version of the taxonomy.",
        ),
    ] = "",
    tasks: Annotated[str, typer.Option(help="Ask only for these tasks, separated by commas.")] = "",
    author: Annotated[Literal["customer", "company", "both"], typer.Option(help="Whose texts.")] = "both",
    labels: Annotated[
        Path,
        typer.Option(
            help="Folder of the labels taken in so far. Its random (gold) rows are never drawn again; the others only "
            "as random ones, for a random draw must be fair, as suspected ones, or by --for."
        ),
    ] = Path("labels"),
    suggest: Annotated[
        bool,
        typer.Option(
            help="Show what the model says beside the cells. It sways who labels, so no row is drawn at random with it."
        ),
    ] = False,
    form: Annotated[
        Literal["xlsx", "csv", "labelstudio"] | None,
        typer.Option("--format", help="Form of the file; by its suffix if not given.", show_default=False),
    ] = None,
    taxonomy: TaxonomyOption = None,
    seed: Annotated[int, typer.Option(help="Decides everything that is drawn by chance.")] = 0,
) -> None:
    """Pick rows worth labelling from the store and write them as a workbook, CSV or Label Studio project."""
    from cxnlp.config import load_config
    from cxnlp.keeping import hold, owner_only
    from cxnlp.labelling.forms import write_sheet
    from cxnlp.labelling.intake import read_folder
    from cxnlp.labelling.pool import read_pool
    from cxnlp.labelling.prepare import Wish, make_sheet
    from cxnlp.store import Store

    settled = find_taxonomy(taxonomy)[0]
    settings = load_config(config)
    wish = Wish(
        rows=rows,
        mix=parse_mix(mix) or None,
        tasks=tuple(name.strip() for name in tasks.split(",") if name.strip()),
        authors=("customer", "company") if author == "both" else (author,),
        theme=sought,
        suggest=suggest,
        seed=seed,
    )
    path = settings.resolve(settings.store.path)
    with hold(path), Store(path, must_exist=True) as store:
        pool = read_pool(store.connection, settled, seed=wish.seed, authors=wish.authors)
    sheet, drawn = make_sheet(pool, settled, wish, labelled=read_folder(labels, settled), embed=embed_with_bar)
    if suggest and not mix:
        logger.info("no rows are drawn at random: the model's suggestions stand beside the cells and sway who labels")
    shape = form or {".csv": "csv", ".json": "labelstudio"}.get(out.suffix.lower(), "xlsx")
    with owner_only():  # it holds customers' words
        files = write_sheet(sheet, out, shape)
    typer.echo(f"{' and '.join(map(str, files))}: {len(drawn.frame)} rows: {sheet.facts['rows']}")
    if drawn.moved:
        logger.info("%d rows: no further label looks wrong so far; uncertain rows take their place", drawn.moved)
    for way, wanted in drawn.wanted.items():
        lacking = wanted - int((drawn.frame["drawn"] == way).sum())
        if way != "random" and lacking > 0:  # random draws of one text share a row
            logger.info("%d fewer %s rows than asked for: the store has no more of them", lacking, way)


def embed_with_bar(texts: list[str], authors: list[str]) -> Floats:
    """Return unit vectors of texts by the base encoder, with a progress bar."""
    import os

    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read once, when torch is loaded: no spinning on shared cores

    from cxnlp.labelling.vectors import embed

    with progress_bar("reading with the base encoder", len(texts)) as advance:
        return embed(texts, authors, progress=advance)


@labels_app.command()
def check(files: Returneds, taxonomy: TaxonomyOption = None) -> None:
    """Say what is wrong in a labelled sheet, cell by cell; status 3 when anything is."""
    from cxnlp.labelling.returned import read_returned

    settled = find_taxonomy(taxonomy)[0]
    wrong = 0
    for path in files:
        found = read_returned(path, settled)
        for problem in found.problems:
            typer.echo(str(problem))
        wrong += len(found.problems)
        typer.echo(summary_of(found))
    if wrong:
        raise typer.Exit(3)


def summary_of(found: Returned) -> str:
    """Say in one line how far a sheet is."""
    done, open_rows, wrong = len(found.frame), found.unfinished, len(found.problems)
    return f"{found.path.name}: {done} rows done, {open_rows} open, {wrong} {'problem' if wrong == 1 else 'problems'}"


@labels_app.command()
def agree(
    files: Annotated[list[Path], typer.Argument(help="The same sheet as labelled by two or more, each alone.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write the rows that differ as a workbook to settle.")
    ] = None,
    taxonomy: TaxonomyOption = None,
    seed: Annotated[int, typer.Option(help="Of the bootstrap.")] = 0,
) -> None:
    """Measure how far annotators agree: Krippendorff's alpha per task and label, with intervals."""
    from cxnlp.keeping import owner_only
    from cxnlp.labelling.agreement import agree as measure
    from cxnlp.labelling.forms import write_sheet
    from cxnlp.labelling.returned import read_returned
    from cxnlp.labelling.settle import settle_sheet

    if len(files) < 2:
        raise WrongUsageError("give two or more labelled sheets")
    settled = find_taxonomy(taxonomy)[0]
    returned = [usable(read_returned(path, settled)) for path in files]
    names = annotators(files)
    frames = [found.frame for found in returned]
    tasks = [task for task in settled.tasks if all(frame[task.name].notna().any() for frame in frames)]
    agreement = measure(frames, names, tasks, seed=seed)
    typer.echo(agreement_table(agreement, settled))
    if out is not None and agreement.differing:
        suggested = any(found.suggested for found in returned)
        sheet = settle_sheet(agreement, frames, names, settled, tasks, suggested=suggested)
        with owner_only():
            write_sheet(sheet, out, "xlsx")
        typer.echo(f"{out}: {len(agreement.differing)} rows to settle")


def usable(found: Returned) -> Returned:
    """Return a sheet without problems; raise `LabelsError` where it has any."""
    from cxnlp.errors import LabelsError

    if found.problems:
        listed = "\n  ".join(str(problem) for problem in found.problems[:SHOWN])
        raise LabelsError(f"{found.path}: put right first:\n  {listed}")
    return found


def annotators(files: list[Path]) -> list[str]:
    """Return a short name for each sheet: its file's name, or the whole path where names repeat."""
    stems = [path.stem for path in files]
    return stems if len(set(stems)) == len(stems) else [str(path) for path in files]


def agreement_table(agreement: Agreement, taxonomy: Taxonomy) -> str:
    """Return the alphas as lines, those of labels below their task's."""
    lines = [
        f"{agreement.rows} rows labelled by two or more of {', '.join(agreement.names)}; "
        f"they differ on {len(agreement.differing)}",
        "Krippendorff's alpha: 1 is perfect, 0 is chance; 0.8 is reliable, below 0.67 not even tentatively so",
        "",
        f"{'':34}{'alpha':>7}  {'95 % interval':>15}  {'same':>6}  {'rows':>5}  {'used':>5}",
    ]
    for alpha in agreement.alphas:
        task = taxonomy.task(alpha.task)
        known = alpha.label in task.label_names
        name = (
            f"  {task.label(alpha.label).display if known else alpha.label}"
            if alpha.label
            else f"{task.title or task.name} ({alpha.metric})"
        )
        if alpha.value != alpha.value:
            figures = f"{'–':>7}  {'no variation':>15}"
        else:
            spread = "–" if alpha.low != alpha.low else f"{alpha.low:.2f} to {alpha.high:.2f}"
            figures = f"{alpha.value:7.2f}  {spread:>15}"
        used = f"{alpha.used:5}" if known else ""
        lines.append(f"{name[:33]:34}{figures}  {alpha.raw:6.0%}  {alpha.rows:5}  {used}".rstrip())
    return "\n".join(lines)


@labels_app.command(name="import")
def take(
    files: Returneds,
    who: Annotated[str, typer.Option("--who", help="Who labelled them.")],
    labels: Annotated[Path, typer.Option(help="Folder to add them to.")] = Path("labels"),
    taxonomy: TaxonomyOption = None,
) -> None:
    """Add labelled sheets to the labelled data, with who, when and guideline version; nothing is overwritten."""
    from cxnlp.keeping import owner_only
    from cxnlp.labelling.intake import take_in
    from cxnlp.labelling.returned import read_returned

    settled = find_taxonomy(taxonomy)[0]
    sheets = [usable(read_returned(path, settled)) for path in files]
    for found in sheets:
        with owner_only():
            intake = take_in(found, labels, settled, who=who)
        if intake.already is not None:
            typer.echo(f"{found.path.name}: was taken in before ({intake.already}); nothing changed")
            continue
        typer.echo(
            f"{found.path.name}: {intake.new} rows new, {intake.same} labelled again alike, "
            f"{len(intake.conflicts)} otherwise; {found.unfinished} still open"
        )
        for file in intake.files:
            typer.echo(f"  {file}")
        if intake.random:
            typer.echo(f"  {intake.random} rows drawn at random: gold, kept apart; they may correct shares")
        if intake.swayed:
            typer.echo(
                f"  {intake.swayed} rows drawn at random were labelled beside the model's suggestions: "
                f"rows to train on, no gold"
            )
        for conflict in intake.conflicts[:SHOWN]:
            typer.echo(
                f"  {conflict.id}: {', '.join(conflict.tasks)} otherwise than {conflict.earlier_who} "
                f"({conflict.earlier_when}); the newer labels count, the earlier are kept"
            )
        if len(intake.conflicts) > SHOWN:
            typer.echo(f"  … and {len(intake.conflicts) - SHOWN} more")


@labels_app.command()
def errors(
    files: Annotated[list[Path], typer.Argument(help="Labelled files (CSV, JSON Lines), or folders of them.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write all of them to this CSV file.")] = None,
    sets: Annotated[list[Path] | None, typer.Option("--sets", help="Folder with the texts of public sets.")] = None,
    gold: Annotated[
        bool,
        typer.Option(
            "--gold", help="Look at gold rows too. To correct gold where a model disagrees flatters that model."
        ),
    ] = False,
    show: Annotated[int, typer.Option(min=0, help="How many to list here; texts are never shown.")] = 20,
    taxonomy: TaxonomyOption = None,
    seed: Annotated[int, typer.Option(help="Of the cross-validation.")] = 0,
) -> None:
    """List labels that look wrong, most suspicious first (cleanlab on cross-validated probabilities)."""
    from cxnlp.errors import LabelsError
    from cxnlp.labelling.rows import read_labelled
    from cxnlp.labelling.suspects import TRUSTED_ROWS, find_suspects

    if out is not None and out.exists():
        raise WrongUsageError(f"{out}: is there already; give another name")
    settled = find_taxonomy(taxonomy)[0]
    labelled = read_labelled(files, settled, sets=tuple(sets or ()))
    kept = labelled if gold else labelled[labelled["part"] != "gold"].reset_index(drop=True)
    left_out = len(labelled) - len(kept)
    if left_out and kept.empty:
        raise LabelsError(f"all {left_out:,} rows are gold, which is left out unless --gold is given")
    labelled = kept
    vectors = embed_with_bar(list(labelled["text"]), list(labelled["author"]))
    found = find_suspects(labelled, vectors, settled, seed=seed)
    for row in found.rows.head(show).to_dict("records"):
        typer.echo(f"{row['file']} line {row['line']} ({row['id']}), {row['task']}: {row['given']}: {row['doubt']}")
    looked = ", ".join(f"{name} {rows:,}" for name, rows in found.judged.items())
    typer.echo(f"{len(found.rows)} doubts on {found.rows['id'].nunique()} rows (looked at: {looked})")
    if left_out:
        typer.echo(f"{left_out:,} gold rows were left out: corrected where a model disagrees, they would flatter it")
    if found.noisy:
        names = ", ".join(found.noisy)
        logger.warning("%s: with fewer than %d labelled rows most of these doubts are noise", names, TRUSTED_ROWS)
    if found.left_out:
        logger.info("too rare to be judged: %s", ", ".join(found.left_out))
    if out is not None:
        found.rows.to_csv(out, index=False, lineterminator="\n")
        typer.echo(str(out))
