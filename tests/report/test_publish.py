"""A night's report appears whole or not at all, readable by its owner only, the same bytes for the same numbers."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from cxnlp.analysis.summary import Summary
from cxnlp.report import publish as module
from cxnlp.report import swap
from cxnlp.report.publish import ReportError, newest_summary, nights, publish

DAY = date(2026, 11, 16)
FILES = {"index.html", "index.fa.html", "summary.json", "actions.csv", "night.json"}


@pytest.fixture(autouse=True)
def plain_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the pages say is tested elsewhere; here they need only be quick."""
    monkeypatch.setattr(module, "render_page", lambda summary, language, languages: f"{language} {summary.records}\n")


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_night_has_its_pages_numbers_and_actions(tmp_path: Path, summary: Summary) -> None:
    reports = tmp_path / "reports"
    page = publish(summary, reports, DAY, ["en", "fa"])
    assert page == reports / "2026-11-16" / "index.html"
    assert set(content(page.parent)) == FILES
    assert json.loads((page.parent / "summary.json").read_text(encoding="utf-8")) == summary.to_dict()
    assert (reports / "latest" / "index.html").read_bytes() == page.read_bytes()
    assert 'href="2026-11-16/index.html"' in (reports / "index.html").read_text(encoding="utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_only_the_owner_may_read(tmp_path: Path, summary: Summary) -> None:
    reports = tmp_path / "reports"
    publish(summary, reports, DAY, ["en"])
    assert reports.stat().st_mode & 0o777 == 0o700
    for path in reports.rglob("*"):
        if not path.is_symlink():
            assert path.stat().st_mode & 0o077 == 0, path


def test_the_same_summary_gives_the_same_bytes(tmp_path: Path, summary: Summary) -> None:
    first = content(publish(summary, tmp_path / "one", DAY, ["en", "fa"]).parent)
    second = content(publish(summary, tmp_path / "two", DAY, ["en", "fa"]).parent)
    again = content(publish(summary, tmp_path / "two", DAY, ["en", "fa"]).parent)
    assert first == second == again
    assert (tmp_path / "one" / "index.html").read_bytes() == (tmp_path / "two" / "index.html").read_bytes()


def test_a_second_run_of_the_same_day_replaces_the_first(tmp_path: Path, summary: Summary) -> None:
    publish(summary, tmp_path, DAY, ["en", "fa"])
    page = publish(replace(summary, records=7), tmp_path, DAY, ["en"])
    assert page.read_text(encoding="utf-8") == "en 7\n"
    assert set(content(page.parent)) == FILES - {"index.fa.html"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2026-11-16", "index.html", "latest"]


def test_where_folders_cannot_be_swapped_in_one_step_two_renames_do(
    tmp_path: Path, summary: Summary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(swap, "exchange", lambda one, other: False)
    publish(summary, tmp_path, DAY, ["en"])
    page = publish(replace(summary, records=7), tmp_path, DAY, ["en"])
    assert page.read_text(encoding="utf-8") == "en 7\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2026-11-16", "index.html", "latest"]


def die(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    "step", ["write_file", "sync_folder", "exchange", "replace_file", "read_nights", "_point_to_latest"]
)
def test_a_run_that_dies_leaves_the_last_good_report(
    tmp_path: Path, summary: Summary, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    publish(summary, tmp_path, DAY, ["en", "fa"])
    good = content(tmp_path / "2026-11-16")
    with monkeypatch.context() as patch:
        patch.setattr(module if hasattr(module, step) else swap, step, die)
        with pytest.raises(KeyboardInterrupt):
            publish(replace(summary, records=7), tmp_path, DAY, ["en", "fa"])
    after = content(tmp_path / "latest")
    assert set(after) == FILES
    assert after == good or after["index.html"] == b"en 7\n", "the old report or the new one, never a mixture"
    records = json.loads(after["summary.json"])["records"]
    assert after["index.html"] == f"en {records}\n".encode()
    publish(replace(summary, records=8), tmp_path, DAY, ["en", "fa"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2026-11-16", "index.html", "latest"]


def test_a_run_that_died_between_two_renames_is_mended(tmp_path: Path, summary: Summary) -> None:
    publish(summary, tmp_path, DAY, ["en"])
    (tmp_path / "2026-11-16").rename(tmp_path / f"{swap.REPLACED}2026-11-16")
    (tmp_path / f"{swap.WRITING}2026-11-17").mkdir()
    (tmp_path / f"{swap.WRITING}index.html").write_text("half", encoding="utf-8")
    swap.clean_up(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2026-11-16", "index.html", "latest"]
    assert (tmp_path / "latest" / "index.html").exists()


def test_nights_are_listed_without_opening_their_reports(tmp_path: Path, summary: Summary) -> None:
    for day in (14, 15, 16):
        publish(summary, tmp_path, date(2026, 11, day), ["en"])
    for day in (14, 15):
        (tmp_path / f"2026-11-{day}" / "index.html").unlink()
        (tmp_path / f"2026-11-{day}" / "summary.json").unlink()
    publish(summary, tmp_path, DAY, ["fa"])
    listed = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert [listed.index(f"2026-11-{day}/") for day in (16, 15, 14)] == sorted(
        listed.index(f"2026-11-{day}/") for day in (16, 15, 14)
    )
    assert "۲٬۵۸۷" in listed


def test_latest_is_the_newest_night_even_when_an_older_one_is_made_again(tmp_path: Path, summary: Summary) -> None:
    publish(summary, tmp_path, DAY, ["en"], today=DAY)
    publish(summary, tmp_path, date(2026, 11, 9), ["en"], today=DAY)
    assert (tmp_path / "latest").readlink() == Path("2026-11-16")
    assert nights(tmp_path) == ["2026-11-09", "2026-11-16"]


def test_a_night_with_the_clock_ahead_does_not_pin_latest(
    tmp_path: Path, summary: Summary, caplog: pytest.LogCaptureFixture
) -> None:
    ahead = date(2031, 1, 1)
    publish(summary, tmp_path, ahead, ["en"], today=ahead)
    assert (tmp_path / "latest").readlink() == Path("2031-01-01") and not caplog.messages
    publish(summary, tmp_path, DAY, ["en"], today=DAY)
    assert (tmp_path / "latest").readlink() == Path("2026-11-16")
    assert "reports of days to come (2031-01-01)" in caplog.text and "remove them" in caplog.text
    publish(summary, tmp_path, date(2026, 11, 9), ["en"], today=DAY)
    assert (tmp_path / "latest").readlink() == Path("2026-11-16")


def test_a_folder_in_the_place_of_the_link_is_moved_aside(
    tmp_path: Path, summary: Summary, caplog: pytest.LogCaptureFixture
) -> None:
    for number in (1, 2):
        (tmp_path / "latest").unlink(missing_ok=True)
        (tmp_path / "latest").mkdir()
        (tmp_path / "latest" / "index.html").write_text("stale", encoding="utf-8")
        publish(summary, tmp_path, DAY, ["en"])
        assert (tmp_path / "latest").readlink() == Path("2026-11-16")
        assert (tmp_path / f"latest.old-{number}" / "index.html").read_text(encoding="utf-8") == "stale"
        assert f"was no link to a report; moved to latest.old-{number}" in caplog.text


def test_without_links_a_page_leads_to_the_latest(
    tmp_path: Path, summary: Summary, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    publish(summary, tmp_path, DAY, ["en"])
    assert "url=2026-11-16/index.html" in (tmp_path / "latest.html").read_text(encoding="utf-8")


def test_the_newest_earlier_summary_is_found(tmp_path: Path, summary: Summary) -> None:
    assert newest_summary(tmp_path / "nothing", before=DAY) is None
    publish(summary, tmp_path, date(2026, 11, 2), ["en"])
    publish(replace(summary, records=9), tmp_path, date(2026, 11, 9), ["en"])
    publish(summary, tmp_path, DAY, ["en"])
    found = newest_summary(tmp_path, before=DAY)
    assert found is not None
    assert found.records == 9
    (tmp_path / "2026-11-09" / "summary.json").write_text('{"version": 99}', encoding="utf-8")
    assert newest_summary(tmp_path, before=DAY) == summary
    (tmp_path / "2026-11-02" / "summary.json").write_text("{", encoding="utf-8")
    assert newest_summary(tmp_path, before=DAY) is None


def test_a_folder_that_cannot_be_written_is_said_plainly(tmp_path: Path, summary: Summary) -> None:
    (tmp_path / "reports").write_text("a file", encoding="utf-8")
    with pytest.raises(ReportError, match=r"2026-11-16: the report cannot be written"):
        publish(summary, tmp_path / "reports", DAY, ["en"])
