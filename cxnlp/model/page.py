"""The evaluation as one self-contained HTML page."""

from __future__ import annotations

from typing import Any

from cxnlp.model.assess import Assessment
from cxnlp.model.card import by_slice, comparison, find, leading_slice, number
from cxnlp.taxonomy import Taxonomy


def render(assessment: Assessment, taxonomy: Taxonomy, title: str) -> str:
    """Return the page. It shows the texts of the worst errors: it is for the analyst, not for publishing."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415

    environment = Environment(
        loader=PackageLoader("cxnlp.model"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    scores = assessment.scores
    lead = leading_slice(scores)
    part = find(scores["slices"], lead)
    tasks = []
    for task in taxonomy.tasks:
        found = part["tasks"].get(task.name) if part else None
        if found is None:
            continue
        tasks.append(
            {
                "name": task.name,
                "title": task.title or task.name,
                "labels": [
                    {**entry, "name": name, "shown": number(entry.get("f1"))} for name, entry in found["labels"].items()
                ],
                "confusion": found.get("confusion"),
                "calibration": found["calibration"],
                "points": points(found["calibration"]["bins"]),
                "errors": [
                    {**error, "text": assessment.gold.texts[error["row"]]} for error in assessment.worst[task.name]
                ],
            }
        )
    return environment.get_template("evaluation.html.j2").render(
        title=title,
        scores=scores,
        gold="gold" in assessment.gold.parts,
        lead=lead,
        comparison=comparison(scores, taxonomy, lead),
        slices=by_slice(scores, taxonomy),
        unsure=part["unsure"] if part else None,
        tasks=tasks,
    )


def points(bins: list[dict[str, Any]], size: float = 180.0) -> list[tuple[float, float, int]]:
    """Return (x, y, n) of each bin of a calibration curve on a square of `size` units, y downwards."""
    return [(round(b["confidence"] * size, 1), round((1 - b["right"]) * size, 1), b["n"]) for b in bins]
