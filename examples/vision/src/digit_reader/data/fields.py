"""The image and its class, for the data card of the raw files."""

from typing import Any

from .schema import Schema

# Of the files inside an archive.
RECORD_TYPE = "image/png"


def raw_fields(schema: Schema) -> list[dict[str, Any]]:
    """Return name, meaning, type and source of image and class, in the terms of Croissant."""
    folder = {"extract": {"fileProperty": "fullpath"}, "transform": {"regex": ".*?([^/]+)/[^/]+$"}}
    return [
        {
            "name": "image",
            "description": schema.input_summary,
            "dataType": "sc:ImageObject",
            "source": {"extract": {"fileProperty": "content"}},
        },
        {
            "name": schema.target.name,
            "description": f"{schema.target.label}: the name of the image's folder",
            "dataType": "sc:Text",
            "source": folder,
        },
    ]
