"""Every problem of a returned sheet is said by sheet, row and column, and none is passed over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cxnlp.errors import LabelsError
from cxnlp.labelling.forms import write_csv, write_label_studio
from cxnlp.labelling.layout import MODEL_SAYS, Sheet
from cxnlp.labelling.returned import Returned, read_returned
from cxnlp.labelling.tables import read_csv
from cxnlp.labelling.workbook import TICK, write_workbook
from cxnlp.records import text_hash
from cxnlp.spreadsheet import safe_cell
from labelling.build import Filler, sheet, taxonomy

FULL = {"done": TICK, "mood": "Calm", "effort": "low"}


def returned(tmp_path: Path, rows: int = 1, **cells: str) -> Returned:
    path = tmp_path / "sheet.xlsx"
    write_workbook(sheet([f"text {number} of the sheet" for number in range(rows)]), path)
    filler = Filler(path)
    filler.set(0, **cells)
    filler.save()
    return read_returned(path, taxonomy())


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (FULL | {"mood": ""}, "sheet.xlsx, sheet Label, row 4, column G (Mood): empty, though the row is done"),
        (FULL | {"mood": "Furious"}, "column G (Mood): found 'Furious', expected one of Calm, Glad, Cross"),
        (FULL | {"causes__price": "maybe"}, "column J (Price): found 'maybe', expected ✓ or nothing"),
        (FULL | {"causes__waiting": TICK, "causes__speed": TICK}, "Waiting and Speed exclude each other"),
        ({"mood": "Calm"}, "column F (Done): the row has answers but is not ticked as done"),
        (FULL | {"done": "later"}, "column F (Done): found 'later', expected ✓ or nothing"),
        (FULL | {"text": "another text"}, "column E (Text): is not the text that was given out"),
        (FULL | {"id": ""}, "column A (Id): empty"),
    ],
)
def test_each_problem_names_its_cell(tmp_path: Path, cells: dict[str, str], expected: str) -> None:
    problems = [str(problem) for problem in returned(tmp_path, **cells).problems]
    assert len(problems) == 1
    assert expected in problems[0]


def test_a_sheet_that_is_right_has_no_problem(tmp_path: Path) -> None:
    assert returned(tmp_path, **FULL).problems == []


def test_an_id_that_stands_twice_is_named_with_both_rows(tmp_path: Path) -> None:
    path = tmp_path / "sheet.xlsx"
    write_workbook(sheet(["one", "two"]), path)
    filler = Filler(path)
    filler.set(0, **FULL)
    filler.set(1, **FULL | {"id": "r0"})
    filler.save()
    assert "stands in rows 4, 5" in str(read_returned(path, taxonomy()).problems[0])


def test_a_message_never_quotes_a_whole_text(tmp_path: Path) -> None:
    long = "my account number is 1234567890 and I am very cross"
    for column in ("mood", "author", "done", "causes__price"):
        (problem,) = returned(tmp_path, **FULL | {column: long}).problems
        assert "found (a text of 51 characters)" in str(problem)
        (tmp_path / "sheet.xlsx").unlink()


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "sheet.xlsx"
    write_workbook(sheet(["one"]), path)
    filler = Filler(path)
    filler.page.delete_cols(filler.columns["causes/price"])
    filler.save()
    assert "'Price' is missing" in str(read_returned(path, taxonomy()).problems[0])


@pytest.mark.parametrize("name", ["sheet.xlsx", "sheet.json", "sheet.pdf"])
def test_what_is_no_sheet_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("{}")
    with pytest.raises(LabelsError, match="sheet"):
        read_returned(path, taxonomy())


def test_csv_goes_out_guarded_and_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    write_csv(sheet(["=1+1", "plain, with a comma", "'quoted'"]), path)
    lines = path.read_text(encoding="utf-8-sig")
    assert "'=1+1" in lines
    filled = lines.replace(",,,,,random", ",Glad,low,Waiting;price,,random", 2).replace(",,,,,random", ",,,,,random")
    path.write_text(filled, encoding="utf-8-sig")
    found = read_returned(path, taxonomy())
    assert found.problems == []
    assert found.unfinished == 1
    assert found.frame["text"].tolist() == ["=1+1", "plain, with a comma"]
    assert found.frame["causes"].tolist() == [("waiting", "price")] * 2


HOSTILE = ["=cmd|' /C calc'!A0", "|calc", "＝cmd", "'=cmd", "''|calc", "'quoted'", "- late", "\t=1", "- \n+1"]


def test_every_cell_of_a_csv_sheet_is_no_formula_and_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    made = sheet(HOSTILE, id=[f"={number}" for number in range(len(HOSTILE))], same_text="+x")
    filled = {"mood": [("glad",)] * len(HOSTILE), "causes": [()] * len(HOSTILE)}
    write_csv(Sheet(made.frame, made.taxonomy, made.tasks, filled=filled), path)
    table = read_csv(path)
    assert [cell for row in table.cells for cell in row if safe_cell(cell) != cell] == []
    found = read_returned(path, taxonomy())
    assert found.problems == []
    assert found.frame["text"].tolist() == [text.strip() for text in HOSTILE]
    assert found.frame["id"].tolist() == made.frame["id"].tolist()
    assert set(found.frame["same_text"]) == {"+x"}
    assert found.frame["causes"].tolist() == [()] * len(HOSTILE)


def test_csv_sheets_of_before_come_back(tmp_path: Path) -> None:
    """They held a guard before fewer texts, and none before `'=…`: the text's hash tells."""
    path = tmp_path / "sheet.csv"
    texts = {"=1": "'=1", "|calc": "|calc", "'=1": "'=1"}
    rows = [f"r{n},en,customer,{cell},glad,{text_hash(text)}\n" for n, (text, cell) in enumerate(texts.items())]
    path.write_text("id,language,author,text,mood,text_hash\n" + "".join(rows))
    found = read_returned(path, taxonomy())
    assert found.problems == []
    assert found.frame["text"].tolist() == list(texts)


