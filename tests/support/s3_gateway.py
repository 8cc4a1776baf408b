"""A stand-in for the S3 gateway of Hugging Face's storage buckets, over TLS.

It does what https://huggingface.co/docs/hub/storage-buckets-s3 says of addresses, credentials,
the region, checksums, lists, metadata and redirects, and keeps the objects in SeaweedFS.
"""

from __future__ import annotations

import http.client
import re
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.auth import S3SigV4Auth  # type: ignore[import-untyped]
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
from botocore.credentials import Credentials  # type: ignore[import-untyped]

from support.seaweedfs import SeaweedFS

REGION = "us-east-1"
AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/\d+/([^/]+)/s3/aws4_request, ?"
    r"SignedHeaders=([^,]+), ?Signature=(\w+)"
)
UNREDIRECTED = ("aws-cli", "botocore", "aws-sdk-rust")
"""Clients that get the content of objects from the gateway itself."""

FORWARDED = ("content-md5", "content-type", "if-match", "if-none-match", "range")
"""Headers that buckets support; others, such as metadata, are ignored."""


class RejectedError(Exception):
    """A request that the gateway rejects."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(status, code)
        self.status = status
        self.content = f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()


@dataclass(frozen=True)
class Request:
    """A request; the names of its headers are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Response:
    """A response; the names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Gateway:
    """A running gateway with one bucket."""

    store: SeaweedFS
    port: int
    namespace: str = "ada-lovelace"
    bucket: str = "my-data"
    keys: tuple[str, str] = ("HFAK1234", "s3cret")
    operations: set[str] = field(default_factory=set)
    """The operations of the accepted requests."""

    @property
    def url(self) -> str:
        """Its address, with the namespace."""
        return f"https://localhost:{self.port}/{self.namespace}"

    def respond(self, request: Request) -> Response:
        """Check a request, and let the store respond."""
        self.check_signature(request)
        url = urlsplit(request.target)
        path = url.path.removeprefix(f"/{self.namespace}")
        if path == url.path or path.split("/")[1] != self.bucket:
            raise RejectedError(404, "NoSuchBucket")
        operation = operation_of(request, is_object=path.rstrip("/").count("/") > 1)
        client = request.headers["user-agent"].lower()
        if operation == "GetObject" and not any(name in client for name in UNREDIRECTED):
            raise RejectedError(302, "Found")
        if "aws-chunked" in request.headers.get("content-encoding", ""):
            raise RejectedError(400, "ChecksumInTrailer")
        self.operations.add(operation)
        headers = {name: request.headers[name] for name in FORWARDED if name in request.headers}
        target = f"{path}?{url.query}" if url.query else path
        return self.forward(Request(request.method, target, headers, request.body))

    def check_signature(self, request: Request) -> None:
        """Reject other keys, regions and addresses than those that the client was given."""
        parts = AUTHORIZATION.match(request.headers.get("authorization", ""))
        if not parts:
            raise RejectedError(403, "AccessDenied")
        name, region, headers, signature = parts.groups()
        if name != self.keys[0]:
            raise RejectedError(403, "InvalidAccessKeyId")
        if region != REGION:
            raise RejectedError(400, "AuthorizationHeaderMalformed")
        signed = {header: request.headers[header] for header in headers.split(";")}
        copy = AWSRequest(request.method, f"https://localhost{request.target}", signed)
        copy.context["timestamp"] = request.headers["x-amz-date"]
        signer = S3SigV4Auth(Credentials(*self.keys), "s3", REGION)
        text = signer.string_to_sign(copy, signer.canonical_request(copy))
        if signer.signature(text, copy) != signature:
            raise RejectedError(403, "SignatureDoesNotMatch")

    def forward(self, request: Request) -> Response:
        """Send a request to the store, with the keys of the store."""
        variables = self.store.variables
        address = variables["AWS_ENDPOINT_URL_S3"]
        keys = variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"]
        signed = AWSRequest(
            request.method, address + request.target, dict(request.headers), request.body
        )
        S3SigV4Auth(Credentials(*keys), "s3", REGION).add_auth(signed)
        connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
        connection.request(request.method, request.target, request.body, dict(signed.headers))
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        content = response.read()
        connection.close()
        return Response(response.status, headers, content)


def operation_of(request: Request, *, is_object: bool) -> str:
    """Return the operation of S3 that a request calls, if the gateway supports it."""
    query = parse_qs(urlsplit(request.target).query, keep_blank_values=True)
    if not is_object:
        if query.get("list-type") == ["2"] and query.get("delimiter", ["/"]) in (["/"], [""]):
            return "ListObjectsV2"
        if request.method == "POST" and "delete" in query:
            return "DeleteObjects"
        raise RejectedError(501, "NotImplemented")
    if "uploads" in query:
        return "CreateMultipartUpload"
    if "uploadId" in query:
        return {"PUT": "UploadPart", "POST": "CompleteMultipartUpload"}[request.method]
    return {"GET": "GetObject", "HEAD": "HeadObject", "PUT": "PutObject"}[request.method]


class Handler(BaseHTTPRequestHandler):
    """Reads requests and writes responses."""

    protocol_version = "HTTP/1.1"
    gateway: Gateway

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    def read_body(self) -> bytes:
        """Return the body, which may come in chunks of unknown number."""
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while size := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            request = Request(self.command, self.path, headers, self.read_body())
            response = self.gateway.respond(request)
        except RejectedError as error:
            response = Response(error.status, {"content-type": "application/xml"}, error.content)
        self.send_response(response.status)
        for name in ("content-range", "content-type", "etag", "last-modified"):
            if name in response.headers:
                self.send_header(name, response.headers[name])
        length = response.headers.get("content-length", str(len(response.body)))
        self.send_header("content-length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    do_HEAD = do_POST = do_PUT = do_GET  # noqa: N815


@contextmanager
def serve(store: SeaweedFS, folder: Path) -> Iterator[Gateway]:
    """Run a gateway, whose certificate is written to `certificate.pem`; skips without OpenSSL."""
    if not shutil.which("openssl"):
        pytest.skip("no openssl, which creates the certificate")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key),
            *("-out", certificate, "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost"),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    gateway = Gateway(store, listener.server_address[1])
    gateway.forward(Request("PUT", f"/{gateway.bucket}", {}))
    listener.RequestHandlerClass = type("GatewayHandler", (Handler,), {"gateway": gateway})
    listener.socket = context.wrap_socket(listener.socket, server_side=True)
    thread = threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield gateway
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()
