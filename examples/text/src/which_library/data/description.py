"""Numbers that describe a text, for the request log, which has no texts. Standard library only."""

from collections.abc import Sequence

from ..models.special_tokens import PAD, START, UNKNOWN


def describe_text(text: str, tokens: Sequence[int]) -> dict[str, float]:
    """Return the number of characters and tokens, and the share of the tokens that are unknown to the model."""
    words = [token for token in tokens if token not in (PAD, START)]
    unknown = words.count(UNKNOWN) / max(len(words), 1)
    return {"characters": float(len(text)), "tokens": float(len(words)), "unknown_share": round(unknown, 6)}
