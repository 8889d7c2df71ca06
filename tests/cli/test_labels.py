"""`cxnlp labels …` as an analyst uses it: draw, fill in, check, compare, settle, take in, look for mistakes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
import typer
from labelling.build import TOML, Filler, fill, taxonomy
from typer.testing import CliRunner, Result

from cxnlp.cli import labels
from cxnlp.errors import CxnlpError, LabelsError, WrongUsageError
from cxnlp.labelling.returned import read_returned
from cxnlp.labelling.rows import read_labelled
from cxnlp.labelling.workbook import FIRST_ROW, TICK
from cxnlp.schema import SCHEMA_VERSION
from cxnlp.taxonomy import parse_taxonomy

WORDS = ["table", "lamp", "courier", "window", "phone", "garden", "ticket", "engine", "bottle", "mirror", "carpet"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A user's folder with a store of 120 rows, a taxonomy and a configuration."""
    generator = np.random.default_rng(0)
    rows: list[dict[str, object]] = [
        {
            "id": f"r{number:03d}",
            "text": f"{' '.join(generator.choice(WORDS, 8))} {number}",
            "confidence": float(generator.uniform(0.3, 1)),
            "vector": generator.normal(size=4),
        }
        for number in range(120)
    ]
    with duckdb.connect(str(tmp_path / "cxnlp.duckdb")) as connection:
        fill(connection, rows)
        connection.execute("INSERT INTO meta VALUES ('schema_version', ?)", [str(SCHEMA_VERSION)])
    (tmp_path / "taxonomy.toml").write_text(TOML)
    (tmp_path / "cxnlp.toml").write_text('[export]\npath = "x.csv"\n[export.columns]\nid = "id"\ntext = "text"\n')
    monkeypatch.chdir(tmp_path)
    yield tmp_path


def run(*words: str) -> Result:
    app = typer.Typer()
    labels.register(app)
    app.command(name="other")(lambda: None)
    return CliRunner().invoke(app, ["labels", *words], catch_exceptions=True)


def done(*words: str) -> str:
    result = run(*words)
    assert result.exit_code == 0, result.output or repr(result.exception)
    return result.output


def refused(kind: type[CxnlpError], *words: str) -> str:
    result = run(*words)
    assert isinstance(result.exception, kind), result.output
    return str(result.exception)


def fill_in(path: Path, target: Path, moods: list[str]) -> None:
    filler = Filler(path)
    for row in range(filler.page.max_row - FIRST_ROW + 1):
        filler.set(row, done=TICK, mood=moods[row % len(moods)], effort="low", causes__price=TICK)
    filler.save(target)


def test_the_whole_loop(here: Path) -> None:
    said = done("sample", "--out", "round1.xlsx", "--rows", "20")
    assert re.search(r"round1.xlsx: \d+ rows: .*8 random", said)
    assert (here / "round1.xlsx").stat().st_mode & 0o077 == 0, "it holds customers' words"
    fill_in(here / "round1.xlsx", here / "ann.xlsx", ["Calm", "Glad"])
    fill_in(here / "round1.xlsx", here / "ben.xlsx", ["Calm", "Cross"])
    assert "0 problems" in done("check", "ann.xlsx", "ben.xlsx")

    said = done("agree", "ann.xlsx", "ben.xlsx", "--out", "settle.xlsx")
    assert re.search(r"Mood \(nominal\)\s+0\.\d\d", said)
    assert "no variation" in said, "nobody varied in effort"
    filler = Filler(here / "settle.xlsx")
    hints = [key for key in filler.columns if key.startswith("hint/mood/")]
    assert hints == ["hint/mood/ann", "hint/mood/ben"]
    assert filler.page.cell(row=FIRST_ROW, column=filler.columns["causes/price"]).value == TICK, "agreed on"
    assert filler.page.cell(row=FIRST_ROW, column=filler.columns["mood"]).value is None, "to settle"

    said = done("import", "ann.xlsx", "--who", "Ann")
    assert "rows new" in said
    assert "they may correct shares" in said
    assert "nothing changed" in done("import", "ann.xlsx", "--who", "Ann")
    said = done("import", "ben.xlsx", "--who", "Ben")
    assert "otherwise than Ann" in said
    frame = read_labelled(sorted((here / "labels").rglob("*.csv")), taxonomy())
    assert (frame["part"] == "gold").sum() == 8
    assert set(frame["who"]) == {"Ben"}

    done("sample", "--out", "round2.xlsx", "--rows", "20")
    fill_in(here / "round2.xlsx", here / "again.xlsx", ["Calm"])
    second = read_returned(here / "again.xlsx", taxonomy()).frame
    gold = frame.loc[frame["part"] == "gold", "id"]
    assert not set(second["id"]) & set(gold), "gold is not drawn again"
    fresh = second[second["drawn"] != "random"]
    assert not set(fresh["id"]) & set(frame["id"]), "chosen rows are not labelled twice"


