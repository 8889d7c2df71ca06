"""A model's folder is whole and unchanged, or it is refused with what is wrong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from cxnlp.errors import ModelError
from cxnlp.model import differences, folder
from cxnlp.model.predict import Predictor


@pytest.fixture
def model(tiny_model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_model, tmp_path / "model"))


def test_a_saved_model_reads_as_the_trained_one(model: Path) -> None:
    loaded = folder.load(model)
    assert loaded.name == "model"
    assert loaded.taxonomy.task_names == ("mood", "stance", "effort")
    assert not loaded.network.training


def test_nothing_in_it_is_pickled(model: Path) -> None:
    assert not [path.name for path in model.iterdir() if path.suffix in (".bin", ".pt", ".pth", ".pkl", ".joblib")]


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "taxonomy.toml", "calibration.json"])
def test_a_changed_file_is_refused(model: Path, name: str) -> None:
    content = bytearray((model / name).read_bytes())
    content[-2] ^= 1
    (model / name).write_bytes(content)
    with pytest.raises(ModelError, match=f"{name} was changed since the model was saved"):
        Predictor.load(model)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "taxonomy.toml", "calibration.json"])
def test_a_missing_file_is_refused(model: Path, name: str) -> None:
    (model / name).unlink()
    with pytest.raises(ModelError, match=f"{name} is missing"):
        Predictor.load(model)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="there is no such model folder"):
        Predictor.load(tmp_path / "nowhere")


def test_a_folder_that_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"manifest.json is missing or unreadable"):
        Predictor.load(tmp_path)


def test_a_manifest_that_reaches_outside_is_refused(model: Path) -> None:
    manifest = json.loads((model / "manifest.json").read_text())
    manifest["sha256"]["../secret"] = "0" * 64
    (model / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match=r"\.\./secret is missing"):
        folder.check(model)


def _reseal(model: Path, name: str, content: bytes) -> None:
    (model / name).write_bytes(content)
    folder.seal(model)


def test_weights_that_are_no_weights(model: Path) -> None:
    _reseal(model, "model.safetensors", b"not tensors at all")
    with pytest.raises(ModelError, match=r"model.safetensors cannot be read"):
        Predictor.load(model)


def test_weights_that_do_not_fit_the_encoder(model: Path) -> None:
    from safetensors.numpy import load_file, save_file

    tensors = load_file(model / "model.safetensors")
    tensors["heads.weight"] = np.zeros((2, 2), np.float32)
    save_file(tensors, model / "model.safetensors")
    folder.seal(model)
    with pytest.raises(ModelError, match="does not fit the encoder"):
        Predictor.load(model)


def test_a_taxonomy_that_does_not_fit_the_weights(model: Path) -> None:
    toml = (model / "taxonomy.toml").read_text(encoding="utf-8")
    _reseal(model, "taxonomy.toml", toml.replace('{name = "low"}, ', '{name = "low"}, {name = "middle"}, ').encode())
    with pytest.raises(ModelError, match="the weights give 8 outputs, its taxonomy has 9 labels"):
        Predictor.load(model)


def test_a_calibration_that_does_not_fit(model: Path) -> None:
    calibration = json.loads((model / "calibration.json").read_text())
    calibration["tasks"]["mood"]["thresholds"] = [0.5]
    _reseal(model, "calibration.json", json.dumps(calibration).encode())
    with pytest.raises(ModelError, match="task 'mood': found 1 thresholds, expected 3"):
        Predictor.load(model)


def test_a_base_that_is_gone(model: Path) -> None:
    config = json.loads((model / "config.json").read_text())
    config["cxnlp"]["base"] = "some/encoder"
    _reseal(model, "config.json", json.dumps(config).encode())
    with pytest.raises(ModelError, match="base 'some/encoder' is not here; fetch it once with: cxnlp models pull"):
        Predictor.load(model)


def test_another_base_than_it_was_trained_from(model: Path, tiny_base: Path, tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    other = Path(shutil.copytree(tiny_base, tmp_path / "other"))
    tensors = load_file(other / "model.safetensors")
    tensors["embeddings.LayerNorm.bias"] = tensors["embeddings.LayerNorm.bias"] + 1
    save_file(tensors, other / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((model / "config.json").read_text())
    config["cxnlp"]["base"] = str(other)
    _reseal(model, "config.json", json.dumps(config).encode())
    with pytest.raises(ModelError, match="was trained from another"):
        Predictor.load(model)


def test_a_card_leaves_the_version_as_it_was(model: Path) -> None:
    before = folder.version_of(model)
    folder.add_files(model, {"README.md": "a card"})
    assert folder.version_of(model) == before
    folder.check(model)


def test_other_thresholds_are_another_version(model: Path) -> None:
    before = folder.version_of(model)
    calibration = json.loads((model / "calibration.json").read_text())
    calibration["tasks"]["mood"]["thresholds"] = [0.5, 0.5, 0.5]
    _reseal(model, "calibration.json", json.dumps(calibration).encode())
    assert folder.version_of(model) != before


class TestDifferences:
    def test_unpacking_is_near_the_original(self) -> None:
        original = np.random.default_rng(0).normal(0, 0.01, (6, 96)).astype(np.float32)
        found = differences.unpack(*differences.pack(original))
        step = np.abs(original.reshape(6, 3, 32)).max(axis=2) / differences.STEPS
        assert (np.abs(found - original).reshape(6, 3, 32).max(axis=2) <= step * 0.51).all()

    def test_zero_stays_zero(self) -> None:
        assert (differences.unpack(*differences.pack(np.zeros((2, 64), np.float32))) == 0).all()

    def test_what_equals_the_base_is_left_out(self) -> None:
        base = {"a": np.ones((2, 32), np.float32), "b": np.ones(3, np.float32)}
        trained = {"a": base["a"].copy(), "b": base["b"] + 1, "head": np.ones((2, 2), np.float32)}
        assert sorted(differences.compress(trained, base)) == ["b", "head"]

    def test_restoring_gives_base_plus_difference(self) -> None:
        generator = np.random.default_rng(1)
        base = {"a": generator.normal(0, 1, (4, 64)).astype(np.float32)}
        trained = {"a": base["a"] + generator.normal(0, 0.01, (4, 64)).astype(np.float32)}
        found = differences.restore(differences.compress(trained, base), base)
        assert np.abs(found["a"] - trained["a"]).max() < 0.005
        assert np.abs(found["a"] - trained["a"]).max() > 0

    def test_a_difference_to_nothing_is_refused(self) -> None:
        base = {"a": np.zeros((4, 64), np.float32)}
        kept = differences.compress({"a": np.ones((4, 64), np.float32)}, base)
        with pytest.raises(ModelError, match="which the base lacks"):
            differences.restore(kept, {})
        with pytest.raises(ModelError, match=r"found a difference of \(4, 64\), expected \(2, 64\)"):
            differences.restore(kept, {"a": np.zeros((2, 64), np.float32)})

    def test_the_fingerprint_sees_values_names_and_shapes(self) -> None:
        one = {"a": np.zeros((2, 3), np.float32)}
        prints = {
            differences.fingerprint(tensors)
            for tensors in (
                one,
                {"b": one["a"]},
                {"a": np.zeros((3, 2), np.float32)},
                {"a": np.full((2, 3), 1e-9, np.float32)},
            )
        }
        assert len(prints) == 4


def test_a_model_takes_the_place_of_an_earlier_one_and_of_nothing_else(model: Path, tmp_path: Path) -> None:
    folder.check_replaceable(tmp_path / "new")
    (tmp_path / "empty").mkdir()
    folder.check_replaceable(tmp_path / "empty")
    folder.check_replaceable(model)
    (model / "taxonomy.toml").write_text("changed")  # broken, and a model all the same
    folder.check_replaceable(model)
    (model / "notes.txt").write_text("mine")
    with pytest.raises(ModelError, match=r"holds a model, and notes\.txt, which would be lost"):
        folder.check_replaceable(model)
    with pytest.raises(ModelError, match="is a file"):
        folder.check_replaceable(model / "notes.txt")
    with pytest.raises(ModelError, match="holds 2 files or folders and is no model"):
        folder.check_replaceable(tmp_path)
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "manifest.json").write_text('{"name": "a web page has one too"}')
    with pytest.raises(ModelError, match="is no model"):
        folder.check_replaceable(tmp_path / "web")


def test_where_saving_fails_the_earlier_model_stays(
    model: Path, taxonomy_toml: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def save(at: Path, training: dict[str, object]) -> None:
        loaded = folder.load(at)
        folder.save(
            at,
            network=loaded.network,
            base=loaded.base,
            base_tensors=folder.tensors_of(loaded.network.encoder),
            reader=loaded.reader,
            taxonomy_toml=taxonomy_toml,
            calibration=loaded.calibration,
            training=training,
        )

    before = folder.check(model)
    with pytest.raises(ValueError, match="not JSON compliant"):
        save(model, {"score": float("nan")})
    rename = Path.rename

    def refused(self: Path, target: Path) -> Path:
        if target == model and self.name == "model":
            raise OSError("no room")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises(OSError, match="no room"):
        save(model, {})
    monkeypatch.undo()
    assert folder.check(model) == before
    save(model, {"seed": 1})
    assert json.loads((model / "training.json").read_text()) == {"seed": 1}
    assert [path.name for path in model.parent.iterdir()] == ["model"]
