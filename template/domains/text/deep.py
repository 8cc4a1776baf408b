"""The deep model: a small transformer encoder (Vaswani and others, 2017), trained here from nothing, in PyTorch.

Whether it serves is decided by the rule in `metrics.choose_champion`; on a few thousand texts counting words may win.
"""

import math
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer
from torch import Tensor, nn
from torch.nn import functional

from .data import Schema, Split, encode_target
from .fitting import Inputs, Recipe, Rows, Watch, export_onnx, facts_of, fit_network, gpu, seeded
from .models import PAD, SPECIAL, START, UNKNOWN, finish, text_of_words, tokens_of, with_tokenizer
from .params import Deep, Train


def train_pieces(train: Split, schema: Schema, turned: Deep) -> Tokenizer:
    """A tokenizer that puts words together from frequent pieces: byte-pair encoding (Sennrich and others, 2016)."""
    tokenizer = text_of_words(BPE(unk_token=SPECIAL[UNKNOWN]), train, schema)
    # No prefix for pieces within a word: with one, the trainer numbers them in an order that differs from run to run.
    trainer = BpeTrainer(
        vocab_size=turned.vocabulary, min_frequency=2, special_tokens=list(SPECIAL), show_progress=False
    )
    tokenizer.train_from_iterator(train.features["text"], trainer)
    return finish(tokenizer, turned.length)


class Block(nn.Module):
    """Attention between the tokens of a row, then a layer for each token alone; both normalised before, added after."""

    def __init__(self, turned: Deep) -> None:
        super().__init__()
        self.heads = turned.heads
        self.before_attention, self.before_layer = nn.LayerNorm(turned.width), nn.LayerNorm(turned.width)
        self.project_in, self.project_out = (
            nn.Linear(turned.width, 3 * turned.width),
            nn.Linear(turned.width, turned.width),
        )
        self.layer = nn.Sequential(
            nn.Linear(turned.width, 4 * turned.width), nn.GELU(), nn.Linear(4 * turned.width, turned.width)
        )
        self.dropout = nn.Dropout(turned.dropout)

    def forward(self, states: Tensor, words: Tensor) -> Tensor:
        """States of shape (rows, length, width); `words` of shape (rows, length) is false for what is to be ignored."""
        states = states + self.dropout(self.attend(self.before_attention(states), words))
        changed: Tensor = states + self.dropout(self.layer(self.before_layer(states)))
        return changed

    def attend(self, states: Tensor, words: Tensor) -> Tensor:
        """Each token's mixture of what the others hold; heads share the width between them."""
        rows, length, width = states.shape
        parts = self.project_in(states).reshape(rows, length, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=words[:, None, None, :])
        answer: Tensor = self.project_out(mixed.transpose(1, 2).reshape(rows, length, width))
        return answer


class Network(nn.Module):
    """Tokens, int64 of shape (rows, length), to scores of shape (rows, classes)."""

    def __init__(self, vocabulary: int, classes: int, turned: Deep) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, turned.width)
        self.places = nn.Parameter(torch.zeros(turned.length, turned.width))
        nn.init.normal_(self.tokens.weight, std=0.1)
        self.dropout = nn.Dropout(turned.dropout)
        self.blocks = nn.ModuleList(Block(turned) for _ in range(turned.layers))
        self.norm = nn.LayerNorm(turned.width)
        self.scores = nn.Linear(turned.width, classes)
        # A network that knows nothing yet says so: every class alike.
        nn.init.normal_(self.scores.weight, std=1e-3)
        nn.init.zeros_(self.scores.bias)

    def forward(self, tokens: Tensor) -> Tensor:
        """Rows are filled up with 0, which nothing attends to; the answer is read from the mean over the rest."""
        words = tokens != PAD
        states = self.dropout(self.tokens(tokens) + self.places)
        for block in self.blocks:
            states = block(states, words)
        weight = words[:, :, None].float()
        mean = (self.norm(states) * weight).sum(dim=1) / weight.sum(dim=1)
        scores: Tensor = self.scores(self.dropout(mean))
        return scores


