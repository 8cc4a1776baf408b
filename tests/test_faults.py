"""Files as people publish them, each of which an earlier version profiled wrongly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mlpath.create.schemas import tabular
from mlpath.dataset import DatasetProfile, detect, inspect
from mlpath.errors import MlpathError

FILES = Path(__file__).parent / "data" / "faults"


def contents(profile: DatasetProfile) -> dict[str, str]:
    """Return the type of each column, or why it is left out."""
    return {
        column.name: f"left out: {column.reason}" if column.role == "left_out" else column.type
        for column in profile.columns
    }


def write_rows(folder: Path, header: str, rows: list[str], name: str = "table.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def cycle(*values: str, rows: int = 60) -> list[str]:
    return [values[n % len(values)] for n in range(rows)]


IDENTIFIER = "left out: identifier: every value differs"
ONLY_TEXT = "left out: only the text is used"
PROJECTS: dict[str, tuple[str, str, int, dict[str, str]]] = {
    # File: domain, target, rows, and the content of each column.
    "unnamed_index_text.csv": (
        "text", "label", 60, {"column0": IDENTIFIER, "text": "text", "label": "category"},
    ),
    "year_names.csv": (
        "tabular", "1991", 60, {"country": IDENTIFIER, "1990": "number", "1991": "number"},
    ),
    "digit_names.csv": (
        "tabular", "label", 60,
        {"0": "number", "1": "number", "2": "number", "label": "category"},
    ),
    "title_then_blank.csv": (
        "tabular", "churn", 60, {"visits": "number", "rate": "number", "churn": "category"},
    ),
    "header_one_more.csv": (
        "tabular", "diagnosis", 60,
        {"id": IDENTIFIER, "radius": "number", "diagnosis": "category"},
    ),
    "two_digit_year.csv": (
        "tabular", "churn", 60, {"signed": "date", "age": "number", "churn": "category"},
    ),
    "money.csv": (
        "tabular", "price", 60, {"area": "number", "rooms": "number", "price": "number"},
    ),
    "percent.csv": (
        "tabular", "result", 60, {"state": "category", "turnout": "number", "result": "category"},
    ),
    "missing_div0.csv": (
        "tabular", "churn", 90, {"a": "number", "b": "number", "churn": "category"},
    ),
    "missing_null.csv": (
        "tabular", "churn", 90, {"a": "number", "b": "number", "churn": "category"},
    ),
    "decimals_as_phones.csv": (
        "tabular", "kind", 60, {"city": "category", "share": "number", "kind": "category"},
    ),
    "first_of_month.csv": ("timeseries", "IPG", 240, {"DATE": "date", "IPG": "number"}),
    "tabs_around.csv": (
        "tabular", "class", 60, {"bp": "number", "dm": "category", "class": "category"},
    ),
    "latin1_norwegian.csv": (
        "tabular", "kjøp", 60, {"by": "category", "alder": "number", "kjøp": "category"},
    ),
    "latin1_one_nbsp.csv": (
        "tabular", "Pct", 60,
        {
            "Year": "left out: constant", "Month": "number", "Make": "left out: constant",
            "Model": "left out: constant", "Quantity": "number", "Pct": "number",
        },
    ),
    "names_kept.csv": (
        "tabular", "Profit", 60,
        {
            "Order ID": IDENTIFIER, "Quantity": "number", "Profit": "number",
            "Customer Name": "left out: personal: names, by its header",
        },
    ),
    "email_is_the_text.csv": ("text", "label", 60, {"email": "text", "label": "category"}),
    "user_review_is_the_text.csv": (
        "text", "user_suggestion", 60,
        {"review_id": IDENTIFIER, "user_review": "text", "user_suggestion": "number"},
    ),
    "y_is_a_coordinate.csv": (
        "tabular", "price", 60,
        {
            "carat": "number", "cut": "category", "price": "number", "x": "number", "y": "number",
            "z": "number",
        },
    ),
    "stock.csv": (
        "timeseries", "Close", 300,
        {"Date": "date", "Close": "number"}
        | dict.fromkeys(["Open", "High", "Low", "Volume"], "left out: only the series is used"),
    ),
    "tweets.csv": (
        "text", "airline_sentiment", 90,
        {
            "tweet_id": IDENTIFIER, "airline_sentiment": "category", "text": "text",
            "negativereason": "left out: leaks the target: whether it is missing determines it",
        }
        | dict.fromkeys(["airline", "retweet_count", "tweet_created"], ONLY_TEXT),
    ),
    "account_number.csv": (
        "tabular", "Attrition_Flag", 60,
        {
            "CLIENTNUM": IDENTIFIER, "Attrition_Flag": "category", "Age": "number",
            "Ratio": "number",
        },
    ),
    "total_row.csv": (
        "tabular", "sales", 60,
        {"shop": "category", "month": "number", "visits": "number", "sales": "number"},
    ),
    "wrapped.json": ("tabular", "churn", 60, {"age": "number", "churn": "category"}),
    "nested.json": (
        "tabular", "churn", 60,
        {
            "user.age": "number", "user.city": "category", "id": IDENTIFIER, "churn": "category",
            "user": "left out: its values are in 'user.age', 'user.city'",
        },
    ),
    "leak_by_missing.csv": (
        "tabular", "status", 90,
        {
            "age": "number", "score": "number", "status": "category",
            "closed_at": "left out: leaks the target: whether it is missing determines it",
        },
    ),
    "leak_monotone.csv": (
        "tabular", "wage", 90,
        {
            "age": "number", "kind": "category", "wage": "number",
            "logwage": "left out: leaks the target: is in the same order as the target",
        },
    ),
    "copies_look_like_leaks.csv": (
        "tabular", "kind", 120,
        {
            "solidity": "number", "area": "number", "perimeter": "number", "temp": "number",
            "kind": "category",
        },
    ),
}  # fmt: skip


def test_a_pointer_to_data_is_refused() -> None:
    with pytest.raises(MlpathError, match="is a Git LFS pointer") as refused:
        inspect(FILES / "lfs_pointer.csv")
    assert "git lfs pull" in refused.value.hint


@pytest.mark.parametrize("name", PROJECTS)
def test_domain_target_and_columns(name: str) -> None:
    domain, target, rows, columns = PROJECTS[name]
    profile = inspect(FILES / name)
    assert (profile.domain, profile.target, profile.rows) == (domain, target, rows)
    assert profile.doubts == ()
    assert contents(profile) == columns


# ------------------------------------------------------------------------------------------- header


NUMBERED = [f"{n % 7 + 0.5},{n % 5 + 0.25},{'ab'[n % 3 == 0]}" for n in range(60)]
WIDE = [f"{row},{n % 4},{n % 9}" for n, row in enumerate(NUMBERED)]
COUNTED = [f"City{n},{n * 37 % 101},{n * 53 % 97},{n * 71 % 89}" for n in range(60)]
BORN = [f"Name{n},{1900 + n},{1970 + n % 40}" for n in range(60)]
LABELED = [f"{'good' if n % 3 else 'bad'} film number {n} by me,{'pn'[n % 2]}" for n in range(60)]


@pytest.mark.parametrize(
    ("header", "rows", "columns"),
    [
        ("0,1,label", NUMBERED, ["0", "1", "label"]),
        ("city,1990,2000,2010", COUNTED, ["city", "1990", "2000", "2010"]),
        ("city,1990,2005,2011", COUNTED, ["city", "1990", "2005", "2011"]),
        ("Ann,1950,2001", BORN, ["column0", "column1", "column2"]),
        ("city,1,2,3", COUNTED, ["city", "1", "2", "3"]),
        ("what was said,mood", LABELED, ["what was said", "mood"]),
        ("mood,plot", cycle("glad,comedy", "sad,drama", "glad,drama"), ["mood", "plot"]),
        ("v1,v2,,", [f"{row},," for row in LABELED], ["v1", "v2", "column2", "column3"]),
        (",mood", [f"t{n},{'pn'[n % 2]}" for n in range(60)], ["column0", "mood"]),
        ("City61,4,30,2", COUNTED, ["column0", "column1", "column2", "column3"]),
        ("bad film number 99 by me,p", LABELED, ["column0", "column1"]),
        ("sad,comedy", cycle("glad,comedy", "sad,drama"), ["column0", "column1"]),
        ("a,b,kind,,", NUMBERED, ["a", "b", "kind"]),
        ("Visits in 2024,,,,\nby,hand,,,\na,b,kind,c,d", WIDE, ["a", "b", "kind", "c", "d"]),
        ("Visits in 2024,,\na,b,kind", NUMBERED, ["a", "b", "kind"]),
        (",,\nVisits,,\n,,\na,b,kind", NUMBERED, ["a", "b", "kind"]),
        ("Visits in 2024\n\na,b,kind", NUMBERED, ["a", "b", "kind"]),
    ],
)
def test_header(tmp_path: Path, header: str, rows: list[str], columns: list[str]) -> None:
    profile = inspect(write_rows(tmp_path, header, rows))
    assert [column.name for column in profile.columns] == columns
    assert profile.rows == 60 + columns[0].startswith("column0") * ("mood" not in columns)


def test_skipped_titles_are_reported() -> None:
    notes = inspect(FILES / "title_then_blank.csv").notes
    assert any("The first 2 lines are skipped: 'Sales report 2024" in note for note in notes)


# ------------------------------------------------------------------------------- copies and leaks


def schema_of(profile: DatasetProfile) -> dict[str, Any]:
    return tabular.build_schema(profile, "here", "unknown")


def test_different_rows_that_look_equal_are_kept_and_reported() -> None:
    """They differ in the identifier, which no model uses."""
    profile = inspect(FILES / "equal_but_different_rows.csv")
    assert (profile.duplicate_rows, profile.lookalikes) == (0, 538)
    assert any("equal others in all features: 538" in note for note in profile.notes)
    assert schema_of(profile)["repeats"] is True


def test_copies_of_a_row_are_not_kept(tmp_path: Path) -> None:
    rows = [f"{n * 37 % 101}.5,{n * 53 % 97}.25,{'ab'[n % 3 == 0]}" for n in range(60)]
    profile = inspect(write_rows(tmp_path, "a,b,kind", [*rows, rows[0], rows[1]]))
    assert (profile.duplicate_rows, profile.lookalikes) == (2, 0)
    assert "repeats" not in schema_of(profile)


def test_copies_of_a_case_are_reported_and_no_leak() -> None:
    profile = inspect(FILES / "copies_look_like_leaks.csv")
    assert schema_of(profile)["group"] == ["solidity", "area", "perimeter"]
    notes = profile.notes
    assert any("80 rows are copies of others, equal in 'solidity'" in note for note in notes)


def test_a_reason_that_only_one_class_has_is_a_leak() -> None:
    notes = inspect(FILES / "tweets.csv").notes
    assert any("'negativereason' leaks the target" in note for note in notes)


# -------------------------------------------------------------------------------- numbers and dates


NUMBERS: dict[str, tuple[list[str], float, float]] = {
    # Column: its values, and the least and greatest number.
    "dollars": (["$899,882", "-$5", "$1,000.50"], -5, 899_882),
    "accounting": (["($1,234.00)", "$7", "$8"], -1234, 8),
    "euro": (["€ 3.50", "€\u00a0-4", "€5"], -4, 5),
    "code": (["USD 12", "USD 1,200", "3"], 3, 1200),
    "after": (["12 kr", "13 kr", "1.5 kr"], 1.5, 13),
    "percent": (["93.4%", "5 %", "-1.5%"], -1.5, 93.4),
    "weight": (["12 kg", "7.5kg", "3 kg"], 3, 12),
    "tenure": (["1 year", "3 years", "10+ years"], 1, 3),
    "installs": (["10,000+", "5+", "500+"], 5, 10_000),
    "size": (["19M", "201k", "Varies with device", "1.5M"], 201_000, 19_000_000),
    "score": (["4.5/5", "3/5", "5/5"], 3, 5),
    "grouped": (["1 234", "12\u202f345.5", "7"], 7, 12_345.5),
    "swiss": (["1'234", "2\u2019345", "12'345'678.9"], 1234, 12_345_678.9),
    "minus": (["\u22125", "3", "\u20132.5"], -5, 3),
    "balance": (["$ 5.00", "$ -", "$ 7.50"], 5, 7.5),
    "lakh": (["12,34,567", "1,234", "56,78,901"], 1234, 5_678_901),
}
MISSING = ["", "#DIV/0!", "NULL", "n/a", "-", "**", "#NULL!", "n.a.", "...", "(blank)", "\\N"]


def write_columns(folder: Path, columns: dict[str, list[str]], rows: int = 240) -> Path:
    """Write columns of repeated values beside a class."""
    columns = {**columns, "sold": ["yes", "no", "no", "yes", "no"]}
    lines = ["|".join(values[n % len(values)] for values in columns.values()) for n in range(rows)]
    return write_rows(folder, "|".join(columns), lines)


def test_numbers_with_currencies_units_and_separators(tmp_path: Path) -> None:
    # Values of many digits: a word among few numbers would be a category.
    many = [f"{n / 8:.3f}" for n in range(1, 25)]
    columns = {name: [*values, *values] for name, (values, _, _) in NUMBERS.items()}
    columns["size"] += [f"{n}.5k" for n in range(300, 330)]
    columns["tenure"] = ["1 year", "3 years", "2 years"]
    profile = inspect(write_columns(tmp_path, {**columns, "many": many}))
    found = {column.name: column for column in profile.columns}
    for name, (_, low, high) in NUMBERS.items():
        column = found[name]
        assert (name, column.type, column.minimum, column.maximum) == (name, "number", low, high)
    assert found["size"].missing > 0


def test_words_for_a_missing_number(tmp_path: Path) -> None:
    numbers = [f"{n * 3 / 4}" for n in range(1, 30)]
    columns = {word or "empty": [*numbers, word, word, word] for word in MISSING}
    columns["suppressed"] = [*numbers, "suppressed", "suppressed"]
    profile = inspect(write_columns(tmp_path, columns))
    for column in profile.columns[:-1]:
        assert (column.name, column.type, column.missing > 0) == (column.name, "number", True)
    assert any("'suppressed'" in note and "count as missing" in note for note in profile.notes)


def test_codes_are_no_numbers(tmp_path: Path) -> None:
    codes = {
        "grade": ["3A", "2B", "1C"],
        "drive": ["4WD", "2WD"],
        "time": ["12 AM", "3 PM"],
        "age": ["18-24", "25-34", "35+"],
        "phone": ["+49 171 555", "+49 30 4444"],
        "version": ["1.2.3", "1.2.4"],
        "rooms": ["1 bedroom", "2 baths"],
    }
    profile = inspect(write_columns(tmp_path, codes))
    assert [column.type for column in profile.columns] == ["category"] * (len(codes) + 1)


def test_a_notation_that_contradicts_another_column_is_read_as_text(tmp_path: Path) -> None:
    columns = {
        "length": [f"{n} m" for n in range(40)],
        "value": [f"{n} m" for n in range(30)] + [f"{n} k" for n in range(9)],
    }
    profile = inspect(write_columns(tmp_path, columns))
    assert [column.type for column in profile.columns] == ["number", "category", "category"]
    assert any("another notation" in note for note in profile.notes)


DAY = 16_436.0
"""2015-01-01."""
DATES: dict[str, tuple[list[str], str, float]] = {
    # Column: its values, its format, and the first day.
    "am_pm": (["01/01/2015 01:30 AM", "01/31/2015 01:30 PM"], "%m/%d/%Y %I:%M %p", DAY + 0.0625),
    "two_digits": (["1/1/15", "12/31/16"], "%m/%d/%y", DAY),
    "two_digits_dashed": (["01-01-15", "31-12-16"], "%d-%m-%y", DAY),
    "iso_week": (["2015-W02", "2016-W40"], "%G-W%V", DAY + 4),
    "german": (["1. Jänner 2015", "12. März 2016", "3. Mai 2017"], "%d. %b %Y", DAY),
    "french": (["1 janv. 2015", "3 févr. 2016", "5 août 2017"], "%d %b %Y", DAY),
    "dots": (["01.02.2015", "03.04.2016"], "%d.%m.%Y", DAY + 31),
    "compact": (["20150101 10:30", "20160301 11:30"], "%Y%m%d %H:%M", DAY + 10.5 / 24),
    "weekday": (["Thu, 01 Jan 2015", "Fri, 15 Jul 2016"], "%a, %d %b %Y", DAY),
    "month": (["Jan 2015", "Sept 2016"], "%b %Y", DAY),
    "iso": (["2015-01-01", "2016-12-31"], "", DAY),
    "iso_time": (["2015-01-01 06:00:00", "2016-12-01 23:59:59"], "", DAY + 0.25),
    "day_first": (["31/01/2015", "01/12/2016"], "%d/%m/%Y", DAY + 30),
    "month_first": (["01/31/2015", "12/01/2016"], "%m/%d/%Y", DAY + 30),
    "month_name": (["Jan 31 2015", "Dec 1 2016"], "%b %d %Y", DAY + 30),
    "month_dashed": (["Jan-31-2015", "Dec-01-2016"], "%b-%d-%Y", DAY + 30),
    "quarter": (["2015Q1", "2016Q4"], "%YQ%q", DAY),
    "quarter_dashed": (["2015-Q1", "2016-Q4"], "%Y-Q%q", DAY),
    "quarter_first": (["Q1 2015", "Q4 2016"], "Q%q %Y", DAY),
    "month_by_m": (["2015M01", "2016M12"], "%YM%m", DAY),
    "year_month": (["2015Jan", "2016Dec"], "%Y%b", DAY),
    "month_year": (["01/2015", "12/2016"], "%m/%Y", DAY),
    "one_stray": (["2015-01-01", "2015-03-02"] * 100 + ["soon"], "", DAY),
    "impossible": (["2015-01-01", "2015-03-02"] * 100 + ["2015-02-30"], "", DAY),
}


@pytest.mark.parametrize("name", DATES)
def test_dates(tmp_path: Path, name: str) -> None:
    values, date_format, first = DATES[name]
    column = inspect(write_columns(tmp_path, {name: values})).columns[0]
    assert (column.type, column.date_format, column.minimum) == ("date", date_format, first)
    assert column.missing <= 2


def test_regular_steps_decide_between_day_and_month(tmp_path: Path) -> None:
    months = [f"{n % 12 + 1}/1/{1985 + n // 12},{n % 12}.5" for n in range(240)]
    profile = inspect(write_rows(tmp_path, "DATE,IPG", months))
    assert (profile.domain, profile.target, profile.frequency) == ("timeseries", "IPG", "monthly")
    assert any("begins with the month" in note for note in profile.notes)
    days = [f"1/{n % 12 + 1}/{1985 + n // 12},{n % 12}.5" for n in range(240)]
    profile = inspect(write_rows(tmp_path, "DATE,IPG", days))
    assert profile.columns[0].date_format == "%d/%m/%Y"


def test_hours_with_am_and_pm_are_a_series(tmp_path: Path) -> None:
    hours = [
        f"{n // 24 // 28 + 1:02}/{n // 24 % 28 + 1:02}/2015 {(n - 1) % 12 + 1:02}:00:00 "
        f"{'AM' if n % 24 < 12 else 'PM'},{n * 7 % 11 / 8}"
        for n in range(3840)
    ]
    profile = inspect(write_rows(tmp_path, "time,kwh", hours))
    assert (profile.domain, profile.target, profile.frequency) == ("timeseries", "kwh", "hourly")


# ---------------------------------------------------------------------------------------- encodings


@pytest.mark.parametrize(
    ("words", "encoding"),
    [
        ("by;kjøp;Bodø;Tromsø;Ålesund", "cp1252"),
        ("café;garçon;élève;sûr;€ 5", "cp1252"),
        ("Straße;Größe;München;“quoted”", "cp1252"),
        ("São Paulo;ações;não;Þórður", "cp1252"),
        ("Make;Mercedes\u00a0;Model", "cp1252"),
        ("Příbram;město;České Budějovice;šťastný", "cp1250"),
        ("Łódź;Kraków;święta;żółty", "cp1250"),
        ("\u0130stanbul;şehir;değil;güneş;çok", "cp1254"),
        ("Москва;отзыв;хорошо;плохо", "cp1251"),
    ],
)
def test_encodings(words: str, encoding: str) -> None:
    content = "\n".join([words.replace(";", "\n")] * 3).encode(encoding)
    detected = detect.detect_encoding(FILES, content)
    assert content.decode(detected) == content.decode(encoding)


# ----------------------------------------------------------------------------------- personal data


PEOPLE = ["Anna Berg", "Bob Stone", "Carl Ott", "Dora Lind", "Emil Falk", "Fay Moss"]
THINGS = ["Red Lamp", "Blue Chair", "Old Desk", "New Sofa"]


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("customer_name", PEOPLE, "personal"),
        ("PatientName", PEOPLE, "personal"),
        ("Last Name", ["Berg", "Stone", "Ott"], "personal"),
        ("name", PEOPLE, "personal"),
        ("Manager", PEOPLE, "personal"),
        ("customer", ["Acme Corp", "Beta Inc", "Gamma Ltd"], "category"),
        ("owner", ["bank", "state", "private"], "category"),
        ("name", ["chevrolet malibu", "ford pinto", "Fiat 500"], "category"),
        ("product_name", THINGS, "category"),
        ("user_type", ["new", "old"], "category"),
        ("phone_service", ["yes", "no"], "category"),
        ("share", ["0.684206922", "0.725133808", "0.580489029"], "number"),
        ("season", [f"{year}-{year + 1}" for year in range(1950, 2000)], "category"),
        ("phone", [f"0171 {n * 7919:07}" for n in range(240)], "personal"),
        ("e-mail", [f"a{n}@example.com" for n in range(240)], "personal"),
    ],
)
def test_personal_data(tmp_path: Path, name: str, values: list[str], expected: str) -> None:
    column = inspect(write_columns(tmp_path, {name: values, "size": ["1", "2", "3"]})).columns[0]
    is_personal = column.reason.startswith("personal")
    assert ("personal" if is_personal else column.type) == expected


# ------------------------------------------------------------------------------- target and domain


@pytest.mark.parametrize(
    ("name", "doubt"),
    [
        ("survived_and_class.csv", "'class' or 'survived'"),
        ("dates_and_categories.csv", "'detail' or 'major_category'"),
    ],
)
def test_several_plausible_targets_are_a_doubt(name: str, doubt: str) -> None:
    profile = inspect(FILES / name)
    assert profile.domain == "tabular"
    assert [
        ambiguity.partition(": unclear which is the target: ")[2] for ambiguity in profile.doubts
    ] == [doubt]


@pytest.mark.parametrize(
    ("header", "target", "is_clear"),
    [
        ("Survived,size,age", "Survived", True),
        ("HeartDisease,size,age", "HeartDisease", True),
        ("loan_approved,size,age", "loan_approved", True),
        ("size,x,y", "size", False),
        ("size,age,y", "y", True),
        ("size,y,amount_sold", "y", True),
        ("outcome,size,price", "outcome", True),
        ("species,size,price", "price", False),
        ("size,age,weight", "weight", True),
    ],
)
def test_target_by_name(tmp_path: Path, header: str, target: str, is_clear: bool) -> None:
    rows = [f"{n % 2},{n * 37 % 101}.5,{n * 53 % 97}.25" for n in range(60)]
    profile = inspect(write_rows(tmp_path, header, rows))
    assert (profile.target, profile.doubts == ()) == (target, is_clear)


def test_how_to_choose_another_domain() -> None:
    for name, hint in (("tweets.csv", "-d domain=tabular"), ("stock.csv", "-d domain=tabular")):
        assert any(hint in note for note in inspect(FILES / name).notes)
    notes = inspect(FILES / "tweets.csv", domain="tabular").notes
    assert any("'text'; to classify it: -d domain=text" in note for note in notes)


# ---------------------------------------------------------------------------------------- structure


@pytest.mark.parametrize(
    ("extra", "left_out"),
    [
        ("Total,,3000,3000.50", {"shop": ("Total",)}),
        (
            "Grand total,,3000,3000.50\nSource: the shops,,,",
            {"shop": ("Source: the shops", "Grand total")},
        ),
        ("Subtotal,1,30,30.5\nTotal,,3000,3000.50", {"shop": ("Total", "Subtotal")}),
        ("shop,month,visits,sales\nS0,1,11,49.74", {"shop": ("shop",)}),
        ("S0,1,11,49.74", {}),
    ],
)
def test_rows_that_are_no_cases(
    tmp_path: Path, extra: str, left_out: dict[str, tuple[str, ...]]
) -> None:
    rows = [f"S{n % 7},{n % 12 + 1},{n * 37 % 101},{n * 53 % 97}.25" for n in range(60)]
    profile = inspect(write_rows(tmp_path, "shop,month,visits,sales", [*rows, extra]))
    assert profile.read_options is not None
    assert profile.read_options.left_out_rows == left_out
    assert profile.rows == 61 - ("S0" not in extra)
    assert [column.type for column in profile.columns[1:]] == ["number"] * 3
    assert any("are no samples" in note for note in profile.notes) == bool(left_out)


def test_a_date_a_number_and_classes_are_a_table(tmp_path: Path) -> None:
    rows = [
        f"2024-{n // 28 + 1:02}-{n % 28 + 1:02},{n * 37 % 101}.5,{'ab'[n % 2]}" for n in range(60)
    ]
    assert inspect(write_rows(tmp_path, "day,size,label", rows)).domain == "tabular"
    profile = inspect(write_rows(tmp_path, "day,size,shop", rows))
    assert profile.domain == "timeseries"
    assert any("-d domain=tabular" in note for note in profile.notes)


def test_total_is_a_category_where_it_is_frequent(tmp_path: Path) -> None:
    rows = [
        f"{['men', 'women', 'total'][n % 3]},{n * 37 % 101},{n * 53 % 97}.25" for n in range(60)
    ]
    assert inspect(write_rows(tmp_path, "sex,visits,sales", rows)).rows == 60


def test_one_column_is_refused(tmp_path: Path) -> None:
    path = write_rows(tmp_path, "value", [str(n * 37 % 101) for n in range(60)])
    with pytest.raises(MlpathError, match="has one column"):
        inspect(path)


def test_year_and_month_in_two_columns_are_the_date_of_a_series(tmp_path: Path) -> None:
    rows = [f"{1990 + n // 12},{n % 12 + 1},{n * 37 % 101}.5" for n in range(240)]
    profile = inspect(write_rows(tmp_path, "Year,Month,flow", rows))
    assert (profile.domain, profile.target, profile.frequency) == ("timeseries", "flow", "monthly")
    assert contents(profile)["Month"] == "left out: its values are in 'date'"
    rows = [f"{1990 + n % 12},{n % 12 + 1},{n * 37 % 101}.5" for n in range(240)]
    assert inspect(write_rows(tmp_path, "Year,Month,flow", rows)).domain == "tabular"


def test_date_and_time_in_two_columns_are_the_date_of_a_series(tmp_path: Path) -> None:
    rows = [f"{13 + n // 24}/12/2006;{n % 24:02}:00:00;{n * 37 % 101}.5" for n in range(240)]
    profile = inspect(write_rows(tmp_path, "Date;Time;power", rows))
    assert (profile.domain, profile.target, profile.frequency) == ("timeseries", "power", "hourly")
    assert profile.columns[0].date_format == "%d/%m/%Y %H:%M:%S"


@pytest.mark.parametrize("factor", [1, 1000])
def test_seconds_since_1970_are_the_date_of_a_series(tmp_path: Path, factor: int) -> None:
    rows = [f"{(1_600_000_000 + 86_400 * n) * factor},{n * 37 % 101}.5" for n in range(240)]
    profile = inspect(write_rows(tmp_path, "timestamp,flow", rows))
    assert (profile.domain, profile.target, profile.frequency) == ("timeseries", "flow", "daily")
    assert profile.columns[0].minimum == pytest.approx(1_600_000_000 / 86_400)


def test_rows_of_a_json_object_with_other_keys(tmp_path: Path) -> None:
    rows = [{"size": n * 37 % 101, "sold": n % 3 == 0} for n in range(60)]
    path = tmp_path / "table.json"
    path.write_text(json.dumps({"source": "shop", "count": 60, "rows": rows}, indent=1))
    assert (inspect(path).rows, inspect(path).target) == (60, "sold")


def test_broken_values_of_a_large_file_are_few_of_all_its_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlpath.dataset.profile.MAX_BYTES_IN_MEMORY", 0)
    monkeypatch.setattr("mlpath.dataset.profile.SAMPLE_ROWS", 100)
    sizes = [f"{n * 37 % 101}.5" for n in range(2990)] + ["broken", "lost"] * 5
    rows = [f"{size},{'yes' if n % 3 else 'no'}" for n, size in enumerate(sizes)]
    column = inspect(write_rows(tmp_path, "size,sold", rows)).columns[0]
    assert (column.type, column.missing) == ("number", 10)


def test_decimal_commas_beside_currencies_and_units(tmp_path: Path) -> None:
    rows = [
        f"{n * 37 % 101},5 %;1.{n * 7 % 900 + 100},50 €;{'ja' if n % 3 else 'nein'}"
        for n in range(60)
    ]
    low, high, _ = inspect(write_rows(tmp_path, "anteil;preis;kauf", rows)).columns
    assert (low.type, low.minimum, low.maximum) == ("number", 0.5, 100.5)
    assert (high.type, high.minimum, high.maximum) == ("number", 1100.5, 1513.5)
