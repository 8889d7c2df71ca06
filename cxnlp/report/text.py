"""Sentences as parts: literal words, numbers that know where in `summary.json` they stand, names, days, links.

The view is made of these; templates print them. `str(part)` and `plain(text)` give the words alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Number:
    """A number in the form of the page's language; `path` leads to its value in `summary.json`."""

    text: str
    path: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Name:
    """Words of the company or its customers: they stand in a direction of their own."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Day:
    """A date in the form of the page's language, and as ISO day."""

    text: str
    iso: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Strong:
    """Words that carry the sentence. `tone` colours them: `words`, `stars`, `alarm` or nothing."""

    parts: Text
    tone: str = ""

    def __str__(self) -> str:
        return plain(self.parts)


@dataclass(frozen=True, slots=True)
class Aside:
    """Words in the background: base, interval, certainty."""

    parts: Text

    def __str__(self) -> str:
        return plain(self.parts)


@dataclass(frozen=True, slots=True)
class Link:
    """A link to a place on the page or to another page of the report."""

    parts: Text
    href: str

    def __str__(self) -> str:
        return plain(self.parts)


Part: TypeAlias = "str | Number | Name | Day | Strong | Aside | Link"
Text: TypeAlias = "tuple[Part, ...]"


def text(*values: Part | Text) -> Text:
    """Join parts and texts to one text; empty words vanish, neighbouring words become one."""
    parts: list[Part] = []
    for part in _flat(values):
        if isinstance(part, str) and parts and isinstance(parts[-1], str):
            parts[-1] += part
        elif part != "":
            parts.append(part)
    return tuple(parts)


def _flat(values: Iterable[Part | Text]) -> Iterable[Part]:
    for value in values:
        if isinstance(value, tuple):
            yield from value
        else:
            yield value


def plain(words: Text) -> str:
    """Return the words of a text without its structure."""
    return "".join(str(part) for part in words)
