"""Labelled rows: read and check them, and join labels of public sets with a local copy of their texts.

A labelled file is CSV or JSON Lines with `id`, `text`, `language`, `author` and one column a task. Several labels are
separated by `;` (a list in JSON), an empty cell is "not labelled", `-` is "none". Optional columns: `origin` (`real` or
`written`), `part` (`train` or `gold`; gold rows are never trained on), `group` (what rows belong to, such as one review
or one customer: a group is never split between training, validation and gold), and those of imported labels
(`INTAKE_COLUMNS`).
An id may stand several times only where every such row says when it was labelled: of each task the newest labels count.

Labels of a public set are kept without its texts: such a file has `set`, `row` and `text_hash` instead of `text`, and
is joined with the set's own file (`read_set_texts`).
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from cxnlp.errors import LabelsError
from cxnlp.labelling.cells import (
    NONE_MARK,
    SEPARATOR,
    UnknownLabelError,
    columns_found,
    format_cell,
    parse_cell,
    quoted,
)
from cxnlp.labelling.tables import read_table
from cxnlp.records import text_hash
from cxnlp.taxonomy import Task, Taxonomy

#: Stands for the text of a public set's row where texts were not asked for.
NOT_JOINED = "(not joined)"
ORIGINS = ("real", "written")
PARTS = ("train", "gold")
AUTHORS = ("customer", "company")
PLAIN_COLUMNS = ("id", "text", "language", "author")
#: Columns of imported labels (`intake.py`): how the row was drawn, who labelled it, when, by which guideline.
INTAKE_COLUMNS = ("drawn", "who", "when", "guideline")
#: Columns of rows whose texts lie with a public set.
SET_COLUMNS = ("set", "row", "text_hash")
OTHER_COLUMNS = ("origin", "part", "group")


class Source(NamedTuple):
    """Where a row's labels of one task come from: file, line, and the guideline that they were given by."""

    file: str
    line: int
    guideline: str


def read_labelled(
    paths: Iterable[Path],
    taxonomy: Taxonomy,
    *,
    sets: Sequence[Path] = (),
    need_text: bool = True,
    known_only: bool = False,
) -> pd.DataFrame:
    """Read labelled files into one frame; a folder stands for the `.csv` and `.jsonl` files in and below it.

    Columns: `id`, `text`, `language`, `author`, `origin`, `part`, `group`, `file`, `line`, `drawn`, `who`, `when`,
    `sources`, then one a task of the taxonomy, whose cells are tuples of labels or None. Tasks that a file lacks are
    not labelled in its rows. `file` is the file's name, or the path as given where several files have one name, `line`
    the line that the row starts on. `sources` maps each labelled task to its `Source`.
    `sets` are folders (or files) of the public sets that files without texts are joined with. With `known_only`, labels
    that the taxonomy lacks are left out, as those of a theme that a model has not learnt yet.
    Raise `LabelsError` listing the first problems by file, line and column; a text is never quoted.
    """
    frames = []
    problems: list[str] = []
    unknown: dict[tuple[str, str], list[str]] = {}
    files = files_of(paths)
    for path, name in zip(files, names_of(files), strict=True):
        raw = read_table(path).frame()
        if "text" not in raw.columns and "text_hash" in raw.columns:
            raw = _join_set(raw, path, sets, taxonomy, need_text=need_text)
        if known_only:
            raw = _known_labels(raw, taxonomy)
        frames.append(_check(raw, path, name, taxonomy, problems, unknown))
    # a line a label, not a row: labels of another taxonomy would fill the screen
    for (task, label), places in unknown.items():
        rows = f" (in {len(places)} rows)" if len(places) > 1 else ""
        problems.append(f"{places[0]}, column {task}: unknown label {quoted(label)}{rows}")
    if problems:
        shown = "\n  ".join(problems[:20])
        more = f"\n  … and {len(problems) - 20} more" if len(problems) > 20 else ""
        theirs = f"\nnot made by the taxonomy {taxonomy.name!r}? where the command has --taxonomy, give theirs"
        hint = theirs if unknown else ""
        raise LabelsError(f"labelled rows cannot be used:\n  {shown}{more}{hint}")
    if not frames:
        raise LabelsError("no labelled files were given")
    frame = newest_versions(pd.concat(frames, ignore_index=True), taxonomy)
    twice = frame[frame["id"].duplicated(keep=False)].sort_values("id")
    if len(twice):
        first, second = twice.iloc[0], twice.iloc[1]
        raise LabelsError(
            f"the id {first['id']!r} stands twice: {first['file']} line {first['line']} "
            f"and {second['file']} line {second['line']}"
        )
    return frame


