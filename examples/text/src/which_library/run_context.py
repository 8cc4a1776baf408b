"""A plug-in that MLflow loads in this project (see `pyproject.toml`): every run, a notebook's too, carries its lineage.

MLflow imports it before it would start its telemetry, in `uv run mlflow ui` too, so this is where telemetry is off.
"""

import os

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
# MLflow would otherwise export the whole environment from uv's lock for each logged model.
os.environ.setdefault("MLFLOW_UV_AUTO_DETECT", "false")

from mlflow.tracking.context.abstract_context import RunContextProvider

from which_library.layout import Layout
from which_library.lineage import lineage_of


class LineageTags(RunContextProvider):
    """Tags of the lineage, set on every run."""

    def in_context(self) -> bool:
        """Every run that this environment starts belongs to the project."""
        return True

    def tags(self) -> dict[str, str]:
        """What is known; the unknown is left out."""
        lineage = lineage_of(Layout())
        return {f"lineage.{name}": str(value) for name, value in vars(lineage).items() if value is not None}
