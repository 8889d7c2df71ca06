"""Where a training stands after a pass, kept so that one that died goes on from there.

A checkpoint is a folder beside the model to be: `state.json` and `state.safetensors`, replaced as a whole after each
pass and removed when the model is saved. It is only taken up by a training with the same rows, settings and base
(`key`); a training that goes on ends with the same model as one that was never interrupted.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor


@dataclass
class State:
    """All that the next pass depends on. `tensors` by name; `epochs` as plain values."""

    done: int
    epochs: list[dict[str, Any]]
    averaged: int
    generator: dict[str, Any]
    best_score: float | None
    tensors: dict[str, Tensor]


@dataclass(frozen=True)
class Checkpoint:
    """A place to keep a state, and the key of the training it belongs to."""

    folder: Path
    key: str

    def load(self) -> State | None:
        """Return the state kept here, or None when there is none, it is broken, or it is of another training."""
        from safetensors import SafetensorError  # noqa: PLC0415
        from safetensors.torch import load_file  # noqa: PLC0415

        try:
            data = json.loads((self.folder / "state.json").read_text(encoding="utf-8"))
            if data.pop("key") != self.key:
                return None
            return State(tensors=load_file(self.folder / "state.safetensors"), **data)
        except (OSError, ValueError, KeyError, TypeError, SafetensorError):
            return None

    def save(self, state: State) -> None:
        """Keep a state in place of the one before."""
        from safetensors.torch import save_file  # noqa: PLC0415

        fresh = self.folder.with_name(f"{self.folder.name}.fresh")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        data = asdict(State(**{**vars(state), "tensors": {}})) | {"key": self.key}
        del data["tensors"]
        (fresh / "state.json").write_text(json.dumps(data), encoding="utf-8")
        save_file({name: value.contiguous() for name, value in state.tensors.items()}, fresh / "state.safetensors")
        self.remove()
        fresh.rename(self.folder)

    def remove(self) -> None:
        """Forget what is kept here."""
        shutil.rmtree(self.folder, ignore_errors=True)


def capture(
    parameters: dict[str, torch.nn.Parameter],
    optimizer: torch.optim.Optimizer,
    mean: list[Tensor] | None,
    best: dict[str, Tensor] | None,
) -> dict[str, Tensor]:
    """Return the tensors of a state: parameters, the optimizer's moments, running mean, best pass, random state."""
    tensors: dict[str, Tensor] = {"random": torch.get_rng_state()}
    for number, (name, parameter) in enumerate(parameters.items()):
        tensors[f"now/{name}"] = parameter.detach()
        for kind, value in optimizer.state.get(parameter, {}).items():
            tensors[f"optimizer/{kind}/{name}"] = value
        if mean is not None:
            tensors[f"mean/{name}"] = mean[number]
        if best is not None:
            tensors[f"best/{name}"] = best[name]
    return tensors


def put_back(
    tensors: dict[str, Tensor],
    parameters: dict[str, torch.nn.Parameter],
    optimizer: torch.optim.Optimizer,
    mean: list[Tensor] | None,
) -> dict[str, Tensor] | None:
    """Undo `capture`; return the best pass's parameters, if any."""
    torch.set_rng_state(tensors["random"])
    with torch.no_grad():
        for number, (name, parameter) in enumerate(parameters.items()):
            parameter.copy_(tensors[f"now/{name}"])
            if mean is not None:
                mean[number].copy_(tensors[f"mean/{name}"])
            kinds = {key.split("/")[1] for key in tensors if key.startswith("optimizer/") and key.endswith(f"/{name}")}
            optimizer.state[parameter] = {kind: tensors[f"optimizer/{kind}/{name}"] for kind in sorted(kinds)}
    best = {key.removeprefix("best/"): value for key, value in tensors.items() if key.startswith("best/")}
    return best or None


def generator_state(generator: np.random.Generator) -> dict[str, Any]:
    """Return a generator's state as plain values."""
    return dict(generator.bit_generator.state)