def files_of(paths: Iterable[Path]) -> list[Path]:
    """Return the labelled files meant; raise `LabelsError` for a folder that holds none."""
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = files_in(path)
        if not inside:
            raise LabelsError(f"{path}: holds no labelled file (.csv or .jsonl)")
        found += inside
    return found


def files_in(folder: Path) -> list[Path]:
    """Return the labelled files in a folder and below it, none where there is no such folder."""
    return sorted(file for file in folder.rglob("*") if file.suffix in (".csv", ".jsonl") and file.is_file())


def names_of(files: Sequence[Path]) -> list[str]:
    """Return what to call each file: its own name, or every one's whole path where a name repeats.

    `labels/random/X.csv` and `labels/chosen/X.csv` come from one import and have one name.
    """
    names = [file.name for file in files]
    return names if len(set(names)) == len(names) else [str(file) for file in files]


def random_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that may correct shares: those drawn at random, where the rows say how they were drawn.

    Rows that say nothing of it are taken for a random draw: whoever gives them must know. Random rows that were
    labelled beside a model's suggestions lie in the training part and may not.
    """
    gold = frame["part"] == "gold"
    return frame[(frame["drawn"] == "") | ((frame["drawn"] == "random") & gold)]


def moment_of(when: str) -> datetime:
    """Return a moment as rows say it (ISO 8601; in UTC if not said); raise `ValueError` where it is none."""
    moment = datetime.fromisoformat(when)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def newest_versions(frame: pd.DataFrame, taxonomy: Taxonomy) -> pd.DataFrame:
    """Merge the versions of rows that were labelled several times: of each task the newest labels count.

    Each task's source is that of its own labels. All else is the newest version's, but a row that was gold once stays
    gold. Only rows that say when they were labelled are merged.
    """
    again = frame["id"].duplicated(keep=False) & (frame["when"] != "")
    if not again.any():
        return frame
    merged = []
    by_moment = frame[again].sort_values("when", kind="stable", key=lambda said: said.map(moment_of))
    for _, versions in by_moment.groupby("id", sort=False):
        newest = versions.iloc[-1].copy()
        newest["sources"] = {task: source for sources in versions["sources"] for task, source in sources.items()}
        for task in taxonomy.tasks:
            given = [labels for labels in versions[task.name] if labels is not None]
            newest[task.name] = given[-1] if given else None
        gold = versions[versions["part"] == "gold"]
        if len(gold):
            newest["part"], newest["drawn"] = "gold", gold["drawn"].iloc[0]
        merged.append(newest)
    return pd.concat([frame[~again], pd.DataFrame(merged)]).sort_index().reset_index(drop=True)


def _check(
    raw: pd.DataFrame,
    path: Path,
    name: str,
    taxonomy: Taxonomy,
    problems: list[str],
    unknown: dict[tuple[str, str], list[str]],
) -> pd.DataFrame:
    """Return one file's rows; add to `problems`, and to `unknown` (task, label) → places of what the taxonomy lacks."""
    missing = [column for column in PLAIN_COLUMNS if column not in raw.columns]
    if missing:
        raise LabelsError(f"{path}: line 1: missing columns {', '.join(missing)}; {_found(raw, taxonomy)}")
    known_tasks = [task for task in taxonomy.tasks if task.name in raw.columns]
    if not known_tasks:
        raise LabelsError(f"{path}: line 1: no column is a task of the taxonomy ({', '.join(taxonomy.task_names)})")
    frame = pd.DataFrame({column: raw[column].astype(str) for column in PLAIN_COLUMNS})
    frame["origin"] = raw["origin"] if "origin" in raw.columns else "real"
    frame["part"] = raw["part"] if "part" in raw.columns else "train"
    frame["group"] = raw["group"].astype(str) if "group" in raw.columns else ""
    frame["file"] = name
    frame["line"] = raw.index
    for column in INTAKE_COLUMNS:
        frame[column] = raw[column].astype(str) if column in raw.columns else ""
    guidelines = frame.pop("guideline")
    sources: list[dict[str, Source]] = [{} for _ in range(len(frame))]
    frame["sources"] = pd.Series(sources, index=frame.index, dtype=object)
    for column, allowed in (("author", AUTHORS), ("origin", ORIGINS), ("part", PARTS)):
        for line, found in frame.loc[~frame[column].isin(allowed), ["line", column]].itertuples(index=False):
            problems.append(
                f"{name}: line {line}, column {column}: found {quoted(found)}, expected {' or '.join(allowed)}"
            )
    for column in ("id", "text"):
        for line in frame.loc[frame[column].str.strip() == "", "line"]:
            problems.append(f"{name}: line {line}, column {column}: empty")
    for line, said in frame.loc[frame["when"] != "", "when"].items():
        try:
            moment_of(said)
        except ValueError:
            problems.append(
                f"{name}: line {line}, column when: found {quoted(said)}, expected a date and time like "
                f"2026-11-22T10:15:00+00:00"
            )
    for task in taxonomy.tasks:
        if task not in known_tasks:
            frame[task.name] = None
            continue
        cells: list[tuple[str, ...] | None] = []
        for line, cell in zip(frame["line"], raw[task.name].astype(str), strict=True):
            try:
                cells.append(parse_cell(cell, task))
            except UnknownLabelError as error:
                unknown.setdefault((task.name, error.label), []).append(f"{name}: line {line}")
                cells.append(None)
            except ValueError as error:
                problems.append(f"{name}: line {line}, column {task.name}: {error}")
                cells.append(None)
        frame[task.name] = pd.Series(cells, index=frame.index, dtype=object)
        for labels, line, guideline, known in zip(cells, frame["line"], guidelines, sources, strict=True):
            if labels is not None:
                known[task.name] = Source(name, line, guideline)
    return frame


