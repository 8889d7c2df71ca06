"""A tiny encoder with random weights, a tokenizer of whole words, and labelled rows it can learn in seconds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from cxnlp.model.base import write_encoder
from cxnlp.model.examples import Examples, from_frame
from cxnlp.taxonomy import Taxonomy, parse_taxonomy

TOML = """
name = "tiny"
[[tasks]]
name = "mood"
kind = "multi"
exclusive = [["glad", "happy"]]
labels = [
  {name = "glad", valence = "positive"}, {name = "happy", valence = "positive"}, {name = "cross", valence = "negative"},
]
[[tasks]]
name = "stance"
kind = "single"
none = "neither"
labels = [{name = "complaint"}, {name = "excuse"}, {name = "neither"}]
[[tasks]]
name = "effort"
kind = "ordinal"
labels = [{name = "low"}, {name = "high"}]
"""
FILLER = [f"w{number}" for number in range(60)]
TELLING = ["glad", "happy", "cross", "broken", "sorry", "again", "easy"]


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Tiny matrices gain nothing from threads, and lose much where other tests run at the same time."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def taxonomy_toml() -> str:
    return TOML


@pytest.fixture(scope="session")
def taxonomy() -> Taxonomy:
    return parse_taxonomy(TOML)


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An encoder of 2 layers, 32 wide, in the form of a base: random weights, words as pieces."""
    folder = tmp_path_factory.mktemp("base") / "tiny"
    folder.mkdir()
    vocabulary = ["<s>", "<pad>", "</s>", "<unk>", "query", ":", "reply", *TELLING, *FILLER]
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None,
        "decoder": None,
        "model": {
            "type": "WordLevel",
            "vocab": {word: number for number, word in enumerate(vocabulary)},
            "unk_token": "<unk>",
        },
    }
    config = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_act": "gelu",
        "hidden_size": 32,
        "intermediate_size": 64,
        "layer_norm_eps": 1e-12,
        "max_position_embeddings": 160,
        "num_attention_heads": 4,
        "num_hidden_layers": 2,
        "pad_token_id": 1,
        "type_vocab_size": 1,
        "vocab_size": len(vocabulary),
    }
    generator = np.random.default_rng(0)

    def matrix(rows: int, columns: int, scale: float = 0.2) -> np.ndarray:
        return generator.normal(0, scale, (rows, columns)).astype(np.float32)

    tensors = {
        "embeddings.word_embeddings.weight": matrix(len(vocabulary), 32, 1.0),
        "embeddings.position_embeddings.weight": matrix(160, 32, 0.02),
        "embeddings.token_type_embeddings.weight": matrix(1, 32, 0.02),
        "embeddings.LayerNorm.weight": np.ones(32, np.float32),
        "embeddings.LayerNorm.bias": np.zeros(32, np.float32),
    }
    for layer in range(2):
        prefix = f"encoder.layer.{layer}"
        shapes = {
            "attention.self.query": (32, 32),
            "attention.self.key": (32, 32),
            "attention.self.value": (32, 32),
            "attention.output.dense": (32, 32),
            "intermediate.dense": (64, 32),
            "output.dense": (32, 64),
        }
        for name, (rows, columns) in shapes.items():
            tensors[f"{prefix}.{name}.weight"] = matrix(rows, columns)
            tensors[f"{prefix}.{name}.bias"] = np.zeros(rows, np.float32)
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            tensors[f"{prefix}.{name}.weight"] = np.ones(32, np.float32)
            tensors[f"{prefix}.{name}.bias"] = np.zeros(32, np.float32)
    write_encoder(folder, config, tensors, json.dumps(tokenizer).encode())
    return folder


def rows(count: int, seed: int = 0) -> list[dict[str, str]]:
    """Labelled rows whose labels follow from single words: `glad` means glad, `broken` a complaint, and so on."""
    generator = np.random.default_rng(seed)
    found = []
    for number in range(count):
        words = list(generator.choice(FILLER, size=generator.integers(3, 9)))
        mood = [[], ["glad"], ["happy"], ["cross"]][generator.integers(0, 4)]
        stance = ["complaint", "excuse", "neither"][generator.integers(0, 3)]
        effort = ["low", "high"][generator.integers(0, 2)]
        words += mood + {"complaint": ["broken"], "excuse": ["sorry"], "neither": []}[stance]
        words += {"low": ["easy"], "high": ["again"]}[effort]
        generator.shuffle(words)
        found.append(
            {
                "id": f"row-{seed}-{number}",
                "text": " ".join(words),
                "language": ["en", "vi"][number % 2],
                "author": "company" if stance == "excuse" else "customer",
                "mood": ";".join(mood) or "-",
                "stance": stance,
                "effort": effort,
                "origin": "real" if number % 3 else "written",
                "part": "gold" if number % 5 == 0 else "train",
            }
        )
    return found


@pytest.fixture(scope="session")
def examples(taxonomy: Taxonomy) -> Examples:
    import pandas as pd

    return from_frame(pd.DataFrame(rows(500)), taxonomy)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory, tiny_base: Path, examples: Examples) -> Path:
    """A trained model's folder; copy it before changing it."""
    from cxnlp.model.build import build
    from cxnlp.model.train import TrainSettings

    folder = tmp_path_factory.mktemp("models") / "tiny"
    settings = TrainSettings(seed=3, epochs=10, rate=5e-3, head_rate=2e-2, distort_share=0.0)
    build(examples, TOML, folder, base=str(tiny_base), settings=settings)
    return folder