def test_rows_to_settle_are_not_done_until_somebody_says_so(here: Path) -> None:
    """Ticks in dispute are left blank; a *Done* beside them would take them for "no"."""
    done("sample", "--out", "round1.xlsx", "--rows", "6")
    for name, tick in (("ann", "causes__price"), ("ben", "causes__waiting")):
        filler = Filler(here / "round1.xlsx")
        for row in range(filler.page.max_row - FIRST_ROW + 1):
            filler.set(row, done=TICK, mood="Calm" if row or name == "ann" else "Glad", effort="low", **{tick: TICK})
        filler.save(here / f"{name}.xlsx")
    said = done("agree", "ann.xlsx", "ben.xlsx", "--out", "settle.xlsx")
    assert "settle.xlsx: 6 rows to settle" in said
    filler = Filler(here / "settle.xlsx")
    ticked = [filler.page.cell(row=FIRST_ROW + row, column=filler.columns["done"]).value for row in range(6)]
    assert ticked == [None] * 6
    found = read_returned(here / "settle.xlsx", taxonomy())
    assert found.frame.empty, "untouched rows are not taken for settled"
    refused(LabelsError, "import", "settle.xlsx", "--who", "Ann and Ben")


def test_of_two_sheets_in_one_command_the_later_counts(here: Path) -> None:
    done("sample", "--out", "round1.xlsx", "--rows", "6")
    for name, mood in (("ann", "Glad"), ("settled", "Cross"), ("third", "Calm")):
        fill_in(here / "round1.xlsx", here / f"{name}.xlsx", [mood])
    for names, mood in ((["ann", "settled"], "cross"), (["settled", "third", "ann"], "glad")):
        done("import", *(f"{name}.xlsx" for name in names), "--who", "Ann", "--labels", names[0])
        assert set(read_labelled([here / names[0]], taxonomy())["mood"]) == {(mood,)}


def test_no_row_is_drawn_at_random_beside_suggestions(here: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="cxnlp"):
        said = done("sample", "--out", "a.xlsx", "--rows", "20", "--suggest")
    assert "random" not in said.partition(" rows: ")[2].partition("\n")[0]
    assert "no rows are drawn at random" in caplog.text
    said = refused(WrongUsageError, "sample", "--out", "b.xlsx", "--suggest", "--mix", "random=40,rare=10")
    assert "without sight of the model's answers" in said
    assert WrongUsageError.exit_status == 2


def test_suggestions_are_remembered_when_rows_are_settled(here: Path) -> None:
    done("sample", "--out", "a.xlsx", "--rows", "5", "--suggest")
    for name, mood in (("ann", "Glad"), ("ben", "Cross")):
        fill_in(here / "a.xlsx", here / f"{name}.xlsx", [mood])
    done("agree", "ann.xlsx", "ben.xlsx", "--out", "settle.xlsx")
    assert read_returned(here / "settle.xlsx", taxonomy()).suggested


def test_uncertain_rows_stand_in_for_suspected_ones(here: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="cxnlp"):
        said = done("sample", "--out", "a.xlsx", "--rows", "20", "--mix", "suspected=50,random=50")
    assert "20 rows:" in said and "10 uncertain" in said and "10 random" in said
    assert caplog.messages == ["10 rows: no further label looks wrong so far; uncertain rows take their place"]


def test_a_sheet_is_never_replaced(here: Path) -> None:
    done("sample", "--out", "a.xlsx", "--rows", "5")
    assert "is there already" in refused(LabelsError, "sample", "--out", "a.xlsx", "--rows", "5")


