"""A column of the raw file that is not used."""

from pydantic.dataclasses import dataclass

from ..config import LAX


@dataclass(frozen=True, config=LAX)
class ExcludedColumn:
    """A column that no model gets, and the reason."""

    column: str
    reason: str
