"""Messages: plain or one JSON object a line, on stderr; progress bars on a terminal only."""

from __future__ import annotations

import io
import json
import logging

import pytest
from rich.console import Console

from cxnlp import console
from cxnlp.console import logger, progress, set_up_logging


@pytest.fixture(autouse=True)
def _as_before() -> object:
    handlers, level, propagate = logger.handlers[:], logger.level, logger.propagate
    yield
    logger.handlers[:], logger.propagate = handlers, propagate
    logger.setLevel(level)


def test_plain_messages_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging("text")
    logger.info("%d rows", 3)
    assert capsys.readouterr() == ("", "3 rows\n")


def test_json_messages_are_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging("json")
    logger.warning("two\nlines ≠", extra={"data": {"stage": "read"}})
    line = json.loads(capsys.readouterr().err)
    assert line["message"] == "two\nlines ≠" and line["level"] == "warning" and line["stage"] == "read"
    assert line["time"].endswith("+00:00")


def test_quiet_leaves_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging("text", quiet=True)
    logger.info("hidden")
    logger.warning("seen")
    assert capsys.readouterr().err == "seen\n"


def test_setting_up_twice_says_things_once(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging("text")
    set_up_logging("text")
    logger.info("once")
    assert capsys.readouterr().err == "once\n"
    assert len(logger.handlers) == 1 and logging.getLogger().handlers != logger.handlers


def test_no_bar_where_stderr_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("reading", 10) as advance:
        advance(5)
        advance(5, "half way")
    assert capsys.readouterr() == ("", "")


def test_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(
        console, "Console", lambda **_: Console(file=stream, force_terminal=True, width=100, color_system=None)
    )
    with progress("reading", 10) as advance:
        advance(10, "all of it")
    assert "reading" in stream.getvalue() and "10/10" in stream.getvalue() and "all of it" in stream.getvalue()
