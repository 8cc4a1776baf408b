"""Data by address: hubs, object stores and databases, with the real clients and local servers."""

import json
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from conftest import mlpath
from mlpath.dataset.sources import DownloadOptions, fetch, objects, openml
from support import postgres as postgresql
from support.data_server import DataServer, Reply, Request
from support.sources import CSV, PAGE, ROWS, TAG, check_refused, provenance_of

# --------------------------------------------------------------------------------------------- hubs

CARD = {"license": ["mit", "cc-by-4.0"]}
CITATION = (
    "@article{a,\n title={Dew and {Rain}},\n author = {Lovelace, A.},\n year=1843, doi={10.1/x}}"
)


def hub_reply(info: dict[str, object], files: dict[str, bytes]) -> dict[str, Reply]:
    """The hub's API of one data set, as far as its client uses it."""
    siblings = [{"rfilename": name, "size": len(content)} for name, content in files.items()]
    described = {"id": "ada/dew", "sha": "a1b2", "siblings": siblings, **info}
    api = Reply(json.dumps(described).encode(), {"Content-Type": "application/json"})
    tree = [
        {"type": "file", "path": name, "size": len(content), "oid": "c3"}
        for name, content in files.items()
    ]
    paths = ("", "/revision/v1", "/revision/a1b2")
    replies = {f"/api/datasets/ada/dew{path}": api for path in paths}
    replies["/api/datasets/ada/dew/tree/a1b2"] = Reply(json.dumps(tree).encode())
    headers = {"X-Repo-Commit": "a1b2", "ETag": TAG}
    return replies | {
        f"/datasets/ada/dew/resolve/a1b2/{name}": Reply(content, headers)
        for name, content in files.items()
    }


@pytest.fixture
def hub(server: DataServer, monkeypatch: pytest.MonkeyPatch) -> DataServer:
    """A stand-in of the Hugging Face hub with one data set."""
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "ENDPOINT", server.url)
    template = server.url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    server.replies |= hub_reply(
        {"cardData": CARD, "citation": CITATION}, {"README.md": b"# Dew", "data/dew.csv": CSV}
    )
    return server


@pytest.mark.usefixtures("hub")
def test_a_file_of_the_hub() -> None:
    fetched = fetch("hf://datasets/ada/dew/data/dew.csv@v1")
    assert (fetched.path.name, fetched.path.read_bytes()) == ("dew.csv", CSV)
    provenance = provenance_of(fetched)
    assert provenance.origin() == "hf://datasets/ada/dew/data/dew.csv@v1 (revision a1b2)"
    assert provenance.license_answer() == "mit, cc-by-4.0"
    assert provenance.citation_text() == "Lovelace, A. (1843). Dew and Rain. https://doi.org/10.1/x"
    assert provenance.newer_url().endswith("/datasets/ada/dew/resolve/v1/data/dew.csv")
    assert not fetched.path.is_symlink()


@pytest.mark.usefixtures("hub")
@pytest.mark.parametrize("text", ["hf://datasets/ada/dew", "hf://datasets/ada/dew@v1"])
def test_the_only_table_of_the_hub(text: str) -> None:
    assert fetch(text).path.read_bytes() == CSV


def test_images_of_the_hub(hub: DataServer) -> None:
    files = {f"train/{kind}/{n}.png": b"x" for kind in ("cat", "dog") for n in range(2)}
    hub.replies |= hub_reply({}, {"README.md": b"# Dew", **files})
    folder = fetch("hf://datasets/ada/dew").path
    assert folder.name == "dew"
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*.*g")} == set(files)


