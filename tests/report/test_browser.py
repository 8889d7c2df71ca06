"""The page in a real browser: nothing asked of the network, no error, WCAG 2.2 AA, first screen, keyboard, mirror.

Needs Debian's `chromium` (`apt-get install chromium`); skipped elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from cxnlp.analysis.summary import Summary
from cxnlp.config import REPORT_LANGUAGES
from cxnlp.report.publish import publish

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
#: Paper, what its two margins take of a side, and how many pages the whole report may take on it.
MILLIMETRES = {"A4": (210, 297), "Letter": (215.9, 279.4)}
MARGINS = 26
MOST_PAGES = 35
LAPTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.enable_socket,  # Playwright talks to its driver and to the browser on this machine only
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no /usr/bin/chromium here: apt-get install chromium"),
]
playwright_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (extra `dev`)")


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory, summary: Summary) -> Path:
    """Return the folder of a night with a page in every language."""
    return publish(summary, tmp_path_factory.mktemp("reports"), date(2026, 11, 16), REPORT_LANGUAGES).parent


@pytest.fixture(scope="module")
def browser() -> Iterator[playwright_api.Browser]:
    with playwright_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield opened
        opened.close()


def page_of(night: Path, language: str) -> Path:
    return night / ("index.html" if language == "en" else f"index.{language}.html")


@pytest.fixture
def visit(browser: playwright_api.Browser, night: Path) -> Iterator[object]:
    """Return a function that opens a page; afterwards nothing may have gone wrong or out."""
    contexts, wrong = [], []

    def go(language: str = "en", anchor: str = "", **options: object) -> playwright_api.Page:
        context = browser.new_context(**{"viewport": LAPTOP, **options})
        contexts.append(context)
        page = context.new_page()
        own = page_of(night, language).as_uri()
        page.on("console", lambda message: wrong.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.on("request", lambda r: None if r.url.startswith((own, "data:")) else wrong.append(f"request: {r.url}"))
        page.goto(own + anchor)
        return page

    yield go
    for context in contexts:
        context.close()
    assert not wrong


@pytest.mark.parametrize("language", REPORT_LANGUAGES)
@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
def test_the_first_screen_fits_without_scrolling(visit, language: str, size: dict[str, int]) -> None:  # type: ignore[no-untyped-def]
    page = visit(language, viewport=size)
    assert page.evaluate("document.querySelector('.first').getBoundingClientRect().bottom") <= size["height"]
    assert page.evaluate("document.documentElement.scrollWidth") == size["width"], "nothing sticks out sideways"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "fa"])
def test_axe_finds_nothing_with_folds_open(visit, language: str, scheme: str) -> None:  # type: ignore[no-untyped-def]
    from axe_playwright_python.sync_playwright import Axe

    page = visit(language, color_scheme=scheme)
    page.evaluate(
        "document.querySelectorAll('details').forEach((box) => { box.open = true });"
        # one touchpoint stands for the others: they are made alike, and axe takes its time
        "const others = document.querySelectorAll('#touchpoints details:not(:has(#touchpoint-receive))');"
        "others.forEach((box) => box.remove())"
    )
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    found = Axe().run(page, options=rules).response["violations"]
    assert not [(v["id"], [node["html"][:120] for node in v["nodes"][:3]]) for v in found]


def test_the_persian_page_mirrors(visit) -> None:  # type: ignore[no-untyped-def]
    places = {}
    for language in ("en", "fa"):
        page = visit(language)
        answers, findings = (page.locator(f".{name}").bounding_box() for name in ("answers", "fooling"))
        places[language] = answers["x"] < findings["x"]
        dots = page.locator(".chart.wide text.f-ink").first.bounding_box()
        chart = page.locator(".chart.wide").first.bounding_box()
        places[f"{language} chart"] = dots["x"] < chart["x"] + chart["width"] / 2
    assert places == {"en": True, "en chart": True, "fa": False, "fa chart": False}


def test_quotes_stand_in_their_own_direction(visit) -> None:  # type: ignore[no-untyped-def]
    page = visit("en")
    direction = "(quote) => getComputedStyle(quote).direction"
    assert page.locator("blockquote[lang=fa]").first.evaluate(direction) == "rtl"
    assert visit("fa").locator("blockquote[lang=en]").first.evaluate(direction) == "ltr"


def test_a_link_opens_what_it_leads_to(visit) -> None:  # type: ignore[no-untyped-def]
    page = visit("en")
    page.locator(".fooling .place").first.click()
    assert page.locator("#touchpoint-receive").is_visible()
    assert page.evaluate("document.activeElement.id") == "touchpoint-receive"
    assert visit("en", "#touchpoint-get-help").locator("#touchpoint-get-help").is_visible()


def test_the_keyboard_reaches_everything_that_can_be_used(visit) -> None:  # type: ignore[no-untyped-def]
    page = visit("en")
    page.evaluate("document.querySelectorAll('#touchpoints details').forEach((box) => { box.open = true })")
    wanted = page.evaluate(
        "[...document.querySelectorAll('a[href], summary, button, input, [tabindex=\"0\"]')]"
        ".filter((e) => e.checkVisibility()).map((e, i) => { e.dataset.reach = i; return i })"
    )
    reached, outlined = set(), []
    for _ in range(len(wanted) + 5):
        page.keyboard.press("Tab")
        at = page.evaluate(
            "(() => { const e = document.activeElement; return [e.dataset.reach, getComputedStyle(e).outlineStyle] })()"
        )
        if at[0] is not None:
            reached.add(int(at[0]))
            outlined.append(at[1])
    assert set(wanted) <= reached
    assert set(outlined) == {"solid"}, "focus can be seen"


def test_tables_sort_and_lists_search(visit) -> None:  # type: ignore[no-untyped-def]
    page = visit("en")
    page.locator("#journey details summary").click()
    head = page.locator("#journey table.tall th button", has_text="Distance")
    head.click()
    first = page.locator("#journey table.tall tbody tr").first
    assert "Receive" in first.inner_text()
    assert page.locator("#journey th[aria-sort=descending]").count() == 1
    head.click()
    assert "Receive" not in first.inner_text()
    page.locator("#touchpoints input[type=search]").fill("get help")
    assert page.locator("#touchpoints details.fold:visible").count() < 9


def test_without_script_everything_is_there(visit) -> None:  # type: ignore[no-untyped-def]
    page = visit("en", java_script_enabled=False)
    page.locator("#touchpoints summary").first.click()
    assert page.locator("#touchpoint-discover").is_visible()
    assert page.locator("input").count() == 0


def test_print_leaves_nothing_folded(visit, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    page = visit("en")
    folded = page.evaluate("document.querySelectorAll('details:not([open])').length")
    assert folded > 8
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("document.querySelectorAll('details:not([open])').length") == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("document.querySelectorAll('details:not([open])').length") == folded
    assert len(page.pdf()) > 50_000


@pytest.mark.parametrize("language", ["en", "fa"])
@pytest.mark.parametrize("paper", MILLIMETRES)
def test_the_print_is_short(visit, language: str, paper: str) -> None:  # type: ignore[no-untyped-def]
    pages = re.findall(rb"/Type\s*/Page\b", visit(language).pdf(format=paper))
    assert 10 < len(pages) <= MOST_PAGES


@pytest.mark.parametrize("language", REPORT_LANGUAGES)
def test_paper_hides_and_squeezes_nothing(visit, language: str) -> None:  # type: ignore[no-untyped-def]
    page = visit(language, java_script_enabled=False)
    page.emulate_media(media="print")
    hidden = page.evaluate(
        "[...document.querySelectorAll('main :is(p, h1, h2, h3, li, dt, dd, th, td, caption, summary > span)')]"
        ".filter((e) => !e.closest('.contents') && e.textContent.trim() && !(e.checkVisibility() && e.offsetHeight))"
        ".map((e) => e.textContent.slice(0, 60))"
    )
    assert not hidden, "what is folded on a screen stands on paper"
    for sides in MILLIMETRES.values():
        width, height = (int((side - MARGINS) / 25.4 * 96) for side in sides)
        page.set_viewport_size({"width": width, "height": height})
        narrow = page.evaluate(
            "[...document.querySelectorAll('th, td, .fold-title')].filter((e) => e.textContent.trim().length > 4"
            " && e.getBoundingClientRect().width < 2 * parseFloat(getComputedStyle(e).fontSize))"
            ".map((e) => e.textContent.slice(0, 60))"
        )
        assert not narrow, "no cell is narrower than about four letters"
        wide = page.evaluate(
            "[...document.querySelectorAll('table')].filter((e) => e.offsetWidth > e.parentElement.clientWidth + 1)"
            ".map((e) => e.caption.textContent)"
        )
        assert not wide, "no table sticks out of its column"
        assert page.evaluate("document.querySelector('#journey figure').getBoundingClientRect().bottom") <= height


def test_the_list_of_nights_opens_too(browser: playwright_api.Browser, night: Path) -> None:
    page = browser.new_page()
    page.goto((night.parent / "index.html").as_uri())
    page.get_by_role("link", name="16 Nov 2026").click()
    assert page.title().startswith("Lindgård Home")
    page.close()