def test_check_lists_problems_and_ends_with_3(here: Path) -> None:
    done("sample", "--out", "a.xlsx", "--rows", "5")
    fill_in(here / "a.xlsx", here / "b.xlsx", ["Furious"])
    result = run("check", "b.xlsx")
    assert result.exit_code == 3
    assert "row 4, column G (Mood): found 'Furious'" in result.output
    assert "cells must be put right" not in result.output
    assert "put right first" in refused(LabelsError, "import", "b.xlsx", "--who", "Ann")
    assert not (here / "labels").exists()


def test_forms_follow_the_suffix(here: Path) -> None:
    done("sample", "--out", "a.csv", "--rows", "5")
    assert pd.read_csv(here / "a.csv", dtype=str)["drawn"].notna().all()
    done("sample", "--out", "a.json", "--rows", "5")
    assert len(json.loads((here / "a.json").read_text(encoding="utf-8"))) == 5
    assert "<Choices" in (here / "a.xml").read_text(encoding="utf-8")


def test_only_the_tasks_asked_for_are_on_the_sheet(here: Path) -> None:
    done("sample", "--out", "a.xlsx", "--rows", "5", "--tasks", "mood", "--suggest")
    columns = Filler(here / "a.xlsx").columns
    assert "mood" in columns and "hint/mood/model says" in columns
    assert "effort" not in columns and "causes/price" not in columns


