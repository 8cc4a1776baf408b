"""The raw data of the small project: texts drawn from `schema.yaml`, so that the tests need neither the data nor DVC.

They have the columns, the classes and the gaps of the data, and none of its content: made-up words, of which each class
has some of its own, so that there is something to learn.
"""

import numpy as np
import pandas as pd
import yaml

from .package import Layout, data

ROWS, OF_A_CLASS = 600, 24
SYLLABLES = ("ba", "do", "fi", "gu", "ke", "lo", "mi", "nu", "pa", "re", "si", "to", "vu", "za")
COMMON, OWN = 200, 12


def write(layout: Layout) -> None:
    """Fill `data/raw/`, and have the small project's schema read it as a plain CSV file."""
    schema = data.load_schema(layout.schema)
    written = yaml.safe_load(layout.schema.read_text(encoding="utf-8"))
    written["reading"] = {"file": "rows.csv"}
    # The made-up words answer no question of a person.
    written |= {"questions": [], "extracts": True}
    layout.schema.write_text(yaml.safe_dump(written, allow_unicode=True), encoding="utf-8")
    layout.raw.mkdir(parents=True, exist_ok=True)
    drawn(schema, ROWS, seed=0).to_csv(layout.raw / "rows.csv", index=False)


def drawn(schema: data.Schema, rows: int, seed: int) -> pd.DataFrame:
    """Rows as they would stand in the file, under the names that it has."""
    rng = np.random.default_rng(seed)
    classes = [*schema.classes, *schema.too_rare]
    labels = [classes[at % len(classes)] for at in range(max(rows, OF_A_CLASS * len(classes)))]
    words = vocabulary(COMMON + OWN * len(classes))
    table: dict[str, list[str]] = {column: ["left out"] * len(labels) for column in filled(schema)}
    table[schema.target_column] = labels
    table[schema.text_column] = [
        text(words[:COMMON], words[COMMON + OWN * classes.index(label) :][:OWN], rng) for label in labels
    ]
    if schema.group:
        table[schema.group] = [f"group {at // (2 * len(classes))}" for at in range(len(labels))]
    # A text may be empty in any data; a class only where the schema says so.
    table[schema.text_column][0] = ""
    if schema.target.nullable:
        table[schema.target_column][1] = ""
    return pd.DataFrame(table)


def filled(schema: data.Schema) -> list[str]:
    """The columns that hold neither texts nor classes."""
    return [*schema.columns, *(one.column for one in schema.left_out)]


def vocabulary(size: int) -> list[str]:
    """So many words of three syllables, the same every time."""
    base = len(SYLLABLES)
    places = [(number * 37) % base**3 for number in range(size)]
    return [SYLLABLES[at // base**2] + SYLLABLES[at // base % base] + SYLLABLES[at % base] for at in places]


def text(common: list[str], own: list[str], rng: np.random.Generator) -> str:
    """A sentence of common words, with two or three of the class's own among them."""
    words = [*rng.choice(common, rng.integers(8, 30)), *rng.choice(own, rng.integers(2, 4))]
    rng.shuffle(words)
    return f"{' '.join(words).capitalize()}."
