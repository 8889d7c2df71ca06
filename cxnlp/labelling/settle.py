"""The rows on which annotators differ, as a sheet to settle.

What they agree on is filled in; what each said stands beside it. *Done* stays empty: where several labels may hold, the
labels in dispute are not ticked, which a done row would say "no" to.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cxnlp.labelling.agreement import Agreement
from cxnlp.labelling.layout import Sheet
from cxnlp.labelling.prepare import suggestion
from cxnlp.taxonomy import Task, Taxonomy

Cell = tuple[str, ...] | None


def settle_sheet(
    agreement: Agreement,
    frames: Sequence[pd.DataFrame],
    names: Sequence[str],
    taxonomy: Taxonomy,
    tasks: Sequence[Task],
    *,
    suggested: bool = False,
) -> Sheet:
    """Return a sheet of the rows that differ.

    Where all agree the labels are filled in; of a multi task those labels are ticked that all gave. `suggested` tells
    whether a model's suggestions were shown to any of them: that is kept with the sheet.
    """
    answers = [{row["id"]: row for row in frame.to_dict("records")} for frame in frames]
    ids = list(agreement.differing)
    first = [next(rows[row_id] for rows in answers if row_id in rows) for row_id in ids]
    columns = ("id", "text", "language", "author", "drawn", "same_text")
    frame = pd.DataFrame({name: [row.get(name, "") for row in first] for name in columns})
    frame["touchpoint"] = ""
    hints: dict[tuple[str, str], list[str]] = {}
    filled: dict[str, list[Cell]] = {}
    for task in tasks:
        given = [[rows[row_id][task.name] if row_id in rows else None for rows in answers] for row_id in ids]
        filled[task.name] = [_common(task, cells) for cells in given]
        if any(task.name in agreement.differing[row_id] for row_id in ids):
            for place, name in enumerate(names):
                hints[task.name, name] = [_said(task, cells[place]) for cells in given]
    facts = {"rows": f"{len(ids)} rows on which {', '.join(names)} differ"}
    if suggested:
        facts["suggestions"] = "shown"
    return Sheet(frame, taxonomy, tuple(tasks), hints=hints, filled=filled, facts=facts)


def _common(task: Task, cells: list[Cell]) -> Cell:
    known = [frozenset(cell) for cell in cells if cell is not None]
    if not known:
        return None
    shared = frozenset.intersection(*known)
    if task.kind != "multi" and not shared:
        return None
    return tuple(name for name in task.label_names if name in shared)


def _said(task: Task, cell: Cell) -> str:
    return "(not labelled)" if cell is None else suggestion(task, cell)
