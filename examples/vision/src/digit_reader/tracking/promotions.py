"""`models/promotions.csv`: a line for each former champion that `uv run promote` or `uv run rollback` put back."""

import csv
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

LOG = "models/promotions.csv"
COLUMNS = ("time", "action", "from_version", "to_version", "from_sha256", "to_sha256")


def append_promotion(path: Path, values: Sequence[Any]) -> None:
    """Append a line to the log, with the time."""
    is_new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if is_new:
            writer.writerow(COLUMNS)
        writer.writerow([datetime.now(UTC).isoformat(timespec="seconds"), *values])


def last_promotion(path: Path, sha256: str) -> str:
    """Return the time of the last line of the log, in ISO 8601, if it put back this model; else nothing."""
    line = _last_line(path)
    return str(line["time"]) if line.get("to_sha256") == sha256 else ""


def describe_replacement(path: Path, old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """Return a warning if a champion that was put back is replaced by another; else nothing."""
    latest = _last_line(path)
    if not old or old["sha256"] == new["sha256"] or latest.get("to_sha256") != old["sha256"]:
        return ""
    version = latest["to_version"]
    return (
        f"Note: this replaces version {version}, to which {latest['action']} returned. To keep that one: "
        f"uv run promote {version}, then uv run dvc commit --force evaluate"
    )


def _last_line(path: Path) -> dict[str, str]:
    """Return the last line of the log, empty without one."""
    if not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return next(iter([*csv.DictReader(file)][-1:]), {})
