"""The view against golden files: what every page says, word for word, without HTML.

After a change that is meant, run `CXNLP_WRITE_GOLDEN=1 pytest tests/report/test_view.py` and read the difference.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cxnlp.analysis.numbers import Corrected, Gap, Hours, Share
from cxnlp.analysis.summary import Group, Summary, Theme, Trend
from cxnlp.config import REPORT_LANGUAGES
from cxnlp.report.blocks import (
    Block,
    Figure,
    Findings,
    Fold,
    Heading,
    Page,
    Paragraph,
    Quotes,
    Section,
    Table,
    TrendLine,
)
from cxnlp.report.journey import causes_title
from cxnlp.report.sentences import Teller
from cxnlp.report.tables import quotes_by_topic
from cxnlp.report.text import plain
from cxnlp.report.view import build_page
from cxnlp.report.watch import trend_figure
from cxnlp.report.words import Words
from report.build import QUOTE, lindgard, share

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
                yield f"“{block.title}” {plain(block.note)}".rstrip()
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
    lines += [" ".join(shown for _, shown in first.ticks), *told([Findings(first.findings)])]
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
    assert "as read, not corrected" in plain(page.first.answers[2].base)


def section_of(summary: Summary, anchor: str) -> Section:
    return next(section for section in build_page(summary, "en").sections if section.anchor == anchor)


def table_of(blocks: Iterable[Block], caption: str) -> dict[str, list[str]]:
    """Return the table whose caption begins so: first cell → the others."""
    table = next(b for b in blocks if isinstance(b, Table) and plain(b.caption).startswith(caption))
    return {plain(row.cells[0].text): [plain(cell.text) for cell in row.cells[1:]] for row in table.rows}


def with_few_pairs(summary: Summary) -> Summary:
    """Return a summary in which many responded at one channel, and one of them rated and wrote."""
    few, others = summary.segments[1].groups
    numbers = replace(
        few.satisfaction,
        both=1,
        reported_paired=Share(1, 1, 0.2, 1.0),
        expressed_paired=Share(0, 1, 0.0, 0.8),
        gap=Gap(1.0, -0.66, 1.0, 1, 1.0),
    )
    one = Share(0, 1, 0.0, 0.88)
    answers = replace(few.replies.all, answered=Share(1, 40, 0.0, 0.1), excused=one, remedied=one)
    few = replace(few, satisfaction=numbers, replies=replace(few.replies, all=answers))
    return replace(summary, segments=(summary.segments[0], replace(summary.segments[1], groups=(few, others))))


def test_a_share_is_judged_by_its_own_base_not_by_the_size_of_the_group() -> None:
    rows = table_of(section_of(with_few_pairs(lindgard()), "segments").blocks, "Stars against words, by channel")
    few = rows["e-mail"]
    assert few[:2] == ["400", "1"], "the base that the shares rest on stands beside the responses"
    assert few[2:5] == ["too few (1)"] * 3
    assert few[6] == "too few (1)", "one answer is no share of answers"
    assert "%" in rows["chat"][2]


def test_few_answers_to_complaints_are_counted_not_judged() -> None:
    summary = lindgard()
    overall = summary.overall
    one = Share(1, 1, 0.2, 1.0)
    answers = replace(overall.replies.all, excused=one, remedied=Share(0, 1, 0.0, 0.8), hours=Hours(1, 52.0, 52.0))
    summary = replace(summary, overall=replace(overall, replies=replace(overall.replies, all=answers)))
    said = plain(section_of(summary, "replies").lead)
    assert said.endswith("1 answer was read: too few to judge.")


def test_a_fold_names_the_base_of_its_shares(summary: Summary) -> None:
    fold = next(block for block in section_of(summary, "touchpoints").blocks if isinstance(block, Fold))
    both = summary.touchpoints[0].satisfaction.both
    assert plain(fold.line).endswith(f"n {both}")
    small = [block for block in section_of(summary, "touchpoints").blocks if isinstance(block, Fold)][7]
    assert plain(small.line) == "too few rated and wrote to judge (5)"


def test_languages_of_a_few_texts_are_not_counted_as_languages(summary: Summary) -> None:
    assert plain(build_page(summary, "en").line).endswith("4 languages and 3 texts in others")
    usual = replace(summary, languages=summary.languages[:4])
    assert plain(build_page(usual, "en").line).endswith("4 languages")


def test_a_distance_that_does_not_add_up_says_that_it_was_rounded_afterwards() -> None:
    summary = lindgard()
    numbers = summary.overall.satisfaction
    assert numbers.gap is not None

    def base(stars: int, words: int, distance: float) -> str:
        told = replace(
            numbers,
            reported_paired=Share(stars, 1000, 0.0, 1.0),
            expressed_paired=Share(words, 1000, 0.0, 1.0),
            gap=replace(numbers.gap, value=distance, low=0.01, high=0.2, corrected=None),
        )
        page = build_page(replace(summary, overall=replace(summary.overall, satisfaction=told)), "en")
        return plain(page.first.answers[2].base)

    assert base(647, 585, 0.062).endswith("subtracted before rounding")
    assert "subtracted before rounding" not in base(650, 590, 0.06)


def test_quotes_of_a_touchpoint_stand_under_what_they_are_about() -> None:
    summary = lindgard()
    point = summary.touchpoints[3]
    gone = Corrected(0.004, 0.0, 0.05, "rogan-gladen", 400, True)
    fans = replace(point.satisfaction.quiet_fans, corrected=gone)
    quotes = tuple(replace(QUOTE, about=about) for about in ("all", "quiet_fans", "hollow", "early_warning"))
    point = replace(point, quotes=quotes, satisfaction=replace(point.satisfaction, quiet_fans=fans))
    runs = quotes_by_topic(Teller(Words("en", changed := swapped(summary, 3, point)), changed), changed.touchpoints[3])
    assert [(run.title, plain(run.note)) for run in runs] == [
        ("All customers, in their own words", ""),
        ("Unhappy in the last four weeks, in their own words", ""),
        ("Quiet fans, in their own words", "Read so in 1 text; after correction hardly any: expect misreadings."),
        ("Hollow top marks, in their own words", ""),
    ]


def swapped(summary: Summary, index: int, point: Group) -> Summary:
    """Return the summary with another touchpoint in place of one."""
    points = summary.touchpoints
    return replace(summary, touchpoints=(*points[:index], point, *points[index + 1 :]))


def test_a_cause_is_blamed_most_only_where_its_interval_lies_above_the_next() -> None:
    summary = lindgard()
    one, two, *_ = summary.overall.causes

    def title(first: int, second: int) -> str:
        causes = (replace(one, share=share(first, 1000)), replace(two, share=share(second, 1000)))
        return plain(causes_title(Teller(Words("en", told := with_causes(summary, causes)), told), told.overall.causes))

    assert title(300, 100) == "Blamed most often, as read: Delivery and punctuality (300 of 1,000 texts)"
    assert title(71, 67) == (
        "Blamed often, as read: Delivery and punctuality (71 of 1,000 texts) and Communication (67)"
    )


def with_causes(summary: Summary, causes: tuple[Theme, ...]) -> Summary:
    """Return the summary with other causes of all customers."""
    return replace(summary, overall=replace(summary.overall, causes=causes))


def test_the_page_does_not_say_that_people_labelled_what_came_with_the_model(summary: Summary) -> None:
    lead = plain(section_of(summary, "trust").lead)
    assert "640 real, 120 written" in lead
    assert "the model's card" in lead
    assert "people" not in lead
    own = replace(summary, trust=replace(summary.trust, real=300, written=0, labels_are_random=True))
    assert "300 texts that people labelled" in plain(section_of(own, "trust").lead)


def test_single_themes_say_why_they_are_as_read(summary: Summary) -> None:
    rows = table_of(section_of(summary, "trust").blocks, "Corrected for reading errors")
    assert rows["Causes: Delivery and punctuality"][-1].startswith("as read: error rates of single themes differ")


def test_languages_are_said_not_to_be_compared(summary: Summary) -> None:
    said = [plain(block.text) for block in section_of(summary, "segments").blocks if isinstance(block, Paragraph)]
    assert said[0].startswith("Languages are not compared with each other")


def test_areas_under_the_curve_name_the_rows_they_rest_on(summary: Summary) -> None:
    assert table_of(section_of(summary, "outcome").blocks, "What foretells")["words"][-1] == "400"


def test_an_axis_of_shares_ends_at_all(summary: Summary) -> None:
    def weeks(shares: tuple[float, ...]) -> Trend:
        trend = summary.trends[0]
        some = zip(trend.weeks, shares, strict=False)
        return replace(trend, weeks=tuple(replace(w, share=share(100 * s, 100), recent=s, high=s) for w, s in some))

    for shares in ((0.35, 0.9, 1.0), (1.0, 1.0, 1.0), (0.0, 0.45, 0.9), (0.0, 0.0, 0.0)):
        changed = replace(summary, trends=(weeks(shares),))
        figure = trend_figure(Teller(Words("en", changed), changed), changed.trends[0], 0)
        assert figure is not None and isinstance(figure.chart, TrendLine)
        ticks = [value for value, _ in figure.chart.ticks]
        assert 0 <= ticks[0] <= min(shares)
        assert max(shares) <= ticks[-1] <= 1
        assert len(ticks) >= 2


def test_what_the_numbers_were_made_with_stands_once(summary: Summary) -> None:
    said = page_as_text(build_page(summary, "en"))
    assert said.count("Made with cxnlp") == 1


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
