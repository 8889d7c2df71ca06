"""The model that ships: small, whole, and it reads plain sentences in five languages rightly."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from cxnlp.model import folder
from cxnlp.model.predict import Prediction, Predictor
from cxnlp.model.seen import trained_on

DEFAULT = Path(__file__).resolve().parents[2] / "models" / "default"
#: Stated in docs/model.md.
MEAN_MOVE, MOST_MOVE = 0.01, 0.06

PLAIN = [
    ("Fast delivery and lovely staff, thank you!", "customer", "neither"),
    ("Third call this week and still no refund. Absolutely disgraceful.", "customer", "complaint"),
    ("Giao hàng nhanh, sản phẩm tốt, sẽ ủng hộ tiếp", "customer", "neither"),
    ("App lỗi suốt, đăng nhập mãi không được, quá tệ", "customer", "complaint"),
    ("Produs excelent, recomand!", "customer", "neither"),
    ("S-a stricat după două zile și nu îmi returnează nimeni banii.", "customer", "complaint"),
    ("غذا عالی و تازه بود، ممنون", "customer", "neither"),
    ("غذا سرد و بدمزه بود، خیلی بد", "customer", "complaint"),
    ("Świetny hotel, czysto i miła obsługa.", "customer", "neither"),
    ("Pokój brudny, obsługa niemiła, nigdy więcej!", "customer", "complaint"),
    ("We are sorry for the trouble. Please contact our support team.", "company", "excuse"),
    ("We have refunded you today and sent a new one, it arrives on Friday.", "company", "resolution"),
]


@pytest.fixture(scope="module")
def model(base_encoder: Path) -> Path:
    assert base_encoder
    if not (DEFAULT / folder.MANIFEST).exists():
        pytest.skip("models/default is not in this checkout: run `make model`")
    return DEFAULT


@pytest.fixture(scope="module")
def exact(model: Path) -> Predictor:
    return Predictor.load(model, precision="fp32")


def read(predictor: Predictor, **how: bool) -> list[Prediction]:
    return predictor.predict([text for text, _, _ in PLAIN], [author for _, author, _ in PLAIN], **how)


def test_it_is_whole_and_small(model: Path) -> None:
    assert {"evaluation.json", "gold.jsonl", "README.md", "training.json"} <= set(folder.check(model))
    assert sum(path.stat().st_size for path in model.iterdir()) < 20_000_000


def test_it_says_what_it_was_trained_on(model: Path) -> None:
    record = json.loads((model / "training.json").read_text(encoding="utf-8"))
    texts = len(trained_on(model, None))
    assert 0.95 * record["rows"]["train"] < texts <= record["rows"]["train"]  # the same words may stand in two rows


def test_its_taxonomy_is_the_default_one(model: Path) -> None:
    from cxnlp.taxonomy import default_taxonomy

    assert folder.taxonomy_of(model).fingerprint == default_taxonomy().fingerprint


def test_it_reads_plain_sentences(exact: Predictor) -> None:
    found = [prediction.labels["stance"][0] for prediction in read(exact)]
    wrong = [text for (text, _, wanted), stance in zip(PLAIN, found, strict=True) if stance != wanted]
    assert not wrong


def test_bf16_moves_probabilities_only_within_the_stated_tolerance(exact: Predictor, model: Path) -> None:
    rough = read(Predictor.load(model, precision="bf16"), scores=True)
    moved = [
        abs(one.scores[task][label] - two.scores[task][label])
        for one, two in zip(read(exact, scores=True), rough, strict=True)
        if one.scores and two.scores
        for task in one.scores
        for label in one.scores[task]
    ]
    assert np.mean(moved) < MEAN_MOVE
    assert max(moved) < MOST_MOVE


def test_neighbours_change_nothing_in_the_precision_of_this_machine(model: Path) -> None:
    predictor = Predictor.load(model)
    together = read(predictor, scores=True)
    alone = [predictor.predict([text], [author], scores=True)[0] for text, author, _ in PLAIN]
    assert together == alone


def test_its_evaluation_belongs_to_it(model: Path) -> None:
    scores = json.loads((model / "evaluation.json").read_text(encoding="utf-8"))
    assert scores["model"].endswith(folder.version_of(model))
    assert scores["slices"][0]["slice"] == "real"
    lines = (model / "gold.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == scores["rows"]
    assert '"text"' not in lines[0]


def test_it_beats_the_baselines_on_real_rows(model: Path) -> None:
    scores = json.loads((model / "evaluation.json").read_text(encoding="utf-8"))
    ours = scores["slices"][0]["tasks"]
    assert set(scores["baselines"]) == {"majority", "character n-grams", "frozen encoder"}
    for name, found in scores["baselines"].items():
        for task in ours:
            figure = "macro_f1" if task == "effort" else "micro_f1"  # nine in ten texts state no effort
            assert ours[task][figure]["value"] > found[0]["tasks"][task][figure]["value"], (name, task)
