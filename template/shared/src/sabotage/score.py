"""Print the score that the code of this project reports: `python -m <package>.sabotage.score METRIC RAW_DATA`."""

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


def main(metric: str, raw: Path, paths: ProjectPaths | None = None) -> None:
    """Train the first model after the baseline, and print its score on the test split.

    Args:
        metric: its key, as in `evaluate.metric`.
        raw: the folder of the raw data.
        paths: the project, with its parameters and schema.
    """
    paths = paths or ProjectPaths()
    params, schema = load_params(paths.params), load_schema(paths.schema)
    splits = split(validate(read_raw(raw, schema), schema), schema, params.prepare)
    name = next((name for name in params.train.models if name != "baseline"), "baseline")
    model = fit_model(name, splits["train"], schema, params.train, TrainingContext(params.train.seed))
    target = encode_target(splits["test"].target, schema)
    print(METRICS[metric].score(target, model.predict(splits["test"].features)))


if __name__ == "__main__":
    with exit_on_user_error():
        main(sys.argv[1], Path(sys.argv[2]))
