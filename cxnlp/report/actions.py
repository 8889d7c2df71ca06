"""`actions.csv`: what there is to do, by owner, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io

from cxnlp.analysis.summary import Action, Summary
from cxnlp.report.words import tame
from cxnlp.spreadsheet import safe_cell

COLUMNS = (
    "owner",
    "rank",
    "touchpoint",
    "cause",
    "texts_that_blame_it",
    "texts_read",
    "share",
    "share_low",
    "share_high",
    "loss_of_happy_words",
    "loss_low",
    "loss_high",
    "how_sure",
    "of_them_with_happy_rating",
    "information_would_prevent",
    "score",
    "findings",
)


def actions_csv(summary: Summary) -> str:
    """Return the actions grouped by owner, in the order of each owner's worst; shares run from 0 to 1."""
    owners = list(dict.fromkeys(action.owner for action in summary.actions))
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for owner in owners:
        writer.writerows(_row(action) for action in summary.actions if action.owner == owner)
    return out.getvalue()


def _row(action: Action) -> list[str | int | float]:
    low, high = action.affected.best_interval
    return [
        _cell(action.owner),
        action.rank,
        _cell(action.touchpoint_title),
        _cell(action.title),
        action.affected.count,
        action.affected.total,
        round(action.affected.best or 0.0, 6),
        round(low, 6),
        round(high, 6),
        round(action.harm.value, 6),
        round(action.harm.low, 6),
        round(action.harm.high, 6),
        round(action.sure, 6),
        action.hidden,
        "yes" if action.prevents else "no",
        round(action.score, 6),
        _cell("; ".join(action.findings)),
    ]


def _cell(words: str) -> str:
    calm = tame(words)
    return safe_cell(calm) if safe_cell(words) == words else f"'{calm}"