@pytest.mark.parametrize(
    ("source", "reply", "message", "hint"),
    [
        ("hf://ada/dew", None, "is not the address of a data set", "hf://datasets/OWNER/NAME"),
        ("hf://datasets/ada/dew/x.csv", None, "no such file in the data set", "data/dew.csv"),
        (
            "hf://datasets/ada/rain",
            Reply(status=404, headers={"X-Error-Code": "RepoNotFound"}),
            "there is no such data set, or it is private", "hf auth login",
        ),
        (
            "hf://datasets/ada/rain@v9",
            Reply(status=404, headers={"X-Error-Code": "RevisionNotFound"}),
            "has no revision 'v9'", "/tree/main",
        ),
        (
            "hf://datasets/ada/rain",
            Reply(status=403, headers={"X-Error-Code": "GatedRepo"}),
            "is gated", "https://huggingface.co/datasets/ada/rain, then log in",
        ),
        ("hf://datasets/ada/rain", Reply(status=500), "answers with status 500", "Try later"),
        ("hf://datasets/ada/..", None, "is not a valid name", "OWNER/NAME"),
    ],
)  # fmt: skip
def test_a_failure_of_the_hub_is_explained(
    hub: DataServer, source: str, reply: Reply | None, message: str, hint: str
) -> None:
    if reply:
        hub.replies["/api/datasets/ada/rain"] = reply
        hub.replies["/api/datasets/ada/rain/revision/v9"] = reply
    check_refused(source, message, hint)


def test_a_gated_file_of_the_hub_is_refused(hub: DataServer) -> None:
    denied = Reply(status=403, headers={"X-Error-Code": "GatedRepo"})
    hub.replies["/datasets/ada/dew/resolve/a1b2/data/dew.csv"] = denied
    check_refused("hf://datasets/ada/dew", "is gated", "datasets/ada/dew, then log in: hf auth")


def test_several_tables_and_large_files_of_the_hub_are_refused(hub: DataServer) -> None:
    hub.replies |= hub_reply({}, {"train.csv": CSV, "test.csv": CSV})
    source = "hf://datasets/ada/dew"
    check_refused(source, "has 2 tables: test.csv, train.csv", f"Name one: {source}/test.csv")
    check_refused(f"{source}/test.csv", "more than the limit", "--max", DownloadOptions(10))


@pytest.mark.usefixtures("hub")
def test_the_hub_can_be_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    check_refused("hf://datasets/ada/dew", "the hub can't be reached", "HF_ENDPOINT")


@pytest.fixture
def open_ml(server: DataServer, monkeypatch: pytest.MonkeyPatch) -> DataServer:
    """A stand-in of OpenML with one data set."""
    monkeypatch.setattr(openml, "SERVER", server.url)
    described = {
        "name": "dew", "version": "2", "licence": "Public", "citation": ["Lovelace", "1843"],
        "default_target_attribute": "sold", "parquet_url": f"{server.url}/0001/dataset_7.pq",
    }  # fmt: skip
    server.replies |= {
        "/api/v1/json/data/7": Reply(json.dumps({"data_set_description": described}).encode()),
        "/api/v1/json/data/8": Reply(b'{"error": {"code": "111"}}', status=412),
        "/api/v1/json/data/9": Reply(b'{"data_set_description": {"name": "iris"}}'),
        "/api/v1/json/data/10": Reply(PAGE, status=502),
        "/0001/dataset_7.pq": Reply(parquet(), {"ETag": TAG}),
    }
    return server


def parquet() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "x.csv").write_bytes(CSV)
        duckdb.sql(f"COPY (FROM read_csv('{folder}/x.csv')) TO '{folder}/x.pq' (FORMAT parquet)")
        return Path(folder, "x.pq").read_bytes()


@pytest.mark.usefixtures("open_ml")
def test_a_data_set_of_openml() -> None:
    result = mlpath("inspect", "openml:7")
    assert result.exit_code == 0, result.output
    assert result.output.startswith("dew.parquet: 90 rows, 3 columns")
    assert "Target: sold" in result.output
    assert "\nSource: openml:7 (dew, version 2)\nLicense: Public\nCitation: Lovelace; 1843\n" in (
        result.output
    )


@pytest.mark.usefixtures("open_ml")
@pytest.mark.parametrize(
    ("source", "message", "hint"),
    [
        ("openml:iris", "openml:iris is not openml:ID", "openml:31"),
        ("openml:8", "openml:8: there is no such data set", "/search?type=data"),
        ("openml:9", "openml:9 (iris) is not available as Parquet", "ARFF to CSV"),
        ("openml:10", "answered with status 502 instead of JSON", "Try later"),
    ],
)
def test_a_failure_of_openml_is_explained(source: str, message: str, hint: str) -> None:
    check_refused(source, message, hint)


