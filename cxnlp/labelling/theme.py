"""Candidates for a label that nothing has been labelled with yet: texts near to its definition.

Text and definition are embedded by the base encoder. How near a text is to *any* definition says nothing (short, vague
texts are near to all), so what counts is how much nearer it is to this one than to those of the task's other labels.
`docs/labelling.md` says how many of the first candidates are right.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cxnlp.errors import TaxonomyError
from cxnlp.taxonomy import Label, Task, Taxonomy

Floats = npt.NDArray[np.float32]


def find_label(taxonomy: Taxonomy, wanted: str) -> list[tuple[Task, Label]]:
    """Return the label `NAME`, or `TASK/NAME`, in each task that has it.

    Raise `TaxonomyError` when there is none, or its definition is missing.
    """
    task_name, _, name = wanted.rpartition("/")
    found = [
        (task, label)
        for task in taxonomy.tasks
        if task_name in ("", task.name)
        for label in task.labels
        if label.name == name
    ]
    if not found:
        raise TaxonomyError(f"the taxonomy has no label {wanted!r}; add it to taxonomy.toml with a definition first")
    if not found[0][1].definition:
        raise TaxonomyError(f"label {wanted!r} has no definition; candidates are looked for by its definition")
    return found


def definitions(task: Task, label: Label) -> list[str]:
    """Return the texts to embed: this label's title and definition first, then those of the task's other labels."""
    others = [other for other in task.labels if other.name != label.name and other.definition]
    return [f"{one.display}: {one.definition}" for one in (label, *others)]


def nearness(queries: Floats, texts: Floats) -> Floats:
    """Return how much nearer each text is to the first query than to the others on average, [texts].

    Both are unit vectors [n, H].
    """
    cosines = texts @ queries.T
    others = cosines[:, 1:].mean(axis=1) if len(queries) > 1 else 0.0
    return np.asarray(cosines[:, 0] - others, dtype=np.float32)
