"""The inputs of the training split with which `monitor` compares those of requests."""

from collections.abc import Mapping

import pandas as pd

from ..data.schema import Schema
from ..data.splits import Split


def reference_inputs(_exported: bytes, splits: Mapping[str, Split], schema: Schema) -> pd.DataFrame:
    """Return the columns that are compared: neither personal ones, nor dates, which always go on."""
    compared = [column.name for column in schema.features if column.kind != "date" and not column.personal]
    return splits["train"].features[compared]