@pytest.fixture
def kaggle(server: DataServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> DataServer:
    """A stand-in of Kaggle with one data set."""
    pytest.importorskip("kagglehub")
    environment = pytest.importorskip("kagglesdk.kaggle_env")
    monkeypatch.setitem(environment._env_to_endpoint, environment.KaggleEnv.PROD, server.url)
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path / "kaggle"))
    monkeypatch.setenv("KAGGLE_API_TOKEN", "s3cret")
    api = "/v1/datasets.DatasetApiService"
    described = {"currentVersionNumber": 3, "licenseName": "CC0-1.0", "totalBytes": len(CSV)}
    listing = {"datasetFiles": [{"name": "dew.csv", "totalBytes": len(CSV)}]}
    json_type = {"Content-Type": "application/json"}
    server.replies |= {
        f"{api}/GetDataset": Reply(json.dumps(described).encode(), json_type),
        f"{api}/ListDatasetFiles": Reply(json.dumps(listing).encode(), json_type),
        f"{api}/DownloadDataset": Reply(CSV, {"Content-Type": "text/csv"}),
    }
    return server


@pytest.mark.parametrize("text", ["kaggle:ada/dew", "kaggle:ada/dew/dew.csv"])
def test_a_data_set_of_kaggle(
    kaggle: DataServer, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fetched = fetch(text)
    assert (fetched.path.name, fetched.path.read_bytes()) == ("dew.csv", CSV)
    assert provenance_of(fetched).origin() == f"{text} (version 3)"
    assert provenance_of(fetched).license == "CC0-1.0"
    assert kaggle.requests[0].headers["authorization"] == "Bearer s3cret"
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("source", "status", "message", "hint"),
    [
        ("kaggle:dew", 200, "is not the address of a data set", "kaggle:OWNER/NAME"),
        ("kaggle:ada/dew/x.csv", 200, "no such file in the data set", "It has: dew.csv"),
        ("kaggle:ada/dew", 404, "there is no such data set, or it is private", "KAGGLE_API_TOKEN"),
        ("kaggle:ada/dew", 403, "Kaggle denies access", "https://www.kaggle.com/datasets/ada/dew"),
        ("kaggle:ada/dew", 500, "Kaggle answers with status 500", "Try later"),
    ],
)
def test_a_failure_of_kaggle_is_explained(
    kaggle: DataServer, source: str, status: int, message: str, hint: str
) -> None:
    if status != 200:
        kaggle.replies["/v1/datasets.DatasetApiService/GetDataset"] = Reply(status=status)
    check_refused(source, message, hint)


@pytest.mark.usefixtures("kaggle")
def test_kaggle_can_be_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = pytest.importorskip("kagglesdk.kaggle_env")
    prod = environment.KaggleEnv.PROD
    monkeypatch.setitem(environment._env_to_endpoint, prod, "http://127.0.0.1:9")
    check_refused("kaggle:ada/dew", "Kaggle can't be reached", "network")


@pytest.mark.parametrize(
    ("source", "package", "extra"),
    [
        ("hf://datasets/a/b", "huggingface_hub", "hub"),
        ("kaggle:a/b", "kagglehub", "kaggle"),
        ("s3://a/b", "s3fs", "s3"),
        ("gs://a/b", "gcsfs", "gcs"),
        ("sqlite:///a.db#b", "sqlalchemy", "databases"),
    ],
)
def test_a_missing_client_is_reported(
    source: str, package: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    check_refused(source, f"needs the package {package}", f"pip install 'mlpath[{extra}]'")


# ------------------------------------------------------------------------------------ object stores


@pytest.fixture
def s3(server: DataServer, monkeypatch: pytest.MonkeyPatch) -> DataServer:
    """A stand-in of S3 with one file."""
    pytest.importorskip("s3fs")
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ada")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cret")
    server.replies["/shop/2026/dew.csv"] = Reply(CSV, {"ETag": TAG})
    return server


def test_a_file_of_s3(s3: DataServer) -> None:
    first, again = fetch("s3://shop/2026/dew.csv"), fetch("s3://shop/2026/dew.csv")
    assert (first.path.name, first.path.read_bytes()) == ("dew.csv", CSV)
    assert again == first
    assert provenance_of(first).origin() == "s3://shop/2026/dew.csv (ETag v1)"
    assert [each.method for each in s3.requests] == ["HEAD", "GET", "HEAD"]
    assert "Credential=ada/" in s3.requests[0].headers["authorization"]


