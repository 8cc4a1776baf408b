"""What is turned down in `params.yaml` for the tests, so that the whole pipeline runs in seconds."""

SMALL = {
    "train.shallow.max_iter": 60,
    "train.shallow.learning_rate": 0.15,
    "train.deep.epochs": 30,
    "evaluate.resamples": 100,
}
