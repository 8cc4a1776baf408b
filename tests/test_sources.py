"""Data by address: URLs, the web, and the commands `inspect` and `new-project --dataset`."""

import gzip
import json
import time
from pathlib import Path

import pytest
import yaml

from conftest import mlpath
from mlpath.dataset.sources import DownloadOptions, Provenance, fetch, is_address, web
from mlpath.dataset.sources.address import parse
from support.data_server import DataServer, Reply, Request
from support.sources import CSV, PAGE, TAG, check_refused, provenance_of


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "PAUSE", 0)
    monkeypatch.setattr(web, "CHUNK", 50)


# ---------------------------------------------------------------------------------------- addresses


def test_addresses_and_paths() -> None:
    addresses = ["https://a.b/c.csv", "hf://datasets/a/b", "openml:61", "s3://b/c"]
    paths = ["churn.csv", "./https:/x", "C:/data/x.csv", "a:b.csv", "~/x"]
    assert list(filter(is_address, addresses + paths)) == addresses


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("https://ada:s3cret@a.b/c.csv", "https://a.b/c.csv"),
        ("https://s3cret@a.b/c.csv", "https://a.b/c.csv"),
        (
            "https://a.b/c?id=7&X-Amz-Signature=s3cret#top",
            "https://a.b/c?id=7&X-Amz-Signature=REMOVED",
        ),
        ("https://a.b/c?blob=Zm9vYmFyYmF6cXV4MTIzNDU2", "https://a.b/c?blob=REMOVED"),
        ("postgresql://ada:s3%20cret@db:5/shop#orders", "postgresql://db:5/shop#orders"),
        (
            "postgresql://db/shop?password=s3cret#orders",
            "postgresql://db/shop?password=REMOVED#orders",
        ),
        ("sqlite:///shop.db#orders", "sqlite:///shop.db#orders"),
    ],
)
def test_an_address_is_shown_without_credentials(text: str, label: str) -> None:
    address = parse(text)
    assert address.label == label
    assert "cret" not in repr(address)
    assert "cret" not in address.clean(f"no answer from {text}")


def test_the_password_is_removed_from_messages_but_not_from_the_label() -> None:
    address = parse("postgresql://ada:postgres@db/shop#orders")
    message = address.clean(f"{address.label}: password 'postgres' was refused")
    assert message == "postgresql://db/shop#orders: password 'REMOVED' was refused"


@pytest.mark.parametrize(
    ("source", "message", "hint"),
    [
        ("ftp://a.b/c.csv", "ftp://a.b/c.csv: unknown scheme 'ftp'", "https://..."),
        ("file:///data/c.csv", "unknown scheme 'file'", "Use its path"),
        ("https://[a/c.csv", "not well-formed", "https://..."),
        ("https://a.b:http/c.csv", "not well-formed", "https://..."),
        ("postgresql://ada:s3/cret@db/shop#orders", "not well-formed", "/ as %2F"),
        ("postgresql://ada:5/cret@db/shop#orders", "not well-formed", "/ as %2F"),
        ("https:///c.csv", "is not a valid address", "spelling"),
    ],
)
def test_a_malformed_address_is_refused(source: str, message: str, hint: str) -> None:
    check_refused(source, message, hint)


# ---------------------------------------------------------------------------------------------- web


def test_a_file_is_downloaded_once(server: DataServer) -> None:
    server.replies["/churn.csv"] = Reply(CSV, {"ETag": TAG})
    first, again = fetch(f"{server.url}/churn.csv"), fetch(f"{server.url}/churn.csv")
    assert first.path == again.path
    assert (again.path.name, again.path.read_bytes()) == ("churn.csv", CSV)
    assert provenance_of(first) == provenance_of(again)
    assert provenance_of(first).version == f"ETag {TAG}"
    assert server.requests[1].headers["if-none-match"] == TAG


