"""Tells others about the night: the three findings as text, through Apprise (e-mail, chat, webhook)."""

from __future__ import annotations

from collections.abc import Sequence

from cxnlp.analysis.summary import Summary
from cxnlp.errors import CxnlpError
from cxnlp.report.text import plain
from cxnlp.report.view import build_page


class NotifyError(CxnlpError):
    """The message was not sent: Apprise is missing, or an address was refused."""


def findings_as_text(summary: Summary, language: str) -> str:
    """Return the first screen as plain text: what ratings and words say, the three findings, what changed.

    It holds no customer text: only numbers, and names that the company itself gave.
    """
    page = build_page(summary, language)
    first = page.first
    lines = [f"{page.company} · {plain(page.line)}", "", f"{plain(first.headline)}."]
    lines += [
        f"{answer.label}: {plain(answer.figure)} {plain(answer.unit)} ({plain(answer.base)})"
        for answer in first.answers
    ]
    lines.append("")
    for finding in first.findings:
        words = (plain(part) for part in (finding.text, finding.causes) if part)
        tail = "; ".join(plain(part) for part in (finding.evidence, finding.owner) if part)
        lines.append(f"{finding.rank}. {plain(finding.head)}: {' '.join(words)} ({tail})")
    if first.nothing:
        lines.append(plain(first.nothing))
    lines += ["", plain(first.changed)]
    return "\n".join(lines) + "\n"


def send(urls: Sequence[str], title: str, text: str) -> None:
    """Send a message to all Apprise addresses; raise `NotifyError` when Apprise is missing or any address fails.

    The error never names an address, since it may hold a password.
    """
    if not urls:
        return
    try:
        import apprise  # noqa: PLC0415 (an extra that most set-ups do without)
    except ImportError as error:
        raise NotifyError('notify.urls needs Apprise: pip install "cxnlp[notify]"') from error
    failed = 0
    for url in urls:
        courier = apprise.Apprise()
        if not (courier.add(url) and courier.notify(title=title, body=text)):
            failed += 1
    if failed:
        raise NotifyError(f"{failed} of {len(urls)} notify.urls did not take the message")
