"""A model's folder: written whole or not at all, and checked file by file before anything of it is used.

config.json         Hugging Face form: the encoder's shape, and under `cxnlp` what belongs to this model
model.safetensors   heads, and the trained layers as differences to the base (`differences.py`)
taxonomy.toml       the taxonomy it was trained with
calibration.json    temperatures, thresholds, confidence (`decide.py`)
training.json       settings, data hash, seed, how training went
evaluation.json     scores with intervals on the gold rows (once evaluated)
gold.jsonl          labels of the gold rows, by people and by the model; no text (once evaluated)
README.md           the model card
manifest.json       SHA-256 of every file above
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cxnlp.errors import ModelError
from cxnlp.model import differences
from cxnlp.model.base import load_encoder, load_tokenizer, resolve_base
from cxnlp.model.decide import Calibration
from cxnlp.model.layout import Layout
from cxnlp.model.reading import Reader
from cxnlp.taxonomy import Taxonomy, parse_taxonomy

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from cxnlp.model.network import Network

FORMAT = 1
MANIFEST = "manifest.json"
#: The files that decide what a model answers: its version is their hash.
DECISIVE = ("config.json", "model.safetensors", "taxonomy.toml", "calibration.json")


@dataclass
class Model:
    """A model that is ready to read: the network (fp32, evaluation mode), its reader, taxonomy and calibration."""

    name: str
    fingerprint: str
    network: Network
    reader: Reader
    layout: Layout
    calibration: Calibration
    base: str

    @property
    def version(self) -> str:
        """The name and twelve digits of the content's hash: predictions are kept under it."""
        return f"{self.name}@{self.fingerprint}"

    @property
    def taxonomy(self) -> Taxonomy:
        """What it was trained to tell."""
        return self.layout.taxonomy


def tensors_of(encoder: PreTrainedModel) -> dict[str, differences.Array]:
    """Return an encoder's parameters by name, without copying."""
    return {name: value.detach().numpy() for name, value in encoder.named_parameters()}


