"""Words, code and names of texts."""

import re
from dataclasses import replace

import pandas as pd
import pytest

from project_package.data.cleaning import clean_text, find_names, names_pattern, remove_names, words_of
from project_package.data.schema import Schema
from project_package.data.words import ANY_WORD

NAMES = frozenset({"pandas", "pd", "scikit-learn", "scikit learn", "muller"})


@pytest.fixture(scope="module")
def any_script(schema: Schema) -> Schema:
    """The project's schema, with words of letters and digits."""
    return replace(schema, word=ANY_WORD, code=True, names=(), names_in="")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Naïve Bayes, a CAFÉ's x", "naive bayes a cafe s x"),
        ("10 of 10 in 2D", "10 of 10 in 2d"),
        ("Как построить ёлку?", "как построить елку"),
        ("Größe, ﬁn", "große fin"),
        ("안녕하세요 세계", "안녕하세요 세계"),
        ("مرحبا؟ بكم", "مرحبا بكم"),
        ("snake_case 🙂 --- !?", "snake case"),
        ("", ""),
    ],
)
def test_words_are_normalized(text: str, words: str, any_script: Schema) -> None:
    assert words_of(text, any_script) == words.split()


@pytest.mark.parametrize(
    "code", ["snake_case", "camelCase", "a.dotted.name", "call()", "x=3", r"\alpha", "`quoted it`", "https://a.b/c"]
)
def test_code_is_removed_unless_the_schema_keeps_it(code: str, schema: Schema) -> None:
    text = f"before {code} after"
    assert clean_text(text, replace(schema, code=False)).split() == ["before", "after"]
    assert clean_text(text, replace(schema, code=True)) == text


def test_control_characters_are_removed(any_script: Schema) -> None:
    assert clean_text("\x00one\x1b[31m\ttwo\x85\ud800 ", any_script) == "one [31m\ttwo"


def test_names_are_the_listed_ones_and_those_that_one_class_uses(any_script: Schema) -> None:
    first, second = any_script.classes[:2]
    rows = [
        (first, "Quux Signal", "quux signal"),
        (second, "Signal", "signal"),
        (second, "Frobnicator", "a frobnicator and two frobnicators"),
    ]
    table = pd.DataFrame(rows, columns=[any_script.target_column, "names", "text"])
    schema = replace(any_script, names=("Plömp",), names_in="names")
    assert find_names(table, table["text"], schema) == ("frobnicator", "frobnicators", "plomp", "quux")


@pytest.mark.parametrize(
    "text", ["Pandas", "a pandas.", "(scikit-learn)", "use pd, now", "PANDAS-like", "Scikit Learn"]
)
def test_remove_names_is_equivalent_to_the_pattern(text: str, any_script: Schema) -> None:
    cleaned = remove_names(text, NAMES)
    assert cleaned == re.sub(names_pattern(NAMES), " ", text)
    assert not set(words_of(cleaned, any_script)) & NAMES


@pytest.mark.parametrize(("text", "cleaned"), [("Müller spends", "  spends"), ("expands updraft", "expands updraft")])
def test_only_whole_words_are_names(text: str, cleaned: str) -> None:
    assert remove_names(text, NAMES) == cleaned
    assert remove_names(text, frozenset()) == text
