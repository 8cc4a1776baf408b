"""The table of feedback, in the database that `DATABASE_URL` names."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
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
    """What somebody said about a prediction.

    Attributes:
        id: of the entry.
        time: in UTC.
        request_id: of the prediction, if it was made by the REST API.
        inputs: of the prediction; None for a text or an image without consent.
        prediction: as the REST API returns it.
        correct: whether it is right.
        truth: the right answer; None if it is not known.
        remark: free text; None without consent.
        model: the name of the model.
        model_version: its version in MLflow's registry.
        model_sha256: the beginning of its SHA-256.
    """

    id: str
    time: datetime
    request_id: str | None
    inputs: dict[str, Any] | None
    prediction: dict[str, Any]
    correct: bool
    truth: Any
    remark: str | None
    model: str
    model_version: int | None
    model_sha256: str


class FeedbackStore:
    """The table of feedback in a database.

    Raises:
        DatabaseError: the address is invalid, or the database's driver is not installed.
    """

    def __init__(self, url: str) -> None:
        self._database = Database(url, TABLE)

    def add(self, entry: Entry) -> None:
        """Store an entry.

        Raises:
            DatabaseError: the database is down, locked, too slow or read-only.
        """
        self._database.insert([asdict(entry)])

    def entries(self, since: datetime | None = None) -> Iterator[Entry]:
        """Yield the entries from a time on, the oldest first.

        Raises:
            DatabaseError: the database can't be read.
        """
        query = select(TABLE).order_by(TABLE.c.time, TABLE.c.id)
        for row in self._database.select(query if since is None else query.where(TABLE.c.time >= since)):
            yield Entry(**row)
