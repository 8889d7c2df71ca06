"""Protects what may be called a finding, and the order of findings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cxnlp.analysis import AnalysisSettings, summarize
from cxnlp.analysis.findings import Candidate, in_order, sift
from cxnlp.analysis.numbers import Corrected, Gap
from cxnlp.analysis.stats import share
from cxnlp.analysis.summary import Finding
from cxnlp.journey import default_journey

from .build import MODEL, store

SIZE = Gap(0.3, 0.2, 0.4, 100, 1e-6)


def finding(name: str, **further: Any) -> Finding:
    plain = Finding(
        id=name,
        rank=0,
        kind="words_worst",
        column="touchpoint",
        group=name,
        title=name,
        anchor=f"touchpoint-{name}",
        stage=None,
        owner="",
        n=100,
        size=SIZE,
        share=share(70, 100),
        against=None,
        score=0.2,
        p_value=1e-6,
        q_value=1.0,
        corrected=False,
    )
    return replace(plain, **further)


def test_only_what_survives_all_comparisons_is_a_finding() -> None:
    noise = [Candidate(finding(f"noise{index}", p_value=0.5), 0.1) for index in range(98)]
    candidates = [
        Candidate(finding("sure", p_value=1e-4), 0.1),
        Candidate(finding("perhaps", p_value=0.02), 0.1),
        *noise,
    ]
    found, made = sift(candidates, [], 0.05)
    assert made == 100
    assert [(item.id, item.q_value) for item in found] == [("sure", pytest.approx(0.01))]
    assert [item.id for item in sift(candidates[:2], [], 0.05)[0]] == ["perhaps", "sure"]  # 0.02 alone would do


def test_what_is_too_small_to_matter_is_no_finding() -> None:
    small = finding("small", size=Gap(0.04, 0.02, 0.06, 10_000, 1e-9))
    assert sift([Candidate(small, 0.1)], [], 0.05)[0] == ()
    assert sift([Candidate(finding("else"), 0.1, holds=False)], [], 0.05)[0] == ()


def test_the_corrected_size_decides_where_it_is_safe() -> None:
    corrected = Corrected(0.05, -0.01, 0.11, "rogan-gladen", 300, True)
    assert sift([Candidate(finding("a", size=replace(SIZE, corrected=corrected)), 0.1)], [], 0.05)[0] == ()
    unsafe = replace(corrected, safe=False, reason="shift")
    assert sift([Candidate(finding("a", size=replace(SIZE, corrected=unsafe)), 0.1)], [], 0.05)[0]


def test_alarms_stand_whatever_their_p_value_and_only_once() -> None:
    alarm = finding("warned", kind="early_warning", p_value=0.2)
    found, _ = sift([Candidate(finding("warned", kind="early_warning"), 0.1)], [alarm], 0.05)
    assert [item.id for item in found] == ["warned"]


def test_each_group_and_each_kind_once_before_any_repetition() -> None:
    findings = [
        finding("a1", group="a", score=0.9),
        finding("a2", group="a", score=0.8, kind="effort_high"),
        finding("b1", group="b", score=0.7),
        finding("b2", group="b", score=0.6, kind="effort_high"),
        finding("c", group="c", score=0.1, kind="hollow_stars"),
    ]
    assert [item.id for item in in_order(reversed(findings))] == ["a1", "b2", "c", "a2", "b1"]


def test_a_country_does_not_take_the_place_of_a_touchpoint() -> None:
    findings = [finding("land", column="country", score=0.9), finding("use", score=0.2)]
    assert [item.id for item in in_order(findings)] == ["use", "land"]
    replies = [finding("mail", column="channel", score=0.9, kind="replies_explain"), finding("use", score=0.2)]
    assert [item.id for item in in_order(replies)] == ["mail", "use"]


def rows(point: str, number: int, **further: Any) -> list[dict[str, Any]]:
    return [
        {"id": f"{point}{further.get('stance', '')}{index}", "text": f"{point} {further} {index}", "touchpoint": point}
        | further
        for index in range(number)
    ]


HAPPY = {"emotions": ["satisfaction"], "stars": 5}
ANGRY = {"emotions": ["anger"], "stance": "complaint", "stars": 1}


def kinds(export: list[dict[str, Any]], **further: Any) -> set[tuple[str, str]]:
    summary = summarize(store(export), AnalysisSettings(model=MODEL, minimum_group=10, quotes=0, **further))
    return {(item.kind, item.group) for item in summary.findings}


def test_nothing_stands_out_where_touchpoints_are_alike() -> None:
    export = [row for point in ("use", "pay", "buy") for row in rows(point, 60, **HAPPY) + rows(point, 20, **ANGRY)]
    assert kinds(export) == set()


def test_a_touchpoint_with_worse_words_is_found() -> None:
    export = rows("use", 80, **HAPPY) + rows("use", 20, **ANGRY) + rows("pay", 40, **HAPPY) + rows("pay", 60, **ANGRY)
    assert ("words_worst", "pay") in kinds(export)
    assert ("words_worst", "use") not in kinds(export)


def test_excuses_in_one_channel_are_found_by_segment() -> None:
    export = []
    for channel, excuses, remedies in (("email", 38, 2), ("chat", 8, 32)):
        for index in range(40):
            stance = "excuse" if index < excuses else "resolution"
            export.append(
                ANGRY
                | {
                    "id": f"{channel}{index}",
                    "text": f"{channel} {index}",
                    "segments": f'{{"channel": "{channel}"}}',
                    "reply": f"{channel} answer {index}",
                    "reply_stance": stance,
                }
            )
        assert excuses + remedies == 40
    assert ("replies_explain", "email") in kinds(export, segments=("channel",))
    assert ("replies_explain", "email") not in kinds(export)  # nobody asked to compare channels


def test_a_promise_that_breaks_is_found() -> None:
    promise = {"promise": "refund in five days", "broken_by": ("billing_refund",)}
    points = tuple(
        point.model_copy(update=promise) if point.name == "pay" else point for point in default_journey().touchpoints
    )
    journey = default_journey().model_copy(update={"touchpoints": points})
    export = rows("pay", 30, **ANGRY, causes=["billing_refund"]) + rows("pay", 5, **HAPPY, strengths=["billing_refund"])
    export += rows("pay", 60, **HAPPY) + rows("use", 60, **HAPPY)
    assert ("promise_broken", "pay") in kinds(export, journey=journey)
    assert ("promise_broken", "pay") not in kinds(export)


def test_a_question_everybody_answers_with_five_is_found() -> None:
    export = rows("use", 60, **HAPPY, question="How was it?") + rows("use", 20, **ANGRY, question="How was it?")
    export += rows("pay", 40, **HAPPY, question="Was the courier friendly?")
    export += rows("pay", 30, **(ANGRY | {"stars": 5}), question="Was the courier friendly?")
    found = kinds(export)
    assert ("question_blind", "Was the courier friendly?") in found
    assert ("question_blind", "How was it?") not in found


def test_words_that_foretell_who_leaves_better_than_stars_are_found() -> None:
    export = rows("use", 100, **(ANGRY | {"stars": 4}), outcome="left") + rows(
        "use", 200, **(HAPPY | {"stars": 4}), outcome="stayed"
    )
    export += rows("pay", 40, **(HAPPY | {"stars": 2}), outcome="stayed")
    export += rows("buy", 25, emotions=["satisfaction"], outcome="stayed")  # nobody rated: no part of the curves
    summary = summarize(store(export), AnalysisSettings(model=MODEL, minimum_group=10, quotes=0))
    assert summary.outcome is not None and summary.outcome.event == "left"
    assert summary.outcome.text is not None and summary.outcome.text.value == pytest.approx(1.0)
    assert summary.outcome.stars is not None and summary.outcome.stars.value < 0.75
    found = next(item for item in summary.findings if item.kind == "outcome_in_words")
    assert (found.n, summary.outcome.n) == (340, 365)
