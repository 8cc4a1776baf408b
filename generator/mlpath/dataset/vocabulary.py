"""Words and notations that are recognized in data; extend a list here to recognize more."""

from __future__ import annotations

import re

MISSING_VALUES = {
    "na", "n/a", "n.a.", "n.a", "n/d", "n.d.", "#n/a", "#na", "nan", "-nan", "null", "none",
    "nil", "-", "--", "---", "\u2013", "\u2014", "_", "?", "??", ".", "..", "...", "\u2026", "*",
    "**", "***", "missing", "unknown", "undefined", "not available", "not applicable",
    "not reported", "no data", "blank", "(blank)", "empty", "<na>", "<null>", "(null)", "(none)",
    "\\n", "#value!", "#ref!", "#div/0!", "#null!", "#num!", "#name?", "tbd", "tba", "inf", "-inf",
    "k.a.", "s/d", "$ -", "$-",
}  # fmt: skip
"""Texts that stand for a missing number or date, in lower case."""

BLANKS = " \t\r\n\u00a0\u2007\u2009\u202f\u3000\ufeff"
"""Characters that are removed around values."""
THOUSANDS_BLANKS = " '\u2019\u00a0\u2009\u202f"
"""Thousands separators other than comma and point."""
GROUPED = re.compile(rf"(?:\d{{1,3}}(?:[{THOUSANDS_BLANKS}]\d{{3}})+|\d+)(?:[.,]\d+)?")
MULTIPLIERS = {
    "k": "e3", "tsd": "e3", "thousand": "e3", "m": "e6", "mn": "e6", "mio": "e6", "million": "e6",
    "millions": "e6", "b": "e9", "bn": "e9", "mrd": "e9", "billion": "e9", "billions": "e9",
    "t": "e12", "trillion": "e12", "lakh": "e5", "lakhs": "e5", "lac": "e5", "crore": "e7",
    "crores": "e7", "cr": "e7",
}  # fmt: skip
_CURRENCY = (
    r"[A-Z]{0,3}\$|[€£¥₹₽₩₪₺₫₴₱฿¢]|Rs\.?|kr\.?|CHF|EUR|USD|GBP|AUD|CAD|INR|JPY|CNY|SEK|NOK|DKK|PLN|"
    r"BRL|MXN|Fr\.|zł|Kč|Ft|lei"
)
_UNITS = (
    r"%|‰|°\s?[CF]?|\+|/\d+|(?:kg|g|mg|lbs?|oz|km|cm|mm|m|mi|ft|in|inches|l|ml|cl|h|hrs?|min|mins|"
    r"sec|s|ms|cc|bhp|hp|kW|W|kWh|MWh|V|Hz|MHz|GHz|[KMGTkmgt]B|GiB|MiB|px|MP|mAh|kmpl|mpg|km/h|kmph|"
    r"mph|km/kg|kcal|cal|yrs?|y|years?|months?|days?|m²|m2|km²|sqft)\.?"
)
NUMBER = re.compile(
    rf"(?P<open>\()?(?P<sign>[-+\u2212\u2013])?(?P<before>(?:{_CURRENCY})\s*)?[-+]?"
    rf"(?P<digits>\d+(?:[.,{THOUSANDS_BLANKS}]\d+)*|[.,]\d+)(?:[eE][+-]?\d+)?"
    rf"(?P<after>\s*(?:{_UNITS}|{_CURRENCY}|(?i:{'|'.join(MULTIPLIERS)}))|"
    r"\s+[^\W\d_]+\.?(?:\s[^\W\d_]+)?)?\)?"
)
"""A number with a currency before it, and a currency, a unit or a multiplier after it."""
DECIMAL_COMMA = re.compile(r"[+-]?(\d+|\d{1,3}(\.\d{3})+),\d+|\d{1,3}(\.\d{3}){2,}")
THOUSANDS_COMMA = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{2,3})*,\d{3}(\.\d+)?")
COMMA_NOTATION = r"[+-]?([0-9]+|[1-9][0-9]{0,2}([.][0-9]{3})+)(,[0-9]+)?"
"""For DuckDB: decimal comma, points between groups of three digits."""

