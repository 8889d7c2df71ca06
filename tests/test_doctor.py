"""`cxnlp doctor` says what is missing, and what to do about each thing."""

from __future__ import annotations

from pathlib import Path

import pytest
from night import CONFIG, row, write_export

from cxnlp import doctor
from cxnlp.doctor import Check, examine
from cxnlp.errors import ModelError


def by_subject(checks: list[Check]) -> dict[str, Check]:
    return {check.subject: check for check in checks}


@pytest.fixture(autouse=True)
def no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_processor", lambda: Check("processor", "ok", "fast"))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    write_export(tmp_path / "exports/a.csv", [row(1)])
    (tmp_path / "cxnlp.toml").write_text(CONFIG, encoding="utf-8")
    return tmp_path / "cxnlp.toml"


def test_without_a_configuration_the_machine_alone() -> None:
    assert set(by_subject(examine())) == {"Python", "memory", "processor", "base model", "disk"}


def test_a_good_configuration(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Model:
        version = "default@3f2a9c01b7de"

    monkeypatch.setattr("cxnlp.pipeline.find_model", lambda config: Model())
    checks = by_subject(examine(config))
    assert checks["export"] == Check("export", "ok", "1 file")
    assert checks["journey"].finding == "8 touchpoints"
    assert checks["model"].finding == "default@3f2a9c01b7de"
    assert "copy of the store" not in checks, "there is no store yet"


def test_each_thing_that_is_missing_comes_with_its_advice(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lacking(_: object) -> None:
        raise ModelError("models/default: there is no such model folder")

    monkeypatch.setattr("cxnlp.pipeline.find_model", lacking)
    text = CONFIG + '[journey]\npath = "nowhere.toml"\n[notify]\nurls = ["json://localhost"]\n'
    config.write_text(text.replace("exports/*.csv", "elsewhere/*.csv"), encoding="utf-8")
    monkeypatch.setattr(doctor, "find_spec", lambda name: None)
    (config.parent / "store").mkdir()
    (config.parent / "store/cxnlp.duckdb").write_bytes(b"")
    checks = by_subject(examine(config))
    missing = {subject for subject, check in checks.items() if check.state == "missing"}
    assert missing >= {"export", "journey", "model", "notify", "copy of the store"}
    assert all(checks[subject].advice for subject in missing)


def test_what_is_odd_about_the_reports(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("2026-11-20", "9000-01-01", "latest"):
        (config.parent / "reports" / name).mkdir(parents=True)
    odd = [check for check in examine(config) if check.state == "odd"]
    assert [check.subject for check in odd] == ["reports", "reports"] and all(check.advice for check in odd)
    assert "days to come (9000-01-01)" in odd[0].finding and "latest is no link" in odd[1].finding


def test_a_configuration_that_cannot_be_read(config: Path) -> None:
    config.write_text("[export\n", encoding="utf-8")
    check = by_subject(examine(config))["configuration"]
    assert check.state == "missing" and "not valid TOML" in check.finding


def test_little_memory_and_disk_are_slow_not_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Little:
        available = 10**9
        free = 10**9

    monkeypatch.setattr("psutil.virtual_memory", lambda: Little)
    monkeypatch.setattr("shutil.disk_usage", lambda path: Little)
    checks = by_subject(examine())
    assert checks["memory"].state == checks["disk"].state == "slow"
    assert checks["memory"].advice and checks["disk"].advice
