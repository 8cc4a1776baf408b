"""The comparison of canary and champion as a table, for a terminal and as Markdown."""

from ..evaluation.markdown import escape, table
from .canary import CONFIDENCE, Comparison, Difference

HEADER = ("", "champion", "canary", "difference", f"{CONFIDENCE:.0%} interval", "")


def rows(comparison: Comparison) -> list[list[str]]:
    """Return the cells of the table."""
    sides = (comparison.champion, comparison.canary)
    cells = [["requests", *(f"{side.requests:,}" for side in sides), "", "", ""]]
    for quantile in ("p50", "p95"):
        seconds = [side.latency.get(quantile) for side in sides]
        shown = ["" if value is None else f"{1000 * value:.1f} ms" for value in seconds]
        cells.append([f"latency of the API, {quantile}", *shown, "", "", ""])
    return cells + [_difference_row(difference) for difference in comparison.differences]


def _difference_row(difference: Difference) -> list[str]:
    def show(value: float | None, sign: str = "") -> str:
        if value is None:
            return ""
        return f"{value:{sign}.1%}" if difference.is_share else f"{value:{sign}.4g}"

    first, second = difference.values
    change = "" if first is None or second is None else show(second - first, "+")
    interval = " to ".join(show(end, "+") for end in difference.interval or ())
    return [difference.name, show(first), show(second), change, interval, difference.conclusion]


def describe_predictions(comparison: Comparison) -> str:
    """Return a sentence about the distribution of the predictions."""
    if not comparison.drifts:
        return ""
    parts = [f"{drift.name}: PSI {drift.psi:.2f}, p = {drift.p_value:.2g}" for drift in comparison.drifts]
    outcome = "differ" if any(drift.drifted for drift in comparison.drifts) else "do not clearly differ"
    return f"The distributions of the predictions {outcome} ({'; '.join(parts)})."


def describe_few(comparison: Comparison) -> str:
    """Return what "too few" means, if it applies."""
    if all(difference.interval for difference in comparison.differences):
        return ""
    return f"Too few: a model has fewer than {comparison.min_rows} of them (monitor.min_rows in params.yaml)."


def title(comparison: Comparison) -> str:
    """Return which model is the canary."""
    model = comparison.canary.model
    return f"{model['name']}, version {model['version']}"


def format_canary_text(comparison: Comparison) -> list[str]:
    """Return the lines for a terminal."""
    cells = [list(HEADER), *rows(comparison)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(HEADER))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    notes = [describe_predictions(comparison), describe_few(comparison)]
    return [f"canary: {title(comparison)}", *lines, *filter(None, notes)]


def format_canary_markdown(comparison: Comparison) -> str:
    """Return the section of `reports/monitor.md`."""
    cells = table(list(HEADER), rows(comparison))
    notes = "\n".join(filter(None, [describe_predictions(comparison), describe_few(comparison)]))
    return f"""
## Canary

{escape(title(comparison))}, compared with the champion from the first to the last request to the canary.

{cells}

{notes}

The inputs are assigned at random, by a hash; equal inputs count once in the mean prediction. Intervals are of canary
minus champion: of shares hybrid score intervals (Newcombe), of means Welch's. A difference is clear if its interval
excludes zero: of several that are looked at each day, some are by chance. This section never raises an alert.
"""
