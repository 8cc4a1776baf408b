"""The files and folders that the stages read and write."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class ProjectPaths:
    """Paths below the project's root; tests pass a temporary root.

    Attributes:
        params: the parameters of every stage.
        schema: the description of the data.
        raw: the raw data.
        prepared: the training, validation and test split.
        champion: the served model, tracked by git.
        reports: scores, plots and the model card.
    """

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self.params = root / "params.yaml"
        self.schema = root / "schema.yaml"
        self.raw = root / "data" / "raw"
        self.prepared = root / "data" / "prepared"
        self.champion = root / "models" / "champion"
        self.reports = root / "reports"

    def candidate(self, name: str) -> Path:
        """Return the folder of a trained model and its predictions."""
        return self.root / "models" / "candidates" / name

    def cache(self, name: str) -> Path:
        """Return the folder of the files that a model keeps between its trainings."""
        return self.root / ".cache" / name