_DAYS = (
    "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d",
    "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%m-%y", "%m-%d-%y", "%Y-%m-%d", "%Y%m%d",
    "%b %d %Y", "%B %d %Y", "%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y", "%d. %b %Y",
    "%d. %B %Y", "%d-%b-%Y", "%d-%b-%y", "%d %b %y", "%b-%d-%Y", "%d/%b/%Y", "%d/%b/%y", "%Y-%b-%d",
    "%a %b %d %Y", "%a, %d %b %Y", "%a, %b %d, %Y", "%A, %B %d, %Y",
)  # fmt: skip
_TIMES = (" %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", " %I:%M%p")
DAY_FORMATS = (
    "", *_DAYS,
    "%Y-%m", "%Y/%m", "%m/%Y", "%m-%Y", "%b %Y", "%B %Y", "%b-%Y", "%B-%Y", "%b-%y", "%b %y",
    "%Y %b", "%Y %B", "%Y%b", "%Y-%b", "%YM%m", "%Y-M%m", "%YQ%q", "%Y-Q%q", "%Y Q%q", "Q%q %Y",
    "Q%q-%Y", "Q%q/%Y", "%G-W%V", "%GW%V", "%G W%V", "%G-W%V-%u",
)  # fmt: skip
"""strptime formats with `%q` for the quarter; the empty one is ISO 8601."""
DATE_FORMATS = (*DAY_FORMATS, *(day + time for day in _DAYS for time in _TIMES))
MONTHS = {
    "Jan": "jan jän ene gen sty", "Feb": "feb fév fev lut", "Mar": "mar mär maer mrz maa",
    "Apr": "apr avr abr kwi", "May": "may mai maj mei mag", "Jun": "jun juin giu cze",
    "Jul": "jul juil lug lip", "Aug": "aug aoû aou ago sierp", "Sep": "sep set wrz",
    "Oct": "oct okt ott out paź", "Nov": "nov lis", "Dec": "dec dez déc dic gru des",
}  # fmt: skip
"""Beginnings of the months' names in English, German, French, Spanish and neighboring languages."""
DATE_NAMES = re.compile(r"date|day|time|period|year", re.IGNORECASE)
"""Column names in which 20240131 is a date."""
DATE_PARTS = {
    "date": ("year|yr|jahr|año|année", "month|mon|mo|monat|mes|mois", "day|dom|tag|día|jour"),
    "date_time": ("date|datum|day", "time|uhrzeit"),
}
"""Names of columns that together are a date, by the name of that date."""
TIMESTAMP_NAMES = re.compile(r"time|date|epoch|(?:^|_)ts$|_at$|created|updated", re.IGNORECASE)
SUMMARY = re.compile(
    r"(?:grand |sub-?|overall )?totals?\b|(?:sum|summe|gesamt|insgesamt|average|overall)\s*:?$",
    re.IGNORECASE,
)
"""The label of a row that sums up others."""
SERIES_STEPS = (
    (1 / 1440, "1 minute"), (1 / 96, "15 minutes"), (1 / 48, "30 minutes"), (1 / 24, "hourly"),
    (1.0, "daily"), (7.0, "weekly"), (30.4375, "monthly"), (91.3125, "quarterly"),
    (365.25, "yearly"),
)  # fmt: skip
"""Days between two rows of a time series, and the name of that frequency."""

STRONG_TARGET_NAMES = {"target", "label", "y", "outcome", "response", "resp"}
TARGET_NAMES = {
    "class", "labels", "classes", "diagnosis", "churn", "churned", "exited", "attrition",
    "survived", "default", "defaulted", "fraud", "is_fraud", "species", "variety", "sentiment",
    "spam", "price", "saleprice", "sale_price", "selling_price", "median_house_value", "quality",
    "progression", "medv", "approved", "loan_status", "stroke", "diabetes", "cancer",
    "heart_disease", "heartdisease", "fetal_health", "subscribed", "raintomorrow", "vote", "status",
    "mpg", "miles_per_gallon", "sales", "profit",
}  # fmt: skip
PAIRED_NAMES = {"close": "open", "y": "x"}
"""Names with another meaning beside a second one: a price of a stock, a coordinate."""
TARGET_WORDS = {
    "churn", "churned", "attrition", "exited", "survived", "diagnosis", "fraud", "sentiment",
    "spam", "target", "label", "outcome", "approved", "defaulted", "disease", "suggestion",
    "recommended", "toxic", "sarcastic", "subscribed", "rating",
}  # fmt: skip
"""Words in the name of a target, such as `loan_approved`."""
SEX = {"sex", "gender", "male", "female"}
"""Words in the name of a person's sex."""
TEXT_NAMES = {
    "text", "tweet", "review", "reviews", "comment", "comments", "message", "sms", "email", "mail",
    "body", "content", "document", "sentence", "abstract", "headline", "article", "post",
    "question", "utterance", "transcript", "feedback", "complaint", "narrative",
}  # fmt: skip
"""Words in the name of a column of texts that are classified."""
TEXT_TARGET_WORDS = {
    "sentiment", "spam", "label", "topic", "category", "intent", "emotion", "toxic", "language",
    "sarcastic", "hate", "offensive", "stance", "suggestion", "polarity", "genre", "subject",
    "tone",
}  # fmt: skip
"""Words in the name of a class of texts."""


