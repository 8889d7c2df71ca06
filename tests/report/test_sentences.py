"""What findings and early warnings say: the right numbers, all as read or all corrected, and which moved first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from analysis.build import MODEL, store

from cxnlp.analysis import AnalysisSettings, summarize
from cxnlp.analysis.numbers import Corrected
from cxnlp.analysis.summary import Finding, Summary
from cxnlp.report.sentences import Teller
from cxnlp.report.text import plain
from cxnlp.report.view import build_page
from cxnlp.report.words import Words
from report.build import lindgard

HAPPY = {"emotions": ["satisfaction"], "stars": 5}
ANGRY = {"emotions": ["anger"], "stance": "complaint", "stars": 5}


def teller_of(summary: Summary) -> Teller:
    return Teller(Words("en", summary), summary)


def changed(kind: str, **further: Any) -> tuple[Teller, Finding]:
    """Return the finding of a kind with other fields, and the teller of a summary that holds it."""
    summary = lindgard()
    findings = tuple(replace(f, **further) if f.kind == kind else f for f in summary.findings)
    summary = replace(summary, findings=findings)
    return teller_of(summary), next(f for f in summary.findings if f.kind == kind)


def test_a_question_that_cannot_tell_names_top_marks_and_happy_words() -> None:
    rows: list[dict[str, Any]] = []
    for question, number, row in (
        ("How was it?", 60, HAPPY),
        ("How was it?", 20, ANGRY | {"stars": 1}),
        ("Was the courier friendly?", 40, HAPPY),
        ("Was the courier friendly?", 30, ANGRY),
        ("Was the courier friendly?", 2, {"stars": 4}),
    ):
        for _ in range(number):
            rows.append(row | {"id": f"q{len(rows)}", "text": f"words {len(rows)}", "question": question})
    summary = summarize(store(rows), AnalysisSettings(model=MODEL, minimum_group=10, quotes=0))
    finding = next(f for f in summary.findings if f.kind == "question_blind")
    view = teller_of(summary).finding(finding)
    # 70 of 72 give five; 40 of 72 texts are happy
    assert plain(view.text) == "A question that cannot tell. 97% give it the top mark; 56% of the words are happy."
    assert plain(view.evidence).endswith("72 customers")


def test_a_raw_difference_is_told_with_raw_shares() -> None:
    moved = Corrected(0.55, 0.5, 0.6, "rogan-gladen", 400, True)
    _, finding = changed("words_worst")
    teller, finding = changed("words_worst", share=replace(finding.share, corrected=moved))
    assert "Only 31% are happy, elsewhere 62%" in plain(teller.sentence(finding)), "not the corrected 55%"
    assert plain(teller.evidence(finding)).endswith("260 texts, as read")


def test_a_corrected_difference_is_told_with_corrected_shares() -> None:
    teller, finding = changed("stars_flatter")
    assert finding.size.corrected is not None
    assert finding.share.best != finding.share.value
    said = plain(teller.sentence(finding))
    assert plain((teller.words.percent(finding.share),)) in said
    assert "as read" not in plain(teller.evidence(finding))


@pytest.mark.parametrize(
    ("order", "stars_since", "words", "effort"),
    [
        ("words_first", "2026-11-02", "Words sour before the stars do.", "It gets harder before the stars notice."),
        (
            "words_first",
            None,
            "Words sour; the stars show no sure fall yet.",
            "It gets harder; the stars show no sure fall yet.",
        ),
        (
            "together",
            None,
            "Words sour, and the stars fall with them.",
            "It gets harder, and the stars fall at the same time.",
        ),
        (
            "stars_first",
            "2026-11-02",
            "Words sour; the stars had fallen already, from 2 Nov.",
            "It gets harder; the stars had fallen already, from 2 Nov.",
        ),
        (
            "no_stars",
            None,
            "Words sour; there are no ratings to compare.",
            "It gets harder; there are no ratings to compare.",
        ),
    ],
)
def test_each_order_has_words_of_its_own(order: str, stars_since: str | None, words: str, effort: str) -> None:
    for metric, head in (("unhappy_words", words), ("high_effort", effort)):
        teller, finding = changed("worsening", order=order, stars_since=stars_since, metric=metric)
        said = plain(teller.sentence(finding))
        assert said.startswith(head)
        assert "since" not in said, "no alarm holds"
        assert said.endswith("; the stars fell later, from 2 Nov.") == (order == "words_first" and bool(stars_since))


def test_since_is_said_of_an_alarm_that_holds() -> None:
    teller, finding = changed("early_warning")
    assert "; the alarm holds since 5 Oct." in plain(teller.sentence(finding))


@pytest.mark.parametrize(
    ("kind", "base"),
    [
        ("stars_flatter", "260 customers"),
        ("early_warning", "128 texts in the last four weeks, as read"),
        ("cause_rises", "60 texts in the last four weeks"),
        ("replies_explain", "96 answers"),
        ("complaints_unanswered", "60 complaints"),
        ("promise_broken", "94 texts"),
        ("hollow_stars", "60 top marks with praise"),
        ("outcome_in_words", "400 customers"),
    ],
)
def test_the_base_of_a_finding_has_a_noun(kind: str, base: str) -> None:
    teller, finding = changed(kind)
    assert plain(teller.evidence(finding)).endswith(f", {base}")


def test_a_touchpoint_without_owner_says_where_to_name_one() -> None:
    teller, finding = changed("complaints_unanswered", owner="")
    assert plain(teller.finding(finding).owner) == "Owner: none named in journey.toml"
    teller, finding = changed("replies_explain", owner="")
    assert teller.finding(finding).owner == (), "nobody can be named for a channel"


def test_hollow_praise_names_no_blame() -> None:
    teller, finding = changed("hollow_stars")
    assert finding.causes
    assert teller.finding(finding).causes == ()


def test_an_early_warning_without_ratings_says_nothing_of_them() -> None:
    summary = lindgard()
    warning = replace(summary.warnings[0], order="no_stars")
    sections = build_page(replace(summary, warnings=(warning,)), "en").sections
    section = next(section for section in sections if section.anchor == "warnings")
    assert "Happy ratings:" not in plain(section.blocks[0].text)  # type: ignore[union-attr]
