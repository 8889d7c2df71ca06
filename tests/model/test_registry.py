"""A model takes another's place only when a paired test lets it, and can be taken back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cxnlp.errors import GateError, ModelError
from cxnlp.model import folder, registry


def lines(count: int, wrong: float, *, seed: int = 0, wrong_in: str | None = None) -> list[dict[str, Any]]:
    """Gold lines of a model that errs on a share of rows, in one language only if `wrong_in` is given."""
    generator = np.random.default_rng(seed)
    found = []
    for number in range(count):
        language = ("en", "vi")[number % 2]
        human = ["glad"] if number % 3 else ["cross"]
        errs = generator.random() < (wrong if wrong_in in (None, language) else 0.0)
        predicted = (["cross"] if human == ["glad"] else ["glad"]) if errs else human
        found.append(
            {"id": f"g{number}", "language": language, "human": {"mood": human}, "predicted": {"mood": predicted}}
        )
    return found


@pytest.fixture
def home(tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `models/` with `default` (errs on 20 %) and `candidate` (another version, no gold lines yet)."""
    monkeypatch.setenv("CXNLP_MODELS", str(tmp_path))
    shutil.copytree(tiny_model, tmp_path / "default")
    shutil.copytree(tiny_model, tmp_path / "candidate")
    calibration = json.loads((tmp_path / "candidate/calibration.json").read_text())
    calibration["unsure_below"] = 0.123
    (tmp_path / "candidate/calibration.json").write_text(json.dumps(calibration))
    folder.seal(tmp_path / "candidate")
    keep(tmp_path / "default", lines(400, 0.2, seed=1))
    return tmp_path


def keep(model: Path, gold: list[dict[str, Any]]) -> None:
    folder.add_files(model, {"gold.jsonl": "".join(json.dumps(line) + "\n" for line in gold)})


def test_a_better_model_takes_over_and_can_be_taken_back(home: Path) -> None:
    keep(home / "candidate", lines(400, 0.05, seed=2))
    before, after = (folder.version_of(home / name) for name in ("default", "candidate"))
    comparison = registry.promote(home / "candidate", home / "default")
    assert comparison is not None
    assert comparison.passes
    assert comparison.difference > 0.1
    assert folder.version_of(home / "default") == after
    assert (home / "candidate").is_dir()
    folder.check(home / "default")
    assert registry.roll_back(home / "default") == before
    assert folder.version_of(home / "default") == before
    with pytest.raises(ModelError, match="no earlier version to roll back to"):
        registry.roll_back(home / "default")


def test_a_worse_model_is_refused_and_nothing_changes(home: Path) -> None:
    keep(home / "candidate", lines(400, 0.35, seed=2))
    before = folder.version_of(home / "default")
    with pytest.raises(GateError, match=r"candidate is not promoted: mean F1 -0\.1"):
        registry.promote(home / "candidate", home / "default")
    assert folder.version_of(home / "default") == before
    assert not registry.history(home / "default")
    registry.promote(home / "candidate", home / "default", force=True)
    assert folder.version_of(home / "default") != before


def test_a_model_that_ruins_one_language_is_refused(home: Path) -> None:
    keep(home / "default", lines(400, 0.0))
    keep(home / "candidate", lines(400, 0.1, seed=2, wrong_in="vi"))
    comparison = registry.compare(registry.gold_of(home / "candidate"), registry.gold_of(home / "default"))
    assert comparison.collapsed == ("vi",)
    with pytest.raises(GateError, match="collapsed: vi -0"):
        registry.promote(home / "candidate", home / "default")


def test_an_equal_model_is_not_worse(home: Path) -> None:
    keep(home / "candidate", lines(400, 0.2, seed=1))
    comparison = registry.promote(home / "candidate", home / "default")
    assert comparison is not None
    assert comparison.difference == 0.0


def test_a_model_that_was_not_evaluated_is_refused(home: Path) -> None:
    with pytest.raises(ModelError, match="was not evaluated on the gold rows: run `cxnlp evaluate"):
        registry.promote(home / "candidate", home / "default")


def test_models_on_different_gold_are_not_compared() -> None:
    changed = lines(100, 0.1)
    changed[0]["human"] = {"mood": []}
    with pytest.raises(ModelError, match="gold labels differ"):
        registry.compare(changed, lines(100, 0.1))
    with pytest.raises(ModelError, match="share 0 gold rows"):
        registry.compare([{**line, "id": "x" + line["id"]} for line in lines(100, 0.1)], lines(100, 0.1))


def test_a_broken_candidate_is_refused(home: Path) -> None:
    (home / "candidate/model.safetensors").write_bytes(b"")
    with pytest.raises(ModelError, match=r"model\.safetensors was changed"):
        registry.promote(home / "candidate", home / "default")


def test_labels_in_another_order_are_the_same_labels() -> None:
    one, other = lines(100, 0.1), lines(100, 0.1)
    for line, turned in zip(one, other, strict=True):
        line["human"] = {"mood": ["glad", "cross"]}
        turned["human"] = {"mood": ["cross", "glad"]}
    assert registry.compare(one, other).difference == 0.0


