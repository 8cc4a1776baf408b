"""A candidate: a trained model as ONNX, with its predictions on the validation and the test split, and on folds."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

MODEL_FILE, PREDICTIONS_FILE = "model.onnx", "predictions.npz"
# The name of the predictions on the folds, which refits of the model made.
FOLDS = "folds"


@dataclass(frozen=True)
class Candidate:
    """The exported model, its predictions by split, and those of its refits on the folds, rows first."""

    exported: bytes
    predictions: dict[str, NDArray[np.float64]]

    def save(self, folder: Path) -> None:
        """Write both files; the same candidate always gives the same bytes."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MODEL_FILE).write_bytes(self.exported)
        np.savez(folder / PREDICTIONS_FILE, allow_pickle=False, **self.predictions)

    @classmethod
    def read(cls, folder: Path) -> "Candidate":
        """Load what `save` wrote."""
        with np.load(folder / PREDICTIONS_FILE, allow_pickle=False) as arrays:
            return cls((folder / MODEL_FILE).read_bytes(), dict(arrays))
