"""A small transformer encoder (Vaswani et al., 2017) on byte-pair tokens, trained from scratch in PyTorch."""

import math
from typing import Annotated

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass
from tokenizers import Tokenizer
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer
from torch import Tensor, nn
from torch.nn import functional

from ..config import STRICT
from ..data.schema import Schema
from ..data.splits import Split, encode_target
from .base import TrainingContext, TrainingLog
from .network import Batch, Inputs, NetworkParams, TrainingSetup, export_onnx, seed_torch, train_network, training_log
from .onnx_file import add_tokenizer
from .special_tokens import PAD, SPECIAL_TOKENS, START, UNKNOWN
from .tokenizer import build_tokenizer, tokenize


@dataclass(frozen=True, config=STRICT)
class Params(NetworkParams):
    """The tokenizer, the architecture (names of `nn.TransformerEncoderLayer`), and the training."""

    vocab_size: Annotated[int, Field(ge=100)]
    max_length: Annotated[int, Field(gt=1)]
    d_model: Annotated[int, Field(gt=0)]
    num_layers: Annotated[int, Field(gt=0)]
    nhead: Annotated[int, Field(gt=0)]
    dropout: Annotated[float, Field(ge=0, lt=1)]
    word_dropout: Annotated[float, Field(ge=0, lt=1)]
    validation_fraction: Annotated[float, Field(gt=0, lt=0.5)]

    def __post_init__(self) -> None:
        if self.d_model % self.nhead:
            raise ValueError(f"d_model ({self.d_model}) must be divisible by nhead ({self.nhead})")


