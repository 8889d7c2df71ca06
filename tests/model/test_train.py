"""Training learns what the rows tell, gives the same model twice, and leaves alone what it must."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from cxnlp.errors import LabelsError, ModelError
from cxnlp.model import folder
from cxnlp.model.assess import decisions_of, gold_part
from cxnlp.model.base import load_encoder, load_tokenizer
from cxnlp.model.build import build, start_network, validation_score
from cxnlp.model.examples import Examples, concatenate, without_gold
from cxnlp.model.layout import Layout
from cxnlp.model.metrics import micro_f1
from cxnlp.model.network import Network
from cxnlp.model.objective import loss_of
from cxnlp.model.predict import Predictor
from cxnlp.model.reading import Reader
from cxnlp.model.train import TrainSettings, batches, fit, parameter_groups, parts_of, schedule
from cxnlp.taxonomy import Taxonomy

QUICK = TrainSettings(seed=3, epochs=2, rate=5e-3, head_rate=2e-2, distort_share=0.0)


def test_a_trained_model_reads_unseen_rows(tiny_model: Path, examples: Examples) -> None:
    gold = gold_part(examples)
    decided = decisions_of(Predictor.load(tiny_model), gold)
    for task in ("mood", "stance", "effort"):
        assert micro_f1(gold.targets[task] > 0.5, decided.labels[task]) > 0.9, task


def test_the_same_seed_gives_the_same_model(
    tiny_base: Path, examples: Examples, taxonomy_toml: str, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        build(examples, taxonomy_toml, tmp_path / name, base=str(tiny_base), settings=QUICK)
    assert folder.version_of(tmp_path / "one") == folder.version_of(tmp_path / "two")


def test_another_seed_gives_another_model(
    tiny_base: Path, examples: Examples, taxonomy_toml: str, tmp_path: Path
) -> None:
    build(examples, taxonomy_toml, tmp_path / "one", base=str(tiny_base), settings=QUICK)
    build(examples, taxonomy_toml, tmp_path / "two", base=str(tiny_base), settings=replace(QUICK, seed=4))
    assert folder.version_of(tmp_path / "one") != folder.version_of(tmp_path / "two")


def test_gold_rows_and_their_near_copies_are_not_trained_on(examples: Examples) -> None:
    gold = examples.take([part == "gold" for part in examples.parts])
    copy = gold.take([0])
    copy = Examples(
        ids=("copy",),
        texts=(copy.texts[0].upper() + " !",),
        languages=copy.languages,
        authors=copy.authors,
        origins=copy.origins,
        parts=("train",),
        groups=("",),
        targets=copy.targets,
    )
    left = without_gold(concatenate([examples, copy]))
    assert "copy" not in left.ids
    assert not set(left.ids) & set(gold.ids)
    assert len(left) > 300


def test_early_stopping_keeps_the_best_pass(tiny_base: Path, examples: Examples, taxonomy: Taxonomy) -> None:
    layout = Layout(taxonomy)
    network, _ = start_network(tiny_base, layout, QUICK)
    given = iter([0.1, 0.9, 0.2, 0.3, 0.4])
    states: list[torch.Tensor] = []

    def validate(current: Network) -> float:
        states.append(current.heads.weight.detach().clone())
        return next(given)

    settings = replace(QUICK, epochs=9, patience=2)
    epochs = fit(network, Reader(load_tokenizer(tiny_base)), layout, examples.take(range(64)), settings, validate)
    assert [epoch.score for epoch in epochs] == [0.1, 0.9, 0.2, 0.3]
    assert torch.equal(network.heads.weight, states[1])


@pytest.mark.parametrize("given", [[None, 0.2, 0.1, 0.1], [0.2, None, None, 0.1]])
def test_a_pass_without_a_score_is_not_the_best(
    given: list[float | None], tiny_base: Path, examples: Examples, taxonomy: Taxonomy
) -> None:
    layout = Layout(taxonomy)
    network, _ = start_network(tiny_base, layout, QUICK)
    scores, states = iter(given), []

    def validate(current: Network) -> float | None:
        states.append(current.heads.weight.detach().clone())
        return next(scores)

    settings = replace(QUICK, epochs=4, patience=3)
    fit(network, Reader(load_tokenizer(tiny_base)), layout, examples.take(range(64)), settings, validate)
    assert torch.equal(network.heads.weight, states[given.index(0.2)])


def test_without_any_score_the_last_pass_is_kept(tiny_base: Path, examples: Examples, taxonomy: Taxonomy) -> None:
    layout = Layout(taxonomy)
    network, _ = start_network(tiny_base, layout, QUICK)
    states: list[torch.Tensor] = []

    def validate(current: Network) -> None:
        states.append(current.heads.weight.detach().clone())

    settings = replace(QUICK, epochs=5, patience=2)
    reader, said = Reader(load_tokenizer(tiny_base)), []
    epochs = fit(network, reader, layout, examples.take(range(64)), settings, validate, say=said.append)
    assert [epoch.score for epoch in epochs] == [None] * 5
    assert torch.equal(network.heads.weight, states[-1])
    assert "validation" not in said[-1]


def test_a_score_that_validation_cannot_give_is_left_out(
    tiny_base: Path, examples: Examples, taxonomy: Taxonomy
) -> None:
    """Rows that hold no mood at all: macro-F1 over moods is undefined, the other tasks' scores are not."""
    layout = Layout(taxonomy)
    network, _ = start_network(tiny_base, layout, QUICK)
    reader = Reader(load_tokenizer(tiny_base))
    none = {**examples.targets, "mood": np.zeros_like(examples.targets["mood"])}
    score = validation_score(network, reader, layout, examples.with_targets(none))
    assert score is not None
    assert 0 <= score <= 1
    unlabelled = {name: np.full_like(values, np.nan) for name, values in examples.targets.items()}
    assert validation_score(network, reader, layout, examples.with_targets(unlabelled)) is None


