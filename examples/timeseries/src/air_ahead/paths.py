"""The files and folders that the stages read and write."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class ProjectPaths:
    """Paths below the project's root; tests pass a temporary root.

    Attributes:
        params: the parameters of every stage.
        schema: the description of the data.
        raw: the raw data.
        data_card: its description in Croissant, a vocabulary of JSON-LD.
        prepared: the training, validation and test split.
        champion: the served model, tracked by git.
        canary: another version of it, which gets a share of the requests, tracked by git.
        reports: scores, plots and the model card.
        workspace: the root of the project itself, also for an experiment that runs in a copy of it.
        store: the MLflow store of the project.
    """

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self.params = root / "params.yaml"
        self.schema = root / "schema.yaml"
        self.raw = root / "data" / "raw"
        self.data_card = root / "data" / "croissant.json"
        self.prepared = root / "data" / "prepared"
        self.champion = root / "models" / "champion"
        self.canary = root / "models" / "canary"
        self.reports = root / "reports"
        # `dvc exp run --queue` and `--temp` run in a copy below .dvc/tmp.
        self.workspace = Path(*root.parts[: root.parts.index(".dvc")]) if ".dvc" in root.parts else root
        self.store = f"sqlite:///{(self.workspace / 'mlflow.db').as_posix()}"

    def candidate(self, name: str) -> Path:
        """Return the folder of a trained model and its predictions."""
        return self.root / "models" / "candidates" / name

    def cache(self, name: str) -> Path:
        """Return the folder of the files that a model keeps between its trainings."""
        return self.root / ".cache" / name
