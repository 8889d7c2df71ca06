"""Writing a sheet as CSV or as a Label Studio project."""

from __future__ import annotations

import json
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pandas as pd

from cxnlp.labelling.cells import format_cell, guard_cell
from cxnlp.labelling.layout import GIVEN_COLUMNS, Sheet, guideline_version, shown_text
from cxnlp.labelling.workbook import refuse, write_workbook
from cxnlp.records import text_hash
from cxnlp.taxonomy import Task

FORMATS = ("xlsx", "csv", "labelstudio")


def write_sheet(sheet: Sheet, path: Path, form: str) -> list[Path]:
    """Write the sheet in one of `FORMATS`; return the files made. Raise `LabelsError` when one is there already."""
    if form == "xlsx":
        write_workbook(sheet, path)
        return [path]
    if form == "csv":
        write_csv(sheet, path)
        return [path]
    return write_label_studio(sheet, path)


def write_csv(sheet: Sheet, path: Path) -> None:
    """Write the sheet as CSV in the form of labelled rows, label cells empty.

    A cell that a spreadsheet program would take for a formula gets a `'` before it, which is taken away when the file
    is read back.
    """
    refuse(sheet, path)
    texts = [shown_text(str(text)) for text in sheet.frame["text"]]
    out = pd.DataFrame({name: sheet.frame[name].fillna("") for name in GIVEN_COLUMNS if name != "text"})
    out["text"] = texts
    for (name, who), hints in sheet.hints.items():
        out[f"{name} ({who})"] = hints
    for task in sheet.tasks:
        out[task.name] = [format_cell(labels) for labels in sheet.filled.get(task.name, [None] * len(out))]
    out["note"] = ""
    out["drawn"] = sheet.frame["drawn"]
    out["same_text"] = sheet.frame["same_text"]
    out["guideline"] = guideline_version(sheet.taxonomy)
    if "suggestions" in sheet.facts:
        out["suggestions"] = sheet.facts["suggestions"]
    out["text_hash"] = [text_hash(text) for text in texts]
    path.parent.mkdir(parents=True, exist_ok=True)
    out.astype(str).map(guard_cell).to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\n")


def write_label_studio(sheet: Sheet, path: Path) -> list[Path]:
    """Write Label Studio's tasks (JSON, to import) and beside them the labelling interface (XML, for its settings).

    Filled-in labels, if any, become predictions, which Label Studio shows beforehand.
    """
    interface = path.with_suffix(".xml")
    refuse(sheet, path)
    refuse(sheet, interface)
    items = []
    for position, row in enumerate(sheet.frame.to_dict("records")):
        text = shown_text(str(row["text"]))
        data = {name: str(row.get(name) or "") for name in (*GIVEN_COLUMNS, "drawn", "same_text")} | {
            "text": text,
            "text_hash": text_hash(text),
            "guideline": guideline_version(sheet.taxonomy),
            "tasks": ";".join(task.name for task in sheet.tasks),
        }
        item: dict[str, object] = {"data": data}
        if sheet.filled:
            result = [
                {
                    "from_name": name,
                    "to_name": "text",
                    "type": "choices",
                    "value": {"choices": list(cells[position] or ())},
                }
                for name, cells in sheet.filled.items()
                if cells[position]
            ]
            item["predictions"] = [{"model_version": sheet.facts.get("model", ""), "result": result}]
        items.append(item)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(items, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    interface.write_text(interface_of(sheet.tasks), encoding="utf-8")
    return [path, interface]


def interface_of(tasks: tuple[Task, ...]) -> str:
    """Return Label Studio's labelling interface for these tasks."""
    lines = ["<View>", '  <Text name="text" value="$text" granularity="word"/>']
    for task in tasks:
        several = task.kind == "multi"
        lines.append(f"  <Header value={quoteattr(task.title or task.name)}/>")
        lines.append(
            f'  <Choices name="{task.name}" toName="text" choice="{"multiple" if several else "single-radio"}" '
            f'required="{"false" if several else "true"}" showInline="true">'
        )
        lines += [
            f'    <Choice value={quoteattr(label.display)} alias="{label.name}" hint={quoteattr(label.definition)}/>'
            for label in task.labels
        ]
        lines.append("  </Choices>")
    return "\n".join([*lines, "</View>"]) + "\n"
