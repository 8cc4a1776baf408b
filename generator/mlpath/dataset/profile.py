"""Facts about each column: what it holds, how often, between which limits."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mlpath.dataset.dialect import name, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import duckdb

    from mlpath.dataset.findings import Reading

AT_ONCE = 40
"""Columns in one query: planning takes more than linear time, and starting one takes some."""
_NARROW = 500
"""Columns of a table that is looked at as it stands."""
_COUNTED = 32
"""Columns whose values are told apart at once: each takes a table of its own in memory."""
WHOLE_BYTES = 8 << 20
"""A file up to this size is held in memory, and every fact is of all its rows."""
SAMPLE = 50_000
"""Rows of a larger one on which types, medians and leaks rest."""
FEW = 50
"""Categories that are counted one by one."""
_ODD_VALUES = 300
_MISSING = {
    "na", "n/a", "#n/a", "nan", "null", "none", "nil", "-", "--", "?", ".", "*", "missing",
    "unknown", "undefined", "not available", "<na>", "(null)", "-nan", "#value!", "#ref!",
    "inf", "-inf",
}  # fmt: skip
_DECIMAL_COMMA = re.compile(r"[+-]?(\d+|\d{1,3}(\.\d{3})+),\d+")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?")
_WITH_COMMA = r"[+-]?([0-9]+|[1-9][0-9]{0,2}([.][0-9]{3})+)(,[0-9]+)?"
"""A number where the comma stands before the fraction, and the point between groups of digits."""
_UNSPACED = r"[^\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
"""All but the scripts that put no blanks between words: of these each character counts as one."""
_STRAY = 0.02
"""So few texts among numbers are broken values, not categories."""
DATE_FORMATS = (
    "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d",
    "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S",
    "%d.%m.%Y %H:%M:%S", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%b %d %Y", "%B %d %Y", "%b %d, %Y",
    "%B %d, %Y", "%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d-%b-%y", "%b-%d-%Y", "%d/%b/%Y", "%Y-%m",
    "%Y/%m", "%m/%Y", "%b %Y", "%B %Y", "%b-%Y", "%b-%y", "%Y %b", "%Y%b", "%YM%m", "%Y-M%m",
    "%YQ%q", "%Y-Q%q", "%Y Q%q", "Q%q %Y", "Q%q-%Y", "Q%q/%Y",
)  # fmt: skip
_SWAPPED = {
    one: one.replace("%d", "%_").replace("%m", "%d").replace("%_", "%m") for one in DATE_FORMATS
}


@dataclass(frozen=True)
class Facts:
    """What is so about one column."""

    name: str
    kind: str
    """number, date or text, as its values have it."""
    count: int
    """Values that are there."""
    rows: int
    distinct: int
    exact: bool
    integer: bool = False
    zeros_in_front: bool = False
    minimum: float | None = None
    maximum: float | None = None
    median: float | None = None
    date_format: str = ""
    length: float = 0.0
    """Characters, on average."""
    words: float = 0.0
    top: tuple[tuple[str, int], ...] = ()
    """The most frequent values, if there are few; of all rows."""
    missing_words: tuple[str, ...] = ()
    decimal: str = "."
    thousands: str = ""
    notes: tuple[str, ...] = ()
    first_is_text: bool = False
    """Whether the first value alone is no number."""


def text_of(column: str) -> str:
    """Return the text of a cell without blanks around it; NULL where there is none."""
    return f"nullif(trim(CAST({name(column)} AS VARCHAR)), '')"


def value_of(facts: Facts, reading: Reading) -> str:
    """Return a value as SQL: a number, days since 1970-01-01, or the text that stands there."""
    text = text_of(facts.name)
    if facts.kind == "text":
        return text
    if words := [one for one in reading.missing if one]:
        text = f"CASE WHEN {text} NOT IN ({', '.join(map(quoted, words))}) THEN {text} END"
    return (
        _as_date(text, facts.date_format)
        if facts.kind == "date"
        else _as_number(text, reading.decimal, reading.thousands)
    )


def _as_number(text: str, decimal: str, thousands: str) -> str:
    if thousands:
        text = f"replace({text}, {quoted(thousands)}, '')"
    if decimal != ".":
        text = f"replace({text}, {quoted(decimal)}, '.')"
    number = f"TRY_CAST({text} AS DOUBLE)"
    # "nan" and "inf" are numbers to DuckDB, and nothing that a model can take.
    return f"CASE WHEN isfinite({number}) THEN {number} END"


def _as_date(text: str, date_format: str) -> str:
    if "Q%q" in date_format:
        # DuckDB knows no quarters, but the months that they begin with.
        date_format = date_format.replace("Q%q", "Q%m")
        for quarter in range(1, 5):
            text = f"replace({text}, 'Q{quarter}', 'Q{3 * quarter - 2:02}')"
    moment = (
        f"try_strptime({text}, {quoted(date_format)})"
        if date_format
        else f"TRY_CAST({text} AS TIMESTAMP)"
    )
    return f"epoch({moment}) / 86400.0"


def facts_of(
    database: duckdb.DuckDBPyConnection,
    table: str,
    columns: Sequence[str],
    whole: str,
    delimiter: str = "",
) -> tuple[list[Facts], int]:
    """Return the facts of each column, and how many rows there are.

    Args:
        database: Where the table is.
        table: The rows to look at closely.
        columns: Its columns.
        whole: The same rows again, or the SQL that reads all of a file too large to hold.
        delimiter: Between the columns; none where numbers are no texts.
    """
    held = whole == table
    if held and len(columns) > _NARROW:
        return _facts_of_parts(database, table, columns, delimiter)
    first = {one: found for part in _parts(columns) for one, found in _first(database, table, part)}
    looked_at = int(_one(database, f"SELECT count(*) FROM {table}")[0])  # noqa: S608
    close = [_judged(database, table, one, first[one], looked_at) for one in columns]
    if delimiter:
        close = _in_one_notation(database, table, close, delimiter)
    if held:
        few = (close[start : start + _COUNTED] for start in range(0, len(close), _COUNTED))
        found = [facts for part in few for facts in _exactly(database, table, part)]
        return [replace(one, rows=looked_at) for one in found], looked_at
    return _all_rows(database, table, whole, close)


def _facts_of_parts(
    database: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str], delimiter: str
) -> tuple[list[Facts], int]:
    """Look at a wide table in narrow parts: each query costs as much as its table has columns."""
    found: list[Facts] = []
    rows = 0
    for start in range(0, len(columns), _NARROW):
        part = columns[start : start + _NARROW]
        shown = ", ".join(map(name, part))
        database.execute(f"CREATE TEMP TABLE narrow AS SELECT {shown} FROM {table}")  # noqa: S608
        facts, rows = facts_of(database, "narrow", part, "narrow", delimiter)
        found += facts
        database.execute("DROP TABLE narrow")
    return found, rows


def _parts(items: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (items[start : start + AT_ONCE] for start in range(0, len(items), AT_ONCE))


def _one(database: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    return database.execute(query).fetchone() or ()


# Where a character takes one byte, it is of none of these scripts.
_UNSPACED_LETTERS = (
    "CASE WHEN strlen(text{n}) > length(text{n}) "
    "THEN length(regexp_replace(text{n}, '" + _UNSPACED + "', '', 'g')) END"
)
_FIRST = (
    "count(text{n})",
    "count(number{n})",
    "approx_count_distinct(text{n})",
    "count(*) FILTER (text{n} >= '00' AND text{n} < '0:')",  # a zero, then a digit
    "count(*) FILTER (number{n} = floor(number{n}))",
    "count(*) FILTER (isnan(number{n}) OR isinf(number{n}))",
    "avg(length(text{n}))",
    "avg(strlen(text{n}) - strlen(replace(text{n}, ' ', '')) + 1)",
    f"sum({_UNSPACED_LETTERS})",
)


def _first(
    database: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str]
) -> Iterable[tuple[str, tuple[Any, ...]]]:
    cells = ", ".join(
        f"{text_of(column)} AS text{n}, TRY_CAST({text_of(column)} AS DOUBLE) AS number{n}"
        for n, column in enumerate(columns)
    )
    shown = ", ".join(one.replace("{n}", str(n)) for n in range(len(columns)) for one in _FIRST)
    found = _one(database, f"SELECT {shown} FROM (SELECT {cells} FROM {table})")  # noqa: S608
    width = len(_FIRST)
    return [(column, found[at * width : (at + 1) * width]) for at, column in enumerate(columns)]


def _judged(
    database: duckdb.DuckDBPyConnection, table: str, column: str, first: tuple[Any, ...], rows: int
) -> Facts:
    """Tell numbers from dates from text, and what is odd among them."""
    count, numbers, distinct, zeros, whole, odd, length, words, unspaced = first
    facts = Facts(column, "text", count, rows, distinct, exact=False)
    if not count:
        return facts
    facts = replace(facts, length=length, words=words + (unspaced or 0) / count)
    # "nan" is a number to DuckDB, and nothing that a model can take.
    numbers -= odd
    if zeros and numbers == count:
        return replace(facts, zeros_in_front=True)
    if numbers == count:
        facts = replace(facts, kind="number", integer=whole == numbers)
        return _day_numbers(database, table, facts)
    text = text_of(column)
    query = (
        f"SELECT {text} AS value, count(*) AS times FROM {table} "  # noqa: S608
        f"WHERE {text} IS NOT NULL AND (TRY_CAST({text} AS DOUBLE) IS NULL "
        f"OR isnan(TRY_CAST({text} AS DOUBLE)) OR isinf(TRY_CAST({text} AS DOUBLE))) "
        f"GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {_ODD_VALUES}"
    )
    values = {str(value): int(times) for value, times in database.execute(query).fetchall()}
    if not zeros and (found := _number_after_all(database, table, facts, numbers, values)):
        return found
    return _date(database, table, facts, values) or facts


def _number_after_all(
    database: duckdb.DuckDBPyConnection,
    table: str,
    facts: Facts,
    numbers: int,
    values: dict[str, int],
) -> Facts | None:
    """Return the facts of numbers that are written in another way, or have texts among them."""
    gone = [value for value in values if value.lower() in _MISSING]
    rest = [value for value in values if value not in gone]
    decimal, thousands = ".", ""
    if rest and all(_THOUSANDS.fullmatch(value) for value in rest) and not _fractions(rest):
        thousands = ","
    elif rest and all(_DECIMAL_COMMA.fullmatch(value) for value in rest):
        decimal = ","
        thousands = "." if any("." in value for value in rest) else ""
    elif rest:
        stray = sum(values[value] for value in rest)
        if len(values) == _ODD_VALUES or not numbers or stray > max(_STRAY * numbers, 1):
            return None
        shown = ", ".join(repr(value) for value in rest[:3])
        first = database.execute(f"SELECT {text_of(facts.name)} FROM {table} LIMIT 1").fetchone()  # noqa: S608
        return replace(
            facts, kind="number", missing_words=(*gone, *rest), count=numbers,
            first_is_text=bool(first and first[0] in rest),
            notes=(f"{stray} of its values are no numbers ({shown}) and count as missing",),
        )  # fmt: skip
    elif not numbers:
        return None
    parsed = _as_number(text_of(facts.name), decimal, thousands)
    if gone:
        listed = ", ".join(map(quoted, gone))
        parsed = f"CASE WHEN {text_of(facts.name)} NOT IN ({listed}) THEN {parsed} END"
    fitting, whole = _one(
        database,
        f"SELECT count({parsed}), count(*) FILTER ({parsed} = floor({parsed})) FROM {table}",  # noqa: S608
    )
    if fitting != facts.count - sum(values[value] for value in gone):
        return None
    return replace(
        facts, kind="number", integer=fitting == whole, missing_words=tuple(gone), count=fitting,
        decimal=decimal, thousands=thousands,
    )  # fmt: skip


def _in_one_notation(
    database: duckdb.DuckDBPyConnection, table: str, close: list[Facts], delimiter: str
) -> list[Facts]:
    """Agree on what comma and point mean: a table has one notation, and is read in one.

    Alone, "1,234" may be either. Where a column has fractions after a point, commas are none of
    numbers; else, where one has fractions after a comma, or a semicolon is between the columns
    since the comma was taken, "2.375" is two thousand and something.
    """
    numbers = [one for one in close if one.kind == "number"]
    with_comma = [one for one in numbers if one.decimal == ","]
    grouped = [one for one in numbers if one.thousands == ","]
    if not with_comma and not grouped:
        return close
    read = {one.name: _with_comma(database, table, one) for one in numbers if one.decimal == "."}
    pointed = next((name for name, facts in read.items() if facts is None), None)
    if pointed is None:
        comma = with_comma or delimiter == ";"
        return [(comma and read.get(one.name)) or one for one in close]
    # A fraction may follow a point here and a comma there; but then neither can group digits.
    odd = {one.name for one in with_comma if one.thousands}
    if len(odd) < len(with_comma):
        odd |= {one.name for one in grouped if read[one.name] is None}
        close = [read[one.name] or one if one in grouped else one for one in close]
    note = f"comma and point mean another thing in it than in {pointed!r}, so they count as texts"
    return [
        replace(one, kind="text", decimal=".", thousands="", integer=False, missing_words=(),
                count=_count(database, table, one), notes=(note,))
        if one.name in odd else one
        for one in close
    ]  # fmt: skip


def _with_comma(database: duckdb.DuckDBPyConnection, table: str, facts: Facts) -> Facts | None:
    """Return the facts of numbers by the notation of the comma; None where they are not in it."""
    text = _there(facts)
    parsed = _as_number(text, ",", ".")
    fitting, points, whole = _one(
        database,
        f"SELECT count(*) FILTER (regexp_full_match({text}, '{_WITH_COMMA}')), "  # noqa: S608
        f"count(*) FILTER (contains({text}, '.')), "
        f"count(*) FILTER ({parsed} = floor({parsed})) FROM {table}",
    )
    if fitting != facts.count:
        return None
    thousands = "." if points else ""
    return replace(facts, decimal=",", thousands=thousands, integer=whole == fitting)


def _count(database: duckdb.DuckDBPyConnection, table: str, facts: Facts) -> int:
    return int(_one(database, f"SELECT count({text_of(facts.name)}) FROM {table}")[0])  # noqa: S608


def _fractions(values: list[str]) -> bool:
    """Tell whether a comma stands before a fraction in one of them: "3,14", not "3,140"."""
    return any(len(value.rpartition(",")[2]) != 3 for value in values if "." not in value)  # noqa: PLR2004


def _day_numbers(database: duckdb.DuckDBPyConnection, table: str, facts: Facts) -> Facts:
    """Take 20240131 for a date where the name says so."""
    if not facts.integer or not re.search(r"date|day|time|period|year", facts.name, re.IGNORECASE):
        return facts
    text = text_of(facts.name)
    # Years are dates where each stands once, as in a series; else they are numbers like others.
    yearly = _one(database, f"SELECT count(DISTINCT {text}) FROM {table}")[0] == facts.count  # noqa: S608
    for date_format, width in (("%Y%m%d", 8), ("%Y%m", 6), ("%Y", 4)):
        if width == 4 and not yearly:  # noqa: PLR2004
            continue
        query = (
            f"SELECT count(*) FROM {table} WHERE length({text}) = {width} "  # noqa: S608
            f"AND try_strptime({text}, {quoted(date_format)}) BETWEEN '1000-01-01' AND '2200-01-01'"
        )
        if _one(database, query)[0] == facts.count:
            return replace(facts, kind="date", integer=False, date_format=date_format)
    return facts


def _date(
    database: duckdb.DuckDBPyConnection, table: str, facts: Facts, values: dict[str, int]
) -> Facts | None:
    gone = [value for value in values if value.lower() in _MISSING]
    examples = [value for value in values if value not in gone]
    if not examples or not all(re.search(r"\d", value) for value in examples[:20]):
        return None
    text = text_of(facts.name)
    wanted = facts.count - sum(values[value] for value in gone)
    # Few values rule out nearly every format, and no rows are read for it.
    few = ", ".join(f"({quoted(value)})" for value in examples[:50])
    formats = tuple(dict.fromkeys(("", *DATE_FORMATS, *_SWAPPED.values())))
    parsed = ", ".join(f"count({_as_date('value', one)})" for one in formats)
    hits = _one(database, f"SELECT {parsed} FROM (VALUES {few}) AS few(value)")  # noqa: S608
    possible = dict(zip(formats, hits, strict=True))

    def fits(date_format: str) -> bool:
        if possible[date_format] != len(examples[:50]):
            return False
        query = f"SELECT count({_as_date(text, date_format)}) FROM {table}"  # noqa: S608
        return bool(_one(database, query)[0] == wanted)

    found = next((one for one in ("", *DATE_FORMATS) if fits(one)), None)
    if found is None:
        return None
    dated = replace(facts, kind="date", date_format=found, missing_words=tuple(gone), count=wanted)
    other = _SWAPPED.get(found, found)
    if "%d" in found and "%m" in found and other != found and fits(other):
        return replace(
            facts,
            notes=(f"nobody can tell whether {examples[0]!r} begins with the day or the month",),
        )
    return dated


def _exactly(
    database: duckdb.DuckDBPyConnection, table: str, close: Sequence[Facts]
) -> list[Facts]:
    """Complete the facts from rows that are all held in memory."""
    shown = []
    for facts in close:
        value = _parsed(facts)
        if facts.kind == "text":
            shown += [f"count(DISTINCT {value})", "NULL", "NULL", "NULL"]
        else:
            shown += [
                f"count(DISTINCT {value})", f"min({value})", f"max({value})", f"median({value})",
            ]  # fmt: skip
    numbers = _one(database, f"SELECT {', '.join(shown)} FROM {table}") if shown else ()  # noqa: S608
    found = []
    for at, facts in enumerate(close):
        distinct, low, high, middle = numbers[at * 4 : at * 4 + 4]
        complete = replace(
            facts, distinct=distinct, exact=True, minimum=low, maximum=high, median=middle
        )
        if 0 < distinct <= FEW or facts.kind == "text":
            complete = replace(complete, top=_top(database, table, facts))
        found.append(complete)
    return found


def _top(
    database: duckdb.DuckDBPyConnection, table: str, facts: Facts
) -> tuple[tuple[str, int], ...]:
    value = _there(facts)
    query = (
        f"SELECT {value}, count(*) FROM {table} WHERE {value} IS NOT NULL "  # noqa: S608
        f"GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {FEW}"
    )
    return tuple((str(one), int(times)) for one, times in database.execute(query).fetchall())


def _there(facts: Facts) -> str:
    """The text of a cell, NULL where it stands for a missing value."""
    text = text_of(facts.name)
    if not facts.missing_words:
        return text
    listed = ", ".join(map(quoted, facts.missing_words))
    return f"CASE WHEN {text} NOT IN ({listed}) THEN {text} END"


def _parsed(facts: Facts) -> str:
    text = _there(facts)
    if facts.kind == "text":
        return text
    if facts.kind == "date":
        return _as_date(text, facts.date_format)
    return _as_number(text, facts.decimal, facts.thousands)


def _all_rows(
    database: duckdb.DuckDBPyConnection, table: str, whole: str, close: Sequence[Facts]
) -> tuple[list[Facts], int]:
    """Complete the facts in two passes over a file that is too large to hold."""
    rows, numbers = 0, []
    for part in _parts(close):
        shown = ["count(*)"]
        for facts in part:
            value = _parsed(facts)
            shown.append(f"count({value})")
            shown.append(f"count({_there(facts)})")
            shown.append(f"approx_count_distinct({name(facts.name)})")
            if facts.kind == "text":
                shown += ["NULL", "NULL", "NULL"]
            else:
                shown += [
                    f"min({value})", f"max({value})", f"reservoir_quantile({value}, 0.5, 4096)",
                ]  # fmt: skip
        rows, *found = _one(database, f"SELECT {', '.join(shown)} FROM {whole}")  # noqa: S608
        numbers += found
    values = _values_of_few(database, whole, close)
    complete = []
    for at, facts in enumerate(close):
        count, there, distinct, low, high, middle = numbers[at * 6 : at * 6 + 6]
        if count != there:
            facts = _beyond_the_sample(database, whole, facts, there - count)  # noqa: PLW2901
        if facts.kind == "text":
            count, low, high, middle = there, None, None, None
        top: Iterable[tuple[Any, int]]
        counted = values.get(facts.name, {})
        if counted or facts.kind != "text":
            counted = {one: n for one, n in counted.items() if one not in facts.missing_words}
            top = sorted(counted.items(), key=lambda one: (-one[1], one[0]))[:FEW]
        else:
            # Too many to count them all: those of the first rows, taken for as frequent elsewhere.
            seen = _top(database, table, facts)
            top = [(one, times * int(rows) // facts.rows) for one, times in seen]
        complete.append(
            replace(
                facts,
                rows=rows,
                count=count,
                minimum=low,
                maximum=high,
                median=middle,
                distinct=len(counted) if counted else distinct,
                exact=bool(counted),
                top=tuple((str(one), int(times)) for one, times in top),
            )
        )
    return complete, int(rows)


def _values_of_few(
    database: duckdb.DuckDBPyConnection, whole: str, close: Sequence[Facts]
) -> dict[str, dict[str, int]]:
    """Count each value of the columns that have few, by column.

    In a pass of its own: beside `approx_count_distinct`, DuckDB's `histogram` holds every cell that
    it has seen, which makes gigabytes of a gigabyte and costs more than to read the file again.
    """
    values: dict[str, dict[str, int]] = {}
    for part in _parts([facts.name for facts in close if facts.distinct <= FEW]):
        # As they stand there: DuckDB takes long to strip a gigabyte, and only a few differ.
        shown = ", ".join(f"histogram(nullif(CAST({name(one)} AS VARCHAR), ''))" for one in part)
        found = _one(database, f"SELECT {shown} FROM {whole}")  # noqa: S608
        values |= {one: _stripped(counted or {}) for one, counted in zip(part, found, strict=True)}
    return values


def _stripped(counted: dict[Any, int]) -> dict[Any, int]:
    """Count values together that blanks around them set apart."""
    found: dict[Any, int] = {}
    for value, times in counted.items():
        plain = value.strip(" ")
        if plain:
            found[plain] = found.get(plain, 0) + times
    return found


def _beyond_the_sample(
    database: duckdb.DuckDBPyConnection, whole: str, facts: Facts, strays: int
) -> Facts:
    """Look at values that are not what the first rows promised."""
    text = _there(facts)
    query = (
        f"SELECT DISTINCT {text} FROM {whole} WHERE {text} IS NOT NULL "  # noqa: S608
        f"AND {_parsed(facts)} IS NULL LIMIT {_ODD_VALUES}"
    )
    values = sorted(str(row[0]) for row in database.execute(query).fetchall())
    if strays > _STRAY * facts.rows and not all(one.lower() in _MISSING for one in values):
        return replace(facts, kind="text", date_format="", missing_words=())
    shown = ", ".join(map(repr, values[:3]))
    note = f"{strays} of its values are no {facts.kind}s ({shown}) and count as missing"
    return replace(facts, missing_words=(*facts.missing_words, *values), notes=(*facts.notes, note))
