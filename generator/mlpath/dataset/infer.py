"""Infer a project from the statistics of a table: domain, task, target, and columns to use."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlpath.dataset import sql, vocabulary
from mlpath.dataset.columns import MAX_CLASSES, MAX_FEATURES, frequent_categories, infer_columns
from mlpath.dataset.groups import REASON, find_group
from mlpath.dataset.leaks import MIN_ROWS, Leaks, find_leaks
from mlpath.dataset.names import listed
from mlpath.dataset.results import MAX_PROJECT_ROWS, table_profile
from mlpath.dataset.series import infer_series, looks_like_series
from mlpath.dataset.targets import choose_target, find_column, has_few_classes, rank_targets
from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from mlpath.dataset.results import Column, DatasetProfile, ReadOptions, TableStats
    from mlpath.dataset.sql import Table

_MAX_NUMERIC_CLASSES = 12
_MAX_NUMBERS_BESIDE_TEXT = 3
_ONLY_TEXT, _FREE_TEXT = "only the text is used", "free text"


@dataclass(frozen=True)
class Request:
    """What the user wants; None where the data decides."""

    target: str | None = None
    domain: str | None = None
    task: str | None = None


def infer_project(sample: Table, table: TableStats, request: Request) -> DatasetProfile:
    """Return the profile of a table, with the project that it suggests.

    Raises:
        MlpathError: The table doesn't have what the user wants, or nothing to learn.
    """
    columns = infer_columns(table)
    target = find_column(table.path, columns, request.target) if request.target else None
    domain = request.domain or _infer_domain(table.path, columns, target)
    if domain == "timeseries":
        profile = infer_series(sample, table, columns, target)
    else:
        request = replace(request, domain=domain)
        profile = _infer_supervised(sample, table, columns, target, request)
    remarks = [f"{column.name!r}: {note}." for column in columns for note in column.notes]
    return replace(profile, notes=(*remarks, *profile.notes))


def _infer_domain(path: Path, columns: Sequence[Column], target: Column | None) -> str:
    features = [column for column in columns if column.role != "left_out" and column != target]
    if _is_about_texts(path, columns, features, target):
        return "text"
    return "timeseries" if looks_like_series(features, target) else "tabular"


def _is_about_texts(
    path: Path, columns: Sequence[Column], features: Sequence[Column], target: Column | None
) -> bool:
    texts = [column for column in features if column.type == "text"]
    has_classes, max_others = target is not None or any(map(has_few_classes, features)), 1
    if target is None:
        target, _ = choose_target(path, rank_targets(columns), [column.name for column in columns])
        max_others = 2
    if not texts or not has_classes:
        return False
    return len(features) - len(texts) <= max_others or _is_named_for_texts(features, texts, target)


def _is_named_for_texts(
    features: Sequence[Column], texts: Sequence[Column], target: Column | None
) -> bool:
    numbers = sum(column.type == "number" and column != target for column in features)
    if target is None or not has_few_classes(target) or numbers > _MAX_NUMBERS_BESIDE_TEXT:
        return False
    of_texts = {word for text in texts for word in vocabulary.words(text.name)}
    of_target = vocabulary.TEXT_TARGET_WORDS.intersection(vocabulary.words(target.name))
    return bool(of_texts & vocabulary.TEXT_NAMES or of_target)


def _infer_supervised(
    sample: Table,
    table: TableStats,
    columns: Sequence[Column],
    target: Column | None,
    request: Request,
) -> DatasetProfile:
    is_text = request.domain == "text"
    candidates = list(filter(has_few_classes if is_text else None, rank_targets(columns)))
    doubts: tuple[str, ...] = ()
    if target is None:
        target, doubts = choose_target(table.path, candidates, [column.name for column in columns])
    text = _text_column(table.path, columns, target) if is_text else None
    names = tuple(column.name for column in candidates)
    profile = table_profile(
        table, columns, request.domain or "tabular", task=None, doubts=doubts,
        candidates=names,
    )  # fmt: skip
    if target is not None:
        task = _infer_task(table.path, target, "classification" if is_text else request.task)
        profile = replace(profile, target=target.name, task=task)
        profile = _with_group(sample, profile, target)
        profile = _leave_out_leaks(sample, profile, target, text)
        profile = _with_target(profile, target, text)
        if not is_text:
            lookalikes = _count_lookalikes(sample, profile, target)
            profile = replace(profile, lookalikes=lookalikes)
    return replace(profile, notes=(*profile.notes, *_table_notes(profile)))


def _text_column(path: Path, columns: Sequence[Column], target: Column | None) -> Column:
    texts = [column for column in columns if column.type == "text" and column != target]
    if not texts:
        raise MlpathError(
            f"{path} has no column of free text", hint=f"List its columns: mlpath inspect {path}"
        )
    return max(texts, key=lambda column: column.distinct)


def _infer_task(path: Path, target: Column, task: str | None) -> str:
    name = f"{path}: target column {target.name!r}"
    if target.distinct <= 1:
        values = "has the same value in every row" if target.count else "is empty"
        raise MlpathError(f"{name} {values}", hint="Use another --target.")
    if task == "regression" and target.type != "number":
        raise MlpathError(
            f"{name} has texts, which regression can't predict",
            hint="Leave out the task, or use another --target.",
        )
    task = task or _task_of_values(target)
    if task == "classification" and target.distinct > MAX_CLASSES:
        raise MlpathError(
            f"{name} has {target.distinct:,} different values, too many for classification",
            hint=f"Use another --target, with at most {MAX_CLASSES} classes.",
        )
    return task


def _task_of_values(target: Column) -> str:
    few = min(_MAX_NUMERIC_CLASSES, max(2, target.count // 20))
    has_classes = target.type != "number" or (target.integer and target.distinct <= few)
    return "classification" if has_classes else "regression"


def _with_target(profile: DatasetProfile, target: Column, text: Column | None) -> DatasetProfile:
    columns = tuple(_with_role(column, target, text) for column in profile.columns)
    classes = target.top_values if profile.task == "classification" else ()
    positive = _positive_class([name for name, _ in classes])
    return replace(profile, columns=columns, classes=classes, positive=positive)


def _with_role(column: Column, target: Column, text: Column | None) -> Column:
    if column == target:
        return replace(column, role="target", reason="")
    if column == text:
        return replace(column, role="text", reason="")
    if text is not None:
        return replace(column, role="left_out", reason=column.reason or _ONLY_TEXT)
    if column.type == "text" and column.role == "feature":
        return replace(column, role="left_out", reason=_FREE_TEXT)
    return column


def _positive_class(classes: Sequence[str]) -> str | None:
    if len(classes) != 2:  # noqa: PLR2004
        return None
    positive = [name for name in classes if name.strip().lower() in vocabulary.POSITIVE_CLASSES]
    return positive[0] if len(positive) == 1 else classes[1]


def _with_group(sample: Table, profile: DatasetProfile, target: Column) -> DatasetProfile:
    if profile.domain == "text":
        return profile
    group, notes = find_group(sample, profile.columns, target, str(profile.task))
    columns = (
        replace(column, role="left_out", reason=REASON) if column.name == group else column
        for column in profile.columns
    )
    candidates = tuple(name for name in profile.candidates if name != group)
    return replace(
        profile, columns=tuple(columns), candidates=candidates, group=group, notes=tuple(notes)
    )


def _leave_out_leaks(
    sample: Table, profile: DatasetProfile, target: Column, text: Column | None
) -> DatasetProfile:
    used = [column for column in profile.columns if column.role == "feature"]
    features = [column for column in used if column not in (target, text)]
    if profile.sampled_rows < MIN_ROWS or not features:
        return profile
    found = find_leaks(sample, features, target, str(profile.task), profile.group)
    if len(found.by_column) == len(features) and text is None:
        note = f"Every column alone determines {target.name!r}: check whether it needs a model."
        return replace(profile, notes=(*profile.notes, note))
    columns = (_without_leak(column, found.by_column) for column in profile.columns)
    notes = (*profile.notes, *_leak_notes(found))
    return replace(profile, columns=tuple(columns), notes=notes, copied=found.copied)


def _without_leak(column: Column, leaks: Mapping[str, str]) -> Column:
    if column.name not in leaks:
        return column
    reason = f"leaks the target: {leaks[column.name]}"
    return replace(column, role="left_out", reason=reason)


def _leak_notes(found: Leaks) -> Iterator[str]:
    for name, how in found.by_column.items():
        yield f"{name!r} leaks the target ({how}) and is left out."
    if found.copied:
        yield (
            f"{found.copies:,} rows are copies of others, equal in {listed(found.copied[:4])}: "
            "copies of a sample stay in one split."
        )


def _count_lookalikes(sample: Table, profile: DatasetProfile, target: Column) -> int:
    """Return how many rows equal others in all features, though the rows of the file differ."""
    features = [c for c in profile.columns if c.role == "feature"][:MAX_FEATURES]
    cells = ", ".join(_as_a_model_sees(c) for c in features if c.type != "category" or c.top_values)
    rows, seen, different = sample.aggregate(
        f"count(*), count(DISTINCT hash({cells or 1})), count(DISTINCT hash({sample.source}))",
        f"WHERE {sql.present(target)} IS NOT NULL",
    )
    return max(int(different - seen), 0) if cells and rows else 0


def _as_a_model_sees(column: Column) -> str:
    value = sql.value(column)
    if column.type == "category":
        choices = ", ".join(map(sql.literal, frequent_categories(column)))
        return f"CASE WHEN {value} IN ({choices}) THEN {value} WHEN {value} IS NULL THEN '' END"
    return f"CAST({f'floor({value})' if column.type == 'date' else value} AS FLOAT)"


def _table_notes(profile: DatasetProfile) -> Iterator[str]:
    yield from _sampling_notes(profile)
    yield from _other_domain(profile)
    if (target := profile.target_column) and target.missing:
        yield f"Rows without {target.name!r}, left out: {target.missing:,}."
    yield from _case_variants(profile)
    if copies := profile.duplicate_rows:
        yield "1 row is a duplicate." if copies == 1 else f"{copies:,} rows are duplicates."
    if profile.lookalikes:
        yield f"Different rows that equal others in all features: {profile.lookalikes:,}."
    personal = [column.name for column in profile.columns if column.reason.startswith("personal")]
    if personal:
        yield f"Personal data, left out: {listed(personal)}."
    yield from _time_split(profile)
    yield from _imbalance(profile)
    if profile.read_options:
        yield from _reading_notes(profile.read_options)


def _sampling_notes(profile: DatasetProfile) -> Iterator[str]:
    if profile.sampled_rows < profile.rows:
        yield (
            f"Types, leaks and texts are inferred from the first {profile.sampled_rows:,} rows; "
            f"counts and ranges are of all {profile.rows:,}."
        )
    if profile.rows > MAX_PROJECT_ROWS:
        yield (
            f"A project uses a random sample of {MAX_PROJECT_ROWS:,} of {profile.rows:,} rows "
            "(most_rows in schema.yaml)."
        )


def _reading_notes(options: ReadOptions) -> Iterator[str]:
    if missing := options.missing[1:]:
        yield f"Missing values in columns of numbers and dates: {listed(missing[:8])}."
    for column, texts in options.left_out_rows.items():
        yield f"Rows with {listed(texts[:4])} in {column!r} are no samples and are left out."


def _case_variants(profile: DatasetProfile) -> Iterator[str]:
    for column in profile.columns:
        if column.type != "category" or column.role == "left_out":
            continue
        spellings: dict[str, list[str]] = {}
        for value, _ in column.top_values:
            spellings.setdefault(value.casefold(), []).append(value)
        variants = [value for same in spellings.values() if len(same) > 1 for value in same]
        if variants:
            yield (
                f"Categories of {column.name!r} that differ in case only: {listed(variants[:6])}. "
                "If they mean the same, write them alike in the file."
            )


def _other_domain(profile: DatasetProfile) -> Iterator[str]:
    unused = [column.name for column in profile.columns if column.reason == _ONLY_TEXT]
    texts = [column.name for column in profile.columns if column.reason == _FREE_TEXT]
    if unused:
        yield "Only the text is used; for a table of the other columns: -d domain=tabular"
    if texts and profile.task == "classification":
        yield f"A table can't use the text of {listed(texts[:4])}; to classify it: -d domain=text"


def _time_split(profile: DatasetProfile) -> Iterator[str]:
    dates = [c.name for c in profile.columns if c.type == "date" and c.role == "feature"]
    is_grouped = profile.copied or profile.group
    if dates and profile.domain == "tabular" and not is_grouped:
        yield (
            "Rows are split at random; to test on the latest rows by "
            f"{dates[0]!r}: `split: time` in schema.yaml"
        )


def _imbalance(profile: DatasetProfile) -> Iterator[str]:
    rarest, count = min(profile.classes, key=lambda item: item[1], default=("", profile.rows))
    if 3 * count * len(profile.classes) < profile.rows and rarest:
        yield f"Imbalanced classes: {rarest!r} has {count:,} of {profile.rows:,} rows."
