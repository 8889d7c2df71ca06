"""The taxonomy file: the default is the guideline's; what contradicts itself is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from cxnlp.errors import TaxonomyError
from cxnlp.taxonomy import REPORT_TASKS, RESERVED_NAMES, default_taxonomy, load_taxonomy, parse_taxonomy

MOOD = 'name = "own"\n[[tasks]]\nname = "mood"\nkind = "{kind}"\nlabels = [{{name = "good"}}, {{name = "bad"}}]\n'
SINGLE, MULTI = MOOD.format(kind="single"), MOOD.format(kind="multi")


def test_the_default_taxonomy_is_the_guideline() -> None:
    taxonomy = default_taxonomy()
    assert taxonomy.task_names == REPORT_TASKS and taxonomy.serves_report()
    assert [task.kind for task in taxonomy.tasks] == ["multi", "ordinal", "single", "multi", "multi"]
    emotions = taxonomy.task("emotions")
    assert {label.name for label in emotions.labels if label.valence == "positive"} == {
        "satisfaction",
        "delight",
        "gratitude",
        "trust",
    }
    assert {label.name for label in emotions.labels if label.valence == "negative"} == {
        "anger",
        "frustration",
        "disappointment",
        "anxiety",
        "confusion",
        "neglect",
    }
    assert ("satisfaction", "delight") in emotions.exclusive
    assert taxonomy.task("effort").label_names == ("unstated", "low", "moderate", "high")
    assert set(taxonomy.task("stance").label_names) == {"complaint", "excuse", "resolution", "neither"}
    causes, strengths = taxonomy.task("causes"), taxonomy.task("strengths")
    assert causes.label_names == strengths.label_names and len(causes.labels) == 17
    assert {label.layer for label in causes.labels} == {"hospitality", "service", "product", "experience"}
    assert all(label.owner for label in causes.labels)


def test_the_fingerprint_follows_the_shape_and_not_the_wording() -> None:
    plain = parse_taxonomy(SINGLE)
    assert parse_taxonomy(SINGLE + 'definition = "How it felt"\n').fingerprint == plain.fingerprint
    assert parse_taxonomy(SINGLE.replace("bad", "worse")).fingerprint != plain.fingerprint
    assert parse_taxonomy(MULTI).fingerprint != plain.fingerprint


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        ('name = "own"\n', "tasks: Field required"),
        ("[[tasks]", "not valid TOML"),
        (SINGLE + SINGLE[SINGLE.index("[[") :], "tasks named more than once: mood"),
        (SINGLE.replace('"bad"', '"good"'), "task 'mood' names good more than once"),
        (SINGLE.replace(', {name = "bad"}', ""), "needs at least two labels, found 1"),
        (SINGLE.replace('"bad"', '"Very bad"'), "String should match pattern"),
        (SINGLE + 'none = "fine"\n', "refers to labels it does not have: fine"),
        (MULTI + 'none = "bad"\n', "an empty list says none, so it takes no `none`"),
        (MULTI + 'exclusive = [["good", "fine"]]\n', "refers to labels it does not have: fine"),
        (SINGLE.replace("single", "triple"), "kind: Input should be 'single', 'multi' or 'ordinal'"),
    ],
)
def test_what_is_wrong_is_named(toml: str, told: str) -> None:
    with pytest.raises(TaxonomyError, match=told) as error:
        parse_taxonomy(toml, "taxonomy.toml")
    assert str(error.value).startswith("taxonomy.toml: ")


@pytest.mark.parametrize("name", sorted(RESERVED_NAMES))
def test_a_task_may_not_be_called_like_a_column(name: str) -> None:
    with pytest.raises(TaxonomyError, match="is the name of a column of its own"):
        parse_taxonomy(SINGLE.replace('"mood"', f'"{name}"'))


def test_asking_for_what_is_not_there_says_what_is() -> None:
    taxonomy = parse_taxonomy(SINGLE)
    with pytest.raises(TaxonomyError, match="has no task 'effort'; it has mood"):
        taxonomy.task("effort")
    with pytest.raises(TaxonomyError, match="has no label 'fine'; it has good, bad"):
        taxonomy.task("mood").label("fine")
    assert not taxonomy.serves_report()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TaxonomyError, match=r"none\.toml: cannot be read"):
        load_taxonomy(tmp_path / "none.toml")


def test_an_unknown_key_is_named_with_its_place_and_the_keys_there_are() -> None:
    toml = 'name = "t"\n[[tasks]]\nname = "mood"\nkind = "single"\n[[tasks.labels]]\nname = "glad"\ndisplay = "Glad"\n'
    told = r"tasks\[mood\]\.labels\[glad\]\.display: unknown key; known are name, title"
    with pytest.raises(TaxonomyError, match=told):
        parse_taxonomy(toml, "taxonomy.toml")
