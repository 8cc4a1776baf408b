"""Feedback in the form of the raw data."""

from collections.abc import Mapping
from typing import Any

from .schema import Schema


def to_record(inputs: Mapping[str, Any], truth: Any, schema: Schema) -> dict[str, Any] | None:
    """Return a text and its class with the column names of the raw file, or None if it differs from the schema.

    Other columns, such as the group, are empty.
    """
    text = inputs.get(schema.text.name)
    if not isinstance(text, str) or truth not in schema.classes:
        return None
    return dict.fromkeys(schema.columns) | {schema.target_column: truth, schema.text_column: text}
