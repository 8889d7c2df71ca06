"""The XML inside a workbook, read as a stream with expat: rows as they stand, nothing padded, no entities.

General readers build an object per element or fill the space between cells; a workbook is small enough for neither
when somebody wishes so. What is read is the part of ECMA-376 (SpreadsheetML) that holds values: shared strings, number
formats that mean a date, rows and cells.
"""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from xml.parsers import expat

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel

from cxnlp.ingest.raw import Cell
from cxnlp.ingest.values import MAX_TEXT

_CHUNK = 1 << 18
#: What is kept of a cell's text: enough to tell that it is longer than any text may be.
_MAX_CELL = 2 * MAX_TEXT
MAX_COLUMNS, MAX_ROWS = 16_384, 1_048_576  # of the format


class BrokenWorkbookError(ValueError):
    """A part of the workbook says something that no workbook can say."""


class _Part:
    """Parses a part of a workbook piece by piece; subclasses handle `start` and `end` of elements and their text."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self.characters
        self.parser.StartDoctypeDeclHandler = self._refuse
        self._names: dict[str, str] = {}

    def _refuse(self, *_: object) -> None:
        raise BrokenWorkbookError("a document type, which could define entities")

    def _local(self, name: str) -> str:
        found = self._names.get(name)
        if found is None:
            found = self._names[name] = name.rpartition(":")[2]
        return found

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.start(self._local(name), attributes)

    def _end(self, name: str) -> None:
        self.end(self._local(name))

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Handle the start of an element."""

    def end(self, name: str) -> None:
        """Handle the end of an element."""

    def characters(self, text: str) -> None:
        """Handle text within an element."""

    def feed(self, archive: zipfile.ZipFile, part: str) -> Iterator[None]:
        """Parse a part; pause after each piece so that what was found can be taken away."""
        with archive.open(part) as stream:
            while piece := stream.read(_CHUNK):
                self.parser.Parse(piece)
                yield
            self.parser.Parse(b"", True)
            yield

    def parse(self, archive: zipfile.ZipFile, part: str) -> None:
        """Parse a part to its end."""
        for _ in self.feed(archive, part):
            pass


class _Elements(_Part):
    """Collects the attributes of all elements of a part: for the small ones."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.found.append(
            (name, {self._local(key) if key != "id" else key: value for key, value in attributes.items()})
        )


class _TextCollector(_Part):
    """Collects the text of `t` elements, those of phonetic hints aside, up to `_MAX_CELL`."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[str] = []
        self._size = 0
        self._phonetic = False
        self._inside = False

    def characters(self, text: str) -> None:
        if self._inside and self._size < _MAX_CELL:
            self._pieces.append(text[:_MAX_CELL])
            self._size += len(text)

    def take(self) -> str:
        """Return what was collected, and begin anew."""
        text = "".join(self._pieces)
        self._pieces.clear()
        self._size = 0
        return text


class _SharedStrings(_TextCollector):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "t":
            self._inside = not self._phonetic
        elif name == "rPh":
            self._phonetic = True

    def end(self, name: str) -> None:
        if name == "t":
            self._inside = False
        elif name == "rPh":
            self._phonetic = False
        elif name == "si":
            self.texts.append(self.take())


