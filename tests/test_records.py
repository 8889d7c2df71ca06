"""What a text's key is: the same for the same words, whatever their Unicode form or surrounding blanks."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxnlp.ingest import FRAME_COLUMNS
from cxnlp.records import RECORD_COLUMNS, reply_record_id, text_hash
from cxnlp.schema import FEEDBACK


def test_the_key_of_a_text_never_changes() -> None:
    """Predictions are kept under it: another key would have every store read anew."""
    assert text_hash("The parcel was late") == "e84e737ebc8d45c586f080d729dd9d38"


@given(st.text())
def test_blanks_around_and_the_form_of_letters_do_not_matter(text: str) -> None:
    assert text_hash(f"  {text}\n") == text_hash(text) == text_hash(unicodedata.normalize("NFD", text))


@pytest.mark.parametrize(("one", "other"), [("late", "Late"), ("a b", "a  b"), ("", "."), ("late", "late!")])
def test_other_words_have_other_keys(one: str, other: str) -> None:
    assert text_hash(one) != text_hash(other)


def test_half_an_emoji_has_a_key() -> None:
    assert len(text_hash("broken \ud83d")) == 32


def test_a_reply_is_named_after_its_comment() -> None:
    assert reply_record_id("7") == "7/reply"


def test_readers_and_store_speak_of_the_same_columns() -> None:
    assert set(RECORD_COLUMNS) < set(FRAME_COLUMNS)
    for name in FRAME_COLUMNS:
        assert f"\n    {name} " in FEEDBACK, name
