"""The commands `uv run promote VERSION [--canary]` and `uv run rollback`: serve a former champion."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import UserError, exit_on_user_error
from ..evaluation.reference import reference_path
from ..paths import ProjectPaths
from ..serving.champion import load_champion, publish
from ..tracking import registry, runs
from ..tracking.lineage import Lineage
from ..tracking.promotions import LOG, append_promotion
from ..tracking.versions import FOLDER, Snapshot, find_version, previous_version, uncommitted

NEXT = """\
Commit it: git add models && git commit -m "{message}"
A running demo serves it after a restart. Reports and model card still describe the evaluation of the other model.
The next `uv run dvc repro` evaluates all models again, and may replace it. To keep it until data, code or parameters
change: uv run dvc commit --force evaluate"""
NEXT_CANARY = """\
Serve it to a tenth of the inputs: CANARY={version}:0.1 uv run demo
Compare it with the champion: uv run monitor
For other machines, commit it: git add models/canary && git commit -m "Canary {version}"
"""


@exit_on_user_error()
def main(arguments: Sequence[str] | None = None, paths: ProjectPaths | None = None) -> None:
    """Run `uv run promote`."""
    parser = argparse.ArgumentParser(
        prog="promote",
        description="Serve a former champion again: put its files and lineage into models/champion/, move the alias in "
        "MLflow's registry, and add a line to models/promotions.csv.",
        epilog="examples: uv run promote 3; uv run promote 7 --canary",
    )
    version = "as in champion.json and in MLflow's registry, or the commit that has the champion"
    parser.add_argument("version", metavar="VERSION", help=version)
    canary = "only write its files to models/canary/, for CANARY=VERSION:SHARE"
    parser.add_argument("--canary", action="store_true", help=canary)
    options = parser.parse_args(arguments)
    os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
    paths = paths or ProjectPaths()
    current = load_champion(paths.champion)[0].record if options.canary else check_current(paths)
    runs.connect(paths)
    chosen = find_version(paths, options.version)
    print(write_canary(paths, current, chosen) if options.canary else serve(paths, "promote", current, chosen))


@exit_on_user_error()
def rollback(arguments: Sequence[str] | None = None, paths: ProjectPaths | None = None) -> None:
    """Run `uv run rollback`."""
    argparse.ArgumentParser(
        prog="rollback", description="Serve the champion before the current one, from the history of git."
    ).parse_args(arguments)
    paths = paths or ProjectPaths()
    current = check_current(paths)
    runs.connect(paths)
    print(serve(paths, "rollback", current, previous_version(paths, current)))


def check_current(paths: ProjectPaths) -> dict[str, Any]:
    """Return the record of the current champion.

    Raises:
        UserError: it is missing or damaged, or has changes that are not committed and would be lost.
    """
    if uncommitted(paths.root, FOLDER, LOG):
        raise UserError(
            f"{FOLDER} has uncommitted changes, so nothing changed; commit them, or undo them: git restore {FOLDER}"
        )
    return load_champion(paths.champion)[0].record


def serve(paths: ProjectPaths, action: str, current: dict[str, Any], chosen: Snapshot) -> str:
    """Put a champion into the place of the current one: alias, files and log; return a summary.

    Raises:
        UserError: it is the current one already.
    """
    record = chosen.record
    old, new = (entry["lineage"].get("registry_version") for entry in (current, record))
    if record == current:
        raise UserError(f"version {new} is the champion already, so nothing changed")
    lineage = Lineage.from_record(record["lineage"])
    with runs.server_errors("Nothing changed."):
        run = runs.find_run(chosen.model) or registry.log_restored(record, chosen.model, lineage)
        entry = registry.set_champion(run)
    try:
        publish(paths.champion, record, chosen.model)
        replace_reference(paths.champion, chosen)
    except OSError:
        registry.follow_champion(paths)
        raise
    append_promotion(paths.root / LOG, [action, old, new, current["sha256"], record["sha256"]])
    message = f"{action.capitalize()} to version {new}"
    done = f"{record['model']}, version {new}, is the champion; before: {current['model']}, version {old}."
    registered = f"The alias is at version {entry['registry_version']} of MLflow's registry."
    return "\n".join([done, registered, NEXT.format(message=message)])


def write_canary(paths: ProjectPaths, current: dict[str, Any], chosen: Snapshot) -> str:
    """Write the files of a former champion to the folder of the canary; return what to do next.

    Raises:
        UserError: it is the same model as the champion.
    """
    record = chosen.record
    if record["sha256"] == current["sha256"]:
        raise UserError(f"version {chosen.version} is the same model as the champion, so nothing changed")
    publish(paths.canary, record, chosen.model)
    done = f"{record['model']}, version {chosen.version}, is the canary in models/canary/; the champion stays."
    return "\n".join([done, NEXT_CANARY.format(version=chosen.version).rstrip()])


def replace_reference(folder: Path, chosen: Snapshot) -> None:
    """Write the reference of a champion, or remove that of the other one if it has none."""
    path = reference_path(folder)
    content = chosen.files.get(path.name)
    if content is None:
        path.unlink(missing_ok=True)
        return
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(content)
    temporary.replace(path)


if __name__ == "__main__":
    main()
