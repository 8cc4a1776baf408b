"""What the stage `prepare` wrote."""

from ..errors import UserError
from ..paths import ProjectPaths
from .schema import Schema, load_schema
from .splits import Split, read_splits


def read_prepared(paths: ProjectPaths) -> tuple[Schema, dict[str, Split]]:
    """Return the schema and the splits.

    Raises:
        UserError: there are no splits yet, or `schema.yaml` is invalid.
    """
    schema = load_schema(paths.schema)
    if not paths.prepared.exists():
        raise UserError("data/prepared/ not found; create it with: uv run dvc repro prepare")
    return schema, read_splits(paths.prepared, schema)
