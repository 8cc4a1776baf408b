"""From the raw table to the documents that models read: cleaned, without near-duplicates."""

import pandas as pd

from ..errors import DataError
from .cleaning import clean_text, find_names, remove_names, words_of
from .duplicates import drop_repeated_sentences, near_duplicate_groups
from .params import Prepare
from .schema import Schema

# Each split needs a text of each class.
MIN_TEXTS_PER_CLASS = 3


def build_documents(table: pd.DataFrame, schema: Schema, params: Prepare) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the documents (columns label, text, group and, if any, version) and the names removed from them.

    Empty and short texts are left out, and all but the first of a group of near-duplicates.

    Raises:
        DataError: too few texts of a class remain.
    """
    texts = [clean_text(text, schema) for text in table[schema.text_column].fillna("")]
    names = find_names(table, texts, schema)
    texts = [remove_names(text, frozenset(names)).strip() for text in texts]
    labels = table[schema.target_column]
    if params.min_sentence_words:
        texts = drop_repeated_sentences(texts, labels.tolist(), schema, params.min_sentence_words)
    documents = pd.DataFrame({"label": labels.astype(object), "text": texts}, index=table.index)
    # A text without a group is a group of its own.
    own_group = pd.Series([f"text {row}" for row in range(len(table))], index=table.index)
    documents["group"] = table[schema.group].fillna(own_group) if schema.group else own_group
    if schema.version:
        documents["version"] = table[schema.version]
    documents = documents[documents["text"].map(lambda text: len(words_of(text, schema))) >= params.min_words]
    _check_class_sizes(documents["label"], schema)
    is_duplicate = pd.Series(near_duplicate_groups(documents["text"], schema, params)).duplicated().to_numpy()
    _check_class_sizes(documents.loc[~is_duplicate, "label"], schema)
    short = len(table) - len(documents)
    print(f"{len(table)} texts; left out: {short} empty or short, {is_duplicate.sum()} near-duplicates")
    return documents[~is_duplicate].reset_index(drop=True), names


def _check_class_sizes(labels: pd.Series, schema: Schema) -> None:
    counts = labels.value_counts().reindex(schema.classes, fill_value=0)
    if few := [f"{name!r} ({count})" for name, count in counts.items() if count < MIN_TEXTS_PER_CLASS]:
        raise DataError(
            f"without empty texts and near-duplicates, too few texts remain of {', '.join(few)}; each class needs "
            f"at least {MIN_TEXTS_PER_CLASS}: add texts, or list the class under `too_rare` in schema.yaml"
        )
