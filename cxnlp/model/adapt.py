"""Adapting a trained model to further labels, or to an export's texts: `cxnlp train --base MODEL`, `--adapt EXPORT`.

The encoder starts from the model's, and so do the outputs for labels that it knows; outputs for new labels start from a
linear probe (LP-FT: Kumar et al. 2022, ICLR). Two ways, by what is at hand:

* own labels with others to keep (the default ones): both are trained on together, own rows repeated as often as is best
  on validation (own and other rows count the same; a usual number where own ones are too few to choose by), so that new
  is learnt and old is kept
* own labels alone: fold by fold, so that every row is used for training and every row calibrates and sets thresholds

Either way no row calibrates or chooses that the model to start from was trained on (`seen.py`): it reads those better
than anything it will meet.

Before the first of them, or instead of it, a warm-up may get the encoder used to the texts of an export, whose stars
are weak labels (`weak.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from cxnlp.errors import LabelsError
from cxnlp.model import decide, folder
from cxnlp.model.base import DEFAULT_BASE, load_tokenizer, resolve_base
from cxnlp.model.build import network_logits, pooled_vectors, start_network, training_record, validation_score
from cxnlp.model.examples import (
    MIN_ROWS,
    VALIDATION_SHARE,
    Examples,
    check_trainable,
    concatenate,
    split_groups,
    split_validation,
    without_gold,
)
from cxnlp.model.layout import Layout
from cxnlp.model.network import Network
from cxnlp.model.probe import start_heads
from cxnlp.model.reading import Reader
from cxnlp.model.seen import seen_rows, trained_on
from cxnlp.model.train import Epoch, TrainSettings, fit
from cxnlp.model.weak import unlike, with_stars, without_stars
from cxnlp.taxonomy import parse_taxonomy

#: Told of each step: steps done, steps in all, loss.
Report = Callable[[int, int, float], None]

FOLDS = 3
#: How often own rows are repeated beside the others: what is tried, and what is taken where too few own rows are in
#: validation to choose by (docs/labelling.md has what each was worth for a theme learnt from 20 to 80 rows).
EMPHASES = (1, 4, 12)
USUAL_EMPHASIS = 4
#: Other rows that are trained on beside the own ones, drawn at random: enough to keep what was learnt.
REPLAYED = 2_000
#: Passes over the rows: few where the model knows the tasks, more where it learns from little.
PASSES_BESIDE_OTHERS = 2
PASSES_ALONE = 8
#: Own validation rows from which the emphasis is chosen by their score.
SURE_ROWS = 30
#: How far the weights move from where they started to where training took them: what lies between unlearns less and
#: has learnt nearly as much (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models").
MOVED = 0.7
#: The encoder's peak rate, as a share of the usual one, where it was fine-tuned before.
GENTLER = 0.4


@dataclass(frozen=True)
class Adapted:
    """How it went: score on validation by emphasis (empty without own or other rows), the one chosen, rows, time.

    A score is None where validation holds no label that one could be computed from.
    """

    scores: dict[int, float | None]
    emphasis: int
    epochs: list[Epoch]
    own_rows: int
    other_rows: int
    weak_rows: int
    seconds: float


@dataclass
class _Start:
    """What each training starts from: parameters of the encoder and heads of known labels."""

    reader: Reader
    layout: Layout
    base: str
    base_tensors: dict[str, npt.NDArray[np.float32]]
    network: Network
    encoder: dict[str, torch.Tensor]
    heads: dict[int, tuple[torch.Tensor, torch.Tensor]]

    def ready(self, train: Examples) -> Network:
        """Return the network as it is before training: the model's encoder, heads from the model or a probe."""
        self.network.encoder.load_state_dict(self.encoder, strict=False)
        start_heads(self.network, pooled_vectors(self.network, self.reader, train), train, self.layout)
        with torch.no_grad():
            for output, (weight, bias) in self.heads.items():
                self.network.heads.weight[output] = weight
                self.network.heads.bias[output] = bias
        return self.network

    def learn(self, train: Examples, settings: TrainSettings, report: Report | None) -> list[Epoch]:
        """Train from here beside rows of the model's own; go `MOVED` of the way. The network is left as it is then."""
        network = self.ready(train)
        before = _without_embeddings(network.state_dict())
        epochs = fit(network, self.reader, self.layout, train, settings, report=report)
        after = network.state_dict()
        moved = {key: torch.lerp(value, after[key], MOVED) for key, value in before.items()}
        network.load_state_dict(moved, strict=False)
        return epochs

    def warm_up(
        self, weak: Examples, labelled: Examples, settings: TrainSettings, report: Report | None
    ) -> list[Epoch]:
        """Train on texts with stars beside labelled rows, and start from there in place of the model.

        Of the texts the model's own answers are kept up (Li & Hoiem 2017), so that it goes on reading what is said and
        does not come to guess it from the stars. Outputs for the stars are thrown away.
        """
        weak = self._with_answers(weak, labelled)
        wide = replace(self, layout=Layout(with_stars(self.layout.taxonomy)))
        wide.network = Network(self.network.encoder, wide.layout.width, self.network.dropout.p)
        rows = concatenate([weak, without_stars(labelled)])
        epochs = wide.learn(rows, settings, report)
        self.encoder = _without_embeddings(self.network.encoder.state_dict())
        weight, bias = wide.network.heads.weight.detach(), wide.network.heads.bias.detach()
        self.heads = {output: (weight[output].clone(), bias[output].clone()) for output in self.heads}
        return epochs

    def _with_answers(self, weak: Examples, labelled: Examples) -> Examples:
        """Return the texts with the model's probabilities as labels, in tasks of which it knows all labels."""
        logits = network_logits(self.ready(labelled), self.reader, weak)
        targets = dict(weak.targets)
        for task, where in self.layout:
            if all(output in self.heads for output in range(where.start, where.stop)):
                targets[task.name] = decide.probabilities(logits[:, where], task, 1.0).astype(np.float32)
        return weak.with_targets(targets)


