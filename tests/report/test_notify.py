"""The message of a night: the first screen as text, no customer text in it; sending says clearly what is missing."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from cxnlp.analysis.summary import Summary
from cxnlp.report.notify import NotifyError, findings_as_text, send
from report.build import PERSIAN_QUOTE, QUOTE


def test_the_message_tells_the_three_findings(summary: Summary) -> None:
    said = findings_as_text(summary, "en")
    assert "The stars flatter us, most of all at “Receive”." in said
    assert "1. Receive: Stars flatter. 88% of the ratings are happy, but only 42% of the words." in said
    assert "128 texts in the last four weeks, as read; Owner: contact centre" in said
    assert "4. " not in said


@pytest.mark.parametrize("language", ["en", "fa"])
def test_the_message_holds_no_customer_text(summary: Summary, language: str) -> None:
    said = findings_as_text(summary, language)
    assert QUOTE.text[:20] not in said
    assert PERSIAN_QUOTE.text[:20] not in said


def test_without_apprise_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(NotifyError, match=r"cxnlp\[notify\]"):
        send(["mailto://user:secret@example.com"], "title", "text")


def test_an_address_that_fails_is_counted_and_never_named(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []

    class Courier:
        def add(self, url: str) -> bool:
            self.url = url
            return url.startswith("good")

        def notify(self, title: str, body: str) -> bool:
            sent.append(f"{self.url} {title} {body}")
            return True

    monkeypatch.setitem(sys.modules, "apprise", SimpleNamespace(Apprise=Courier))
    with pytest.raises(NotifyError, match=r"1 of 2") as error:
        send(["good://one", "bad://user:secret@host"], "title", "text")
    assert "secret" not in str(error.value)
    assert sent == ["good://one title text"]


def test_nobody_to_tell_is_no_error() -> None:
    send([], "title", "text")