def test_a_changed_file_is_downloaded_again(server: DataServer) -> None:
    server.replies["/churn.csv"] = Reply(CSV, {"ETag": TAG})
    fetch(f"{server.url}/churn.csv")
    server.replies["/churn.csv"] = Reply(CSV + b"1,2,no\n", {"ETag": '"v2"'})
    assert fetch(f"{server.url}/churn.csv").path.read_bytes() == CSV + b"1,2,no\n"


def test_a_damaged_download_is_replaced(server: DataServer) -> None:
    server.replies["/churn.csv"] = Reply(CSV, {"ETag": TAG})
    fetch(f"{server.url}/churn.csv").path.write_bytes(b"x")
    assert fetch(f"{server.url}/churn.csv").path.read_bytes() == CSV


def test_a_broken_transfer_goes_on_where_it_ended(server: DataServer) -> None:
    server.replies["/churn.csv"] = Reply(CSV, {"ETag": TAG}, breaks=[100, 200])
    assert fetch(f"{server.url}/churn.csv").path.read_bytes() == CSV
    ranges = [(each.headers.get("range"), each.headers.get("if-range")) for each in server.requests]
    assert ranges == [(None, None), ("bytes=100-", TAG), ("bytes=300-", TAG)]


def test_a_transfer_goes_on_in_the_next_run(server: DataServer) -> None:
    server.replies["/churn.csv"] = Reply(CSV, {"ETag": TAG}, breaks=[100, 50, 50, 50])
    check_refused(f"{server.url}/churn.csv", "the transfer ended early, 4 times", "after 250 bytes")
    assert fetch(f"{server.url}/churn.csv").path.read_bytes() == CSV
    assert server.requests[-1].headers["range"] == "bytes=250-"


def test_a_file_that_changes_during_the_transfer_is_not_mixed(server: DataServer) -> None:
    server.replies["/churn.csv"] = Reply(b"0" * len(CSV), {"ETag": '"v0"'}, breaks=[100] * 4)
    check_refused(f"{server.url}/churn.csv", "the transfer ended early", "again")
    server.replies["/churn.csv"] = Reply(CSV, {"ETag": TAG})
    assert fetch(f"{server.url}/churn.csv").path.read_bytes() == CSV


def test_without_a_validator_a_broken_transfer_starts_again(server: DataServer) -> None:
    server.replies["/churn.csv"] = Reply(CSV, breaks=[100])
    fetched = fetch(f"{server.url}/churn.csv")
    assert fetched.path.read_bytes() == CSV
    assert (server.requests[1].headers.get("range"), provenance_of(fetched).version) == (None, "")


def test_a_wrong_range_is_refused(server: DataServer) -> None:
    wrong = {"ETag": TAG, "Content-Range": "bytes 7-9/500"}
    replies = iter([Reply(CSV, {"ETag": TAG}, breaks=[100]), Reply(CSV, wrong, 206)])
    server.replies["/churn.csv"] = lambda _: next(replies, Reply(CSV, {"ETag": TAG}))
    assert fetch(f"{server.url}/churn.csv").path.read_bytes() == CSV


def test_a_busy_server_is_asked_again(server: DataServer) -> None:
    replies = iter([Reply(status=503), Reply(status=429), Reply(CSV)])
    server.replies["/churn.csv"] = lambda _: next(replies)
    assert fetch(f"{server.url}/churn.csv").path.read_bytes() == CSV


def test_redirects_are_followed(server: DataServer) -> None:
    server.replies["/latest"] = Reply(status=302, headers={"Location": "/files/churn.csv?v=2"})
    server.replies["/files/churn.csv"] = Reply(CSV)
    fetched = fetch(f"{server.url}/latest")
    assert fetched.path.name == "churn.csv"
    assert provenance_of(fetched).address == f"{server.url}/latest"


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="sales 2024.csv"', "sales 2024.csv"),
        ("attachment; filename*=UTF-8''s%C3%A4les.csv", "säles.csv"),
        ('attachment; filename="../../.bashrc"', "bashrc"),
        ("", "export"),
    ],
)
def test_the_server_may_name_the_file(server: DataServer, disposition: str, name: str) -> None:
    headers = {"Content-Disposition": disposition} if disposition else {}
    encoded = {key: value.encode().decode("latin-1") for key, value in headers.items()}
    server.replies["/export"] = Reply(CSV, encoded)
    assert fetch(f"{server.url}/export?id=3").path.name == name


