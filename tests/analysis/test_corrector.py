"""Protects which error rates correct which share: by language, by author, by the rows that a share is made of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cxnlp.analysis.correct import PairedCells
from cxnlp.analysis.corrector import Corrector, Member
from cxnlp.analysis.events import Vocabulary
from cxnlp.analysis.numbers import Corrected
from cxnlp.analysis.settings import GoldRow
from cxnlp.taxonomy import default_taxonomy

VOCABULARY = Vocabulary.of(default_taxonomy())
HAPPY = {"emotions": ("satisfaction",), "stance": ("neither",)}
UNHAPPY = {"emotions": ("anger",), "stance": ("complaint",)}
ALL = ("overall", "overall")


def gold(right_happy: int, wrong_happy: int, right_unhappy: int, wrong_unhappy: int, **kind: str) -> list[GoldRow]:
    sides = [(HAPPY, HAPPY)] * right_happy + [(HAPPY, UNHAPPY)] * wrong_happy
    sides += [(UNHAPPY, UNHAPPY)] * right_unhappy + [(UNHAPPY, HAPPY)] * wrong_unhappy
    language, origin, author = kind.get("language", "en"), kind.get("origin", "real"), kind.get("author", "customer")
    return [GoldRow(f"{language}{i}", language, author, origin, human, read) for i, (human, read) in enumerate(sides)]


def corrected(corrector: Corrector, strata: dict[str, tuple[int, int]], *place: str) -> Corrected:
    found = corrector.share(strata, "expressed", *(place or ALL)).corrected
    assert found is not None
    return found


def test_written_rows_do_not_correct_shares_of_real_ones() -> None:
    corrector = Corrector(gold(90, 10, 80, 20, origin="written"), VOCABULARY, {"en": 100})
    assert corrector.share({"en": (48, 100)}, "expressed", *ALL).corrected is None


def test_each_language_is_corrected_by_its_own_rates_and_groups_add_up() -> None:
    rows = gold(60, 0, 60, 0, language="en") + gold(42, 18, 60, 0, language="fa")
    corrector = Corrector(rows, VOCABULARY, {"en": 500, "fa": 500})
    assert corrected(corrector, {"fa": (350, 1000)}, "language", "fa").value == pytest.approx(0.35 / 0.7)
    assert corrected(corrector, {"en": (350, 1000)}, "language", "en").value == pytest.approx(0.35)
    # a country whose texts are all Persian is read as Persian is, whatever else the export holds
    assert corrected(corrector, {"fa": (350, 1000)}, "country", "Iran").value == pytest.approx(0.5)
    mixed = corrected(corrector, {"fa": (350, 1000), "en": (350, 1000)})
    assert mixed.safe and mixed.value == pytest.approx((0.5 + 0.35) / 2)


def test_a_language_with_few_rows_is_read_as_all_are_unless_languages_differ() -> None:
    few = gold(11, 4, 15, 1, language="en")
    alike = gold(75, 25, 95, 5, language="fa") + gold(74, 26, 94, 6, language="ro")
    other = gold(99, 1, 95, 5, language="fa") + gold(50, 50, 94, 6, language="ro")
    for rest, reason in ((alike, ""), (other, "shift")):
        corrector = Corrector(few + rest, VOCABULARY, {"en": 900, "fa": 100})
        share = corrected(corrector, {"en": (220, 900)}, "touchpoint", "use")
        assert (share.safe, share.reason) == (not reason, reason)
        gap = corrector.gap({"en": PairedCells(200, 300, 20, 380)}, "expressed", *ALL)
        assert gap is not None and gap.safe is not bool(reason)
        assert corrector.problem("expressed") == reason


def test_a_language_never_labelled_makes_corrections_unsafe_once_it_is_a_fifth() -> None:
    rows = gold(90, 10, 80, 20)
    strata = {"en": (240, 500), "vi": (240, 500)}
    half = Corrector(rows, VOCABULARY, {"en": 500, "vi": 500})
    assert (corrected(half, strata).safe, corrected(half, strata).reason) == (False, "shift")
    # decided for the export, so that its groups can be compared with each other
    assert not corrected(half, {"en": (240, 500)}, "language", "en").safe
    tenth = Corrector(rows, VOCABULARY, {"en": 900, "vi": 100})
    assert corrected(tenth, {"en": (432, 900), "vi": (48, 100)}).safe
    assert not corrected(tenth, {"en": (10, 50), "vi": (20, 50)}, "touchpoint", "pay").safe


def test_rows_of_customers_say_nothing_of_how_replies_are_read() -> None:
    excuse, remedy = {"stance": ("excuse",)}, {"stance": ("resolution",)}
    persian = [
        replace(row, author="company", human=excuse if at % 2 else remedy, predicted=excuse if at % 2 else remedy)
        for at, row in enumerate(gold(60, 0, 0, 0, language="fa"))
    ]
    corrector = Corrector(persian + gold(60, 0, 60, 0), VOCABULARY, {"en": 500})
    share = corrector.share({"en": (40, 100)}, "excuse", "replies", "all", author="company").corrected
    assert share is not None and (share.safe, share.reason) == (False, "shift")
    corrector = Corrector(persian, VOCABULARY, {"fa": 500})
    share = corrector.share({"fa": (40, 100)}, "excuse", "replies", "all", author="company").corrected
    assert share is not None and share.safe


def test_single_causes_are_as_read() -> None:
    rows = [
        GoldRow(str(at), "en", "customer", "real", {"causes": ("delivery",) * (at % 2)}, {"causes": ()})
        for at in range(100)
    ]
    corrector = Corrector(rows, VOCABULARY, {"en": 100})
    assert corrector.share({"": (30, 100)}, "causes:delivery", *ALL).corrected is None
    assert corrector.problem("causes:delivery") == "single_label"


def test_labels_drawn_from_the_export_are_used_as_such() -> None:
    rows = gold(45, 5, 40, 10)
    members = {row.id: Member({"overall": "overall", "touchpoint": "use"}) for row in rows}
    corrector = Corrector(rows, VOCABULARY, {"en": 1000}, is_random=True, members=members)
    own = corrected(corrector, {"en": (480, 1000)}, "touchpoint", "use")
    elsewhere = corrected(corrector, {"en": (480, 1000)}, "touchpoint", "pay")
    assert own.method == "ppi" and own.labels == 100
    assert elsewhere.method == "rogan-gladen"


def test_labels_correct_only_the_shares_whose_rows_they_are_among() -> None:
    # 3,000 texts, 60 % happy, read without any fault; nobody in the low box is happy, all in the top box are
    rows = gold(180, 0, 120, 0)
    members = {row.id: Member({}, rated=True, top=row.human == HAPPY, low_box=row.human == UNHAPPY) for row in rows}
    corrector = Corrector(rows, VOCABULARY, {"en": 3000}, is_random=True, members=members)
    fans = corrector.share({"en": (0, 1200)}, "expressed", *ALL, among="low_box").corrected
    assert fans is not None and fans.method == "ppi" and fans.labels == 120
    assert fans.value == pytest.approx(0.0, abs=1e-9) and fans.high < 0.03
    top = corrector.share({"en": (1800, 1800)}, "expressed", *ALL, among="top").corrected
    assert top is not None and top.labels == 180 and top.value == pytest.approx(1.0)
    gap = corrector.gap({"en": PairedCells(1800, 0, 0, 1200)}, "expressed", *ALL)
    assert gap is not None and gap.method == "ppi" and gap.value == pytest.approx(0.0, abs=1e-9)


def test_quiet_fans_are_found_without_bias_through_labels_of_their_own() -> None:
    rng = np.random.default_rng(5)
    errors = []
    for _ in range(30):
        low = rng.random(2000) < 0.3
        happy = np.where(low, rng.random(2000) < 0.1, rng.random(2000) < 0.7)
        read = np.where(rng.random(2000) < 0.9, happy, ~happy)
        drawn = rng.choice(2000, 400, replace=False)
        sides = {True: HAPPY, False: UNHAPPY}
        rows = [
            GoldRow(str(at), "en", "customer", "real", sides[bool(happy[at])], sides[bool(read[at])]) for at in drawn
        ]
        members = {str(at): Member({}, rated=True, top=not low[at], low_box=bool(low[at])) for at in drawn}
        corrector = Corrector(rows, VOCABULARY, {"en": 2000}, is_random=True, members=members)
        fans = corrector.share(
            {"en": (int((low & read).sum()), int(low.sum()))}, "expressed", *ALL, among="low_box"
        ).corrected
        assert fans is not None
        errors.append(fans.value - happy[low].mean())
    assert abs(np.mean(errors)) < 0.015  # ten points too many when every labelled row was taken for one of them
