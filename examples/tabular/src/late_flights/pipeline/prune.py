"""Inputs that add nothing: `uv run prune` names them, `uv run prune --write` removes them from `schema.yaml`.

The least important inputs of the champion are left out together, as many as the validation split allows: without them
the score falls by less than `evaluate.margin`, even at the upper end of the interval (a non-inferiority test). How many
is found by bisection, which assumes that the loss grows with each input.
"""

import argparse
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from ruamel.yaml import YAML

from ..config import Params, load_params
from ..data.features import derive
from ..data.prepared import read_prepared
from ..data.schema import Schema
from ..data.splits import Split
from ..errors import UserError, exit_on_user_error
from ..evaluation.demo_metadata import permutation_importance
from ..evaluation.markdown import format_gain, lower_first
from ..evaluation.scores import MIN_UNITS_OF_AN_INTERVAL, primary_metric, read_truth
from ..evaluation.selection import Comparison, compare_two
from ..models.base import Model, TrainingContext, fit_model
from ..paths import ProjectPaths
from ..serving.champion import load_champion

REASON = "adds nothing to the score (uv run prune)"


class UsedColumns(dict[str, Any]):
    """Columns that note which of them are used."""

    used: frozenset[str] = frozenset()

    def __getitem__(self, name: str) -> Any:
        """Return a column, and note its name."""
        self.used |= {name}
        return super().__getitem__(name)


@dataclass(frozen=True)
class Pruning:
    """Trains a model without some of its inputs.

    Attributes:
        model: its name.
        params: its hyperparameters, and how models are compared.
        schema: the columns.
        splits: the rows.
    """

    model: str
    params: Params
    schema: Schema
    splits: dict[str, Split]

    def rank_inputs(self) -> list[str]:
        """Return the inputs that may be left out, the least important one on the validation split first.

        Slices, groups, a split by time and derived features need their columns.
        """
        evaluate, schema = self.params.evaluate, self.schema
        columns = UsedColumns({str(name): column.to_numpy() for name, column in self.splits["train"].features.items()})
        derive(columns)
        needed = {*columns.used, *evaluate.slices, *schema.group}
        if schema.split == "time":
            needed.add(str(schema.time))
        exported = self.fit([column.name for column in schema.features]).export_onnx()
        metric = primary_metric(evaluate.metric)
        importance = permutation_importance(exported, self.splits["validation"], schema, metric, evaluate.seed)
        return sorted((name for name in importance if name not in needed), key=importance.__getitem__)

    def fit(self, names: Sequence[str]) -> Model:
        """Fit the model to these inputs only."""
        schema = replace(self.schema, features=tuple(entry for entry in self.schema.features if entry.name in names))
        train = replace(self.splits["train"], features=self.splits["train"].features[list(names)])
        return fit_model(self.model, train, schema, self.params.train, TrainingContext(self.params.train.seed))

    def predict(self, excluded: Sequence[str]) -> NDArray[np.float64]:
        """Return the predictions for the validation split of the model without some inputs."""
        names = [column.name for column in self.schema.features if column.name not in excluded]
        return self.fit(names).predict(self.splits["validation"].features[names])

    def compare(self, excluded: Sequence[str], whole: NDArray[np.float64]) -> Comparison | None:
        """Return what all inputs, with the predictions `whole`, gain over those without the excluded ones.

        None if different rows would become equal, so that `prepare` would drop all but one of them.
        """
        rows = pd.concat([part.features for part in self.splits.values()]).drop(columns=list(excluded))
        if not self.schema.repeats and rows.duplicated().any():
            return None
        predictions = {"fewer inputs": self.predict(excluded), "all inputs": whole}
        truth = read_truth(self.splits["validation"], self.schema)
        return compare_two("the validation split", truth, predictions, self.params.evaluate)


def find_inputs(pruning: Pruning) -> tuple[list[str], Comparison | None]:
    """Return the most inputs, the least important first, without which the score is not worse; and the comparison.

    Raises:
        UserError: the validation split has too few rows for an interval.
    """
    units = len(np.unique(pruning.splits["validation"].groups))
    if units < MIN_UNITS_OF_AN_INTERVAL:
        raise UserError(
            f"the validation split has {units} independent rows, and an interval needs {MIN_UNITS_OF_AN_INTERVAL}; "
            "raise prepare.validation_share in params.yaml, then run: uv run dvc repro"
        )
    ranked = pruning.rank_inputs()
    whole = pruning.predict([])
    low, high = 0, min(len(ranked), len(pruning.schema.features) - 1)
    found = None
    while low < high:
        count = (low + high + 1) // 2
        comparison = pruning.compare(ranked[:count], whole)
        if comparison and comparison.gain.high < comparison.margin:
            low, found = count, comparison
        else:
            high = count - 1
    return ranked[:low], found


def remove_inputs(path: Path, names: Sequence[str]) -> None:
    """Move features to `left_out` in `schema.yaml`; comments and all other lines stay."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    document: Any = yaml.load(path.read_text(encoding="utf-8"))
    features = document["features"]
    document.setdefault("left_out", [])
    for position in reversed(range(len(features))):
        if features[position]["name"] in names:
            entry = features.pop(position)
            document["left_out"].insert(0, {"column": entry.get("column") or entry["name"], "reason": REASON})
    with path.open("w", encoding="utf-8", newline="\n") as file:
        yaml.dump(document, file)


@exit_on_user_error()
def main(arguments: Sequence[str] | None = None, paths: ProjectPaths | None = None) -> None:
    """Run `uv run prune`."""
    parser = argparse.ArgumentParser(
        prog="prune", description="Find inputs without which the champion scores the same on the validation split."
    )
    parser.add_argument("--write", action="store_true", help="remove them from schema.yaml")
    options = parser.parse_args(arguments)
    paths = paths or ProjectPaths()
    params = load_params(paths.params)
    schema, splits = read_prepared(paths)
    model = load_champion(paths.champion)[0].record["model"]
    names, comparison = find_inputs(Pruning(model, params, schema, splits))
    if comparison is None:
        print(f"No input of {model} was found without which the loss is surely less than the margin of evaluate")
        return
    gain, label = format_gain(**asdict(comparison.gain)), primary_metric(params.evaluate.metric).label
    print(f"{model} does without {len(names)} of its {len(schema.features)} inputs: {', '.join(names)}")
    print(f"They improve {lower_first(label)} by {gain} on the validation split, less than the")
    print(f"margin of {comparison.margin:g}. They were chosen on the same split: the loss on new data may be larger.")
    if options.write:
        remove_inputs(paths.schema, names)
        print("Removed them from schema.yaml (see left_out). Train without them: uv run dvc repro")
    else:
        print("Remove them from schema.yaml: uv run prune --write")


if __name__ == "__main__":
    main()
