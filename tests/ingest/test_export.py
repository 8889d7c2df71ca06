"""Reading an export: replies, touchpoints, segments, duplicates, whatever the size of a batch and the format."""

from __future__ import annotations

import csv
import gzip
import json
import logging
import os
import sqlite3
import stat
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import duckdb
import openpyxl
import pandas as pd
import pytest

from cxnlp.config import ColumnsConfig, ExportConfig
from cxnlp.errors import ConfigError, ExportError
from cxnlp.ingest import FRAME_COLUMNS, find_files, fingerprint, read_export, write_rejected
from cxnlp.ingest.export import check_files
from cxnlp.ingest.sources import reading_day
from cxnlp.journey import Journey, default_journey, parse_journey
from cxnlp.records import RejectedRow, text_hash

from .reading import config, read

FRAME = pd.DataFrame(
    {
        "id": ["a", "b", "c", "d"],
        "text": ["Great shop", "Line one\nline two", None, 'żółw; fine, "really"'],
        "stars": ["5", "1", "3", "9"],
        "date": ["2025-11-06 05:56:00", "2025-11-07 00:00:00", None, "2025-11-08 00:00:00"],
        "reply": [None, "We refunded it today.", None, None],
        "country": ["PL", "RO", None, "VN"],
    }
)
COLUMNS = ("stars", "date", "reply")


def _write(frame: pd.DataFrame, path: Path) -> None:
    name = path.name.removesuffix(".gz")
    if name.endswith((".csv", ".tsv")):
        frame.to_csv(path, index=False, sep="\t" if name.endswith(".tsv") else ",", encoding="utf-8")
    elif name.endswith((".json", ".jsonl")):
        rows = [{k: (None if pd.isna(v) else v) for k, v in row.items()} for row in frame.to_dict("records")]
        text = json.dumps(rows) if name.endswith(".json") else "\n".join(map(json.dumps, rows))
        path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    else:
        plain = path.with_name(name)
        if name.endswith(".xlsx"):
            book = openpyxl.Workbook()
            for row in [list(frame.columns), *frame.astype(object).where(frame.notna(), None).values.tolist()]:
                book.active.append(row)
            book.save(plain)
        else:
            frame.to_parquet(plain)
        if path != plain:
            path.write_bytes(gzip.compress(plain.read_bytes()))


@pytest.mark.parametrize("suffix", ["csv", "tsv", "json", "jsonl", "xlsx", "parquet"])
@pytest.mark.parametrize("packed", ["", ".gz"])
def test_every_format_gives_the_same_records(suffix: str, packed: str, tmp_path: Path) -> None:
    path = tmp_path / f"export.{suffix}{packed}"
    _write(FRAME, path)
    found = read(path, config(*COLUMNS))
    assert list(found.records.columns) == list(FRAME_COLUMNS)
    assert found.column("id") == ["a", "b", "c"]
    assert found.column("text") == ["Great shop", "Line one\nline two", None]
    assert found.column("stars") == [5, 1, 3]
    assert found.column("date") == [datetime(2025, 11, 6, 5, 56), datetime(2025, 11, 7), None]
    assert found.column("segments") == ['{"country": "PL"}', '{"country": "RO"}', "{}"]
    assert [(row.column, row.reason) for row in found.rejected] == [("stars", "not a mark")]
    assert set(found.records["file"]) == {path.name}


