"""A sheet survives the trip through a workbook, and the workbook guards the analyst against slips."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import load_workbook

from cxnlp.errors import LabelsError
from cxnlp.labelling.returned import read_returned
from cxnlp.labelling.workbook import FIRST_ROW, LABEL_SHEET, TICK, write_workbook
from labelling.build import Filler, sheet, taxonomy

PERSIAN = "خیلی دیر رسید"
HOSTILE = '=HYPERLINK("http://evil.example","x")'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sheet.xlsx"


def test_labels_come_back_as_they_were_filled_in(path: Path) -> None:
    write_workbook(sheet(["first", "second", "third"]), path)
    filler = Filler(path)
    filler.set(0, done=TICK, mood="Glad", effort="low", causes__waiting=TICK, causes__price="x")
    filler.set(1, done="x", mood="calm", effort="Unstated")
    filler.save()
    found = read_returned(path, taxonomy())
    assert found.problems == []
    assert found.unfinished == 1
    assert found.frame["id"].tolist() == ["r0", "r1"]
    assert found.frame["mood"].tolist() == [("glad",), ("calm",)]
    assert found.frame["causes"].tolist() == [("waiting", "price"), ()], "done without a tick says none"
    assert found.facts["guideline"].startswith("3-")


def test_text_that_looks_like_a_formula_is_an_inert_string(path: Path) -> None:
    write_workbook(sheet([HOSTILE, "+1", "@x"]), path)
    page = load_workbook(path)[LABEL_SHEET]
    for row in range(3):
        cell = page.cell(row=FIRST_ROW + row, column=5)
        assert cell.data_type == "s"
        assert cell.quotePrefix
    assert page.cell(row=FIRST_ROW, column=5).value == HOSTILE


def test_persian_reads_from_the_right_and_english_from_the_left(path: Path) -> None:
    write_workbook(sheet([PERSIAN, "late"]), path)
    page = load_workbook(path)[LABEL_SHEET]
    first, second = (page.cell(row=FIRST_ROW + row, column=5).alignment for row in range(2))
    assert (first.readingOrder, first.horizontal) == (2, "right")
    assert (second.readingOrder, second.horizontal) == (1, "left")


def test_ids_and_texts_are_locked_and_cells_to_fill_are_not(path: Path) -> None:
    write_workbook(sheet(["one"]), path)
    filler = Filler(path)
    assert filler.page.protection.sheet
    locked = {
        key: filler.page.cell(row=FIRST_ROW, column=column).protection.locked for key, column in filler.columns.items()
    }
    assert locked["id"] and locked["text"] and locked["drawn"]
    assert not any(locked[key] for key in ("done", "mood", "causes/price", "note"))


def test_every_cell_to_fill_has_its_drop_down(path: Path) -> None:
    write_workbook(sheet(["one", "two"]), path)
    filler = Filler(path)
    covered = {
        key
        for key, column in filler.columns.items()
        for rule in filler.page.data_validations.dataValidation
        if filler.page.cell(row=FIRST_ROW + 1, column=column).coordinate in rule.sqref
    }
    assert covered == {"done", "mood", "effort", "causes/waiting", "causes/price", "causes/speed"}


def test_how_rows_were_drawn_is_not_shown(path: Path) -> None:
    write_workbook(sheet(["one"], drawn="suspected"), path)
    page = load_workbook(path)[LABEL_SHEET]
    hidden = [
        page.cell(row=3, column=column).value
        for column in range(1, page.max_column + 1)
        if page.column_dimensions[page.cell(row=3, column=column).column_letter].hidden
    ]
    assert "drawn" in hidden


def test_suggestions_appear_only_when_given(path: Path, tmp_path: Path) -> None:
    plain = sheet(["one"])
    write_workbook(plain, path)
    assert not [key for key in Filler(path).columns if key.startswith("hint/")]
    shown = tmp_path / "shown.xlsx"
    write_workbook(
        type(plain)(plain.frame, plain.taxonomy, plain.tasks, hints={("mood", "model says"): ["Glad"]}), shown
    )
    filler = Filler(shown)
    assert filler.page.cell(row=FIRST_ROW, column=filler.columns["hint/mood/model says"]).value == "Glad"


def test_guideline_sheet_holds_every_label_and_definition(path: Path) -> None:
    write_workbook(sheet(["one"]), path)
    words = {cell.value for row in load_workbook(path)["Guideline"].iter_rows() for cell in row}
    assert {"Waiting", "queues and slow answers", "Glad", "pleased", "Never together: Waiting, Speed."} <= words


def test_a_file_that_is_there_is_never_replaced(path: Path) -> None:
    path.write_text("somebody's labels")
    with pytest.raises(LabelsError, match="is there already"):
        write_workbook(sheet(["one"]), path)
    assert path.read_text() == "somebody's labels"


def test_characters_that_no_workbook_can_hold_do_not_stop_it(path: Path) -> None:
    write_workbook(sheet(["a\x00b\x0bc\r\nd e"]), path)
    filler = Filler(path)
    filler.set(0, done=TICK, mood="Calm", effort="low")
    filler.save()
    found = read_returned(path, taxonomy())
    assert found.problems == []
    assert found.frame["text"].tolist() == ["a b c\nd e"]
