"""The nightly job: what is new is read once, nothing is lost or doubled, and the second time changes nothing."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from night import CONFIG, DAY, HashReader, configure, row, rows, write_export

from cxnlp import pipeline
from cxnlp.config import Config, parse_config
from cxnlp.dry_run import plan
from cxnlp.errors import (
    BadInputError,
    ConfigError,
    CxnlpError,
    ExportError,
    GateError,
    ModelError,
    Stopped,
    StoreError,
    StoreLockedError,
    TaxonomyError,
)
from cxnlp.intake import Intake
from cxnlp.keeping import hold
from cxnlp.records import text_hash
from cxnlp.store import BrokenStoreError

Count = Callable[[str], int]


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> HashReader:
    """The model is a reader of hashes, and pages are a line each: the job around them is what is tested here."""
    reader = HashReader()
    monkeypatch.setattr(pipeline, "find_model", lambda config: reader)
    monkeypatch.setattr("cxnlp.report.publish.render_page", lambda summary, language, languages: f"{summary.records}\n")
    return reader


@pytest.fixture
def config(tmp_path: Path) -> Config:
    write_export(tmp_path / "exports/2026-10.csv", rows(60))
    write_export(tmp_path / "exports/2026-11.csv", rows(60, 60))
    return configure(tmp_path)


def ask(config: Config, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(config.resolve(config.store.path)), read_only=True) as connection:
        return connection.execute(query).fetchall()


def run(config: Config, day: date = DAY) -> pipeline.Outcome:
    return pipeline.run(config, today=day)


def summary_text(config: Config, day: date = DAY) -> str:
    return (config.resolve(config.report.dir) / day.isoformat() / "summary.json").read_text(encoding="utf-8")


def test_one_night(config: Config, reader: HashReader) -> None:
    outcome = run(config)
    record = outcome.record
    assert (record.rows_read, record.rows_accepted, record.rejected) == (120, 120, 0)
    assert record.records_new == 120 + 24  # every fifth is answered
    assert record.texts_classified == 144 == len(reader.texts) == len(set(reader.texts))
    assert (outcome.summary.records, outcome.summary.replies) == (120, 24)
    assert outcome.report == config.folder / "reports" / DAY.isoformat()
    assert {path.name for path in outcome.report.iterdir()} >= {
        "index.html",
        "summary.json",
        "actions.csv",
        "rejected.csv",
    }
    assert (config.folder / "reports/latest").resolve() == outcome.report


def test_the_same_night_twice_classifies_nothing_and_leaves_the_same_numbers(
    config: Config, reader: HashReader
) -> None:
    run(config)
    first = summary_text(config)
    second = run(config).record
    assert (second.texts_classified, second.records_new, second.records_edited) == (0, 0, 0)
    assert second.texts_reused == 144
    assert reader.loads == 1, "with nothing to read the model is not loaded"
    assert second.summary_reused
    assert summary_text(config) == first


def test_counting_anew_gives_the_numbers_that_were_kept(config: Config, reader: HashReader) -> None:
    run(config)
    kept = summary_text(config)
    with duckdb.connect(str(config.resolve(config.store.path))) as connection:
        connection.execute("DELETE FROM meta WHERE key IN ('summary', 'published')")
    assert not run(config).record.summary_reused
    assert summary_text(config) == kept


def test_a_quiet_next_day_is_published_under_its_own_date(config: Config, reader: HashReader) -> None:
    run(config)
    outcome = run(config, DAY + timedelta(days=1))
    assert outcome.record.summary_reused and outcome.report.name == "2026-11-21"
    assert outcome.summary.changes is not None and outcome.summary.changes.new_records == 0
    assert (config.folder / "reports/latest").resolve() == outcome.report


def test_a_report_that_was_damaged_is_published_again(config: Config, reader: HashReader) -> None:
    report = run(config).report
    (report / "index.html").write_text("half")
    run(config)
    assert (report / "index.html").read_text() == "120\n"


def test_a_copied_folder_is_no_report_that_stands(config: Config, reader: HashReader) -> None:
    report, latest = run(config).report, config.folder / "reports/latest"
    latest.unlink()
    shutil.copytree(report, latest)
    assert not run(config).record.report_stood
    assert latest.is_symlink() and (config.folder / "reports/latest.old-1").is_dir()


def test_an_edited_row_is_read_again_and_its_old_words_leave(config: Config, reader: HashReader) -> None:
    run(config)
    edited = rows(60, 60)
    old, edited[3]["comment"] = edited[3]["comment"], "Now I think quite otherwise"
    write_export(config.folder / "exports/2026-11.csv", edited)
    record = run(config).record
    assert (record.records_new, record.records_edited, record.texts_classified) == (0, 1, 1)
    assert record.files_unchanged == 1
    assert ask(config, "SELECT count(*), count(DISTINCT id) FROM feedback") == [(144, 144)]
    assert ask(config, "SELECT text, first_run, changed_run FROM feedback WHERE id = 'c-000063'") == [
        ("Now I think quite otherwise", 1, 2)
    ]
    assert ask(config, f"SELECT count(*) FROM predictions WHERE text_hash = '{text_hash(old)}'") == [(0,)]


def test_the_language_of_a_text_is_detected_once(
    tmp_path: Path, reader: HashReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def detect(texts: list[str], shares: dict[str, float]) -> list[str | None]:
        asked.extend(texts)
        return ["en" if "new" in text else None for text in texts]

    monkeypatch.setattr("cxnlp.ingest.languages.detect", detect)
    config = parse_config(CONFIG.replace('language = "en"\n', "", 1), "cxnlp.toml", tmp_path)
    write_export(tmp_path / "exports/a.csv", [row(1, text="old"), row(2, text="new")])
    run(config)
    write_export(tmp_path / "exports/a.csv", [row(1, text="old", stars="1"), row(2, text="new"), row(3, text="newer")])
    run(config)
    assert asked == ["old", "new", "newer"]
    told = ask(config, "SELECT language, language_source FROM feedback ORDER BY id")
    assert told == [(None, "none"), ("en", "detected"), ("en", "detected")]


def test_edited_stars_alone_need_no_reading(config: Config, reader: HashReader) -> None:
    run(config)
    edited = rows(60, 60)
    edited[3]["rating"] = "1"
    write_export(config.folder / "exports/2026-11.csv", edited)
    record = run(config).record
    assert (record.records_edited, record.texts_classified) == (1, 0)


@pytest.mark.parametrize(("missing", "left"), [("keep", 144), ("delete", 144 - 2)])
def test_rows_gone_from_the_export(tmp_path: Path, reader: HashReader, missing: str, left: int) -> None:
    write_export(tmp_path / "exports/a.csv", rows(60))
    write_export(tmp_path / "exports/b.csv", rows(60, 60))
    config = configure(tmp_path)
    config = config.model_copy(update={"export": config.export.model_copy(update={"missing": missing})})
    run(config)
    write_export(tmp_path / "exports/b.csv", rows(60, 60)[1:])  # the first one was answered: two records
    record = run(config).record
    assert record.records_deleted == 144 - left
    assert ask(config, "SELECT count(*) FROM feedback") == [(left,)]
    assert ask(config, "SELECT count(*) FROM predictions") == [(left,)]


def deleting(config: Config, **gates: float) -> Config:
    export = config.export.model_copy(update={"missing": "delete"})
    return config.model_copy(update={"export": export, "gates": config.gates.model_copy(update=gates)})


def test_a_torn_export_deletes_nothing_until_it_is_whole_or_allowed(config: Config, reader: HashReader) -> None:
    config = deleting(config)
    run(config)
    kept = [file.read_bytes() for file in sorted((config.folder / "exports").iterdir())]
    for file, left in (("2026-10", 0), ("2026-11", 3)):
        write_export(config.folder / f"exports/{file}.csv", rows(left, 60))
    for _ in range(2):  # the second time no file has changed
        with pytest.raises(GateError, match=r"max_deleted_share: 140 of 144 records are gone from the export .97\.2%"):
            run(config)
        assert ask(config, "SELECT count(*) FROM feedback") == [(144,)]
        assert ask(config, "SELECT status FROM runs ORDER BY run DESC LIMIT 1") == [("gate failed",)]
    for file, content in zip(sorted((config.folder / "exports").iterdir()), kept, strict=True):
        file.write_bytes(content)
    assert run(config).record.records_deleted == 0, "the export is whole again"
    write_export(config.folder / "exports/2026-10.csv", [])
    with pytest.raises(GateError, match="72 of 144 records"):
        run(config)
    assert run(deleting(config, max_deleted_share=0.5)).record.records_deleted == 72
    assert ask(config, "SELECT count(*) FROM feedback") == [(72,)]


def test_rows_that_are_new_tonight_do_not_make_a_deletion_look_smaller(tmp_path: Path, reader: HashReader) -> None:
    write_export(tmp_path / "exports/a.csv", rows(60))
    config = deleting(configure(tmp_path))
    run(config)
    write_export(tmp_path / "exports/a.csv", rows(1000, 1000))
    with pytest.raises(GateError, match="72 of 72 records are gone"):
        run(config)


def test_a_row_that_moved_to_an_unchanged_file_is_not_deleted(tmp_path: Path, reader: HashReader) -> None:
    write_export(tmp_path / "exports/a.csv", rows(30))
    write_export(tmp_path / "exports/b.csv", rows(30, 10))  # 10-29 stand in both
    config = configure(tmp_path)
    config = config.model_copy(update={"export": config.export.model_copy(update={"missing": "delete"})})
    run(config)
    (tmp_path / "exports/b.csv").unlink()
    run(config)
    assert ask(config, "SELECT count(*) FROM feedback WHERE author = 'customer'") == [(30,)]
    assert ask(config, "SELECT DISTINCT file FROM feedback") == [("exports/a.csv",)]


def test_of_two_files_the_later_one_wins_whichever_was_read_last(tmp_path: Path, reader: HashReader) -> None:
    write_export(tmp_path / "exports/a.csv", [row(1, text="first words"), row(2)])
    write_export(tmp_path / "exports/b.csv", [row(1, text="second words")])
    config = configure(tmp_path)
    run(config)
    write_export(tmp_path / "exports/a.csv", [row(1, text="first words again"), row(2), row(3)])
    run(config)
    assert ask(config, "SELECT text, file FROM feedback WHERE id = 'c-000001'") == [("second words", "exports/b.csv")]


def test_late_rows_count_in_their_own_period(config: Config, reader: HashReader) -> None:
    before = run(config).summary
    late = row(500, day=DAY)
    late["created_at"] = "2026-09-01"
    write_export(config.folder / "exports/2026-12.csv", [late])
    after = run(config, DAY + timedelta(days=1)).summary

    def week(summary: object, start: str) -> int:
        trend = next(t for t in summary.trends if t.anchor == "overall" and t.metric == "reported")  # type: ignore[attr-defined]
        return next(w.share.total for w in trend.weeks if w.week == start)

    assert week(after, "2026-08-31") == week(before, "2026-08-31") + 1
    assert after.period.last == before.period.last


def test_a_row_dated_in_the_future_does_not_move_the_weeks_that_are_judged(config: Config, reader: HashReader) -> None:
    before = run(config).summary
    wrong = row(500)
    wrong["created_at"] = "2062-03-01"
    write_export(config.folder / "exports/2026-12.csv", [wrong])
    for path in (config.folder / "exports").iterdir():
        os.utime(path, (0, 0))
    outcome = run(config, DAY + timedelta(days=1))
    assert outcome.record.rejected_by_reason == {"the date lies in the future": 1}
    assert outcome.summary.period == before.period
    assert outcome.summary.trends == before.trends


def test_retention_erases_old_rows_and_their_predictions(config: Config, reader: HashReader) -> None:
    old = row(900)
    old["created_at"] = "2020-01-01"
    undated = row(901)
    undated["created_at"] = ""
    write_export(config.folder / "exports/old.csv", [old, undated])
    kept = config.model_copy(update={"store": config.store.model_copy(update={"retention_days": 700})})
    record = run(kept).record
    assert record.records_expired == 1
    assert ask(config, "SELECT id FROM feedback WHERE id IN ('c-000900', 'c-000901')") == [("c-000901",)]
    store = config.resolve(config.store.path)
    assert old["comment"].encode() not in store.read_bytes()
    again = run(kept)
    assert (again.record.records_new, again.record.texts_classified) == (0, 0), "an unchanged file brings nothing back"


def test_a_new_model_reads_everything_again_and_the_one_before_last_goes(config: Config, reader: HashReader) -> None:
    run(config)
    for version in ("fake@111111111111", "fake@222222222222"):
        reader.version, reader.salt = version, version
        outcome = run(config)
        assert outcome.record.texts_classified == 144
        assert [(count.name, count.count) for count in outcome.summary.versions.models] == [(version, 144)]
    assert ask(config, "SELECT model, count(*) FROM predictions GROUP BY 1 ORDER BY 1") == [
        ("fake@111111111111", 144),
        ("fake@222222222222", 144),
    ]


def test_with_a_budget_a_new_model_takes_over_across_nights_and_the_report_says_so(
    config: Config, reader: HashReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(config)
    monkeypatch.setattr("cxnlp.classify_stage.Pace", SmallSteps)
    write_export(config.folder / "exports/new.csv", rows(4, 1000))
    reader.version, reader.salt, reader.seconds_per_text = "fake@111111111111", "x", 0.001
    budgeted = config.with_options(budget="0.05s")
    outcome = run(budgeted, DAY + timedelta(days=1))
    assert reader.texts[144 : 144 + 5] == sorted(reader.texts[144:149], key=len), (
        "texts that nobody has read come first"
    )
    assert 0 < outcome.record.texts_pending < 144
    models = {count.name: count.count for count in outcome.summary.versions.models}
    assert sum(models.values()) == 149 and set(models) == {"fake@000000000000", "fake@111111111111"}
    assert models["fake@000000000000"] == outcome.record.texts_pending
    assert outcome.summary.trust.real == 0, "no correction by error rates that hold for some rows only"
    assert outcome.summary.blind_spots.unread.count == 0, "every text is read, by the one or the other"
    whole = run(config, DAY + timedelta(days=2))
    assert [count.name for count in whole.summary.versions.models] == ["fake@111111111111"]
    assert whole.summary.changes is not None and whole.record.texts_pending == 0


class SmallSteps:
    size = 10

    def note(self, texts: int, seconds: float) -> None:
        """Stay small."""


def test_sigterm_stops_within_a_batch_and_the_next_run_goes_on(
    config: Config, reader: HashReader, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("cxnlp.classify_stage.Pace", SmallSteps)
    honest = HashReader.predict

    def stop_in_the_third_batch(self: HashReader, *given: object, **more: object) -> object:
        if len(self.texts) == 20:
            os.kill(os.getpid(), signal.SIGTERM)
        return honest(self, *given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(HashReader, "predict", stop_in_the_third_batch)
    with pytest.raises(Stopped) as stopped:
        run(config)
    assert stopped.value.exit_status == 143
    assert ask(config, "SELECT count(*) FROM predictions") == [(20,)]
    assert ask(config, "SELECT status FROM runs") == [("stopped",)]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    monkeypatch.setattr(HashReader, "predict", honest)
    assert run(config).record.texts_classified == 124


def test_a_second_run_says_who_holds_the_store_since_when(config: Config, reader: HashReader) -> None:
    with hold(config.resolve(config.store.path)), pytest.raises(StoreLockedError) as error:
        run(config)
    assert error.value.exit_status == 4
    assert f"process {os.getpid()} since 20" in str(error.value)


def test_a_vanished_input_changes_nothing(config: Config, reader: HashReader) -> None:
    run(config)
    before = config.resolve(config.store.path).read_bytes()
    for path in (config.folder / "exports").iterdir():
        path.unlink()
    with pytest.raises(ExportError, match="no file matches"):
        run(config)
    assert config.resolve(config.store.path).read_bytes() == before


def test_a_misspelt_column_to_ignore_stops_the_night_before_it_is_stored(config: Config, reader: HashReader) -> None:
    misspelt = config.model_copy(update={"export": config.export.model_copy(update={"ignore": ("contry",)})})
    with pytest.raises(ExportError, match=r"did you mean 'country'\?"):
        run(misspelt)
    assert not config.resolve(config.store.path).exists()


def test_a_file_whose_name_is_not_utf8_is_read_like_any_other(config: Config, reader: HashReader) -> None:
    name = os.fsdecode(b"na\xefve.csv")
    write_export(config.folder / "exports" / name, [row(500)])
    assert run(config).record.records_new == 144 + 1
    assert run(config).record.files_unchanged == 3
    assert ask(config, "SELECT file FROM feedback WHERE id = 'c-000500'") == [(r"exports/na\udcefve.csv",)]


def test_an_input_that_vanishes_while_the_job_runs(
    config: Config, reader: HashReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = pipeline.read_stage

    def vanish(*given: object) -> None:
        (config.folder / "exports/2026-11.csv").unlink()
        undisturbed(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "read_stage", vanish)
    with pytest.raises(ExportError, match=r"2026-11\.csv"):
        run(config)
    assert ask(config, "SELECT status FROM runs") == [("failed",)]
    monkeypatch.setattr(pipeline, "read_stage", undisturbed)
    write_export(config.folder / "exports/2026-11.csv", rows(60, 60))
    assert run(config).record.rows_read == 120
    assert ask(config, "SELECT count(*), count(DISTINCT id) FROM feedback") == [(144, 144)]


def test_a_file_that_breaks_half_way_leaves_the_store_as_it_was(
    config: Config, reader: HashReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cxnlp import read_stage

    whole = read_stage.read_export

    def broken(path: Path, *given: object, **more: object) -> object:
        yield from whole(path, *given, **more)  # type: ignore[arg-type]
        raise ExportError(f"{path}: cut in the middle")

    monkeypatch.setattr(read_stage, "read_export", broken)
    with pytest.raises(ExportError, match="cut in the middle"):
        run(config)
    assert ask(config, "SELECT count(*) FROM feedback") == [(0,)]
    monkeypatch.setattr(read_stage, "read_export", whole)
    assert run(config).record.records_new == 144


def test_a_read_only_report_folder_leaves_the_last_good_report(
    config: Config, reader: HashReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = run(config).report
    first = summary_text(config)
    write_export(config.folder / "exports/new.csv", rows(5, 1000))

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    # as root, a read-only folder can be written: the refusal is played
    monkeypatch.setattr("cxnlp.report.publish.publish_folder", refuse)
    monkeypatch.setattr("cxnlp.pipeline.write_record", refuse)
    with pytest.raises(CxnlpError, match="cannot be written") as error:
        run(config)
    assert error.value.exit_status == 1
    assert summary_text(config) == first
    monkeypatch.undo()
    monkeypatch.setattr(pipeline, "find_model", lambda config: reader)
    monkeypatch.setattr("cxnlp.report.publish.render_page", lambda summary, language, languages: f"{summary.records}\n")
    again = run(config)
    assert (again.record.texts_classified, again.summary.records) == (0, 125)
    assert again.report == report


def test_a_run_that_died_is_marked_by_the_next_one(config: Config, reader: HashReader) -> None:
    run(config)
    with duckdb.connect(str(config.resolve(config.store.path))) as connection:
        connection.execute("UPDATE runs SET status = 'running', ended = NULL")
    run(config)
    assert ask(config, "SELECT run, status FROM runs ORDER BY run") == [(1, "died"), (2, "done")]


def test_wrong_inputs_are_found_before_anything_is_changed(
    config: Config, reader: HashReader, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="budget 'soon' is no duration"):
        run(config.with_options(budget="soon"))
    reader.taxonomy_toml = '[[tasks]]\nname = "mood"\nkind = "single"\nlabels = [{name = "a"}, {name = "b"}]\n'
    reader.taxonomy_toml = 'name = "own"\n' + reader.taxonomy_toml
    with pytest.raises(TaxonomyError, match="does not answer emotions"):
        run(config)
    monkeypatch.undo()
    with pytest.raises(ModelError, match="no such model"):
        run(config.model_copy(update={"model": config.model.model_copy(update={"path": "nowhere"})}))
    assert not config.resolve(config.store.path).exists()


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ('[store]\npath = "exports"', r"\[store\] path: .*exports is a folder; expected a file"),
        ('[store]\npath = "cxnlp.toml/a.duckdb"', r"\[store\] path: .*cxnlp\.toml is a file; expected a folder"),
        ('[report]\ndir = "cxnlp.toml"', r"\[report\] dir: .*cxnlp\.toml is a file; expected a folder"),
        ('[report]\ngold = "nope.csv"', r"\[report\] gold: .*nope\.csv"),
    ],
)
def test_places_and_gold_rows_are_looked_at_before_anything_is_read(
    tmp_path: Path, reader: HashReader, monkeypatch: pytest.MonkeyPatch, section: str, told: str
) -> None:
    write_export(tmp_path / "exports/a.csv", rows(5))
    (tmp_path / "cxnlp.toml").write_text("", encoding="utf-8")
    config = parse_config(
        f'[export]\npath = "exports/a.csv"\n[export.columns]\ntext = "comment"\n{section}\n', "", tmp_path
    )
    monkeypatch.setattr(pipeline, "read_stage", lambda *_: pytest.fail("the export was read"))
    for begin in (run, plan):
        with pytest.raises(BadInputError, match=told):
            begin(config)


def test_a_run_that_fails_before_it_opens_the_store_leaves_record_and_metrics(
    config: Config, reader: HashReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = config.model_copy(update={"run": config.run.model_copy(update={"metrics": "metrics/cxnlp.prom"})})
    metrics, records = config.folder / "metrics/cxnlp.prom", config.folder / "reports/runs"
    run(config)
    assert "cxnlp_run_good 1" in metrics.read_text(encoding="utf-8")

    def failed() -> list[str]:
        plain = [json.loads(path.read_text(encoding="utf-8")) for path in records.glob("*-run-00000.json")]
        assert {(record["status"], record["run"]) for record in plain} <= {("failed", 0)}
        return [record["error"] for record in plain]

    with hold(config.resolve(config.store.path)), pytest.raises(StoreLockedError):
        run(config)
    assert failed() == [] and "cxnlp_run_good 1" in metrics.read_text(encoding="utf-8"), "the other run tells"
    kept = (config.folder / "exports").rename(config.folder / "elsewhere")
    with pytest.raises(ExportError):
        run(config)
    assert failed() == ["ExportError"] and "cxnlp_run_good 0" in metrics.read_text(encoding="utf-8")
    (records / next(records.glob("*-run-00000.json")).name).unlink()
    kept.rename(config.folder / "exports")

    def refuse(*_: object, **__: object) -> None:
        raise StoreError("cxnlp.duckdb: cannot be used: permission denied")

    monkeypatch.setattr(pipeline, "open_or_restore", refuse)
    with pytest.raises(StoreError):
        run(config)
    assert failed() == ["StoreError"]


def test_metrics_that_cannot_be_written_are_named_and_the_record_is_written(
    config: Config, reader: HashReader, caplog: pytest.LogCaptureFixture
) -> None:
    (config.folder / "a file").write_text("", encoding="utf-8")
    run(config.model_copy(update={"run": config.run.model_copy(update={"metrics": "a file/cxnlp.prom"})}))
    assert caplog.messages[-1].endswith(
        "a file/cxnlp.prom: the metrics ([run] metrics) could not be written: File exists"
    )
    assert "run record" not in caplog.text and len(list((config.folder / "reports/runs").iterdir())) == 1


def test_a_failed_gate_ends_with_status_5_after_the_report(config: Config, reader: HashReader) -> None:
    strict = config.model_copy(update={"gates": config.gates.model_copy(update={"min_new_rows": 1_000})})
    with pytest.raises(GateError, match="min_new_rows: 120 rows are new") as error:
        run(strict)
    assert error.value.exit_status == 5
    assert (config.folder / "reports" / DAY.isoformat() / "index.html").exists()
    assert ask(config, "SELECT status FROM runs") == [("gate failed",)]


def test_repeating_a_night_does_not_fail_the_gate_of_new_rows(config: Config, reader: HashReader) -> None:
    gated = config.model_copy(update={"gates": config.gates.model_copy(update={"min_new_rows": 100})})
    run(gated)
    assert run(gated).record.rows_fresh == 120


def test_everything_is_readable_by_its_owner_alone(config: Config, reader: HashReader) -> None:
    os.umask(0o022)
    run(config)
    made = [path for folder in ("store", "reports") for path in (config.folder / folder).rglob("*")]
    assert len(made) > 8
    for path in (*made, config.folder / "store", config.folder / "reports"):
        if not path.is_symlink():
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_customer_text_is_in_store_and_report_alone(
    config: Config, reader: HashReader, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    marker = "XYZZYMARKER"
    odd = [row(n, text=f"{marker} {n} said") for n in range(2000, 2030)]
    odd += [row(2100, stars=f"{marker} five"), row(2101) | {"created_at": f"{marker} day"}]
    odd += [row(2102, text="", stars=""), row(2000, text=f"{marker} twice")]
    write_export(config.folder / "exports/odd.csv", odd)
    monitored = config.model_copy(update={"run": config.run.model_copy(update={"metrics": "metrics/cxnlp.prom"})})
    assert run(monitored).record.rejected == 4

    def fail(*_: object, **__: object) -> None:
        raise ValueError(f"{marker} in an error")

    write_export(config.folder / "exports/odd.csv", odd[1:])
    monkeypatch.setattr("cxnlp.report_stage.summarize", fail)
    with pytest.raises(ValueError, match=marker):
        run(monitored)
    outside = [config.folder / "metrics/cxnlp.prom", *(config.folder / "reports/runs").iterdir()]
    outside += list((config.folder / "reports").rglob("rejected.csv"))
    assert len(outside) == 4
    for path in outside:
        assert marker not in path.read_text(encoding="utf-8"), path
    assert marker not in str(ask(config, "SELECT * FROM runs"))
    assert marker not in str(ask(config, "SELECT * FROM rejected"))
    seen = capfd.readouterr()
    assert marker not in seen.out + seen.err


def test_the_run_record_says_what_was_done(config: Config, reader: HashReader) -> None:
    write_export(config.folder / "exports/odd.csv", [row(3000, stars="many"), row(3001)])
    record = run(config).record
    written = sorted((config.folder / "reports/runs").iterdir())
    assert len(written) == 1
    plain = json.loads(written[0].read_text(encoding="utf-8"))
    assert plain == json.loads(str(ask(config, "SELECT record FROM runs")[0][0]))
    assert (plain["run"], plain["status"], plain["rows_read"], plain["rows_accepted"]) == (1, "done", 122, 121)
    assert plain["rejected_by_reason"] == {"not a mark": 1}
    assert plain["texts_unsure"] == sum(1 for _ in ask(config, "SELECT 1 FROM predictions WHERE unsure"))
    assert set(plain["seconds"]) == {"read", "classify", "report"} == set(plain["peak_memory_mb"])
    assert plain["config_sha256"] == record.config_sha256 and len(plain["fingerprints"]) == 3
    assert plain["model"] == reader.version and plain["data"]


def test_metrics_for_prometheus(config: Config, reader: HashReader) -> None:
    monitored = config.model_copy(update={"run": config.run.model_copy(update={"metrics": "metrics/cxnlp.prom"})})
    run(monitored)
    path = config.folder / "metrics/cxnlp.prom"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644, "the exporter runs as somebody else"
    lines = path.read_text(encoding="utf-8").splitlines()
    assert "cxnlp_rows_read 120" in lines and "cxnlp_run_good 1" in lines
    assert 'cxnlp_run_status{status="done"} 1' in lines
    assert any(line.startswith('cxnlp_stage_seconds{stage="read"} ') for line in lines)


def test_forgetting_erases_a_person_everywhere(config: Config, reader: HashReader) -> None:
    secret = "The guide called Zebedee Quillfeather lost my parcel twice"
    write_export(config.folder / "exports/p.csv", [row(4000, text=secret, reply="Dear Zebedee, it was a busy week")])
    quoting = run(config, DAY - timedelta(days=1)).report
    plain = json.loads((quoting / "summary.json").read_text(encoding="utf-8"))
    plain["overall"]["quotes"] = [{"id": "c-004000", "text": secret}]
    (quoting / "summary.json").write_text(json.dumps(plain), encoding="utf-8")
    run(config)
    outcome = pipeline.forget(config, ["c-004000", "c-999999"], today=DAY)
    assert (outcome.erased, outcome.unknown, outcome.reports) == (2, 1, (quoting,))
    for path in (p for p in config.folder.rglob("*") if p.is_file() and p.parent.name != "exports"):
        assert b"Quillfeather" not in path.read_bytes(), path
        assert b"Dear Zebedee" not in path.read_bytes(), path
    assert ask(config, "SELECT count(*), (SELECT count(*) FROM predictions) FROM feedback") == [(144, 144)]
    write_export(config.folder / "exports/p.csv", [row(4000, text=secret), row(4001)])
    assert run(config).record.records_new == 1, "the export still has the row: it is never read again"
    assert ask(config, "SELECT count(*) FROM feedback WHERE id LIKE 'c-004000%'") == [(0,)]


def test_the_report_is_rebuilt_without_export_or_model(
    config: Config, reader: HashReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(config)
    first = summary_text(config)
    for path in (config.folder / "exports").iterdir():
        path.unlink()
    monkeypatch.setattr(pipeline, "find_model", lambda config: pytest.fail("the model is not needed"))
    (config.folder / "reports" / DAY.isoformat() / "summary.json").unlink()
    pipeline.rebuild_report(config, today=DAY)
    assert summary_text(config) == first


def test_a_run_that_died_before_it_deleted_leaves_no_row_behind(
    config: Config, reader: HashReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = deleting(config, max_deleted_share=1)
    run(config)
    (config.folder / "exports/2026-10.csv").unlink()
    write_export(config.folder / "exports/2026-11.csv", rows(50, 60))

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cxnlp.store.Store.delete_unseen", die)
    with pytest.raises(KeyboardInterrupt):
        run(config)
    monkeypatch.undo()
    monkeypatch.setattr(pipeline, "find_model", lambda config: reader)
    monkeypatch.setattr("cxnlp.report.publish.render_page", lambda summary, language, languages: f"{summary.records}\n")
    run(config)
    assert ask(config, "SELECT min(id), max(id), count(*) FROM feedback WHERE author = 'customer'") == [
        ("c-000060", "c-000109", 50)
    ]


def test_a_model_is_checked_without_loading_torch(base_encoder: Path) -> None:
    """A night with nothing new to read need not wait for it."""
    project = Path(__file__).resolve().parents[1]
    if not (project / "models/default/manifest.json").exists():
        pytest.skip("models/default is not here: run `make model`")
    program = (
        "import sys; from pathlib import Path; from cxnlp import pipeline; from cxnlp.config import load_config\n"
        "print(pipeline.find_model(load_config(Path('data/cxnlp.toml'))).version, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=project, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("default@") and done.stdout.endswith(" False\n")


def test_too_little_memory_for_the_numbers_says_what_to_do(
    config: Config, reader: HashReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def swallow(*_: object) -> None:
        raise duckdb.OutOfMemoryException("failed to allocate data for 'Dear Mrs Miller'")

    monkeypatch.setattr("cxnlp.report_stage.summarize", swallow)
    with pytest.raises(CxnlpError, match=r"raise \[store\] memory_limit and run again .nothing is lost") as error:
        run(config)
    assert "Miller" not in str(error.value)
    assert ask(config, "SELECT status FROM runs") == [("failed",)]


def test_damage_that_shows_only_while_writing_is_restored_and_the_night_goes_on(
    config: Config, reader: HashReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(config)
    write_export(config.folder / "exports/new.csv", rows(5, 1000))
    whole, calls = Intake.merge, []

    def damaged(self: Intake, *given: object) -> object:
        calls.append(given)
        if len(calls) == 1:
            raise BrokenStoreError("cxnlp.duckdb: cut short or damaged (Error)")
        return whole(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(Intake, "merge", damaged)
    record = run(config).record
    assert record.restored == "cxnlp.duckdb: cut short or damaged (Error); restored from cxnlp.duckdb.backup"
    assert (record.records_new, record.texts_classified) == (6, 6)
    assert ask(config, "SELECT count(*), count(DISTINCT id) FROM feedback") == [(150, 150)]
    monkeypatch.setattr(Intake, "merge", lambda *_: calls.clear() or damaged(*_))
    (config.folder / "store/cxnlp.duckdb.backup").unlink()
    write_export(config.folder / "exports/new.csv", rows(6, 1000))
    with pytest.raises(BrokenStoreError, match="there is no copy of it"):
        run(config)
