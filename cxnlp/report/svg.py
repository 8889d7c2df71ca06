"""A drawing made by vl-convert as part of the page: roles instead of colours, no more markup than it needs.

Colours become classes (`f-words` fills, `s-words` strokes), so that the style sheet decides on light and dark; what
only an interactive chart needs is dropped, coordinates are rounded to a tenth of a pixel.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

#: What a colour stands for → the placeholder by which it travels through the drawing program.
ROLES = {
    "ink": "#010101",
    "muted": "#010102",
    "faint": "#010103",
    "grid": "#010104",
    "tick": "#010105",
    "words": "#010106",
    "stars": "#010107",
    "alarm": "#010108",
    "on-alarm": "#010109",
    "band": "#01010a",
    "span": "#01010b",
    "paper": "#01010c",
}
_ROLE_OF = {colour: role for role, colour in ROLES.items()}
_KEPT = {
    "transform", "d", "x", "y", "x1", "x2", "y1", "y2", "width", "height", "text-anchor", "font-size", "font-weight",
    "stroke-width", "opacity", "fill-opacity", "stroke-opacity",
}  # fmt: skip
_NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")


def into_page(drawing: str, key: str, name: str, title: str, description: str) -> str:
    """Return a drawing as an accessible inline SVG; `key` makes its ids its own, `name` is its class."""
    root = ElementTree.fromstring(re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", drawing))  # noqa: S314 (our own drawing)
    view_box = root.get("viewBox", "")
    children = [child for child in root if not (child.tag == "rect" and child.get("fill") in ("white", "transparent"))]
    kept = [lean for child in children if (lean := _lean(child)) is not None]
    svg = ElementTree.Element(
        "svg",
        {
            "class": f"chart {name}",
            "viewBox": view_box,
            "role": "img",
            "aria-labelledby": f"{key}-title {key}-desc",
        },
    )
    ElementTree.SubElement(svg, "title", {"id": f"{key}-title"}).text = title
    ElementTree.SubElement(svg, "desc", {"id": f"{key}-desc"}).text = description
    svg.extend(kept)
    return ElementTree.tostring(svg, encoding="unicode")


def _lean(element: ElementTree.Element) -> ElementTree.Element | None:
    """Return an element with only what is drawn; None where nothing is."""
    if element.get("display") == "none" or element.get("class") in ("background", "foreground"):
        return None
    if element.tag == "path" and not element.get("d"):
        return None
    made = ElementTree.Element(element.tag)
    for key, value in element.attrib.items():
        if key in _KEPT and not (key.endswith("opacity") and value == "1"):
            made.set(key, _NUMBER.sub(_round, value).replace("px", ""))
    classes = []
    for paint in ("fill", "stroke"):
        colour = element.get(paint)
        if colour in _ROLE_OF:
            classes.append(f"{paint[0]}-{_ROLE_OF[colour]}")
        elif colour == "none" or (paint == "fill" and element.tag == "line"):
            made.set(paint, "none")
    if classes:
        made.set("class", " ".join(classes))
    made.text = element.text
    made.extend(child for old in element if (child := _lean(old)) is not None)
    if made.tag == "g" and not len(made):
        return None
    if made.get("transform") == "translate(0,0)":
        del made.attrib["transform"]
    if made.tag == "g" and not made.attrib and len(made) == 1:
        return made[0]
    return made


def _round(match: re.Match[str]) -> str:
    rounded = f"{float(match.group()):.1f}"
    return rounded.removesuffix(".0") if rounded != "-0.0" else "0"
