"""Workbooks as other programs write them: shared and rich texts, prefixes, cells without places, both calendars."""

from __future__ import annotations

import zipfile
from datetime import datetime
from pathlib import Path

import pytest

from cxnlp.errors import ExportError

from .reading import config, read

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def _workbook(path: Path, sheet: str, *, strings: str = "", styles: str = "", properties: str = "") -> Path:
    """Write a workbook whose first sheet is a chart and whose second, `sheet`, is addressed from the root."""
    book = (
        f'<workbook {MAIN} xmlns:r="{RELATION}"><workbookPr {properties}/><sheets>'
        '<sheet name="Chart" sheetId="2" r:id="rId9"/><sheet name="Feedback" sheetId="1" r:id="rId1"/>'
        "</sheets></workbook>"
    )
    relations = "".join(
        f'<Relationship Id="{name}" Type="{RELATION}/{kind}" Target="{target}"/>'
        for name, kind, target in (
            ("rId1", "worksheet", "/xl/worksheets/feedback.xml"),
            ("rId2", "sharedStrings", "sharedStrings.xml"),
            ("rId3", "styles", "styles.xml"),
            ("rId9", "chartsheet", "chartsheets/sheet1.xml"),
        )
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", book)
        archive.writestr("xl/_rels/workbook.xml.rels", f"<Relationships>{relations}</Relationships>")
        archive.writestr("xl/sharedStrings.xml", f"<sst {MAIN}>{strings}</sst>")
        archive.writestr("xl/styles.xml", f"<styleSheet {MAIN}>{styles}</styleSheet>")
        archive.writestr("xl/chartsheets/sheet1.xml", "<chartsheet/>")
        archive.writestr("xl/worksheets/feedback.xml", sheet)
    return path


STRINGS = (
    "<si><t>id</t></si><si><t>text</t></si><si><t>stars</t></si><si><t>date</t></si>"
    "<si><r><t>Great </t></r><r><rPr><b/></rPr><t xml:space='preserve'>shop</t></r></si>"
    "<si><t>良い</t><rPh sb='0' eb='1'><t>よ</t></rPh></si>"
)
STYLES = (
    "<numFmts><numFmt numFmtId='170' formatCode='dd/mm/yyyy hh:mm'/></numFmts>"
    "<cellStyleXfs><xf numFmtId='14'/></cellStyleXfs>"
    "<cellXfs><xf numFmtId='0'/><xf numFmtId='170'/><xf numFmtId='14'/></cellXfs>"
)


def _row(number: int, *cells: str) -> str:
    return f"<row r='{number}'>{''.join(cells)}</row>"


def _cell(place: str, value: str, attributes: str = "") -> str:
    return f"<c r='{place}' {attributes}><v>{value}</v></c>"


SHARED = "t='s'"
HEADER = _row(1, *(_cell(f"{letter}1", str(at), SHARED) for at, letter in enumerate("ABCD")))


def _sheet(rows: str, header: str = HEADER) -> str:
    return f"<worksheet {MAIN}><sheetData>{header}{rows}</sheetData></worksheet>"


def test_shared_rich_and_phonetic_texts_and_dates_by_style(tmp_path: Path) -> None:
    rows = _row(
        2, _cell("A2", "1"), _cell("B2", "4", SHARED), _cell("C2", "4.5"), _cell("D2", "45967.25", "s='1'")
    ) + _row(
        4,
        *(_cell("A4", "2.0"), _cell("B4", "5", SHARED)),
        *("<c r='C4' t='str'><f>1</f><v>5</v></c>", _cell("D4", "45967", "s='2'")),
    )
    found = read(_workbook(tmp_path / "a.xlsx", _sheet(rows), strings=STRINGS, styles=STYLES), config("stars", "date"))
    assert found.column("id") == ["1", "2"]
    assert found.column("text") == ["Great shop", "良い"]
    assert found.column("stars") == [4.5, 5]
    assert found.column("date") == [datetime(2025, 11, 6, 6), datetime(2025, 11, 6)]
    assert found.column("line") == [2, 4]


def test_the_calendar_that_begins_in_1904(tmp_path: Path) -> None:
    row = _row(2, _cell("A2", "1"), _cell("B2", "4", SHARED), _cell("D2", "44505", "s='2'"))
    path = _workbook(tmp_path / "a.xlsx", _sheet(row), strings=STRINGS, styles=STYLES, properties="date1904='1'")
    assert read(path, config("stars", "date")).column("date") == [datetime(2025, 11, 6)]


def test_cells_and_rows_without_places_prefixes_inline_texts_truth_values_and_errors(tmp_path: Path) -> None:
    def inline(text: str) -> str:
        return f"<x:c t='inlineStr'><x:is><x:t>{text}</x:t></x:is></x:c>"

    rows = (
        [inline("id"), inline("text"), inline("flag")],
        ["<x:c><x:v>7</x:v></x:c>", inline("fine"), "<x:c t='b'><x:v>1</x:v></x:c>"],
        ["<x:c><x:v>12345678901234567</x:v></x:c>", "<x:c t='e'><x:v>#N/A</x:v></x:c>"],
    )
    inside = "".join(f"<x:row>{''.join(row)}</x:row>" for row in rows)
    sheet = f"<x:worksheet xmlns:x='y'><x:sheetData>{inside}</x:sheetData></x:worksheet>"
    found = read(_workbook(tmp_path / "a.xlsx", sheet))
    assert found.column("id") == ["7"]
    assert found.column("segments") == ['{"flag": true}']
    assert [(row.line, row.reason) for row in found.rejected] == [(3, "neither text nor stars")]


def test_a_cell_to_the_right_of_the_header_sets_its_row_aside(tmp_path: Path) -> None:
    row = _row(2, _cell("A2", "1"), _cell("B2", "4", SHARED), _cell("XFD2", "1"))
    found = read(_workbook(tmp_path / "a.xlsx", _sheet(row), strings=STRINGS), config("stars", "date"))
    assert [row.reason for row in found.rejected] == ["the row does not fit the header"]


@pytest.mark.parametrize(
    "row",
    [
        "<row r='2'><c r='ZZZZ2'><v>1</v></c></row>",
        "<row r='0'><c r='A0'><v>1</v></c></row>",
        "<row r='1048577'><c><v>1</v></c></row>",
        "<row r='2'><c r='A2' t='s'><v>99</v></c></row>",
        "<row r='2'><c r='A2' t='s'><v>-1</v></c></row>",
        "<row r='2'><c r='A2'><v>one</v></c></row>",
        "<row r='2'><c r='A2' s='x'><v>1</v></c></row>",
        "<row r='x'/>",
        "<row>",
    ],
)
def test_what_no_workbook_can_say_is_refused(row: str, tmp_path: Path) -> None:
    path = _workbook(tmp_path / "a.xlsx", _sheet(row), strings=STRINGS)
    with pytest.raises(ExportError, match="cannot be read as a workbook"):
        read(path, config("stars", "date"))


def test_the_sheet_named_is_read_and_a_wrong_name_shows_those_there_are(tmp_path: Path) -> None:
    row = _row(2, _cell("A2", "1"), _cell("B2", "4", SHARED))
    path = _workbook(tmp_path / "a.xlsx", _sheet(row), strings=STRINGS)
    assert read(path, config("stars", "date", sheet="Feedback")).rows == 1
    with pytest.raises(ExportError, match="has no sheet 'Other'; expected one of: 'Feedback'"):
        read(path, config("stars", "date", sheet="Other"))


def test_an_endless_cell_is_cut_and_set_aside(tmp_path: Path) -> None:
    row = f"<row r='2'><c r='A2'><v>1</v></c><c r='B2' t='inlineStr'><is><t>{'long ' * 500_000}</t></is></c></row>"
    found = read(_workbook(tmp_path / "a.xlsx", _sheet(row), strings=STRINGS), config("stars", "date"))
    assert [row.reason for row in found.rejected] == ["the text cannot be read"]
    assert len(found.rejected[0].found) < 40
