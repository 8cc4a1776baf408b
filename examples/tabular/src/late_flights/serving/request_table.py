"""The table of the request log, in the database that `DATABASE_URL` names."""

from sqlalchemy import JSON, Column, DateTime, Float, Integer, MetaData, String, Table, Text

from .database import table_name

# One row per predicted row of a request, or per request that got no prediction.
TABLE = Table(
    table_name("requests"),
    MetaData(),
    Column("id", String(32), primary_key=True),
    Column("time", DateTime(timezone=True), nullable=False, index=True),
    Column("request_id", String(32), nullable=False),
    Column("source", String(8), nullable=False),  # api or page
    Column("status", Integer, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("share", Float, nullable=False),  # of the requests that are logged
    Column("inputs", JSON(none_as_null=True)),
    Column("prediction", JSON(none_as_null=True)),
    Column("problems", JSON(none_as_null=True)),  # the names of the invalid inputs
    Column("model", Text, nullable=False),
    Column("model_version", Integer),
    Column("model_sha256", String(64), nullable=False),
)
