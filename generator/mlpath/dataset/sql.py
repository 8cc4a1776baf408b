"""SQL expressions for DuckDB: quoting, and a cell as text, number or date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb

from mlpath.dataset.vocabulary import BLANKS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlpath.dataset.results import ColumnStats


def connect() -> duckdb.DuckDBPyConnection:
    """Return an in-memory database that doesn't use the network."""
    database = duckdb.connect()
    for setting in (
        "SET autoinstall_known_extensions = false",
        "SET autoload_known_extensions = false",
        "SET enable_progress_bar = false",
    ):
        database.execute(setting)
    return database


@dataclass(frozen=True)
class Table:
    """A table of a database, or a table function such as `read_csv(...)`."""

    database: duckdb.DuckDBPyConnection
    source: str

    def select(self, expressions: str, clauses: str = "") -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        query = f"SELECT {expressions} FROM {self.source} {clauses}"  # noqa: S608
        return self.database.execute(query).fetchall()

    def aggregate(self, expressions: str, clauses: str = "") -> tuple[Any, ...]:
        """Return the only row of a query."""
        return self.select(expressions, clauses)[0]

    def columns(self) -> list[str]:
        """Return the names of the columns, unique without regard to case."""
        query = f"DESCRIBE SELECT * FROM {self.source}"  # noqa: S608
        return [str(row[0]) for row in self.database.execute(query).fetchall()]

    def subquery(self, expressions: str, clauses: str = "") -> Table:
        """Return a query as a table."""
        query = f"(SELECT {expressions} FROM {self.source} {clauses})"  # noqa: S608
        return Table(self.database, query)

    def copy(self, name: str, columns: str = "*", clauses: str = "") -> Table:
        """Return a copy in memory."""
        query = f"CREATE TABLE {name} AS SELECT {columns} FROM {self.source} {clauses}"  # noqa: S608
        self.database.execute(query)
        return Table(self.database, name)


def literal(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Return a column name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def text(column: str) -> str:
    """Return the expression of a cell's text without blanks around it; NULL if it is empty."""
    return f"nullif(trim(CAST({identifier(column)} AS VARCHAR), {literal(BLANKS)}), '')"


def present(column: ColumnStats) -> str:
    """Return the expression of a cell's text; NULL if it stands for a missing value."""
    cell, missing = text(column.name), ", ".join(map(literal, column.missing_values))
    return f"CASE WHEN {cell} NOT IN ({missing}) THEN {cell} END" if missing else cell


def value(column: ColumnStats) -> str:
    """Return the expression of a cell's value: a number, days since 1970-01-01, or a text."""
    if column.type == "number":
        text = replaced(present(column), column.replace)
        return number(text, column.decimal, column.thousands)
    if column.type == "date":
        plain = days(present(column), column.date_format)
        if not column.replace:
            return plain
        text = replaced(present(column), column.replace)
        return f"coalesce({plain}, {days(text, column.date_format)})"
    return present(column)


def replaced(expression: str, replacements: Iterable[tuple[str, str]]) -> str:
    """Return the expression of a text with parts of it replaced, longer ones first."""
    for old, new in sorted(replacements, key=lambda pair: -len(pair[0])):
        expression = f"replace({expression}, {literal(old)}, {literal(new)})"
    return expression


def number(expression: str, decimal: str, thousands: str) -> str:
    """Return the expression of a finite number; NULL if the text is none."""
    if thousands:
        expression = f"replace({expression}, {literal(thousands)}, '')"
    if decimal != ".":
        expression = f"replace({expression}, {literal(decimal)}, '.')"
    parsed = f"TRY_CAST({expression} AS DOUBLE)"
    return f"CASE WHEN isfinite({parsed}) THEN {parsed} END"


def days(expression: str, date_format: str) -> str:
    """Return the expression of a date in days since 1970-01-01; NULL if the text is none."""
    if "Q%q" in date_format:
        # strptime knows no quarters, so each is parsed as its first month.
        date_format = date_format.replace("Q%q", "Q%m")
        for quarter in range(1, 5):
            expression = f"replace({expression}, 'Q{quarter}', 'Q{3 * quarter - 2:02}')"
    parsed = (
        f"try_strptime({expression}, {literal(date_format)})"
        if date_format
        else f"TRY_CAST({expression} AS TIMESTAMP)"
    )
    return f"epoch({parsed}) / 86400.0"
