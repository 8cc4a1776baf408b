"""Reports show dates, times of day and units, not the numbers that models get."""

from late_flights.data.schema import Column
from late_flights.evaluation.values import format_value, format_with_unit


def test_dates_and_times_of_day_are_readable() -> None:
    day = Column("day", "Day", "date")
    departure = Column("departure", "Departure", "number", unit="h", minimum=0, maximum=24)
    assert format_value(day, 15710.0) == format_with_unit(day, 15710.0) == "2013-01-05"
    assert format_value(departure, 6.17) == format_with_unit(departure, 6.17) == "6:10"
    assert [format_value(departure, hours) for hours in (0, 9.999, 24)] == [
        "0:00",
        "10:00",
        "24:00",
    ]


def test_other_numbers_have_their_unit() -> None:
    flight = Column("duration", "Duration", "number", unit="h", minimum=0)
    assert format_value(flight, 6.171) == "6.17"
    assert format_with_unit(flight, 6.171) == "6.17 h"
    assert format_with_unit(Column("humidity", "Humidity", "number", unit="%"), 59.36) == "59.4%"
    assert format_with_unit(Column("seats", "Seats", "number"), 1234.0) == "1,234"
