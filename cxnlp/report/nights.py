"""The list of nights: one line each, made from each night's small `night.json`, so that no old report is opened."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cxnlp.analysis.summary import Summary
from cxnlp.report.catalogue import RIGHT_TO_LEFT
from cxnlp.report.render import assets, environment
from cxnlp.report.words import Words, tame


@dataclass(frozen=True, slots=True)
class Night:
    """What the list shows of a night; `worst` is the place of its first finding."""

    day: str
    company: str
    last: str | None
    records: int
    reported: float | None
    expressed: float | None
    gap: float | None
    worst: str


def night_of(summary: Summary, day: str) -> dict[str, Any]:
    """Return the content of `night.json`."""
    numbers = summary.overall.satisfaction
    worst = summary.findings[0].title if summary.findings else ""
    return asdict(
        Night(
            day,
            tame(summary.company),
            summary.period.last,
            summary.records,
            numbers.reported_paired.best,
            numbers.expressed_paired.best,
            numbers.gap.best if numbers.gap else None,
            tame(worst),
        )
    )


def read_nights(reports: Path, days: list[str]) -> list[Night]:
    """Return the nights of `days`, newest first; one without a readable `night.json` is left out."""
    found = []
    for day in reversed(days):
        try:
            found.append(Night(**json.loads((reports / day / "night.json").read_text(encoding="utf-8"))))
        except (OSError, ValueError, TypeError):
            continue
    return found


def render_nights(nights: list[Night], language: str) -> str:
    """Return `reports/index.html`."""
    words = Words(language)

    def percent(value: float | None) -> str:
        return words.digits(words.percents(value)) if value is not None else "–"

    rows = [
        {
            "href": f"{night.day}/index.html",
            "day": words.day(night.day),
            "last": words.day(night.last) if night.last else None,
            "records": words.digits(words.decimals(night.records, 0)),
            "reported": percent(night.reported),
            "expressed": percent(night.expressed),
            "gap": words.digits(words.signed(night.gap)) if night.gap is not None else "–",
            "worst": words.word(night.worst),
        }
        for night in nights
    ]
    company = nights[0].company if nights else ""
    return (
        environment(language)
        .get_template("nights.html.j2")
        .render(
            rows=rows,
            company=company,
            language=language,
            direction="rtl" if language in RIGHT_TO_LEFT else "ltr",
            **assets(),
        )
    )
