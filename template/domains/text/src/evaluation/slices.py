"""Slices of the test split, on which the champion is evaluated separately."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from ..data.cleaning import words_of
from ..data.schema import Schema
from ..data.splits import Split
from ..errors import UserError


def slice_labels(splits: dict[str, Split], schema: Schema, names: Sequence[str]) -> dict[str, pd.Categorical]:
    """Return the slice of each test text by class (the target's name) and by length, for those in `names`.

    Raises:
        UserError: a name is unknown.
    """
    labels = {schema.target.name: schema.target.label, "length": "Length"}
    if unknown := sorted(set(names) - set(labels)):
        raise UserError(f"params.yaml: evaluate.slices has {', '.join(unknown)}; available: {', '.join(labels)}")
    slices = {}
    if schema.target.name in names:
        slices[schema.target.label] = pd.Categorical(splits["test"].target, categories=schema.classes)
    if "length" in names:
        slices["Length"] = _length_slices(splits, schema)
    return slices


def _length_slices(splits: dict[str, Split], schema: Schema) -> pd.Categorical:
    """Return slices limited by the terciles of the training texts' lengths; fewer if terciles coincide."""
    train, test = (
        splits[name].features["text"].map(lambda text: len(words_of(text, schema))) for name in ("train", "test")
    )
    limits = sorted({int(limit) for limit in train.quantile([1 / 3, 2 / 3])})
    middle = [f"{low + 1} to {high} words" for low, high in pairwise(limits)]
    labels = [f"up to {limits[0]} words", *middle, f"over {limits[-1]} words"]
    return pd.Categorical([labels[place] for place in np.searchsorted(limits, test)], categories=labels)
