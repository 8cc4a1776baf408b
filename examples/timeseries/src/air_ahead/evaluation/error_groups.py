"""Groups of samples with larger errors than the others, found by a shallow decision tree.

A tree finds groups even in noise. So it searches predictions that are not of the test split, and the groups are scored
there once more.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeRegressor

from .markdown import escape, rounded
from .scores import Array

MAX_DEPTH, MIN_ROWS, MAX_PLACES = 2, 10, 12
# Groups whose error is this many times the average are reported.
MIN_RATIO = 1.2


@dataclass(frozen=True)
class Feature:
    """What may explain errors: a number, or whether a sample is of a category (1) or not (0)."""

    label: str
    values: Array
    category: str | None = None
    number_format: Callable[[float], str] = rounded


@dataclass(frozen=True)
class Condition:
    """A limit of a number, or whether a sample is of a category, which is all in `subject`."""

    subject: str
    relation: str = ""
    limit: str = ""


@dataclass(frozen=True)
class Group:
    """Samples that a condition (Markdown) describes, and the mean error of those that were searched.

    `members` has whether a sample is one of them, those that were not searched included. Shape (rows,).
    """

    condition: str
    error: float
    members: NDArray[np.bool_]


def find_groups(features: Sequence[Feature], errors: Array) -> list[Group]:
    """Return the groups with clearly larger errors than the average, the largest first.

    The features have more samples than the errors: those that are searched come first.
    """
    inputs = np.column_stack([feature.values for feature in features]).astype(np.float32)
    count, smallest = len(errors), max(MIN_ROWS, len(errors) // 20)
    model = DecisionTreeRegressor(max_depth=MAX_DEPTH, min_samples_leaf=smallest, random_state=0)
    leaves, overall = model.fit(inputs[:count], errors).apply(inputs), float(errors.mean())
    groups = [
        Group(_describe(path), float(errors[leaves[:count] == leaf].mean()), leaves == leaf)
        for leaf, path in _paths(model, features, 0, ())
    ]
    large = [group for group in groups if group.condition and group.error >= MIN_RATIO * overall]
    return sorted(large, key=lambda group: -group.error)


def _paths(
    model: DecisionTreeRegressor, features: Sequence[Feature], node: int, path: tuple[Condition, ...]
) -> Iterator[tuple[int, tuple[Condition, ...]]]:
    tree = model.tree_
    if tree.children_left[node] < 0:
        yield node, path
        return
    feature, limit = features[tree.feature[node]], float(tree.threshold[node])
    label, whole = escape(feature.label), bool((np.asarray(feature.values) % 1 == 0).all())
    threshold = str(math.floor(limit)) if whole else _format_limit(feature, limit)
    if feature.category is None:
        sides = Condition(label, "up to", threshold), Condition(label, "above", threshold)
    else:
        category = escape(feature.category)
        sides = Condition(f"{label} not {category}"), Condition(f"{label} {category}")
    for side, children in zip(sides, (tree.children_left, tree.children_right), strict=True):
        yield from _paths(model, features, int(children[node]), (*path, side))


def _format_limit(feature: Feature, limit: float) -> str:
    """Return a limit, of a plain number with as many digits as it takes to separate the samples as the tree does."""
    if feature.number_format is not rounded:
        return feature.number_format(limit)
    values = np.asarray(feature.values, np.float32)
    below, above = values[values <= limit].max(), values[values > limit].min()
    places = 2 - math.floor(math.log10(abs(limit) or 1))
    while not below <= round(limit, places) < above and places < MAX_PLACES:
        places += 1
    return f"{round(limit, places):,.{max(places, 0)}f}"


def _describe(path: Sequence[Condition]) -> str:
    limits: dict[str, dict[str, str]] = {}
    for condition in path:
        limits.setdefault(condition.subject, {})[condition.relation] = condition.limit
    return " and ".join(
        f"{subject} {' and '.join(f'{relation} {limit}' for relation, limit in sorted(sides.items()))}".strip()
        for subject, sides in limits.items()
    )
