"""Gates: each fails just beyond its bound, and says what was found and what was asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from report.build import lindgard

from cxnlp.analysis.summary import Drift, Summary
from cxnlp.config import GatesConfig
from cxnlp.gates import failed_gates, may_delete
from cxnlp.nightly import RunRecord

RECORD = RunRecord(rows_read=100, rejected_by_reason={"not a mark": 4, "not a date": 1}, rows_fresh=7)


@pytest.fixture(scope="module")
def summary() -> Summary:
    return lindgard()


def drifting(summary: Summary, index: float) -> Summary:
    drift = (Drift("languages", index, 200, 900, "changed"),)
    return replace(summary, trust=replace(summary.trust, drift=drift))


def unsure_of(summary: Summary, count: int, total: int) -> Summary:
    share = replace(summary.blind_spots.unsure, count=count, total=total)
    return replace(summary, blind_spots=replace(summary.blind_spots, unsure=share))


@pytest.mark.parametrize(
    ("gates", "told"),
    [
        ({}, []),
        ({"max_rejected_share": 0.05}, []),
        (
            {"max_rejected_share": 0.049},
            ["max_rejected_share: 5 of 100 rows were set aside (5.0%), at most 4.9% allowed"],
        ),
        ({"min_new_rows": 7}, []),
        (
            {"min_new_rows": 8},
            ["min_new_rows: 7 rows are new since the last good run of an earlier day, at least 8 expected"],
        ),
    ],
)
def test_of_rows(gates: dict[str, Any], told: list[str], summary: Summary) -> None:
    assert failed_gates(GatesConfig(**gates), RECORD, replace(summary, warnings=())) == told


def test_of_deleted_records(summary: Summary) -> None:
    record = RunRecord(records_spared=57, records_before=60)
    assert failed_gates(GatesConfig(), record, replace(summary, warnings=())) == [
        "max_deleted_share: 57 of 60 records are gone from the export (95.0%), at most 20.0% are deleted in one night: "
        "nothing was deleted; mend the export, or raise [gates] max_deleted_share for one night to delete them"
    ]


@pytest.mark.parametrize(
    ("gone", "before", "allowed"), [(0, 0, True), (49, 49, True), (10, 50, True), (11, 50, False), (0, 50, True)]
)
def test_a_fifth_may_be_deleted_in_one_night_and_of_a_small_store_all(gone: int, before: int, allowed: bool) -> None:
    assert may_delete(GatesConfig(), gone, before) is allowed
    assert may_delete(GatesConfig(max_deleted_share=1), gone, before)


def test_an_empty_export_has_no_rejected_share(summary: Summary) -> None:
    assert failed_gates(GatesConfig(max_rejected_share=0), RunRecord(), summary) == []


def test_of_unsure_texts(summary: Summary) -> None:
    gates = GatesConfig(max_unsure_share=0.3)
    assert failed_gates(gates, RECORD, unsure_of(summary, 30, 100)) == []
    assert failed_gates(gates, RECORD, unsure_of(summary, 31, 100)) == [
        "max_unsure_share: the model is unsure of 31.0% of the texts, at most 30.0% allowed"
    ]
    assert failed_gates(gates, RECORD, unsure_of(summary, 0, 0)) == [], "no text, no share"


def test_of_drift(summary: Summary) -> None:
    gates = GatesConfig(max_drift=0.25)
    assert failed_gates(gates, RECORD, drifting(summary, 0.25)) == []
    assert failed_gates(gates, RECORD, drifting(summary, 0.3)) == [
        "max_drift: languages drifted by 0.30 (population stability index), at most 0.25 allowed"
    ]


def test_a_drift_that_may_be_chance_fails_no_gate(summary: Summary) -> None:
    drift = (Drift("causes", 0.4, 30, 200, "steady", chance=0.7),)
    small = replace(summary, trust=replace(summary.trust, drift=drift))
    assert failed_gates(GatesConfig(max_drift=0.25), RECORD, small) == []


def test_of_drift_against_training(summary: Summary) -> None:
    record = RunRecord(training_drift={"languages": 1.5, "stance": 0.2})
    assert failed_gates(GatesConfig(max_training_drift=1.5), record, summary) == []
    assert failed_gates(GatesConfig(max_training_drift=1), record, summary) == [
        "max_training_drift: languages of the last four weeks lies 1.50 from what the model was trained on "
        "(population stability index), at most 1.00 allowed"
    ]


def test_of_early_warnings(summary: Summary) -> None:
    assert summary.warnings, "the invented report holds an early warning"
    assert failed_gates(GatesConfig(), RECORD, summary) == []
    told = failed_gates(GatesConfig(fail_on_alert=True), RECORD, summary)
    assert told == [f"fail_on_alert: {len(summary.warnings)} early warnings"]


def test_every_failed_gate_is_named(summary: Summary) -> None:
    gates = GatesConfig(max_rejected_share=0, min_new_rows=100, max_drift=0.1, fail_on_alert=True)
    assert len(failed_gates(gates, RECORD, drifting(summary, 1.0))) == 4
