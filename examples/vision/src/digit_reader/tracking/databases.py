"""Databases by address: PostgreSQL, and others that SQLAlchemy knows."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from ..errors import UserError

EXAMPLE = "postgresql://USER:PASSWORD@HOST/DATABASE"


def parse_url(address: str) -> sa.URL:
    """Return the URL of a database; PostgreSQL's, also as some hosts write it, gets the driver psycopg 3.

    Raises:
        UserError: it is no such URL.
    """
    try:
        url = sa.make_url(address)
    except ArgumentError as error:
        raise UserError(f"not the address of a database; use one such as {EXAMPLE}") from error
    return url.set(drivername="postgresql+psycopg") if url.drivername in ("postgres", "postgresql") else url


@contextmanager
def database_errors(url: sa.URL, hint: str = "") -> Iterator[None]:
    """Turn the errors of a database into a `UserError` of one line without the password, which ends with `hint`."""
    name = url.render_as_string(hide_password=True)
    try:
        yield
    except NoSuchModuleError as error:
        raise UserError(f"{name} is not the address of a known database; use one such as {EXAMPLE}") from error
    except ImportError as error:
        driver, fix = url.get_backend_name(), "uv sync --group server"
        if driver != "postgresql":
            fix = f"install the module {error.name}, or use PostgreSQL"
        raise UserError(f"no driver for {driver} is installed: {fix}") from error
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        fix = "Check that it runs, and the user, the password and the name in its address."
        raise UserError(f"database {name}: {reason}. {fix} {hint}".rstrip()) from error
