"""Charts as inline SVG: Altair draws, vl-convert turns into SVG, `svg.py` makes it part of the page.

Every chart is drawn twice, for wide and for narrow screens; the style sheet shows one of them. In right-to-left pages
charts are mirrored. Colours are roles (`svg.ROLES`), so that the page decides on light and dark.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from cxnlp.report.blocks import Dumbbell, DumbbellRow, Figure, Heat, TrendLine
from cxnlp.report.svg import ROLES, into_page
from cxnlp.report.text import plain

Record = Mapping[str, Any]
FONT_SIZE = 13
SMALL = 12
ROW = 32
#: How far stars stand above and words below the middle of their row, so that their whiskers do not cover each other.
SHIFT = 3.5
STAGE_ROW = 36
#: Above so many touchpoints the heat map has causes as columns, so that it grows downwards.
MOST_COLUMNS = 10


@dataclass(frozen=True, slots=True)
class Paper:
    """The size of a drawing in pixels, and the direction of its page."""

    name: str
    width: int
    right_to_left: bool

    @property
    def is_wide(self) -> bool:
        """Whether there is room for labels beside the marks."""
        return self.name == "wide"

    def x(self, left: float) -> float:
        """Return a place counted from where lines start."""
        return self.width - left if self.right_to_left else left

    @property
    def start(self) -> str:
        """How text is aligned that begins where lines start."""
        return "right" if self.right_to_left else "left"

    @property
    def end(self) -> str:
        """How text is aligned that ends where lines end."""
        return "left" if self.right_to_left else "right"


def draw(figure: Figure, *, right_to_left: bool) -> list[str]:
    """Return the SVG drawings of a figure: wide, then narrow."""
    title, description = plain(figure.title), plain(figure.description)
    drawings = []
    for paper in (Paper("wide", 760, right_to_left), Paper("narrow", 350, right_to_left)):
        match figure.chart:
            case Dumbbell():
                chart = dumbbell(figure.chart, paper)
            case Heat():
                chart = heat(figure.chart, paper)
            case TrendLine():
                chart = trend(figure.chart, paper)
        out = io.StringIO()
        chart.save(out, format="svg")
        drawings.append(into_page(out.getvalue(), f"{figure.key}-{paper.name}", paper.name, title, description))
    return drawings


def _finish(layers: Sequence[alt.Chart], width: float, height: float) -> alt.LayerChart:
    finished: alt.LayerChart = (
        alt.layer(*layers)
        .properties(width=width, height=height, padding=0)
        .configure(aria=False, background="transparent")
        .configure_view(stroke=None)
    )
    return finished


def _data(records: Sequence[Record]) -> alt.Chart:
    return alt.Chart(alt.InlineData(values=list(records)))


def _place(size: float) -> dict[str, Any]:
    """Return the scale of pixels, whose zero is at the top left."""
    return {
        "scale": alt.Scale(domain=[0, size], range=[0, size], nice=False),
        "axis": None,
        "title": None,
    }


def _text(
    records: Sequence[Record],
    paper: Paper,
    height: float,
    role: str,
    *,
    align: str = "left",
    size: int = FONT_SIZE,
    weight: str = "normal",
    limit: float = 0,
    angle: float = 0,
    baseline: str = "middle",
) -> alt.Chart:
    """Return words at places: records hold `x`, `y` in pixels and `text`."""
    mark: dict[str, Any] = {
        "align": align,
        "baseline": baseline,
        "fontSize": size,
        "color": ROLES[role],
        "angle": angle,
    }
    if weight != "normal":
        mark["fontWeight"] = weight
    if limit:
        mark["limit"] = limit
    made: alt.Chart = (
        _data(records)
        .mark_text(**mark)
        .encode(x=alt.X("x:Q", **_place(paper.width)), y=alt.Y("y:Q", **_place(height)), text="text:N")
    )
    return made


def _rules(records: Sequence[Record], paper: Paper, height: float, role: str, width: float = 1) -> alt.Chart:
    """Return straight lines: records hold `x`, `y`, `x2`, `y2` in pixels."""
    made: alt.Chart = (
        _data(records)
        .mark_rule(color=ROLES[role], strokeWidth=width)
        .encode(
            x=alt.X("x:Q", **_place(paper.width)),
            y=alt.Y("y:Q", **_place(height)),
            x2="x2:Q",
            y2="y2:Q",
        )
    )
    return made


def _points(
    records: Sequence[Record], paper: Paper, height: float, role: str, size: float, *, filled: bool
) -> alt.Chart:
    """Return dots: records hold `x`, `y` in pixels."""
    made: alt.Chart = (
        _data(records)
        .mark_point(
            filled=True,
            color=ROLES[role],
            size=size,
            opacity=1,
            stroke=ROLES["paper" if filled else role],
            strokeWidth=1.5,
        )
        .encode(x=alt.X("x:Q", **_place(paper.width)), y=alt.Y("y:Q", **_place(height)))
    )
    return made


def dumbbell(chart: Dumbbell, paper: Paper) -> alt.LayerChart:
    """Draw stars against words, one row per touchpoint, under the heads before, during, after."""
    left = 150.0 if paper.is_wide else 112.0
    right = paper.width - (84.0 if paper.is_wide else 46.0)
    rows: list[tuple[float, DumbbellRow]] = []
    heads: list[Record] = []
    lines: list[Record] = []
    y, stage = 24.0, None
    for row in chart.rows:
        if row.stage and row.stage != stage:
            y += 10 if stage is not None else 0
            heads.append({"x": paper.x(0), "y": y + 12, "text": row.stage})
            lines.append({"x": paper.x(0), "x2": paper.x(paper.width), "y": y, "y2": y})
            y += STAGE_ROW - 8
            stage = row.stage
        rows.append((y + ROW / 2 - 6, row))
        y += ROW
    height = y

    def at(value: float) -> float:
        return paper.x(left + value * (right - left))

    grid = [{"x": at(v), "x2": at(v), "y": 20, "y2": height} for v, _ in chart.ticks]
    ticks = [{"x": at(v), "y": 8, "text": shown} for v, shown in chart.ticks]
    names = [{"x": paper.x(0), "y": y, "text": row.title} for y, row in rows]
    gaps = {tone: [r for r in rows if r[1].alarm == (tone == "alarm")] for tone in ("alarm", "muted")}
    layers = [
        _rules(grid, paper, height, "grid"),
        _rules(lines, paper, height, "faint"),
        _text(ticks, paper, height, "tick", align="center", size=SMALL),
        _text(heads, paper, height, "muted", align=paper.start, size=SMALL),
        _text(names, paper, height, "ink", align=paper.start, limit=left - 10),
    ]
    spans = [
        {"x": at(row.stars.value), "x2": at(row.words.value), "y": y, "y2": y}
        for y, row in rows
        if row.stars and row.words
    ]
    layers.append(_rules(spans, paper, height, "span", 5))
    for role in ("stars", "words"):
        aside = -SHIFT if role == "stars" else SHIFT
        own = [(y + aside, row.stars if role == "stars" else row.words, row) for y, row in rows]
        dots = [{"x": at(d.value), "y": y} for y, d, _ in own if d]
        whiskers = [{"x": at(d.low), "x2": at(d.high), "y": y, "y2": y} for y, d, _ in own if d]
        layers += [
            _rules(whiskers, paper, height, role, 1.25),
            _points(dots, paper, height, role, 120, filled=True),
        ]
        if paper.is_wide:
            layers += _values(rows, role, at, paper, height)
    for tone, some in gaps.items():
        shown = [{"x": paper.x(paper.width), "y": y, "text": row.distance} for y, row in some]
        weight = "bold" if tone == "alarm" else "normal"
        layers.append(_text(shown, paper, height, tone, align=paper.end, weight=weight))
    return _finish(layers, paper.width, height)


def _values(
    rows: Sequence[tuple[float, DumbbellRow]], role: str, at: Any, paper: Paper, height: float
) -> list[alt.Chart]:
    """Return the shares beside the dots, outside of both."""
    sides: dict[str, list[Record]] = {"left": [], "right": []}
    for y, row in rows:
        if row.stars is None or row.words is None:
            continue
        own, other = (row.stars, row.words) if role == "stars" else (row.words, row.stars)
        shown = row.stars_shown if role == "stars" else row.words_shown
        is_lower = own.value < other.value or (own.value == other.value and role == "words")
        place = at(min(own.low, other.low) if is_lower else max(own.high, other.high))
        to_the_left = is_lower != paper.right_to_left
        sides["right" if to_the_left else "left"].append(
            {"x": place + (-6 if to_the_left else 6), "y": y, "text": shown}
        )
    return [_text(records, paper, height, role, align=align, size=SMALL) for align, records in sides.items() if records]


def heat(chart: Heat, paper: Paper) -> alt.LayerChart:
    """Draw the causes by touchpoints as fields whose depth is the share."""
    rows, columns, values, shown = chart.rows, chart.columns, chart.values, chart.shown
    if len(columns) > MOST_COLUMNS:
        rows, columns = columns, rows
        values, shown = tuple(zip(*values, strict=True)), tuple(zip(*shown, strict=True))
    left = 170.0 if paper.is_wide else 118.0
    top = 96.0
    cell = (paper.width - left) / max(1, len(columns))
    step = 26.0
    height = top + step * len(rows)
    most = max((v for row in values for v in row if v is not None), default=0.0) or 1.0
    fields: list[Record] = []
    dark: list[Record] = []
    light: list[Record] = []
    for i, row in enumerate(values):
        for j, value in enumerate(row):
            if value is None:
                continue
            depth = round(0.85 * value / most, 3)
            x, y = left + j * cell, top + i * step
            edges = sorted((paper.x(x + 1), paper.x(x + cell - 1)))
            if depth >= 0.01:
                fields.append({"x": edges[0], "x2": edges[1], "y": y + 1, "y2": y + step - 1, "depth": depth})
            if shown[i][j] and cell >= 30:
                text = {"x": paper.x(x + cell / 2), "y": y + step / 2, "text": shown[i][j]}
                (light if depth > 0.5 else dark).append(text)
    squares = (
        _data(fields)
        .mark_rect(color=ROLES["alarm"])
        .encode(
            x=alt.X("x:Q", **_place(paper.width)),
            x2="x2:Q",
            y=alt.Y("y:Q", **_place(height)),
            y2="y2:Q",
            opacity=alt.Opacity("depth:Q", scale=None, legend=None),
        )
    )
    names = [{"x": paper.x(left - 8), "y": top + (i + 0.5) * step, "text": name} for i, name in enumerate(rows)]
    heads = [{"x": paper.x(left + (j + 0.5) * cell), "y": top - 8, "text": name} for j, name in enumerate(columns)]
    grid = [{"x": 0, "x2": paper.width, "y": top + i * step, "y2": top + i * step} for i in range(len(rows) + 1)]
    angle = 50.0 if paper.right_to_left else 310.0
    layers = [
        _rules(grid, paper, height, "grid"),
        squares,
        _text(names, paper, height, "ink", align=paper.end, limit=left - 10),
        _text(heads, paper, height, "ink", align=paper.start, size=SMALL, angle=angle, limit=118),
        _text(dark, paper, height, "ink", align="center", size=SMALL),
        _text(light, paper, height, "on-alarm", align="center", size=SMALL),
    ]
    return _finish(layers, paper.width, height)


def trend(chart: TrendLine, paper: Paper) -> alt.LayerChart:
    """Draw a weekly series: dots are weeks, the line is the share of four weeks, the band its control limits."""
    left, right, top, bottom = 46.0, paper.width - 52.0, 12.0, 190.0
    height = bottom + 26
    last = max(1, len(chart.points) - 1)
    lowest, highest = chart.ticks[0][0], chart.ticks[-1][0]

    def at(index: int) -> float:
        return paper.x(left + index / last * (right - left))

    def up(value: float) -> float:
        inside = min(highest, max(lowest, value))
        return bottom - (inside - lowest) / (highest - lowest) * (bottom - top)

    points = list(enumerate(chart.points))
    band = [
        {"x": at(i), "y": up(p.high), "y2": up(p.low)} for i, p in points if p.low is not None and p.high is not None
    ]
    line = [{"x": at(i), "y": up(p.recent)} for i, p in points if p.recent is not None]
    alarms = [{"x": at(i), "y": up(p.recent)} for i, p in points if p.alarm and p.recent is not None]
    weeks = [{"x": at(i), "y": up(p.share)} for i, p in points if p.share is not None]
    grid = [{"x": paper.x(left), "x2": paper.x(right), "y": up(v), "y2": up(v)} for v, _ in chart.ticks]
    shares = [{"x": paper.x(left - 8), "y": up(v), "text": shown} for v, shown in chart.ticks]
    marked = sorted({0, last // 2, last}) if paper.is_wide else [0, last]
    days = [{"x": at(i), "y": bottom + 16, "text": chart.points[i].label} for i in marked]
    place_x, place_y = _place(paper.width), _place(height)
    area = (
        _data(band)
        .mark_area(color=ROLES["band"])
        .encode(x=alt.X("x:Q", **place_x), y=alt.Y("y:Q", **place_y), y2="y2:Q")
    )
    curve = (
        _data(line)
        .mark_line(color=ROLES[chart.tone], strokeWidth=2.5)
        .encode(x=alt.X("x:Q", **place_x), y=alt.Y("y:Q", **place_y), order=alt.Order("x:Q"))
    )
    layers = [
        area,
        _rules(grid, paper, height, "grid"),
        _points(weeks, paper, height, "muted", 18, filled=False),
        curve,
        _points(alarms, paper, height, "alarm", 64, filled=True),
        _text(shares, paper, height, "tick", align=paper.end, size=SMALL),
        _text(days, paper, height, "tick", align="center", size=SMALL),
    ]
    if line and chart.now_shown:
        now = [{"x": line[-1]["x"] + (-8 if paper.right_to_left else 8), "y": line[-1]["y"], "text": chart.now_shown}]
        role = "alarm" if chart.points[-1].alarm else chart.tone
        layers.append(_text(now, paper, height, role, align=paper.start, weight="bold"))
    return _finish(layers, paper.width, height)
