"""Schema of texts: the columns of text and class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlpath.create.schemas import common
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from mlpath.dataset import DatasetProfile

COMMENT = """\
# Optional: `names`, words that reveal a class and are hidden from models; `group`, a column whose
# equal values stay in one split; `questions` for the demo, each with `ask` and `answer`;
# `extracts: false` to publish no texts.
"""


def build_schema(profile: DatasetProfile, source: str, license_name: str) -> dict[str, Any]:
    """Return the content of `schema.yaml`.

    Raises:
        MlpathError: The data is not enough to train a model.
    """
    target = common.require_target(profile)
    text = next((column for column in profile.columns if column.role == "text"), None)
    if text is None:
        raise MlpathError(
            f"{profile.path.name} has no column of free text",
            hint="If it has columns of features: -d domain=tabular",
        )
    rare = common.rare_classes(profile)
    schema: dict[str, Any] = {
        "source": source,
        "licence": license_name,
        "reading": common.read_options(profile),
        "target": common.column_entry(target, label=target.label)
        | {"choices": common.class_names(profile)},
        "text": common.column_entry(text, label=text.label),
        "left_out": common.left_out(profile),
    }
    if target.missing:
        schema["target"]["nullable"] = True
    return schema | ({"too_rare": rare} if rare else {})


def data_answers(profile: DatasetProfile) -> dict[str, Any]:
    """Return metric and slices."""
    return common.class_answers(profile, common.require_target(profile).key, ["length"])