def test_candidates_for_a_new_label(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def embed(texts: list[str], _authors: list[str]) -> np.ndarray:
        near = ["queues" in text or "courier" in text for text in texts]
        return np.array([[1.0, 0.0] if yes else [0.0, 1.0] for yes in near], dtype=np.float32)

    monkeypatch.setattr(labels, "embed_with_bar", embed)
    said = done("sample", "--out", "a.xlsx", "--for", "waiting", "--rows", "20")
    assert "15 theme" in said
    assert "5 random" in said


def test_rows_labelled_before_a_theme_was_added_are_offered_for_it(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked_for_packaging(name: str) -> pd.DataFrame:
        done("sample", "--out", f"{name}.xlsx", "--for", "packaging", "--rows", "120", "--mix", "theme=1")
        filler = Filler(here / f"{name}.xlsx")
        for row in range(filler.page.max_row - FIRST_ROW + 1):
            filler.set(row, done=TICK, causes__packaging=TICK)
        filler.save()
        return read_returned(here / f"{name}.xlsx", parse_taxonomy((here / "taxonomy.toml").read_text())).frame

    monkeypatch.setattr(labels, "embed_with_bar", lambda texts, _authors: np.eye(len(texts), dtype=np.float32))
    done("sample", "--out", "before.xlsx", "--rows", "60", "--mix", "random=1,uncertain=1")
    fill_in(here / "before.xlsx", here / "before.xlsx", ["Calm"])
    done("import", "before.xlsx", "--who", "Ann")
    before = read_labelled([here / "labels"], taxonomy()).set_index("id")["part"]

    added = '  {name = "packaging", title = "Packaging", definition = "boxes and wrapping"},\n'
    (here / "taxonomy.toml").write_text(TOML.replace('  {name = "speed"', f'{added}  {{name = "speed"'))
    offered = set(asked_for_packaging("first")["id"])
    # not quite all: some of the texts nearly repeat another
    assert len(offered & set(before[before == "train"].index)) > 25, "nobody was asked about packaging"
    assert not offered & set(before[before == "gold"].index), "no gold row becomes one to train on"

    done("import", "first.xlsx", "--who", "Ann")
    now = read_labelled([here / "labels"], parse_taxonomy((here / "taxonomy.toml").read_text())).set_index("id")
    assert now.loc[before.index, "part"].to_dict() == before.to_dict()
    assert "no row left" in refused(LabelsError, "sample", "--out", "b.xlsx", "--for", "packaging", "--mix", "theme=1")


def test_errors_tells_files_of_one_name_apart_and_says_that_few_rows_are_noise(
    here: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    generator = np.random.default_rng(1)
    given = np.where(generator.integers(0, 2, 60) == 1, "glad", "cross")
    rows = pd.DataFrame(
        {
            "id": [f"r{n}" for n in range(60)],
            "text": [f"{n} {' '.join(generator.choice(WORDS, 8))}" for n in range(60)],
            "language": "en",
            "author": "customer",
            "mood": given,
        }
    )
    for name, part in (("random", rows[:30]), ("chosen", rows[30:])):
        (here / "labels" / name).mkdir(parents=True)
        part.to_csv(here / "labels" / name / "one.csv", index=False)
    monkeypatch.setattr(labels, "embed_with_bar", lambda texts, _: generator.normal(size=(len(texts), 4)))
    with caplog.at_level("WARNING", logger="cxnlp"):
        said = done("errors", "labels")
    assert re.search(r"^labels/random/one.csv line \d+ ", said, re.MULTILINE)
    assert re.search(r"^labels/chosen/one.csv line \d+ ", said, re.MULTILINE)
    assert caplog.messages == ["mood: with fewer than 300 labelled rows most of these doubts are noise"]


def test_help_of_sample_says_which_labelled_rows_come_again() -> None:
    words = " ".join(done("sample", "--help").replace("│", " ").split())
    assert "they are not drawn again" not in words
    assert "random (gold) rows are never drawn again; the others only as random ones" in words


def test_errors_lists_rows_without_their_texts(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(1)
    side = generator.integers(0, 2, 200)
    given = np.where(np.arange(200) % 20 == 0, 1 - side, side)
    vectors = generator.normal(scale=0.3, size=(200, 4)).astype(np.float32)
    vectors[:, 0] += 3 * side
    pd.DataFrame(
        {
            "id": [f"r{n}" for n in range(200)],
            "text": [f"secret {n} {' '.join(generator.choice(WORDS, 8))}" for n in range(200)],
            "language": "en",
            "author": "customer",
            "mood": np.where(given == 1, "glad", "cross"),
        }
    ).to_csv(here / "rows.csv", index=False)
    monkeypatch.setattr(labels, "embed_with_bar", lambda _texts, _authors: vectors)
    said = done("errors", "rows.csv", "--out", "doubts.csv", "--show", "3")
    assert "secret" not in said
    assert re.search(r"rows.csv line \d+ \(r\d+\), mood: (glad|cross): ", said)
    doubts = pd.read_csv(here / "doubts.csv")
    assert {int(row_id[1:]) % 20 for row_id in doubts["id"].head(5)} == {0}
    assert "text" not in doubts
    assert "is there already" in refused(WrongUsageError, "errors", "rows.csv", "--out", "doubts.csv")


def test_errors_leaves_gold_alone_unless_asked(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(1)
    side = generator.integers(0, 2, 200)
    wrong = np.arange(200) % 10 == 0
    pd.DataFrame(
        {
            "id": [f"r{n}" for n in range(200)],
            "text": [f"{n} {' '.join(generator.choice(WORDS, 8))} {(side[n] != wrong[n])}" for n in range(200)],
            "language": "en",
            "author": "customer",
            "mood": np.where(side == 1, "glad", "cross"),
            "part": ["gold" if n < 50 else "train" for n in range(200)],
        }
    ).to_csv(here / "rows.csv", index=False)

    def embed(texts: list[str], _authors: list[str]) -> np.ndarray:
        vectors = np.random.default_rng(2).normal(scale=0.3, size=(len(texts), 4)).astype(np.float32)
        vectors[:, 0] += [3.0 * text.endswith("True") for text in texts]
        return vectors

    monkeypatch.setattr(labels, "embed_with_bar", embed)

    def doubted(said: str) -> set[int]:
        return {int(number) for number in re.findall(r"\(r(\d+)\)", said)}

    said = done("errors", "rows.csv", "--show", "200")
    assert doubted(said) and min(doubted(said)) >= 50
    assert "50 gold rows were left out" in said
    with_gold = done("errors", "rows.csv", "--show", "200", "--gold")
    assert min(doubted(with_gold)) < 50
    assert "left out" not in with_gold
    (here / "gold.csv").write_text("id,text,language,author,mood,part\na,t,en,customer,glad,gold\n")
    assert "all 1 rows are gold" in refused(LabelsError, "errors", "gold.csv")


@pytest.mark.parametrize(
    "words", [["--mix", "lucky=1"], ["--mix", "random=many"], ["--mix", "random=nan"], ["--mix", "random=inf"]]
)
def test_a_mix_that_is_none_is_refused(here: Path, words: list[str]) -> None:
    refused(WrongUsageError, "sample", "--out", "a.xlsx", *words)
