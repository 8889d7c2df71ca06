"""The store: rows come in whole, nothing stands twice, damage is noticed, a copy takes its place, old files open."""

from __future__ import annotations

import errno
import gzip
import json
import random
import signal
import stat
import subprocess
import sys
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from cxnlp.backup import drop_copies, erase_traces, keep_backup, open_or_restore
from cxnlp.errors import StoreError, StoreLockedError
from cxnlp.intake import Changes
from cxnlp.keeping import beside, hold
from cxnlp.records import RECORD_COLUMNS, RejectedRow, text_hash
from cxnlp.schema import SCHEMA_VERSION
from cxnlp.store import BrokenStoreError, Store, StoredModel, StoredPrediction, unusable

VERSION_1 = Path(__file__).parent / "stores" / "version_1.store.gz"
MODEL = "m@000000000000"


def records(*ids: str, text: str = "words of", stars: float = 4.0, line: int = 2) -> pd.DataFrame:
    columns = [*RECORD_COLUMNS, "text_hash", "reply_to"]
    plain = {
        "author": "customer",
        "stars": stars,
        "scale_low": 1.0,
        "scale_high": 5.0,
        "touchpoint_source": "none",
        "language": "en",
        "language_source": "column",
        "segments": "{}",
        "file": "a.csv",
        "date": pd.Timestamp("2026-11-01"),
    }
    made = [
        plain | {"id": name, "line": line + at, "text": f"{text} {name}", "text_hash": text_hash(f"{text} {name}")}
        for at, name in enumerate(ids)
    ]
    frame = pd.DataFrame(made, columns=columns)
    return frame.astype(dict.fromkeys(("touchpoint", "question", "outcome", "reply_to"), "str"))


def prediction(name: str, author: str = "customer") -> StoredPrediction:
    return StoredPrediction(
        text_hash=name,
        author=author,
        emotions=["anger", "neglect"],
        effort="high",
        stance="complaint",
        causes=["delivery"],
        strengths=[],
        other='{"mood": ["x"]}',
        confidence={"stance": 0.75, "effort": 0.5},
        unsure=True,
        windows=2,
        embedding=b"\x01\xff",
    )


