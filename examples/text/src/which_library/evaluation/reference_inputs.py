"""What `monitor` compares with the texts of requests.

It is of the validation split: all words of the training split could be in the vocabulary.
"""

from collections.abc import Mapping

import pandas as pd

from ..data.description import describe_text
from ..data.schema import Schema
from ..data.splits import Split
from ..models.onnx_file import read_tokenizer


def reference_inputs(exported: bytes, splits: Mapping[str, Split], _schema: Schema) -> pd.DataFrame:
    """Return the description of each text."""
    texts = splits["validation"].features["text"].tolist()
    tokenizer = read_tokenizer(exported)
    return pd.DataFrame([describe_text(text, tokenizer.encode(text).ids) for text in texts])
