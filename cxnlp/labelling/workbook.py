"""Writing a sheet as an XLSX workbook: drop-downs, tick columns, a guideline sheet, texts as inert strings.

The third row of the sheet `Label` is hidden and holds the names by which `returned.py` reads it back.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from cxnlp.errors import LabelsError
from cxnlp.labelling.guide import guideline_rows
from cxnlp.labelling.layout import GIVEN_COLUMNS, HIDDEN_COLUMNS, Sheet, guideline_version, is_right_to_left, shown_text
from cxnlp.records import text_hash
from cxnlp.taxonomy import Task

FORMAT = "1"
LABEL_SHEET, GUIDE_SHEET, CHOICE_SHEET, FACT_SHEET = "Label", "Guideline", "Choices", "About"
KEY_ROW, FIRST_ROW = 3, 4
TICK = "✓"

_HEAD = PatternFill("solid", fgColor="1F2A37")
_BANDS = ("EEF2F6", "FFFFFF")
_LOCKED = PatternFill("solid", fgColor="F5F5F2")
_THIN = Side(style="thin", color="D5D9DE")
_WIDTHS = {"id": 14, "language": 9, "author": 11, "touchpoint": 13, "text": 70, "done": 7, "note": 24}


def write_workbook(sheet: Sheet, path: Path) -> None:
    """Write the workbook; raise `LabelsError` when there is nothing to write or the file is there already.

    *Done* is empty on every row, labels filled in or not: only who labels can say that a row is done.
    """
    refuse(sheet, path)
    book = Workbook()
    page = book.active
    page.title = LABEL_SHEET
    columns = _columns(sheet)
    choices = _write_choices(book.create_sheet(CHOICE_SHEET), sheet.tasks)
    _write_head(page, columns)
    for number, (_, row) in enumerate(sheet.frame.iterrows(), start=FIRST_ROW):
        _write_row(page, number, {str(name): value for name, value in row.items()}, columns, sheet, number - FIRST_ROW)
    _add_drop_downs(page, columns, choices, FIRST_ROW + len(sheet.frame) - 1)
    page.freeze_panes = f"{get_column_letter(len(GIVEN_COLUMNS) + 1)}{FIRST_ROW}"
    page.auto_filter.ref = f"A{KEY_ROW}:{get_column_letter(len(columns))}{FIRST_ROW + len(sheet.frame) - 1}"
    page.protection.sheet = True  # without a password: it keeps ids and texts from slips, not from intent
    for allowed in ("formatColumns", "formatRows", "sort", "autoFilter"):
        setattr(page.protection, allowed, False)
    _write_guide(book.create_sheet(GUIDE_SHEET), sheet)
    _write_facts(book.create_sheet(FACT_SHEET), sheet)
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)


def refuse(sheet: Sheet, path: Path) -> None:
    """Raise `LabelsError` when there are no rows, or `path` exists: somebody's labels may be in it."""
    if sheet.frame.empty:
        raise LabelsError(f"{path}: there are no rows to write")
    if path.exists():
        raise LabelsError(f"{path}: is there already and may hold labels; give another name or move it away")


def columns_of_tasks(tasks: tuple[Task, ...]) -> list[tuple[str, str, str]]:
    """Return (key, heading, sub-heading) of the columns to fill in: one a task, or one a label where several hold."""
    found = []
    for task in tasks:
        title = task.title or task.name.replace("_", " ")
        if task.kind == "multi":
            found += [(f"{task.name}/{label.name}", title, label.display) for label in task.labels]
        else:
            found.append((task.name, title, "choose one"))
    return found


def _columns(sheet: Sheet) -> list[tuple[str, str, str]]:
    given = [(name, name.capitalize(), "") for name in GIVEN_COLUMNS]
    asked: list[tuple[str, str, str]] = []
    for task in sheet.tasks:
        asked += [
            (f"hint/{task.name}/{who}", task.title or task.name, who) for name, who in sheet.hints if name == task.name
        ]
        asked += columns_of_tasks((task,))
    hidden = [(name, name, "") for name in HIDDEN_COLUMNS]
    return [*given, ("done", "Done", TICK), *asked, ("note", "Note", ""), *hidden]


def _write_head(page: Worksheet, columns: list[tuple[str, str, str]]) -> None:
    start = 1
    for place, (key, title, below) in enumerate(columns, start=1):
        letter = get_column_letter(place)
        for row, value in ((1, title), (2, below), (KEY_ROW, key)):
            cell = _put(page, row, place, value)
            cell.fill = _HEAD
            cell.font = Font(bold=row == 1, color="FFFFFF", size=11 if row == 1 else 10)
            tall = row == 2 and "/" in key and not key.startswith("hint/")
            cell.alignment = Alignment(
                wrap_text=True,
                vertical="bottom",
                horizontal="center" if tall else "left",
                textRotation=70 if tall else 0,
            )
        ticks = "/" in key and not key.startswith("hint/")
        page.column_dimensions[letter].width = _WIDTHS.get(key, 5.5 if ticks else 18)
        page.column_dimensions[letter].hidden = key in HIDDEN_COLUMNS
        last = place == len(columns) or columns[place][1] != title
        if last:
            if place > start:
                page.merge_cells(start_row=1, start_column=start, end_row=1, end_column=place)
            start = place + 1
    page.row_dimensions[1].height = 20
    page.row_dimensions[2].height = 110
    page.row_dimensions[KEY_ROW].hidden = True


