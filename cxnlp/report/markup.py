"""Texts and bars as HTML. Everything that comes from a summary is escaped here or by the templates."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup, escape

from cxnlp.report.blocks import Bar, First
from cxnlp.report.text import Aside, Day, Link, Name, Number, Part, Strong, Text


@dataclass
class Place:
    """Where numbers stand in `summary.json`: `base` of the element around them, `before` of the number before."""

    base: str
    before: str = ""

    def short(self, path: str) -> str:
        """Return a path as `data-n`: `~low` is `low` of the object of the number before it, `^x` is `x` of the base."""
        parent, _, field = path.rpartition(".")
        same, self.before = bool(parent) and parent == self.before, parent
        if same:
            return f"~{field}"
        return f"^{path.removeprefix(self.base + '.')}" if self.base and path.startswith(self.base + ".") else path


def show(words: Text, base: str = "") -> Markup:
    """Return a text as HTML. Each number carries its path in `summary.json` as `data-n` (`Place.short`)."""
    return _parts(words, Place(base))


def _parts(words: Text, place: Place) -> Markup:
    return Markup("").join(_part(part, place) for part in words)


def _part(part: Part, place: Place) -> Markup:
    match part:
        case str():
            return escape(part)
        case Number():
            return Markup('<span data-n="{}">{}</span>').format(place.short(part.path), part.text)
        case Name():
            return Markup("<bdi>{}</bdi>").format(part.text)
        case Day():
            return Markup('<time datetime="{}">{}</time>').format(part.iso, part.text)
        case Strong():
            attribute = Markup(' class="{}"').format(part.tone) if part.tone else Markup("")
            return Markup("<strong{}>{}</strong>").format(attribute, _parts(part.parts, place))
        case Aside():
            return Markup("<small>{}</small>").format(_parts(part.parts, place))
        case Link():
            return Markup('<a href="{}">{}</a>').format(part.href, _parts(part.parts, place))


def percent_place(value: float) -> str:
    """Return a width from 0 to 1 for an SVG attribute."""
    return f"{value * 100:.1f}".rstrip("0").rstrip(".") + "%"


def show_bar(bar: Bar, *, right_to_left: bool) -> Markup:
    """Return a bar with its interval; SVG, since the page's policy forbids inline style."""
    left = 1 - bar.value if right_to_left else 0.0
    low, high = (1 - bar.high, 1 - bar.low) if right_to_left else (bar.low, bar.high)
    start = Markup(' x="{}"').format(percent_place(left)) if left else Markup("")
    return Markup('<svg class="bar {}" aria-hidden="true"><rect{} width="{}"/><rect x="{}" width="{}"/></svg>').format(
        bar.tone, start, percent_place(bar.value), percent_place(low), percent_place(high - low)
    )


def show_scale(first: First, *, right_to_left: bool) -> Markup:
    """Return the headline shares as dots with whiskers on one line from nothing to all."""
    dots = [(answer.tone, answer.dot) for answer in first.answers if answer.dot]
    if not dots:
        return Markup("")

    def place(value: float) -> str:
        return percent_place(1 - value if right_to_left else value)

    marks = Markup("").join(
        Markup(
            '<line class="whisker {0}" x1="{1}" x2="{2}" y1="50%" y2="50%"/>'
            '<circle class="{0}" cx="{3}" cy="50%" r="7"/>'
        ).format(tone, place(dot.low), place(dot.high), place(dot.value))
        for tone, dot in dots
    )
    anchors = {0.0: "start", 1.0: "end"}
    ends = Markup("").join(
        Markup('<line x1="{0}" x2="{0}" y1="25%" y2="75%"/><text x="{0}" y="100%" text-anchor="{1}">{2}</text>').format(
            place(at), anchors.get(at, "middle"), shown
        )
        for at, shown in first.ticks
    )
    return Markup('<svg class="scale"><line x1="0" x2="100%" y1="50%" y2="50%"/>{}{}</svg>').format(ends, marks)