def _found(raw: pd.DataFrame, taxonomy: Taxonomy) -> str:
    known = {*PLAIN_COLUMNS, *INTAKE_COLUMNS, *SET_COLUMNS, *OTHER_COLUMNS, *taxonomy.task_names}
    return columns_found(raw.columns, known)


def _known_labels(raw: pd.DataFrame, taxonomy: Taxonomy) -> pd.DataFrame:
    """Return the rows without labels that the taxonomy lacks; where only one may stand, that task is not labelled."""

    def known(cell: str, task: Task) -> str:
        names = [name.strip() for name in cell.split(SEPARATOR) if name.strip()]
        kept = [name for name in names if name == NONE_MARK or name in task.label_names]
        if len(kept) == len(names):
            return cell
        return format_cell(kept) if task.kind == "multi" else ""

    tasks = [task for task in taxonomy.tasks if task.name in raw.columns]
    return raw.assign(**{task.name: [known(str(cell), task) for cell in raw[task.name]] for task in tasks})


def _join_set(
    raw: pd.DataFrame, path: Path, sets: Sequence[Path], taxonomy: Taxonomy, *, need_text: bool
) -> pd.DataFrame:
    missing = [column for column in SET_COLUMNS if column not in raw.columns]
    if missing:
        raise LabelsError(
            f"{path}: line 1: missing columns {', '.join(missing)}, which rows without a text need; "
            f"{_found(raw, taxonomy)}"
        )
    names = sorted(set(raw["set"]))
    raw = raw.assign(id=raw["set"] + ":" + raw["row"], origin="real")
    if not need_text:
        return raw.assign(text=NOT_JOINED)
    texts: dict[str, str] = {}
    for name in names:
        texts |= {f"{name}:{row}": text for row, text in read_set_texts(name, sets).items()}
    joined = raw.assign(text=[texts.get(row_id, "") for row_id in raw["id"]])
    lost = joined[joined["text"] == ""]
    if len(lost):
        raise LabelsError(f"{path}: line {lost.index[0]}: row {lost['id'].iloc[0]!r} is not in the set's file")
    changed = joined[
        [text_hash(text) != known for text, known in zip(joined["text"], joined["text_hash"], strict=True)]
    ]
    if len(changed):
        raise LabelsError(
            f"{path}: line {changed.index[0]}: the text of {changed['id'].iloc[0]!r} is not the one that was "
            f"labelled (its hash differs); is the set another version?"
        )
    return joined


def read_set_texts(name: str, sets: Sequence[Path]) -> Mapping[str, str]:
    """Return row id → text of the public set `name`, replies under their comment's id + '/reply'.

    The set is looked for as `NAME.jsonl.gz` or `NAME.jsonl` in the folders `sets` and below them.
    Raise `LabelsError` when it is not there.
    """
    wanted = {f"{name}.jsonl.gz", f"{name}.jsonl"}
    found = [file for folder in sets for file in sorted(folder.rglob(f"{name}.jsonl*")) if file.name in wanted]
    if not found:
        where = ", ".join(str(folder) for folder in sets) or "nowhere (give --sets FOLDER)"
        raise LabelsError(
            f"the texts of the public set {name!r} are needed: looked for {name}.jsonl.gz in {where}; "
            f"data/README.md says where each set comes from"
        )
    opener = gzip.open if found[0].suffix == ".gz" else open
    texts: dict[str, str] = {}
    with opener(found[0], "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            texts[row["id"]] = row["text"]
            if row.get("reply"):
                texts[f"{row['id']}/reply"] = row["reply"]
    return texts
