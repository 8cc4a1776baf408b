"""The models, from the simplest to the most complex, and their way to ONNX.

Each is two things in one file: a tokenizer, whose JSON stands in the metadata of the ONNX file, and a graph with one
input, `tokens`, int64 of shape (rows, length), and one output of probabilities, float32 of shape (rows, classes). What
is taken out of a text before training (names, code) the tokenizer takes out of a question. 0 fills up short rows.
"""

import importlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits
from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import WordLevel

from .data import ACCENTS, CODE_FORM, FINAL_SIGMA, QUOTED, Schema, Split, encode_target, names_pattern
from .mistakes import UserError
from .params import Train

# Every tokenizer begins with these: what fills up a row, a word it does not know, the start of a row.
SPECIAL = ("[PAD]", "[UNK]", "[CLS]")
PAD, UNKNOWN, START = range(3)
# The entry of an ONNX file's metadata that holds the tokenizer.
TOKENIZER = "tokenizer"
# Rows that ONNX Runtime is given at once: TF-IDF is a dense matrix there.
BATCH = 32
_OPSET, _IR = 18, 9

Tokens = NDArray[np.int64]


def fit(
    name: str,
    train: Split,
    schema: Schema,
    params: Train,
    checkpoint: Path | None = None,
    watch: Callable[[int, float], None] | None = None,
) -> Any:
    """The model called `name`, fitted to the training split.

    Args:
        name: one of `train.models` in `params.yaml`.
        train: the texts to learn from.
        schema: their classes.
        params: what each model may turn.
        checkpoint: where a training that takes long keeps its state, to go on after an interruption.
        watch: told the epoch and the held-out loss after each epoch, by a model that has epochs.

    Raises:
        ValueError: no model has that name.
    """
    if name == "baseline":
        return Baseline.fit(train, schema)
    if name == "shallow":
        return Shallow.fit(train, schema, params)
    if name == "deep" and params.deep:
        # Only a project that asked for a network has the module, and the libraries that it needs.
        return importlib.import_module(".deep", __package__).fit(train, schema, params, checkpoint, watch)
    raise UserError(f"no model is called {name!r}; see train.models in params.yaml")


def text_of_words(model: Any, train: Split, schema: Schema) -> Tokenizer:
    """A tokenizer around `model` that reads words as `data.words_of` does, without names and, if so said, code."""
    tokenizer = Tokenizer(model)
    code = [] if schema.code else [QUOTED, CODE_FORM]
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
    return tokenizer


def finish(tokenizer: Tokenizer, length: int | None = None) -> Tokenizer:
    """Let each row begin with a start token, and fill rows up: to `length`, or to the longest of a batch."""
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{SPECIAL[START]} $A", special_tokens=[(SPECIAL[START], START)]
    )
    if length:
        tokenizer.enable_truncation(length)
    tokenizer.enable_padding(pad_id=PAD, pad_token=SPECIAL[PAD], length=length)
    return tokenizer


def train_words(train: Split, schema: Schema, least_documents: int) -> Tokenizer:
    """A tokenizer that knows the words of `least_documents` training documents or more.

    The library's trainer would count how often a word occurs, also where all of it is in one document: a person's name,
    which must not be published with the model.
    """
    reader = text_of_words(WordLevel({}, unk_token=SPECIAL[UNKNOWN]), train, schema)
    documents: Counter[str] = Counter()
    for text in train.features["text"]:
        pieces = reader.pre_tokenizer.pre_tokenize_str(reader.normalizer.normalize_str(text))
        documents.update({word for word, _ in pieces})
    known = sorted(word for word, count in documents.items() if count >= least_documents)
    vocabulary = {word: number for number, word in enumerate([*SPECIAL, *known])}
    return finish(text_of_words(WordLevel(vocabulary, unk_token=SPECIAL[UNKNOWN]), train, schema))


def tokens_of(tokenizer: Tokenizer, features: pd.DataFrame) -> Tokens:
    """The numbers of the tokens of each text, filled up with 0. Shape (rows, length)."""
    return np.array([encoded.ids for encoded in tokenizer.encode_batch(features["text"].tolist())], dtype=np.int64)


def each_row(tokenizer: Tokenizer, features: pd.DataFrame) -> Iterator[Tokens]:
    """The tokens text by text: filled up to the longest of all, a single long one would cost the memory of all."""
    for start in range(0, len(features), BATCH):
        yield from tokens_of(tokenizer, features.iloc[start : start + BATCH])


