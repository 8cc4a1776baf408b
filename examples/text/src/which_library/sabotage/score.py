"""Print a model's score on the test split: `python -m <package>.sabotage.score MODEL METRIC RAW_DATA`."""

import sys
from pathlib import Path

from ..config import load_params
from ..data.loading import read_raw
from ..data.schema import load_schema
from ..data.splits import encode_target, split
from ..data.validation import validate
from ..errors import exit_on_user_error
from ..evaluation.metrics import METRICS
from ..models.base import TrainingContext, fit_model
from ..paths import ProjectPaths


def main(name: str, metric: str, raw: Path, paths: ProjectPaths | None = None) -> None:
    """Split the data, train the model, and print its score.

    Args:
        name: of the model.
        metric: its key, as in `evaluate.metric`.
        raw: the folder of the raw data.
        paths: the project, with its parameters and schema.
    """
    paths = paths or ProjectPaths()
    params, schema = load_params(paths.params), load_schema(paths.schema)
    splits = split(validate(read_raw(raw, schema), schema), schema, params.prepare)
    model = fit_model(name, splits["train"], schema, params.train, TrainingContext(params.train.seed))
    target = encode_target(splits["test"].target, schema)
    print(METRICS[metric].score(target, model.predict(splits["test"].features)))


if __name__ == "__main__":
    with exit_on_user_error():
        main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