def test_a_transfer_from_s3_goes_on(s3: DataServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "_CHUNK", 300)
    whole = Reply(CSV, {"ETag": TAG})

    def reply(request: Request) -> Reply:
        late = request.headers.get("range") == "bytes=300-599"
        return Reply(status=403) if late else whole

    s3.replies["/shop/2026/dew.csv"] = reply
    check_refused("s3://shop/2026/dew.csv", "the store denies access", "")
    s3.replies["/shop/2026/dew.csv"] = whole
    s3.requests.clear()
    assert fetch("s3://shop/2026/dew.csv").path.read_bytes() == CSV
    ranges = [each.headers.get("range") for each in s3.requests]
    assert ranges == [None, "bytes=300-599", f"bytes=600-{len(CSV) - 1}"]


def test_a_large_file_of_s3_is_refused(s3: DataServer) -> None:
    check_refused("s3://shop/2026/dew.csv", "limit of 10 bytes", "", DownloadOptions(10))
    assert [each.method for each in s3.requests] == ["HEAD"]


def test_a_public_file_of_s3_needs_no_credentials(
    s3: DataServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert fetch("s3://shop/2026/dew.csv").path.read_bytes() == CSV
    assert "authorization" not in s3.requests[0].headers


@pytest.mark.parametrize(
    ("source", "message", "hint"),
    [
        ("s3://shop", "names no file", "s3://BUCKET/PATH/FILE"),
        ("s3://shop/rain.csv", "not found, or not public", "Check bucket and path"),
        ("s3://shop/private.csv", "the store denies access", "aws configure"),
    ],
)
def test_a_failure_of_s3_is_explained(s3: DataServer, source: str, message: str, hint: str) -> None:
    s3.replies["/shop/private.csv"] = Reply(status=403)
    check_refused(source, message, hint)


@pytest.mark.e2e
def test_a_file_of_google_cloud_storage(
    server: DataServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("gcsfs")
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    described = {"name": "dew.csv", "bucket": "shop", "size": str(len(CSV)), "etag": "v1"}
    place = "storage/v1/b/shop/o/dew.csv"
    json_type = {"Content-Type": "application/json"}
    server.replies[f"/{place}"] = Reply(json.dumps(described).encode(), json_type)
    server.replies[f"/download/{place}"] = Reply(CSV)
    fetched = fetch("gs://shop/dew.csv")
    assert (fetched.path.name, fetched.path.read_bytes()) == ("dew.csv", CSV)
    assert provenance_of(fetched).version == "ETag v1"
    check_refused("gs://shop/rain.csv", "not found, or not public", "gcloud auth")


# ---------------------------------------------------------------------------------------- databases


@pytest.fixture
def shop(folder: Path) -> Path:
    """An SQLite database with a table of 90 orders and a view."""
    pytest.importorskip("sqlalchemy")
    path = folder / "shop.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute('CREATE TABLE "all orders" (size, age, sold, photo)')
        rows = [[*row.split(","), b"\x01\xff"] for row in ROWS]
        database.executemany('INSERT INTO "all orders" VALUES (?, ?, ?, ?)', rows)
        database.execute('CREATE VIEW orders AS SELECT size, age, sold FROM "all orders"')
    return path


@pytest.mark.parametrize(
    ("selection", "name"),
    [
        ("orders", "orders.csv"),
        ("SELECT size, age, sold FROM orders WHERE sold <> 'a;b' AND sold LIKE '%';", "query.csv"),
        ("with o as (select * from orders) select size, age, sold from o", "query.csv"),
    ],
)
@pytest.mark.usefixtures("shop")
def test_a_table_or_query_of_sqlite(selection: str, name: str) -> None:
    fetched = fetch(f"sqlite:///shop.db#{selection}")
    assert (fetched.path.name, fetched.path.read_bytes()) == (name, CSV)


def test_a_database_is_recorded_without_its_folder(shop: Path) -> None:
    fetched = fetch(f"sqlite:///{shop}#all orders")
    assert provenance_of(fetched).origin() == "sqlite:///shop.db (table all orders)"
    assert fetched.path.read_text().splitlines()[1] == "0,0,no,01ff"
    query = fetch(f"sqlite:///{shop}#SELECT * FROM orders WHERE size < '5'")
    assert provenance_of(query).origin() == (
        "sqlite:///shop.db (`query SELECT * FROM orders WHERE size < '5'`)"
    )


@pytest.mark.parametrize(
    ("source", "message", "hint"),
    [
        ("sqlite:///shop.db#order", "there is no table 'order'", "such as #orders. It has: all"),
        ("sqlite:///shop.db", "no table is named", "#TABLE or #SELECT ..., such as #all orders"),
        ("sqlite:///none.db#orders", "there is no file 'none.db'", "a fourth slash"),
        ("sqlite:///text.db#orders", "file is not a database", "Check"),
        ("sqlite:///shop.db#DROP TABLE orders", "'DROP TABLE orders' is not a single", "one"),
        ("sqlite:///shop.db#SELECT 1; DELETE FROM orders", "is not a single SELECT", "one SELECT"),
        ("sqlite:///shop.db#SELECT prize FROM orders", "no such column: prize", "the query"),
        ("mysql://ada:s3cret@db/a#b", "needs the package pymysql", "pip install pymysql"),
        ("sqlite+none:///shop.db#orders", "SQLAlchemy has no driver for 'sqlite+none'", "Install"),
        ("postgresql://ada:s3cret@127.0.0.1:9/shop#orders", "refused", "Check host"),
    ],
)  # fmt: skip
def test_a_failure_of_a_database_is_explained(
    shop: Path, source: str, message: str, hint: str
) -> None:
    shop.with_name("text.db").write_bytes(b"no database" * 100)
    check_refused(source, message, hint)
    assert not Path("none.db").exists()


def test_a_query_cannot_write(shop: Path) -> None:
    before = shop.read_bytes()
    source = f"sqlite:///{shop}#WITH o AS (SELECT 1) DELETE FROM 'all orders' RETURNING size"
    check_refused(source, "attempt to write a readonly database", "")
    assert shop.read_bytes() == before


@pytest.mark.usefixtures("shop")
def test_a_large_table_is_refused() -> None:
    check_refused("sqlite:///shop.db#orders", "limit of 10 bytes", "--max", DownloadOptions(10))


def test_inspect_reads_a_database(shop: Path) -> None:
    result = mlpath("inspect", f"sqlite:///{shop}#orders")
    assert result.output.startswith("orders.csv: 90 rows, 3 columns"), result.output
    assert "\nSource: sqlite:///shop.db (table orders)\n" in result.output


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """A PostgreSQL server of its own with a table of 90 orders; yields its URL."""
    alchemy = pytest.importorskip("sqlalchemy")
    with postgresql.serve() as server:
        engine = alchemy.create_engine(server.url.replace("postgresql", "postgresql+psycopg"))
        with engine.begin() as connection:
            run_sql = connection.exec_driver_sql
            run_sql("CREATE SCHEMA shop")
            run_sql("CREATE TABLE shop.orders (size numeric, age bigint, sold text)")
            cells = [row.split(",") for row in ROWS]
            values = ", ".join(f"({size}, {age}, '{sold}')" for size, age, sold in cells)
            run_sql(f"INSERT INTO shop.orders VALUES {values}")
        engine.dispose()
        yield server.url


@pytest.mark.e2e
@pytest.mark.parametrize(
    "selection", ["shop.orders", "SELECT * FROM shop.orders WHERE sold LIKE '%' AND size::int >= 0"]
)
def test_a_table_or_query_of_postgresql(postgres: str, selection: str) -> None:
    fetched = fetch(f"{postgres}#{selection}")
    assert fetched.path.read_bytes() == CSV
    assert "s3cret" not in str(fetched)


@pytest.mark.e2e
def test_a_failure_of_postgresql_is_explained(postgres: str) -> None:
    writes = "WITH gone AS (DELETE FROM shop.orders RETURNING *) SELECT * FROM gone"
    check_refused(f"{postgres}#{writes}", "data-modifying statements", "the query")
    check_refused(f"{postgres}#SELECT prize FROM shop.orders", 'column "prize" does not', "query")
    wrong = postgres.replace("s3cret", "wrong")
    check_refused(f"{wrong}#shop.orders", "password authentication failed", "password")
    check_refused(f"{postgres}#shop.order", "there is no table 'shop.order'", "")
