"""The report on the sample export finds the stories that `data/exports/STORIES.md` says are planted there."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from cxnlp.analysis import Summary
from cxnlp.config import load_config
from cxnlp.pipeline import run

DATA = Path(__file__).resolve().parents[1] / "data"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory, base_encoder: Path) -> Summary:
    folder = tmp_path_factory.mktemp("night")
    config = load_config(DATA / "cxnlp.toml")
    store = config.store.model_copy(update={"path": str(folder / "cxnlp.duckdb")})
    report = config.report.model_copy(update={"dir": str(folder / "reports"), "languages": ("en",)})
    return run(config.model_copy(update={"store": store, "report": report}), today=date(2026, 11, 16)).summary


def test_twelve_wrong_rows_are_set_aside_and_no_other(summary: Summary) -> None:
    assert sum(entry.count for entry in summary.trust.set_aside) == 12


def test_help_gets_harder_before_the_stars_fall(summary: Summary) -> None:
    warnings = [w for w in summary.warnings if w.group == "get_help" and w.metric == "high_effort"]
    assert [w.order for w in warnings] == ["words_first"]
    assert summary.findings[0].kind == "early_warning"


def test_delivery_flatters_most(summary: Summary) -> None:
    gaps = {group.name: group.satisfaction.gap.value for group in summary.touchpoints if group.satisfaction.gap}
    assert max(gaps, key=lambda name: gaps[name]) == "receive"
    assert any(f.kind == "stars_flatter" and f.group == "receive" for f in summary.findings[:5])


def test_email_explains_where_chat_repairs(summary: Summary) -> None:
    channels = {g.name: g.replies.all for s in summary.segments if s.column == "channel" for g in s.groups}
    email, chat = channels["email"].excused, channels["chat"].excused
    assert email.count > 0.6 * email.total > 0
    assert chat.count < 0.3 * chat.total
    assert any(f.kind == "replies_explain" and f.group == "email" for f in summary.findings[:5])


def test_everybody_gives_the_courier_five(summary: Summary) -> None:
    (courier,) = [question for question in summary.questions if "courier" in question.question]
    assert courier.ceiling
    assert courier.blind
    assert not any(question.ceiling for question in summary.questions if question is not courier)


def test_the_refund_promise_is_mostly_broken_among_those_who_mention_it(summary: Summary) -> None:
    (pay,) = [group for group in summary.touchpoints if group.name == "pay"]
    assert pay.promise is not None
    assert pay.promise.broken.count > pay.promise.kept.count
    assert pay.promise.broken_of_mentioned.low > 0.5
    assert any(f.kind == "promise_broken" and f.group == "pay" for f in summary.findings[:5])


def test_a_cause_the_taxonomy_does_not_know_is_found(summary: Summary) -> None:
    with (DATA / "exports" / "source" / "texts.csv").open(encoding="utf-8", newline="") as file:
        planted = {row["text"][:40] for row in csv.DictReader(file) if row["pool"] == "ethics"}
    # of a theme's quotes one is its least typical text, on purpose: what lies at the edge may be of another subject
    typical = [(theme, [q for q in theme.quotes if q.rule != "edge"]) for theme in summary.themes]
    found = [theme for theme, quotes in typical if quotes and all(quote.text[:40] in planted for quote in quotes)]
    assert any(theme.words and theme.share.count >= 10 for theme in found)
