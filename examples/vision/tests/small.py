"""What is turned down in `params.yaml` for the tests, so that the whole pipeline runs in seconds."""

SMALL = {
    "train.deep.channels": 16,
    "train.deep.epochs": 14,
    "train.deep.patience": 14,
    "train.deep.smoothing": 0.0,
    "evaluate.resamples": 100,
}
