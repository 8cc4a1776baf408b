"""Tokenizers, which clean a text at prediction time as `data/cleaning.py` cleans texts for training."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import WordLevel

from ..data.cleaning import ACCENTS, CODE, FINAL_SIGMA, names_pattern, words_of
from ..data.schema import Schema
from ..data.splits import Split
from .special_tokens import BATCH_SIZE, PAD, SPECIAL_TOKENS, START, UNKNOWN

Tokens = NDArray[np.int64]


def build_tokenizer(model: Any, train: Split, schema: Schema) -> Tokenizer:
    """Return a tokenizer that splits words as `words_of` does and removes names and, unless `schema.code`, code.

    Each text starts with [CLS]; rows are padded to the longest of a batch.
    """
    tokenizer = Tokenizer(model)
    code = () if schema.code else CODE
    names = [names_pattern(train.names)] if train.names else []
    tokenizer.normalizer = normalizers.Sequence(
        [
            *(normalizers.Replace(Regex(pattern), " ") for pattern in code),
            normalizers.NFKD(),
            normalizers.Replace(Regex(ACCENTS), ""),
            normalizers.NFC(),
            normalizers.Lowercase(),
            normalizers.Replace(*FINAL_SIGMA),
            *(normalizers.Replace(Regex(pattern), " ") for pattern in names),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(schema.word), behavior="removed", invert=True)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{SPECIAL_TOKENS[START]} $A", special_tokens=[(SPECIAL_TOKENS[START], START)]
    )
    tokenizer.enable_padding(pad_id=PAD, pad_token=SPECIAL_TOKENS[PAD])
    return tokenizer


def word_tokenizer(train: Split, schema: Schema, min_df: int) -> Tokenizer:
    """Return a tokenizer with the words of at least `min_df` training texts as vocabulary.

    The trainer of `tokenizers` counts occurrences instead, so it would publish a name that a single text repeats.
    """
    document_frequency: Counter[str] = Counter()
    for text in train.features["text"]:
        document_frequency.update(set(words_of(text, schema)))
    words = sorted(word for word, count in document_frequency.items() if count >= min_df)
    vocabulary = {word: token for token, word in enumerate([*SPECIAL_TOKENS, *words])}
    return build_tokenizer(WordLevel(vocabulary, unk_token=SPECIAL_TOKENS[UNKNOWN]), train, schema)


def split_words(tokenizer: Tokenizer, text: str) -> list[str]:
    """Return the words that the tokenizer finds in a text, whether in its vocabulary or not."""
    normalized = tokenizer.normalizer.normalize_str(text)
    return [word for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(normalized)]


def tokenize(tokenizer: Tokenizer, features: pd.DataFrame) -> Tokens:
    """Return the padded tokens of each text. Shape (rows, length)."""
    encodings = tokenizer.encode_batch(features["text"].tolist())
    return np.array([encoding.ids for encoding in encodings], dtype=np.int64)


def tokenize_batches(tokenizer: Tokenizer, features: pd.DataFrame) -> Iterator[Tokens]:
    """Yield the tokens batch by batch: one long text pads its own batch only."""
    for start in range(0, len(features), BATCH_SIZE):
        yield tokenize(tokenizer, features.iloc[start : start + BATCH_SIZE])
