"""The command `uv run sabotage`: put a silent bug into a copy of the project, and see which test catches it."""

import argparse
import multiprocessing
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import replace
from difflib import unified_diff
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

from ..config import load_params
from ..data.schema import load_schema
from ..errors import UserError, exit_on_user_error
from ..evaluation.metrics import METRICS
from ..paths import ProjectPaths
from .bugs import BUGS
from .failure import first_failure
from .injection import Bug, copy_project, inject, use_copy
from .score import Predictions, predict, score

P = ParamSpec("P")
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
    params, clean = load_params(paths.params), folder / "clean"
    model = params.train.models[:2][-1]  # trained with each bug: the simplest one but the baseline
    copy_project(paths.root, clean)
    CONTEXT.set_forkserver_preload(list(IMPORTS))
    raw = paths.raw.resolve()
    honest = in_process(clean, raw, lambda process: run(process, predict, model, raw))
    results: Counter[str] = Counter()
    for bug in (replace(bug, metric=bug.metric or params.evaluate.metric) for bug in bugs):
        print(f"{bug.name}: {bug.mistake}", format_change(bug), sep="\n\n", end="\n\n")
        title = f"{METRICS[bug.metric].label} of {model} on {len(honest[0])} test samples"
        print(f"  {title}: {score(bug.metric, honest):.3f}", end="", flush=True)
        try:
            copy = shutil.copytree(clean, folder / bug.name)
            inject(bug, copy / "src" / PACKAGE.name)
            caught = in_process(copy, raw, partial(try_bug, bug, partial(predict, model, raw), honest))
            results["caught" if caught else "missed"] += 1
        except UserError as error:
            print(f"\n  not tried: {error}\n", flush=True)
            results["not tried"] += 1
    return results


def try_bug(bug: Bug, train: Callable[[], Predictions], honest: Predictions, process: ProcessPoolExecutor) -> bool:
    """Print the score with the bug and the test that catches it; return whether one does.

    Raises:
        UserError: the code or the tests stop with an error.
    """
    # Only these change the predictions; those of the demo are compared by the tests.
    predictions = run(process, train) if bug.module.startswith(("data/", "models/")) else honest
    print(f", with the bug {run(process, score, bug.metric, predictions):.3f}", flush=True)
    failure = run(process, first_failure, bug.test)
    print(f"  caught by {failure.test}\n    {failure.message}" if failure else "  caught by no test")
    print(f"  {bug.lesson}\n", flush=True)
    return failure is not None


def open_process(copy: Path, raw: Path) -> ProcessPoolExecutor:
    """Return a process whose package is the copy's: functions are pickled by name, so it runs those of the copy."""
    return ProcessPoolExecutor(1, CONTEXT, initializer=use_copy, initargs=(copy, PACKAGE.name, raw))


def in_process(copy: Path, raw: Path, function: Callable[[ProcessPoolExecutor], T]) -> T:
    """Call a function with a process of the copy, and again with another one if the process dies.

    Raises:
        UserError: the second process dies, too.
    """
    for _ in range(2):
        with open_process(copy, raw) as process, suppress(BrokenProcessPool):
            return function(process)
    raise UserError("the process of the tests was killed twice; is there enough memory?")


def run(process: ProcessPoolExecutor, function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """Run a function in the process.

    Raises:
        UserError: it fails.
    """
    try:
        return process.submit(function, *arguments, **options).result()
    except (UserError, BrokenProcessPool):
        raise
    except Exception as error:
        raise UserError(f"the code fails with {type(error).__name__}: {error}") from error


def format_change(bug: Bug) -> str:
    """Return the change as a diff without headers."""
    lines = list(unified_diff(bug.before.splitlines(), bug.after.splitlines(), n=1, lineterm=""))[3:]
    return "\n".join([f"  src/{PACKAGE.name}/{bug.module}", *(f"  {line}" for line in lines)])
