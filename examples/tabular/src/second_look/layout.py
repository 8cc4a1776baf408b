"""Where things are: every path that a stage reads or writes, named once."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Layout:
    """The project's folders below `root`; tests pass a temporary one."""

    root: Path = ROOT

    @property
    def params(self) -> Path:
        """Every number a person may turn."""
        return self.root / "params.yaml"

    @property
    def schema(self) -> Path:
        """What a row of data must look like."""
        return self.root / "schema.yaml"

    @property
    def raw(self) -> Path:
        """The data as it came, never edited."""
        return self.root / "data" / "raw"

    @property
    def prepared(self) -> Path:
        """The three splits."""
        return self.root / "data" / "prepared"

    @property
    def champion(self) -> Path:
        """The model that serves."""
        return self.root / "models" / "champion"

    @property
    def reports(self) -> Path:
        """What was measured, for people and for the demo."""
        return self.root / "reports"

    def checkpoint(self, name: str) -> Path:
        """Where an interrupted training of the model called `name` left off; git and DVC know nothing of it."""
        return self.root / ".cache" / "checkpoints" / f"{name}.pt"

    def candidate(self, name: str) -> Path:
        """The trained model called `name`, with its predictions."""
        return self.root / "models" / name
