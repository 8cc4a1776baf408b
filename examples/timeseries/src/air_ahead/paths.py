"""The files and folders that the stages read and write."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class ProjectPaths:
    """Paths below the project's root; tests pass a temporary root."""

    root: Path = ROOT

    @property
    def params(self) -> Path:
        """The parameters of every stage."""
        return self.root / "params.yaml"

    @property
    def schema(self) -> Path:
        """The description of the data."""
        return self.root / "schema.yaml"

    @property
    def raw(self) -> Path:
        """The raw data."""
        return self.root / "data" / "raw"

    @property
    def prepared(self) -> Path:
        """The training, validation and test split."""
        return self.root / "data" / "prepared"

    @property
    def champion(self) -> Path:
        """The served model, tracked by git."""
        return self.root / "models" / "champion"

    @property
    def reports(self) -> Path:
        """Scores, plots and the model card."""
        return self.root / "reports"

    def candidate(self, name: str) -> Path:
        """Return the folder of a trained model and its predictions."""
        return self.root / "models" / "candidates" / name

    def checkpoint(self, name: str) -> Path:
        """Return the file from which an interrupted training of a model resumes."""
        return self.root / ".cache" / "checkpoints" / f"{name}.pt"
