"""The model card and the table of scores, as Markdown and as plain text."""

from __future__ import annotations

from typing import Any

from cxnlp.taxonomy import Taxonomy

Scores = dict[str, Any]


def number(entry: dict[str, float] | None) -> str:
    """Return a score with its interval, as in `0.81 (0.78–0.84)`."""
    if entry is None:
        return "–"
    return f"{entry['value']:.2f} ({entry['low']:.2f}–{entry['high']:.2f})"


def headline(taxonomy: Taxonomy) -> list[tuple[str, str, str]]:
    """Return (title, task, metric) of the figures that lead: one a task, and valence where labels have it."""
    found: list[tuple[str, str, str]] = []
    for task in taxonomy.tasks:
        if task.kind == "multi":
            found.append((f"{task.name}: micro-F1", task.name, "micro_f1"))
            if {"positive", "negative"} <= {label.valence for label in task.labels}:
                found.append((f"valence (of {task.name}): accuracy", task.name, "valence"))
        else:
            found.append((f"{task.name}: accuracy", task.name, "micro_f1"))
            found.append((f"{task.name}: macro-F1", task.name, "macro_f1"))
    return found


def find(slices: list[Scores], name: str) -> Scores | None:
    """Return the slice of that name."""
    return next((part for part in slices if part["slice"] == name), None)


def figure(part: Scores | None, task: str, metric: str) -> dict[str, float] | None:
    """Return one score of a slice, or None where it has too few rows."""
    if part is None:
        return None
    entry: dict[str, float] | None = part["tasks"].get(task, {}).get(metric)
    return entry


def comparison(scores: Scores, taxonomy: Taxonomy, name: str) -> list[list[str]]:
    """Return a table: one row a figure, one column a classifier, on the slice `name`; the first row is the head."""
    columns = [("this model", scores["slices"]), *scores["baselines"].items()]
    rows = [["", *(title for title, _ in columns)]]
    for title, task, metric in headline(taxonomy):
        rows.append([title, *(number(figure(find(part, name), task, metric)) for _, part in columns)])
    return rows


def by_slice(scores: Scores, taxonomy: Taxonomy) -> list[list[str]]:
    """Return a table: one row a slice, one column a figure; the first row is the head."""
    figures = headline(taxonomy)
    rows = [["rows", "n", *(title for title, _, _ in figures)]]
    for part in scores["slices"]:
        values = [number(figure(part, task, metric)) for _, task, metric in figures]
        rows.append([part["slice"], str(part["n"]), *values])
    return rows


def markdown(rows: list[list[str]]) -> str:
    """Return a table as Markdown."""
    head, *body = rows
    lines = [f"| {' | '.join(head)} |", f"| {' | '.join('---' for _ in head)} |"]
    lines += [f"| {' | '.join(row)} |" for row in body]
    return "\n".join(lines)


def plain(rows: list[list[str]]) -> str:
    """Return a table in columns of equal width."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def leading_slice(scores: Scores) -> str:
    """Return the slice that leads: real rows where there are enough."""
    return "real" if find(scores["slices"], "real") else str(scores["slices"][0]["slice"])


def card(scores: Scores, training: dict[str, Any], taxonomy: Taxonomy) -> str:
    """Return the model card, in Markdown. Real rows lead."""
    lead = leading_slice(scores)
    part = find(scores["slices"], lead)
    rows = training["rows"]
    unsure = part["unsure"] if part else {"share": 0.0, "right_inside": None, "right_outside": None}
    weakest = sorted(
        (
            (entry["f1"]["value"], task, label, entry["n"])
            for task, found in (part["tasks"] if part else {}).items()
            for label, entry in found["labels"].items()
            if entry.get("f1")
        ),
    )[:8]
    weak = ", ".join(f"{task}/{label} {value:.2f} (n {n})" for value, task, label, n in weakest)
    return f"""# {scores["model"]}

Reads customer feedback and company replies: {", ".join(task.name for task in taxonomy.tasks)} (taxonomy
`{taxonomy.name}`, version {taxonomy.version}). A shared encoder with one head per task; the encoder's layers are kept
as 4-bit differences to the base, which `cxnlp models pull` fetches. Written by `cxnlp train` and `cxnlp evaluate`.

## How well it reads: {lead} gold rows, beside the baselines

Rows no model saw in training. 95 % bootstrap intervals over rows in brackets; all columns on the same rows.

{markdown(comparison(scores, taxonomy, lead))}

## By origin, language and author

{markdown(by_slice(scores, taxonomy))}

Real rows were written by customers and companies; written ones were composed for training, to cover every label.
Weakest labels on {lead} rows (F1): {weak or "too few rows to say"}.

Unsure band: {unsure["share"]:.0%} of {lead} rows. Answers wholly right inside it {share(unsure["right_inside"])},
outside it {share(unsure["right_outside"])}. `confidence` is the probability that a task's answer is wholly right; its
calibration
error per task and language stands in `evaluation.json`.

## Training

{rows["train"]} rows to train on, {rows["validation"]} to validate, choose thresholds and calibrate; data hash
`{training["data_sha256"]}`, seed {training["settings"]["seed"]}, {len(training["epochs"])} passes,
{training["seconds"] / 60:.1f} minutes. Gold: {scores["rows"]} rows, hash `{scores["gold_sha256"]}`.
{attribution(rows)}
## Limits

Figures hold for feedback like the gold rows; sample and label your own (`cxnlp labels sample`) before you trust them
on yours. Languages without real gold rows above are untested on real text. Never use it to judge a single person.
"""


def share(value: float | None) -> str:
    """Return a share in percent, or a dash."""
    return "–" if value is None else f"{value:.0%}"


#: Public sets whose rows may be learnt from, and what their licence asks to be said.
SOURCES = {
    "bankapp_vi": "Google Play reviews of Vietnamese bank apps (MIT)",
    "cesamard_en": "CESAMARD aspects, Singh et al., ECIR 2023 (MIT)",
    "poleval2024_pl": "CLARIN-Emo / PolEval 2024 task 2 (CC BY 4.0)",
    "snappfood_fa": "SnappFood comments and replies (MIT)",
}


def attribution(rows: dict[str, Any]) -> str:
    """Return the sentence that names the public sets learnt from, if any."""
    used = [SOURCES[name] for name in rows.get("public_sets", ()) if name in SOURCES]
    return f"\nPublic texts learnt from, under labels of this project's own: {'; '.join(used)}.\n" if used else ""
