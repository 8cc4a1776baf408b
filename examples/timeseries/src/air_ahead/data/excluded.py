"""A column of the raw file that is not used."""

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class ExcludedColumn:
    """A column that no model gets, and the reason."""

    column: str
    reason: str
