"""What `schema.yaml` says of data that a person brought: one module a domain.

Each has `document(findings, source, licence)`, the content of the file, `ADVICE` on it as lines of
comment, and `turned(findings)`, the answers that depend on the data. What several need stands here.
"""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from mlpath.dataset import Column, Findings, Reading

LEAST_ROWS = 50
LEAST_OF_A_CLASS = 5
"""Three splits, of which the smallest is a fifth of the rows, need one of each class."""
MOST_SLICES = 12
"""Of more classes, a list of each one's quality is no overview."""


def reading_of(reading: Reading | None) -> dict[str, Any]:
    """Return how the file is read, less what is so by default."""
    assert reading is not None  # noqa: S101 - a table has one
    usual = {field.name: field.default for field in fields(reading)}
    found = {key: value for key, value in asdict(reading).items() if value != usual[key]}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in found.items()}


def target_of(findings: Findings) -> Column:
    """Return the column to predict.

    Raises:
        MlpathError: None stands out, or there are too few rows to learn it.
    """
    target = next((one for one in findings.columns if one.name == findings.target), None)
    if target is None:
        raise MlpathError(
            f"{findings.path.name}: no column stands out as the one to predict",
            hint="Name it: --target COLUMN",
        )
    if findings.rows < LEAST_ROWS:
        raise MlpathError(
            f"{findings.path.name} has {findings.rows} rows; a model that is measured on rows it "
            f"has not seen takes {LEAST_ROWS} at least",
            hint="Bring a larger table.",
        )
    return target


def too_rare(findings: Findings) -> list[str]:
    """Return the classes that stand in too few rows to learn, validate and test.

    Beside them what stands for a missing one in a target of numbers: such rows have no class.

    Raises:
        MlpathError: Fewer than two classes are left.
    """
    if findings.task != "classification":
        return []
    rare = [name for name, count in findings.classes if count < LEAST_OF_A_CLASS]
    if len(findings.classes) - len(rare) < 2:  # noqa: PLR2004 - one class is nothing to tell apart
        if findings.kind == "pictures":
            raise MlpathError(
                f"{findings.path.name}: fewer than two folders hold {LEAST_OF_A_CLASS} pictures "
                "or more",
                hint="Bring more pictures of each class.",
            )
        raise MlpathError(
            f"{findings.path.name}: fewer than two values of {findings.target!r} stand in "
            f"{LEAST_OF_A_CLASS} rows or more",
            hint="Bring more rows of each class, or another --target.",
        )
    words = [one.missing_words for one in findings.columns if one.name == findings.target]
    return [*rare, *(word for of_target in words for word in of_target)]


def balanced(findings: Findings) -> bool:
    """Tell whether accuracy says how good a model is: whether no class is rare beside the others.

    Of a single class, accuracy is the share that is found; F1 over all classes says nothing there.
    """
    rare = too_rare(findings)
    counts = [count for name, count in findings.classes if name not in rare]
    return min(counts) >= sum(counts) / len(counts) / 2
