"""The page: whole, escaped, closed to all but its own script; every number on it stands in `summary.json`."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from cxnlp.analysis.summary import Summary
from cxnlp.config import REPORT_LANGUAGES
from cxnlp.report.render import render_page
from cxnlp.report.words import Words
from report.build import QUOTE, SPOTS, Spot, lindgard
from report.pages import Element, read

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)>\"'></blockquote></bdi>{{ 7*7 }}{% raw %}"
    "\u202e\u2066\u200b\u0000<!--]]>&lt;b&gt;%s%(x)s{0}{name}"
)
#: Words whose digits are no numbers of the report: the user's own names, dates, code.
VERBATIM = frozenset({"bdi", "time", "blockquote", "style", "script", "svg", "title"})
MAXIMUM_BYTES = 1_500_000


@pytest.fixture(scope="module", params=REPORT_LANGUAGES)
def page(request: pytest.FixtureRequest) -> tuple[str, Element, Summary]:
    """Return language, page and summary, for each language."""
    summary = lindgard()
    return request.param, read(render_page(summary, request.param, REPORT_LANGUAGES)), summary


def value_at(plain: Any, path: str) -> float:
    """Follow a path through the content of `summary.json`."""
    for step in path.split("."):
        plain = len(plain) if step == "length" else plain[int(step)] if isinstance(plain, list) else plain[step]
    assert isinstance(plain, int | float), path
    return float(plain)


def forms(words: Words, value: float) -> set[str]:
    """Return every way in which a page may print a value."""
    shown = {words.decimals(value, places) for places in (0, 1, 2)}
    if -1 <= value <= 1:
        signed = words.signed(value)
        shown |= {
            words.percents(value),
            words.percents(value).rstrip("% \N{NO-BREAK SPACE}"),
            signed,
            signed.lstrip("+-"),
        }
    return {words.digits(form) for form in shown}


def test_every_number_on_the_page_is_the_one_in_the_summary(page: tuple[str, Element, Summary]) -> None:
    language, root, summary = page
    plain, words = summary.to_dict(), Words(language, summary)
    numbers = [element for element in root.all() if "data-n" in element.attributes or "data-base" in element.attributes]
    assert len(numbers) > 500
    parent = base = ""
    for element in numbers:
        if "data-base" in element.attributes:
            base = element.attributes["data-base"]
            continue
        path = element.attributes["data-n"]
        path = {"~": f"{parent}.{path[1:]}", "^": f"{base}.{path[1:]}"}.get(path[0], path)
        parent = path.rpartition(".")[0]
        value = value_at(plain, path)
        assert element.words().strip() in forms(words, value), (path, value, element.words())


def test_no_digit_stands_outside_of_a_marked_number(page: tuple[str, Element, Summary]) -> None:
    _, root, _ = page
    body = next(root.all("body"))
    rest = body.words(without=VERBATIM, numbers=False)
    rest = re.sub(r"95 %|۹۵ درصدی|F1", "", rest)
    assert not re.search(r"\d", rest), re.findall(r".{0,40}\d.{0,20}", rest)[:5]


def test_numbers_in_charts_stand_in_the_table_beside_them(page: tuple[str, Element, Summary]) -> None:
    _, root, _ = page
    figures = list(root.all("figure"))
    assert len(figures) >= 4
    for figure in figures:
        told = {element.words().strip() for element in figure.all() if "data-n" in element.attributes}
        for label in figure.all("text"):
            if re.search(r"\d", label.words()) and "tick" not in label.attributes["class"]:
                assert label.words() in told, label.words()


def test_every_chart_has_a_title_a_description_and_a_table(page: tuple[str, Element, Summary]) -> None:
    _, root, _ = page
    ids = [element.attributes["id"] for element in root.all() if "id" in element.attributes]
    assert len(ids) == len(set(ids)), sorted(name for name in ids if ids.count(name) > 1)
    for figure in root.all("figure"):
        assert next(figure.all("table"), None) is not None
        charts = [svg for svg in figure.all("svg") if "chart" in svg.attributes["class"]]
        assert len(charts) == 2
        for svg in charts:
            assert svg.attributes["role"] == "img"
            assert all(name in ids for name in svg.attributes["aria-labelledby"].split())
            assert next(svg.all("title")).words()
            assert next(svg.all("desc")).words()


def test_charts_take_their_colours_from_the_page(page: tuple[str, Element, Summary]) -> None:
    _, root, _ = page
    for svg in root.all("svg"):
        for element in svg.all():
            assert element.attributes.get("fill", "none") == "none"
            assert "stroke" not in element.attributes or element.attributes["stroke"] == "none"
            assert "style" not in element.attributes


def test_every_link_leads_somewhere(page: tuple[str, Element, Summary]) -> None:
    _, root, summary = page
    ids = {element.attributes["id"] for element in root.all() if "id" in element.attributes}
    links = [element.attributes["href"] for element in root.all("a")]
    assert {link for link in links if link.startswith("#")} <= {f"#{name}" for name in ids}
    assert {f"finding-{finding.rank}" for finding in summary.findings} <= ids
    assert {group.anchor for group in summary.touchpoints} <= ids
    assert "owner-logistics" in ids


def test_the_page_speaks_its_language_and_links_to_the_others(page: tuple[str, Element, Summary]) -> None:
    language, root, _ = page
    html = next(root.all("html"))
    assert html.attributes["lang"] == language
    assert html.attributes["dir"] == ("rtl" if language == "fa" else "ltr")
    others = {link.attributes["hreflang"] for link in root.all("a") if "hreflang" in link.attributes}
    assert others == set(REPORT_LANGUAGES) - {language}


def test_tables_name_their_columns_and_rows(page: tuple[str, Element, Summary]) -> None:
    _, root, _ = page
    for table in root.all("table"):
        assert next(table.all("caption")).words().strip()
        heads = list(table.all("th"))
        assert all(head.attributes.get("scope") in ("col", "row") for head in heads)
        width = len(list(next(table.all("thead")).all("th")))
        for row in next(table.all("tbody")).all("tr"):
            assert len([cell for cell in row.children if isinstance(cell, Element)]) == width


def test_at_most_seven_numbers_and_three_findings_are_loud_on_the_first_screen(
    page: tuple[str, Element, Summary],
) -> None:
    _, root, _ = page
    first = next(element for element in root.all("section") if element.attributes.get("class") == "first")
    loud = [e for e in first.all() if e.tag == "strong" or e.attributes.get("class") == "figure"]
    assert 0 < len(loud) <= 7
    findings = list(first.all("li"))
    assert len(findings) == 3
    for finding in findings:
        paths = [element.attributes["data-n"] for element in finding.all() if "data-n" in element.attributes]
        assert any(path.endswith(".n") for path in paths), "a finding states its base"


def hostile_summary() -> Summary:
    """Return a summary whose every foreign word is hostile."""
    spots = tuple(
        replace(spot, title=HOSTILE if spot.name == "receive" else spot.title, promise=spot.promise and HOSTILE)
        for spot in SPOTS
    )
    summary = lindgard(spots)
    quote = replace(QUOTE, text=HOSTILE * 700, reply=HOSTILE, language='en"><script>')
    touchpoints = tuple(replace(group, owner=HOSTILE, quotes=(quote,)) for group in summary.touchpoints)
    findings = tuple(replace(finding, owner=HOSTILE) for finding in summary.findings)
    themes = tuple(replace(theme, words=(HOSTILE,), quotes=(quote,)) for theme in summary.themes)
    questions = tuple(replace(question, question=HOSTILE) for question in summary.questions)
    versions = replace(summary.versions, model=HOSTILE)
    return replace(
        summary,
        company=HOSTILE,
        touchpoints=touchpoints,
        findings=findings,
        themes=themes,
        questions=questions,
        versions=versions,
    )


@pytest.mark.parametrize("language", ["en", "fa"])
def test_hostile_words_stay_words(language: str) -> None:
    calm, root = read(render_page(lindgard(), language)), read(render_page(hostile_summary(), language))
    kinds = {element.tag for element in calm.all()}
    assert {element.tag for element in root.all()} <= kinds
    assert len(list(root.all("script"))) == 1
    for element in root.all():
        assert not any(name.startswith("on") or name == "style" for name in element.attributes)
        assert element.attributes.get("href", "#").startswith(("#", "index", "data:,"))
    said = root.words()
    assert "<script>alert(1)</script>" in said, "the words themselves are shown"
    assert "49" not in next(root.all("blockquote")).words(), "no template runs in a quote"
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\u0000]", said)
    assert max(len(quote.words()) for quote in root.all("blockquote")) < 1_000


def test_the_policy_allows_only_the_pages_own_style_and_script(summary: Summary) -> None:
    root = read(render_page(summary, "en"))
    policy = next(m.attributes["content"] for m in root.all("meta") if m.attributes.get("http-equiv"))
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert not any("style" in element.attributes for element in root.all())
    assert not any(name in element.attributes for element in root.all() for name in ("src", "srcset"))


def test_words_and_templates_that_are_missing_are_errors(summary: Summary) -> None:
    with pytest.raises(FileNotFoundError):
        render_page(summary, "de")


def test_the_same_summary_gives_the_same_page(summary: Summary) -> None:
    assert render_page(summary, "pl") == render_page(lindgard(), "pl")


def test_a_company_of_forty_touchpoints_fits_into_the_size() -> None:
    spots = tuple(
        Spot(
            f"point_{index}",
            f"Touchpoint number {index}",
            ("before", "during", "after")[index * 3 // 40],
            2_500,
            0.7 + index % 5 * 0.05,
            0.4 + index % 7 * 0.06,
            owner="operations",
            promise="A promise",
            intended=("trust",),
        )
        for index in range(40)
    )
    base = lindgard()
    large = lindgard((*SPOTS[3:4], SPOTS[5], SPOTS[6], SPOTS[2], SPOTS[4], SPOTS[1], *spots[6:]))
    quotes = tuple(replace(QUOTE, id=f"LH-{n}", text="Words. " * 60) for n in range(3))
    large = replace(large, touchpoints=tuple(replace(group, quotes=quotes) for group in large.touchpoints))
    assert len(large.touchpoints) == 40
    assert large.records > 80_000
    assert len(render_page(large, "vi").encode()) <= MAXIMUM_BYTES
    assert len(render_page(base, "vi").encode()) <= MAXIMUM_BYTES / 2


def test_an_export_without_stars_or_findings_still_makes_a_page() -> None:
    summary = lindgard()
    bare = replace(
        summary,
        touchpoints=(),
        stages=(),
        segments=(),
        findings=(),
        warnings=(),
        trends=(),
        questions=(),
        themes=(),
        actions=(),
        outcome=None,
        changes=None,
        overall=replace(summary.overall, quotes=(), satisfaction=replace(summary.overall.satisfaction, gap=None)),
        trust=replace(summary.trust, real=0, written=0, accuracy=(), corrections=(), unsure=(), drift=(), set_aside=()),
    )
    said = read(render_page(bare, "en")).words()
    assert "No difference is both sure and large enough" in said
    assert "This is the first report" in said
