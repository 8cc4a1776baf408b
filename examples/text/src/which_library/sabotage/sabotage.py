"""The command `uv run sabotage`: put a silent bug into a copy of the project, and see which test catches it."""

import argparse
import multiprocessing
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from difflib import unified_diff
from pathlib import Path
from typing import TypeVar

from ..config import load_params
from ..data.schema import load_schema
from ..errors import UserError, exit_on_user_error
from ..evaluation.metrics import METRICS
from ..paths import ProjectPaths
from .bugs import BUGS
from .injection import Bug, copy_project, inject
from .trial import Predictions, first_failure, predict, score, use_copy

T = TypeVar("T")

PACKAGE = Path(__file__).parents[1]
# Where the system can, a process is a fork of one that has imported the libraries of scores and tests by these modules.
CONTEXT = multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")
IMPORTS = ("pytest", "gradio_client", f"{PACKAGE.name}.pipeline.evaluate", f"{PACKAGE.name}.serving.app")


@exit_on_user_error()
def main(arguments: Sequence[str] | None = None, paths: ProjectPaths | None = None) -> None:
    """Run `uv run sabotage`; the status is 1 if no test catches a bug."""
    paths = paths or ProjectPaths()
    schema = load_schema(paths.schema)
    bugs = [bug for bug in BUGS if bug.concerns(schema)]
    options = parse_arguments(arguments, [bug.name for bug in bugs])
    chosen = bugs if options.all else [bug for bug in bugs if bug.name == options.bug]
    if not chosen:
        print(*(f"{bug.name:<22} {bug.mistake}" for bug in bugs), sep="\n")
        print("\nTry one on a copy of the project: uv run sabotage NAME. All of them: uv run sabotage --all")
        return
    if not paths.raw.exists():
        raise UserError("data/raw is missing. Run: uv run dvc repro, or uv run dvc pull")
    try:
        with tempfile.TemporaryDirectory() as folder:
            results = try_bugs(chosen, paths, Path(folder))
    except KeyboardInterrupt:
        print("\ninterrupted; only copies of the project were changed", file=sys.stderr)
        sys.exit(130)
    not_tried = f", {results['not tried']} not tried" if results["not tried"] else ""
    print(f"{results['caught']} of {len(chosen)} caught{not_tried}")
    sys.exit(results["caught"] < len(chosen))


def parse_arguments(arguments: Sequence[str] | None, names: Sequence[str]) -> argparse.Namespace:
    """Parse the command line, which may name one of the bugs."""
    parser = argparse.ArgumentParser(
        prog="sabotage",
        description="Put a bug that raises no error into a copy of the project: see the score that it reports, and "
        "which test catches it. Without a name, list the bugs.",
        epilog=f"example: uv run sabotage {names[0]}",
    )
    group = parser.add_mutually_exclusive_group()
    group.add_argument("bug", nargs="?", metavar="NAME", choices=names, help="the bug to try")
    group.add_argument("--all", action="store_true", help="try each bug; exit with 1 unless a test catches every one")
    return parser.parse_args(arguments)


def try_bugs(bugs: Sequence[Bug], paths: ProjectPaths, folder: Path) -> Counter[str]:
    """Print what each bug does in a copy below the folder, and count how many are caught, missed and not tried.

    Raises:
        UserError: the score without a bug can't be measured.
    """
    params, clean, raw = load_params(paths.params), folder / "clean", paths.raw.resolve()
    model = params.train.models[:2][-1]  # trained with each bug: the simplest one but the baseline
    copy_project(paths.root, clean)
    CONTEXT.set_forkserver_preload(list(IMPORTS))
    honest: Predictions = run(clean, raw, predict, model, raw)
    results: Counter[str] = Counter()
    for bug in bugs:
        metric = bug.metric or params.evaluate.metric
        print(f"{bug.name}: {bug.mistake}", format_change(bug), sep="\n\n", end="\n\n")
        title = f"{METRICS[metric].label} of {model} on {len(honest[0])} test samples"
        print(f"  {title}: {score(metric, honest):.3f}", end="", flush=True)
        try:
            copy = shutil.copytree(clean, folder / bug.name)
            inject(bug, copy / "src" / PACKAGE.name)
            # Only these change the predictions; those of the demo are compared by the tests.
            trains = bug.module.startswith(("data/", "models/"))
            predictions = run(copy, raw, predict, model, raw) if trains else honest
            print(f", with the bug {run(copy, raw, score, metric, predictions):.3f}", flush=True)
            failure = run(copy, raw, first_failure, bug.test)
        except UserError as error:
            print(f"\n  not tried: {error}\n", flush=True)
            results["not tried"] += 1
            continue
        print(f"  caught by {failure.test}\n    {failure.message}" if failure else "  caught by no test")
        print(f"  {bug.lesson}\n", flush=True)
        results["caught" if failure else "missed"] += 1
    return results


def run(copy: Path, raw: Path, function: Callable[..., T], *arguments: object) -> T:
    """Run a function in a process whose package is the copy's: functions are pickled by name.

    Raises:
        UserError: it fails.
    """
    try:
        with ProcessPoolExecutor(1, CONTEXT, use_copy, (copy, PACKAGE.name, raw)) as process:
            return process.submit(function, *arguments).result()
    except UserError:
        raise
    except Exception as error:
        raise UserError(f"the code fails with {type(error).__name__}: {error}") from error


def format_change(bug: Bug) -> str:
    """Return the change as a diff without headers."""
    lines = list(unified_diff(bug.before.splitlines(), bug.after.splitlines(), n=1, lineterm=""))[3:]
    return "\n".join([f"  src/{PACKAGE.name}/{bug.module}", *(f"  {line}" for line in lines)])
