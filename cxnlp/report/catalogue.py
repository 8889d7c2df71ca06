"""Messages in the page's languages.

Catalogues are read from their `.po` files at run time, so no compiled copy can be stale. English is what the code says.
"""

from __future__ import annotations

import io
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from importlib.resources.abc import Traversable

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from cxnlp.journey import STAGES, default_journey
from cxnlp.taxonomy import default_taxonomy

SOURCE_LANGUAGE = "en"
RIGHT_TO_LEFT = frozenset({"fa"})

#: Functions whose first argument is a message; `many` takes singular and plural.
KEYWORDS: dict[str, tuple[int, ...] | None] = {"say": None, "word": None, "many": (1, 2), "_": None, "gettext": None}


def catalogue_file(language: str) -> Traversable:
    """Return the `.po` file of a language (which may not exist)."""
    return files("cxnlp.report").joinpath("locales", language, "LC_MESSAGES", "cxnlp.po")


def read_catalogue(language: str) -> Catalog:
    """Read the `.po` file of a language; raise `FileNotFoundError` when there is none."""
    return read_po(io.BytesIO(catalogue_file(language).read_bytes()), locale=language, domain="cxnlp")


@cache
def translations(language: str) -> NullTranslations:
    """Return the translations into `language`; English needs none."""
    if language == SOURCE_LANGUAGE:
        return NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, read_catalogue(language))
    compiled.seek(0)
    return GNUTranslations(compiled)


def messages() -> dict[str, tuple[str, ...]]:
    """Return every message that a page may need: singular → (singular,) or (singular, plural).

    They come from this package's code and templates, and from the titles and owners of the default taxonomy and
    journey.
    """
    found: dict[str, tuple[str, ...]] = {}
    for name, method in _sources():
        content = io.BytesIO(name.read_bytes())
        for _, message, _, _ in extract(method, content, keywords=KEYWORDS):
            forms = (message,) if isinstance(message, str) else tuple(message)
            found[forms[0]] = forms
    for title in _titles():
        found.setdefault(title, (title,))
    return dict(sorted(found.items()))


def _sources() -> list[tuple[Traversable, str]]:
    package = files("cxnlp.report")
    code = [(file, "python") for file in package.iterdir() if file.name.endswith(".py")]
    pages = [(file, "jinja2.ext:babel_extract") for file in package.joinpath("templates").iterdir()]
    return [*code, *((file, method) for file, method in pages if file.name.endswith(".j2"))]


def _titles() -> list[str]:
    taxonomy, journey = default_taxonomy(), default_journey()
    labels = [label for task in taxonomy.tasks for label in task.labels]
    owners = [label.owner for label in labels if label.owner] + [label.layer for label in labels if label.layer]
    return [
        *(label.display for label in labels),
        *owners,
        *(task.title for task in taxonomy.tasks),
        *(point.display for point in journey.touchpoints),
        *STAGES,
    ]
