"""Feedback as image files, in one folder per class."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..errors import UserError
from .images import decode_data_url
from .schema import Schema

OUTPUT = "feedback"


def write_records(records: Iterable[dict[str, Any]], schema: Schema, output: Path | None) -> None:
    """Write the images into a folder.

    Raises:
        UserError: no folder is named.
    """
    if output is None:
        raise UserError("images need a folder; name one: uv run feedback export --output FOLDER")
    output.mkdir(parents=True, exist_ok=True)
    for record in records:
        content = decode_data_url(record["picture"])
        folder = output / record[schema.target.name]
        folder.mkdir(exist_ok=True)
        (folder / f"{hashlib.sha256(content).hexdigest()[:16]}.png").write_bytes(content)
