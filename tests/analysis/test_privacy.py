"""Protects customers: personal data must not reach a page, and ordinary words must stay readable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxnlp.analysis.privacy import mask


@pytest.mark.parametrize(
    ("text", "language", "shown"),
    [
        ("mail anna.k+x@poczta.example.pl now", "pl", "mail [e-mail] now"),
        ("tel. 601 234 567 nikt nie odbiera", "pl", "tel. [phone] nikt nie odbiera"),
        ("+44 20 7946 0958 rings out", "en", "[phone] rings out"),
        ("nu a raspuns 0722 123 456", "ro", "nu a raspuns [phone]"),
        ("gọi 0912 345 678 hoặc @nguyen.an", "vi", "gọi [phone] hoặc [handle]"),
        ("شماره من ۰۹۱۲۳۴۵۶۷۸۹ است", "fa", "شماره من [phone] است"),
        ("card 4111 1111 1111 1111 charged twice", "en", "card [card] charged twice"),
        ("IBAN PL61109010140000071219812874 please", "pl", "IBAN [account] please"),
        ("order #AB-12345 and 123456789012", "en", "order #[number] and [number]"),
        ("see https://shop.example/t?token=1", "en", "see [link]"),
        ("Mr Smith and Mrs. Jane Doe were rude", "en", "Mr [name] and Mrs. [name] were rude"),
        ("Pani Kowalska była miła", "pl", "Pani [name] była miła"),
        ("آقای رضایی جواب نداد", "fa", "آقای [name] جواب نداد"),
    ],
)
def test_personal_data_is_masked(text: str, language: str, shown: str) -> None:
    assert mask(text, language).text == shown
    assert mask(text, language).changed


@pytest.mark.parametrize(
    "text",
    [
        "bought 12/03/2025 for 49.99, came 14.03.2025",
        "1 000 000 lei, 12.500.000 đ, 4000mAh, 100 %",
        "the iPhone13 beats the A320 and my MP3 player, 4K, 5G, 24/7",
        "ref 2023-10-05 14:30:22",
        "pan z obsługi był miły, anh ơi",
        "10/10 would buy @ this price again",
    ],
)
def test_ordinary_words_and_numbers_stay(text: str) -> None:
    for language in ("en", "pl", "vi", None):
        masked = mask(text, language)
        assert (masked.text, masked.changed) == (text, False)


@given(st.text(max_size=200), st.sampled_from(["en", "fa", "pl", "ro", "vi", None]))
def test_any_text_can_be_masked_and_masking_twice_changes_nothing(text: str, language: str | None) -> None:
    once = mask(text, language).text
    assert mask(once, language).text == once
