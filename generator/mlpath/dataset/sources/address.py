"""Parse the address of a data set, and separate its credentials."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

from mlpath.errors import MlpathError

DATABASES = ("sqlite", "postgresql", "postgres", "mysql", "mariadb", "mssql", "oracle")
KINDS = {
    "https": "web", "http": "web", "hf": "hub", "openml": "openml", "kaggle": "kaggle",
    "s3": "objects", "gs": "objects", **dict.fromkeys(DATABASES, "database"),
}  # fmt: skip
"""The module for each scheme."""
FORMS = (
    "https://..., hf://datasets/OWNER/NAME, openml:ID, kaggle:OWNER/NAME, s3://..., gs://... or "
    "the URL of a database with #TABLE"
)
REMOVED = "REMOVED"
"""What stands for a credential in messages and files."""
_WEB = tuple(scheme for scheme, kind in KINDS.items() if kind == "web")
_ADDRESS = re.compile(rf"[a-z][a-z0-9+.-]+://|(?:{'|'.join(KINDS)}):", re.IGNORECASE)
_SECRET_NAME = re.compile(
    r"token|key|sig|secret|pass|pwd|auth|cred|session|jwt|code|awsaccess|odbc", re.IGNORECASE
)
_SECRET_VALUE = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[\w+/=.%~-]{20,}")


@dataclass(frozen=True)
class Address:
    """An address; only `text` has its credentials."""

    kind: str
    """Name of the module that fetches it."""
    text: str = field(repr=False)
    """As the user wrote it."""
    label: str
    """Without credentials, for messages and files."""
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def clean(self, message: str) -> str:
        """Return a message without the credentials of the address."""
        # A secret such as `postgres` may be a part of the label.
        parts = message.replace(self.text, self.label).split(self.label)
        for secret in self.secrets:
            parts = [part.replace(secret, REMOVED) for part in parts]
        return self.label.join(parts)


def is_address(text: str) -> bool:
    """Return whether a text is an address rather than a path."""
    return _ADDRESS.match(text) is not None


def parse(text: str) -> Address:
    """Return an address.

    Raises:
        MlpathError: Its scheme is unknown, or it is not well-formed.
    """
    scheme = text.partition(":")[0].lower()
    kind = KINDS.get(scheme.partition("+")[0])
    try:
        _check(urlsplit(text), kind)
        label, secrets = redact(text)
    except ValueError:  # its text may have the password
        raise MlpathError(
            f"the address that starts with {scheme}: is not well-formed",
            hint=f"Use {FORMS}. In a password, write / as %2F, # as %23 and ? as %3F.",
        ) from None
    if kind is None:
        hint = "Use its path, without file://." if scheme == "file" else f"Use a path, {FORMS}."
        raise MlpathError(f"{label}: unknown scheme {scheme!r}", hint=hint)
    return Address(kind, text, label, secrets)


def _check(parts: SplitResult, kind: str | None) -> None:
    """Check that host and port are well-formed."""
    _ = parts.port
    if kind == "database" and ":" in parts.netloc and "@" in parts.path:
        raise ValueError


def creation_command(source: str, target: str | None) -> str:
    """Return the command that creates a project from a path or an address, without its secrets."""
    shown = "SOURCE" if is_address(source) and redact(source)[1] else shlex.quote(source)
    chosen = f" --target {shlex.quote(target)}" if target else ""
    return f"mlpath new-project --dataset {shown}{chosen}"


def redact(url: str) -> tuple[str, tuple[str, ...]]:
    """Return a URL without user, password and secret parameters, and these secrets.

    Raises:
        ValueError: The URL is not well-formed.
    """
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    name, colon, password = user.partition(":")
    query, secrets = _redact_query(parts.query)
    # A name without a password may be a token.
    secrets.append(password if colon or parts.scheme not in _WEB else name)
    # `urlunsplit` would drop the slashes of sqlite:///shop.db.
    label = f"{parts.scheme}:{'//' if '://' in url else ''}{host}{parts.path}{query}"
    if parts.fragment and parts.scheme not in _WEB:
        label += f"#{parts.fragment}"
    forms = {form for secret in secrets if secret for form in (secret, unquote(secret))}
    return label, tuple(sorted(forms, key=len, reverse=True))


def _redact_query(query: str) -> tuple[str, list[str]]:
    """Return a query with its question mark and without secrets, and these secrets."""
    shown, secrets = [], []
    for parameter in filter(None, query.split("&")):
        name, _, value = parameter.partition("=")
        secret = value and (_SECRET_NAME.search(name) or _SECRET_VALUE.fullmatch(value))
        secrets += [value] if secret else []
        shown.append(f"{name}={REMOVED}" if secret else parameter)
    return f"?{'&'.join(shown)}" if shown else "", secrets
