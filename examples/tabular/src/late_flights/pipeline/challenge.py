"""The command `uv run challenge FOLDER`: is the champion better than a former one, on the same test split?"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..config import load_params
from ..data.prepared import read_prepared
from ..errors import UserError, exit_on_user_error
from ..evaluation.markdown import escape, format_gain, format_score, table
from ..evaluation.metrics import METRICS
from ..evaluation.scores import read_truth, score_models
from ..evaluation.selection import Comparison, compare_two
from ..models.inference import predict_onnx
from ..paths import ProjectPaths
from ..serving.champion import RECORD_FILE, load_champion

OLD, NEW = "former", "champion"
EXIT_REFUSED = 3
EPILOG = """\
exit status:
  0  the champion is better: the interval of its gain excludes zero
  3  it is not, or may be better by chance
  any other: the comparison failed

example, after training on other data:
  git worktree add ../before HEAD
  uv run dvc repro
  uv run challenge ../before/models/champion
"""


def main(arguments: Sequence[str] | None = None, paths: ProjectPaths | None = None) -> None:
    """Run `uv run challenge`."""
    parser = argparse.ArgumentParser(
        prog="challenge",
        description="Compare the champion with a former one on the test split of data/prepared/, and print Markdown.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="a copy of models/champion/ with the former model")
    with exit_on_user_error():
        won, text = compare_champions(paths or ProjectPaths(), parser.parse_args(arguments).folder)
        print(text)
    if not won:
        sys.exit(EXIT_REFUSED)


def compare_champions(paths: ProjectPaths, folder: Path) -> tuple[bool, str]:
    """Return whether the champion is better than the one in `folder`, and a report.

    The former champion may have been trained on some of the rows, which favors it.

    Raises:
        UserError: a model is missing or damaged, or they don't fit the data.
    """
    if not (folder / RECORD_FILE).is_file():
        raise UserError(f"{folder} has no {RECORD_FILE}; name a folder with a copy of models/champion/")
    params = load_params(paths.params).evaluate
    schema, splits = read_prepared(paths)
    test = splits["test"]
    truth = read_truth(test, schema)
    (former, old), (champion, new) = load_champion(folder), load_champion(paths.champion)
    if old == new:
        return False, "Training gave the same model as before, so there is nothing to compare."
    try:
        predictions = {name: predict_onnx(model, test.features, schema) for name, model in ((OLD, old), (NEW, new))}
    except Exception as error:  # of ONNX Runtime, which has no common class
        raise UserError(f"the model in {folder} does not predict for these data: {error}") from error
    if predictions[OLD].shape != predictions[NEW].shape:
        raise UserError(f"the model in {folder} has other classes or steps than the champion")
    result = compare_two("the test split", truth, predictions, replace(params, margin=0.0))
    scores = score_models(truth, predictions, params)
    return result.promoted, _report(result, scores, [former.record, champion.record], len(np.asarray(truth.target)))


def _report(result: Comparison, scores: Any, records: list[dict[str, Any]], rows: int) -> str:
    """Return the comparison as Markdown."""
    names = [
        f"{which}: {escape(record['model'])}, version {record['lineage'].get('registry_version')}"
        for which, record in zip(("former", "new"), records, strict=True)
    ]
    lines = [[METRICS[key].label, *(format_score(scores[name][key]) for name in (OLD, NEW))] for key in METRICS]
    gain = format_gain(**asdict(result.gain))
    decision = "The new champion is better" if result.promoted else "The new champion is not clearly better"
    return (
        f"{decision}: its gain is {gain}, on the same {rows:,} rows of the test split. The former one may have been "
        f"trained on some of them, which favors it.\n\n" + table(["", *names], lines)
    )


if __name__ == "__main__":
    main()
