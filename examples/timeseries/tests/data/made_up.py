"""Made-up series for the tests of `data/`."""

import pandas as pd

from air_ahead.data.schema import Date, Schema, Target
from air_ahead.data.validation import EPOCH


def make_schema(step: str) -> Schema:
    """Return a schema with the columns `day` and `sales`."""
    return Schema("", "", Date("day"), Target("sales", "Sales"), step)  # type: ignore[arg-type]


def daily_rows(first: str, last: str) -> pd.DataFrame:
    """Return one row per day; the value is the day of the month."""
    days = pd.date_range(first, last)
    return pd.DataFrame({"day": (days - pd.Timestamp(EPOCH)).days, "sales": days.day.astype(float)})
