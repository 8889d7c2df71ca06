"""What a text gets depends on the text alone: not on neighbours, batch size, order, or (much) on precision."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from cxnlp.model.examples import Examples
from cxnlp.model.precision import resolve
from cxnlp.model.predict import Predictor

#: Stated in docs/model.md: how far a probability may move with the arithmetic.
TOLERANCE = 0.02


@pytest.fixture(scope="module")
def predictor(tiny_model: Path) -> Predictor:
    return Predictor.load(tiny_model, precision="fp32")


@pytest.fixture
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_labels_are_those_of_the_taxonomy(predictor: Predictor) -> None:
    (one,) = predictor.predict(["broken again w3 cross"], ["customer"])
    assert one.labels == {"mood": ("cross",), "stance": ("complaint",), "effort": ("high",)}
    assert set(one.confidence) == {"mood", "stance", "effort"}
    assert all(0 <= value <= 1 for value in one.confidence.values())
    assert one.windows == 1
    assert one.scores is None
    assert one.embedding is None


def test_nothing_to_read_gives_nothing(predictor: Predictor) -> None:
    assert predictor.predict([], []) == []


def test_an_empty_text_is_read(predictor: Predictor) -> None:
    (one,) = predictor.predict([""], ["customer"])
    assert one.windows == 1


def test_texts_and_authors_must_pair(predictor: Predictor) -> None:
    with pytest.raises(ValueError, match="zip"):
        predictor.predict(["a", "b"], ["customer"])


def test_neighbours_order_and_batch_size_change_nothing(tiny_model: Path, examples: Examples) -> None:
    predictor = Predictor.load(tiny_model, precision="fp32", batch_tokens=512)
    texts, authors = list(examples.texts[:60]), list(examples.authors[:60])
    together = predictor.predict(texts, authors, scores=True)
    alone = [predictor.predict([text], [author], scores=True)[0] for text, author in zip(texts, authors, strict=True)]
    assert together == alone
    backwards = predictor.predict(texts[::-1], authors[::-1], scores=True)[::-1]
    assert together == backwards
    other_size = Predictor.load(tiny_model, precision="fp32", batch_tokens=4096).predict(texts, authors)
    assert [one.labels for one in other_size] == [one.labels for one in together]


@pytest.mark.usefixtures("threads")
def test_the_number_of_threads_changes_no_label(predictor: Predictor, examples: Examples) -> None:
    found = []
    for count in (1, 2):
        torch.set_num_threads(count)
        found.append(predictor.predict(examples.texts[:80], examples.authors[:80]))
    assert [one.labels for one in found[0]] == [one.labels for one in found[1]]


@pytest.mark.parametrize("precision", ["bf16", "int8"])
def test_precision_moves_probabilities_only_within_the_stated_tolerance(
    tiny_model: Path, examples: Examples, precision: str
) -> None:
    exact = Predictor.load(tiny_model, precision="fp32").predict(examples.texts, examples.authors, scores=True)
    other = Predictor.load(tiny_model, precision=precision).predict(  # type: ignore[arg-type]
        examples.texts, examples.authors, scores=True
    )
    moved = [
        abs(one.scores[task][label] - two.scores[task][label])
        for one, two in zip(exact, other, strict=True)
        if one.scores and two.scores
        for task in one.scores
        for label in one.scores[task]
    ]
    assert np.quantile(moved, 0.99) < 3 * TOLERANCE
    assert np.mean(moved) < TOLERANCE
    same = np.mean([one.labels == two.labels for one, two in zip(exact, other, strict=True)])
    assert same > 0.98


def test_auto_is_a_precision_of_this_machine() -> None:
    assert resolve("auto") in ("bf16", "fp32", "int8")
    assert resolve("fp32") == "fp32"


def test_identical_texts_are_read_once(predictor: Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    original = predictor.model.reader.read

    def spy(texts: list[str], authors: list[str]) -> object:
        read.extend(texts)
        return original(texts, authors)

    monkeypatch.setattr(predictor.model.reader, "read", spy)
    found = predictor.predict(["glad w1", "broken", "glad w1", "glad w1"], ["customer"] * 4)
    assert sorted(read) == ["broken", "glad w1"]
    assert found[0] == found[2] == found[3] != found[1]


def test_the_author_reaches_the_model(predictor: Predictor) -> None:
    customer, company = predictor.predict(["w1 w2 w3", "w1 w2 w3"], ["customer", "company"], scores=True)
    assert customer.scores != company.scores


def test_what_stands_at_the_end_of_a_long_text_is_read(predictor: Predictor) -> None:
    filler = " ".join(f"w{number % 60}" for number in range(900))
    texts = [f"{filler} {f'{word} ' * 300}" for word in ("w7", "cross")]
    plain, ending = predictor.predict(texts, ["customer"] * 2, scores=True, embeddings=True)
    assert plain.windows == ending.windows > 5
    assert plain.embedding != ending.embedding
    logits = [predictor.logits(predictor.pooled([text], ["customer"])[0])[0, 2] for text in texts]
    assert logits[1] > logits[0] + 1.0


def test_scores_are_probabilities(predictor: Predictor) -> None:
    (one,) = predictor.predict(["sorry w2"], ["company"], scores=True)
    assert one.scores
    assert sum(one.scores["stance"].values()) == pytest.approx(1.0, abs=1e-3)
    assert all(0 <= value <= 1 for scores in one.scores.values() for value in scores.values())


def test_embeddings_are_unit_vectors_as_bytes(predictor: Predictor) -> None:
    one, other = predictor.predict(["glad w1", "broken w2"], ["customer"] * 2, embeddings=True)
    assert one.embedding
    assert other.embedding
    vector = np.frombuffer(one.embedding, dtype=np.int8).astype(float)
    assert vector.shape == (32,)
    assert np.linalg.norm(vector) == pytest.approx(127, abs=3)
    assert one.embedding != other.embedding


def test_exclusive_labels_never_come_together(predictor: Predictor, examples: Examples) -> None:
    found = predictor.predict([f"{text} glad happy glad happy" for text in examples.texts[:100]], ["customer"] * 100)
    assert not any({"glad", "happy"} <= set(one.labels["mood"]) for one in found)


def test_progress_counts_every_text(predictor: Predictor) -> None:
    done: list[int] = []
    predictor.predict(["a", "b", "a", "c"], ["customer"] * 4, progress=done.append)
    assert sum(done) == 4


def test_a_lone_surrogate_does_not_stop_it(predictor: Predictor) -> None:
    assert len(predictor.predict(["broken \ud83d w1"], ["customer"])) == 1


def test_the_version_names_model_and_content(predictor: Predictor) -> None:
    name, digits = predictor.version.split("@")
    assert name == "tiny"
    assert len(digits) == 12
    int(digits, 16)