def save(
    folder: Path,
    *,
    network: Network,
    base: str,
    base_tensors: Mapping[str, differences.Array],
    reader: Reader,
    taxonomy_toml: str,
    calibration: Calibration,
    training: dict[str, Any],
) -> None:
    """Write a model's folder, by rename at the end; an older model there is replaced, and stays where this fails.

    `base_tensors` are the encoder's parameters before training, `base` is the name (or folder) it is found under.
    Raise `ModelError` when `folder` holds something else (`check_replaceable`).
    """
    from safetensors.numpy import save_file  # noqa: PLC0415

    check_replaceable(folder)
    folder = folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    trained = {f"encoder.{name}": value for name, value in tensors_of(network.encoder).items()}
    trained |= {
        name: value.detach().numpy() for name, value in network.named_parameters() if not name.startswith("encoder.")
    }
    original = {f"encoder.{name}": value for name, value in base_tensors.items()}
    config = dict(network.encoder.config.to_dict())
    config["architectures"] = ["CxnlpNetwork"]
    config.pop("_name_or_path", None)
    config["cxnlp"] = {
        "format": FORMAT,
        "base": base,
        "base_sha256": differences.fingerprint(base_tensors),
        "outputs": network.heads.out_features,
        "window": reader.window,
        "overlap": reader.overlap,
    }
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".save-") as scratch:
        fresh = Path(scratch) / "model"
        fresh.mkdir()
        (fresh / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        save_file(differences.compress(trained, original), fresh / "model.safetensors", metadata={"format": "np"})
        (fresh / "taxonomy.toml").write_text(taxonomy_toml, encoding="utf-8")
        (fresh / "calibration.json").write_text(calibration.to_json(), encoding="utf-8")
        record = json.dumps(training, indent=2, allow_nan=False)
        (fresh / "training.json").write_text(record + "\n", encoding="utf-8")
        seal(fresh)
        _swap(fresh, folder, Path(scratch) / "earlier")


def _swap(fresh: Path, folder: Path, aside: Path) -> None:
    """Put `fresh` in the place of `folder`; what is there goes to `aside`, and comes back where that fails."""
    try:
        if folder.exists():
            folder.rename(aside)
        fresh.rename(folder)
    except BaseException:
        if aside.exists():
            aside.rename(folder)
        raise


def check_replaceable(folder: Path) -> None:
    """Raise `ModelError` unless a model may be written here: nothing, an empty folder, or a model and nothing else."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ModelError(f"{folder}: is a file; expected a folder for the model, as models/NAME")
    found = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    if not found:
        return
    try:
        ours = {MANIFEST, *json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["sha256"]}
    except (OSError, ValueError, KeyError, TypeError):
        ours = set()
    if not ours.issuperset(DECISIVE):
        raise ModelError(
            f"{folder}: holds {len(found)} files or folders and is no model: nothing in it is touched; expected an "
            "empty folder or a new one, as models/NAME"
        )
    foreign = [name for name in found if name not in ours]
    if foreign:
        raise ModelError(
            f"{folder}: holds a model, and {', '.join(foreign[:5])}, which would be lost; move that, or train under "
            "another name"
        )


def seal(folder: Path) -> None:
    """Write the manifest: the SHA-256 of every other file."""
    hashes = {path.name: _sha256(path) for path in sorted(folder.iterdir()) if path.is_file() and path.name != MANIFEST}
    scratch = folder / f".{MANIFEST}"
    scratch.write_text(json.dumps({"format": FORMAT, "sha256": hashes}, indent=2) + "\n", encoding="utf-8")
    scratch.rename(folder / MANIFEST)


def add_files(folder: Path, contents: Mapping[str, str]) -> None:
    """Put files into a model's folder (a card, an evaluation) and renew the manifest; its version stays."""
    check(folder)
    for name, content in contents.items():
        (folder / name).write_text(content, encoding="utf-8")
    seal(folder)


def check(folder: Path) -> dict[str, str]:
    """Compare every file with the manifest; return the hashes. Raise `ModelError` saying what is broken."""
    if not folder.is_dir():
        raise ModelError(f"{folder}: there is no such model folder; `cxnlp models list` shows those that are here")
    try:
        data = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        hashes: dict[str, str] = {str(name): str(value) for name, value in data["sha256"].items()}
        found_format = data["format"]
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise ModelError(f"{folder}: no model folder of cxnlp: {MANIFEST} is missing or unreadable") from error
    if found_format != FORMAT:
        raise ModelError(f"{folder}: found format {found_format!r}, expected {FORMAT}; train it again")
    lacking = [name for name in DECISIVE if name not in hashes]
    if lacking:
        raise ModelError(f"{folder}: {MANIFEST} does not name {', '.join(lacking)}")
    for name, expected in hashes.items():
        path = folder / name
        if Path(name).name != name or not path.is_file():
            raise ModelError(f"{folder}: {name} is missing")
        if _sha256(path) != expected:
            raise ModelError(f"{folder}: {name} was changed since the model was saved (SHA-256 differs)")
    return hashes


def version_of(folder: Path) -> str:
    """Return the twelve digits that stand for what a checked folder answers."""
    hashes = check(folder)
    return hashlib.sha256("".join(hashes[name] for name in DECISIVE).encode()).hexdigest()[:12]


def taxonomy_of(folder: Path) -> Taxonomy:
    """Return the taxonomy that a model was trained with."""
    path = folder / "taxonomy.toml"
    if not path.is_file():
        raise ModelError(f"{folder}: taxonomy.toml is missing")
    return parse_taxonomy(path.read_text(encoding="utf-8"), str(path))


def load(folder: Path, *, name: str | None = None, attention: str = "sdpa") -> Model:
    """Load a model from its folder, its base from `models/base/` or the folder it names.

    Raise `ModelError` when the folder is broken or tampered with, or the base is not here or not the one it was
    trained from.
    """
    from cxnlp.model.network import Network  # noqa: PLC0415  (brings torch: a folder is checked without it)

    fingerprint = version_of(folder)
    layout = Layout(taxonomy_of(folder))
    config = _config(folder)
    if config["outputs"] != layout.width:
        raise ModelError(
            f"{folder}: the weights give {config['outputs']} outputs, its taxonomy has {layout.width} labels"
        )
    calibration = Calibration.from_json(
        (folder / "calibration.json").read_text(encoding="utf-8"), layout, str(folder / "calibration.json")
    )
    base = resolve_base(config["base"])
    encoder = load_encoder(base, attention=attention)
    original = tensors_of(encoder)
    if differences.fingerprint(original) != config["base_sha256"]:
        raise ModelError(f"{folder}: was trained from another {config['base']!r} than the one in {base}")
    network = Network(encoder, layout.width)
    _fill(network, folder, original)
    network.eval()
    reader = Reader(load_tokenizer(base), config["window"], config["overlap"])
    return Model(name or folder.resolve().name, fingerprint, network, reader, layout, calibration, config["base"])


def base_of(model: Model) -> Path:
    """Return the folder of a model's base."""
    return resolve_base(model.base)


def _config(folder: Path) -> dict[str, Any]:
    try:
        data = json.loads((folder / "config.json").read_text(encoding="utf-8"))["cxnlp"]
        return {
            "base": str(data["base"]),
            "base_sha256": str(data["base_sha256"]),
            "outputs": int(data["outputs"]),
            "window": int(data["window"]),
            "overlap": int(data["overlap"]),
        }
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder}: config.json is no configuration of cxnlp: {error!r}") from error


def _fill(network: Network, folder: Path, original: Mapping[str, differences.Array]) -> None:
    import torch  # noqa: PLC0415
    from safetensors import SafetensorError  # noqa: PLC0415
    from safetensors.numpy import load_file  # noqa: PLC0415

    try:
        kept = load_file(folder / "model.safetensors")
    except (OSError, SafetensorError, ValueError) as error:
        raise ModelError(f"{folder}: model.safetensors cannot be read: {error}") from error
    tensors = differences.restore(kept, {f"encoder.{name}": value for name, value in original.items()})
    state = {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in tensors.items()}
    try:
        missing, unexpected = network.load_state_dict(state, strict=False)
    except RuntimeError as error:
        raise ModelError(f"{folder}: model.safetensors does not fit the encoder: {error}") from error
    heads = [name for name in missing if not name.startswith("encoder.")]
    if heads or unexpected:
        raise ModelError(
            f"{folder}: model.safetensors lacks {heads or 'nothing'}, has unknown {unexpected or 'nothing'}"
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
