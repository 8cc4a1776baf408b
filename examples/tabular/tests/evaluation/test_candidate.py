"""A candidate is saved and read unchanged."""

from pathlib import Path

import numpy as np

from late_flights.evaluation.candidate import Candidate


def test_save_and_read(tmp_path: Path) -> None:
    saved = Candidate(b"model", {"validation": np.array([0.5]), "test": np.array([0.25, 1.0])})
    saved.save(tmp_path)
    read = Candidate.read(tmp_path)
    assert read.exported == b"model"
    assert read.predictions["validation"].tolist() == [0.5]
    assert read.predictions["test"].tolist() == [0.25, 1.0]
