"""What is turned down in `params.yaml` for the tests, so that the whole pipeline runs in seconds."""

SMALL = {
    "evaluate.resamples": 100,
    "train.deep.hidden": 8,
    "train.deep.epochs": 4,
}
