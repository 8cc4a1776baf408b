"""Findings about samples with a target: what is missing, repeated, different between splits, or far from a model."""

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.stats import chi2_contingency, ks_2samp
from threadpoolctl import threadpool_limits

from ..evaluation.figures import literal
from ..evaluation.markdown import escape, rounded
from .report import Exploration, Finding, join_names, percent
from .target import (
    ASSOCIATION,
    NO_SUSPECTS,
    SUSPECTS,
    draw_by_target,
    format_association,
    is_negligible,
    measure_association,
    summarize_target,
    suspicious_rows,
)

CORRELATED = 0.9  # rank correlation
SIGNIFICANT = 0.01  # probability of a difference by chance, in any column
MAX_PANELS, MAX_LISTED, MAX_ROWS, MAX_TITLE = 6, 10, 20_000, 30


@dataclass(frozen=True)
class Presentation:
    """How samples are described.

    Attributes:
        columns: what the columns are, such as measures, where they are computed from images.
        formats: how numbers of a column are shown, by its name; other columns have three significant digits.
        target: the label of the target with its unit.
        groups: of each row of training and validation split; None if rows are independent.
    """

    columns: str = "columns"
    formats: Mapping[str, Callable[[float], str]] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    target: str = "target"
    groups: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None


def explore_samples(
    train: pd.DataFrame,
    validation: pd.DataFrame,
    target: pd.Series,
    vectors: NDArray[np.float64],
    noun: str,
    shown: Presentation | None = None,
) -> Exploration:
    """Return what the training split shows.

    `train` has a row per sample, columns of numbers (nan where missing) and of strings (None where missing), and
    `target` is as people read it. `validation` is for differences between the splits. `vectors` describe the rows of
    `train` for a linear model, shape (rows, features).
    """
    rows, shown = len(train), shown or Presentation()
    differing = _find_differences(train, validation, shown.groups)
    if len(train) > MAX_ROWS:  # enough for everything below
        chosen = np.sort(np.random.default_rng(0).permutation(len(train))[:MAX_ROWS])
        train, target, vectors = train.iloc[chosen], target.iloc[chosen], vectors[chosen]
    else:
        chosen = np.arange(len(train))
    discrete = np.array([not pd.api.types.is_numeric_dtype(train[name]) for name in train])
    # One thread: parallel sums differ in the last bit between runs.
    with threadpool_limits(limits=1):
        association = measure_association(_encode(train), discrete, target)
        suspects = chosen[suspicious_rows(vectors, target)].tolist()
    ranked = association.sort_values(ascending=False, kind="stable")
    findings, summary = summarize_target(target, noun)
    findings += [
        *_associated(ranked, len(train), shown.columns),
        *_missing(train, noun),
        *_constant(train),
        *_correlated(train, shown.columns),
        _shifted(differing, shown),
        _label_errors(suspects, len(train), noun),
    ]
    tables = {"The target": summary, f"The {shown.columns}": _summarize(train, ranked, shown)}
    panels = train[list(ranked.index[:MAX_PANELS])]
    figure = _draw(panels, target.rename(shown.target), shown)
    figures = {"columns": (f"The most informative {shown.columns}", figure)}
    return Exploration(findings, tables, figures, sampled=len(train) if len(train) < rows else None)


def _encode(samples: pd.DataFrame) -> pd.DataFrame:
    columns = {}
    for name, values in samples.items():
        if pd.api.types.is_numeric_dtype(values):
            columns[name] = values.fillna(values.median() if values.notna().any() else 0.0).astype(float)
        else:
            columns[name] = pd.Series(pd.factorize(values, sort=True)[0], values.index).astype(float)
    return pd.DataFrame(columns)


def _associated(ranked: pd.Series, rows: int, columns: str) -> list[Finding]:
    useless = [str(name) for name, value in ranked.items() if is_negligible(value, rows)]
    findings = []
    if len(useless) < len(ranked):
        best = ranked.drop(useless).head(3)
        listed = ", ".join(f"{escape(str(name))} ({format_association(value, rows)})" for name, value in best.items())
        text = f"The most informative {columns} are {listed}, by their {ASSOCIATION} with the target."
        highest = float(ranked.iloc[0])
        if highest > 0.9:
            text += " Check that it is known at the time of the prediction."
        findings.append(Finding(0.9 if highest > 0.9 else 0.4 + 0.4 * highest, text))
    if useless:
        text = f"Alone, these {columns} have next to no association with the target: {join_names(useless)}."
        findings.append(Finding(0.2, text))
    return findings


def _missing(samples: pd.DataFrame, noun: str) -> list[Finding]:
    shares = samples.isna().mean().sort_values(ascending=False, kind="stable")
    shares = shares[shares > 0]
    if shares.empty:
        return [Finding(0.05, "No value is missing.")]
    listed = ", ".join(f"{escape(str(name))} in {percent(share)}" for name, share in shares.head(3).items())
    more = f"; {len(shares) - 3} more have gaps, too" if len(shares) > 3 else ""
    return [Finding(min(0.9, 0.3 + float(shares.iloc[0])), f"Values are missing: {listed} of the {noun}{more}.")]


def _constant(samples: pd.DataFrame) -> list[Finding]:
    names = [str(name) for name, distinct in samples.nunique().items() if distinct <= 1]
    return [Finding(0.4, f"The same value everywhere: {join_names(names)}.")] if names else []


