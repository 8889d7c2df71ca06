"""Where each task's labels stand in the one vector of outputs that the network gives for a text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cxnlp.taxonomy import Task, Taxonomy


@dataclass(frozen=True)
class Layout:
    """The outputs of all tasks side by side: task after task, label after label, in the taxonomy's order."""

    taxonomy: Taxonomy

    @property
    def width(self) -> int:
        """How many outputs there are."""
        return sum(len(task.labels) for task in self.taxonomy.tasks)

    def __iter__(self) -> Iterator[tuple[Task, slice]]:
        """Yield each task with the slice of its outputs."""
        start = 0
        for task in self.taxonomy.tasks:
            yield task, slice(start, start + len(task.labels))
            start += len(task.labels)

    def names(self) -> tuple[tuple[str, str], ...]:
        """Return (task, label) of each output."""
        return tuple((task.name, name) for task, _ in self for name in task.label_names)

    def join(self, per_task: dict[str, npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
        """Put per-task arrays [rows, labels] side by side, [rows, width]."""
        return np.concatenate([per_task[task.name] for task, _ in self], axis=1)