def test_a_content_encoding_is_removed(server: DataServer) -> None:
    headers = {"Content-Encoding": "gzip", "ETag": TAG}
    server.replies["/churn.csv.gz"] = Reply(gzip.compress(CSV), headers)
    fetched = fetch(f"{server.url}/churn.csv.gz")
    assert (fetched.path.name, fetched.path.read_bytes()) == ("churn.csv", CSV)


@pytest.mark.parametrize(
    ("reply", "message", "hint"),
    [
        (Reply(status=404), "/x: not found (HTTP status 404)", "spelling"),
        (Reply(status=401), "requires a login", "USER:PASSWORD"),
        (Reply(status=403), "denies access", "expired"),
        (Reply(status=418), "can't be downloaded (HTTP status 418)", "address"),
        (Reply(status=500), "the server answers with status 500, 4 times", "Try later"),
        (Reply(status=302, headers={"Location": "/x"}), "redirects in a loop", "lead to"),
        (Reply(status=302, headers={"Location": "ftp://a.b/c"}), "not a valid address", "spelling"),
        (Reply(PAGE), "is a web page, not a file", "download link"),
        (Reply(b"<a>", {"Content-Type": "text/html"}), "is a web page, not a file", "download"),
        (Reply(CSV, {"Content-Encoding": "gzip"}), "declares gzip, but the content is not", ""),
        (Reply(headers={"Content-Length": "2000000000"}), "2.0 GB, more than the limit of 1.0 GB",
         "--max-download 2"),
    ],
)  # fmt: skip
def test_a_failed_download_is_explained(
    server: DataServer, reply: Reply, message: str, hint: str
) -> None:
    server.replies["/x"] = reply
    check_refused(f"{server.url}/x", message, hint)


def test_a_download_without_a_declared_size_is_limited_too(server: DataServer) -> None:
    packed = gzip.compress(bytes(10_000))
    server.replies["/x"] = Reply(packed, {"Content-Encoding": "gzip"})
    check_refused(
        f"{server.url}/x", "more than the limit", "--max-download", DownloadOptions(9_999)
    )


def test_no_network(server: DataServer) -> None:
    check_refused("http://127.0.0.1:9/x.csv", "127.0.0.1 can't be reached", "the network")
    check_refused("http://nowhere.invalid/x.csv", "nowhere.invalid can't be reached", "spelling")
    check_refused(server.url.replace("http", "https"), "127.0.0.1", "")


def test_a_silent_server(server: DataServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "TIMEOUT", (0.1, 0.1))

    def reply(_: Request) -> Reply:
        time.sleep(0.3)
        return Reply(CSV)

    server.replies["/x"] = reply
    check_refused(f"{server.url}/x", "127.0.0.1 sent nothing for", "Try later")