def words(name: str) -> list[str]:
    """Return the words of a column's name in lower case."""
    separated = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return re.findall(r"[^\W_]+", separated.lower())


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
    r"(?:^|[_\s.-])(?:id|ids|identifier|uuid|guid|key|index|idx|no|nr|num|number|serial|rownames|row|unnamed|code)$"
    r"|^(?:id|uuid|guid|index|rownames|unnamed|column0)(?:[_\s.:-]|$)|(?-i:[a-z]I[Dd])$"
    r"|(?:client|customer|cust|account|acct|order|invoice|ticket|record|case|policy|member|loan)(?:num|no|nr|id)$",
    re.IGNORECASE,
)
_ID_WORD = (
    "id|identifier|uuid|guid|uid|key|code|no|nr|num|number|name|unique|anonymous|anonymized|"
    "encrypted|hashed|hash|external|internal|original|global"
)
_CASE = (
    "customer|cust|client|user|patient|subject|subj|participant|respondent|person|individual|"
    "household|student|pupil"
)
_CASE_BY_ID = (
    "member|account|acct|employee|worker|donor|borrower|applicant|subscriber|policyholder|"
    "cardholder|visitor|guest|player|athlete|volunteer|child|animal|mouse|family|panelist|voter"
)
_PLACE = "store|shop|school|hospital|clinic|branch|merchant|restaurant|company|firm|farm"
_PLACE_BY_ID = "site|facility|center|centre|outlet|device|machine|engine|vehicle|sensor|unit|asset"


def _identifiers(alone: str, with_id: str) -> re.Pattern[str]:
    """Return the names of identifiers of things: some by their noun alone, others with an id."""
    before = r"(?:(?:id|unique|anonymous|anonymized)_)?"
    return re.compile(
        rf"{before}(?:{alone})(?:_?(?:{_ID_WORD}))*|{before}(?:{with_id})(?:_?(?:{_ID_WORD}))+"
    )


CASE_NAMES = _identifiers(_CASE, _CASE_BY_ID)
"""Names of columns, their words joined by `_`, that identify a person or the like."""
PLACE_NAMES = _identifiers(_PLACE, _PLACE_BY_ID)
"""Names of columns that identify a place or a device."""
ID_NAMES = re.compile(r"id|pid|uid|uuid|guid")
"""Names of columns that identify something."""
_PEOPLE_NOUNS = (
    r"customer|client|patient|employee|student|user|person|passenger|driver|member|contact|owner|"
    r"manager|teacher|doctor|physician|nurse|applicant|guest|host|buyer|seller|sender|recipient|"
    r"first|last|full|middle|maiden|given|family|nick|father|mother|spouse"
)
PERSON_NAMES = re.compile(
    rf"(?:^|[_\s.-])(?:(?:{_PEOPLE_NOUNS})[_\s.-]?names?|surname|lastname|firstname|forename|vorname|"
    r"nachname|fullname|username)$|(?:First|Last|Full|Sur)_?[Nn]ame$",
    re.IGNORECASE,
)
"""Names of columns of people's names, which may repeat."""
PEOPLE_HEADERS = re.compile(
    rf"names?|{_PEOPLE_NOUNS}|author|(?:sales[ _-]?)?rep(?:resentative)?|salesperson|agent|clerk",
    re.IGNORECASE,
)
"""Names of columns that are personal if their values look like names of people."""
_THING_NOUNS = (
    r"product|item|city|country|state|region|company|brand|model|station|store|shop|file|movie|film|"
    r"song|track|album|team|school|university|place|location|category|department|event|project|game|"
    r"app|book|street|common|scientific|class|species|car"
)
PERSONAL_NAMES = re.compile(
    r"(?:^|[_\s.-])(?:names?|user|e-?mail|mail|phone|telephone|tel|mobile|address|"
    r"street|ssn|passport|iban|birthdate|dob|ip)(?:[_\s.-](?:address|number|no|nr))?$",
    re.IGNORECASE,
)
"""Names of columns of personal data, unless the values repeat."""
THING_NAMES = re.compile(rf"(?:^|[_\s.-])(?:{_THING_NOUNS})[_\s.-]?names?$", re.IGNORECASE)
NAME_OF_PERSON = re.compile(
    r"(?!.*\b(?:Inc|Corp|Ltd|LLC|GmbH|AG|Co|Company|Group|Bank)\b)"
    r"[A-ZÀ-Þ][\w'-]+,?(?: [A-ZÀ-Þ][\w'.-]*){1,3}"
)
"""A name of two to four words, unless it is that of a company."""
PERSONAL_NUMBERS = re.compile(
    r"(?:^|[_\s.-])(?:phone|telephone|mobile|ssn|passport)(?:[_\s.-]?(?:number|num|no|nr))?$",
    re.IGNORECASE,
)
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}")
PHONE = re.compile(
    r"(?!\d*[.,]\d+$|\d{4}\s?[-/]\s?\d{2,4}$|\d{1,4}[./-]\d{1,2}[./-]\d{1,4}$)"
    r"\+?\(?\d[\d ()/.-]{6,}\d"
)
"""A phone number rather than a fraction, a range of years or a date."""
