"""`inspect` proposes the right columns in several languages, from names or from content, and shows no customer text."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

from cxnlp.config import ExportConfig
from cxnlp.errors import ExportError
from cxnlp.ingest.inspect import inspect_export, propose_export
from cxnlp.ingest.inspect_text import render
from cxnlp.ingest.propose import name_score
from cxnlp.journey import default_journey

from .reading import config

TEXTS = [f"This is what customer number {n} wrote about the shop" for n in range(30)]


def _export(path: Path, header: str, *cells: list[str]) -> Path:
    rows = zip(*cells, strict=True)
    path.write_text("\n".join([header, *(";".join(row) for row in rows)]), encoding="utf-8")
    return path


IDS = [f"r{n}" for n in range(30)]
MARKS = [str(n % 5 + 1) for n in range(30)]
DATES = [f"{n % 28 + 1:02}/11/2025" for n in range(30)]


@pytest.mark.parametrize(
    "header",
    [
        "Review ID;Comment;Rating;Created At",
        "identyfikator;opinia;ocena;data_utworzenia",
        "Mã;Bình luận;Số sao;Ngày",
        "id;recenzie;notă;data",
        "شناسه;نظر;امتیاز;تاریخ",
        "feedbackId;reviewText;starRating;submittedAt",
        "nr;kommentar;bewertung;datum",
    ],
)
def test_columns_are_known_by_name_in_several_languages(header: str, tmp_path: Path) -> None:
    path = _export(tmp_path / "export.csv", header, IDS, TEXTS, MARKS, DATES)
    columns = inspect_export(path, default_journey()).proposal.columns
    names = header.split(";")
    expected = dict(zip(("id", "text", "stars", "date"), names, strict=True))
    assert columns == expected


def test_columns_without_telling_names_are_known_by_what_they_hold(tmp_path: Path) -> None:
    path = _export(tmp_path / "export.csv", "a;b;c", DATES, TEXTS, IDS)
    columns = inspect_export(path, default_journey()).proposal.columns
    assert columns == {"id": "c", "text": "b", "date": "a"}


@pytest.mark.parametrize(
    ("marks", "scale"),
    [
        (["1", "5", "3"], (1, 5)),
        (["0", "5", "3"], (0, 5)),
        (["★★", "★★★★★", "★"], (1, 5)),
        (["1", "7", "6"], (1, 7)),
        (["0", "10", "9"], (0, 10)),
        (["3/10", "9/10", "10/10"], (1, 10)),
        (["0", "100", "55"], (0, 100)),
    ],
)
def test_the_scale_is_guessed_from_the_marks(marks: list[str], scale: tuple[int, int], tmp_path: Path) -> None:
    path = _export(tmp_path / "export.csv", "id;text;rating", IDS, TEXTS, marks * 10)
    assert inspect_export(path, default_journey()).export.scale == scale


@pytest.mark.parametrize(
    ("dates", "day_first"), [(["25/03/2026"], True), (["03/25/2026"], False), (["03/04/2026"], None)]
)
def test_the_order_of_day_and_month_is_guessed_where_a_date_tells(
    dates: list[str], day_first: bool | None, tmp_path: Path
) -> None:
    path = _export(tmp_path / "export.csv", "id;text;date", IDS, TEXTS, dates * 30)
    found = inspect_export(path, default_journey())
    assert found.proposal.day_first is day_first
    assert ("the dates do not tell" in render(found)) is (day_first is None)


def test_the_proposed_mapping_is_toml_that_reads_the_export(tmp_path: Path) -> None:
    marks = [*MARKS[:-2], "99", "good"]
    path = _export(
        tmp_path / "export.csv", 'id;te"xt;stars;date;channel', IDS, TEXTS, marks, DATES, ["buy", "moon"] * 15
    )
    found = inspect_export(path, default_journey())
    shown = render(found)
    start, end = shown.index("  [export]"), shown.index("\n\nTouchpoints")
    values = tomllib.loads(shown[start:end])["export"]
    assert ExportConfig.model_validate(values).columns.text == 'te"xt'
    assert found.trial
    assert (found.trial.rows, found.trial.accepted) == (30, 28)
    assert found.trial.rejected[0].lines == (30, 31)
    assert "'stars': not a mark; expected a mark from 1 to 5" in shown
    assert "→ buy" in shown
    assert "not in the journey" in shown
    assert found.trial.touchpoint_sources == {"column": 14, "none": 14}


def test_a_mapping_is_proposed_without_a_trial(tmp_path: Path) -> None:
    path = _export(tmp_path / "export.csv", "id;text;stars", IDS, TEXTS, MARKS)
    proposed = propose_export(path, default_journey())
    assert proposed == inspect_export(path, default_journey()).export
    with pytest.raises(ExportError, match="no column looks like `text`; name the columns in a configuration"):
        propose_export(_export(tmp_path / "numbers.csv", "id;n", IDS, IDS), default_journey())


def test_no_words_of_a_customer_are_shown(tmp_path: Path) -> None:
    secret = [f"secretword{n} in the date too" for n in range(30)]
    path = _export(
        tmp_path / "export.csv", "id;text;date;stars", IDS, [f"secretword {t}" for t in TEXTS], secret, secret
    )
    found = inspect_export(path, default_journey(), config("date", "stars"))
    assert "secret" not in render(found)
    assert found.trial
    assert found.trial.accepted == 0


def test_the_one_language_of_an_export_is_proposed(tmp_path: Path) -> None:
    path = _export(tmp_path / "export.csv", "id;text", IDS, TEXTS)
    assert '# language = "en"  # of 100 % of the texts' in render(inspect_export(path, default_journey()))


def test_a_configuration_is_tried_as_it_is(tmp_path: Path) -> None:
    path = _export(tmp_path / "export.csv", "id;text;stars", IDS, TEXTS, MARKS)
    found = inspect_export(path, default_journey(), config("stars", scale=[0, 3]))
    assert found.trial
    assert found.trial.accepted == 18
    wrong = inspect_export(path, default_journey(), config("stars", "date"))
    assert wrong.trial is None
    assert "has no column 'date'" in render(wrong)


def test_texts_in_place_of_touchpoints_are_not_shown(tmp_path: Path) -> None:
    path = _export(tmp_path / "export.csv", "id;text;where", IDS, MARKS, TEXTS)
    shown = render(inspect_export(path, default_journey(), config(mapping={"touchpoint": "where"})))
    assert "This is what" not in shown
    assert "0 from their column" in shown


def test_a_file_name_that_is_not_utf8_can_be_shown(tmp_path: Path) -> None:
    path = _export(tmp_path / os.fsdecode(b"na\xefve.csv"), "id;text", IDS, TEXTS)
    assert r"na\udcefve.csv" in render(inspect_export(path, default_journey(), config()))


def test_an_export_without_anything_like_a_text_says_so(tmp_path: Path) -> None:
    path = _export(tmp_path / "export.csv", "a;b", ["1"] * 30, ["2"] * 30)
    assert "no column looks like `id` or `text`" in render(inspect_export(path, default_journey()))


def test_names_that_only_contain_a_word_count_less() -> None:
    assert name_score("id", "id") > name_score("id", "review_id") > name_score("id", "shop id") > 0
    assert name_score("id", "idea") == 0