def take_in(store: Store, frame: pd.DataFrame, run: int, file: str = "a.csv", later: tuple[str, ...] = ()) -> Changes:
    intake = store.take_in(file, run, later)
    step = max(2, len(frame) // 3)
    for start in range(0, max(len(frame), 1), step):
        intake.add(frame.iloc[start : start + step])
    return intake.merge(f"mark of {len(frame)}", len(frame), ())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cxnlp.duckdb"


def test_new_edited_unchanged_and_outdone(path: Path) -> None:
    with Store(path) as store:
        assert take_in(store, records("1", "2", "3"), 1) == Changes(new=3)
        assert take_in(store, records("1", "2", "3"), 2) == Changes(unchanged=3)
        assert take_in(store, records("2", "3", stars=1.0), 3, "b.csv") == Changes(edited=2)
        assert take_in(store, records("1", "2", stars=2.0), 4, "a.csv", ("b.csv",)) == Changes(edited=1, outdone=1)
        rows = store.connection.execute(
            "SELECT id, stars, file, first_run, changed_run, last_run FROM feedback ORDER BY id"
        ).fetchall()
    assert rows == [("1", 2.0, "a.csv", 1, 4, 4), ("2", 1.0, "b.csv", 1, 3, 4), ("3", 1.0, "b.csv", 1, 3, 3)]


def test_an_id_that_comes_twice_in_a_file_counts_once_and_the_later_line_wins(path: Path) -> None:
    frame = pd.concat([records("1", text="first"), records("1", text="second", line=9)])
    with Store(path) as store:
        assert take_in(store, frame, 1) == Changes(new=1)
        assert store.connection.execute("SELECT text, line FROM feedback").fetchall() == [("second 1", 9)]


def test_a_file_that_is_not_merged_leaves_nothing(path: Path) -> None:
    with Store(path) as store:
        intake = store.take_in("a.csv", 1)
        intake.add(records("1", "2"))
        intake.discard()
        assert store.count_texts() == 0 and store.file_marks() == {}


def test_rows_set_aside_are_those_of_the_last_reading(path: Path) -> None:
    with Store(path) as store:
        for reason in ("not a mark", "not a date"):
            store.take_in("a.csv", 1).merge("mark", 1, [RejectedRow("a.csv", 2, "c", reason, "x", "y")])
        assert store.count_rejected() == {"not a date": 1}
        assert store.count_rows() == (1, 1)
        store.forget_files(["b.csv"])
        assert store.count_rejected() == {} and store.file_marks() == {}


def test_predictions_come_back_as_they_went_in(path: Path) -> None:
    with Store(path) as store:
        store.add_predictions([prediction("aa"), prediction("aa", "company")], MODEL)
        stored = store.connection.execute("SELECT * FROM predictions WHERE author = 'customer'").fetchall()
        assert store.predictions_of(["aa"], MODEL)["aa", "company"]["emotions"] == ("anger", "neglect")
    row = stored[0]
    assert row[:9] == (
        "aa",
        "customer",
        MODEL,
        ["anger", "neglect"],
        "high",
        "complaint",
        ["delivery"],
        [],
        '{"mood": ["x"]}',
    )
    assert row[9] == {"stance": 0.75, "effort": 0.5} and row[10:] == (True, 2, b"\x01\xff")


def test_texts_nobody_has_read_come_first_then_the_newest_then_the_shortest(path: Path) -> None:
    with Store(path) as store:
        take_in(store, records("1", text="a much longer text with the words of"), 1)
        take_in(store, records("2", "3"), 2, "b.csv")
        store.add_predictions([prediction(text_hash("words of 3"))], "older@0")
        pending = store.list_pending(MODEL)
        assert (pending.unread, pending.read_before) == (2, 1)
        assert [text.text[-1] for text in store.pending(0, 10)] == ["2", "1", "3"]
        assert [text.text[-1] for text in store.pending(1, 1)] == ["1"]
        store.add_predictions([prediction(text.text_hash) for text in store.pending(0, 2)], MODEL)
        assert store.list_pending(MODEL).unread == 0


def test_equal_texts_are_read_once_for_each_author(path: Path) -> None:
    with Store(path) as store:
        frame = pd.concat([records("1", text="same"), records("2", text="same")])
        frame["text"], frame["text_hash"] = "same", text_hash("same")
        company = frame.assign(author="company", id=["3", "4"])
        take_in(store, pd.concat([frame, company]), 1)
        assert store.list_pending(MODEL).unread == 2 == store.count_texts()


def test_forgotten_ids_take_their_replies_along_and_stay_away(path: Path) -> None:
    with Store(path) as store:
        reply = records("1/reply").assign(reply_to="1", author="company")
        take_in(store, pd.concat([records("1", "2"), reply]), 1)
        assert store.forget(["1", "nobody"]) == 2
        assert take_in(store, pd.concat([records("1", "2", "3"), reply]), 2) == Changes(new=1, unchanged=1)


def test_what_was_deleted_is_in_no_block_of_the_file(path: Path) -> None:
    secret = "Quillfeather" * 3
    with Store(path) as store:
        take_in(store, records("1", text=secret), 1)
        take_in(store, records(*map(str, range(2, 50))), 1, "b.csv")
        keep_backup(store)
        assert secret.encode() in beside(path, ".backup").read_bytes()
        store.forget(["1"])
        erase_traces(store)
        assert store.count_texts() == 48 and store.meta("traces") is None
    for file in path.parent.iterdir():
        assert secret.encode() not in file.read_bytes(), file


def test_the_copy_is_renewed_only_when_something_changed(path: Path) -> None:
    with Store(path) as store:
        take_in(store, records("1"), 1)
        assert keep_backup(store)
        store.begin_run()
        assert not keep_backup(store)
    with Store(path) as store:
        assert not keep_backup(store)
        take_in(store, records("2"), 2, "b.csv")
        assert keep_backup(store)
    assert stat.S_IMODE(beside(path, ".backup").stat().st_mode) == 0o600


@pytest.mark.parametrize("seed", range(6))
def test_a_store_cut_short_or_damaged_is_noticed_and_restored(path: Path, seed: int) -> None:
    with Store(path) as store:
        take_in(store, records(*map(str, range(3000))), 1)
        keep_backup(store)
    dice, size = random.Random(seed), path.stat().st_size
    with path.open("r+b") as stream:
        if seed % 2:
            stream.truncate(dice.randrange(1, size - 300_000))
        else:
            stream.seek(path.read_bytes().index(f"words of {100 * seed + 7}".encode()))
            stream.write(b"W")  # one bit of one row
    with pytest.raises(StoreError, match=r"cxnlp\.duckdb"):
        Store(path)
    restored, told = open_or_restore(path)
    with restored:
        assert restored.count_texts() == 3000
    assert told.endswith("restored from cxnlp.duckdb.backup") and beside(path, ".broken").exists()


def test_a_broken_store_without_a_copy_says_what_to_do(path: Path) -> None:
    path.write_bytes(b"no database" * 2000)
    with pytest.raises(StoreError, match="duckdb"):
        open_or_restore(path)


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ('IO Error: Cannot open file "PATH": Permission denied', "lock.duckdb: cannot be used: permission denied"),
        ('IO Error: Cannot open file "PATH.wal": Read-only file system', "lock.duckdb.wal: cannot be used: read-only"),
        ('IO Error: Cannot open file "PATH": Too many open files', "cannot be used: too many open files"),
        ('IO Error: Could not read from file "PATH": Is a directory', "cannot be used: is a directory"),
        ('IO Error: Could not set lock on file "PATH": Conflicting lock is held', "another program has the file open"),
        ('IO Error: Could not write to file "PATH": No space left on device', "the disk is full"),
    ],
)
def test_what_the_system_refuses_is_no_damage(tmp_path: Path, message: str, told: str) -> None:
    path = tmp_path / "lock.duckdb"
    error = unusable(path, duckdb.IOException(message.replace("PATH", str(path))))
    assert told in str(error) and str(path) in str(error)
    assert not isinstance(error, BrokenStoreError)


