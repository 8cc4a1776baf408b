"""The ONNX file of a model: a graph from `tokens`, int64 of shape (rows, length), to probabilities, and the tokenizer.

The output `probabilities` is float32 of shape (rows, classes); the tokenizer is JSON in the file's metadata.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, checker, helper, numpy_helper
from tokenizers import Tokenizer

from .special_tokens import TOKENIZER_KEY

_OPSET, _IR_VERSION = 18, 9


def build_onnx(
    nodes: Sequence[onnx.NodeProto], constants: Mapping[str, NDArray[Any]], classes: int, tokenizer: Tokenizer
) -> bytes:
    """Return the checked ONNX file of a graph whose last node computes `probabilities`."""
    tokens = helper.make_tensor_value_info("tokens", TensorProto.INT64, ["rows", "length"])
    probabilities = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["rows", classes])
    initializers = [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()]
    graph = helper.make_graph(nodes, "model", [tokens], [probabilities], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION)
    checker.check_model(model)
    return add_tokenizer(model.SerializeToString(), tokenizer)


def add_tokenizer(exported: bytes, tokenizer: Tokenizer) -> bytes:
    """Return the ONNX file with the tokenizer in its metadata; deterministic."""
    model = onnx.load_from_string(exported)
    helper.set_model_props(model, {TOKENIZER_KEY: tokenizer.to_str()})
    return bytes(model.SerializeToString(deterministic=True))


def read_tokenizer(exported: bytes) -> Tokenizer:
    """Return the tokenizer of an ONNX file."""
    metadata = {prop.key: prop.value for prop in onnx.load_from_string(exported).metadata_props}
    return Tokenizer.from_str(metadata[TOKENIZER_KEY])
