"""`reports/errors.md`: on which test samples the champion errs most, and what they have in common."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ..data.schema import Schema
from ..data.splits import Split, encode_target
from .error_groups import find_groups
from .error_inputs import NOTE, case_figures, case_inputs, error_features
from .failures import MEASURE, ORDER, describe_case, measure_errors, rank_cases, summarize_errors
from .markdown import escape, rounded, table
from .scores import Array, Truth
from .shares import Outcome

MAX_CASES, MAX_GROUPS = 10, 3
# Fewer errors show no pattern.
MIN_ERRORS = 10

REPORT = """\
# Where the model fails

Written by `dvc repro`: the errors of {model} on the {rows:,} {noun} of the test split, which it was not trained on.

{summary}

## The hardest cases

{order}

{cases}

## Where errors cluster

{groups}
"""


def error_report(
    record: dict[str, Any], schema: Schema, test: Split, predictions: Array
) -> tuple[str, dict[str, Figure]]:
    """Return the report as Markdown, and the figures that it shows, by name.

    Args:
        record: the contents of `champion.json`: the name of the model, and inputs by importance.
        schema: of the data.
        test: the test split.
        predictions: of the champion, rows first.
    """
    outcome = Outcome(Truth(encode_target(test.target, schema)), predictions, record.get("decision"))
    positions = rank_cases(schema, outcome)[:MAX_CASES]
    figures = case_figures(schema, test, positions)
    cases = [
        describe_case(schema, outcome, position) | case_inputs(record, schema, test, position) for position in positions
    ]
    rows = [[str(number), *map(escape, case.values())] for number, case in enumerate(cases, start=1)]
    links = "".join(f"![The {name} cases](figures/{name}.png)\n\n" for name in figures)
    text = REPORT.format(
        model=record["model"],
        rows=len(predictions),
        noun=schema.sample_noun,
        summary=summarize_errors(schema, outcome),
        order=_explain_order(schema, measure_errors(schema, outcome)[positions]),
        cases=links + table(["", *map(escape, cases[0])], rows),
        groups=_describe_groups(schema, test, measure_errors(schema, outcome)),
    )
    return text, figures


def _explain_order(schema: Schema, errors: Array) -> str:
    """Return how the cases are sorted, and how many are errors: where there are few, the list has correct ones, too."""
    wrong = np.count_nonzero(errors)
    right = f" {wrong} of them {'is' if wrong == 1 else 'are'} wrong, the others right." if wrong < len(errors) else ""
    return f"The {len(errors)} {schema.sample_noun} {ORDER}.{right} {NOTE}".strip()


def _describe_groups(schema: Schema, test: Split, errors: Array) -> str:
    if np.count_nonzero(errors) < MIN_ERRORS:
        return f"With fewer than {MIN_ERRORS} errors, a pattern cannot be distinguished from chance."
    groups = find_groups(error_features(schema, test), errors)[:MAX_GROUPS]
    if not groups:
        return f"No group of {schema.sample_noun} that a shallow decision tree finds has clearly larger errors."
    rows = [[group.condition, f"{group.rows:,}", rounded(group.error)] for group in groups]
    return (
        f"Groups that a shallow decision tree found; the {MEASURE} of all {schema.sample_noun} is "
        f"{rounded(float(errors.mean()))}. They were found and measured on the same {schema.sample_noun}: on new ones, "
        "expect smaller differences.\n\n" + table(["group", schema.sample_noun, MEASURE], rows)
    )
