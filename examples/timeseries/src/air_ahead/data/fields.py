"""The columns of the raw file, for its data card."""

from typing import Any

from .schema import Schema

# Of the files inside an archive.
RECORD_TYPE = "text/csv"


def raw_fields(schema: Schema) -> list[dict[str, Any]]:
    """Return name, meaning, type and source of each column, in the terms of Croissant."""
    label, unit = schema.target.label, schema.target.unit
    columns = {
        schema.date_column: ("Date of the measurement", "sc:Date"),
        schema.target_column: (f"{label} ({unit})" if unit else label, "sc:Float"),
    } | {entry.column: (f"Not used: {entry.reason}", "sc:Text") for entry in schema.left_out}
    return [
        {"name": name, "description": text, "dataType": kind, "source": {"extract": {"column": name}}}
        for name, (text, kind) in columns.items()
    ]
