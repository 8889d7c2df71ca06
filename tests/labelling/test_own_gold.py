"""Labels taken in are matched with what the model said of the same rows, and only random ones correct the report."""

from __future__ import annotations

from pathlib import Path

import duckdb

from cxnlp.config import parse_config
from cxnlp.report_stage import ReportModel, own_gold
from cxnlp.schema import SCHEMA_VERSION
from cxnlp.store import Store
from cxnlp.taxonomy import default_taxonomy
from labelling.build import fill

HEAD = "id,text,language,author,causes,part,drawn,who,when,guideline\n"
CONFIG = '[export]\npath = "x"\n[export.columns]\nid = "i"\ntext = "t"\n[report]\ngold = "labels"\n'


def test_gold_of_a_theme_that_the_model_has_not_learnt_stops_no_night(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "cxnlp.duckdb")) as connection:
        fill(connection, [{"id": "a", "text": "first", "causes": ["delivery"]}])
        connection.execute("INSERT INTO meta VALUES ('schema_version', ?)", [str(SCHEMA_VERSION)])
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "1.csv").write_text(
        f"{HEAD}a,first,en,customer,delivery;packaging_waste,gold,random,ann,2026-01-01,2\n", encoding="utf-8"
    )
    config = parse_config(CONFIG, "test", tmp_path)
    with Store(tmp_path / "cxnlp.duckdb", must_exist=True) as store:
        (row,) = own_gold(store, config, ReportModel("m@1", default_taxonomy(), (), ()))
    assert row.human == {"causes": ("delivery",)}


def test_own_gold_is_matched_by_id_and_holds_random_rows_only(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "cxnlp.duckdb")) as connection:
        fill(connection, [{"id": "a", "text": "first\r\nsecond", "causes": ["delivery"]}, {"id": "b", "text": "other"}])
        connection.execute("INSERT INTO meta VALUES ('schema_version', ?)", [str(SCHEMA_VERSION)])
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "1.csv").write_text(
        f"{HEAD}"
        'a,"first\nsecond",en,customer,delivery,gold,random,ann,2026-01-01,1\n'
        "b,other,en,customer,-,train,uncertain,ann,2026-01-01,1\n",
        encoding="utf-8",
    )
    config = parse_config(CONFIG, "test", tmp_path)
    with Store(tmp_path / "cxnlp.duckdb", must_exist=True) as store:
        found = own_gold(store, config, ReportModel("m@1", default_taxonomy(), (), ()))
    assert [row.id for row in found] == ["a"], "a line break that a spreadsheet changed does not lose the row"
    assert found[0].human == {"causes": ("delivery",)}
    assert found[0].predicted["causes"] == ("delivery",)
