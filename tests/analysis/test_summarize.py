"""Protects the whole: every odd export gives a valid summary, the same rows the same bytes."""

from __future__ import annotations

import json
import random
from dataclasses import fields, is_dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from cxnlp.analysis import AnalysisSettings, GoldRow, Summary, summarize
from cxnlp.analysis.numbers import Corrected, Estimate, Gap, Mean, Share

from .build import MODEL, store

SETTINGS = AnalysisSettings(model=MODEL, minimum_group=10, company="Test")
HAPPY = {"emotions": ["satisfaction"], "strengths": ["staff_attitude"]}
ANGRY = {"emotions": ["anger"], "stance": "complaint", "causes": ["delivery"], "effort": "high"}


def export(number: int = 240, **further: Any) -> list[dict[str, Any]]:
    """Four touchpoints over 12 weeks; at `receive` four in ten complain under five stars."""
    rows = []
    for index in range(number):
        point = ("receive", "use", "pay", "get_help")[index % 4]
        angry = index % 40 < 16 if point == "receive" else index % 40 < 4
        rows.append(
            (ANGRY if angry else HAPPY)
            | {
                "id": f"c{index:04d}",
                "text": f"These are the words of customer {index}, and some more of them",
                "stars": 5 if point == "receive" or not angry else 1,
                "touchpoint": point,
                "date": date(2026, 1, 5) + timedelta(days=index * 84 // number),
                "question": "How was it?",
                "segments": json.dumps({"country": "DE" if index % 3 else "FR"}),
                "outcome": "left" if angry and index % 3 else "stayed",
            }
            | ({"reply": f"we are sorry {index}", "reply_stance": "excuse"} if angry and index % 2 else {})
            | further
        )
    return rows


def dumped(summary: Summary) -> str:
    return json.dumps(summary.to_dict(), ensure_ascii=False)


def walk(value: Any) -> Any:
    """Yield every dataclass inside `value`."""
    if is_dataclass(value) and not isinstance(value, type):
        yield value
        for item in fields(value):
            yield from walk(getattr(value, item.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from walk(item)


def check(summary: Summary) -> None:
    """Hold what must be true of every summary."""
    for part in walk(summary):
        if isinstance(part, Share):
            assert 0 <= part.count <= part.total or part.total == 0
            assert 0 <= part.low <= part.high <= 1
            if part.value is not None:
                assert part.low <= part.value + 1e-6 and part.value - 1e-6 <= part.high
        elif isinstance(part, Gap | Mean | Estimate | Corrected):
            assert part.low <= part.value <= part.high
        if isinstance(part, Gap):
            assert part.low >= -1 and part.high <= 1
    assert Summary.from_dict(json.loads(dumped(summary))) == summary
    anchors = [group.anchor for group in (summary.overall, *summary.stages, *summary.touchpoints)]
    anchors += [group.anchor for segment in summary.segments for group in segment.groups]
    assert len(set(anchors)) == len(anchors)
    assert [finding.rank for finding in summary.findings] == list(range(1, len(summary.findings) + 1))
    assert len({finding.id for finding in summary.findings}) == len(summary.findings)


ODD: dict[str, list[dict[str, Any]]] = {
    "empty store": [],
    "one row": [{"stars": 5}],
    "stars only": export(text=None),
    "text only": export(stars=None),
    "no dates": export(date=None),
    "one day": export(date="2026-03-01"),
    "no touchpoint": export(touchpoint=None),
    "a single touchpoint": export(touchpoint="receive"),
    "a touchpoint of its own": export(touchpoint="Kiosk <b>'7'</b>"),
    "no replies": export(reply=None),
    "no language": export(language=None),
    "not read yet": export(read=False),
    "nobody is unhappy": export(**HAPPY, stance="neither", causes=[], effort="unstated"),
    "everybody is unhappy": export(**ANGRY, strengths=[], stars=1),
    "the same words": export(text="meh"),
    "one outcome": export(outcome="left"),
    "three outcomes": [row | {"outcome": str(index % 3)} for index, row in enumerate(export())],
    "mixed scales": [row | {"scale": (0, 10) if index % 2 else (1, 5)} for index, row in enumerate(export())],
    "names that look alike": [
        row | {"touchpoint": ("Get help", "get-help", "get_help")[index % 3]} for index, row in enumerate(export())
    ],
}


@pytest.mark.parametrize("name", ODD)
def test_every_odd_export_gives_a_valid_summary(name: str) -> None:
    check(summarize(store(ODD[name]), SETTINGS))


def test_the_planted_touchpoint_is_the_first_thing_one_sees() -> None:
    summary = summarize(store(export()), SETTINGS)
    check(summary)
    first = summary.findings[0]
    assert (first.kind, first.group, first.rank) == ("stars_flatter", "receive", 1)
    # 60 at `receive`, 24 angry, all with top marks: reported 60/60, expressed 36/60
    assert first.n == 60
    assert first.size.value == pytest.approx(0.4)
    assert first.share.value == pytest.approx(0.6)
    receive = next(group for group in summary.touchpoints if group.name == "receive")
    assert receive.satisfaction.hidden_unhappy.count == 24
    assert receive.satisfaction.mean is not None and receive.satisfaction.mean.value == 5
    assert first.causes == ("delivery",)
    assert first.owner == "logistics"  # `receive` has no owner of its own here: the most blamed cause's


def test_the_same_rows_in_another_order_give_the_same_bytes() -> None:
    rows = export()
    shuffled = rows[:]
    random.Random(1).shuffle(shuffled)
    assert dumped(summarize(store(rows), SETTINGS)) == dumped(summarize(store(shuffled), SETTINGS))


def test_touchpoints_nobody_asks_about_are_blind_spots() -> None:
    summary = summarize(store(export()), SETTINGS)
    states = {coverage.name: coverage.status for coverage in summary.blind_spots.touchpoints}
    assert states["discover"] == "nobody_asks" and states["receive"] == "covered"
    assert {stage.name: stage.status for stage in summary.blind_spots.stages}["before"] == "nobody_asks"


def test_small_groups_are_shown_but_never_ranked() -> None:
    rows = export() + [ANGRY | {"id": f"few{i}", "stars": 5, "touchpoint": "buy", "text": f"bad {i}"} for i in range(9)]
    summary = summarize(store(rows), SETTINGS)
    small = next(group for group in summary.touchpoints if group.name == "buy")
    assert small.too_small and small.records == 9
    assert not [finding for finding in summary.findings if finding.group == "buy"]
    assert not [action for action in summary.actions if action.touchpoint == "buy"]


def test_ten_point_scales_get_a_promoter_score() -> None:
    marks = [10] * 5 + [9] * 3 + [8] * 4 + [6] * 5 + [0] * 3
    summary = summarize(store([{"stars": mark, "scale": (0, 10)} for mark in marks]), SETTINGS)
    nps = summary.overall.satisfaction.nps
    assert nps is not None
    assert (nps.promoters.count, nps.passives.count, nps.detractors.count) == (8, 4, 8)
    assert nps.score.value == 0
    assert summary.overall.satisfaction.reported.count == 12


def test_as_of_is_the_newest_date_in_the_data() -> None:
    summary = summarize(store(export()), SETTINGS)
    assert (summary.period.first, summary.period.last) == ("2026-01-05", "2026-03-29")


def test_without_any_reply_silence_says_nothing() -> None:
    summary = summarize(store(export(reply=None)), SETTINGS)
    assert not summary.overall.replies.available
    assert not [finding for finding in summary.findings if finding.kind == "complaints_unanswered"]


def test_replies_are_counted_by_cause() -> None:
    replies = summarize(store(export()), SETTINGS).overall.replies
    # 24 + 6 + 6 + 6 complaints; every second customer number has a reply: those of `use` and `get_help` all
    assert replies.all.answered.total == 42 and replies.all.answered.count == 12
    assert replies.all.excused.count == 12 and replies.all.remedied.count == 0
    assert [(group.name, group.answered.total) for group in replies.by_cause] == [("delivery", 42)]


def gold(number: int = 200) -> tuple[GoldRow, ...]:
    """Half happy, one in ten of either side misread."""
    sides = (
        {"emotions": ("satisfaction",), "stance": ("neither",), "effort": ("unstated",)},
        {"emotions": ("anger",), "stance": ("complaint",), "effort": ("high",)},
    )
    return tuple(
        GoldRow(f"g{i}", "en", "customer", "real", sides[i % 2], sides[(i + (i % 20 < 2)) % 2]) for i in range(number)
    )


def test_shares_and_gaps_carry_their_correction() -> None:
    labelled = (*gold(), replace(gold(1)[0], id="w", origin="written"))
    summary = summarize(store(export()), AnalysisSettings(model=MODEL, minimum_group=10, gold=labelled))
    check(summary)
    expressed = summary.overall.satisfaction.expressed
    assert expressed.corrected is not None and expressed.corrected.safe
    # raw 198/240 = 0.825; both rates 0.9 → (0.825 − 0.1)/0.8
    assert expressed.corrected.value == pytest.approx(0.90625)
    gap = summary.overall.satisfaction.gap
    assert gap is not None and gap.corrected is not None
    assert gap.corrected.value == pytest.approx(222 / 240 - 0.90625)
    assert (summary.trust.real, summary.trust.written) == (200, 1)
    accuracy = {(a.task, a.language): a.estimate.value for a in summary.trust.accuracy}
    assert accuracy["stance", "all"] == pytest.approx(0.9)
    assert accuracy["valence", "en"] == pytest.approx(0.9)


def test_single_causes_are_shown_as_read_and_in_that_order() -> None:
    # labelled rows of other feedback: half of what blames delivery is missed; the share would double
    blamed = {"emotions": [], "effort": ["unstated"], "stance": ["complaint"], "causes": ["delivery"], "strengths": []}
    missed = blamed | {"causes": []}
    sides = [(blamed, blamed)] * 40 + [(blamed, missed)] * 40 + [(missed, missed)] * 90
    labelled = tuple(
        GoldRow(
            f"g{n}", "en", "customer", "real", *({task: tuple(names) for task, names in side.items()} for side in row)
        )
        for n, row in enumerate(sides)
    )
    rows = [{"stance": "complaint", "causes": ["product_quality" if n < 45 else "delivery"]} for n in range(85)]
    rows += [{"stance": "neither"}] * 115
    rows = [row | {"id": f"c{n}", "text": f"text {n}", "language": "en"} for n, row in enumerate(rows)]
    summary = summarize(store(rows), AnalysisSettings(model=MODEL, minimum_group=10, gold=labelled))
    assert [(theme.name, theme.share.best) for theme in summary.overall.causes[:2]] == [
        ("product_quality", 0.225),
        ("delivery", 0.2),
    ]
    assert summary.overall.causes[1].share.corrected is None
    assert {c.reason for c in summary.trust.corrections if c.event == "causes:delivery"} == {"single_label"}


def test_labels_drawn_from_the_export_correct_by_prediction_powered_inference() -> None:
    rows = export()
    sides = {
        True: {"emotions": ("satisfaction",), "stance": ("neither",), "effort": ("unstated",)},
        False: {"emotions": ("anger",), "stance": ("complaint",), "effort": ("high",)},
    }
    drawn = tuple(
        GoldRow(row["id"], "en", "customer", "real", sides["stance" not in row], sides["stance" not in row])
        for row in rows[::2]
    )
    settings = AnalysisSettings(model=MODEL, minimum_group=10, gold=drawn, gold_is_random=True)
    summary = summarize(store(rows), settings)
    check(summary)
    corrected = summary.overall.satisfaction.expressed.corrected
    assert corrected is not None and corrected.method == "ppi" and corrected.labels == 120
    assert corrected.low < 198 / 240 < corrected.high


def test_what_changed_since_the_previous_report_is_told() -> None:
    rows = export()
    before = summarize(store(rows[:120]), SETTINGS)
    same = summarize(
        store(rows[:120]), AnalysisSettings(model=MODEL, minimum_group=10, company="Test", previous=before)
    )
    assert same.changes is not None
    assert (same.changes.new_records, same.changes.numbers, same.changes.new_findings) == (0, (), ())
    worse = rows[:120] + [row | ANGRY | {"stars": 5} for row in rows[120:]]
    now = summarize(store(worse), AnalysisSettings(model=MODEL, minimum_group=10, previous=before))
    check(now)
    assert now.changes is not None and now.changes.new_records == 120
    expressed = next(c for c in now.changes.numbers if c.metric == "expressed" and c.anchor == "overall")
    assert expressed.difference < -0.3 and expressed.beyond_noise
    assert not now.changes.model_changed


def test_embeddings_serve_where_the_store_has_them() -> None:
    rng = np.random.default_rng(0)
    rows = [row | {"embedding": rng.integers(-60, 60, 384, dtype=np.int8).tobytes()} for row in export()]
    summary = summarize(store(rows), SETTINGS)
    check(summary)
    assert summary.overall.quotes


def test_other_labels_than_the_default_ones_are_counted() -> None:
    taxonomy = SETTINGS.taxonomy
    causes = taxonomy.task("causes")
    extra = causes.labels[0].model_copy(update={"name": "packaging_waste", "title": "Waste", "owner": "sustainability"})
    wider = causes.model_copy(update={"labels": (*causes.labels, extra)})
    tasks = tuple(wider if task.name == "causes" else task for task in taxonomy.tasks)
    settings = AnalysisSettings(model=MODEL, minimum_group=10, taxonomy=taxonomy.model_copy(update={"tasks": tasks}))
    rows = [row | ({"causes": ["packaging_waste"]} if "causes" in row else {}) for row in export()]
    summary = summarize(store(rows), settings)
    assert summary.overall.causes[0].name == "packaging_waste"
    assert any(action.owner == "sustainability" for action in summary.actions)