@pytest.mark.parametrize("name", ["locked", "no space left", "corrupt", "permission denied"])
def test_the_name_of_a_folder_says_nothing_of_the_store(tmp_path: Path, name: str) -> None:
    path = tmp_path / name / "cxnlp.duckdb"
    path.parent.mkdir()
    with Store(path) as store:
        take_in(store, records("1"), 1)
        keep_backup(store)
    path.write_bytes(path.read_bytes()[:20_000])
    restored, told = open_or_restore(path)
    with restored:
        assert restored.count_texts() == 1 and told.endswith("restored from cxnlp.duckdb.backup")
    quoted = duckdb.ConversionException(f"Could not convert string '{name}' to INT32")
    assert type(unusable(path, quoted)) is StoreError, "nor does what a customer wrote"


def test_a_store_that_may_not_be_opened_is_left_where_it_is(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store(path) as store:
        take_in(store, records("1"), 1)
        keep_backup(store)
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}

    def refuse(name: str, **_: object) -> None:
        raise duckdb.IOException(f'IO Error: Cannot open file "{name}": Permission denied')

    monkeypatch.setattr("cxnlp.store.duckdb.connect", refuse)
    with pytest.raises(StoreError, match=r"cxnlp\.duckdb: cannot be used: permission denied; mend that and run again"):
        open_or_restore(path)
    assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == before


@pytest.mark.parametrize("spoil", ["no room", "broken"])
def test_until_the_copy_is_known_to_be_whole_nothing_is_moved(
    path: Path, monkeypatch: pytest.MonkeyPatch, spoil: str
) -> None:
    with Store(path) as store:
        take_in(store, records("1"), 1)
        keep_backup(store)
    path.write_bytes(path.read_bytes()[:20_000])
    if spoil == "broken":
        beside(path, ".backup").write_bytes(b"half a copy")
    else:

        def fill(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr("cxnlp.backup.copy_whole", fill)
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    told = "is damaged too: restore one of your own" if spoil == "broken" else "No space left"
    with pytest.raises(StoreError, match=told):
        open_or_restore(path)
    assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == before


def test_a_store_that_is_a_folder_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"is a folder; \[store\] path names a file"), hold(tmp_path):
        pass
    assert not beside(tmp_path, ".lock").exists()


def test_a_copy_that_cannot_be_removed_is_named(path: Path) -> None:
    beside(path, ".backup").mkdir()
    with pytest.raises(StoreError, match=r"cxnlp\.duckdb\.backup: cannot be written: "):
        drop_copies(path)


def test_a_lock_that_cannot_be_made_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("cxnlp.keeping.FileLock.acquire", refuse)
    with pytest.raises(StoreError, match=r"cxnlp\.duckdb\.lock: cannot be written: Permission denied"), hold(path):
        pass


