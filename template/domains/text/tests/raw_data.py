"""Synthetic raw data for the tests: made-up words in the columns and classes of `schema.yaml`."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from project_package.data.schema import Schema, load_schema
from project_package.paths import ProjectPaths

from .raw_table import write_raw_table

MIN_ROWS, ROWS_PER_CLASS = 600, 24
SHARED_WORDS, WORDS_PER_CLASS = 200, 12
SYLLABLES = ("ba", "do", "fi", "gu", "ke", "lo", "mi", "nu", "pa", "re", "si", "to", "vu", "za")


def write_raw_data(paths: ProjectPaths) -> None:
    """Write random texts to `data/raw/`."""
    write_raw_table(paths, random_table(load_schema(paths.schema)), questions=[], extracts=True)


def random_table(schema: Schema) -> pd.DataFrame:
    """Return texts of all classes; each class has words of its own, so that it can be learned."""
    rng = np.random.default_rng(0)
    classes = [*schema.classes, *schema.too_rare]
    rows = np.arange(max(MIN_ROWS, ROWS_PER_CLASS * len(classes)))
    words = made_up_words(SHARED_WORDS + WORDS_PER_CLASS * len(classes))
    shared, own = words[:SHARED_WORDS], words[SHARED_WORDS:].reshape(len(classes), WORDS_PER_CLASS)
    columns = [*schema.columns, *(excluded.column for excluded in schema.left_out)]
    table = pd.DataFrame("-", index=rows, columns=columns)
    table[schema.target_column] = [classes[row % len(classes)] for row in rows]
    table[schema.text_column] = [random_text(shared, own[row % len(classes)], rng) for row in rows]
    if schema.group:
        table[schema.group] = [f"group {row // (2 * len(classes))}" for row in rows]
    table.loc[0, schema.text_column] = ""
    if schema.target.nullable:
        table.loc[1, schema.target_column] = ""
    return table


def made_up_words(size: int) -> NDArray[np.str_]:
    """Return distinct words of three syllables."""
    base = len(SYLLABLES)
    numbers = (np.arange(size) * 37) % base**3
    syllables = np.array(SYLLABLES)
    words: NDArray[np.str_] = (
        syllables[numbers // base**2] + syllables[numbers // base % base] + syllables[numbers % base]
    )
    return words


def random_text(shared: NDArray[np.str_], own: NDArray[np.str_], rng: np.random.Generator) -> str:
    """Return a sentence of shared words and two or three words of its class."""
    words = [*rng.choice(shared, rng.integers(8, 30)), *rng.choice(own, rng.integers(2, 4))]
    rng.shuffle(words)
    return f"{' '.join(words).capitalize()}."
