"""Support vector machine on principal components of the pixels, with probabilities from Platt scaling."""

from typing import Annotated

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass
from sklearn.calibration import CalibratedClassifierCV
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from ..config import STRICT
from ..data.schema import Schema
from ..data.splits import Split
from .base import TrainingContext
from .sklearn_model import SklearnModel

CALIBRATION_FOLDS = 5


@dataclass(frozen=True, config=STRICT)
class Params:
    """Hyperparameters of scikit-learn's PCA (`n_components`) and SVC (`C`)."""

    n_components: Annotated[int, Field(gt=0)]
    C: Annotated[float, Field(gt=0)]


def fit(train: Split, schema: Schema, params: Params, context: TrainingContext) -> SklearnModel:
    """Fit PCA and a calibrated support vector machine."""
    components = min(params.n_components, len(train.target), train.features[0].size)
    smallest_class = int(np.unique(train.target, return_counts=True)[1].min())
    pipeline = make_pipeline(
        PCA(components, random_state=context.seed),
        CalibratedClassifierCV(SVC(C=params.C), ensemble=False, cv=min(CALIBRATION_FOLDS, smallest_class)),
    )
    return SklearnModel(pipeline, train, schema)
