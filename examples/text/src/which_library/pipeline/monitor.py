"""The command `uv run monitor`: compare the traffic of the demo with the training of its champion."""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from ..config import load_params
from ..errors import UserError, exit_on_user_error
from ..evaluation.reference import reference_path
from ..monitoring.alert import AlertError, send_alert
from ..monitoring.canary import compare_canary, split_traffic
from ..monitoring.drift import find_drift
from ..monitoring.report import DRIFT, Monitoring, format_markdown, format_text
from ..monitoring.traffic import count_referred, identify, measure_quality, read_requests, summarize_traffic
from ..paths import ProjectPaths
from ..serving.champion import Champion, ChampionError, load_champion
from ..serving.database import database_url
from ..serving.feedback import read_entries
from ..tracking.promotions import LOG, last_promotion
from .feedback import parse_day

EXIT_DRIFT = 3
EPILOG = """\
exit status:
  0  no drift, or too few rows to find it
  3  an alert: drift of inputs or predictions, many invalid or failed requests, or feedback that shows lower quality
  any other: monitoring failed

Thresholds are in params.yaml under monitor. DATABASE_URL selects another database than feedback.db; MONITOR_WEBHOOK
is an address to which alerts are sent as JSON.

examples:
  uv run monitor
  uv run monitor --since 2026-11-30 --json
"""


def main(arguments: Sequence[str] | None = None, paths: ProjectPaths | None = None) -> None:
    """Run `uv run monitor`."""
    with exit_on_user_error():
        options = parse_arguments(arguments)
        paths = paths or ProjectPaths()
        monitoring = monitor(paths, options.since)
        page = paths.reports / "monitor.md"
        page.parent.mkdir(exist_ok=True)
        page.write_text(format_markdown(monitoring), encoding="utf-8", newline="\n")
        document = monitoring.to_json()
        print(json.dumps(document, indent=2, ensure_ascii=False) if options.json else format_text(monitoring))
    if monitoring.status == DRIFT:
        try:
            send_alert(document)
        except AlertError as error:
            print(error, file=sys.stderr)
        sys.exit(EXIT_DRIFT)


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="monitor",
        description="Compare the requests to page and API with the data that the champion was trained on, and write "
        "reports/monitor.md.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    since = "only from this day on (UTC): 2026-11-30; default: monitor.days in params.yaml"
    parser.add_argument("--since", type=parse_day, metavar="DATE", help=since)
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args(arguments)


def monitor(paths: ProjectPaths, since: datetime | None = None) -> Monitoring:
    """Return what the request log and the feedback show.

    Raises:
        UserError: the champion, its reference or the database can't be read, or a parameter is wrong.
    """
    limits = load_params(paths.params).monitor
    champion, _ = load_champion(paths.champion)
    reference = read_reference(paths.champion, champion.record["sha256"])
    check_ignored(limits.ignore, [*reference["inputs"], *champion.record.get("inputs", ())])
    since = since or datetime.now(UTC) - timedelta(days=limits.days)
    url = find_database(paths)
    rows, entries = read_requests(url, since), list(read_entries(url, since))
    traffic = summarize_traffic(rows, champion.record, distinct=reference["distinct"])
    canary, start = read_canary(paths, champion), champion_since(paths, champion)
    return Monitoring(
        since=since,
        model=identify(champion.record),
        traffic=traffic,
        drifts=find_drift(reference, traffic.inputs, traffic.predictions, limits),
        qualities=measure_quality(entries, champion.record, limits),
        referred=count_referred(traffic.predictions, champion.record),
        limits=limits,
        comparison=compare_canary(
            *split_traffic([row for row in rows if row["time"] >= start], entries, champion.record, canary),
            reference["predictions"],
            limits,
        )
        if canary
        else None,
    )


def check_ignored(ignored: Sequence[str], columns: Sequence[Mapping[str, Any]]) -> None:
    """Check that the inputs that are not tested exist.

    Raises:
        UserError: one does not; it may be misspelled.
    """
    names = sorted({str(column["name"]) for column in columns})
    for name in ignored:
        if name not in names:
            raise UserError(f"params.yaml: monitor.ignore: there is no input {name!r}; inputs: {', '.join(names)}")


def read_canary(paths: ProjectPaths, champion: Champion) -> dict[str, Any] | None:
    """Return the contents of `champion.json` in `models/canary/`; None without a valid one, or for the champion."""
    if not paths.canary.exists():
        return None
    try:
        record = load_champion(paths.canary)[0].record
    except ChampionError:
        fix = "remove it, or run: uv run promote VERSION --canary"
        print(f"Note: models/canary/ is damaged and not compared; {fix}", file=sys.stderr)
        return None
    return record if record["sha256"] != champion.record["sha256"] else None


def champion_since(paths: ProjectPaths, champion: Champion) -> datetime:
    """Return since when the champion is the champion: its last promotion, or the evaluation that selected it."""
    promoted = last_promotion(paths.root / LOG, champion.record["sha256"])
    return datetime.fromisoformat(promoted or champion.lineage["evaluated_at"])


def read_reference(folder: Path, digest: str) -> dict[str, Any]:
    """Return the reference of the champion with this SHA-256.

    Raises:
        UserError: it is missing or damaged, or that of another model.
    """
    path = reference_path(folder)
    try:
        reference: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(
            f"models/champion/{path.name} not found: the champion was evaluated by an older version. "
            "Run: uv run dvc repro evaluate"
        ) from None
    except (OSError, ValueError) as error:
        raise UserError(
            f"models/champion/{path.name} can't be read: {error}. Run: git restore models/champion"
        ) from error
    if reference.get("sha256") != digest:
        raise UserError(
            f"models/champion/{path.name} is that of another model than champion.json. Run: uv run dvc repro evaluate"
        )
    return reference


def find_database(paths: ProjectPaths) -> str:
    """Return the address of the database.

    Raises:
        UserError: `DATABASE_URL` names a file that does not exist; without it, there was no request yet.
    """
    url = database_url(paths)
    if os.environ.get("DATABASE_URL", "").startswith("sqlite:"):
        file = make_url(url).database
        if file and not Path(file).exists():
            raise UserError(f"DATABASE_URL: the file {file} does not exist; serve the demo with the same DATABASE_URL")
    return url


if __name__ == "__main__":
    main()
