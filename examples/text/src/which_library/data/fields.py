"""The columns of the raw file, for its data card."""

from typing import Any

from .schema import Schema

# Of the files inside an archive.
RECORD_TYPE = "text/csv"


def raw_fields(schema: Schema) -> list[dict[str, Any]]:
    """Return name, meaning, type and source of each column, in the terms of Croissant."""
    texts = {
        schema.text_column: schema.text.label,
        schema.target_column: schema.target.label,
        schema.group: "Texts with equal values are in one split.",
        schema.version: "Version of the source of the text.",
        schema.names_in: "Names, separated by blanks, that may reveal the class.",
    } | {entry.column: f"Not used: {entry.reason}" for entry in schema.left_out}
    return [
        {"name": name, "description": text, "dataType": "sc:Text", "source": {"extract": {"column": name}}}
        for name, text in texts.items()
        if name
    ]
