"""Feedback, as the demo stores it."""

import dataclasses
from datetime import UTC, datetime
from typing import Any

from which_library.serving.feedback import Entry


def entry(correct: bool, truth: Any = None, prediction: Any = "no", sha256: str = "abcabcabcabc") -> Entry:
    return Entry(
        id="1",
        time=datetime(2026, 11, 30, 1, tzinfo=UTC),
        request_id=None,
        inputs=None,
        prediction={"prediction": prediction},
        correct=correct,
        truth=truth,
        remark=None,
        model="a model",
        model_version=1,
        model_sha256=sha256,
    )


def rated(score: float, truth: str | None, sha256: str = "abcabcabcabc") -> Entry:
    """Return feedback about a prediction with this probability of `yes`."""
    label = "yes" if score >= 0.5 else "no"
    probabilities = {"prediction": label, "probabilities": {"no": 1 - score, "yes": score}}
    return dataclasses.replace(entry(label == truth, truth, sha256=sha256), prediction=probabilities)
