"""`reports/errors.md`: on which test samples the champion errs most, and what they have in common."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ..config import Evaluate
from ..data.schema import Schema
from ..data.splits import Split, join
from .error_groups import find_groups
from .error_inputs import NOTE, case_figures, case_inputs, error_features
from .failures import ERROR, MEASURE, ORDER, describe_case, measure_errors, rank_cases, summarize_errors
from .intervals import percentile_interval
from .markdown import escape, format_score, table, three_digits
from .scores import MIN_UNITS_OF_AN_INTERVAL, Array, Outcome, Truth, resample_scores, score_slice

MAX_CASES, MAX_GROUPS = 10, 3
# Fewer errors show no pattern.
MIN_ERRORS = 10

REPORT = """\
# Where the model fails

Written by `dvc repro`: the errors of {model} on the {rows:,} {noun} of the test split, which it was not trained on.
Read them to understand the model. To choose a change, compare models on the {searched}: a choice by these cases
would fit the model to the test split.

{summary}

## The hardest cases

{order}

{cases}

## Where errors cluster

{groups}
"""


@dataclass(frozen=True)
class HeldOut:
    """Rows to which the model was not fitted, with their outcome; `name` is as within a sentence."""

    name: str
    split: Split
    outcome: Outcome


def error_report(
    record: dict[str, Any], schema: Schema, searched: HeldOut, test: HeldOut, params: Evaluate
) -> tuple[str, dict[str, Figure]]:
    """Return the report as Markdown, and the figures that it shows, by name.

    `record` has the contents of `champion.json`. Groups with large errors are searched in `searched`, which is not of
    the test split.
    """
    outcome = test.outcome
    positions = rank_cases(schema, outcome)[:MAX_CASES]
    figures = case_figures(schema, test.split, positions)
    cases = [
        describe_case(schema, outcome, position) | case_inputs(record, schema, test.split, position)
        for position in positions
    ]
    rows = [[str(number), *map(escape, case.values())] for number, case in enumerate(cases, start=1)]
    links = "".join(f"![The {name} cases](figures/{name}.png)\n\n" for name in figures)
    text = REPORT.format(
        model=record["model"],
        rows=len(outcome.predictions),
        noun=schema.sample_noun,
        searched=searched.name,
        summary=summarize_errors(schema, outcome),
        order=_explain_order(schema, measure_errors(schema, outcome)[positions]),
        cases=links + table(["", *map(escape, cases[0])], rows),
        groups=_describe_groups(schema, searched, test, params),
    )
    return text, figures


def _explain_order(schema: Schema, errors: Array) -> str:
    wrong = np.count_nonzero(errors)
    right = f" {wrong} of them {'is' if wrong == 1 else 'are'} wrong, the others right." if wrong < len(errors) else ""
    return f"The {len(errors)} {schema.sample_noun} {ORDER}.{right} {NOTE}".strip()


def _describe_groups(schema: Schema, searched: HeldOut, test: HeldOut, params: Evaluate) -> str:
    noun, errors = schema.sample_noun, measure_errors(schema, searched.outcome)
    if np.count_nonzero(errors) < MIN_ERRORS:
        return f"Not searched for: fewer than {MIN_ERRORS} errors on the {searched.name} are too few for a pattern."
    both = join({"train": searched.split, "validation": test.split})
    groups = find_groups(error_features(schema, both), errors)[:MAX_GROUPS]
    if not groups:
        return f"A shallow decision tree finds no group of {noun} with clearly larger errors on the {searched.name}."
    on_test = measure_errors(schema, test.outcome)
    rows = []
    for group in groups:
        members = group.members[len(errors) :]
        score = score_slice(ERROR, test.outcome.truth, on_test, members, params)
        confirmed = _is_larger(on_test, members, test.outcome.truth, params)
        counts = [f"{group.members[: len(errors)].sum():,}", f"{members.sum():,}"]
        cells = [counts[0], three_digits(group.error), counts[1], format_score(score), "yes" if confirmed else "no"]
        rows.append([group.condition, *cells])
    header = ["group", f"{noun}, {searched.name}", MEASURE, f"{noun}, test split", MEASURE, "confirmed"]
    return (
        f"Groups that a shallow decision tree found on the {searched.name}, where the {MEASURE} of all {noun} is "
        f"{three_digits(float(errors.mean()))}; on the test split it is {three_digits(float(on_test.mean()))}. The "
        f"test split confirms a group if its {MEASURE} there is larger than that of the others, and the interval of "
        f"the difference excludes zero. A group that it does not confirm may be chance.\n\n{table(header, rows)}"
    )


def _is_larger(errors: Array, members: NDArray[np.bool_], truth: Truth, params: Evaluate) -> bool:
    """Return whether the error of a group is larger than that of the others, beyond chance (bootstrap)."""
    if members.all() or len(np.unique(truth.units[members])) < MIN_UNITS_OF_AN_INTERVAL:
        return False
    inside, outside = (
        resample_scores(ERROR, truth, {"champion": errors}, params, within=rows)["champion"]
        for rows in (members, ~members)
    )
    gap = float(errors[members].mean() - errors[~members].mean())
    return percentile_interval(gap, inside - outside, params.confidence).low > 0