def _write_row(
    page: Worksheet, number: int, row: dict[str, Any], columns: list[tuple[str, str, str]], sheet: Sheet, position: int
) -> None:
    text = shown_text(str(row["text"]))
    kinds = {task.name: task for task in sheet.tasks}
    shade, band, previous = _LOCKED, 0, ""
    for place, (key, title, _) in enumerate(columns, start=1):
        task_name, _, label = key.partition("/")
        if title != previous:
            previous, band = title, 1 - band
        value, locked, fill = "", False, PatternFill("solid", fgColor=_BANDS[band])
        if key == "text":
            value, locked, fill = text, True, shade
        elif key == "text_hash":
            value, locked = text_hash(text), True
        elif key in GIVEN_COLUMNS or key in HIDDEN_COLUMNS:
            value, locked, fill = str(row.get(key) or ""), True, shade
        elif task_name == "hint":
            name, _, who = label.partition("/")
            value, locked = sheet.hints[name, who][position], True
        elif task_name in sheet.filled and (given := sheet.filled[task_name][position]) is not None:
            task = kinds[task_name]
            value = TICK if label in given else "" if label else task.label(given[0]).display if given else ""
        cell = _put(page, number, place, value)
        cell.fill = fill
        cell.border = Border(left=_THIN, bottom=_THIN)
        cell.protection = Protection(locked=locked)
        backwards = key in ("text", "note") and is_right_to_left(text)
        ticks = key == "done" or (label != "" and task_name != "hint")
        cell.alignment = Alignment(
            wrap_text=True,
            vertical="top",
            horizontal="right" if backwards else "center" if ticks else "left",
            readingOrder=2 if backwards else 1 if key == "text" else 0,
        )
        if task_name == "hint":
            cell.font = Font(italic=True, color="6B7280")
    page.row_dimensions[number].height = min(300, 15 * max(2, sum(1 + len(line) // 68 for line in text.split("\n"))))


def _put(page: Worksheet, row: int, column: int, value: str) -> Cell:
    """Put a string into a cell as a string: `=…` is no formula here, and stays none when it is typed over."""
    cell: Cell = page.cell(row=row, column=column)
    if value:
        cell.value = value
        cell.data_type = "s"
        cell.quotePrefix = value[:1] in "=+-@\t"
    cell.number_format = "@"
    return cell


def _write_choices(page: Worksheet, tasks: tuple[Task, ...]) -> dict[str, str]:
    """Write the lists that drop-downs choose from; return each one's range."""
    _put(page, 1, 1, TICK)
    ranges = {"": f"'{page.title}'!$A$1:$A$1"}
    for place, task in enumerate([task for task in tasks if task.kind != "multi"], start=2):
        for row, label in enumerate(task.labels, start=1):
            _put(page, row, place, label.display)
        letter = get_column_letter(place)
        ranges[task.name] = f"'{page.title}'!${letter}$1:${letter}${len(task.labels)}"
    page.sheet_state = "hidden"
    return ranges


def _add_drop_downs(page: Worksheet, columns: list[tuple[str, str, str]], choices: dict[str, str], last: int) -> None:
    for name, choice in choices.items():
        rule = DataValidation(type="list", formula1=choice, allow_blank=True, showErrorMessage=True)
        rule.errorTitle = "Not a choice"
        rule.error = f"Tick with {TICK} or leave empty." if not name else "Choose one of the list."
        for place, (key, _, _) in enumerate(columns, start=1):
            ticks = key == "done" or ("/" in key and not key.startswith("hint/"))
            if (ticks and not name) or (name and key == name):
                letter = get_column_letter(place)
                rule.add(f"{letter}{FIRST_ROW}:{letter}{last}")
        page.add_data_validation(rule)


def _write_guide(page: Worksheet, sheet: Sheet) -> None:
    page.column_dimensions["A"].width, page.column_dimensions["B"].width = 28, 110
    fonts = {"title": Font(bold=True, size=15), "heading": Font(bold=True, size=12), "label": Font(bold=True)}
    for number, (style, first, second) in enumerate(guideline_rows(sheet.taxonomy, sheet.tasks, sheet.facts), start=1):
        left, right = _put(page, number, 1, first), _put(page, number, 2, second)
        left.font = fonts.get(style, Font())
        right.font = Font(italic=style in ("heading", "remark"))
        left.alignment = Alignment(vertical="top", wrap_text=style != "title")
        right.alignment = Alignment(vertical="top", wrap_text=True)
        if style == "heading":
            page.row_dimensions[number].height = 24
    page.protection.sheet = True


def _write_facts(page: Worksheet, sheet: Sheet) -> None:
    facts = {
        "format": FORMAT,
        "taxonomy": sheet.taxonomy.name,
        "guideline": guideline_version(sheet.taxonomy),
        "tasks": ";".join(task.name for task in sheet.tasks),
        **sheet.facts,
    }
    for number, (key, value) in enumerate(facts.items(), start=1):
        _put(page, number, 1, key)
        _put(page, number, 2, value)
    page.sheet_state = "hidden"
