"""An MLflow plug-in (see `pyproject.toml`) that tags every run of the project with its lineage.

MLflow imports plug-ins before it starts its telemetry or opens a store, so both are configured here.
"""

import os

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
# Without this, MLflow exports the whole environment from uv.lock for each logged model.
os.environ.setdefault("MLFLOW_UV_AUTO_DETECT", "false")

from mlflow.tracking.context.abstract_context import RunContextProvider

from ..paths import ProjectPaths
from .lineage import current_lineage

# Without this, a notebook in a sub-folder gets a store of its own there.
os.environ.setdefault("MLFLOW_TRACKING_URI", ProjectPaths().store)


class LineageTags(RunContextProvider):
    """Sets the lineage as tags of a run."""

    def in_context(self) -> bool:
        """Return True: every run started in this environment belongs to the project."""
        return True

    def tags(self) -> dict[str, str]:
        """Return what is known of the lineage."""
        return current_lineage(ProjectPaths()).tags()
