"""Protects the counting: a small export worked out by hand, and that groups add up."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cxnlp.analysis.counts import COUNTERS, GroupCounts, Window, count_groups
from cxnlp.analysis.frame import Grouping, build_analysed, groupings
from cxnlp.analysis.settings import AnalysisSettings
from cxnlp.journey import default_journey

from .build import MODEL, store

SETTINGS = AnalysisSettings(model=MODEL, segments=("country",))
WAYS = {way.column: way for way in groupings(SETTINGS)}

# Six customers at `receive`, one at `use`, one nowhere.
ROWS: list[dict[str, Any]] = [
    {"stars": 5, "emotions": ["satisfaction"], "strengths": ["staff_attitude"]},
    {
        "stars": 5,
        "emotions": ["anger"],
        "stance": "complaint",
        "causes": ["delivery", "communication"],
        "reply": "sorry",
    },
    {"stars": 4, "emotions": ["satisfaction"], "effort": "high", "causes": ["contact_access"]},
    {"stars": 1, "emotions": ["delight", "trust"], "strengths": ["product_quality"]},
    {
        "stars": 2,
        "emotions": [],
        "stance": "complaint",
        "causes": ["delivery"],
        "reply": "done",
        "reply_stance": "resolution",
    },
    {"stars": 3, "text": None},
]
EXPORT = [row | {"touchpoint": "receive"} for row in ROWS] + [
    {"touchpoint": "use", "emotions": ["satisfaction", "confusion"], "effort": "low", "touchpoint_source": "rule"},
    {"stars": 5, "read": False, "language": None},
]


def counted(
    rows: list[dict[str, Any]], column: str = "overall", window: Window | None = None
) -> dict[str, GroupCounts]:
    connection = store(rows)
    build_analysed(connection, SETTINGS)
    return count_groups(connection, WAYS[column], window)


def test_a_small_export_by_hand() -> None:
    base = counted(EXPORT)["overall"].base
    expected = {
        "records": 8,
        "has_text": 7,
        "read": 6,
        "rated": 7,
        "both": 5,  # the five of `receive` with words; one rated text was not read
        "top": 4,
        "low_box": 2,
        "top_mark": 3,
        "top_read": 3,
        "low_read": 2,
        "expressed": 3,  # rows 1, 3 and 4
        "top_expressed": 2,
        "rated_expressed": 3,
        "hidden_unhappy": 2,  # the complaint with five stars, the high effort with four
        "quiet_fans": 1,
        "top_mark_praises": 1,
        "hollow": 1,
        "any_emotion": 5,
        "building": 4,
        "destroying": 2,
        "positive": 3,
        "negative": 1,
        "mixed": 1,
        "complaint": 2,
        "unhappy": 4,
        "stated": 2,
        "low_effort": 1,
        "moderate_effort": 0,
        "high_effort": 1,
        "praises": 2,
        "basics_only": 1,
        "replied": 2,
        "complaint_replied": 2,
        "complaint_reply_read": 2,
        "complaint_excused": 1,
        "complaint_remedied": 1,
        "derived_touchpoint": 1,
        "no_touchpoint": 1,
        "no_language": 1,
        "undated": 8,
    }
    assert {key: base[key] for key in expected} == expected


def test_causes_and_marks_by_hand() -> None:
    group = counted(EXPORT, "touchpoint")["receive"]
    assert {name: numbers["texts"] for name, numbers in group.labels["causes"].items()} == {
        "delivery": 2,
        "communication": 1,
        "contact_access": 1,
    }
    assert group.labels["causes"]["contact_access"]["high_effort"] == 1
    assert group.labels["causes"]["delivery"]["complaint_excused"] == 1
    assert group.marks == {(1.0, 5.0): {1.0: 1, 2.0: 1, 3.0: 1, 4.0: 1, 5.0: 2}}
    assert group.happy_marks == {0.0: (0, 1), 0.25: (1, 0), 0.75: (0, 1), 1.0: (1, 1)}


def test_the_same_words_said_twice_are_two_customers() -> None:
    same = [{"text": "late again", "emotions": ["anger"], "stance": "complaint"}] * 3
    assert counted([row | {"id": str(index)} for index, row in enumerate(same)])["overall"].base["complaint"] == 3


def test_another_models_predictions_do_not_count() -> None:
    connection = store(EXPORT, model="other@111111111111")
    build_analysed(connection, SETTINGS)
    assert count_groups(connection, WAYS["overall"], None)["overall"].base["read"] == 0


@pytest.mark.parametrize(
    ("scale", "top", "low"),
    [
        ((1, 5), {4, 5}, {1, 2}),
        ((1, 7), {6, 7}, {1, 2}),
        ((0, 10), {8, 9, 10}, {0, 1, 2}),
        ((1, 10), {8, 9, 10}, {1, 2, 3}),
        ((0, 1), {1}, {0}),
    ],
)
def test_boxes_on_other_scales(scale: tuple[int, int], top: set[int], low: set[int]) -> None:
    connection = store([{"stars": mark, "scale": scale} for mark in range(scale[0], scale[1] + 1)])
    build_analysed(connection, SETTINGS)
    rows = connection.execute("SELECT stars::INTEGER, top, low_box FROM analysed").fetchall()
    assert {mark for mark, is_top, _ in rows if is_top} == top
    assert {mark for mark, _, is_low in rows if is_low} == low


def test_promise_and_intention_belong_to_their_touchpoint() -> None:
    points = [
        point.model_copy(
            update={"promise": "two days", "broken_by": ("delivery",), "intended_emotions": ("delight",)}
            if point.name == "receive"
            else {}
        )
        for point in default_journey().touchpoints
    ]
    journey = default_journey().model_copy(update={"touchpoints": tuple(points)})
    rows = [
        {"touchpoint": "receive", "causes": ["delivery"], "strengths": ["delivery"], "emotions": ["delight"]},
        {"touchpoint": "receive", "strengths": ["delivery"]},
        {"touchpoint": "use", "causes": ["delivery"], "emotions": ["delight"]},
    ]
    connection = store(rows)
    build_analysed(connection, AnalysisSettings(model=MODEL, journey=journey))
    base = count_groups(connection, Grouping("overall", "overall"), None)["overall"].base
    assert (base["broken"], base["kept"], base["evoked"]) == (1, 1, 1)


@pytest.mark.parametrize(
    ("starts", "week"), [("monday", "2026-11-16"), ("saturday", "2026-11-21"), ("sunday", "2026-11-22")]
)
def test_weeks_start_where_the_company_says(starts: Any, week: str) -> None:
    connection = store([{"date": "2026-11-22 10:00"}])  # a Sunday
    build_analysed(connection, AnalysisSettings(model=MODEL, week_starts=starts))
    row = connection.execute("SELECT week::DATE::VARCHAR FROM analysed").fetchone()
    assert row == (week,)


def test_segments_come_from_the_further_columns() -> None:
    rows = [{"segments": '{"country": "DE", "it\'s/odd~": "x"}'}, {"segments": '{"country": " "}'}]
    connection = store(rows)
    build_analysed(connection, AnalysisSettings(model=MODEL, segments=("country", "it's/odd~")))
    values = connection.execute("SELECT segment_0, segment_1 FROM analysed ORDER BY id").fetchall()
    assert values == [("DE", "x"), (None, None)]


def test_hours_until_an_answer() -> None:
    row = {"stance": "complaint", "date": "2026-01-01 08:00", "reply": "sorry", "reply_date": "2026-01-02 20:00"}
    late = row | {"reply_date": "2026-01-01 20:00"}
    before = row | {"reply_date": "2025-12-31 20:00"}  # answered before it was written: not a time
    assert counted([row, late, before])["overall"].hours == (2, 24.0, pytest.approx(12 + 0.9 * 24))


emotion = st.sampled_from([[], ["satisfaction"], ["anger"], ["delight", "confusion"]])
customers = st.lists(
    st.fixed_dictionaries(
        {
            "stars": st.sampled_from([None, 1, 2, 3, 4, 5]),
            "touchpoint": st.sampled_from(["receive", "use", "pay"]),
            "emotions": emotion,
            "stance": st.sampled_from(["complaint", "neither", "excuse"]),
            "effort": st.sampled_from(["unstated", "low", "high"]),
            "causes": st.sampled_from([[], ["delivery"], ["delivery", "price_value"]]),
            "reply": st.sampled_from([None, "sorry", "thanks"]),
            "read": st.booleans(),
        }
    ),
    min_size=1,
    max_size=12,
)
few = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def numbered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row | {"id": f"r{index:03d}", "text": f"words {index}"} for index, row in enumerate(rows)]


@few
@given(customers, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows: list[dict[str, Any]], dice: random.Random) -> None:
    rows = numbered(rows)
    shuffled = rows[:]
    dice.shuffle(shuffled)
    assert counted(rows) == counted(shuffled)


@few
@given(customers)
def test_groups_add_up_to_the_whole(rows: list[dict[str, Any]]) -> None:
    rows = numbered(rows)
    whole = counted(rows)["overall"]
    parts = counted(rows, "touchpoint").values()
    assert {key: sum(part.base[key] for part in parts) for key in COUNTERS} == whole.base
    causes = {cause: numbers["texts"] for cause, numbers in whole.labels.get("causes", {}).items()}
    summed: dict[str, int] = {}
    for part in parts:
        for cause, numbers in part.labels.get("causes", {}).items():
            summed[cause] = summed.get(cause, 0) + numbers["texts"]
    assert summed == causes


@few
@given(customers, st.integers(0, 12))
def test_splitting_an_export_and_adding_gives_the_same(rows: list[dict[str, Any]], at: int) -> None:
    rows = numbered(rows)
    halves = [counted(half)["overall"].base for half in (rows[:at], rows[at:]) if half]
    assert {key: sum(half[key] for half in halves) for key in COUNTERS} == counted(rows)["overall"].base
