"""Texts and bars as HTML. Everything that comes from a summary is escaped here or by the templates."""

from __future__ import annotations

from markupsafe import Markup, escape

from cxnlp.report.blocks import Bar, First
from cxnlp.report.text import Aside, Day, Link, Name, Number, Part, Strong, Text


def show(words: Text) -> Markup:
    """Return a text as HTML. Each number carries its path in `summary.json` as `data-n`."""
    return Markup("").join(_part(part) for part in words)


def _part(part: Part) -> Markup:
    match part:
        case str():
            return escape(part)
        case Number():
            return Markup('<span data-n="{}">{}</span>').format(part.path, part.text)
        case Name():
            return Markup("<bdi>{}</bdi>").format(part.text)
        case Day():
            return Markup('<time datetime="{}">{}</time>').format(part.iso, part.text)
        case Strong():
            attribute = Markup(' class="{}"').format(part.tone) if part.tone else Markup("")
            return Markup("<strong{}>{}</strong>").format(attribute, show(part.parts))
        case Aside():
            return Markup('<span class="aside">{}</span>').format(show(part.parts))
        case Link():
            return Markup('<a href="{}">{}</a>').format(part.href, show(part.parts))


def percent_place(value: float) -> str:
    """Return a width from 0 to 1 for an SVG attribute."""
    return f"{value * 100:.1f}".rstrip("0").rstrip(".") + "%"


def show_bar(bar: Bar, *, right_to_left: bool) -> Markup:
    """Return a bar with its interval; SVG, since the page's policy forbids inline style."""
    left = 1 - bar.value if right_to_left else 0.0
    low, high = (1 - bar.high, 1 - bar.low) if right_to_left else (bar.low, bar.high)
    return Markup(
        '<svg class="bar {}" aria-hidden="true"><rect x="{}" width="{}" height="100%"/>'
        '<line x1="{}" x2="{}" y1="50%" y2="50%"/></svg>'
    ).format(bar.tone, percent_place(left), percent_place(bar.value), percent_place(low), percent_place(high))


def show_scale(first: First, *, right_to_left: bool) -> Markup:
    """Return the headline shares as dots with whiskers on one line from nothing to all."""
    dots = [(answer.tone, answer.dot) for answer in first.answers if answer.dot]
    if not dots:
        return Markup("")

    def place(value: float) -> str:
        return percent_place(1 - value if right_to_left else value)

    marks = Markup("").join(
        Markup(
            '<line class="whisker {0}" x1="{1}" x2="{2}" y1="50%" y2="50%"/><circle class="{0}" cx="{3}" cy="50%" r="7"/>'
        ).format(tone, place(dot.low), place(dot.high), place(dot.value))
        for tone, dot in dots
    )
    ends = Markup("").join(
        Markup('<line x1="{0}" x2="{0}" y1="25%" y2="75%"/>').format(at) for at in ("0%", "50%", "100%")
    )
    return Markup('<svg class="scale"><line x1="0" x2="100%" y1="50%" y2="50%"/>{}{}</svg>').format(ends, marks)
