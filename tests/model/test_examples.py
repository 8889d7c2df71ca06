"""Labelled rows become arrays without losing what is not labelled, and are split by near-duplicate group."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cxnlp.errors import LabelsError
from cxnlp.model.examples import (
    Examples,
    concatenate,
    from_frame,
    near_duplicate_groups,
    split_groups,
    split_validation,
)
from cxnlp.taxonomy import Taxonomy


def frame(**columns: list[object]) -> pd.DataFrame:
    count = len(next(iter(columns.values())))
    return pd.DataFrame({"id": [f"r{n}" for n in range(count)], "text": ["some words"] * count, **columns})


def test_an_empty_cell_is_not_none(taxonomy: Taxonomy) -> None:
    found = from_frame(frame(mood=["", "-", "glad;cross", None]), taxonomy)
    assert np.isnan(found.targets["mood"][0]).all()
    assert found.targets["mood"][1].tolist() == [0, 0, 0]
    assert found.targets["mood"][2].tolist() == [1, 0, 1]
    assert np.isnan(found.targets["mood"][3]).all()
    assert found.labelled("mood").tolist() == [False, True, True, False]
    assert not found.labelled("stance").any()


def test_none_of_a_single_task_is_its_none_label(taxonomy: Taxonomy) -> None:
    found = from_frame(frame(stance=["-"]), taxonomy)
    assert found.targets["stance"][0].tolist() == [0, 0, 1]


def test_an_unknown_label_is_named_with_its_row(taxonomy: Taxonomy) -> None:
    with pytest.raises(
        LabelsError, match="row 'r1', column 'mood': unknown label 'sulky'; mood knows glad, happy, cross"
    ):
        from_frame(frame(mood=["glad", "sulky"]), taxonomy)


def test_two_labels_of_a_single_task_are_refused(taxonomy: Taxonomy) -> None:
    with pytest.raises(LabelsError, match="column 'stance': stance takes exactly one label, found 2"):
        from_frame(frame(stance=["complaint;excuse"]), taxonomy)


def test_missing_columns_are_named(taxonomy: Taxonomy) -> None:
    with pytest.raises(LabelsError, match="lack the column text"):
        from_frame(pd.DataFrame({"id": ["a"]}), taxonomy)
    with pytest.raises(LabelsError, match="no column of a task"):
        from_frame(frame(other=["x"]), taxonomy)


def test_a_first_row_taken_for_column_names_is_not_quoted(taxonomy: Taxonomy) -> None:
    with pytest.raises(LabelsError, match="found 2 columns, none of them known") as caught:
        from_frame(pd.DataFrame({"r1": ["r2"], "my secret": ["x"]}), taxonomy)
    assert "secret" not in str(caught.value)


def test_a_label_cell_that_holds_a_text_is_not_quoted(taxonomy: Taxonomy) -> None:
    with pytest.raises(LabelsError, match=r"unknown label \(a text of 31 characters\)"):
        from_frame(frame(mood=["my secret is kept nowhere else."]), taxonomy)


def test_rows_without_text_are_left_out(taxonomy: Taxonomy) -> None:
    rows = frame(mood=["glad", "cross"])
    rows["text"] = ["  ", "words"]
    assert from_frame(rows, taxonomy).ids == ("r1",)


def test_the_fingerprint_sees_labels_and_texts(examples: Examples) -> None:
    changed = {name: values.copy() for name, values in examples.targets.items()}
    changed["mood"][0] = 1 - changed["mood"][0]
    relabelled = Examples(**{**vars(examples), "targets": changed})
    assert relabelled.fingerprint != examples.fingerprint
    assert examples.take(range(len(examples))).fingerprint == examples.fingerprint
    assert examples.take([1, 0]).fingerprint != examples.take([0, 1]).fingerprint


def test_joining_keeps_order(examples: Examples) -> None:
    assert concatenate([examples.take([3, 4]), examples.take([0])]).ids == examples.take([3, 4, 0]).ids


class TestNearDuplicates:
    def test_copies_with_other_case_and_marks_share_a_group(self) -> None:
        groups = near_duplicate_groups(["Great shop, fast delivery!", "great shop  fast delivery", "never again"])
        assert groups[0] == groups[1] != groups[2]

    def test_a_typo_in_a_long_text_is_the_same_text(self) -> None:
        text = "the parcel came two days late and nobody could tell me where it had been all that time"
        groups = near_duplicate_groups([text, text.replace("parcel", "parcle"), "the parcel came"])
        assert groups[0] == groups[1] != groups[2]

    def test_it_finds_what_comparing_all_pairs_finds(self) -> None:
        generator = np.random.default_rng(0)
        words = [f"{a}{b}" for a in ("ba", "co", "du", "fi") for b in ("lo", "mer", "nast", "pi")]
        texts = [" ".join(generator.choice(words, size=generator.integers(2, 9))) for _ in range(150)]
        texts += [text + "s" for text in texts[:40]]

        def trigrams(text: str) -> set[str]:
            return {f" {text} "[i : i + 3] for i in range(len(text))}

        parent = list(range(len(texts)))
        for i, one in enumerate(texts):
            for j in range(i):
                shared = len(trigrams(one) & trigrams(texts[j]))
                if shared >= 0.7 * len(trigrams(one) | trigrams(texts[j])):
                    old, new = parent[i], parent[j]
                    parent = [new if value == old else value for value in parent]
        groups = near_duplicate_groups(texts)
        for i in range(len(texts)):
            for j in range(i):
                assert (groups[i] == groups[j]) == (parent[i] == parent[j])

    def test_nothing_but_marks(self) -> None:
        assert len(set(near_duplicate_groups(["!!!", "???", "😀"]).tolist())) >= 1


class TestSplit:
    def test_groups_stay_whole_and_languages_keep_their_share(self, examples: Examples) -> None:
        doubled = concatenate([examples, examples])
        train, validation = split_validation(doubled, 0.2, seed=1)
        assert sorted([*train, *validation]) == list(range(len(doubled)))
        groups = near_duplicate_groups(doubled.texts)
        assert not set(groups[train]) & set(groups[validation])
        languages = np.array(doubled.languages)
        for code in ("en", "vi"):
            assert (languages[validation] == code).sum() / (languages == code).sum() == pytest.approx(0.2, abs=0.04)

    def test_rows_of_one_review_or_one_customer_stay_together(self, examples: Examples) -> None:
        rows = examples.take(np.arange(60))
        names = tuple(f"review {row // 6}" if row < 30 else "" for row in range(60))
        grouped = replace(rows, groups=names)
        numbers = split_groups(grouped)
        for name in set(names) - {""}:
            assert len({int(n) for n, given in zip(numbers, names, strict=True) if given == name}) == 1
        train, validation = split_validation(grouped, 0.3, seed=1)
        assert not {names[row] for row in train} & {names[row] for row in validation} - {""}
        assert {names[row] for row in validation} - {""}, "no group reached validation: nothing was tested"

    def test_a_group_joins_what_near_duplicates_had_joined(self, examples: Examples) -> None:
        rows = examples.take([0, 0, 1, 1])
        assert len(set(split_groups(rows).tolist())) == 2
        assert len(set(split_groups(replace(rows, groups=("", "a", "a", ""))).tolist())) == 1

    def test_what_was_learnt_before_stays_in_training_with_all_that_repeats_it(self, examples: Examples) -> None:
        doubled = concatenate([examples, examples])
        seen = np.arange(len(doubled)) < 0.8 * len(examples)
        _train, validation = split_validation(doubled, 0.15, seed=1, seen=seen)
        groups = near_duplicate_groups(doubled.texts)
        assert not set(groups[validation]) & set(groups[seen])
        assert len(validation) / len(doubled) == pytest.approx(0.15, abs=0.02)

    def test_own_rows_and_others_each_keep_their_share(self, examples: Examples) -> None:
        own = np.arange(len(examples)) < 100
        seen = np.arange(len(examples)) < 80
        _train, validation = split_validation(examples, 0.15, seed=1, own=own, seen=seen)
        assert own[validation].sum() == pytest.approx(15, abs=4)
        assert (~own)[validation].sum() == pytest.approx(0.15 * 400, abs=6)

    def test_the_seed_decides(self, examples: Examples) -> None:
        first, again, other = (split_validation(examples, 0.2, seed)[1].tolist() for seed in (1, 1, 2))
        assert first == again != other
