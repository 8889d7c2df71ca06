"""What is wrong in a labelled file is said with its line, as an editor counts it, and without any customer's words."""

from __future__ import annotations

from pathlib import Path

import pytest

from cxnlp.errors import LabelsError
from cxnlp.labelling.rows import read_labelled
from cxnlp.labelling.tables import read_csv, read_json_lines
from labelling.build import taxonomy

HEAD = "id,text,language,author,mood\n"
OBJECT = '{"id": "%s", "text": "t", "language": "en", "author": "customer", "mood": "%s"}\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rows.csv"


def fault(path: Path, content: str) -> str:
    path.write_text(content, encoding="utf-8")
    with pytest.raises(LabelsError) as caught:
        read_labelled([path], taxonomy())
    return str(caught.value)


def test_lines_are_those_of_the_file_whatever_the_texts_hold(path: Path) -> None:
    path.write_text(
        f'{HEAD}r1,"one\ntwo\n\nfour",en,customer,glad\n\n\nr2,t,en,customer,glad\nr3,t,en,customer,cross\n'
    )
    assert read_labelled([path], taxonomy())["line"].tolist() == [2, 8, 9]
    table = read_csv(path)
    assert (table.lines, table.rows) == ([2, 8, 9], [2, 5, 6]), "a spreadsheet shows a text in one row"


def test_a_wrong_cell_below_a_text_of_many_lines_is_found_at_its_line(path: Path) -> None:
    said = fault(path, f'{HEAD}r1,"one\ntwo",en,customer,glad\n\nr2,t,en,customer,gladd\n')
    assert "rows.csv: line 5, column mood: unknown label 'gladd'" in said


def test_json_lines_are_counted_as_lines(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(OBJECT % ("a", "glad") + "\n" + OBJECT % ("b", "cross"))
    assert read_labelled([path], taxonomy())["line"].tolist() == [1, 3]


def test_values_of_json_become_words(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"id": 7, "x": null, "causes": ["a", "b"], "z": []}\n{"id": "0008", "y": NaN}\n')
    table = read_json_lines(path)
    assert table.columns == ["id", "x", "causes", "z", "y"]
    assert table.cells == [["7", "", "a;b", "-", ""], ["0008", "", "", "", ""]]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (
            "a.csv",
            f"{HEAD}r1,t,en,customer,glad\nr2,so late,yes,en,customer,glad\n",
            "line 3: found 6 cells, expected 5",
        ),
        ("a.csv", f'{HEAD}r1,t,en,customer,glad\nr2,"so late,en,customer,glad\n', "line 3: cannot be read as CSV"),
        ("a.csv", "id,text,text\nr1,so late,t\n", "line 1: the column 'text' stands twice"),
        ("a.csv", "", "line 1: the file is empty"),
        (
            "a.jsonl",
            OBJECT % ("a", "glad") + '{"text": "so late" 1\n',
            "line 2, column 20: cannot be read as JSON Lines",
        ),
        ("a.jsonl", '\n["so late"]\n', "line 2: expected a JSON object"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_the_line(
    tmp_path: Path, name: str, content: str, expected: str
) -> None:
    said = fault(tmp_path / name, content)
    assert f"{name}: {expected}" in said
    assert "so late" not in said


def test_bytes_that_are_no_utf8_are_named_with_the_line(path: Path) -> None:
    path.write_bytes(HEAD.encode() + "r1,größer".encode("latin-1"))
    with pytest.raises(LabelsError, match="line 2: is not UTF-8"):
        read_labelled([path], taxonomy())


def test_rows_that_end_early_are_filled_up(path: Path) -> None:
    path.write_text(f"{HEAD[:-1]},causes\nr1,t,en,customer,glad\n")
    assert read_labelled([path], taxonomy())["causes"].tolist() == [None]


def test_a_file_without_column_names_is_not_quoted(path: Path) -> None:
    said = fault(path, "r1,never again,en,customer,glad\n")
    assert "missing columns id, text, language, author; found 5 columns, none of them known" in said
    assert "never" not in said


def test_columns_are_named_where_some_are_known_but_not_the_helper_column(path: Path) -> None:
    said = fault(path, "id,comment,language,author,mood,What else?\n")
    assert said.endswith("missing columns text; found 6 columns: id, comment, language, author, mood and 1 more")


@pytest.mark.parametrize("column", ["author", "origin", "part", "when"])
def test_a_text_in_the_wrong_column_is_not_quoted(path: Path, column: str) -> None:
    cells = {"id": "r1", "text": "t", "language": "en", "author": "customer", "mood": "glad"}
    cells |= {column: "the driver never came and nobody called me back"}
    said = fault(path, f"{','.join(cells)}\n{','.join(cells.values())}\n")
    assert f"line 2, column {column}: found (a text of 47 characters), expected " in said


def test_none_is_taken_where_the_task_has_a_label_for_it(path: Path) -> None:
    path.write_text(f"{HEAD}r1,t,en,customer,-\n")
    assert read_labelled([path], taxonomy())["mood"].tolist() == [("calm",)]


def test_rows_of_a_public_set_without_its_name_are_refused(path: Path) -> None:
    said = fault(path, "row,text_hash,language,author,mood\n1,abc,en,customer,glad\n")
    assert "line 1: missing columns set, which rows without a text need; found 5 columns: row, text_hash" in said
