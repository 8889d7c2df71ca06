"""The whole job on a slice of each real export: nothing crashes, every row is accounted for, and the page opens with
the text in its own direction. Skipped where the real exports are not beside the checkout."""

from __future__ import annotations

import gzip
import itertools
from datetime import date
from pathlib import Path

import pytest

from cxnlp.config import load_config
from cxnlp.pipeline import run

CONFIGURATIONS = sorted(path for path in (Path(__file__).parent / "real").glob("*.toml") if "journey" not in path.name)
ROWS = 120

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("path", CONFIGURATIONS, ids=lambda path: path.stem)
def test_a_slice_of_a_real_export_runs_through(path: Path, shared: Path, base_encoder: Path, tmp_path: Path) -> None:
    config = load_config(path)
    if path.stem == "poleval2024_pl":
        whole, wanted = shared / "benchmarks" / "poleval2024_pl.jsonl.gz", '"level": "review"'
    else:
        whole, wanted = shared / "feedback" / f"{path.stem}.jsonl.gz", ""
    with gzip.open(whole, "rt", encoding="utf-8") as lines:
        chosen = itertools.islice((line for line in lines if wanted in line), ROWS)
        (tmp_path / "slice.jsonl").write_text("".join(chosen), encoding="utf-8")
    own = {"path": str(tmp_path / "slice.jsonl"), "query": "", "database": ""}
    export = config.export.model_copy(update=own)
    store = config.store.model_copy(update={"path": str(tmp_path / "cxnlp.duckdb")})
    report = config.report.model_copy(update={"dir": str(tmp_path / "reports")})
    outcome = run(
        config.model_copy(update={"export": export, "store": store, "report": report}), today=date(2026, 11, 16)
    )
    record = outcome.record
    assert record.rows_read == ROWS
    assert record.rows_accepted + record.rejected == ROWS
    assert record.texts_pending == 0
    page = (outcome.report / "index.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>") or page.startswith("<!DOCTYPE html>")
    right_to_left = path.stem == "snappfood_fa"
    assert ('dir="rtl"' in page) is right_to_left
