"""Reading a labelled sheet back: workbook, CSV file or Label Studio export, with every problem said in words."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from cxnlp.errors import LabelsError
from cxnlp.labelling.cells import NONE_MARK, SEPARATOR, columns_found, parse_cell, quoted, unguard_cell
from cxnlp.labelling.layout import DRAWN, GIVEN_COLUMNS, HIDDEN_COLUMNS, MODEL_SAYS, guideline_version
from cxnlp.labelling.rows import AUTHORS
from cxnlp.labelling.tables import read_csv
from cxnlp.labelling.workbook import FACT_SHEET, FIRST_ROW, KEY_ROW, LABEL_SHEET, columns_of_tasks
from cxnlp.records import text_hash
from cxnlp.taxonomy import Task, Taxonomy

_TICKS = frozenset({"✓", "✔", "☑", "x", "1", "1.0", "yes", "true", "v"})


@dataclass(frozen=True)
class Problem:
    """Something that must be put right: where it is, in the words of the program that shows it, and what it is."""

    place: str
    row: int
    column: str
    what: str

    def __str__(self) -> str:
        """Return one line."""
        return f"{self.place}, row {self.row}, column {self.column}: {self.what}"


@dataclass
class Returned:
    """A sheet that came back.

    `frame` holds the finished rows: `id`, `text`, `language`, `author`, `drawn`, `same_text`, `row`, one column a task
    (labels, or None where it was not asked for). `unfinished` counts rows with neither an answer nor "Done"; `facts`
    are those it was given out with, among them `guideline`. `suggested` tells whether a model's suggestions stood
    beside the cells to fill in.
    """

    path: Path
    frame: pd.DataFrame
    problems: list[Problem] = field(default_factory=list)
    unfinished: int = 0
    facts: dict[str, str] = field(default_factory=dict)
    suggested: bool = False


def read_returned(path: Path, taxonomy: Taxonomy) -> Returned:
    """Read a sheet by its suffix: `.xlsx`, `.csv` or `.json` (Label Studio's export).

    Problems of single cells are collected; raise `LabelsError` when the file cannot be read as a sheet at all.
    """
    readers: dict[str, Callable[[Path, Taxonomy], Returned]] = {
        ".xlsx": _read_workbook,
        ".csv": _read_csv,
        ".json": _read_label_studio,
    }
    if path.suffix.lower() not in readers:
        raise LabelsError(f"{path}: expected a workbook (.xlsx), .csv or Label Studio export (.json)")
    if not path.is_file():
        raise LabelsError(f"{path}: there is no such file")
    found = readers[path.suffix.lower()](path, taxonomy)
    _check_ids(found)
    return found


class _Collector:
    """Gathers rows and problems of one sheet."""

    def __init__(self, place: str, tasks: tuple[Task, ...], column: Callable[[str], str]) -> None:
        self.place = place
        self.tasks = tasks
        self.column = column
        self.rows: list[dict[str, Any]] = []
        self.problems: list[Problem] = []
        self.unfinished = 0

    def problem(self, row: int, key: str, what: str) -> None:
        self.problems.append(Problem(self.place, row, self.column(key), what))

    def add(self, row: int, given: dict[str, str], labels: dict[str, tuple[str, ...] | None]) -> None:
        text = given.get("text", "")
        known = given.get("text_hash", "")
        if not known or text_hash(text) != known:
            text = unguard_cell(text).strip()
        if not given.get("id"):
            self.problem(row, "id", "empty: without its id the row cannot be told; undo the change")
        if not text.strip():
            self.problem(row, "text", "empty: undo the change")
        elif known and text_hash(text) != known:
            self.problem(row, "text", "is not the text that was given out; undo the change")
        if given.get("author") not in AUTHORS:
            self.problem(row, "author", f"found {quoted(given.get('author', ''))}, expected {' or '.join(AUTHORS)}")
        if given.get("drawn") and given["drawn"] not in DRAWN:
            self.problem(row, "drawn", f"found {quoted(given['drawn'])}, expected one of {', '.join(DRAWN)}")
        for task in self.tasks:
            held = labels.get(task.name)
            for group in task.exclusive:
                together = [task.label(name).display for name in held or () if name in group]
                if len(together) > 1:
                    self.problem(row, _key(task, held, group), f"{' and '.join(together)} exclude each other: keep one")
        self.rows.append({**given, "text": text, "row": row, **labels})

    def frame(self, taxonomy: Taxonomy) -> pd.DataFrame:
        plain = ("id", "text", "language", "author", "drawn", "same_text", "note", "row")
        frame = pd.DataFrame({name: [row.get(name, "") for row in self.rows] for name in plain})
        for task in taxonomy.tasks:
            frame[task.name] = pd.Series([row.get(task.name) for row in self.rows], index=frame.index, dtype=object)
        return frame


def _key(task: Task, held: tuple[str, ...] | None, group: tuple[str, ...]) -> str:
    last = [name for name in held or () if name in group][-1]
    return f"{task.name}/{last}"


def _check_ids(found: Returned) -> None:
    counted = Counter(found.frame["id"])
    for row_id, number in counted.items():
        if number > 1:
            rows = found.frame.loc[found.frame["id"] == row_id, "row"].tolist()
            where = ", ".join(map(str, rows))
            found.problems.append(
                Problem(found.path.name, rows[-1], "id", f"the id {row_id!r} stands in rows {where}: keep one")
            )


# -- workbook ---------------------------------------------------------------------------------------------------


def _read_workbook(path: Path, taxonomy: Taxonomy) -> Returned:
    try:
        book = load_workbook(path, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise LabelsError(f"{path}: cannot be read as a workbook") from error
    if LABEL_SHEET not in book.sheetnames:
        raise LabelsError(f"{path}: has no sheet {LABEL_SHEET!r}; found {', '.join(map(repr, book.sheetnames))}")
    page = book[LABEL_SHEET]
    facts = {}
    if FACT_SHEET in book.sheetnames:
        facts = {_text(row[0]): _text(row[1]) for row in book[FACT_SHEET].iter_rows(max_col=2, values_only=True)}
    place = {_text(cell.value): cell.column for cell in page[KEY_ROW] if _text(cell.value)}
    asked = facts.get("tasks", "").split(";") if facts.get("tasks") else None
    tasks = _asked(path, taxonomy, place, asked)

    def column(key: str) -> str:
        number = place.get(key) or place.get(key.partition("/")[0])
        if not number:
            return key
        title = _text(page.cell(row=2, column=number).value) if "/" in key else ""
        return f"{get_column_letter(number)} ({title or _text(page.cell(row=1, column=number).value) or key})"

    collector = _Collector(f"{path.name}, sheet {LABEL_SHEET}", tasks, column)
    for number, cells in enumerate(page.iter_rows(min_row=FIRST_ROW, values_only=True), start=FIRST_ROW):
        values = {key: _text(cells[position - 1]) for key, position in place.items() if position <= len(cells)}
        if any(values.get(key) for key in ("id", "text")) or any(values.values()):
            _read_workbook_row(collector, number, values)
    suggested = "suggestions" in facts or any(
        key.startswith("hint/") and key.endswith(f"/{MODEL_SAYS}") for key in place
    )
    found = Returned(path, collector.frame(taxonomy), collector.problems, collector.unfinished, facts, suggested)
    _check_guideline(found, taxonomy, tasks, place)
    return found


def _asked(path: Path, taxonomy: Taxonomy, place: dict[str, int], names: list[str] | None) -> tuple[Task, ...]:
    missing = [key for key in ("id", "text", "language", "author", "done") if key not in place]
    if missing:
        raise LabelsError(
            f"{path}: sheet {LABEL_SHEET!r}: hidden row {KEY_ROW} must name the columns; it lacks {', '.join(missing)}"
        )
    tasks = tuple(
        task for task in taxonomy.tasks if any(key == task.name or key.startswith(f"{task.name}/") for key in place)
    )
    lost = [name for name in names or () if name not in {task.name for task in tasks}]
    if lost:
        raise LabelsError(f"{path}: the columns of {', '.join(lost)} are gone, or the taxonomy no longer has that task")
    if not tasks:
        raise LabelsError(f"{path}: no column is a task of the taxonomy ({', '.join(taxonomy.task_names)})")
    return tasks


def _check_guideline(found: Returned, taxonomy: Taxonomy, tasks: tuple[Task, ...], place: dict[str, int]) -> None:
    known = {key for key, _, _ in columns_of_tasks(taxonomy.tasks)}
    fixed = {"id", "language", "author", "touchpoint", "text", "done", "note", "drawn", "same_text", "text_hash"}
    for key, number in place.items():
        if key not in known | fixed and not key.startswith("hint/"):
            what = (
                f"the taxonomy knows no {quoted(key.rpartition('/')[2])}; is it the one that the sheet was made with?"
            )
            found.problems.append(
                Problem(f"{found.path.name}, sheet {LABEL_SHEET}", KEY_ROW, get_column_letter(number), what)
            )
    same = found.facts.get("guideline", "") in ("", guideline_version(taxonomy))
    for key, _, title in columns_of_tasks(tasks):
        if same and key not in place:
            found.problems.append(
                Problem(
                    f"{found.path.name}, sheet {LABEL_SHEET}", KEY_ROW, "(gone)", f"the column of {title!r} is missing"
                )
            )


def _read_workbook_row(collector: _Collector, number: int, values: dict[str, str]) -> None:
    answered = [key for key, value in values.items() if value and _is_answer(key, collector.tasks)]
    done = values.get("done", "")
    if done and done.casefold() not in _TICKS:
        collector.problem(number, "done", f"found {quoted(done)}, expected ✓ or nothing")
        return
    if not done:
        if answered:
            collector.problem(
                number, "done", "the row has answers but is not ticked as done: tick it, or clear the row"
            )
        else:
            collector.unfinished += 1
        return
    labels: dict[str, tuple[str, ...] | None] = {}
    for task in collector.tasks:
        if task.kind == "multi":
            labels[task.name] = _ticked(collector, number, task, values)
            continue
        answer = values.get(task.name, "")
        if not answer:
            collector.problem(number, task.name, "empty, though the row is done: choose one of the list")
            continue
        name = _named(task, answer)
        if name is None:
            expected = ", ".join(label.display for label in task.labels)
            collector.problem(number, task.name, f"found {quoted(answer)}, expected one of {expected}")
            continue
        labels[task.name] = (name,)
    collector.add(number, values, labels)


def _is_answer(key: str, tasks: tuple[Task, ...]) -> bool:
    return key.partition("/")[0] in {task.name for task in tasks}


def _ticked(collector: _Collector, number: int, task: Task, values: dict[str, str]) -> tuple[str, ...]:
    held = []
    for label in task.labels:
        key = f"{task.name}/{label.name}"
        mark = values.get(key, "").casefold()
        if mark in _TICKS:
            held.append(label.name)
        elif mark:
            collector.problem(number, key, f"found {quoted(values[key])}, expected ✓ or nothing")
    return tuple(held)


def _named(task: Task, answer: str) -> str | None:
    """Return the label meant by its name or its friendly name, upper or lower case."""
    for label in task.labels:
        if answer.casefold() in (label.name, label.display.casefold()):
            return label.name
    return None


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else ""
    return str(value).strip() if not isinstance(value, str) else value.strip()


# -- CSV --------------------------------------------------------------------------------------------------------


def _read_csv(path: Path, taxonomy: Taxonomy) -> Returned:
    table = read_csv(path)
    missing = [name for name in ("id", "text", "language", "author") if name not in table.columns]
    tasks = tuple(task for task in taxonomy.tasks if task.name in table.columns)
    if missing or not tasks:
        lacks = ", ".join(missing) or f"any task of the taxonomy ({', '.join(taxonomy.task_names)})"
        found = columns_found(table.columns, {*GIVEN_COLUMNS, *HIDDEN_COLUMNS, *taxonomy.task_names})
        raise LabelsError(f"{path}: line 1: lacks {lacks}; {found}")
    collector = _Collector(path.name, tasks, lambda key: key.partition("/")[0])
    facts: dict[str, str] = {}
    for number, cells in zip(table.rows, table.cells, strict=True):
        values = dict(zip(table.columns, (cell.strip() for cell in cells), strict=True))
        values = {name: cell if name == "text" else unguard_cell(cell).strip() for name, cell in values.items()}
        facts = facts or {name: values[name] for name in ("guideline", "suggestions") if values.get(name)}
        labels: dict[str, tuple[str, ...] | None] = {}
        for task in tasks:
            try:
                labels[task.name] = parse_cell(_by_name(task, values[task.name]), task)
            except ValueError as error:
                collector.problem(number, task.name, str(error))
                labels[task.name] = None
        if any(values[task.name] for task in tasks):
            collector.add(number, values, labels)
        else:
            collector.unfinished += 1
    suggested = "suggestions" in facts or any(name.endswith(f" ({MODEL_SAYS})") for name in table.columns)
    return Returned(path, collector.frame(taxonomy), collector.problems, collector.unfinished, facts, suggested)


def _by_name(task: Task, cell: str) -> str:
    """Return the cell with friendly names turned into names."""
    parts = [part.strip() for part in cell.split(SEPARATOR)]
    return SEPARATOR.join(part if part == NONE_MARK else _named(task, part) or part for part in parts)


# -- Label Studio -----------------------------------------------------------------------------------------------


def _read_label_studio(path: Path, taxonomy: Taxonomy) -> Returned:
    """Read Label Studio's JSON export: one object a row with `data` and `annotations`, the newest of which counts."""
    try:
        items = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(items, list) or not all(isinstance(item, dict) and "data" in item for item in items):
            raise ValueError("not a list of tasks")
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise LabelsError(f"{path}: not a Label Studio export (JSON, a list of objects with `data`)") from error
    asked = {name for item in items for name in str(item["data"].get("tasks", "")).split(";") if name}
    tasks = tuple(task for task in taxonomy.tasks if not asked or task.name in asked)
    collector = _Collector(path.name, tasks, lambda key: key.partition("/")[0])
    guideline = ""
    for number, item in enumerate(items, start=1):
        values = {str(key): str(value) for key, value in item["data"].items()}
        guideline = values.get("guideline", guideline)
        done = [entry for entry in item.get("annotations", []) if not entry.get("was_cancelled")]
        if not done:
            collector.unfinished += 1
            continue
        newest = max(done, key=lambda entry: str(entry.get("updated_at") or entry.get("created_at") or ""))
        given = {
            str(part.get("from_name")): [str(name) for name in part.get("value", {}).get("choices", [])]
            for part in newest.get("result", [])
        }
        labels: dict[str, tuple[str, ...] | None] = {}
        for task in tasks:
            chosen = given.get(task.name, [])
            if not chosen and task.kind != "multi":
                collector.problem(number, task.name, "empty, though the row is done: choose one")
                continue
            try:
                labels[task.name] = parse_cell(_by_name(task, SEPARATOR.join(chosen) or NONE_MARK), task)
            except ValueError as error:
                collector.problem(number, task.name, str(error))
        collector.add(number, values, labels)
    facts = {"guideline": guideline} if guideline else {}
    return Returned(path, collector.frame(taxonomy), collector.problems, collector.unfinished, facts)