class Model:
    """A trained network with the methods of a scikit-learn model, and what its training has to tell."""

    def __init__(
        self, network: Network, tokenizer: Tokenizer, history: list[dict[str, float]], expected: float
    ) -> None:
        self.network, self.tokenizer, self.history = network, tokenizer, history
        self.facts = facts_of(network, history, expected)
        self.gpu = gpu()

    @torch.no_grad()
    def predict_proba(self, features: pd.DataFrame) -> NDArray[np.float64]:
        """Shape (rows, classes)."""
        tokens = torch.tensor(tokens_of(self.tokenizer, features))
        parts = [tokens[start : start + 256] for start in range(0, len(tokens), 256)]
        scores = torch.cat([self.network.eval()(part) for part in parts])
        probabilities: NDArray[np.float64] = scores.double().softmax(dim=1).numpy()
        return probabilities

    def export_onnx(self) -> bytes:
        """The network and its tokenizer in one file, as every champion of this project."""
        example = torch.tensor(tokens_of(self.tokenizer, pd.DataFrame({"text": ["a question", "another"]})))
        served = nn.Sequential(self.network, nn.Softmax(dim=1))
        return with_tokenizer(export_onnx(served, (example,), ["tokens"]), self.tokenizer)


def fit(
    train: Split, schema: Schema, params: Train, checkpoint: Path | None = None, watch: Watch | None = None
) -> Model:
    """Train on most of the training texts, stop by the others.

    Raises:
        ValueError: `params.yaml` says nothing of the network.
    """
    turned = params.deep
    if turned is None:
        raise ValueError("train.deep is missing from params.yaml")
    tokenizer = train_pieces(train, schema, turned)
    tokens = torch.tensor(tokens_of(tokenizer, train.features))
    target = torch.tensor(encode_target(train.target, schema))
    seeded(params.seed)
    network = Network(tokenizer.get_vocab_size(), len(schema.classes), turned)
    rows = Rows((tokens,), target)
    held_out = torch.tensor(hold_out_groups(train.features["group"], turned.check_share, params.seed))
    recipe = Recipe(
        turned.epochs, turned.batch_size, turned.learning_rate, turned.weight_decay, turned.patience, params.seed
    )
    history = fit_network(
        network,
        rows.at(~held_out),
        rows.at(held_out),
        nn.CrossEntropyLoss(),
        recipe,
        checkpoint=checkpoint,
        watch=watch,
        augment=WordDropout(turned.word_dropout),
        settings=asdict(turned),
    )
    # A network that knows nothing says "every class alike": a loss of ln(classes).
    return Model(network, tokenizer, history, math.log(len(schema.classes)))


def hold_out_groups(groups: pd.Series, share: float, seed: int) -> NDArray[np.bool_]:
    """Which training texts only say when to stop: whole groups, drawn at random, as many as fit. Shape (texts,).

    Texts of one group are alike: held out one by one, they would be known by their neighbours, and the network would
    learn for too long. Where one group is all there is, there is no other way.
    """
    if len(set(groups)) == 1:
        groups = pd.Series(range(len(groups)))
    sizes = groups.value_counts().sort_index().sample(frac=1, random_state=seed)
    room, chosen = share * len(groups), []
    for group, size in sizes.items():
        if size <= room:
            chosen.append(group)
            room -= size
    return groups.isin(chosen or [sizes.idxmin()]).to_numpy(dtype=np.bool_)


class WordDropout:
    """Blots out some of the tokens of each batch: a network that may lean on no single word reads them all."""

    def __init__(self, share: float) -> None:
        self.share = share

    def __call__(self, inputs: Inputs, generator: torch.Generator) -> Inputs:
        """The same rows with tokens filled over; the start token stays, so that no row is empty."""
        (tokens,) = inputs
        dropped = torch.rand(tokens.shape, generator=generator).to(tokens.device) < self.share
        return (tokens.masked_fill(dropped & (tokens != START), PAD),)
