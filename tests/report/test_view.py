"""The view against golden files: what every page says, word for word, without HTML.

After a change that is meant, run `CXNLP_WRITE_GOLDEN=1 pytest tests/report/test_view.py` and read the difference.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cxnlp.analysis.numbers import Share
from cxnlp.analysis.summary import Summary, Trend
from cxnlp.config import REPORT_LANGUAGES
from cxnlp.report.blocks import Block, Figure, Findings, Fold, Heading, Page, Paragraph, Quotes, Table
from cxnlp.report.sentences import Teller
from cxnlp.report.text import plain
from cxnlp.report.view import build_page
from cxnlp.report.words import Words
from report.build import lindgard

GOLDEN = Path(__file__).parent / "golden"


def told(blocks: Iterable[Block]) -> Iterator[str]:
    """Return blocks as lines of plain text."""
    for block in blocks:
        match block:
            case Paragraph() | Heading():
                yield plain(block.text)
            case Table():
                yield f"[{plain(block.caption)}]"
                yield " | ".join(column.title for column in block.columns)
                for row in block.rows:
                    yield " | ".join(plain(cell.text) for cell in row.cells)
            case Quotes():
                yield f"“{block.title}”"
                for quote in block.items:
                    yield f"  {quote.text} ({plain(quote.about)}; {quote.why}) {plain(quote.reply_about)} {quote.reply}"
            case Findings():
                for item in block.items:
                    parts = (item.head, item.text, item.causes, item.evidence, item.owner)
                    yield f"{item.rank}. " + " / ".join(plain(part) for part in parts if part)
            case Figure():
                yield f"{{{plain(block.title)}}} {' · '.join(words for _, words in block.legend)}"
                yield from told([block.table])
            case Fold():
                yield f"+ {plain(block.title)}: {plain(block.line)}"
                yield from (f"  {line}" for line in told(block.blocks))


def page_as_text(page: Page) -> str:
    """Return a page as plain text."""
    first = page.first
    lines = [f"{page.company} · {plain(page.line)}", f"# {plain(first.headline)}"]
    lines += [f"{a.label}: {plain(a.figure)} {plain(a.unit)} ({plain(a.base)}) {a.tone} {a.dot}" for a in first.answers]
    lines += list(told([Findings(first.findings)]))
    lines += [plain(first.nothing), plain(first.changed)]
    for section in page.sections:
        lines += ["", f"## {section.title} (#{section.anchor}, {section.short})", plain(section.lead)]
        lines += told(section.blocks)
    return "\n".join([*lines, "", plain(page.versions)]) + "\n"


@pytest.mark.parametrize("language", REPORT_LANGUAGES)
def test_the_page_says_what_it_said(summary: Summary, language: str) -> None:
    said = page_as_text(build_page(summary, language))
    file = GOLDEN / f"page.{language}.txt"
    if os.environ.get("CXNLP_WRITE_GOLDEN"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(said, encoding="utf-8")
    assert said == file.read_text(encoding="utf-8")


def test_the_planted_stories_come_first(summary: Summary) -> None:
    first = build_page(summary, "en").first
    assert plain(first.headline) == "The stars flatter us, most of all at “Receive”"
    assert [plain(item.head) for item in first.findings] == ["Receive", "Get help", "channel: e-mail"]


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(0.02, 0.1, "The stars flatter us"), (-0.1, -0.02, "Words are kinder"), (-0.1, 0.1, "Stars and words agree")],
)
def test_the_headline_is_no_surer_than_the_interval(low: float, high: float, said: str) -> None:
    summary = lindgard()
    numbers = summary.overall.satisfaction
    assert numbers.gap is not None
    distance = replace(numbers.gap, value=(low + high) / 2, low=low, high=high, corrected=None)
    overall = replace(summary.overall, satisfaction=replace(numbers, gap=distance))
    page = build_page(replace(summary, overall=overall), "en")
    assert plain(page.first.headline).startswith(said)


def test_a_small_distance_that_is_no_finding_is_not_shouted() -> None:
    summary = lindgard()
    numbers = summary.overall.satisfaction
    assert numbers.gap is not None
    distance = replace(numbers.gap, value=0.05, low=0.02, high=0.09, corrected=None)
    overall = replace(summary.overall, satisfaction=replace(numbers, gap=distance))
    page = build_page(replace(summary, overall=overall, findings=()), "en")
    assert plain(page.first.headline) == "The stars flatter us a little"


def test_without_ratings_the_page_says_so_and_hides_nothing_behind_an_empty_table() -> None:
    summary = lindgard()
    none = Share(0, 0, 0.0, 1.0)
    numbers = replace(summary.overall.satisfaction, rated=0, both=0, gap=None, reported=none, reported_paired=none)
    page = build_page(replace(summary, overall=replace(summary.overall, satisfaction=numbers)), "en")
    assert plain(page.first.answers[0].unit) == "nobody rated"
    assert "hidden" not in [section.anchor for section in page.sections]


def test_what_could_not_be_watched_is_not_said_to_be_within_its_limits(summary: Summary) -> None:
    def unjudged(trend: Trend) -> Trend:
        weeks = tuple(
            replace(week, recent=None, baseline=None, low=None, high=None, alarm=False) for week in trend.weeks
        )
        return replace(trend, weeks=weeks, alarm_since=None)

    short = replace(summary, warnings=(), trends=tuple(unjudged(trend) for trend in summary.trends))
    section = next(s for s in build_page(short, "en").sections if s.anchor == "warnings")
    assert plain(section.lead).startswith("Nothing could be watched")
    assert all("too few texts" in plain(block.title) for block in section.blocks if isinstance(block, Figure))
    calm = next(s for s in build_page(replace(summary, warnings=()), "en").sections if s.anchor == "warnings")
    assert plain(calm.lead).startswith("No early warning")


def test_answers_by_touchpoint_name_the_touchpoint(summary: Summary) -> None:
    section = next(s for s in build_page(summary, "en").sections if s.anchor == "replies")
    table = next(block for block in section.blocks if isinstance(block, Table))
    named = [plain(row.cells[0].text) for row in table.rows]
    assert "Receive" in named and all(named)


def test_a_finding_about_replies_is_not_the_owner_of_a_cause(summary: Summary) -> None:
    teller = Teller(Words("en", summary), summary)
    finding = next(f for f in summary.findings if f.kind == "replies_explain")
    assert teller.owner(replace(finding, owner="", causes=("delivery",))) == ""


def test_an_uncorrected_distance_is_said_to_be_uncorrected() -> None:
    summary = lindgard()
    numbers = summary.overall.satisfaction
    assert numbers.gap is not None
    raw = replace(numbers, gap=replace(numbers.gap, corrected=None))
    page = build_page(replace(summary, overall=replace(summary.overall, satisfaction=raw)), "en")
    assert plain(page.first.answers[2].base).endswith("as read, not corrected")


def test_a_group_that_is_too_small_shows_no_dots(summary: Summary) -> None:
    section = next(s for s in build_page(summary, "en").sections if s.anchor == "journey")
    figure = next(block for block in section.blocks if isinstance(block, Figure))
    small = figure.chart.rows[-1]  # type: ignore[union-attr]
    assert (small.title, small.stars, small.words, small.distance) == ("Leave or renew", None, None, "too few")


def test_a_finding_without_owner_goes_to_the_owner_of_its_cause(summary: Summary) -> None:
    words = Words("en", summary)
    teller = Teller(words, summary)
    owners = {f.id: teller.owner(f) for f in summary.findings}
    assert owners["promise_broken/touchpoint/pay"] == "finance"
    assert owners["stars_flatter/touchpoint/receive"] == "logistics"