@dataclass(frozen=True)
class Baseline:
    """The training data's class shares, whatever the text: what a majority vote does, with its doubt stated."""

    tokenizer: Tokenizer
    shares: NDArray[np.float32]

    @classmethod
    def fit(cls, train: Split, schema: Schema) -> "Baseline":
        """Count the classes."""
        target = encode_target(train.target, schema)
        shares = np.bincount(target, minlength=len(schema.classes)) / len(target)
        return cls(train_words(train, schema, least_documents=2), shares.astype(np.float32))

    def predict_proba(self, features: pd.DataFrame) -> NDArray[np.float64]:
        """Shape (rows, classes)."""
        shares = self.shares.astype(np.float64)
        return np.tile(shares / shares.sum(), (len(features), 1))

    def export_onnx(self) -> bytes:
        """One row of shares for each row of tokens."""
        from onnx import helper, numpy_helper

        constants: dict[str, NDArray[Any]] = {
            "shares": self.shares,
            "classes": np.array([len(self.shares)], dtype=np.int64),
        }
        nodes = [
            helper.make_node("Shape", ["tokens"], ["rows"], start=0, end=1),
            helper.make_node("Concat", ["rows", "classes"], ["shape"], axis=0),
            helper.make_node("Expand", ["shares", "shape"], ["answer"]),
        ]
        return _serialised(
            nodes,
            [numpy_helper.from_array(array, name) for name, array in constants.items()],
            len(self.shares),
            self.tokenizer,
        )


@dataclass(frozen=True)
class Shallow:
    """TF-IDF of words and runs of words, and logistic regression: scikit-learn trains, ONNX answers.

    Frequencies are damped, 1 + log(count), and rows have length one (Salton and Buckley, 1988).
    """

    tokenizer: Tokenizer
    vectorizer: TfidfVectorizer
    regression: LogisticRegression

    @classmethod
    def fit(cls, train: Split, schema: Schema, params: Train) -> "Shallow":
        """Learn the words, the weights of n-grams, and what they say of the classes."""
        turned = params.shallow
        tokenizer = train_words(train, schema, turned.least_documents)
        vectorizer = TfidfVectorizer(
            analyzer=NGrams(turned.ngrams),
            min_df=turned.least_documents,
            max_features=turned.most_ngrams,
            sublinear_tf=True,
        )
        regression = LogisticRegression(C=turned.C, max_iter=turned.max_iter, random_state=params.seed)
        # One thread: parallel sums differ in their last bit from run to run, and with it the model's hash.
        with threadpool_limits(limits=1):
            weighted = vectorizer.fit_transform(each_row(tokenizer, train.features))
            regression.fit(weighted, encode_target(train.target, schema))
        return cls(tokenizer, vectorizer, regression)

    def predict_proba(self, features: pd.DataFrame) -> NDArray[np.float64]:
        """Shape (rows, classes)."""
        weighted = self.vectorizer.transform(each_row(self.tokenizer, features))
        probabilities: NDArray[np.float64] = self.regression.predict_proba(weighted)
        return probabilities

    def export_onnx(self) -> bytes:
        """The same arithmetic as a graph: count n-grams, damp, weigh, bring to length one, softmax of a sum."""
        from onnx import helper, numpy_helper

        weights, bias = self.regression.coef_, self.regression.intercept_
        if len(bias) == 1:
            # Of two classes scikit-learn scores the second alone; the score of the first is 0.
            weights, bias = np.vstack([np.zeros_like(weights), weights]), np.append(0.0, bias)
        constants = {
            "one": np.array(1, dtype=np.float32),
            "idf": self.vectorizer.idf_.astype(np.float32),
            "weights": weights.astype(np.float32),
            "bias": bias.astype(np.float32),
        }
        nodes = [
            helper.make_node("TfIdfVectorizer", ["tokens"], ["counts"], **_pool(self.vectorizer.vocabulary_)),
            # log(max(count, 1)) + min(count, 1) is 1 + log(count), and 0 for what does not occur.
            helper.make_node("Max", ["counts", "one"], ["at_least_one"]),
            helper.make_node("Log", ["at_least_one"], ["logarithm"]),
            helper.make_node("Min", ["counts", "one"], ["occurs"]),
            helper.make_node("Add", ["logarithm", "occurs"], ["damped"]),
            helper.make_node("Mul", ["damped", "idf"], ["weighted"]),
            helper.make_node("LpNormalization", ["weighted"], ["normal"], axis=1, p=2),
            helper.make_node("Gemm", ["normal", "weights", "bias"], ["scores"], transB=1),
            helper.make_node("Softmax", ["scores"], ["answer"], axis=1),
        ]
        return _serialised(
            nodes,
            [numpy_helper.from_array(array, name) for name, array in constants.items()],
            len(bias),
            self.tokenizer,
        )