@pytest.mark.parametrize("make", [sqlite3.connect, duckdb.connect], ids=["sqlite", "duckdb"])
def test_a_query_gives_the_same_records_and_cannot_write(make: Callable[[str], object], tmp_path: Path) -> None:
    path = tmp_path / "feedback.db"
    connection = make(str(path))
    connection.execute("CREATE TABLE f (id TEXT, text TEXT, stars TEXT, date TEXT, reply TEXT, country TEXT)")  # type: ignore[attr-defined]
    for row in FRAME.astype(object).where(FRAME.notna(), None).values.tolist():
        connection.execute("INSERT INTO f VALUES (?, ?, ?, ?, ?, ?)", row)  # type: ignore[attr-defined]
    if make is sqlite3.connect:
        connection.commit()  # type: ignore[attr-defined]
    connection.close()  # type: ignore[attr-defined]
    columns = ColumnsConfig(stars="stars", date="date", reply="reply")
    export = ExportConfig(database=path.name, query="SELECT * FROM f", columns=columns, language="en")
    (found_path,) = find_files(export, tmp_path)
    found = read(found_path, export, batch_rows=3)
    assert (found.rows, found.batches, found.column("id")) == (4, 2, ["a", "b", "c"])
    before = fingerprint(found_path, export, default_journey())
    writing = export.model_copy(update={"query": "INSERT INTO f VALUES ('x','x','1','','','') RETURNING *"})
    with pytest.raises(ExportError, match="failed"):
        read(found_path, writing)
    assert fingerprint(found_path, export, default_journey()) == before


@pytest.mark.parametrize("batch_rows", [1, 2, 3, 1000])
def test_records_do_not_depend_on_the_size_of_a_batch(batch_rows: int, tmp_path: Path) -> None:
    rows = [
        {
            "id": str(n % 47),
            "text": f"text {n} żółw" if n % 5 else "",
            "stars": str(n % 7),
            "reply": "sorry" if n % 3 else "",
        }
        for n in range(60)
    ]
    path = tmp_path / "export.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    export = config("stars", "reply", language="")
    whole, parts = read(path, export, batch_rows=10_000), read(path, export, batch_rows=batch_rows)
    order = ["line", "author"]
    pd.testing.assert_frame_equal(
        whole.records.sort_values(order).reset_index(drop=True), parts.records.sort_values(order).reset_index(drop=True)
    )
    assert whole.rejected == parts.rejected


def test_a_reply_is_a_record_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(
        "id,text,stars,date,answer,answered,channel,why,left,shop\n"
        "1,Bad,1,2025-11-06,We refunded it,2025-11-08,buy,How was it?,yes,north\n"
        "2,Bad,2,2025-11-06,Sorry,,buy,How was it?,no,\n",
        encoding="utf-8",
    )
    mapping = {
        "reply": "answer",
        "reply_date": "answered",
        "touchpoint": "channel",
        "question": "why",
        "outcome": "left",
    }
    found = read(path, config("stars", "date", mapping=mapping))
    replies = found.records[found.records["reply_to"].notna()].reset_index(drop=True)
    assert replies["id"].tolist() == ["1/reply", "2/reply"]
    assert replies["reply_to"].tolist() == ["1", "2"]
    assert replies["author"].tolist() == ["company", "company"]
    assert replies["text"].tolist() == ["We refunded it", "Sorry"]
    assert replies["text_hash"].tolist() == [text_hash("We refunded it"), text_hash("Sorry")]
    assert replies["touchpoint"].tolist() == ["buy", "buy"]
    assert replies["date"].tolist() == [datetime(2025, 11, 8), datetime(2025, 11, 6)]
    for column in ("stars", "scale_low", "scale_high", "question", "outcome"):
        assert replies[column].isna().all()
    assert replies["segments"].tolist() == ['{"shop": "north"}', "{}"]
    assert found.column("outcome") == ["yes", "no"]
    assert found.column("scale_low") == [1, 1]