class EncoderLayer(nn.Module):
    """Pre-norm self-attention and feed-forward network with residual connections.

    `nn.TransformerEncoderLayer` has a fast path at inference that the ONNX exporter can't export.
    """

    def __init__(self, params: Params) -> None:
        super().__init__()
        d_model = params.d_model
        self.nhead = params.nhead
        self.attention_norm, self.feed_forward_norm = nn.LayerNorm(d_model), nn.LayerNorm(d_model)
        self.qkv, self.output = nn.Linear(d_model, 3 * d_model), nn.Linear(d_model, d_model)
        self.feed_forward = nn.Sequential(nn.Linear(d_model, 4 * d_model), nn.GELU(), nn.Linear(4 * d_model, d_model))
        self.dropout = nn.Dropout(params.dropout)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """States have shape (rows, length, d_model); `mask`, shape (rows, length), is false for padding."""
        states = states + self.dropout(self.attention(self.attention_norm(states), mask))
        output: Tensor = states + self.dropout(self.feed_forward(self.feed_forward_norm(states)))
        return output

    def attention(self, states: Tensor, mask: Tensor) -> Tensor:
        """Multi-head self-attention over the tokens that are not padding."""
        rows, length, d_model = states.shape
        qkv = self.qkv(states).reshape(rows, length, 3, self.nhead, d_model // self.nhead)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        attended = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask[:, None, None, :])
        output: Tensor = self.output(attended.transpose(1, 2).reshape(rows, length, d_model))
        return output


class TransformerClassifier(nn.Module):
    """From tokens, int64 of shape (rows, length), to logits of shape (rows, classes)."""

    def __init__(self, vocab_size: int, classes: int, params: Params) -> None:
        super().__init__()
        self.token_embedding = nn.Embedding(vocab_size, params.d_model)
        self.position_embedding = nn.Parameter(torch.zeros(params.max_length, params.d_model))
        nn.init.normal_(self.token_embedding.weight, std=0.1)
        self.dropout = nn.Dropout(params.dropout)
        self.layers = nn.ModuleList(EncoderLayer(params) for _ in range(params.num_layers))
        self.norm = nn.LayerNorm(params.d_model)
        self.head = nn.Linear(params.d_model, classes)
        # Equal probabilities before training: the initial loss is ln(classes).
        nn.init.normal_(self.head.weight, std=1e-3)
        nn.init.zeros_(self.head.bias)

    def forward(self, tokens: Tensor) -> Tensor:
        """Classify the mean of the final states over the tokens that are not padding."""
        mask = tokens != PAD
        states = self.dropout(self.token_embedding(tokens) + self.position_embedding)
        for layer in self.layers:
            states = layer(states, mask)
        weights = mask[:, :, None].float()
        mean = (self.norm(states) * weights).sum(dim=1) / weights.sum(dim=1)
        logits: Tensor = self.head(self.dropout(mean))
        return logits


class TransformerModel:
    """A trained network and its tokenizer."""

    def __init__(self, network: TransformerClassifier, tokenizer: Tokenizer, log: TrainingLog) -> None:
        self.network, self.tokenizer, self.log = network, tokenizer, log

    @torch.no_grad()
    def predict(self, features: pd.DataFrame) -> NDArray[np.float64]:
        """Return probabilities of shape (rows, classes)."""
        tokens = torch.tensor(tokenize(self.tokenizer, features))
        logits = torch.cat([self.network.eval()(batch) for batch in torch.split(tokens, 256)])
        probabilities: NDArray[np.float64] = logits.double().softmax(dim=1).numpy()
        return probabilities

    def export_onnx(self) -> bytes:
        """Export the network with a softmax, and the tokenizer."""
        example = torch.tensor(tokenize(self.tokenizer, pd.DataFrame({"text": ["an example", "another"]})))
        network = nn.Sequential(self.network, nn.Softmax(dim=1))
        return add_tokenizer(export_onnx(network, (example,), ["tokens"], "probabilities"), self.tokenizer)


def fit(train: Split, schema: Schema, params: Params, context: TrainingContext) -> TransformerModel:
    """Train on most of the training texts; early stopping uses the others."""
    tokenizer = bpe_tokenizer(train, schema, params)
    tokens = torch.tensor(tokenize(tokenizer, train.features))
    rows = Batch((tokens,), torch.tensor(encode_target(train.target, schema)))
    seed_torch(context.seed)
    network = TransformerClassifier(tokenizer.get_vocab_size(), len(schema.classes), params)
    held_out = torch.tensor(hold_out_groups(train.features["group"], params.validation_fraction, context.seed))
    setup = TrainingSetup(params, nn.CrossEntropyLoss(), augment=WordDropout(params.word_dropout))
    history = train_network(network, rows.select(~held_out), rows.select(held_out), setup, context)
    log = training_log(network, history, expected_initial_loss=math.log(len(schema.classes)))
    return TransformerModel(network, tokenizer, log)


def bpe_tokenizer(train: Split, schema: Schema, params: Params) -> Tokenizer:
    """Train a byte-pair encoding (Sennrich et al., 2016); rows are padded and truncated to `max_length`."""
    model = BPE(unk_token=SPECIAL_TOKENS[UNKNOWN])
    tokenizer = build_tokenizer(model, train, schema)
    tokenizer.enable_truncation(params.max_length)
    tokenizer.enable_padding(pad_id=PAD, pad_token=SPECIAL_TOKENS[PAD], length=params.max_length)
    # Without `continuing_subword_prefix`: with one, the order of tokens differs from run to run.
    trainer = BpeTrainer(
        vocab_size=params.vocab_size, min_frequency=2, special_tokens=list(SPECIAL_TOKENS), show_progress=False
    )
    tokenizer.train_from_iterator(train.features["text"], trainer)
    return tokenizer


def hold_out_groups(groups: pd.Series, fraction: float, seed: int) -> NDArray[np.bool_]:
    """Return which training texts to hold out for early stopping: whole groups, drawn at random. Shape (texts,).

    Texts of one group are similar, so held-out texts of a training group would underestimate overfitting. If there is
    a single group, texts are drawn one by one.
    """
    if len(set(groups)) == 1:
        groups = pd.Series(range(len(groups)))
    sizes = groups.value_counts().sort_index().sample(frac=1, random_state=seed)
    capacity, chosen = fraction * len(groups), []
    for group, size in sizes.items():
        if size <= capacity:
            chosen.append(group)
            capacity -= size
    return groups.isin(chosen or [sizes.idxmin()]).to_numpy(dtype=np.bool_)


class WordDropout:
    """Replaces random tokens of each batch by padding, so that the network relies on no single word."""

    def __init__(self, probability: float) -> None:
        self.probability = probability

    def __call__(self, inputs: Inputs, generator: torch.Generator) -> Inputs:
        """Return the masked tokens; the start token stays, so that no row is empty."""
        (tokens,) = inputs
        dropped = torch.rand(tokens.shape, generator=generator).to(tokens.device) < self.probability
        return (tokens.masked_fill(dropped & (tokens != START), PAD),)
