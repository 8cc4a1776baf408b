"""The command `uv run sabotage`: put a silent bug into a copy of the project, and see which test catches it."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

from ..data.schema import load_schema
from ..errors import UserError, exit_on_user_error
from ..evaluation.metrics import METRICS
from ..paths import ProjectPaths
from ..serving.champion import load_champion
from .bugs import BUGS
from .injection import Bug, UnfitBugError, copy_project, inject

PACKAGE = Path(__file__).parents[1]
# In this order: the first failing test ends the run.
TESTS = ("tests/test_silent_bugs.py", "tests/data", "tests/evaluation", "tests/models", "tests/serving")


@dataclass(frozen=True)
class Failure:
    """The first test that fails, and the first line of its message."""

    test: str
    message: str


@exit_on_user_error()
def main(arguments: Sequence[str] | None = None, paths: ProjectPaths | None = None) -> None:
    """Run `uv run sabotage`; the status is 1 if no test catches a bug."""
    options = parse_arguments(arguments)
    paths = paths or ProjectPaths()
    schema = load_schema(paths.schema)
    bugs = [bug for bug in BUGS if bug.concerns(schema)]
    chosen = bugs if options.all else [bug for bug in BUGS if bug.name == options.bug]
    if not chosen:
        print(*(f"{bug.name:<22} {bug.mistake}" for bug in bugs), sep="\n")
        print("\nTry one on a copy of the project: uv run sabotage NAME. All of them: uv run sabotage --all")
        return
    if not paths.raw.exists():
        raise UserError("data/raw is missing. Run: uv run dvc repro, or uv run dvc pull")
    try:
        with tempfile.TemporaryDirectory() as folder:
            caught = try_bugs(chosen, paths, Path(folder))
    except KeyboardInterrupt:
        sys.exit(130)
    print(f"{caught} of {len(chosen)} caught")
    sys.exit(caught < len(chosen))


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="sabotage",
        description="Put a bug that raises no error into a copy of the project: see the score that it reports, and "
        "which test catches it. Without a name, list the bugs.",
        epilog=f"example: uv run sabotage {BUGS[0].name}",
    )
    group = parser.add_mutually_exclusive_group()
    group.add_argument("bug", nargs="?", metavar="NAME", choices=[bug.name for bug in BUGS], help="the bug to try")
    group.add_argument("--all", action="store_true", help="try each bug; exit with 1 unless a test catches every one")
    return parser.parse_args(arguments)


def try_bugs(bugs: Sequence[Bug], paths: ProjectPaths, folder: Path) -> int:
    """Print what each bug does in a copy below the folder, and return how many a test catches.

    Raises:
        ChampionError: there is no champion, whose model is trained with each bug.
        UserError: a score can't be measured, or the tests can't run.
    """
    clean = folder / "clean"
    copy_project(paths.root, clean)
    record = load_champion(paths.champion)[0].record
    model, primary = record["model"], record["metric"]
    honest = {metric: measure(clean, model, metric, paths.raw) for metric in {bug.metric or primary for bug in bugs}}
    caught = 0
    for bug in bugs:
        print(f"{bug.name}: {bug.mistake}", format_change(bug), sep="\n\n", flush=True)
        copy, metric = folder / bug.name, bug.metric or primary
        shutil.copytree(clean, copy)
        try:
            inject(bug, copy / "src" / PACKAGE.name)
        except UnfitBugError as error:
            print(f"\n  not tried: {error}\n")
            continue
        reported = measure(copy, model, metric, paths.raw)
        print(f"\n  {METRICS[metric].label} of {model} on the test split: {honest[metric]:.3f}", end="")
        print(f", with the bug {reported:.3f}", flush=True)
        failure = first_failure(copy)
        caught += failure is not None
        print(f"  caught by {failure.test}\n    {failure.message}" if failure else "  caught by no test")
        print(f"  {bug.lesson}\n", flush=True)
    return caught


def measure(copy: Path, model: str, metric: str, raw: Path) -> float:
    """Return the score that the code of the copy reports.

    Raises:
        UserError: the code fails.
    """
    done = run_python(copy, f"{PACKAGE.name}.sabotage.score", model, metric, str(raw.resolve()))
    if done.returncode:
        raise UserError(f"the score can't be measured: {(done.stderr.strip().splitlines() or ['no output'])[-1]}")
    return float(done.stdout.splitlines()[-1])


def first_failure(copy: Path) -> Failure | None:
    """Run the tests of the copy until one fails.

    Raises:
        UserError: the tests can't run.
    """
    tests = [name for name in TESTS if (copy / name).exists()]
    done = run_python(copy, "pytest", *tests, "-x", "-q", "-rfE", "--no-cov", "--tb=no", "-p", "no:cacheprovider")
    for line in done.stdout.splitlines():
        if line.startswith("FAILED "):
            test, _, message = line.removeprefix("FAILED ").partition(" - ")
            return Failure(test, message)
    if done.returncode:
        raise UserError(f"the tests stop with an error, so this bug is not silent:\n{done.stdout[-1000:].strip()}")
    return None


def run_python(copy: Path, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a module in the copy, whose package takes the place of the installed one."""
    # Pytest shortens messages to the width of the terminal.
    environment = {**os.environ, "PYTHONPATH": str(copy / "src"), "PYTHONIOENCODING": "utf-8", "COLUMNS": "200"}
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=copy,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def format_change(bug: Bug) -> str:
    """Return the change as a diff without headers."""
    lines = list(unified_diff(bug.before.splitlines(), bug.after.splitlines(), n=1, lineterm=""))[3:]
    return "\n".join([f"  src/{PACKAGE.name}/{bug.module}", *(f"  {line}" for line in lines)])