def test_a_task_without_labels_says_nothing_of_either_model() -> None:
    """One model gives a label wrongly where the other gives none: that has no F1 to compare with."""
    one, other = lines(100, 0.1), lines(100, 0.1)
    for number, (line, plain) in enumerate(zip(one, other, strict=True)):
        line["human"] = plain["human"] = {**line["human"], "praise": []}
        line["predicted"] = {**line["predicted"], "praise": ["staff"] * (number == 0)}
    found = registry.compare(one, other)
    assert (found.difference, found.low, found.high) == (0.0, 0.0, 0.0)


def test_training_writes_no_model_where_others_are_kept(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "base").mkdir()
    (home / "work").mkdir()
    monkeypatch.chdir(home / "work")
    for place in (home, home.parent, Path("models"), Path()):
        with pytest.raises(ModelError, match="models are kept below this folder"):
            registry.check_out(place)
    with pytest.raises(ModelError, match="where base encoders are kept"):
        registry.check_out(home / "base")
    with pytest.raises(ModelError, match="holds 1 files or folders and is no model"):
        (home / "base" / "some-encoder").mkdir(parents=True)
        (home / "base" / "some-encoder" / "model.safetensors").write_bytes(b"")
        registry.check_out(home / "base" / "some-encoder")
    for place in (home / "candidate", home / "new", Path("models/new"), home / "work" / "elsewhere"):
        registry.check_out(place)


def test_training_does_not_pass_by_the_gate(home: Path) -> None:
    with pytest.raises(ModelError, match="then: cxnlp models promote mine --to default"):
        registry.check_out(home / "default")
    registry.promote(home / "candidate", home / "shop")
    registry.check_out(home / "shop")  # copied there; nothing was compared or replaced yet
    registry.promote(home / "default", home / "shop", force=True)
    with pytest.raises(ModelError, match="by promotion, once it was compared"):
        registry.check_out(home / "shop")


def test_the_one_in_use_does_not_promote_itself(home: Path) -> None:
    with pytest.raises(ModelError, match="in use under this name already"):
        registry.promote(home / "default", home / "default")


def test_versions_lists_what_is_here_with_what_is_wrong(home: Path) -> None:
    (home / "candidate/taxonomy.toml").write_text("name = 1")
    (home / "base").mkdir()
    found = {version.name: version for version in registry.versions()}
    assert set(found) == {"default", "candidate"}
    assert found["default"].problem is None
    assert found["default"].taxonomy == "tiny"
    assert "taxonomy.toml was changed" in str(found["candidate"].problem)


def test_a_model_is_found_by_name_or_folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "elsewhere").mkdir()
    monkeypatch.chdir(home / "elsewhere")
    assert registry.resolve_model("default") == home / "default"
    assert registry.resolve_model("models/default") == home / "default"
    assert registry.resolve_model(home / "candidate") == home / "candidate"
    with pytest.raises(ModelError, match="models found: candidate, default"):
        registry.resolve_model("nothing")


def test_a_model_trained_here_is_found_by_its_name(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = home / "work" / "models" / "mine"
    shutil.copytree(home / "candidate", mine)
    monkeypatch.chdir(home / "work")
    with pytest.raises(ModelError, match="there is no such model folder"):
        registry.resolve_model("mine")  # CXNLP_MODELS names the one place
    monkeypatch.delenv("CXNLP_MODELS")
    monkeypatch.setattr(registry, "models_home", lambda: home)
    for name in ("mine", "models/mine"):
        assert registry.resolve_model(name).resolve() == mine
    assert registry.resolve_model("default") == home / "default"
    assert [version.folder.resolve() for version in registry.versions() if version.name == "mine"] == [mine]


def test_a_model_that_knows_more_is_compared_on_what_both_know(home: Path) -> None:
    toml = (home / "candidate/taxonomy.toml").read_text(encoding="utf-8")
    more = toml.replace(
        '{name = "cross", valence = "negative"},', '{name = "cross", valence = "negative"}, {name = "new"},'
    )
    (home / "candidate/taxonomy.toml").write_text(more, encoding="utf-8")
    folder.seal(home / "candidate")
    gold = lines(400, 0.2, seed=1)
    for line in gold[::2]:
        line["predicted"] = {"mood": [*line["predicted"]["mood"], "new"]}
    keep(home / "candidate", gold)
    comparison = registry.promote(home / "candidate", home / "default")
    assert comparison is not None
    assert comparison.difference == 0.0
    registry.roll_back(home / "default")
    shutil.copytree(home / "candidate", home / "wider")
    with pytest.raises(ModelError, match="its taxonomy lacks what that of"):
        registry.promote(home / "default", home / "wider")


def test_the_interval_holds_the_true_difference() -> None:
    held = 0
    for seed in range(40):
        found = registry.compare(lines(200, 0.1, seed=seed), lines(200, 0.2, seed=seed + 1000))
        held += found.low <= 0.1 <= found.high
    assert held >= 30
