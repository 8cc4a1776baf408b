"""The command `uv run feedback`: export feedback for retraining, or list it."""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..data.feedback import to_record
from ..data.feedback_file import OUTPUT, write_records
from ..data.schema import Schema, load_schema
from ..errors import UserError, exit_on_user_error
from ..paths import ProjectPaths
from ..serving.database import database_url
from ..serving.feedback import Entry, read_entries

EXPORTED = "exported"
EXAMPLES = f"""\
examples:
  uv run feedback list
  uv run feedback export --output {OUTPUT}
  uv run feedback export --since 2026-11-30 --json

DATABASE_URL selects another database than feedback.db.
"""


@exit_on_user_error()
def main(arguments: Sequence[str] | None = None, paths: ProjectPaths | None = None) -> None:
    """Run `uv run feedback`."""
    options = parse_arguments(arguments)
    paths = paths or ProjectPaths()
    entries = read_entries(database_url(paths), options.since)
    if options.command == "list":
        print(*describe(entries), sep="\n")
        return
    counts: Counter[str] = Counter()
    schema = load_schema(paths.schema)
    records = select_records(entries, schema, counts)
    try:
        if not options.json:
            write_records(records, schema, options.output)
        else:
            text = json.dumps(list(records), indent=2, ensure_ascii=False)
            if options.output:
                options.output.write_text(f"{text}\n", encoding="utf-8")
            else:
                print(text)
    except OSError as error:
        raise UserError(f"{options.output} can't be written: {error.strerror}; choose another --output") from error
    print(summarize(counts), file=sys.stderr)


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="feedback",
        description="Feedback that the demo's page and API collected.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    since = argparse.ArgumentParser(add_help=False)
    since.add_argument("--since", type=parse_day, metavar="DATE", help="only from this day on (UTC): 2026-11-30")
    commands.add_parser("list", parents=[since], help="print the feedback", description="Print the feedback.")
    export = commands.add_parser(
        "export",
        parents=[since],
        help="write the rows with a known right answer, in the form of the raw data",
        description="Write the rows with a known right answer, in the form of the raw data that schema.yaml describes.",
    )
    export.add_argument("--output", type=Path, metavar="PATH", help=f"where to write, such as {OUTPUT}")
    export.add_argument("--json", action="store_true", help="write JSON")
    return parser.parse_args(arguments)


def parse_day(text: str) -> datetime:
    """Return the start of a day in UTC."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2026-11-30") from None


def select_records(entries: Iterable[Entry], schema: Schema, counts: Counter[str]) -> Iterator[dict[str, Any]]:
    """Yield the entries that can be trained on, in the form of the raw data; count all of them."""
    for entry in entries:
        if entry.truth is None:
            counts["without a known answer"] += 1
        elif entry.inputs is None:
            counts["without the inputs"] += 1
        elif (record := to_record(entry.inputs, entry.truth, schema)) is None:
            counts["that differ from schema.yaml"] += 1
        else:
            counts[EXPORTED] += 1
            yield record


def summarize(counts: Counter[str]) -> str:
    """Return how many entries were exported, and why others were not."""
    left_out = [f"{count:,} {reason}" for reason, count in counts.items() if reason != EXPORTED]
    rows = f"{counts[EXPORTED]:,} row{'s' * (counts[EXPORTED] != 1)} exported"
    return f"{rows}; left out: {', '.join(left_out)}" if left_out else rows


def describe(entries: Iterable[Entry]) -> Iterator[str]:
    """Yield a line for each entry, and their number. Text is quoted, with escapes for what is not printable."""
    counts = Counter({"right": 0, "wrong": 0})
    for entry in entries:
        outcome = "right" if entry.correct else "wrong"
        counts[outcome] += 1
        truth = f", is {_format(entry.truth)}" if entry.truth is not None else ""
        remark = f", remark {entry.remark!r}" if entry.remark else ""
        yield f"{entry.time:%Y-%m-%d %H:%M} {outcome}: {_format(entry.prediction['prediction'])}{truth}{remark}"
    yield ", ".join(f"{outcome}: {count:,}" for outcome, count in counts.items())


def _format(value: Any) -> str:
    """Return a class or a number; of a forecast, that of the last step."""
    last = value[-1] if isinstance(value, list) else value
    return repr(last) if isinstance(last, str) else f"{last:g}"


if __name__ == "__main__":
    main()
