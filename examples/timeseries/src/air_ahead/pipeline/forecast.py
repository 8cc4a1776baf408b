"""The commands `uv run forecast`, which puts a forecast on record, and `uv run score`, which compares it later."""

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from ..errors import exit_on_user_error
from ..paths import ProjectPaths
from ..serving.predictor import load_predictor
from ..serving.track_record import LOG, append_log, compare, describe, make_forecast, read_log

START, END = "<!-- record: written by `uv run score` -->", "<!-- end of record -->"
HEADER = f"{'step':<12} {'forecast':>12} {'actual':>12} {'error':>10}  in interval"


@exit_on_user_error()
def main(arguments: Sequence[str] | None = None, paths: ProjectPaths | None = None) -> None:
    """Run `uv run forecast`."""
    argparse.ArgumentParser(
        prog="forecast",
        description=f"Forecast the steps after the end of the series, and append them to {LOG}, before their outcome "
        "is known. Commit the file: its date in git is the proof.",
    ).parse_args(arguments)
    paths = paths or ProjectPaths()
    predictor, known = load_predictor(paths.champion), read_log(paths.root / LOG)
    steps = make_forecast(predictor, f"{datetime.now(UTC):%Y-%m-%d}")
    first = steps[0]
    if any((step.last_known, step.sha256) == (first.last_known, first.sha256) for step in known):
        print(f"Nothing changed: the forecast of this model after {first.last_known} is on record already.")
        return
    append_log(paths.root / LOG, steps)
    print(f"{len(steps)} steps on record, {first.time} to {steps[-1].time}, by {first.model}, version {first.version}")
    print(f'Commit them: git add {LOG} && git commit -m "Forecast from {first.time} on"')


@exit_on_user_error()
def score(arguments: Sequence[str] | None = None, paths: ProjectPaths | None = None) -> None:
    """Run `uv run score`."""
    argparse.ArgumentParser(
        prog="score",
        description=f"Compare the forecasts in {LOG} with the values that the series has by now, after `uv run dvc "
        "repro` on newer data; print the comparison, and write the track record into the README.",
    ).parse_args(arguments)
    paths = paths or ProjectPaths()
    predictor, steps = load_predictor(paths.champion), read_log(paths.root / LOG)
    outcomes, digits = compare(predictor, steps), predictor.decimals
    if outcomes:
        print(HEADER)
    for outcome in outcomes:
        step = outcome.step
        numbers = f"{step.median:12.{digits}f} {outcome.actual:12.{digits}f} {outcome.error:10.{digits}f}"
        print(f"{step.time:<12} {numbers}  {'yes' if outcome.is_inside else 'no'}")
    text = describe(predictor, steps)
    print(text)
    write_readme(paths.root / "README.md", text)


def write_readme(path: Path, text: str) -> None:
    """Write the track record between its markers in the README, if it has them."""
    readme = path.read_text(encoding="utf-8") if path.is_file() else ""
    head, _, rest = readme.partition(START)
    _, found, tail = rest.partition(END)
    if found:
        path.write_text(f"{head}{START}\n{text}\n{END}{tail}", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
