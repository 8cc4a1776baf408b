"""The schema of texts: which column holds them, which says their classes, and how to read both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlpath.create.schemas import MOST_SLICES, balanced, reading_of, target_of, too_rare
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from mlpath.dataset import Column, Findings

ADVICE = """\
# What else it can say is listed by `Schema` in `data.py`: words that give a class away (`names`), a
# column of threads or authors that belong into one split (`group`), questions for the demo to start
# from (`questions`, each with `ask` and `answer`), whether it may show extracts (`extracts`).
"""


def document(findings: Findings, source: str, licence: str) -> dict[str, Any]:
    """Return the content of `schema.yaml`.

    Raises:
        MlpathError: There is too little to learn from.
    """
    target = target_of(findings)
    text = next((one for one in findings.columns if one.role == "text"), None)
    if text is None:
        raise MlpathError(
            f"{findings.path.name} has no column of free text",
            hint="-d domain=tabular, if it has columns to predict from.",
        )
    rare = too_rare(findings)
    classes = [name for name, _ in findings.classes if name not in rare]
    written: dict[str, Any] = {
        "source": source,
        "licence": licence,
        "reading": reading_of(findings.reading),
        "target": _named(target) | {"choices": classes},
        "text": _named(text),
        "left_out": [
            {"column": column.name, "reason": column.reason}
            for column in findings.columns
            if column.role == "left out"
        ],
    }
    if target.missing:
        written["target"]["nullable"] = True
    if rare:
        written["too_rare"] = rare
    return written


def turned(findings: Findings) -> dict[str, Any]:
    """Return which metric decides, and what the quality is told apart by."""
    if not balanced(findings):
        return {"metric": "f1", "slices": ["length"]}
    rare = too_rare(findings)
    classes = [name for name, _ in findings.classes if name not in rare]
    by_class = [target_of(findings).key] if len(classes) <= MOST_SLICES else []
    return {"metric": "accuracy", "slices": [*by_class, "length"]}


def _named(column: Column) -> dict[str, Any]:
    described = {"name": column.key, "label": column.label}
    return described | ({"column": column.name} if column.name != column.key else {})