def test_csv_from_a_program_that_writes_semicolons(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_text('id;text;language;author;causes\nr0;"so slow, so dear";en;customer;"waiting;price"\n')
    assert read_returned(path, taxonomy()).frame["causes"].tolist() == [("waiting", "price")]


@pytest.mark.parametrize(
    ("hints", "facts", "suggested"),
    [
        ({}, {"suggestions": "shown"}, True),
        ({("mood", MODEL_SAYS): ["Glad"]}, {}, True),  # sheets of before
        ({("mood", "ann"): ["Glad"]}, {}, False),
    ],
)
def test_a_csv_sheet_says_whether_suggestions_were_shown(
    tmp_path: Path, hints: dict[tuple[str, str], list[str]], facts: dict[str, str], suggested: bool
) -> None:
    made = sheet(["one"])
    write_csv(Sheet(made.frame, made.taxonomy, made.tasks, hints=hints, facts=facts), tmp_path / "sheet.csv")
    assert read_returned(tmp_path / "sheet.csv", taxonomy()).suggested == suggested


def test_a_csv_sheet_without_column_names_is_not_quoted(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_text("r0,my secret,en,customer\n")
    with pytest.raises(LabelsError, match="line 1: lacks id, text, language, author; found 4 columns, none") as caught:
        read_returned(path, taxonomy())
    assert "secret" not in str(caught.value)


def test_csv_problem_names_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    write_csv(sheet(["one"]), path)
    path.write_text(path.read_text(encoding="utf-8-sig").replace(",,,,,random", ",Gladd,,,,random"), encoding="utf-8")
    assert str(read_returned(path, taxonomy()).problems[0]).startswith("sheet.csv, row 2, column mood: unknown label")


def test_label_studio_answers_come_back(tmp_path: Path) -> None:
    path = tmp_path / "project.json"
    written = write_label_studio(sheet(["one", "two"]), path)
    assert [file.suffix for file in written] == [".json", ".xml"]
    items = json.loads(path.read_text(encoding="utf-8"))
    result = [
        {"from_name": "mood", "value": {"choices": ["Glad"]}},
        {"from_name": "effort", "value": {"choices": ["low"]}},
    ]
    old = [{"from_name": "mood", "value": {"choices": ["Cross"]}}]
    items[0]["annotations"] = [
        {"updated_at": "2026-11-02", "result": result},
        {"updated_at": "2026-11-01", "result": old},
    ]
    path.write_text(json.dumps(items), encoding="utf-8")
    found = read_returned(path, taxonomy())
    assert found.problems == []
    assert found.unfinished == 1
    assert found.frame[["mood", "effort", "causes"]].iloc[0].tolist() == [("glad",), ("low",), ()]


def test_label_studio_row_without_an_answer_that_must_be_given_is_a_problem(tmp_path: Path) -> None:
    """No choice is not "none": a task that takes one label may have been skipped."""
    path = tmp_path / "project.json"
    write_label_studio(sheet(["one"]), path)
    items = json.loads(path.read_text(encoding="utf-8"))
    items[0]["annotations"] = [{"result": [{"from_name": "mood", "value": {"choices": ["Glad"]}}]}]
    path.write_text(json.dumps(items), encoding="utf-8")
    assert [str(problem) for problem in read_returned(path, taxonomy()).problems] == [
        "project.json, row 1, column effort: empty, though the row is done: choose one"
    ]