def _correlated(samples: pd.DataFrame, columns: str) -> list[Finding]:
    numbers = samples.select_dtypes("number")
    if numbers.shape[1] < 2:
        return []
    correlation = numbers.corr("spearman").abs().to_numpy()
    first, second = np.triu_indices(numbers.shape[1], k=1)
    values = np.nan_to_num(correlation[first, second])
    count, top = int((values > CORRELATED).sum()), int(values.argmax())
    if not count:
        return []
    names = [escape(str(numbers.columns[position[top]])) for position in (first, second)]
    pairs = f"One pair of {columns} has" if count == 1 else f"{count} of {len(values)} pairs of {columns} have"
    return [
        Finding(
            0.3 + 0.3 * min(1.0, count / numbers.shape[1]),
            f"{pairs} a rank correlation above {CORRELATED}, the highest {names[0]} and {names[1]} "
            f"({values[top]:.3f}). They say nearly the same: a model may use either or both, so the importance of "
            "one alone means little.",
        )
    ]


def _find_differences(train: pd.DataFrame, validation: pd.DataFrame, groups: Any) -> list[str]:
    """Return the columns that differ between the splits by more than chance; of rows in groups, one value per group."""
    if groups:
        train, validation = (_one_per_group(*pair) for pair in zip((train, validation), groups, strict=True))
    return [str(name) for name in train if _difference(train[name], validation[name]) < SIGNIFICANT / train.shape[1]]


def _one_per_group(samples: pd.DataFrame, groups: NDArray[np.int64]) -> pd.DataFrame:
    if len(np.unique(groups)) == len(samples):
        return samples
    columns = {}
    for name, values in samples.items():
        if pd.api.types.is_numeric_dtype(values):
            columns[name] = values.groupby(groups).mean()
        else:
            counts = pd.crosstab(groups, values.to_numpy())
            columns[name] = counts.idxmax(axis=1) if counts.size else pd.Series(dtype=object)
    return pd.DataFrame(columns)


def _shifted(names: Sequence[str], shown: Presentation) -> Finding:
    groups = ", on one value per group" if shown.groups else ""
    tests = f"Kolmogorov-Smirnov and chi² tests{groups}, Bonferroni-corrected, p < {SIGNIFICANT}"
    if not names:
        return Finding(0.1, f"No difference between training and validation split was detected ({tests}).")
    return Finding(
        0.7,
        f"Training and validation split differ in {join_names(names)} ({tests}). Their scores may differ for that "
        "reason, and so may those of a model in use.",
    )


def _difference(first: pd.Series, second: pd.Series) -> float:
    if pd.api.types.is_numeric_dtype(first):
        known = first.dropna(), second.dropna()
        return float(ks_2samp(*known).pvalue) if min(map(len, known)) else 1.0
    counts = pd.concat([first.value_counts(), second.value_counts()], axis=1).fillna(0)
    counts = counts[counts.sum(axis=1) >= 10]
    enough = len(counts) > 1 and (counts.sum() > 0).all()
    return float(chi2_contingency(counts).pvalue) if enough else 1.0


def _label_errors(rows: Sequence[int], count: int, noun: str) -> Finding:
    if not len(rows):
        return Finding(0.1, NO_SUSPECTS)
    listed = ", ".join(map(str, rows[:MAX_LISTED])) + (", …" if len(rows) > MAX_LISTED else "")
    text = (
        f"{len(rows)} of the {count:,} {noun} {SUSPECTS}. They are the rows {listed} of the training split in "
        "data/prepared/, counted from 0."
    )
    return Finding(min(0.8, 0.35 + 5 * len(rows) / count), text)


def _summarize(samples: pd.DataFrame, ranked: pd.Series, shown: Presentation) -> pd.DataFrame:
    rows = {}
    for name in ranked.index[:MAX_LISTED]:
        values = samples[name]
        numeric = pd.api.types.is_numeric_dtype(values)
        typical = values.median() if numeric else values.mode().iloc[0] if values.notna().any() else ""
        numbers = [typical, values.min(), values.max()] if numeric else []
        known = [shown.formats.get(str(name), rounded)(float(number)) if number == number else "" for number in numbers]
        cells = known or [typical, "", ""]
        rows[name] = [ranked[name], percent(float(values.isna().mean())), values.nunique(), *cells]
    names = [ASSOCIATION, "missing", "distinct", "median or most frequent", "smallest", "largest"]
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=names)
    word = shown.columns.removesuffix("s")
    frame.index.name = word if len(samples.columns) <= MAX_LISTED else f"{word} (first {MAX_LISTED})"
    return frame


def _draw(samples: pd.DataFrame, target: pd.Series, shown: Presentation) -> Figure:
    count = samples.shape[1]
    across = min(count, 3)
    figure = Figure(figsize=(2.7 * across, 0.3 + 2.4 * -(-count // across)), dpi=144, layout="constrained")
    title = f"Training split, n = {len(samples):,}"
    figure.suptitle(title, x=0.01, ha="left", fontsize=10, fontweight="bold")
    panels = np.ravel(figure.subplots(-(-count // across), across, squeeze=False))
    for axes, name in zip(panels, samples, strict=False):
        draw_by_target(axes, samples[name], target)
        if name in shown.formats and pd.api.types.is_numeric_dtype(samples[name]):
            axes.xaxis.set_major_formatter(lambda value, _, name=name: shown.formats[name](value))
        axes.set_title(literal(textwrap.fill(str(name), MAX_TITLE)), loc="left", fontsize=9, fontweight="bold")
        axes.set_xlabel(literal(shown.units.get(str(name), "")))
        axes.tick_params(labelsize=7)
        for label in (axes.xaxis.label, axes.yaxis.label):
            label.set_fontsize(7)
        axes.spines[["top", "right"]].set_visible(False)
    for axes in panels[count:]:
        axes.set_visible(False)
    if handles := panels[0].get_legend_handles_labels()[0]:
        figure.legend(handles=handles, loc="outside lower center", ncols=6, frameon=False, fontsize=8)
    return figure
