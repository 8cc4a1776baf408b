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

    def checkpoint(self, name: str) -> Path:
        """Return the file from which an interrupted training of a model resumes."""
        return self.root / ".cache" / "checkpoints" / f"{name}.pt"
