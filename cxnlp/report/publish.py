"""Publishes a night's report: its pages, its numbers, its actions; then the list of nights and the way to the latest.

    reports/2026-11-16/index.html, index.pl.html …   the page in each language
    reports/2026-11-16/summary.json                  every number of the page
    reports/2026-11-16/actions.csv                   what there is to do, by owner
    reports/2026-11-16/night.json                    the few numbers that the list of nights shows
    reports/index.html                               the nights
    reports/latest                                   a link to the newest night (latest.html where links cannot be made)

The same summary gives the same bytes. A run that dies leaves the last good report where it was.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from itertools import count
from pathlib import Path

from cxnlp.analysis.summary import Summary
from cxnlp.console import logger
from cxnlp.errors import CxnlpError
from cxnlp.report.actions import actions_csv
from cxnlp.report.nights import night_of, read_nights, render_nights
from cxnlp.report.render import page_name, render_page
from cxnlp.report.swap import WRITING, clean_up, publish_folder, replace_file

#: Tells a spreadsheet that the file is UTF-8.
_BYTE_ORDER_MARK = "\ufeff"


class ReportError(CxnlpError):
    """The report could not be written; the last good one is where it was."""


def publish(summary: Summary, reports: Path, day: date, languages: Sequence[str], *, today: date | None = None) -> Path:
    """Publish a night's report in `languages` (the first one gets the plain `index.html`); return its page.

    `latest` leads to it, unless there is a newer one of `today` (the machine's own day when not given) or before.
    Raise `ReportError` when the folder cannot be written.
    """
    languages = tuple(dict.fromkeys(languages)) or ("en",)
    contents = {page_name(language, languages): render_page(summary, language, languages) for language in languages}
    contents["summary.json"] = json.dumps(summary.to_dict(), ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    contents["actions.csv"] = _BYTE_ORDER_MARK + actions_csv(summary)
    contents["night.json"] = json.dumps(night_of(summary, day.isoformat()), ensure_ascii=False, indent=1) + "\n"
    target = reports / day.isoformat()
    try:
        reports.mkdir(mode=0o700, parents=True, exist_ok=True)
        clean_up(reports)
        publish_folder(target, contents)
        replace_file(reports / "index.html", render_nights(read_nights(reports, nights(reports)), languages[0]))
        _point_to_latest(reports, day, today or date.today())
    except OSError as error:
        raise ReportError(f"{target}: the report cannot be written: {error.strerror}") from error
    return target / "index.html"


def _point_to_latest(reports: Path, day: date, today: date) -> None:
    """Make `latest` lead to the newest night that is not in the future, or to `day`, in one step."""
    ahead = [name for name in future_nights(reports, today) if name != day.isoformat()]
    if ahead:
        logger.warning(
            "%s: reports of days to come (%s), as of a night when the clock was ahead: `latest` does not lead to them; "
            "remove them",
            reports,
            ", ".join(ahead),
        )
    newest = max(name for name in nights(reports) if name not in ahead)
    aside = reports / f"{WRITING}latest"
    aside.unlink(missing_ok=True)
    try:
        _clear_the_way(reports / "latest")
        aside.symlink_to(newest, target_is_directory=True)
        aside.replace(reports / "latest")
    except (OSError, NotImplementedError):
        aside.unlink(missing_ok=True)
        redirect = (
            f'<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url={newest}/index.html">\n'
        )
        replace_file(reports / "latest.html", redirect)


def _clear_the_way(latest: Path) -> None:
    """Move a folder that stands where the link belongs (a copy made by `cp -rL`, rsync, SMB) aside."""
    if latest.is_symlink() or not latest.exists():
        return
    number = next(n for n in count(1) if not latest.with_name(f"latest.old-{n}").exists())
    latest.rename(latest.with_name(f"latest.old-{number}"))
    logger.warning("%s: was no link to a report; moved to latest.old-%d, which may be removed", latest, number)


def future_nights(reports: Path, today: date) -> list[str]:
    """Return the days after `today` that have a report, oldest first, as ISO days."""
    return [name for name in nights(reports) if name > today.isoformat()]


def nights(reports: Path) -> list[str]:
    """Return the days that have a report, oldest first, as ISO days."""
    if not reports.is_dir():
        return []
    return sorted(path.name for path in reports.iterdir() if _is_day(path.name) and path.is_dir())


def _is_day(name: str) -> bool:
    try:
        return date.fromisoformat(name).isoformat() == name
    except ValueError:
        return False


def newest_summary(reports: Path, before: date) -> Summary | None:
    """Return the summary of the newest night before a day; None when there is none that this version can read."""
    for name in reversed(nights(reports)):
        if name >= before.isoformat():
            continue
        try:
            return Summary.from_dict(json.loads((reports / name / "summary.json").read_text(encoding="utf-8")))
        except (OSError, ValueError):
            continue
    return None
