"""What part each column can play, and what a project of the table would be about."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mlpath.dataset import leaks, names, profile
from mlpath.dataset.findings import Column, Findings
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import duckdb

    from mlpath.dataset.findings import Reading
    from mlpath.dataset.profile import Facts

_TARGETS = {
    "target", "label", "labels", "class", "classes", "y", "outcome", "response", "diagnosis",
    "churn", "churned", "exited", "attrition", "survived", "default", "defaulted", "fraud",
    "is_fraud", "species", "variety", "sentiment", "spam", "price", "saleprice", "sale_price",
    "quality", "progression", "medv", "approved",
}  # fmt: skip
_STRONG = {"target", "label", "class", "y", "outcome", "response"}
_POSITIVE = {
    "yes", "true", "1", "1.0", "y", "t", "positive", "pos", "malignant", "spam", "fraud", "churn",
    "churned", "bad", "default", "sick", "ill", "disease", "died", "dead", "fail", "failed",
    "failure", "left", "exited", "m", "p", "present", "abnormal", "anomaly", "attack", "survived",
}  # fmt: skip
_IDENTIFIERS = re.compile(
    r"(?:^|[_\s.-])(?:id|ids|identifier|uuid|guid|key|index|idx|no|nr|number|serial|rownames|row|unnamed|code)$"
    r"|^(?:id|uuid|guid|index|rownames|unnamed|column0)(?:[_\s.:-]|$)|[a-z]ID$|[a-z]Id$",
    re.IGNORECASE,
)
_PERSONAL_NAMES = re.compile(
    r"(?:^|[_\s.-])(?:name|names|surname|lastname|firstname|forename|vorname|nachname|fullname|username|"
    r"user|e-?mail|mail|phone|telephone|tel|mobile|address|street|ssn|passport|iban|"
    r"birthdate|dob|ip)(?:$|[_\s.-])|(?:first|last|full|sur)_?name",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}")
_PHONE = re.compile(r"\+?\(?\d[\d ()/.-]{6,}\d")
_WHEN_AND_WHERE = re.compile(
    r"(?:^|[_\s.-])(?:date|time|year|yr|quarter|month|week|day|hour|lat|latitude|lon|lng|long|longitude)"
    r"(?:$|[_\s.-])",
    re.IGNORECASE,
)
"""Such a column is rarely what somebody wants to know, be it the last one."""
MOST_CLASSES = 50
_NUMBER_CLASSES = 12
_TEXT_WORDS, _TEXT_LENGTH, _MANY_WORDS = 4, 25, 10


@dataclass(frozen=True)
class Seen:
    """What was seen of a table before anything was made of it."""

    reading: Reading
    facts: list[Facts]
    bytes: int
    rows: int
    looked_at: int
    duplicates: int | None

    def findings(self, path: Path, columns: list[Column], **others: Any) -> Findings:
        """Return the findings, with what was seen in them."""
        return Findings(
            path=path, kind="table", reading=self.reading, bytes=self.bytes, rows=self.rows,
            looked_at=self.looked_at, duplicates=self.duplicates, columns=tuple(columns), **others,
        )  # fmt: skip


def table(
    database: duckdb.DuckDBPyConnection,
    path: Path,
    seen: Seen,
    *,
    target: str | None,
    domain: str | None,
    task: str | None,
) -> Findings:
    """Judge a table by the facts about its columns.

    Raises:
        MlpathError: The target that was named does not exist, or can't be learnt.
    """
    facts, rows = seen.facts, seen.rows
    known = dict(
        zip([one.name for one in facts], names.keys(one.name for one in facts), strict=True)
    )
    columns = [_column(one, known[one.name]) for one in facts]
    notes = [f"{one.name!r}: {note}." for one in facts for note in one.notes]
    wanted = _named(path, columns, target) if target else None
    fields = {one.name: one for one in facts}
    candidates = _candidates(columns, fields)
    domain = domain or _domain(columns, fields, candidates, wanted)
    chosen = wanted
    doubts: list[str] = []
    if domain == "timeseries":
        return _series(database, path, seen, columns, fields, wanted, notes)
    if domain == "text":
        candidates = [one for one in candidates if _few_classes(fields[one], rows)]
    if chosen is None:
        chosen, doubts = _choice(path, candidates, columns[-1].name)
    text = _text_column(columns, chosen) if domain == "text" else None
    if domain == "text" and text is None:
        raise MlpathError(
            f"{path} has no column of free text", hint="mlpath inspect shows what it has."
        )
    classes: tuple[tuple[str, int], ...] = ()
    if chosen is not None:
        classes = _classes(path, fields[chosen])
        task = _task(path, fields[chosen], task if domain != "text" else "classification", classes)
        if task == "regression":
            classes = ()
        columns = _with_roles(columns, chosen, text)
        if domain == "tabular":
            columns, told = _without_leaks(database, seen, columns, fields, chosen, task)
            notes += told
    else:
        task = None
    notes += _general(columns, seen, classes)
    return seen.findings(
        path, columns, domain=domain, target=chosen, task=task, candidates=tuple(candidates),
        classes=classes, positive=_positive(classes), doubts=tuple(doubts), notes=tuple(notes),
    )  # fmt: skip


def _column(facts: Facts, key: str) -> Column:
    """Give a column the part that it can play whatever the target is."""
    column = Column(
        name=facts.name, key=key, label=names.label(facts.name), type=facts.kind,
        integer=facts.integer, date_format=facts.date_format, missing=facts.rows - facts.count,
        distinct=facts.distinct, minimum=facts.minimum, maximum=facts.maximum, median=facts.median,
        choices=facts.top, missing_words=facts.missing_words,
    )  # fmt: skip
    if facts.kind == "text":
        column = replace(column, type="text" if _is_free_text(facts) else "category")
    reason = _why_left_out(facts, column)
    return replace(column, role="left out", reason=reason) if reason else column


def _is_free_text(facts: Facts) -> bool:
    many = facts.distinct > max(MOST_CLASSES, 0.3 * facts.count)
    few_rows = facts.distinct > 0.8 * facts.count and facts.count >= 10  # noqa: PLR2004
    long = facts.length >= _TEXT_LENGTH or facts.words >= _MANY_WORDS
    return (many or few_rows) and facts.words >= _TEXT_WORDS and long


def _why_left_out(facts: Facts, column: Column) -> str:
    if not facts.count:
        return "empty"
    if facts.distinct <= 1:
        return "constant"
    if personal := _personal(facts):
        return f"personal: {personal}"
    if column.type == "category" and any("begins with the day" in note for note in facts.notes):
        return "a date of which nobody can tell the day from the month"
    return _why_identifier(facts, column)


def _why_identifier(facts: Facts, column: Column) -> str:
    # An estimate may be a few per cent off.
    nearly = 0.999 if facts.exact else 0.9
    every = facts.distinct >= nearly * facts.count and facts.count >= 20  # noqa: PLR2004
    named = bool(_IDENTIFIERS.search(facts.name))
    counts = facts.kind == "number" and facts.integer and (named or _counts_rows(facts))
    if every and (counts or column.type == "category"):
        return "identifier: every value differs"
    if column.type != "category":
        return ""
    if named and facts.distinct > 0.5 * facts.count:
        return "identifier: most values differ"
    if facts.distinct > max(1000, 0.2 * min(facts.count, profile.SAMPLE)):
        return f"too many categories ({facts.distinct:,})"
    return ""


def _counts_rows(facts: Facts) -> bool:
    """Tell whether the numbers are those of the rows: 0, 1, 2, or 1, 2, 3."""
    low, high = facts.minimum or 0, facts.maximum or 0
    return low in {0, 1} and high - low + 1 == facts.count


def _personal(facts: Facts) -> str:
    if facts.kind != "text":
        named = re.search(r"phone|mobile|ssn|passport", facts.name, re.IGNORECASE)
        return "numbers of people" if named and facts.distinct > 0.5 * facts.count else ""
    shown = [value for value, _ in facts.top]
    if shown and sum(bool(_EMAIL.fullmatch(one.strip())) for one in shown) > len(shown) / 2:
        return "e-mail addresses"
    phones = sum(bool(_PHONE.fullmatch(one.strip())) for one in shown)
    if shown and phones > len(shown) / 2 and facts.distinct > 0.5 * facts.count:
        dates = sum(bool(re.fullmatch(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}", one)) for one in shown)
        if dates < phones:
            return "phone numbers"
    if _PERSONAL_NAMES.search(facts.name) and facts.distinct > 0.5 * facts.count:
        return "names, by its header"
    return ""


def _named(path: Path, columns: list[Column], target: str) -> str:
    """Return the column that a person named; its case may differ if nothing else does."""
    every = [one.name for one in columns]
    if target in every:
        return target
    # DuckDB makes names unique without regard to case: "Size" and "size" are Size and size_1.
    wanted = target.strip().lower()
    alike = [one for one in every if re.fullmatch(re.escape(wanted) + r"(_\d+)?", one.lower())]
    if wanted not in {one.lower() for one in alike}:
        alike = []
    if len(alike) == 1:
        return alike[0]
    if alike:
        raise MlpathError(
            f"{path}: {target!r} may be {' or '.join(map(repr, alike))}",
            hint="Write it as the header does.",
        )
    near = difflib.get_close_matches(target, every, 3, 0.5) or every[:5]
    raise MlpathError(
        f"{path} has no column {target!r}", hint=f"It has: {', '.join(near)}; see mlpath inspect."
    )


def _candidates(columns: list[Column], fields: dict[str, Facts]) -> list[str]:
    """Return plausible targets, the one that its name or its place speaks for first."""
    plausible = [one.name for one in columns if _is_plausible(one, fields[one.name])]
    return sorted(plausible, key=lambda one: -_weight(one, columns[-1].name))


def _weight(column: str, last: str) -> int:
    """Return how much speaks for a column as the target: its name, and that it is the last."""
    plain = column.strip().lower().replace(" ", "_")
    named = 3 if plain in _STRONG else 2 if plain in _TARGETS else 0
    if not named and _WHEN_AND_WHERE.search(column):
        return -1
    return named + (column == last)


def _is_plausible(column: Column, facts: Facts) -> bool:
    if column.role == "left out" or column.type in {"date", "text"} or facts.count < 2:  # noqa: PLR2004
        return False
    return column.type == "number" or _few_classes(facts, facts.rows)


def _few_classes(facts: Facts, rows: int) -> bool:
    return 2 <= facts.distinct <= min(MOST_CLASSES, max(2, rows // 5))  # noqa: PLR2004


def _choice(path: Path, candidates: Sequence[str], last: str) -> tuple[str | None, list[str]]:
    """Return the target that stands out; what does not is a doubt, not a guess."""
    if not candidates:
        return None, [f"{path.name}: no column looks like something to predict"]
    most = _weight(candidates[0], last)
    alike = [one for one in candidates if _weight(one, last) == most]
    if most > 0 and len(alike) > 1:
        both = " and ".join(map(repr, alike[:4]))
        return candidates[0], [f"{path.name}: {both} may equally well be the one to predict"]
    if most <= 0 and len(candidates) > 1:
        some = ", ".join(map(repr, candidates[:4]))
        return candidates[0], [f"{path.name}: nothing tells which to predict: {some}"]
    return candidates[0], []


def _classes(path: Path, facts: Facts) -> tuple[tuple[str, int], ...]:
    if not facts.count:
        raise MlpathError(f"{path}: {facts.name!r} is empty", hint="Name another --target.")
    if facts.distinct <= 1:
        raise MlpathError(
            f"{path}: {facts.name!r} is the same in every row, so there is nothing to predict",
            hint="Name another --target.",
        )
    return facts.top if facts.distinct <= MOST_CLASSES else ()


def _task(path: Path, facts: Facts, task: str | None, classes: tuple[tuple[str, int], ...]) -> str:
    number = facts.kind == "number"
    if task == "regression" and not number:
        raise MlpathError(
            f"{path}: {facts.name!r} holds texts, so there is no number to predict",
            hint="Leave out the task, or name another --target.",
        )
    if task is None:
        few = facts.integer and facts.distinct <= min(_NUMBER_CLASSES, max(2, facts.count // 20))
        task = "regression" if number and not few else "classification"
    if task == "classification" and not classes:
        raise MlpathError(
            f"{path}: {facts.name!r} has {facts.distinct:,} different values, too many for classes",
            hint=f"Name another --target; up to {MOST_CLASSES} classes can be told apart.",
        )
    return task


def _positive(classes: tuple[tuple[str, int], ...]) -> str | None:
    if len(classes) != 2:  # noqa: PLR2004
        return None
    spoken = [one for one, _ in classes if one.strip().lower() in _POSITIVE]
    return spoken[0] if len(spoken) == 1 else classes[-1][0]


def _with_roles(columns: list[Column], target: str, text: str | None) -> list[Column]:
    found = []
    for column in columns:
        role, reason = column.role, column.reason
        if column.name == target:
            role, reason = "target", ""
        elif column.name == text:
            role, reason = "text", ""
        elif text is not None:
            role, reason = "left out", reason or "the text alone is read"
        elif column.type == "text" and role == "feature":
            role, reason = "left out", "free text"
        found.append(replace(column, role=role, reason=reason))
    return found


def _text_column(columns: list[Column], target: str | None) -> str | None:
    texts = [one for one in columns if one.type == "text" and one.name != target]
    return max(texts, key=lambda one: one.distinct).name if texts else None


def _domain(
    columns: list[Column], fields: dict[str, Facts], candidates: list[str], wanted: str | None
) -> str:
    useful = [one for one in columns if one.role != "left out" and one.name != wanted]
    texts = [one for one in useful if one.type == "text"]
    dates = [one for one in useful if one.type == "date"]
    numbers = [one for one in useful if one.type == "number"]
    if texts and len(useful) - len(texts) <= (2 if wanted is None else 1):
        classes = [one for one in candidates if _few_classes(fields[one], fields[one].rows)]
        if wanted is not None or classes:
            return "text"
    each = [one for one in dates if one.distinct >= 0.99 * fields[one.name].count]
    target_is_number = wanted is None or fields[wanted].kind == "number"
    if each and target_is_number and len(useful) - len(each) <= max(2, len(numbers)) <= 3:  # noqa: PLR2004
        return "timeseries"
    return "tabular"


def _series(
    database: duckdb.DuckDBPyConnection,
    path: Path,
    seen: Seen,
    columns: list[Column],
    fields: dict[str, Facts],
    wanted: str | None,
    notes: list[str],
) -> Findings:
    """Judge a table of a date and what was measured at it."""
    dates = [one for one in columns if one.type == "date"]
    if not dates:
        raise MlpathError(
            f"{path} has no column of dates, so it is no series",
            hint="Leave out the domain, or write dates as 2024-01-31.",
        )
    time = max(dates, key=lambda one: one.distinct)
    values = [one.name for one in columns if one.type == "number" and one.role != "left out"]
    values = [one for one in values if one != time.name]
    if wanted is not None and fields[wanted].kind != "number":
        raise MlpathError(
            f"{path}: {wanted!r} holds no numbers to forecast", hint="Name another --target."
        )
    doubts = []
    if wanted is None and not values:
        raise MlpathError(f"{path} has no numbers to forecast", hint="Bring a series of numbers.")
    if wanted is None and len(values) > 1:
        both = " and ".join(map(repr, values[:4]))
        doubts.append(f"{path.name}: {both} may equally well be the one to forecast")
    target = wanted or values[0]
    step, frequency, gaps, twice = _step(database, time, fields, seen.reading)
    if twice:
        notes.append(f"{twice:,} dates of {time.name!r} stand in more than one row.")
    given = []
    for column in columns:
        role, reason = "left out", column.reason or "the series alone is read"
        if column.name == target:
            role, reason = "target", ""
        elif column.name == time.name:
            role, reason = "time", ""
        given.append(replace(column, role=role, reason=reason))
    return seen.findings(
        path, given, domain="timeseries", target=target, task="forecast",
        candidates=tuple(values), frequency=frequency, days_apart=step, gaps=gaps,
        doubts=tuple(doubts), notes=tuple(notes),
    )  # fmt: skip


_STEPS = (
    (1 / 1440, "1 minute"), (1 / 96, "15 minutes"), (1 / 48, "30 minutes"), (1 / 24, "hourly"),
    (1.0, "daily"), (7.0, "weekly"), (30.4375, "monthly"), (91.3125, "quarterly"),
    (365.25, "yearly"),
)  # fmt: skip


def _step(
    database: duckdb.DuckDBPyConnection, time: Column, fields: dict[str, Facts], reading: Reading
) -> tuple[float | None, str, int, int]:
    """Return days between rows, that in a word, steps that are missing, dates that repeat."""
    value = profile.value_of(fields[time.name], reading)
    query = (
        f"WITH moments AS (SELECT {value} AS moment FROM looked), "  # noqa: S608
        "apart AS (SELECT moment, moment - lag(moment) OVER (ORDER BY moment) AS step "
        "FROM moments WHERE moment IS NOT NULL) SELECT median(step) FILTER (step > 0), "
        "count(*) FILTER (step = 0), max(moment) - min(moment), count(DISTINCT moment) FROM apart"
    )
    step, twice, span, moments = database.execute(query).fetchone() or (None, 0, 0, 0)
    if not step:
        return None, "", 0, int(twice)
    for days, word in _STEPS:
        if abs(step - days) <= 0.06 * days:
            gaps = round(span / days) + 1 - moments
            return days if days >= 30 else step, word, max(gaps, 0), int(twice)  # noqa: PLR2004
    return step, f"every {step:g} days", max(round(span / step) + 1 - moments, 0), int(twice)


def _without_leaks(
    database: duckdb.DuckDBPyConnection,
    seen: Seen,
    columns: list[Column],
    fields: dict[str, Facts],
    target: str,
    task: str,
) -> tuple[list[Column], list[str]]:
    """Leave out what alone gives the target away; returns the columns, and a note on each."""
    features = [one for one in columns if one.role == "feature"]
    if seen.looked_at < leaks.LEAST_ROWS or not features:
        return columns, []
    truth = profile.value_of(fields[target], seen.reading)
    if task == "classification":
        truth = profile.text_of(target)
    facts = [fields[one.name] for one in features]
    given_away = leaks.find(database, facts, seen.reading, truth, task)
    if len(given_away) == len(features):
        return columns, [
            "Every column alone gives the target away: look whether it is worth predicting."
        ]
    notes = [f"{one!r} {how}; it is left out." for one, how in given_away.items()]
    given = [
        replace(one, role="left out", reason=f"gives the target away: {given_away[one.name]}")
        if one.name in given_away
        else one
        for one in columns
    ]
    return given, notes


def _general(columns: list[Column], seen: Seen, classes: tuple[tuple[str, int], ...]) -> list[str]:
    notes, rows = [], seen.rows
    if seen.looked_at < rows:
        notes.append(
            f"Types, leaks and texts rest on the first {seen.looked_at:,} rows; "
            f"all else is of all {rows:,}."
        )
    if seen.duplicates:
        some = "1 row is" if seen.duplicates == 1 else f"{seen.duplicates:,} rows are"
        notes.append(f"{some} there more than once.")
    personal = [one.name for one in columns if one.reason.startswith("personal")]
    if personal:
        notes.append(f"Personal, and left out: {', '.join(map(repr, personal))}.")
    if classes and (least := min(count for _, count in classes)) < rows / 3 / len(classes):
        rare = next(value for value, count in classes if count == least)
        notes.append(f"The classes are unbalanced: {rare!r} stands in {least:,} of {rows:,} rows.")
    if words := [one for one in seen.reading.missing if one]:
        notes.append(f"Among numbers and dates {', '.join(map(repr, words[:8]))} count as missing.")
    return notes