def test_word_embeddings_and_frozen_layers_stay(tiny_base: Path, examples: Examples, taxonomy: Taxonomy) -> None:
    layout = Layout(taxonomy)
    settings = replace(QUICK, epochs=1, frozen_layers=1)
    network, before = start_network(tiny_base, layout, settings)
    fit(network, Reader(load_tokenizer(tiny_base)), layout, examples.take(range(64)), settings)
    after = folder.tensors_of(network.encoder)
    changed = {name for name in before if not np.array_equal(before[name], after[name])}
    assert changed
    assert all(name.startswith("encoder.layer.1.") for name in changed)


def test_a_task_that_is_not_labelled_gives_no_loss(taxonomy: Taxonomy) -> None:
    layout = Layout(taxonomy)
    logits = torch.randn(4, layout.width, requires_grad=True)
    targets = torch.zeros(4, layout.width)
    targets[:, 3] = 1.0
    targets[:, 6] = 1.0
    targets[2:, :3] = float("nan")
    loss_of(logits, targets, layout, torch.ones(4)).backward()
    assert logits.grad is not None
    assert (logits.grad[2:, :3] == 0).all()
    assert (logits.grad[:2, :3] != 0).all()


def test_probabilities_as_targets_are_learnt_whole(taxonomy: Taxonomy) -> None:
    """Not their likeliest label alone; and of rows with one label the loss is that label's, as ever."""
    layout = Layout(taxonomy)
    logits = torch.randn(4, layout.width)
    stance, effort = slice(3, 6), slice(6, 8)
    hard = torch.full((4, layout.width), float("nan"))
    hard[:, stance] = torch.eye(3)[[0, 2, 1, 0]]
    expected = torch.nn.functional.cross_entropy(logits[:, stance], torch.tensor([0, 2, 1, 0]))
    assert torch.allclose(loss_of(logits, hard, layout, torch.ones(4)), expected)

    soft = torch.full((4, layout.width), float("nan"))
    soft[:, effort] = torch.tensor([0.6, 0.4])
    logits[:, effort] = torch.log(torch.tensor([0.6, 0.4]))
    logits.requires_grad = True
    loss_of(logits, soft, layout, torch.ones(4)).backward()
    assert logits.grad is not None
    assert torch.allclose(logits.grad, torch.zeros_like(logits), atol=1e-6)


def test_lower_layers_learn_more_slowly(tiny_base: Path) -> None:
    network = Network(load_encoder(tiny_base), 5)
    groups = parameter_groups(network, TrainSettings(rate=1.0, layer_decay=0.5, head_rate=7.0))
    assert [group["lr"] for group in groups] == [0.5, 0.5, 1.0, 1.0, 7.0]


