"""Files of rows as they were written, each row with its line: CSV and JSON Lines."""

from __future__ import annotations

import csv
import io
import json
import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from cxnlp.errors import LabelsError
from cxnlp.labelling.cells import format_cell, quoted

DELIMITERS = ",;\t"


@dataclass(frozen=True)
class Table:
    """Rows of cells, all of them words, under `columns`.

    `lines` holds the line of the file that each row starts on, `rows` the row's number as a spreadsheet shows it: a
    text with line breaks is many lines and one row. Both count from 1, column names and empty lines included.
    """

    columns: list[str]
    cells: list[list[str]]
    lines: list[int]
    rows: list[int]

    def frame(self) -> pd.DataFrame:
        """Return the rows as a frame whose index is the line."""
        return pd.DataFrame(self.cells, columns=self.columns, index=self.lines, dtype=object)


def read_table(path: Path) -> Table:
    """Read JSON Lines (`.jsonl`, `.json`) or CSV (anything else); raise `LabelsError` with the line that is wrong."""
    return read_json_lines(path) if path.suffix in (".jsonl", ".json") else read_csv(path)


def read_csv(path: Path) -> Table:
    """Read CSV in UTF-8, delimited by comma, semicolon or tab: whichever the first line has most of.

    Rows that end early are filled up with empty cells. Raise `LabelsError`, naming the line, for a row with more cells
    than there are column names, quotes that do not match, a column name that stands twice.
    """
    csv.field_size_limit(2**31 - 1)  # Python's limit of 131,072 characters is shorter than real cells
    words = _read(path)
    first = words.lstrip("\r\n").partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(words, newline=""), delimiter=delimiter, strict=True)
    table = Table([], [], [], [])
    row, line = 0, 1
    while True:
        line, row = reader.line_num + 1, row + 1
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            raise LabelsError(f"{path}: line {line}: cannot be read as CSV: the quotes do not match") from error
        if not cells:
            continue
        if not table.columns:
            table.columns.extend(name.strip() for name in cells)
            twice = [name for name, number in Counter(filter(None, table.columns)).items() if number > 1]
            if twice:
                raise LabelsError(f"{path}: line {line}: the column {quoted(twice[0])} stands twice")
            continue
        wanted = len(table.columns)
        if len(cells) > wanted:
            raise LabelsError(
                f"{path}: line {line}: found {len(cells)} cells, expected {wanted} as there are column names; a text "
                f"that holds {delimiter!r} must stand in quotes"
            )
        table.cells.append(cells + [""] * (wanted - len(cells)))
        table.lines.append(line)
        table.rows.append(row)
    if not table.columns:
        raise LabelsError(f"{path}: line 1: the file is empty, expected column names")
    return table


def read_json_lines(path: Path) -> Table:
    """Read one JSON object a line; lists become cells of several labels. Raise `LabelsError` with the line."""
    objects: dict[int, dict[str, Any]] = {}
    for line, words in enumerate(io.StringIO(_read(path)), start=1):
        if not words.strip():
            continue
        try:
            found = json.loads(words)
        except ValueError as error:
            column = f", column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
            raise LabelsError(f"{path}: line {line}{column}: cannot be read as JSON Lines") from error
        if not isinstance(found, dict):
            raise LabelsError(f"{path}: line {line}: expected a JSON object, found something else")
        objects[line] = found
    columns = list(dict.fromkeys(name for found in objects.values() for name in found))
    cells = [[_cell_of_json(found.get(name)) for name in columns] for found in objects.values()]
    return Table(columns, cells, list(objects), list(objects))


def _cell_of_json(value: Any) -> str:
    if isinstance(value, list):
        return format_cell([str(item) for item in value])
    return "" if value is None or (isinstance(value, float) and math.isnan(value)) else str(value)


def _read(path: Path) -> str:
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise LabelsError(f"{path}: there is no such file") from error
    except OSError as error:
        raise LabelsError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise LabelsError(f"{path}: line {line}: is not UTF-8") from error
