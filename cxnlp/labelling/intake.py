"""Taking labels in: a folder of labelled CSV files to which every import adds files and in which none is changed.

    labels/random/2026-11-22T101500Z_anna_3f2a9c1b.csv    rows drawn at random: part `gold`, the only ones that may
                                                          correct shares, and never trained on
    labels/chosen/2026-11-22T101500Z_anna_3f2a9c1b.csv    rows picked for what they hold: part `train`

Each row carries who labelled it, when, and by which guideline. A row that is labelled again stands in a later file; the
newest version counts (`rows.read_labelled`), the earlier ones stay.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd

from cxnlp.errors import LabelsError, WrongUsageError
from cxnlp.labelling.cells import format_cell
from cxnlp.labelling.layout import guideline_version
from cxnlp.labelling.returned import Returned
from cxnlp.labelling.rows import PLAIN_COLUMNS, files_in, moment_of, read_labelled
from cxnlp.taxonomy import Taxonomy

PART_FOLDERS = {"gold": "random", "train": "chosen"}


@dataclass(frozen=True)
class Conflict:
    """A row that was labelled before and otherwise: which tasks differ, and who said so when."""

    id: str
    tasks: tuple[str, ...]
    earlier_who: str
    earlier_when: str


@dataclass(frozen=True)
class Intake:
    """What an import did: files written, rows new, rows labelled again with the same and with other labels.

    `random` rows are gold, `swayed` ones were drawn at random but labelled beside a model's suggestions: not gold.
    """

    files: tuple[Path, ...]
    new: int
    same: int
    conflicts: tuple[Conflict, ...]
    random: int
    swayed: int = 0
    already: Path | None = None


def read_folder(folder: Path, taxonomy: Taxonomy) -> pd.DataFrame | None:
    """Return the rows of a folder of imports, the newest version of each, or None when there is none yet."""
    files = files_in(folder)
    return read_labelled(files, taxonomy) if files else None


def take_in(returned: Returned, folder: Path, taxonomy: Taxonomy, *, who: str, when: datetime | None = None) -> Intake:
    """Add a checked sheet's finished rows to `folder`; return what that changed.

    The same content twice changes nothing. What is taken in later counts, so an import is always later than all before
    it, whatever the clock says. Raise `LabelsError` when the sheet has problems or no finished row.
    """
    name = re.sub(r"[^\w-]+", "-", who.strip()).strip("-")
    if not name:
        raise WrongUsageError("say who labelled the rows: --who NAME")
    if returned.problems:
        raise LabelsError(
            f"{returned.path}: {len(returned.problems)} cells must be put right first; `cxnlp labels check` lists them"
        )
    if returned.frame.empty:
        raise LabelsError(f"{returned.path}: no row is done yet ({returned.unfinished} are open)")
    earlier = read_folder(folder, taxonomy)
    moment = _later((when or datetime.now(UTC)).astimezone(UTC), earlier)
    rows = _rows(returned, taxonomy, who.strip(), moment)
    mark = _mark(rows)
    earlier_import = next((file for file in files_in(folder) if file.stem.endswith(f"_{mark}")), None)
    if earlier_import is not None:
        return Intake((), 0, len(rows), (), 0, already=earlier_import)
    rows, conflicts, known = _compare(rows, earlier, taxonomy)
    files = []
    for part, subfolder in PART_FOLDERS.items():
        chosen = rows[rows["part"] == part]
        if len(chosen):
            path = folder / subfolder / f"{moment:%Y-%m-%dT%H%M%SZ}_{name}_{mark}.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            scratch = path.with_suffix(".part")
            chosen.to_csv(scratch, index=False, encoding="utf-8", lineterminator="\n")
            scratch.rename(path)
            files.append(path)
    gold = rows["part"] == "gold"
    swayed = int(((rows["drawn"] == "random") & ~gold).sum())
    return Intake(tuple(files), len(rows) - known, known - len(conflicts), tuple(conflicts), int(gold.sum()), swayed)


def _later(now: datetime, earlier: pd.DataFrame | None) -> datetime:
    """Return the present moment, or one just after the newest of the earlier rows if that is not before it."""
    said = [] if earlier is None else [moment_of(when) for when in set(earlier["when"]) if when]
    return max([now, *(moment.astimezone(UTC) + timedelta(microseconds=1) for moment in said)])


def _rows(returned: Returned, taxonomy: Taxonomy, who: str, moment: datetime) -> pd.DataFrame:
    """Return the rows as they will stand in the file; a text drawn several times gives a row for each draw.

    Random rows that were labelled beside a model's suggestions are no gold: those sway who labels.
    """
    tasks = [task.name for task in taxonomy.tasks if returned.frame[task.name].notna().any()]
    rows = []
    for entry in returned.frame.to_dict("records"):
        ids = [entry["id"], *(other for other in str(entry["same_text"]).split(";") if other)]
        for row_id in ids:
            row = {name: entry[name] for name in PLAIN_COLUMNS} | {"id": row_id}
            row |= {name: format_cell(entry[name]) for name in tasks}
            row["origin"] = "real"
            row["part"] = "gold" if entry["drawn"] == "random" and not returned.suggested else "train"
            row["drawn"] = entry["drawn"]
            row["who"] = who
            row["when"] = moment.isoformat(timespec="microseconds")
            row["guideline"] = returned.facts.get("guideline") or guideline_version(taxonomy)
            rows.append(row)
    return pd.DataFrame(rows)


def _mark(rows: pd.DataFrame) -> str:
    """Return eight digits of what was said of which row, by whom: the time of import does not matter."""
    content = rows.drop(columns=["when"]).sort_values("id").to_csv(index=False)
    return hashlib.sha256(content.encode("utf-8")).hexdigest()[:8]


def _compare(
    rows: pd.DataFrame, earlier: pd.DataFrame | None, taxonomy: Taxonomy
) -> tuple[pd.DataFrame, list[Conflict], int]:
    """Return the rows (once gold, always gold), those that contradict an earlier version, and how many had one."""
    if earlier is None:
        return rows, [], 0
    before = {row["id"]: row for row in earlier.to_dict("records")}
    parts, ways = list(rows["part"]), list(rows["drawn"])
    conflicts = []
    known = 0
    for place, row in enumerate(rows.to_dict("records")):
        old = before.get(row["id"])
        if old is None:
            continue
        known += 1
        if old["part"] == "gold":
            parts[place] = "gold"
            ways[place] = old.get("drawn") or "random"
        tasks = [
            task.name for task in taxonomy.tasks if task.name in row and row[task.name] and old[task.name] is not None
        ]
        differ = [name for name in tasks if _as_set(row[name]) != _as_set(format_cell(old[name]))]
        if differ:
            conflicts.append(Conflict(row["id"], tuple(differ), str(old.get("who", "")), str(old.get("when", ""))))
    return rows.assign(part=parts, drawn=ways), conflicts, known


def _as_set(cell: str) -> frozenset[str]:
    return frozenset(cell.split(";"))
