"""The inputs with which `monitor` compares those of requests: none of a forecast."""

from collections.abc import Mapping

import pandas as pd

from ..data.schema import Schema
from ..data.splits import Split


def reference_inputs(_exported: bytes, _splits: Mapping[str, Split], _schema: Schema) -> pd.DataFrame:
    """Return no column: a request has a date and a number of steps, and the training split has neither."""
    return pd.DataFrame()
