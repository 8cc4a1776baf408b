"""Feedback that is exported has the dates and values of the raw series."""

import dataclasses
from datetime import date
from pathlib import Path

import pytest

from air_ahead.data import loading
from air_ahead.data.feedback import to_record
from air_ahead.data.feedback_file import write_records
from air_ahead.data.periods import period_name, period_ordinal
from air_ahead.data.schema import Schema
from air_ahead.data.validation import validate
from air_ahead.serving.predictor import Predictor


def test_it_is_read_like_the_raw_series(
    schema: Schema, predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = float(predictor.series[-1])
    inputs = [{"today": predictor.complete({})["today"], "horizon": horizon} for horizon in (1, 2)]
    records = [record for row in inputs if (record := to_record(row, value, schema))]
    write_records(records, schema, tmp_path / "rows.csv")
    monkeypatch.setattr(loading, "RAW_FILE", "rows.csv", raising=False)
    readable = dataclasses.replace(
        schema, reading={"file": "rows.csv"}, date=dataclasses.replace(schema.date, days_apart=None)
    )
    table = validate(loading.read_raw(tmp_path, readable), readable)
    assert table["value"].tolist() == [value, value]
    names = [period_name(period_ordinal(day.date(), schema.step), schema.step) for day in table["date"]]
    assert names == [predictor.predict(row).times[-1] for row in inputs]


@pytest.mark.parametrize(
    ("date_format", "written"), [("", "2020-04-01"), ("%d.%m.%Y", "01.04.2020"), ("Q%q %Y", "Q2 2020")]
)
def test_dates_have_the_format_of_the_file(schema: Schema, date_format: str, written: str) -> None:
    monthly = dataclasses.replace(
        schema, step="month", date=dataclasses.replace(schema.date, date_format=date_format), reading=None
    )
    low, high = monthly.limits
    value = max(min(1.0, high), low)
    record = to_record({"today": str(date(2020, 3, 15)), "horizon": 2}, value, monthly)
    assert record == {schema.date_column: written, schema.target_column: value}


def test_what_differs_from_the_schema_is_left_out(schema: Schema) -> None:
    limited = dataclasses.replace(schema, target=dataclasses.replace(schema.target, minimum=0.0, maximum=1.0))
    assert to_record({"today": "2020-03-15", "horizon": 1}, 2.0, limited) is None
    assert to_record({"today": "2020-03-15"}, 0.5, limited) is None
