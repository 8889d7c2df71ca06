"""The guideline sheet: what each label means, and how to fill the workbook in, made from the taxonomy."""

from __future__ import annotations

from cxnlp.taxonomy import Task, Taxonomy

HOW_TO = (
    "Read one text at a time and judge it by its own words, not by what you know of the customer or the stars.",
    "Tick (✓) every label that holds; choose one answer where there is a drop-down.",
    "When a text is judged wholly, tick “Done”. A done row without a tick in a group says: none of these.",
    "A row that is not done is left out, so you may stop at any row and go on another day.",
    "When in doubt, decide by the definitions below, write a word into “Note” and go on; treat like cases alike.",
    "Label alone. Whoever labels the same rows for comparison must not see your answers.",
    "Do not change the texts or ids (they are locked), nor add or delete columns. Sorting and filtering is fine.",
)

KINDS = {
    "multi": "tick all that hold; none may hold",
    "single": "choose exactly one",
    "ordinal": "choose exactly one; the answers are in order",
}


def guideline_rows(taxonomy: Taxonomy, tasks: tuple[Task, ...], facts: dict[str, str]) -> list[tuple[str, str, str]]:
    """Return the guideline as rows of (style, first cell, second cell).

    Styles are `title`, `heading`, `step`, `label` and `remark`.
    """
    rows = [("title", f"How to label: {taxonomy.name}, version {taxonomy.version}", "")]
    rows += [("step", f"{number}.", step) for number, step in enumerate(HOW_TO, start=1)]
    for task in tasks:
        rows.append(("heading", task.title or task.name, KINDS[task.kind]))
        if task.definition:
            rows.append(("remark", "", task.definition))
        for label in task.labels:
            rows.append(("label", label.display, label.definition or "(the taxonomy gives no definition)"))
        for group in task.exclusive:
            rows.append(("remark", "", f"Never together: {', '.join(task.label(name).display for name in group)}."))
    if facts:
        rows.append(("heading", "About these rows", ""))
        rows += [("label", key, value) for key, value in facts.items()]
    return rows
