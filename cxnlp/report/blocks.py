"""What a page is made of: sections of blocks. Plain data: no HTML, no numbers that are not in a `Text`.

Widths run from 0 to 1. Templates print these and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from cxnlp.report.text import Name, Text

Tone = Literal["", "words", "stars", "alarm"]


@dataclass(frozen=True, slots=True)
class Bar:
    """A share as a bar with its interval as a whisker."""

    value: float
    low: float
    high: float
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: what it says, by what it sorts, and perhaps a bar."""

    text: Text
    sort: float | None = None
    bar: Bar | None = None
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Column:
    """The head of a column."""

    title: str
    numeric: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One row; its first cell is its header. `anchor` is the fragment that leads here."""

    cells: tuple[Cell, ...]
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table. `tall` ones may be sorted and searched where scripts run."""

    caption: Text
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    tall: bool = False


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A sentence or two."""

    text: Text
    tone: Literal["", "note"] = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """The head of what follows within a section."""

    text: Text


@dataclass(frozen=True, slots=True)
class QuoteView:
    """Words of a customer and perhaps the reply; `about` says what the model read in them."""

    text: str
    language: str
    right_to_left: bool
    about: Text
    why: str
    reply: str
    reply_about: Text


@dataclass(frozen=True, slots=True)
class Quotes:
    """Quotes under a heading, and perhaps what to bear in mind about them."""

    title: str
    items: tuple[QuoteView, ...]
    note: Text = ()


@dataclass(frozen=True, slots=True)
class Dot:
    """A share with its interval in a chart."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class DumbbellRow:
    """Stars against words at one touchpoint; None where there is no base. `…_shown` is what is printed beside."""

    title: str
    stage: str
    stars: Dot | None
    words: Dot | None
    stars_shown: str
    words_shown: str
    distance: str
    alarm: bool


@dataclass(frozen=True, slots=True)
class Dumbbell:
    """The journey as a picture."""

    rows: tuple[DumbbellRow, ...]
    ticks: tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True)
class Heat:
    """Causes by touchpoints: `values[row][column]` shares (None: too few), `shown` what is printed in the cell."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...]
    shown: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One week; `recent` is the share of the four weeks that end here, between its control limits."""

    week: str
    label: str
    share: float | None
    recent: float | None
    low: float | None
    high: float | None
    alarm: bool


@dataclass(frozen=True, slots=True)
class TrendLine:
    """A weekly series with its limits. `ticks` rise and span the vertical axis; `now_shown` ends the line."""

    points: tuple[TrendPoint, ...]
    tone: Tone
    ticks: tuple[tuple[float, str], ...]
    now_shown: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart, titled by what it shows, with a text alternative and its numbers in a table. `legend`: tone, words."""

    key: str
    title: Text
    legend: tuple[tuple[str, str], ...]
    description: Text
    chart: Dumbbell | Heat | TrendLine
    table: Table


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding as a sentence: `head` names the place, `text` the finding, `evidence` its size, interval and base."""

    rank: int
    anchor: str
    head: Text
    text: Text
    evidence: Text
    causes: Text
    owner: Text
    href: str


@dataclass(frozen=True, slots=True)
class Findings:
    """A list of findings, worst first."""

    items: tuple[FindingView, ...]


@dataclass(frozen=True, slots=True)
class Fold:
    """Something that opens: one line always seen, and its blocks. `base`: where its numbers stand in the summary."""

    anchor: str
    title: Text
    line: Text
    blocks: tuple[Block, ...]
    base: str = ""


Block: TypeAlias = "Table | Paragraph | Heading | Quotes | Figure | Findings | Fold"


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the page. `short` is its name in the table of contents."""

    anchor: str
    short: str
    title: str
    lead: Text
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the headline numbers: what says it, the number, what it is of, and its base."""

    label: str
    figure: Text
    unit: Text
    base: Text
    tone: Tone
    dot: Dot | None = None


@dataclass(frozen=True, slots=True)
class First:
    """The first screen: what ratings and words say, what to look at first, what changed.

    `ticks` are the marks of the scale under the numbers.
    """

    headline: Text
    answers: tuple[Answer, ...]
    ticks: tuple[tuple[float, str], ...]
    findings: tuple[FindingView, ...]
    nothing: Text
    changed: Text


@dataclass(frozen=True, slots=True)
class Page:
    """A whole page."""

    language: str
    right_to_left: bool
    company: Name
    line: Text
    first: First
    sections: tuple[Section, ...]
    versions: Text
    others: tuple[tuple[str, str, str], ...] = field(default=())
