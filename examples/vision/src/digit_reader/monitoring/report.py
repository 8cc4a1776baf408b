"""The result of `uv run monitor`: alerts, as a document, as a table, and as Markdown."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from .. import TITLE
from ..config import Monitor
from ..evaluation.markdown import escape, rounded, table
from .canary import Comparison
from .canary_report import format_canary_markdown, format_canary_text
from .drift import Drift
from .traffic import MAX_ROWS, Quality, Referred, Traffic

OK, DRIFT, TOO_FEW = "ok", "drift", "too few rows"


@dataclass(frozen=True)
class Monitoring:
    """What was found.

    Attributes:
        since: the start of the period.
        model: name, version and hash of the champion.
        traffic: of the period.
        drifts: of each column that has enough rows.
        qualities: of the champion, by feedback.
        referred: the predictions that reach the decision's threshold; None if it refers no rows.
        limits: from when on something is an alert.
        comparison: of the canary with the champion, if there is a canary; which raises no alert, since a
            training does not fix a canary.
    """

    since: datetime
    model: Mapping[str, Any]
    traffic: Traffic
    drifts: list[Drift]
    qualities: list[Quality]
    referred: Referred | None
    limits: Monitor
    comparison: Comparison | None = None

    @property
    def alerts(self) -> list[str]:
        """A sentence for each finding that calls for a look."""
        return list(self._alerts())

    def _alerts(self) -> Iterator[str]:
        for drift in self.drifts:
            if drift.drifted:
                yield f"{drift.of} {drift.name} has drifted: PSI {drift.psi:.2f}, p = {drift.p_value:.1g}"
        traffic = self.traffic
        if traffic.logged >= self.limits.min_rows and traffic.share(4) > self.limits.invalid_share:
            worst = ", ".join(f"{name} {number}" for name, number in list(traffic.problems.items())[:3])
            yield f"{traffic.share(4):.0%} of the requests are invalid{f': {worst}' if worst else ''}"
        if traffic.logged >= self.limits.min_rows and traffic.share(5) > self.limits.error_share:
            yield f"{traffic.share(5):.0%} of the requests failed with status 5xx"
        for quality in self.qualities:
            if quality.dropped and quality.expected is not None:
                share, expected = quality.right / quality.rows, quality.expected
                yield f"{quality.name}: {share:.0%} of {quality.rows:,} rows with feedback; test split: {expected:.0%}"

    @property
    def status(self) -> str:
        """Whether there is an alert, or too little traffic to find one."""
        if self.alerts:
            return DRIFT
        has_rows = len(self.traffic.inputs) >= self.limits.min_rows
        return OK if has_rows else TOO_FEW

    def to_json(self) -> dict[str, Any]:
        """Return everything as a JSON document."""
        traffic = self.traffic
        return {
            "project": TITLE,
            "status": self.status,
            "alerts": self.alerts,
            "since": self.since.isoformat(timespec="seconds"),
            "model": dict(self.model),
            "rows": {"inputs": len(traffic.inputs), "predictions": len(traffic.predictions)},
            "truncated": traffic.truncated,
            "requests": traffic.requests,
            "statuses": {str(status): number for status, number in traffic.statuses.items()},
            "error_share": round(traffic.share(5), 4),
            "invalid_share": round(traffic.share(4), 4),
            "invalid_inputs": traffic.problems,
            "latency_seconds": traffic.latency,
            "drift": [asdict(drift) for drift in self.drifts],
            "referred": asdict(self.referred) if self.referred else None,
            "quality": [asdict(quality) for quality in self.qualities],
            "thresholds": asdict(self.limits),
            **({"canary": self.comparison.to_json()} if self.comparison else {}),
        }


def summarize(monitoring: Monitoring) -> Iterator[tuple[str, str]]:
    """Yield the lines of the summary: what, and its value."""
    traffic = monitoring.traffic
    rest = f"; only the newest {MAX_ROWS:,} rows of the log were read" if traffic.truncated else ""
    yield "requests", f"{traffic.requests:,} since {monitoring.since:%Y-%m-%d %H:%M} UTC{rest}"
    yield "different rows", f"{len(traffic.inputs):,}; predicted by the champion: {len(traffic.predictions):,}"
    latency = ", ".join(f"{name} {1000 * seconds:.1f} ms" for name, seconds in traffic.latency.items())
    yield "latency of the API", latency or "no requests"
    yield "errors", f"{traffic.share(5):.1%} failed, {traffic.share(4):.1%} invalid"
    problems = ", ".join(f"{name} {number:,}" for name, number in list(traffic.problems.items())[:5])
    yield "invalid inputs", problems or "none"
    for of in ("input", "prediction"):
        yield f"{of} drift", _count_drifts([drift for drift in monitoring.drifts if drift.of == of])
    if referred := monitoring.referred:
        counts = f"{referred.referred:,} of {referred.rows:,} rows"
        yield "referred", _compare_shares(counts, referred.referred, referred.rows, referred.expected)
    for quality in monitoring.qualities:
        counts = f"{quality.right:,} of {quality.rows:,} rows with feedback"
        yield quality.name, _compare_shares(counts, quality.right, quality.rows, quality.expected)


def _compare_shares(counts: str, number: int, rows: int, expected: float | None) -> str:
    if not rows:
        return "no rows"
    return f"{counts} ({number / rows:.1%}{'' if expected is None else f'; test split: {expected:.1%}'})"


def _count_drifts(drifts: list[Drift]) -> str:
    drifted = [drift.name for drift in drifts if drift.drifted]
    names = f": {', '.join(drifted)}" if drifted else ""
    return f"{len(drifted)} of {len(drifts)}{names}" if drifts else "not tested"


def format_text(monitoring: Monitoring) -> str:
    """Return the summary, the largest differences, and the alerts, for a terminal."""
    lines = [f"{name:<20} {value}" for name, value in summarize(monitoring)]
    if monitoring.drifts:
        lines += ["", f"{'column':<28} {'PSI':>6} {'p':>8} {'missing':>8}"]
        lines += [
            f"{drift.name[:28]:<28} {drift.psi:6.2f} {drift.p_value:8.2g} {drift.missing:8.1%}"
            f"{'  drift' if drift.drifted else ''}"
            for drift in monitoring.drifts[:10]
        ]
    if monitoring.comparison:
        lines += ["", *format_canary_text(monitoring.comparison)]
    return "\n".join([*lines, "", conclude(monitoring)])


def conclude(monitoring: Monitoring) -> str:
    """Return the alerts, or that there are none."""
    if alerts := monitoring.alerts:
        return "\n".join(f"alert: {alert}" for alert in alerts)
    if monitoring.status == TOO_FEW:
        found, needed = len(monitoring.traffic.inputs), monitoring.limits.min_rows
        return f"too few rows: {found} of the {needed} that a test needs (monitor.min_rows in params.yaml)"
    return "no drift"


def format_markdown(monitoring: Monitoring) -> str:
    """Return the page `reports/monitor.md`."""
    model = f"{monitoring.model['name']}, version {monitoring.model['version']}"
    summary = table(["", "value"], [[name, escape(value)] for name, value in summarize(monitoring)])
    rows = [
        [
            escape(drift.name),
            drift.of,
            rounded(drift.psi),
            f"{drift.p_value:.2g}",
            f"{drift.missing:.1%}",
            "**drift**" if drift.drifted else "",
        ]
        for drift in monitoring.drifts
    ]
    columns = table(["column", "of", "PSI", "p", "missing", ""], rows) if rows else "Too few rows to test."
    limits = monitoring.limits
    conclusion = "\n".join(f"- {escape(line)}" for line in conclude(monitoring).splitlines())
    canary = format_canary_markdown(monitoring.comparison) if monitoring.comparison else ""
    return f"""\
# Traffic of {escape(TITLE)}

Written by `uv run monitor`: requests to {escape(model)}, compared with its training.

{conclusion}

{summary}

## Drift

{columns}

Inputs are compared with the training split (texts with the validation split), predictions with those of the validation
split. A column has drifted if
p, corrected for the number of columns, is below {limits.significance:g}, and the population stability index (PSI) at
least {limits.psi:g}.
{canary}"""
