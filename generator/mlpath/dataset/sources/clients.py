"""Load the optional clients, which are extras of mlpath."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from mlpath.errors import MlpathError


def load(module: str, extra: str) -> Any:
    """Import a module of an optional client.

    Raises:
        MlpathError: It is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise MlpathError(
            f"this data needs the package {error.name}, which is not installed",
            hint=f"pip install 'mlpath[{extra}]'",
        ) from None
