"""Infer a project from the statistics of a table: domain, task, target, and columns to use."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlpath.dataset.columns import MAX_CLASSES, infer_columns
from mlpath.dataset.leaks import MIN_ROWS, find_leaks
from mlpath.dataset.results import DatasetProfile
from mlpath.dataset.series import infer_series, looks_like_series
from mlpath.dataset.targets import choose_target, find_column, has_few_classes, rank_targets
from mlpath.dataset.vocabulary import POSITIVE_CLASSES
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import duckdb

    from mlpath.dataset.results import Column, ColumnStats, TableStats

_MAX_NUMERIC_CLASSES = 12

Classes = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Request:
    """What the user wants; None where the data decides."""

    target: str | None = None
    domain: str | None = None
    task: str | None = None


def infer_project(
    database: duckdb.DuckDBPyConnection, table: TableStats, request: Request
) -> DatasetProfile:
    """Return the profile of a table, with the project that it suggests.

    Args:
        database: Database with the rows, in the table `sample`.
        table: Statistics of the table.
        request: What the user wants.

    Raises:
        MlpathError: The table doesn't have what the user wants, or nothing to learn.
    """
    columns = infer_columns(table)
    target = find_column(table.path, columns, request.target) if request.target else None
    candidates = rank_targets(table, columns)
    domain = request.domain or _infer_domain(table, columns, candidates, target)
    if domain == "timeseries":
        profile = infer_series(database, table, columns, target)
    else:
        request = replace(request, target=target, domain=domain)
        profile = _infer_supervised(database, table, columns, candidates, request)
    remarks = [f"{stats.name!r}: {note}." for stats in table.columns for note in stats.notes]
    return replace(profile, notes=(*remarks, *profile.notes))


def _infer_domain(
    table: TableStats, columns: Sequence[Column], candidates: Sequence[str], target: str | None
) -> str:
    used = [column for column in columns if column.role != "left_out" and column.name != target]
    texts = sum(column.type == "text" for column in used)
    others = 2 if target is None else 1
    if texts and len(used) - texts <= others:
        classes = any(has_few_classes(table.by_name[name]) for name in candidates)
        if target is not None or classes:
            return "text"
    return "timeseries" if looks_like_series(table, columns, target) else "tabular"


def _infer_supervised(
    database: duckdb.DuckDBPyConnection,
    table: TableStats,
    columns: list[Column],
    candidates: list[str],
    request: Request,
) -> DatasetProfile:
    """Return the profile of a table for classification or regression."""
    path, target, is_text = table.path, request.target, request.domain == "text"
    if is_text:
        candidates = [name for name in candidates if has_few_classes(table.by_name[name])]
    ambiguities: tuple[str, ...] = ()
    if target is None:
        target, ambiguities = choose_target(path, candidates, columns[-1].name)
    text = _text_column(path, columns, target) if is_text else None
    task, classes, leak_notes = None, (), []
    if target is not None:
        stats = table.by_name[target]
        task = _infer_task(path, stats, "classification" if is_text else request.task)
        classes = stats.top_values if task == "classification" else ()
        columns = [_with_role(column, target, text) for column in columns]
        if not is_text:
            columns, leak_notes = _leave_out_leaks(database, table, columns, target, task)
    return DatasetProfile(
        path=path, kind="table", read_options=table.read_options, bytes=table.bytes,
        rows=table.rows, sampled_rows=table.sampled_rows, duplicate_rows=table.duplicate_rows,
        columns=tuple(columns), domain=request.domain or "tabular", target=target, task=task,
        candidates=tuple(candidates), classes=classes, positive=_positive_class(classes),
        ambiguities=ambiguities, notes=(*leak_notes, *_table_notes(table, columns, classes)),
    )  # fmt: skip


def _text_column(path: Path, columns: Sequence[Column], target: str | None) -> str:
    texts = [column for column in columns if column.type == "text" and column.name != target]
    if not texts:
        raise MlpathError(
            f"{path} has no column of free text", hint=f"List its columns: mlpath inspect {path}"
        )
    return max(texts, key=lambda column: column.distinct).name


def _infer_task(path: Path, target: ColumnStats, task: str | None) -> str:
    """Return classification or regression, as requested or as the target's values suggest."""
    if target.distinct <= 1:
        values = "has the same value in every row" if target.count else "is empty"
        raise MlpathError(
            f"{path}: target column {target.name!r} {values}", hint="Use another --target."
        )
    is_number = target.type == "number"
    if task == "regression" and not is_number:
        raise MlpathError(
            f"{path}: target column {target.name!r} has texts, which regression can't predict",
            hint="Leave out the task, or use another --target.",
        )
    if task is None:
        few = min(_MAX_NUMERIC_CLASSES, max(2, target.count // 20))
        is_class = not is_number or (target.integer and target.distinct <= few)
        task = "classification" if is_class else "regression"
    if task == "classification" and target.distinct > MAX_CLASSES:
        raise MlpathError(
            f"{path}: target column {target.name!r} has {target.distinct:,} different values, "
            f"too many for classification",
            hint=f"Use another --target, of at most {MAX_CLASSES} classes.",
        )
    return task


def _positive_class(classes: Classes) -> str | None:
    if len(classes) != 2:  # noqa: PLR2004
        return None
    positive = [name for name, _ in classes if name.strip().lower() in POSITIVE_CLASSES]
    return positive[0] if len(positive) == 1 else classes[-1][0]


def _with_role(column: Column, target: str, text: str | None) -> Column:
    if column.name == target:
        return replace(column, role="target", reason="")
    if column.name == text:
        return replace(column, role="text", reason="")
    if text is not None:
        return replace(column, role="left_out", reason=column.reason or "only the text is used")
    if column.type == "text" and column.role == "feature":
        return replace(column, role="left_out", reason="free text")
    return column


def _leave_out_leaks(
    database: duckdb.DuckDBPyConnection,
    table: TableStats,
    columns: list[Column],
    target: str,
    task: str,
) -> tuple[list[Column], list[str]]:
    """Return the columns with leaks left out, and a note on each leak."""
    features = [table.by_name[column.name] for column in columns if column.role == "feature"]
    if table.sampled_rows < MIN_ROWS or not features:
        return columns, []
    leaks = find_leaks(database, features, table.by_name[target], task)
    if len(leaks) == len(features):
        return columns, [
            f"Every column alone determines {target!r}: check whether it needs a model."
        ]
    columns = [
        replace(column, role="left_out", reason=f"leaks the target: {leaks[column.name]}")
        if column.name in leaks
        else column
        for column in columns
    ]
    return columns, [
        f"{name!r} leaks the target ({how}) and is left out." for name, how in leaks.items()
    ]


def _table_notes(table: TableStats, columns: Sequence[Column], classes: Classes) -> Iterator[str]:
    if table.sampled_rows < table.rows:
        yield (
            f"Types, leaks and texts are inferred from the first {table.sampled_rows:,} rows; "
            f"counts and ranges are of all {table.rows:,}."
        )
    if copies := table.duplicate_rows:
        yield "1 row is a duplicate." if copies == 1 else f"{copies:,} rows are duplicates."
    personal = [column.name for column in columns if column.reason.startswith("personal")]
    if personal:
        yield f"Personal data, left out: {', '.join(map(repr, personal))}."
    if classes:
        rarest, count = min(classes, key=lambda item: item[1])
        if count < table.rows / 3 / len(classes):
            yield f"Imbalanced classes: {rarest!r} has {count:,} of {table.rows:,} rows."
    if words := [word for word in table.read_options.missing if word]:
        listed = ", ".join(map(repr, words[:8]))
        yield f"Missing values in columns of numbers and dates: {listed}."
