"""The columns of the raw file, for its data card."""

from typing import Any

from .schema import Schema

# Of the files inside an archive.
RECORD_TYPE = "text/csv"
TYPES = {"number": "sc:Float", "category": "sc:Text", "date": "sc:Date"}


def raw_fields(schema: Schema) -> list[dict[str, Any]]:
    """Return name, meaning, type and source of each column, in the terms of Croissant."""
    texts = dict.fromkeys(schema.group_columns, "Rows with equal values are in one split.")
    texts |= {entry.column: f"Not used: {entry.reason}" for entry in schema.left_out}
    columns = {
        column.file_name: (
            f"{column.label} ({column.unit})" if column.unit else column.label,
            "sc:Integer" if column.kind == "number" and column.whole else TYPES[column.kind],
        )
        for column in schema.columns
    }
    columns |= {name: (text, "sc:Text") for name, text in texts.items() if name not in columns}
    computed = (schema.reading or {}).get("computed", {})
    return [
        {"name": name, "description": text, "dataType": kind, "source": {"extract": {"column": name}}}
        for name, (text, kind) in columns.items()
        if name not in computed
    ]
