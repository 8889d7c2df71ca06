"""Probabilities are calibrated, thresholds fitted where there is evidence, and confidence means what it says."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from cxnlp.errors import ModelError
from cxnlp.model import decide
from cxnlp.model.decide import Calibration
from cxnlp.model.layout import Layout
from cxnlp.model.metrics import expected_calibration_error, micro_f1
from cxnlp.taxonomy import Taxonomy, default_taxonomy

ROWS = 4000


@pytest.fixture(scope="module")
def layout(taxonomy: Taxonomy) -> Layout:
    return Layout(taxonomy)


@pytest.fixture(scope="module")
def sample(layout: Layout) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Logits that are three times too sure, and truths drawn from the probabilities that would be right."""
    generator = np.random.default_rng(0)
    logits = generator.normal(-0.5, 1.5, (ROWS, layout.width))
    truth: dict[str, np.ndarray] = {}
    for task, where in layout:
        if task.kind == "multi":
            truth[task.name] = (generator.random((ROWS, len(task.labels))) < expit(logits[:, where])).astype(np.float32)
        else:
            shares = np.exp(logits[:, where]) / np.exp(logits[:, where]).sum(axis=1, keepdims=True)
            drawn = (generator.random((ROWS, 1)) > shares.cumsum(axis=1)).sum(axis=1)
            truth[task.name] = np.eye(len(task.labels), dtype=np.float32)[drawn]
    return logits * 3.0, truth


def test_the_temperature_undoes_what_is_too_sure(
    layout: Layout, sample: tuple[np.ndarray, dict[str, np.ndarray]]
) -> None:
    found = decide.fit(*sample, layout)
    for task, _ in layout:
        assert found.tasks[task.name].temperature == pytest.approx(3.0, rel=0.15)


def test_confidence_is_the_share_of_right_answers(
    layout: Layout, sample: tuple[np.ndarray, dict[str, np.ndarray]]
) -> None:
    logits, truth = sample
    half = {name: values[: ROWS // 2] for name, values in truth.items()}
    calibration = decide.fit(logits[: ROWS // 2], half, layout)
    decided = decide.decide(logits[ROWS // 2 :], layout, calibration)
    for task, _ in layout:
        right = (decided.labels[task.name] == (truth[task.name][ROWS // 2 :] > 0.5)).all(axis=1)
        assert expected_calibration_error(decided.confidence[task.name], right) < 0.05
        assert decided.confidence[task.name].std() > 0.03


def test_the_unsure_band_holds_its_share_and_more_errors(
    layout: Layout, sample: tuple[np.ndarray, dict[str, np.ndarray]]
) -> None:
    logits, truth = sample
    decided = decide.decide(logits, layout, decide.fit(logits, truth, layout))
    assert decided.unsure.mean() == pytest.approx(decide.UNSURE_SHARE, abs=0.01)
    right = (decided.labels["stance"] == (truth["stance"] > 0.5)).all(axis=1)
    assert right[decided.unsure].mean() < right[~decided.unsure].mean()


def test_single_tasks_get_exactly_one_label(layout: Layout, sample: tuple[np.ndarray, dict[str, np.ndarray]]) -> None:
    decided = decide.decide(sample[0], layout, decide.fit(*sample, layout))
    assert (decided.labels["stance"].sum(axis=1) == 1).all()
    assert (decided.labels["effort"].sum(axis=1) == 1).all()


def test_exclusive_labels_keep_the_one_furthest_above_its_threshold(taxonomy: Taxonomy) -> None:
    task = taxonomy.task("mood")
    given = decide.choose(np.array([[0.9, 0.7, 0.6], [0.2, 0.7, 0.1]]), task, (0.8, 0.3, 0.5))
    assert given.tolist() == [[False, True, True], [False, True, False]]


def test_a_text_is_mixed_only_where_both_sides_are_likely() -> None:
    task = default_taxonomy().task("emotions")
    place = {name: number for number, name in enumerate(task.label_names)}
    bounds = (0.3,) * len(task.labels)

    def given(**chances: float) -> set[str]:
        row = np.full((1, len(task.labels)), 0.05)
        for name, value in chances.items():
            row[0, place[name]] = value
        return {name for name, held in zip(task.label_names, decide.choose(row, task, bounds)[0], strict=True) if held}

    assert given(satisfaction=0.9, disappointment=0.35) == {"satisfaction"}
    assert given(satisfaction=0.4, gratitude=0.35, anger=0.45) == {"anger"}
    assert given(satisfaction=0.9, disappointment=0.55) == {"satisfaction", "disappointment"}
    assert given(frustration=0.35, disappointment=0.4) == {"frustration", "disappointment"}


def test_thresholds_are_better_than_a_half_where_labels_are_rare() -> None:
    generator = np.random.default_rng(1)
    probability = generator.beta(0.5, 3.0, (3000, 4))
    truth = generator.random((3000, 4)) < probability
    fitted = decide.fit_thresholds(probability[:1500], truth[:1500])
    tuned = probability[1500:] >= np.array(fitted)
    assert micro_f1(truth[1500:], tuned) > micro_f1(truth[1500:], probability[1500:] >= 0.5) + 0.03


def test_a_label_with_few_rows_stays_near_the_common_threshold() -> None:
    generator = np.random.default_rng(2)
    probability = generator.random((500, 2))
    truth = generator.random((500, 2)) < probability
    truth[:, 1] = False
    truth[3, 1] = True
    probability[3, 1] = 0.8
    common, rare = decide.fit_thresholds(probability, truth)
    loose = decide.fit_thresholds(probability, truth, shrinkage=0.0)[1]
    assert abs(rare - common) < abs(loose - common) / 2


def test_unlabelled_rows_are_left_out(layout: Layout, sample: tuple[np.ndarray, dict[str, np.ndarray]]) -> None:
    logits, truth = sample
    holed = {name: values.copy() for name, values in truth.items()}
    holed["mood"][::2] = np.nan
    kept = {name: values[1::2] for name, values in truth.items()}
    whole = decide.fit(logits[1::2], kept, layout).tasks["mood"]
    assert decide.fit(logits, holed, layout).tasks["mood"] == whole


def test_a_task_without_validation_rows_stays_neutral(
    layout: Layout, sample: tuple[np.ndarray, dict[str, np.ndarray]]
) -> None:
    logits, truth = sample
    nothing = {**truth, "mood": np.full_like(truth["mood"], np.nan)}
    found = decide.fit(logits, nothing, layout).tasks["mood"]
    assert found.temperature == 1.0
    assert set(found.thresholds) == {0.5}


def test_it_is_kept_as_it_was(layout: Layout, sample: tuple[np.ndarray, dict[str, np.ndarray]]) -> None:
    calibration = decide.fit(*sample, layout)
    assert Calibration.from_json(calibration.to_json(), layout, "here") == calibration


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"tasks": {"mood": {}}, "unsure_below": 0}'])
def test_anything_else_is_refused(layout: Layout, text: str) -> None:
    with pytest.raises(ModelError, match="here: not a calibration"):
        Calibration.from_json(text, layout, "here")
