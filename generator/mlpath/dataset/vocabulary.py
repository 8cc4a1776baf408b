"""Words and notations that are recognized in data; extend a list here to recognize more."""

from __future__ import annotations

import re

MISSING_VALUES = {
    "na", "n/a", "#n/a", "nan", "null", "none", "nil", "-", "--", "?", ".", "*", "missing",
    "unknown", "undefined", "not available", "<na>", "(null)", "-nan", "#value!", "#ref!",
    "inf", "-inf",
}  # fmt: skip

DECIMAL_COMMA = re.compile(r"[+-]?(\d+|\d{1,3}(\.\d{3})+),\d+")
THOUSANDS_COMMA = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?")
COMMA_NOTATION = r"[+-]?([0-9]+|[1-9][0-9]{0,2}([.][0-9]{3})+)(,[0-9]+)?"
"""For DuckDB: decimal comma, points between groups of three digits."""

DATE_FORMATS = (
    "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d",
    "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S",
    "%d.%m.%Y %H:%M:%S", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%b %d %Y", "%B %d %Y", "%b %d, %Y",
    "%B %d, %Y", "%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d-%b-%y", "%b-%d-%Y", "%d/%b/%Y", "%Y-%m",
    "%Y/%m", "%m/%Y", "%b %Y", "%B %Y", "%b-%Y", "%b-%y", "%Y %b", "%Y%b", "%YM%m", "%Y-M%m",
    "%YQ%q", "%Y-Q%q", "%Y Q%q", "Q%q %Y", "Q%q-%Y", "Q%q/%Y",
)  # fmt: skip
SWAPPED_DATE_FORMATS = {
    date_format: re.sub("%[dm]", lambda code: "%m" if code[0] == "%d" else "%d", date_format)
    for date_format in DATE_FORMATS
    if "%d" in date_format and "%m" in date_format
}
"""Numeric formats with day and month swapped."""
DATE_NAMES = re.compile(r"date|day|time|period|year", re.IGNORECASE)
"""Column names in which 20240131 is a date."""
SERIES_STEPS = (
    (1 / 1440, "1 minute"), (1 / 96, "15 minutes"), (1 / 48, "30 minutes"), (1 / 24, "hourly"),
    (1.0, "daily"), (7.0, "weekly"), (30.4375, "monthly"), (91.3125, "quarterly"),
    (365.25, "yearly"),
)  # fmt: skip
"""Days between two rows of a time series, and the name of that frequency."""

STRONG_TARGET_NAMES = {"target", "label", "class", "y", "outcome", "response"}
TARGET_NAMES = {
    "labels", "classes", "diagnosis", "churn", "churned", "exited", "attrition", "survived",
    "default", "defaulted", "fraud", "is_fraud", "species", "variety", "sentiment", "spam",
    "price", "saleprice", "sale_price", "quality", "progression", "medv", "approved",
}  # fmt: skip
TIME_AND_PLACE_NAMES = re.compile(
    r"(?:^|[_\s.-])(?:date|time|year|yr|quarter|month|week|day|hour|lat|latitude|lon|lng|long|longitude)"
    r"(?:$|[_\s.-])",
    re.IGNORECASE,
)
"""Column names that are rarely a target, even of the last column."""
POSITIVE_CLASSES = {
    "yes", "true", "1", "1.0", "y", "t", "positive", "pos", "malignant", "spam", "fraud", "churn",
    "churned", "bad", "default", "sick", "ill", "disease", "died", "dead", "fail", "failed",
    "failure", "left", "exited", "m", "p", "present", "abnormal", "anomaly", "attack", "survived",
}  # fmt: skip

IDENTIFIER_NAMES = re.compile(
    r"(?:^|[_\s.-])(?:id|ids|identifier|uuid|guid|key|index|idx|no|nr|number|serial|rownames|row|unnamed|code)$"
    r"|^(?:id|uuid|guid|index|rownames|unnamed|column0)(?:[_\s.:-]|$)|(?-i:[a-z]I[Dd])$",
    re.IGNORECASE,
)
PERSONAL_NAMES = re.compile(
    r"(?:^|[_\s.-])(?:name|names|surname|lastname|firstname|forename|vorname|nachname|fullname|username|"
    r"user|e-?mail|mail|phone|telephone|tel|mobile|address|street|ssn|passport|iban|"
    r"birthdate|dob|ip)(?:$|[_\s.-])|(?:first|last|full|sur)_?name",
    re.IGNORECASE,
)
PERSONAL_NUMBERS = re.compile(r"phone|mobile|ssn|passport", re.IGNORECASE)
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}")
PHONE = re.compile(r"\+?\(?\d[\d ()/.-]{6,}\d")
NUMERIC_DATE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}")
