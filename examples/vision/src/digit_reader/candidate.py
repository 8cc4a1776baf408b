"""A candidate: a trained model in the form that serves, with its answers on the rows that it has not seen."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .champion import MODEL_FILE
from .params import Train

PREDICTIONS_FILE = "predictions.npz"


@dataclass(frozen=True)
class Candidate:
    """`predictions`: by split (`validation`, `test`), rows first."""

    exported: bytes
    predictions: dict[str, NDArray[np.float64]]

    def save(self, folder: Path) -> None:
        """Write both files; the same training gives the same bytes, so that DVC sees no change."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MODEL_FILE).write_bytes(self.exported)
        np.savez(folder / PREDICTIONS_FILE, allow_pickle=False, **self.predictions)

    @classmethod
    def read(cls, folder: Path) -> "Candidate":
        """What `save` wrote."""
        with np.load(folder / PREDICTIONS_FILE, allow_pickle=False) as saved:
            return cls((folder / MODEL_FILE).read_bytes(), dict(saved))


def parameters_of(name: str, params: Train) -> dict[str, Any]:
    """What `params.yaml` says of the model called `name`."""
    return {"seed": params.seed, **asdict(getattr(params, name))}
