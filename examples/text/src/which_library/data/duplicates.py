"""Repeated sentences and near-duplicate texts, which would leak from training into the test split."""

import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from .cleaning import classes_by_key, words_of
from .params import Prepare
from .schema import Schema

Indices = NDArray[np.int64]

_END = (".", "!", "?", ":")
_SENTENCE = re.compile(r"(?<=[.!?:])\s+|\n\s*\n")
# Texts that are compared with all others at once, and pairs that are counted at once: both bound the memory.
_BLOCK, _PAIRS = 2_000, 200_000


def drop_repeated_sentences(texts: Sequence[str], labels: Sequence[str], schema: Schema, min_words: int) -> list[str]:
    """Keep each sentence of at least `min_words` words in its first text only, or in none if two classes use it.

    Documentation repeats itself ("Pass an int for reproducible output"); a model would recognize such a sentence.
    """
    documents = [_split_sentences(text, schema) for text in texts]
    classes = classes_by_key(([key for key, _ in sentences] for sentences in documents), labels)
    long = {key for key in classes if len(key.split()) >= min_words}
    excluded = {"", *(key for key in long if len(classes[key]) > 1)}
    return [" ".join(_unique_sentences(sentences, long, excluded)) for sentences in documents]


def _unique_sentences(sentences: list[tuple[str, str]], long: set[str], excluded: set[str]) -> Iterator[str]:
    for key, sentence in sentences:
        if key not in excluded:
            yield sentence
            excluded.update({key} & long)


def _split_sentences(text: str, schema: Schema) -> list[tuple[str, str]]:
    lines = [" ".join(sentence.split()) for sentence in _SENTENCE.split(text)]
    return [(" ".join(words_of(line, schema)), line if line.endswith(_END) else f"{line}.") for line in lines]


def near_duplicate_groups(texts: Iterable[str], schema: Schema, params: Prepare) -> Indices:
    """Return the group number of each text; near-duplicates share one, directly or through others. Shape (texts,).

    Near-duplicates have a Jaccard similarity of their shingle sets (Broder, 1997) of at least
    `params.similarity_threshold`.
    """
    unique, inverse = np.unique([" ".join(words_of(text, schema)) for text in texts], return_inverse=True)
    shingles = _shingle_matrix(unique.tolist(), params.shingle_size)
    pairs = [np.empty((2, 0), np.int64), *_similar_pairs(shingles, params.similarity_threshold)]
    left, right = np.concatenate(pairs, axis=1)
    graph = coo_array((np.ones(len(left)), (left, right)), shape=(len(unique), len(unique)))
    groups: Indices = connected_components(graph, directed=False)[1][inverse].astype(np.int64)
    return groups


def _shingle_matrix(texts: Sequence[str], size: int) -> csr_array:
    from sklearn.feature_extraction.text import CountVectorizer

    def shingles(text: str) -> list[str]:
        words = text.split()
        return [" ".join(words[start : start + size]) for start in range(max(1, len(words) - size + 1))]

    return csr_array(CountVectorizer(analyzer=shingles, binary=True).fit_transform(texts))


def _similar_pairs(shingles: csr_array, threshold: float) -> Iterator[Indices]:
    """Yield similar pairs of rows, each of shape (2, pairs).

    Two similar sets share one of their rarest shingles (prefix filtering: Bayardo et al., 2007), so only those pairs
    are counted.
    """
    sizes = np.diff(shingles.indptr)
    prefixes = _rarest_shingles(shingles, threshold)
    for start in range(0, len(sizes), _BLOCK):
        left, right = (prefixes[start : start + _BLOCK] @ prefixes.T).tocoo().coords
        left = left + start
        left, right = left[left < right], right[left < right]
        for first in range(0, len(left), _PAIRS):
            one, other = left[first : first + _PAIRS], right[first : first + _PAIRS]
            common = np.asarray(shingles[one].multiply(shingles[other]).sum(axis=1)).ravel()
            similar = common >= threshold * (sizes[one] + sizes[other] - common)
            yield np.stack([one[similar], other[similar]]).astype(np.int64)


def _rarest_shingles(shingles: csr_array, threshold: float) -> csr_array:
    """Return the matrix with only the rarest shingles of each row: all but one fewer than similar rows must share."""
    sizes = np.diff(shingles.indptr)
    row = np.repeat(np.arange(len(sizes)), sizes)
    by_rarity = np.lexsort((shingles.indices, np.bincount(shingles.indices)[shingles.indices], row))
    rank = np.arange(len(row)) - shingles.indptr[row]
    min_common = np.ceil(threshold * sizes - 1e-9).astype(int)
    chosen = rank <= (sizes - min_common)[row]
    columns = shingles.indices[by_rarity][chosen]
    return csr_array((np.ones(len(columns), np.int32), (row[chosen], columns)), shape=shingles.shape)