def test_batches_hold_every_row_once_and_like_lengths() -> None:
    lengths = np.random.default_rng(0).integers(3, 120, 500)
    found = batches(lengths, 16, np.random.default_rng(1))
    assert sorted(np.concatenate(found)) == list(range(500))
    assert np.mean([np.ptp(lengths[rows]) for rows in found]) < 10


def test_long_texts_do_not_go_through_the_network_all_at_once() -> None:
    lengths = np.array([10, 20, 500, 30, 40, 50])
    parts = parts_of(np.arange(6), lengths, most=100)
    assert np.concatenate(parts).tolist() == list(range(6))
    assert [int(lengths[part].sum()) for part in parts] == [30, 500, 70, 50]


def test_a_batch_in_parts_teaches_the_same_as_in_one(
    tiny_base: Path, examples: Examples, taxonomy: Taxonomy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taught(most: int) -> list[torch.Tensor]:
        monkeypatch.setattr("cxnlp.model.network.has_fast_bf16", lambda: False)
        monkeypatch.setattr("cxnlp.model.train.MOST_PIECES", most)
        layout = Layout(taxonomy)
        network, _ = start_network(tiny_base, layout, settings)
        fit(network, Reader(load_tokenizer(tiny_base)), layout, examples.take(np.arange(40)), settings)
        return [value.detach().clone() for value in network.parameters()]

    settings = replace(QUICK, epochs=1, rate=1e-3, dropout=0.0, piece_dropout=0.0)
    whole, cut = taught(100_000), taught(60)
    assert all(torch.allclose(one, other, atol=1e-4) for one, other in zip(whole, cut, strict=True))


def test_the_rate_rises_then_falls() -> None:
    factors = [schedule(step, 100, 0.1) for step in range(100)]
    assert max(factors) == pytest.approx(1.0)
    assert factors[0] < factors[5] < factors[10] > factors[50] > factors[99] > 0


def test_training_says_what_it_was_made_of(tiny_model: Path) -> None:
    record = json.loads((tiny_model / "training.json").read_text(encoding="utf-8"))
    assert record["settings"]["seed"] == 3
    assert record["rows"]["train"] > record["rows"]["validation"] > 0
    assert len(record["data_sha256"]) == 12
    assert record["epochs"]
    assert len(record["trained_on"].split()) == record["rows"]["train"]


class TestBadInput:
    def test_too_few_rows(self, tiny_base: Path, examples: Examples, taxonomy_toml: str, tmp_path: Path) -> None:
        with pytest.raises(LabelsError, match="found 10 labelled rows with text, expected at least 40"):
            build(examples.take(range(1, 5)).take([0, 1, 2] * 3 + [0]), taxonomy_toml, tmp_path / "m", base="nowhere")

    def test_a_task_with_one_class(self, examples: Examples, taxonomy_toml: str, tmp_path: Path) -> None:
        same = examples.targets["stance"].copy()
        same[:] = [0, 0, 1]
        one = Examples(**{**vars(examples), "targets": {**examples.targets, "stance": same}})
        with pytest.raises(LabelsError, match=r"task 'stance': all .* rows hold only 'neither'"):
            build(one, taxonomy_toml, tmp_path / "m", base="nowhere")

    def test_a_task_without_labels(self, examples: Examples, taxonomy_toml: str, tmp_path: Path) -> None:
        none = np.full_like(examples.targets["stance"], np.nan)
        without = Examples(**{**vars(examples), "targets": {**examples.targets, "stance": none}})
        with pytest.raises(LabelsError, match="task 'stance': found 0 labelled rows"):
            build(without, taxonomy_toml, tmp_path / "m", base="nowhere")

    def test_a_base_that_is_not_here(self, examples: Examples, taxonomy_toml: str, tmp_path: Path) -> None:
        with pytest.raises(
            ModelError, match=r"base 'nowhere' is not here; fetch it once with: cxnlp models pull nowhere"
        ):
            build(examples, taxonomy_toml, tmp_path / "m", base="nowhere")
        assert not (tmp_path / "m").exists()