def _start(model: Path | None, base: str, layout: Layout, settings: TrainSettings) -> _Start:
    heads: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
    known = folder.load(model) if model is not None else None
    name = known.base if known is not None else base
    path = resolve_base(name)
    network, tensors = start_network(path, layout, settings)
    encoder = network.encoder.state_dict()
    if known is not None:
        encoder = known.network.encoder.state_dict()
        place = {label: output for output, label in enumerate(known.layout.names())}
        weight, bias = known.network.heads.weight.detach(), known.network.heads.bias.detach()
        for output, label in enumerate(layout.names()):
            if label in place:
                heads[output] = (weight[place[label]].clone(), bias[place[label]].clone())
    kept = _without_embeddings(encoder)
    return _Start(Reader(load_tokenizer(path)), layout, name, tensors, network, kept, heads)


def _without_embeddings(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return a copy of what training changes: the pieces' embeddings are never trained, and they are most of it."""
    return {key: value.detach().clone() for key, value in state.items() if "embeddings." not in key}


def adapt(
    own: Examples | None,
    others: Examples | None,
    taxonomy_toml: str,
    out: Path,
    *,
    model: Path | None,
    base: str = DEFAULT_BASE,
    weak: Examples | None = None,
    settings: TrainSettings | None = None,
    emphases: Sequence[int] | None = None,
    report: Report | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Adapted:
    """Train on own rows, beside `others` where given, starting from `model` (or from the base alone); write `out`.

    `emphases` are how often own rows are repeated beside the others: each is tried, the best on validation is kept. Not
    given: `EMPHASES`, or `USUAL_EMPHASIS` alone with fewer than `SURE_ROWS` own validation rows. `weak` are texts with
    stars to warm up on (`weak.weakly_labelled`): they need `model` and `others`, and then `own` may be None.

    Gold rows of either are left out, and what `model` was trained on is never validated on. Raise `LabelsError`,
    `TaxonomyError` or `ModelError` before any long work when labels, taxonomy or model cannot be used.
    """
    began = time.perf_counter()
    folder.check_replaceable(out)
    taxonomy = parse_taxonomy(taxonomy_toml)
    layout = Layout(taxonomy)
    if weak is not None and (model is None or others is None):
        raise ValueError("texts with stars need a model, and labelled rows that keep what it knows")
    given = concatenate([rows for rows in (own, others) if rows is not None])
    together = without_gold(given)
    check_trainable(together, taxonomy)
    weak = unlike(weak, given) if weak is not None else None
    mine = set(own.ids) if own is not None else set()
    is_own = np.array([row_id in mine for row_id in together.ids], dtype=bool)
    if own is not None and weak is None and not is_own.any():
        raise LabelsError(
            f"none of the {len(own)} own rows can be learnt from: gold rows, and what nearly repeats one, are kept to "
            "measure by; expected rows of part 'train'"
        )
    known = trained_on(model, others) if model is not None else frozenset()
    seen = seen_rows(together, known)
    settings = settings or TrainSettings(epochs=PASSES_ALONE if others is None else PASSES_BESIDE_OTHERS)
    if model is not None:
        settings = replace(settings, rate=GENTLER * settings.rate)
    start = _start(model, base, layout, settings)
    if others is None:
        epochs, calibration = _alone(together, seen, start, settings, report, say)
        scores: dict[int, float | None] = {}
        emphasis, train, validation = 1, together, together.take([])
    else:
        scores, emphasis, epochs, calibration, train, validation = _beside(
            together, is_own, seen, weak, start, settings, emphases, report, say
        )
    seconds = time.perf_counter() - began
    record = training_record(train, validation, settings, epochs, seconds, known)
    record["from"] = {"model": model.name if model else "", "emphasis": emphasis, "scores": scores}
    weak_rows = 0 if weak is None else len(weak)
    record["rows"]["with_stars_only"] = weak_rows
    folder.save(
        out,
        network=start.network,
        base=start.base,
        base_tensors=start.base_tensors,
        reader=start.reader,
        taxonomy_toml=taxonomy_toml,
        calibration=calibration,
        training=record,
    )
    return Adapted(scores, emphasis, epochs, int(is_own.sum()), int((~is_own).sum()), weak_rows, seconds)


def _alone(
    rows: Examples,
    seen: npt.NDArray[np.bool_],
    start: _Start,
    settings: TrainSettings,
    report: Report | None,
    say: Callable[[str], None],
) -> tuple[list[Epoch], decide.Calibration]:
    """Train on all rows; calibrate on what models of the other folds said of each row that is new to the model."""
    groups = split_groups(rows)
    fresh = ~np.isin(groups, groups[seen])
    if fresh.sum() < MIN_ROWS and seen.any():
        say(f"Only {fresh.sum()} rows are new to the model: probabilities, set by rows it knows, will be too sure.")
        fresh = np.ones(len(rows), dtype=bool)
    logits = np.zeros((len(rows), start.layout.width), dtype=np.float32)
    fold = fold_of(rows, settings.seed)
    for number in range(FOLDS):
        say(f"Fold {number + 1} of {FOLDS}, to calibrate …")
        train, held = rows.take(fold != number), rows.take(fold == number)
        fit(start.ready(train), start.reader, start.layout, train, settings)
        logits[fold == number] = network_logits(start.network, start.reader, held)
    say(f"Training on all {len(rows)} rows …")
    epochs = fit(start.ready(rows), start.reader, start.layout, rows, settings, report=report, say=say)
    return epochs, decide.fit(logits[fresh], rows.take(fresh).targets, start.layout)


def fold_of(rows: Examples, seed: int, folds: int = FOLDS) -> npt.NDArray[np.int64]:
    """Return a fold per row, [rows]; a group (`split_groups`) shares one."""
    groups = split_groups(rows)
    distinct = np.unique(groups)
    places = np.random.default_rng(seed).permutation(len(distinct)) % folds
    return np.asarray(places[np.searchsorted(distinct, groups)], dtype=np.int64)


def _beside(
    rows: Examples,
    is_own: npt.NDArray[np.bool_],
    seen: npt.NDArray[np.bool_],
    weak: Examples | None,
    start: _Start,
    settings: TrainSettings,
    emphases: Sequence[int] | None,
    report: Report | None,
    say: Callable[[str], None],
) -> tuple[dict[int, float | None], int, list[Epoch], decide.Calibration, Examples, Examples]:
    """Warm up where asked, then try each emphasis and keep the best."""
    train_rows, validation_rows = split_validation(rows, VALIDATION_SHARE, settings.seed, own=is_own, seen=seen)
    if len(validation_rows) < VALIDATION_SHARE * MIN_ROWS:
        raise LabelsError(
            f"found {len(validation_rows)} rows to choose and calibrate by that the model was not trained on, expected "
            f"{VALIDATION_SHARE * MIN_ROWS:.0f} at least: give more rows, or start from an earlier model"
        )
    generator = np.random.default_rng(settings.seed)
    others = train_rows[~is_own[train_rows]]
    others = others if len(others) <= REPLAYED else generator.choice(others, REPLAYED, replace=False)
    own = train_rows[is_own[train_rows]]
    validation = rows.take(validation_rows)
    own_validation = rows.take(validation_rows[is_own[validation_rows]])
    other_validation = rows.take(validation_rows[~is_own[validation_rows]])

    epochs: list[Epoch] = []
    if weak is not None:
        say(f"Warming up on {len(weak)} texts with stars beside {len(others)} labelled rows …")
        epochs = start.warm_up(weak, rows.take(others), settings, report)
    if not len(own):
        start.ready(rows.take(others))
        emphases = ()
    elif emphases is None:  # few own rows would choose by luck
        emphases = EMPHASES if len(own_validation) >= SURE_ROWS else (USUAL_EMPHASIS,)

    def score(network: Network) -> float | None:
        parts = [part for part in (own_validation, other_validation) if len(part)]
        found = [validation_score(network, start.reader, start.layout, part) for part in parts]
        defined = [value for value in found if value is not None]
        return round(float(np.mean(defined)), 4) if defined else None

    scores: dict[int, float | None] = {}
    best: tuple[float, dict[str, torch.Tensor]] | None = None
    chosen = 0
    for emphasis in emphases:
        train = rows.take(np.concatenate([others, *[own] * emphasis]))
        say(f"Own rows {emphasis}×: {len(own)} rows beside {len(others)} others …")
        # the validation score of each pass is not asked for: it would choose the pass as well as the emphasis
        passed = start.learn(train, settings, report)
        found = scores[emphasis] = score(start.network)
        if found is not None:
            say(f"Own rows {emphasis}×: validation {found:.3f}")
        if best is None or (found or 0.0) > best[0]:
            best = (found or 0.0, _without_embeddings(start.network.state_dict()))
            chosen, epochs = emphasis, passed
    if best:
        start.network.load_state_dict(best[1], strict=False)
    calibration = decide.fit(network_logits(start.network, start.reader, validation), validation.targets, start.layout)
    return scores, chosen, epochs, calibration, rows.take(np.concatenate([own, others])), validation