def test_progress_is_shown_on_stderr(
    server: DataServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    server.replies["/x.csv"] = Reply(CSV)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    fetch(f"{server.url}/x.csv", DownloadOptions(progress=True))
    output = capsys.readouterr()
    assert "Downloading" in output.err
    assert "100%" in output.err
    assert output.out == ""


# ----------------------------------------------------------------------------------------- commands


def test_inspect_reports_the_source(server: DataServer) -> None:
    server.replies["/churn.csv"] = Reply(CSV, {"Last-Modified": "Mon, 02 Mar 2026 08:00:00 GMT"})
    result = mlpath("inspect", f"{server.url}/churn.csv?token=s3cret")
    assert result.exit_code == 0, result.output
    assert result.output.startswith("churn.csv: 90 rows, 3 columns")
    assert f"\nSource: {server.url}/churn.csv?token=" in result.output
    assert "last modified Mon, 02 Mar 2026 08:00:00 GMT" in result.output
    assert "\nLicense: not stated\nSHA-256: " in result.output
    assert result.output.endswith("To create the project: mlpath new-project --dataset SOURCE\n")
    assert "s3cret" not in result.output


def test_inspect_json_has_the_provenance(server: DataServer) -> None:
    server.replies["/churn.csv"] = Reply(CSV, {"ETag": TAG})
    result = mlpath("inspect", "--json", f"{server.url}/churn.csv")
    assert result.stderr == ""
    document = json.loads(result.stdout)
    assert (document["target"], document["provenance"]["version"]) == ("sold", f"ETag {TAG}")


def test_errors_in_the_data_name_the_address(server: DataServer) -> None:
    damaged = gzip.compress(CSV)[:200]
    server.replies["/churn.csv.gz"] = Reply(damaged)
    result = mlpath("inspect", f"{server.url}/churn.csv.gz")
    assert result.exit_code == 1
    assert f"Error: {server.url}/churn.csv.gz can't be unpacked" in result.output


def test_the_limit_is_an_option(server: DataServer) -> None:
    server.replies["/churn.csv"] = Reply(CSV)
    result = mlpath("inspect", "--max-download", "0.0000001", f"{server.url}/churn.csv")
    assert result.exit_code == 1
    assert "more than the limit of 100 bytes\nHint: To allow it: --max-download 1" in result.output


@pytest.mark.parametrize(
    ("provenance", "url"),
    [
        (Provenance("https://a.b/c.csv?year=2024"), "https://a.b/c.csv?year=2024"),
        (Provenance("s3://b/c.csv"), "s3://b/c.csv"),
        (Provenance("hf://datasets/a/b", download="https://h.f/b.csv"), "https://h.f/b.csv"),
        (Provenance("https://a.b/c.xlsx", part="sheet Orders"), ""),
        (Provenance("https://a.b/c.csv?token=REMOVED"), ""),
        (Provenance("openml:31"), ""),
        (Provenance("shop.xlsx"), ""),
    ],
)
def test_the_address_of_newer_data(provenance: Provenance, url: str) -> None:
    assert provenance.newer_url() == url


def test_a_project_has_the_address_of_newer_data(server: DataServer, folder: Path) -> None:
    server.replies["/churn.csv"] = Reply(CSV, {"ETag": TAG})
    url = f"{server.url}/churn.csv"
    command = ("new-project", "demo", "--defaults", "--no-lock", "--target", "sold", "--dataset")
    assert mlpath(*command, url).exit_code == 0
    record = yaml.safe_load((folder / "demo/data/raw.dvc").read_text())
    assert record == {"outs": [{"path": "raw", "hash": "md5"}], "meta": {"url": url}}


def test_a_project_records_where_its_data_comes_from(server: DataServer, folder: Path) -> None:
    server.replies["/churn.csv"] = Reply(CSV, {"ETag": TAG})
    result = mlpath(
        "new-project", "demo", "--defaults", "--no-lock", "--target", "sold",
        "--dataset", f"{server.url.replace('//', '//ada:s3cret@')}/churn.csv?key=s3cret",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert server.requests[0].headers["authorization"].startswith("Basic ")
    schema = yaml.safe_load((folder / "demo/schema.yaml").read_text())
    assert schema["source"].startswith("churn.csv, 7")
    assert schema["source"].endswith(f' from {server.url}/churn.csv?key=REMOVED (ETag "v1").')
    assert "url" not in (folder / "demo/data/raw.dvc").read_text(), "useless without its secrets"
    written = b"".join(path.read_bytes() for path in (folder.parent).rglob("*") if path.is_file())
    assert b"s3cret" not in written
    assert "s3cret" not in result.output
