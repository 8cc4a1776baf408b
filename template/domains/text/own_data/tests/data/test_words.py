"""Words of scripts without spaces, and with combining marks."""

from dataclasses import replace

import pytest

from project_package.data.cleaning import words_of
from project_package.data.schema import Schema
from project_package.data.splits import Split
from project_package.data.words import ANY_WORD
from project_package.models.tokenizer import split_words, word_tokenizer


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("如何画", "如 何 画"),
        ("日本語の", "日 本 語 の"),
        ("हिन्दी में", "हिन्दी में"),
        ("ภาษา", "ภ า ษ า"),
        ("مرحبا؟ بكم", "مرحبا بكم"),
    ],
)
def test_words_of_any_script(text: str, words: str, splits: dict[str, Split], schema: Schema) -> None:
    any_script = replace(schema, word=ANY_WORD, code=True)
    assert words_of(text, any_script) == words.split()
    assert split_words(word_tokenizer(splits["train"], any_script, min_df=1), text) == words.split()
