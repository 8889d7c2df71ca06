"""Protects the definitions of what a text says: SQL and Python must agree on every combination of labels."""

from __future__ import annotations

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from cxnlp.analysis.events import Vocabulary, event_sql, events_of, sql_list, sql_string
from cxnlp.taxonomy import default_taxonomy

TAXONOMY = default_taxonomy()
VOCABULARY = Vocabulary.of(TAXONOMY)


def several(task: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(TAXONOMY.task(task).label_names), unique=True, max_size=4).map(tuple)


def one(task: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.sampled_from(TAXONOMY.task(task).label_names).map(lambda name: (name,))


@settings(max_examples=150, deadline=None)
@given(several("emotions"), one("effort"), one("stance"), several("causes"), several("strengths"))
def test_sql_and_python_agree(
    emotions: tuple[str, ...],
    effort: tuple[str, ...],
    stance: tuple[str, ...],
    causes: tuple[str, ...],
    strengths: tuple[str, ...],
) -> None:
    labels = {"emotions": emotions, "effort": effort, "stance": stance, "causes": causes, "strengths": strengths}
    conditions = event_sql(VOCABULARY)
    row = duckdb.execute(
        f"SELECT {', '.join(conditions.values())} FROM (SELECT {sql_list(emotions)} AS emotions, "
        f"{sql_string(effort[0])} AS effort, {sql_string(stance[0])} AS stance, {sql_list(causes)} AS causes, "
        f"{sql_list(strengths)} AS strengths)"
    ).fetchone()
    assert row is not None
    expected = events_of(labels, VOCABULARY)
    assert dict(zip(conditions, row, strict=True)) == {name: expected[name] for name in conditions}


def test_expressed_satisfaction_needs_good_words_and_no_complaint() -> None:
    happy = {"emotions": ("satisfaction",), "stance": ("neither",), "effort": ("unstated",)}
    assert events_of(happy, VOCABULARY)["expressed"]
    assert not events_of(happy | {"stance": ("complaint",)}, VOCABULARY)["expressed"]
    assert not events_of(happy | {"emotions": ("satisfaction", "anger")}, VOCABULARY)["expressed"]
    assert not events_of(happy | {"emotions": ()}, VOCABULARY)["expressed"]


def test_high_effort_alone_makes_a_text_unhappy() -> None:
    labels = {"emotions": ("gratitude",), "stance": ("neither",), "effort": ("high",)}
    assert events_of(labels, VOCABULARY)["unhappy"]


def test_praise_of_the_product_is_not_praise_of_the_basics_only() -> None:
    assert events_of({"strengths": ("staff_attitude", "delivery")}, VOCABULARY)["basics_only"]
    assert not events_of({"strengths": ("staff_attitude", "product_quality")}, VOCABULARY)["basics_only"]
    assert not events_of({"strengths": ()}, VOCABULARY)["basics_only"]


def test_what_is_not_labelled_is_absent_not_false() -> None:
    events = events_of({"emotions": ("anger",)}, VOCABULARY)
    assert events["destroying"] and "expressed" not in events and "causes:delivery" not in events


def test_quotes_in_names_do_not_leave_the_string() -> None:
    assert sql_string("it's") == "'it''s'"
