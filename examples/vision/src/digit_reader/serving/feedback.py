"""The table of feedback, in the database that `DATABASE_URL` names."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Column, DateTime, Integer, MetaData, String, Table, Text, select

from .database import Database, table_name

TABLE = Table(
    table_name("feedback"),
    MetaData(),
    Column("id", String(32), primary_key=True),
    Column("time", DateTime(timezone=True), nullable=False, index=True),
    Column("request_id", String(32)),
    Column("inputs", JSON(none_as_null=True)),
    Column("prediction", JSON, nullable=False),
    Column("correct", Boolean, nullable=False),
    Column("truth", JSON(none_as_null=True)),
    Column("remark", Text),
    Column("model", Text, nullable=False),
    Column("model_version", Integer),
    Column("model_sha256", String(64), nullable=False),
)


@dataclass(frozen=True)
class Entry:
    """Feedback on a prediction, as it is stored."""

    id: str
    time: datetime  # in UTC
    request_id: str | None  # of the prediction, if the feedback named it
    inputs: dict[str, Any] | None  # None for a text or an image without consent
    prediction: dict[str, Any]  # as the REST API returns it
    correct: bool
    truth: Any  # the right answer; None if it is not known
    remark: str | None
    model: str
    model_version: int | None  # in MLflow's registry
    model_sha256: str  # the beginning of it


def read_entries(url: str, since: datetime | None = None) -> Iterator[Entry]:
    """Yield the entries from a time on, the oldest first; raise a `DatabaseError` if the database can't be read."""
    query = select(TABLE).order_by(TABLE.c.time, TABLE.c.id)
    for row in Database(url, TABLE).select(query if since is None else query.where(TABLE.c.time >= since)):
        yield Entry(**row)
