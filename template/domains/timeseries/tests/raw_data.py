"""The raw data of the small project: a made-up series, so that the tests need neither the data nor DVC.

It has the columns and the steps of the data, and none of its content: a trend, a wave and noise, with a gap.
"""

import numpy as np
import pandas as pd
import yaml

from .package import Layout, data, params

# Forecasts to learn from, beside those that a series as short as may be has.
LEARNT = 200


def write(layout: Layout) -> None:
    """Fill `data/raw/`, and have the small project's schema read it as a plain CSV file."""
    schema = data.load_schema(layout.schema)
    written = yaml.safe_load(layout.schema.read_text(encoding="utf-8"))
    written["reading"] = {"file": "rows.csv"}
    layout.schema.write_text(yaml.safe_dump(written, allow_unicode=True), encoding="utf-8")
    layout.raw.mkdir(parents=True, exist_ok=True)
    drawn(schema, params.load_params(layout.params).prepare).to_csv(layout.raw / "rows.csv", index=False)


def drawn(schema: data.Schema, turned: params.Prepare) -> pd.DataFrame:
    """Rows as they would stand in the file, a step each, under the names that it has; as many as the splits take."""
    rows = turned.history + turned.validation + turned.test + 8 * turned.horizon + 3 * schema.season + LEARNT
    rng = np.random.default_rng(0)
    steps = pd.period_range("2001-01-01", periods=rows, freq=data.FREQUENCIES[schema.step])
    time = np.arange(rows)
    wave = schema.season if schema.season > 1 else 10  # years have no season, but may have cycles
    values = 100 + 0.05 * time + 10 * np.sin(2 * np.pi * time / wave) + rng.normal(size=rows)
    low, high = schema.target.minimum, schema.target.maximum
    if high is not None:
        # Within the limits, whatever they are.
        least = high - 200 if low is None else low
        values = least + (high - least) * (0.2 + 0.6 * (values - values.min()) / np.ptp(values))
    elif low is not None:
        values += low
    texts = [repr(float(value)) for value in values]
    texts[rows // 3] = ""
    as_written = schema.date.date_format or "%Y-%m-%d"
    table = pd.DataFrame(
        {
            schema.date_column: [step.asfreq("D", "start").strftime(as_written) for step in steps],
            schema.target_column: texts,
        }
    )
    return table.assign(**{one.column: "left out" for one in schema.left_out})
