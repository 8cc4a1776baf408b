"""What is turned down in `params.yaml` for the tests, so that the whole pipeline runs in seconds."""

SMALL = {
    "train.shallow.ngrams": 1,
    "train.shallow.C": 10.0,
    "train.deep.vocabulary": 1000,
    "train.deep.length": 32,
    "train.deep.width": 32,
    "train.deep.layers": 1,
    "train.deep.epochs": 4,
    "evaluate.resamples": 100,
}