def test_rows_in_cxnlps_own_form_keep_their_place(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text(
        '{"id": "7", "text": "Bad", "author": "customer"}\n{"id": "7/reply", "text": "Sorry", "author": "company"}\n'
    )
    found = read(path, config("author"))
    assert found.column("reply_to") == [None, "7"]


JOURNEY = """
[[touchpoints]]
name = "shop"
title = "In the shop"
stage = "during"
values = ["Store", "فروشگاه"]

[[touchpoints]]
name = "get_help"
stage = "after"

[[rules]]
touchpoint = "get_help"
column = "queue"
matches = "(?i)support"

[[rules]]
touchpoint = "shop"
column = "url"
matches = "/shop/"

[[rules]]
touchpoint = "shop"
column = "not there"
matches = "."
"""


@pytest.fixture
def journey() -> Journey:
    return parse_journey(JOURNEY, "journey.toml")


@pytest.fixture
def touchpoint_export(tmp_path: Path) -> Path:
    path = tmp_path / "export.csv"
    path.write_text(
        "id,text,channel,queue,url\n"
        "1,x,STORE,support,\n2,x,in the shop,,\n3,x,فروشگاه,,\n4,x,,Tech Support,/shop/\n"
        "5,x,,,https://x/shop/1\n6,x,Moon,,\n7,x,Moon,support,\n8,x,,,\n",
        encoding="utf-8",
    )
    return path


def test_a_touchpoint_comes_from_its_column_else_by_the_first_rule_that_matches(
    touchpoint_export: Path, journey: Journey, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("cxnlp").propagate = True
    found = read(touchpoint_export, config(mapping={"touchpoint": "channel"}), journey)
    assert found.column("touchpoint") == ["shop", "shop", "shop", "get_help", "shop", None, "get_help", None]
    sources = ["column", "column", "column", "rule", "rule", "none", "rule", "none"]
    assert found.column("touchpoint_source") == sources
    assert "'Moon' (2 rows)" in caplog.text
    assert "`values`" in caplog.text


@pytest.mark.parametrize("texts", [["Hans was late"], ["Late", "Rude"], ["The courier came far too late, twice"] * 4])
def test_texts_in_place_of_touchpoints_are_not_quoted(
    texts: list[str], tmp_path: Path, journey: Journey, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("cxnlp").propagate = True
    path = tmp_path / "export.csv"
    path.write_text("id,text,channel\n" + "".join(f'{at},x,"{text}"\n' for at, text in enumerate(texts)))
    read(path, config(mapping={"touchpoint": "channel"}), journey)
    assert "is that the right column?" in caplog.text
    assert not any(text[:10] in caplog.text for text in texts)


def test_the_touchpoint_of_the_whole_export_fills_what_is_left(touchpoint_export: Path, journey: Journey) -> None:
    found = read(touchpoint_export, config(mapping={"touchpoint": "channel"}, touchpoint="get_help"), journey)
    assert found.column("touchpoint")[5:] == ["get_help"] * 3
    assert set(found.column("touchpoint_source")) == {"column", "rule"}
    with pytest.raises(ConfigError, match=r"export\.touchpoint: found 'moon', expected .*shop, get_help"):
        read(touchpoint_export, config(touchpoint="moon"), journey)


def test_ignored_columns_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text("id,text,note,shop\n1,x,internal,north\n")
    for name in ("note", "Note ", "NOTE"):
        assert read(path, config(ignore=(name,))).column("segments") == ['{"shop": "north"}']


def test_an_ignored_column_that_stands_twice_is_ignored_twice(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text("id,text,Note,shop,Note,v.2,Note\n1,x,internal,north,private,kept,secret\n")
    assert read(path, config(ignore=("note",))).column("segments") == ['{"shop": "north", "v.2": "kept"}']
    assert "private" not in read(path, config(ignore=("note.2",))).column("segments")[0]


def test_a_name_to_ignore_that_no_file_has_is_an_error(tmp_path: Path) -> None:
    one, other = tmp_path / "a.csv", tmp_path / "b.csv"
    one.write_text("id,text,country\n1,x,PL\n")
    other.write_text("id,text,channel\n1,x,web\n")
    check_files([one, other], config(ignore=("Country", "channel")))
    with pytest.raises(ExportError, match=r"ignore: no file .* 'chanel' \(did you mean 'channel'\?\)"):
        check_files([one, other], config(ignore=("Country", "chanel")))


def test_rows_of_json_may_lack_a_column_that_is_to_be_ignored(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("cxnlp").propagate = True
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": 1, "text": "x"}\n' * 1_200 + '{"id": 2, "text": "x", "channel": "web"}\n')
    check_files([path], config(ignore=("channel",)))
    assert not caplog.text
    check_files([path], config(ignore=("agent_note",)))
    assert "no file of the export has a column 'agent_note'" in caplog.text
    with pytest.raises(ExportError, match="did you mean 'channel'"):
        check_files([path], config(ignore=("chanel",)))
    path.write_text("")
    check_files([path], config(ignore=("chanel",)))


def test_a_segment_that_cannot_be_compared_by_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("cxnlp").propagate = True
    path = tmp_path / "a.csv"
    path.write_text("id,text,country,channel,note\n1,x,PL,web,y\n")
    export = config(mapping={"touchpoint": "channel"}, ignore=("note",))
    check_files([path], export, ["country", "stage", "language"])
    assert not caplog.text
    check_files([path], export, ["Country", "channel", "note"])
    assert "'Country' is in no file of the export (did you mean 'country'?)" in caplog.text
    assert "'channel' is read as `touchpoint`" in caplog.text
    assert "'note' is under `ignore`" in caplog.text


ROWS_OF_JSON = '{"id": 1, "text": "x", "Rating": 4}\n{"id": 2, "text": "y"}\n'


@pytest.mark.parametrize("rows", [ROWS_OF_JSON, json.dumps([json.loads(line) for line in ROWS_OF_JSON.splitlines()])])
def test_a_named_column_that_no_row_of_json_has_is_an_error(rows: str, tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_text(rows)
    assert read(path, config(mapping={"stars": "rating"}), batch_rows=1).column("stars") == [4, None]
    with pytest.raises(ExportError, match=r"no column 'ratings' for `stars` \(did you mean 'Rating'\?\); expected one"):
        read(path, config(mapping={"stars": "ratings"}))
    with pytest.raises(ExportError, match="no column 'created' for `date`"):
        read(path, config(mapping={"date": "created"}))


def test_a_json_file_may_be_without_replies_but_not_under_another_name(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("cxnlp").propagate = True
    path = tmp_path / "export.jsonl"
    path.write_text('{"id": 1, "text": "x"}\n')
    assert read(path, config("reply")).column("id") == ["1"]
    assert "no row has 'reply', which is named for `reply`" in caplog.text
    path.write_text('{"id": 1, "text": "x", "answers": "y"}\n')
    with pytest.raises(ExportError, match="did you mean 'answers'"):
        read(path, config(mapping={"reply": "answer"}))
    path.write_text("7\n8\n")
    assert read(path, config("stars")).rows == 2, "where no row can be read, none lacks a column"


@pytest.mark.parametrize(
    "first",
    [
        "a1,The courier Hans shouted at my wife and left,x",
        "a1,Hans was rude.,x",
        "a1,Hans,2025-11-06",
        "a1,Hans,5",
        "a1,Hans,hans@example.org",
        "c-000017,Hans,x",
    ],
)
def test_a_first_line_that_may_be_a_customers_is_not_quoted(first: str, tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(f"{first}\na2,Fine,y\n")
    with pytest.raises(ExportError, match=r"looks like data, not like a header \(3 cells\)") as caught:
        read(path)
    assert "Hans" not in str(caught.value)


def test_the_columns_of_a_header_are_named(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text("ID,Score (0-10),Đánh giá của khách hàng,NPS 2026\n1,2,3,4\n")
    with pytest.raises(ExportError, match=r"one of: 'ID', 'Score \(0-10\)', 'Đánh giá của khách hàng', 'NPS 2026'"):
        read(path)


def test_languages_are_stated_or_detected(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    rows = ["1,Paczka przyszła bardzo późno i uszkodzona,", "2,super,", "3,Great shop,en-GB", "4,12345,", "5,,"]
    path.write_text("id,text,lang,stars\n" + "".join(f"{row},5\n" for row in rows), encoding="utf-8")
    found = read(path, config("stars", mapping={"language": "lang"}, language=""))
    assert found.column("language") == ["pl", "pl", "en", None, None]
    assert found.column("language_source") == ["detected", "detected", "column", "none", "none"]
    fixed = read(path, config("stars", language="Polish"))
    assert found.column("id") == fixed.column("id")
    assert set(fixed.column("language")) == {"pl"}
    with pytest.raises(ConfigError, match=r"export\.language"):
        read(path, config("stars", language="klingon"))


def test_languages_known_from_earlier_nights_are_not_detected_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "export.csv"
    path.write_text("id,text\n1,super\n2,ok\n3,super\n", encoding="utf-8")
    asked: list[list[str]] = []

    def known(hashes: list[str]) -> dict[str, str | None]:
        asked.append(hashes)
        return {text_hash("super"): "pl", text_hash("ok"): None}

    monkeypatch.setattr("cxnlp.ingest.languages.probabilities", lambda texts: pytest.fail("detected again"))
    batches = list(read_export(path, config(language=""), default_journey(), known_languages=known))
    records = pd.concat([batch.records for batch in batches])
    assert asked == [[text_hash("super"), text_hash("ok")]]
    assert [None if pd.isna(x) else x for x in records["language"]] == ["pl", None, "pl"]
    assert records["language_source"].tolist() == ["detected", "none", "detected"]


def test_relative_dates_count_back_from_the_files_last_change(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text("id,text,date\n1,x,2 days ago\n")
    noon = datetime(2025, 11, 6, 12).timestamp()
    os.utime(path, (noon, noon))
    export = config("date", reference_date="modified")
    assert read(path, export).column("date") == [datetime(2025, 11, 4)]
    first = fingerprint(path, export, default_journey())
    os.utime(path, (noon + 86_400, noon + 86_400))
    assert fingerprint(path, export, default_journey()) != first
    assert fingerprint(path, config("date"), default_journey()) == fingerprint(path, config("date"), default_journey())


def test_rows_dated_in_the_future_are_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(
        "id,text,date,answer,answered\n"
        "1,x,2025-11-08 23:59,,\n2,x,2025-11-09,,\n3,x,2062-01-31,,\n4,x,2025-11-06,Sorry,2062-01-31\n5,x,,,\n"
    )
    made = datetime(2025, 11, 6, 12).timestamp()
    os.utime(path, (made, made))
    export = config("date", mapping={"reply": "answer", "reply_date": "answered"})
    found = read(path, export, today=date(2025, 11, 6))
    assert found.column("id") == ["1", "5"], "two days are let pass"
    assert [(row.line, row.column, row.found) for row in found.rejected] == [
        (3, "date", "'2025-11-09'"),
        (4, "date", "'2062-01-31'"),
        (5, "answered", "'2062-01-31'"),
    ]
    assert {row.reason for row in found.rejected} == {"the date lies in the future"}
    assert {row.expected for row in found.rejected} == {"a date up to 2025-11-08"}
    assert read(path, export).rejected == [], "without a day to go by any date is taken"


def test_neither_an_old_file_nor_a_slow_clock_makes_a_date_lie_in_the_future(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text("id,text,date\n1,x,2025-11-06\n")
    for changed, today in ((datetime(2001, 1, 1), date(2025, 11, 6)), (datetime(2025, 11, 6), date(2001, 1, 1))):
        os.utime(path, (changed.timestamp(), changed.timestamp()))
        assert read(path, config("date"), today=today).column("id") == ["1"]


def test_a_clock_before_this_code_was_written_is_not_believed() -> None:
    assert reading_day(date(1970, 1, 1)) == reading_day(date(2026, 1, 1)) >= date(2026, 11, 22)
    assert reading_day(date(2031, 5, 6)) == date(2031, 5, 6)


def test_one_column_cannot_be_two_things(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text("id,text\n1,x\n")
    with pytest.raises(ExportError, match="named for two things"):
        read(path, config(mapping={"reply": "text"}))


def test_files_of_an_export_are_found_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b.csv", "a.jsonl.gz", ".hidden.csv", "~$open.xlsx", "readme.md", "c.parquet"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "notes.txt").write_bytes(b"not an export")
    (tmp_path / "folder.csv").mkdir()
    names = [path.name for path in find_files(ExportConfig(path="."), tmp_path)]
    assert names == ["a.jsonl.gz", "b.csv", "c.parquet"]
    assert [path.name for path in find_files(ExportConfig(path="*.csv"), tmp_path)] == ["b.csv"]
    for name in ("b.csv", "notes.txt"):
        assert find_files(ExportConfig(path=name), tmp_path) == [tmp_path / name]
    assert [path.name for path in find_files(ExportConfig(path="*.txt"), tmp_path)] == ["notes.txt"]
    for path, message in (("x.csv", "no such file"), ("*.xlsx", "no file matches"), ("folder.csv", "holds no export")):
        with pytest.raises(ExportError, match=message):
            find_files(ExportConfig(path=path), tmp_path)
    with pytest.raises(ExportError, match="no such database"):
        find_files(ExportConfig(database="x.db", query="select 1"), tmp_path)


@pytest.mark.parametrize("path", [".", "*"])
def test_a_file_of_no_bytes_does_not_keep_the_others_from_being_read(
    path: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("cxnlp").propagate = True
    (tmp_path / "a.csv").write_text("id,text\n1,x\n")
    for name in ("b.csv", "c.jsonl"):
        (tmp_path / name).touch()
    assert [file.name for file in find_files(ExportConfig(path=path), tmp_path)] == ["a.csv", "c.jsonl"]
    assert "b.csv: is empty and was left out" in caplog.text
    assert find_files(ExportConfig(path="b.csv"), tmp_path) == [tmp_path / "b.csv"]
    with pytest.raises(ExportError, match="is empty"):
        read(tmp_path / "b.csv")
    deleting = find_files(ExportConfig(path=path, missing="delete"), tmp_path)
    assert tmp_path / "b.csv" in deleting, "what an interrupted dump held must not count as gone"


def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path) -> object:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(ExportError, match=f"{tmp_path}: cannot be read: Permission denied"):
        find_files(ExportConfig(path="."), tmp_path)


def test_a_name_that_is_not_utf8_is_kept_in_a_form_that_is(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"na\xefve.jsonl")
    path.write_text('{"id": 1, "text": "x"}\n[]\n')
    found = read(path)
    assert set(found.records["file"]) == {row.file for row in found.rejected} == {r"na\udcefve.jsonl"}


def test_rows_set_aside_are_written_for_a_spreadsheet_without_formulas(tmp_path: Path) -> None:
    rows = [
        RejectedRow("=cmd.csv", 2, "+stars", "not a mark", "'=1+1'", "a mark"),
        RejectedRow("a.csv", 3, "@x", "-", "\tx", " =2"),
    ]
    path = tmp_path / "rejected.csv"
    write_rejected(rows, path)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        header, *written = list(csv.reader(stream))
    assert header == ["file", "line", "column", "reason", "found", "expected"]
    assert [row[1] for row in written] == ["2", "3"]
    for row in written:
        for cell in row:
            assert not cell.lstrip().startswith(("=", "+", "-", "@"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not list(tmp_path.glob("*.partial"))


def test_a_vanished_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no such file"):
        read(tmp_path / "gone.csv")
    with pytest.raises(ExportError, match="a folder"):
        read(tmp_path)
    with pytest.raises(ExportError, match="cannot be read"):
        fingerprint(tmp_path / "gone.csv", config(), default_journey())
