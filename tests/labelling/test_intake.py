"""Labels are taken in once, with who, when and guideline; nothing that was taken in is ever changed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from cxnlp.errors import LabelsError, WrongUsageError
from cxnlp.labelling.intake import read_folder, take_in
from cxnlp.labelling.layout import MODEL_SAYS, Sheet
from cxnlp.labelling.returned import Returned, read_returned
from cxnlp.labelling.rows import Source, random_rows, read_labelled
from cxnlp.labelling.workbook import TICK, write_workbook
from labelling.build import Filler, sheet, taxonomy

MONDAY = datetime(2026, 11, 16, 9, tzinfo=UTC)
TUESDAY = datetime(2026, 11, 17, 9, tzinfo=UTC)
DRAWN = ["random", "uncertain"]


def labelled(
    path: Path, moods: list[str], drawn: list[str] | None = None, same_text: list[str] | None = None
) -> Returned:
    made = sheet(
        [f"this is text {number}" for number in range(len(moods))],
        drawn=drawn or DRAWN,
        same_text=same_text or [""] * len(moods),
    )
    write_workbook(made, path)
    filler = Filler(path)
    for row, mood in enumerate(moods):
        filler.set(row, done=TICK, mood=mood, effort="low", causes__price=TICK)
    filler.save()
    return read_returned(path, taxonomy())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "labels"


def contents(folder: Path) -> dict[str, str]:
    return {str(file): file.read_text(encoding="utf-8") for file in folder.rglob("*") if file.is_file()}


def test_rows_carry_who_when_and_guideline_and_random_ones_lie_apart(tmp_path: Path, folder: Path) -> None:
    intake = take_in(labelled(tmp_path / "a.xlsx", ["Glad", "Cross"]), folder, taxonomy(), who="Ann B.", when=MONDAY)
    assert (intake.new, intake.same, intake.random, len(intake.files)) == (2, 0, 1, 2)
    random = pd.read_csv(next((folder / "random").iterdir()), dtype=str)
    chosen = pd.read_csv(next((folder / "chosen").iterdir()), dtype=str)
    assert (random["id"].tolist(), random["part"].tolist()) == (["r0"], ["gold"])
    assert (chosen["id"].tolist(), chosen["part"].tolist()) == (["r1"], ["train"])
    assert random[["who", "when", "guideline"]].iloc[0].tolist() == [
        "Ann B.", "2026-11-16T09:00:00.000000+00:00", f"3-{taxonomy().fingerprint}",
    ]  # fmt: skip


def test_an_import_is_later_than_all_before_it(tmp_path: Path, folder: Path) -> None:
    """Which of two answers counts is the order of imports: within a second, and when the clock goes back."""
    for number, (mood, when) in enumerate([("Glad", TUESDAY), ("Cross", TUESDAY), ("Calm", MONDAY)]):
        take_in(labelled(tmp_path / f"{number}.xlsx", [mood, mood]), folder, taxonomy(), who="Ann", when=when)
        frame = read_folder(folder, taxonomy())
        assert frame is not None
        assert set(frame["mood"]) == {(mood.lower(),)}
    assert set(frame["when"]) == {"2026-11-17T09:00:00.000002+00:00"}


def test_moments_are_compared_as_moments(folder: Path) -> None:
    """Whole seconds, as older imports wrote them, other time zones, and days."""
    folder.mkdir()
    whens = ["2026-01-01", "2026-01-01T10:00:00+00:00", "2026-01-01T10:00:00.000001+00:00", "2026-01-01T07:00:00-08:00"]
    for number, when in enumerate(reversed(whens)):
        mood = "glad" if when == whens[-1] else "cross"
        (folder / f"{number}.csv").write_text(f"id,text,language,author,mood,when\nr0,t,en,customer,{mood},{when}\n")
    assert read_labelled([folder], taxonomy())["mood"].tolist() == [("glad",)]
    (folder / "x.csv").write_text("id,text,language,author,mood,when\nr0,t,en,customer,glad,on Monday\n")
    with pytest.raises(LabelsError, match=r"x\.csv: line 2, column when: found 'on Monday', expected a date and time"):
        read_labelled([folder], taxonomy())


@pytest.mark.parametrize("older", [False, True])
def test_random_rows_labelled_beside_suggestions_are_no_gold(tmp_path: Path, folder: Path, older: bool) -> None:
    made = sheet(["first text", "second text"], drawn=DRAWN)
    hints = {("mood", MODEL_SAYS): ["Glad", "Glad"]} if older else {}
    facts = {} if older else {"suggestions": "shown"}
    write_workbook(Sheet(made.frame, made.taxonomy, made.tasks, hints=hints, facts=facts), tmp_path / "a.xlsx")
    filler = Filler(tmp_path / "a.xlsx")
    for row in range(2):
        filler.set(row, done=TICK, mood="Glad", effort="low")
    filler.save()
    intake = take_in(read_returned(tmp_path / "a.xlsx", taxonomy()), folder, taxonomy(), who="Ann")
    assert (intake.random, intake.swayed) == (0, 1)
    frame = read_labelled([folder], taxonomy())
    assert set(frame["part"]) == {"train"}
    assert sorted(frame["drawn"]) == sorted(DRAWN), "how it was drawn stays true"
    assert random_rows(frame).empty, "and it corrects no share"


def test_the_same_labels_twice_change_nothing(tmp_path: Path, folder: Path) -> None:
    returned = labelled(tmp_path / "a.xlsx", ["Glad", "Cross"])
    take_in(returned, folder, taxonomy(), who="Ann", when=MONDAY)
    before = contents(folder)
    again = take_in(returned, folder, taxonomy(), who="Ann", when=TUESDAY)
    assert again.already is not None
    assert contents(folder) == before


def test_a_row_labelled_otherwise_is_reported_and_kept_as_a_version(tmp_path: Path, folder: Path) -> None:
    take_in(labelled(tmp_path / "a.xlsx", ["Glad", "Cross"]), folder, taxonomy(), who="Ann", when=MONDAY)
    before = contents(folder)
    intake = take_in(labelled(tmp_path / "b.xlsx", ["Calm", "Cross"]), folder, taxonomy(), who="Ben", when=TUESDAY)
    assert (intake.new, intake.same) == (0, 1)
    assert [(c.id, c.tasks, c.earlier_who) for c in intake.conflicts] == [("r0", ("mood",), "Ann")]
    assert before.items() <= contents(folder).items(), "no earlier file was touched"
    frame = read_folder(folder, taxonomy())
    assert frame is not None
    assert frame.set_index("id")["mood"].to_dict() == {"r0": ("calm",), "r1": ("cross",)}, "the newest version counts"


def test_a_later_sheet_about_one_task_keeps_the_labels_of_the_others(folder: Path) -> None:
    folder.mkdir()
    head = "id,text,language,author,{},part,drawn,who,when,guideline\n"
    (folder / "1.csv").write_text(
        head.format("mood,causes") + "r0,t,en,customer,glad,price,gold,random,a,2026-01-01,3\n"
    )
    (folder / "2.csv").write_text(head.format("causes") + "r0,t,en,customer,waiting,train,rare,b,2026-01-02,3\n")
    frame = read_labelled(sorted(folder.iterdir()), taxonomy())
    assert len(frame) == 1
    row = frame.iloc[0]
    assert (row["mood"], row["causes"], row["who"]) == (("glad",), ("waiting",), "b")
    assert (row["part"], row["drawn"]) == ("gold", "random"), "once gold, always gold"


def test_each_task_keeps_the_guideline_that_its_labels_were_given_by(folder: Path) -> None:
    folder.mkdir()
    head = "id,text,language,author,{},when,guideline\n"
    (folder / "1.csv").write_text(head.format("mood,causes") + "r0,t,en,customer,glad,-,2026-01-01,old\n")
    (folder / "2.csv").write_text(head.format("mood,causes") + "\nr0,t,en,customer,calm,,2026-01-02,new\n")
    (row,) = read_labelled([folder], taxonomy()).to_dict("records")
    assert row["sources"] == {"mood": Source("2.csv", 3, "new"), "causes": Source("1.csv", 2, "old")}


def test_an_id_twice_without_times_is_still_an_error(folder: Path) -> None:
    folder.mkdir()
    for name in ("1.csv", "2.csv"):
        (folder / name).write_text("id,text,language,author,mood\nr0,t,en,customer,glad\n")
    with pytest.raises(LabelsError, match="stands twice"):
        read_labelled(sorted(folder.iterdir()), taxonomy())


def test_a_row_that_was_gold_stays_gold_when_it_is_labelled_again(tmp_path: Path, folder: Path) -> None:
    take_in(labelled(tmp_path / "a.xlsx", ["Glad", "Cross"]), folder, taxonomy(), who="Ann", when=MONDAY)
    again = labelled(tmp_path / "b.xlsx", ["Calm", "Calm"], drawn=["suspected", "suspected"])
    take_in(again, folder, taxonomy(), who="Ben", when=TUESDAY)
    frame = read_folder(folder, taxonomy())
    assert frame is not None
    assert frame.set_index("id")["part"].to_dict() == {"r0": "gold", "r1": "train"}


def test_a_text_drawn_several_times_counts_for_every_draw(tmp_path: Path, folder: Path) -> None:
    returned = labelled(tmp_path / "a.xlsx", ["Glad", "Cross"], same_text=["r7;r9", ""])
    intake = take_in(returned, folder, taxonomy(), who="Ann", when=MONDAY)
    frame = read_folder(folder, taxonomy())
    assert frame is not None
    assert intake.random == 3
    assert sorted(frame.loc[frame["part"] == "gold", "id"]) == ["r0", "r7", "r9"]


def test_nothing_is_taken_in_while_a_cell_is_wrong(tmp_path: Path, folder: Path) -> None:
    returned = labelled(tmp_path / "a.xlsx", ["Glad", "Furious"])
    with pytest.raises(LabelsError, match="1 cells must be put right"):
        take_in(returned, folder, taxonomy(), who="Ann")
    assert not folder.exists()


def test_a_name_is_asked_for(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(WrongUsageError, match="who labelled"):
        take_in(labelled(tmp_path / "a.xlsx", ["Glad", "Calm"]), folder, taxonomy(), who=" / ")


def test_only_rows_drawn_at_random_may_correct_shares(tmp_path: Path, folder: Path) -> None:
    take_in(labelled(tmp_path / "a.xlsx", ["Glad", "Cross"]), folder, taxonomy(), who="Ann", when=MONDAY)
    frame = read_labelled([folder], taxonomy())
    assert len(frame) == 2
    assert random_rows(frame)["id"].tolist() == ["r0"]


def test_files_of_one_name_are_told_apart(folder: Path) -> None:
    head = "id,text,language,author,mood\n"
    for part in ("random", "chosen"):
        (folder / part).mkdir(parents=True)
        (folder / part / "1.csv").write_text(f"{head}{part},t,en,customer,glad\n")
    frame = read_labelled([folder], taxonomy())
    assert frame.set_index("id")["file"].to_dict() == {
        part: str(folder / part / "1.csv") for part in ("random", "chosen")
    }
    assert read_labelled([folder / "random"], taxonomy())["file"].tolist() == ["1.csv"], "short where that will do"


def test_unknown_labels_are_said_once_with_the_way_out(folder: Path) -> None:
    folder.mkdir()
    head = "id,text,language,author,causes\n"
    for name in "ab":
        lines = [f"{name}{number},t,en,customer,price;waste\n" for number in range(4)]
        (folder / f"{name}.csv").write_text(head + "".join(lines))
    with pytest.raises(LabelsError) as caught:
        read_labelled([folder], taxonomy())
    assert str(caught.value).splitlines() == [
        "labelled rows cannot be used:",
        "  a.csv: line 2, column causes: unknown label 'waste' (in 8 rows)",
        "not made by the taxonomy 'small'? where the command has --taxonomy, give theirs",
    ]


def test_labels_that_a_model_has_not_learnt_can_be_left_out(folder: Path) -> None:
    folder.mkdir()
    head = "id,text,language,author,causes,mood\n"
    (folder / "a.csv").write_text(head + "1,t,en,customer,price;waste,weary\n2,t,en,customer,waste,glad\n")
    rows = read_labelled([folder], taxonomy(), known_only=True)
    assert rows["causes"].tolist() == [("price",), ()]
    assert rows["mood"].tolist() == [None, ("glad",)]


def test_a_text_in_a_label_cell_is_not_quoted_at_length(folder: Path) -> None:
    folder.mkdir()
    (folder / "1.csv").write_text(f"id,text,language,author,mood\nr0,t,en,customer,{'my secret ' * 9}\n")
    with pytest.raises(LabelsError, match=r"unknown label \(a text of 89 characters\)"):
        read_labelled([folder], taxonomy())


def test_an_empty_folder_is_no_labelled_data(tmp_path: Path) -> None:
    with pytest.raises(LabelsError, match="holds no labelled file"):
        read_labelled([tmp_path], taxonomy())