@dataclass(frozen=True)
class NGrams:
    """What scikit-learn counts: runs of up to `longest` tokens, none of them special."""

    longest: int

    def __call__(self, tokens: Tokens) -> list[tuple[int, ...]]:
        """Every run of a row, as often as it occurs; the row may be filled up."""
        row = tokens[tokens != PAD].tolist()
        runs = (
            tuple(row[start : start + size])
            for size in range(1, self.longest + 1)
            for start in range(len(row) - size + 1)
        )
        return [run for run in runs if min(run) >= len(SPECIAL)]


def _pool(vocabulary: dict[tuple[int, ...], int]) -> dict[str, Any]:
    """The n-grams as the ONNX operator wants them: all of one length, then all of the next, and the column of each."""
    longest = max(len(run) for run in vocabulary)
    ordered = sorted(vocabulary, key=lambda run: (len(run), run))
    sizes = [sum(len(run) for run in ordered if len(run) < size) for size in range(1, longest + 1)]
    return {
        "mode": "TF",
        "min_gram_length": 1,
        "max_gram_length": longest,
        "max_skip_count": 0,
        "ngram_counts": sizes,
        "ngram_indexes": [vocabulary[run] for run in ordered],
        "pool_int64s": [token for run in ordered for token in run],
    }


def _serialised(nodes: list[Any], constants: list[Any], classes: int, tokenizer: Tokenizer) -> bytes:
    from onnx import TensorProto, checker, helper

    tokens = helper.make_tensor_value_info("tokens", TensorProto.INT64, ["rows", "length"])
    answer = helper.make_tensor_value_info("answer", TensorProto.FLOAT, ["rows", classes])
    graph = helper.make_graph(nodes, "model", [tokens], [answer], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR)
    checker.check_model(model)
    return with_tokenizer(model.SerializeToString(), tokenizer)


def with_tokenizer(exported: bytes, tokenizer: Tokenizer) -> bytes:
    """The ONNX file with the tokenizer in its metadata; the same two give the same bytes."""
    import onnx

    model = onnx.load_from_string(exported)
    onnx.helper.set_model_props(model, {TOKENIZER: tokenizer.to_str()})
    return bytes(model.SerializeToString(deterministic=True))


def tokenizer_of(exported: bytes) -> Tokenizer:
    """The tokenizer in an exported model."""
    import onnx

    props = onnx.load_from_string(exported).metadata_props
    return Tokenizer.from_str(next(one.value for one in props if one.key == TOKENIZER))


def predict(model: Any, features: pd.DataFrame) -> NDArray[np.float64]:
    """Probabilities of shape (rows, classes)."""
    return np.asarray(model.predict_proba(features), dtype=np.float64)


def export_onnx(model: Any, schema: Schema) -> bytes:  # noqa: ARG001  # every domain is asked alike
    """The fitted model as ONNX: see the head of this module for its input and its output."""
    exported: bytes = model.export_onnx()
    return exported


def loaded(exported: bytes, schema: Schema) -> Callable[[pd.DataFrame], NDArray[np.float64]]:  # noqa: ARG001  # as above
    """The exported model, loaded once, as a function from features to answers; shaped like `predict`."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(exported, options, providers=["CPUExecutionProvider"])
    tokenizer = tokenizer_of(exported)

    def answer(features: pd.DataFrame) -> NDArray[np.float64]:
        parts = [features.iloc[start : start + BATCH] for start in range(0, len(features), BATCH)]
        answers = [session.run(None, {"tokens": tokens_of(tokenizer, part)})[0] for part in parts]
        probabilities = np.concatenate(answers).astype(np.float64)
        summed: NDArray[np.float64] = probabilities / probabilities.sum(axis=1, keepdims=True)  # to one, in float64 too
        return summed

    return answer


def predict_onnx(exported: bytes, features: pd.DataFrame, schema: Schema) -> NDArray[np.float64]:
    """What the exported model answers, as it will when it serves; shaped like `predict`."""
    return loaded(exported, schema)(features)


def export_difference(model: Any, exported: bytes, features: pd.DataFrame, schema: Schema) -> float:
    """The largest difference between the trained and the exported model's probabilities."""
    return float(np.abs(predict(model, features) - predict_onnx(exported, features, schema)).max())