def test_a_disk_without_room_for_the_holders_name_says_so_and_lets_go(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("cxnlp.keeping.os.fsync", fill)
        with pytest.raises(StoreError, match=r"holder\.json: the disk is full; free some space"), hold(path):
            pass
    with hold(path):
        pass


def test_a_store_that_is_gone_comes_back_from_its_copy(path: Path) -> None:
    with Store(path) as store:
        take_in(store, records("1"), 1)
        keep_backup(store)
    path.unlink()
    restored, told = open_or_restore(path)
    with restored:
        assert restored.count_texts() == 1 and "was gone" in told


def test_a_store_of_version_1_is_carried_forward(path: Path) -> None:
    path.write_bytes(gzip.decompress(VERSION_1.read_bytes()))
    with Store(path) as store:
        assert store.meta("schema_version") == str(SCHEMA_VERSION)
        rows = store.connection.execute("SELECT id, text, stars, first_run FROM feedback ORDER BY id").fetchall()
        assert rows == [
            ("1", "The parcel was late", 4.0, 1),
            ("1/reply", "Sorry, a busy week", None, 1),
            ("2", None, 4.0, 1),
        ]
        stances = store.connection.execute("SELECT author, stance, embedding FROM predictions ORDER BY 1").fetchall()
        assert stances == [("company", "excuse", b"\x01\x02"), ("customer", "complaint", b"\x01\x02")]
        assert store.file_marks() == {"a.csv": "f" * 64} and store.count_rejected() == {"not a mark": 1}
        assert [run["status"] for run in store.runs(5)] == ["done"]
        keys = store.connection.execute(
            "SELECT count(*) FROM duckdb_constraints() "
            "WHERE constraint_type = 'PRIMARY KEY' AND table_name IN ('feedback', 'predictions')"
        ).fetchone()
        assert keys == (0,), "the tables are those of this version"
        assert store.list_pending("default@3f2a9c01b7de").unread == 0, "what was read stays read"
    with Store(path) as again:
        assert again.count_texts() == 2


def test_a_newer_store_is_refused_and_left_alone(path: Path) -> None:
    with Store(path) as store:
        store.set_meta("schema_version", str(SCHEMA_VERSION + 1))
    before = path.read_bytes()
    with pytest.raises(StoreError, match=f"newer cxnlp .store version {SCHEMA_VERSION + 1}; this one knows"):
        Store(path)
    assert path.read_bytes() == before


def test_another_database_is_refused(path: Path) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE theirs (a INTEGER)")
    with pytest.raises(StoreError, match="not a cxnlp store"):
        Store(path)


def test_a_key_that_stands_twice_is_damage(path: Path) -> None:
    with Store(path) as store:
        take_in(store, records("1"), 1)
        store.connection.execute("INSERT INTO feedback SELECT * FROM feedback")
    with pytest.raises(BrokenStoreError, match="more than once in the table feedback"):
        Store(path)


def test_a_full_disk_says_so_and_loses_nothing(path: Path) -> None:
    with Store(path) as store:
        take_in(store, records("1"), 1)
    program = """
import resource, signal, sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from test_store import records, take_in
from cxnlp.errors import StoreError
from cxnlp.store import Store
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with Store(Path(sys.argv[1])) as store:
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    try:
        take_in(store, records(*map(str, range(20_000))), 2, "b.csv")
        store.connection.execute("CHECKPOINT")
    except StoreError as error:
        print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(path), str(Path(__file__).parent)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "the disk is full; free some space and run again" in done.stdout, done.stderr
    with Store(path) as store:
        assert store.count_texts() == 1
        assert take_in(store, records("2"), 3, "b.csv") == Changes(new=1)


def test_runs_are_listed_newest_first_and_those_that_died_are_marked(path: Path) -> None:
    with Store(path) as store:
        assert store.begin_run() == 1
        assert store.begin_run() == 2
        store.end_run(2, "done", {"rows_read": 7})
        listed = store.runs(10)
        assert [(run["run"], run["status"], run["record"]) for run in listed] == [
            (2, "done", {"rows_read": 7}),
            (1, "died", {}),
        ]
        assert store.last_good_run() == 2


def test_models_are_listed_by_when_they_last_read(path: Path) -> None:
    with Store(path) as store:
        with pytest.raises(StoreError, match="nothing was classified yet"):
            store.noted_models()
        for run, version in enumerate(("a@1", "b@2", "a@1"), start=1):
            store.note_model(StoredModel(version, "toml", ""), run)
        assert [model.version for model in store.noted_models()] == ["a@1", "b@2"]


def test_a_second_process_is_told_who_holds_the_store(path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from cxnlp.keeping import hold\n"
        "with hold(Path(sys.argv[1])):\n  print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None and other.stdout.readline() == "held\n"
        with pytest.raises(StoreLockedError, match=f"held by process {other.pid} since ") as error, hold(path):
            pass
        assert error.value.exit_status == 4
        other.send_signal(signal.SIGKILL)
    with hold(path):
        assert json.loads(beside(path, ".holder.json").read_text())["pid"] != other.pid


def test_leftovers_of_a_process_that_died_are_cleared(path: Path) -> None:
    spilled = beside(path, ".tmp")
    spilled.mkdir()
    (spilled / "duckdb_temp_storage-0.tmp").write_text("spilled customer text")
    beside(path, ".compact").write_text("half a copy")
    with Store(path):
        assert not (spilled / "duckdb_temp_storage-0.tmp").exists()
        assert not beside(path, ".compact").exists()


def test_a_store_that_must_exist_is_not_made(path: Path) -> None:
    with pytest.raises(StoreError, match="there is no store yet; `cxnlp run` makes it"):
        Store(path, must_exist=True)
    assert not path.exists()
