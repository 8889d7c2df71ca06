"""`actions.csv`: every action, grouped by owner, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

from cxnlp.analysis.summary import Summary
from cxnlp.report.actions import COLUMNS, actions_csv
from report.build import lindgard


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_every_action_stands_with_its_owner(summary: Summary) -> None:
    told = rows(actions_csv(summary))
    assert len(told) == len(summary.actions)
    assert tuple(told[0]) == COLUMNS
    owners = [row["owner"] for row in told]
    assert owners == sorted(owners, key=list(dict.fromkeys(owners)).index), "an owner's actions stand together"
    first = summary.actions[0]
    assert told[0]["texts_that_blame_it"] == str(first.affected.count)
    assert float(told[0]["how_sure"]) == first.sure


def test_hostile_names_are_held_in_their_cells() -> None:
    summary = lindgard()
    hostile = "=cmd|' /C calc'!A0\",\n\"\u202e"
    actions = tuple(replace(a, owner=hostile, title=hostile, touchpoint_title=hostile) for a in summary.actions)
    told = rows(actions_csv(replace(summary, actions=actions)))
    assert len(told) == len(actions)
    for row in told:
        assert row["owner"].startswith("'=cmd")
        assert "\u202e" not in row["owner"]
