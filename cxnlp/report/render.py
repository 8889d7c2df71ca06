"""A page as HTML: templates print what the view says; style and script stand in the page, allowed by their hashes."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files

from babel import Locale
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cxnlp.analysis.summary import Summary
from cxnlp.report.blocks import Figure, Page
from cxnlp.report.catalogue import RIGHT_TO_LEFT, translations
from cxnlp.report.charts import draw
from cxnlp.report.markup import show, show_bar, show_scale
from cxnlp.report.view import build_page


def page_name(language: str, languages: Sequence[str]) -> str:
    """Return the file of a language's page: the first language has the plain name."""
    return "index.html" if language == languages[0] else f"index.{language}.html"


def own_name(language: str) -> str:
    """Return what a language calls itself."""
    return str(Locale.parse(language).get_display_name(language)).capitalize()


@cache
def environment(language: str) -> Environment:
    """Return the templates with a language's messages: everything is escaped, undefined names are errors."""
    made = Environment(
        loader=PackageLoader("cxnlp.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(translations(language), newstyle=False)  # type: ignore[attr-defined]
    made.filters["show"] = show
    made.filters["kind"] = lambda value: type(value).__name__
    right_to_left = language in RIGHT_TO_LEFT
    made.filters["bar"] = lambda bar: show_bar(bar, right_to_left=right_to_left)
    made.filters["scale"] = lambda first: show_scale(first, right_to_left=right_to_left)
    made.globals["draw"] = lambda figure: _draw(figure, right_to_left=right_to_left)
    return made


def _draw(figure: Figure, *, right_to_left: bool) -> list[Markup]:
    return [Markup(svg) for svg in draw(figure, right_to_left=right_to_left)]  # noqa: S704 (drawn and escaped by us)


@cache
def asset(name: str) -> tuple[Markup, str]:
    """Return the text of a style sheet or script, and its hash for the content security policy."""
    content = files("cxnlp.report").joinpath("templates", name).read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
    return Markup(content), f"'sha256-{digest}'"  # noqa: S704 (a file of this package)


def assets() -> dict[str, object]:
    """Return what every page needs: style, script, policy."""
    style, style_hash = asset("style.css")
    script, script_hash = asset("script.js")
    policy = (
        f"default-src 'none'; style-src {style_hash}; script-src {script_hash}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return {"style": style, "script": script, "policy": policy}


def render_page(summary: Summary, language: str, languages: Sequence[str] = ("en",)) -> str:
    """Return the page of a summary in one of `languages` as HTML."""
    others = tuple((other, page_name(other, languages), own_name(other)) for other in languages if other != language)
    page: Page = replace(build_page(summary, language), others=others)
    return environment(language).get_template("page.html.j2").render(page=page, **assets())