class _Sheet(_TextCollector):
    def __init__(self, shared: list[str], date_styles: frozenset[int], epoch: datetime) -> None:
        super().__init__()
        self._shared, self._date_styles, self._epoch = shared, date_styles, epoch
        self._number = 0
        self._column = 0
        self._type = "n"
        self._style = 0
        self._row: dict[int, Cell] = {}
        self._columns: dict[str, int] = {}
        self.rows: list[tuple[int, dict[int, Cell]]] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            place = attributes.get("r")
            self._column = self._column_of(place) if place else self._column + 1
            if not 0 < self._column <= MAX_COLUMNS:
                raise BrokenWorkbookError("a column beyond the last")
            self._type = attributes.get("t", "n")
            self._style = int(attributes.get("s", "0"))
        elif name in ("v", "t"):
            self._inside = not self._phonetic
        elif name == "row":
            number = attributes.get("r")
            self._number = int(number) if number else self._number + 1
            if not 0 < self._number <= MAX_ROWS:
                raise BrokenWorkbookError(f"a row beyond {MAX_ROWS:,}, the last that a sheet can have")
            self._column = 0
            self._row = {}
        elif name == "rPh":
            self._phonetic = True

    def end(self, name: str) -> None:
        if name == "c":
            text = self.take()
            if text:
                self._row[self._column] = self._value(text)
        elif name in ("v", "t"):
            self._inside = False
        elif name == "row":
            if self._row:
                self.rows.append((self._number, self._row))
        elif name == "rPh":
            self._phonetic = False

    def _column_of(self, place: str) -> int:
        letters = place.rstrip("0123456789")
        column = self._columns.get(letters)
        if column is None:
            column = 0
            for letter in letters[:4]:
                column = column * 26 + ord(letter.upper()) - 64
            self._columns[letters] = column
        return column

    def _value(self, text: str) -> Cell:
        if self._type == "s":
            index = int(text)
            if not 0 <= index < len(self._shared):
                raise BrokenWorkbookError("a text that the workbook does not hold")
            return self._shared[index]
        if self._type == "b":
            return text.strip() == "1"
        if self._type != "n":  # inlineStr, str (a formula's text), e (an error such as #N/A), d (ISO 8601)
            return text
        number = int(text) if text.isdecimal() and len(text) < 20 else float(text)
        if self._style in self._date_styles:
            try:
                moment: Cell = from_excel(number, self._epoch)
                return str(moment) if not isinstance(moment, datetime) else moment
            except (ValueError, OverflowError):
                return number
        return number


def _attributes(archive: zipfile.ZipFile, part: str) -> list[tuple[str, dict[str, str]]]:
    if part not in archive.NameToInfo:
        return []
    elements = _Elements()
    elements.parse(archive, part)
    return elements.found


def _book_part(archive: zipfile.ZipFile) -> str:
    names = archive.namelist()
    return "xl/workbook.xml" if "xl/workbook.xml" in names else next(n for n in names if n.endswith("/workbook.xml"))


def _related(archive: zipfile.ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """Return relation id → (kind, part) of a part."""
    folder, name = posixpath.split(part)
    related: dict[str, tuple[str, str]] = {}
    for element, attributes in _attributes(archive, f"{folder}/_rels/{name}.rels"):
        if element == "Relationship" and attributes.get("TargetMode") != "External":
            target = attributes.get("Target", "")
            path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            related[attributes.get("Id", "")] = (posixpath.basename(attributes.get("Type", "")), path)
    return related


def sheets(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return the names of the worksheets, in their order, with the part that holds each."""
    book = _book_part(archive)
    related = _related(archive, book)
    found: dict[str, str] = {}
    for element, attributes in _attributes(archive, book):
        kind, part = related.get(attributes.get("id", ""), ("", ""))
        if element == "sheet" and kind == "worksheet" and part in archive.NameToInfo:
            found[attributes.get("name", part)] = part
    return found


def _date_styles(archive: zipfile.ZipFile, part: str) -> frozenset[int]:
    formats: dict[int, str] = dict(BUILTIN_FORMATS)
    styles: list[int] = []
    inside = False
    for element, attributes in _attributes(archive, part):
        if element == "numFmt":
            formats[int(attributes.get("numFmtId", "0"))] = attributes.get("formatCode", "")
        elif element in ("cellXfs", "cellStyleXfs", "cellStyles", "dxfs"):
            inside = element == "cellXfs"
        elif element == "xf" and inside:
            styles.append(int(attributes.get("numFmtId", "0")))
    return frozenset(at for at, form in enumerate(styles) if is_date_format(formats.get(form, "")))


def read_rows(archive: zipfile.ZipFile, sheet_part: str) -> Iterator[tuple[int, dict[int, Cell]]]:
    """Yield number and cells (column, from 1 → value) of the rows of a sheet that hold any."""
    book = _book_part(archive)
    shared = _SharedStrings()
    date_styles: frozenset[int] = frozenset()
    for kind, part in _related(archive, book).values():
        if part in archive.NameToInfo:
            if kind == "sharedStrings":
                shared.parse(archive, part)
            elif kind == "styles":
                date_styles = _date_styles(archive, part)
    properties: dict[str, Any] = next((a for name, a in _attributes(archive, book) if name == "workbookPr"), {})
    is_1904 = properties.get("date1904") in ("1", "true")
    sheet = _Sheet(shared.texts, date_styles, CALENDAR_MAC_1904 if is_1904 else CALENDAR_WINDOWS_1900)
    for _ in sheet.feed(archive, sheet_part):
        yield from sheet.rows
        sheet.rows.clear()
