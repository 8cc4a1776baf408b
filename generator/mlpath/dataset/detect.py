"""What a file is, by its first bytes: packed or plain, text or not, and in which encoding."""

from __future__ import annotations

import codecs
import contextlib
import gzip
import io
import json
import os
import stat
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any

from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = 1 << 20
"""Bytes that tell what a file is."""
MOST_UNPACKED = 20 << 30
MOST_RATIO = 200
"""A table packs to a tenth, a very repetitive one to a fiftieth."""
JSON = (".jsonl", ".ndjson", ".json")
TABLES = (".csv", ".tsv", ".tab", ".txt", ".dat", ".data", ".psv", ".parquet", *JSON)
PNM = (".pbm", ".pgm", ".ppm", ".pnm")
PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff", *PNM)

_EXPORT = "Export it as CSV and name that file."
_REFUSED: tuple[tuple[bytes, str, str], ...] = (
    (b"\x89PNG", "a PNG picture", "For pictures name a folder of one sub-folder a class."),
    (b"\xff\xd8\xff", "a JPEG picture", "For pictures name a folder of one sub-folder a class."),
    (b"GIF8", "a GIF picture", "For pictures name a folder of one sub-folder a class."),
    (b"%PDF", "a PDF document", "Copy its table into a spreadsheet and export that as CSV."),
    (b"SQLite format 3\0", "an SQLite database", "Export one table of it as CSV."),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Office document", _EXPORT),
    (
        b"\x89HDF",
        "an HDF5 file",
        "Write the table as Parquet: pandas.read_hdf(...).to_parquet(...)",
    ),
    (b"\x80\x04\x95", "a Python pickle", "Pickles can run code; write it as Parquet or CSV."),
    (b"BZh", "packed with bzip2", "Unpack it first: bunzip2 FILE"),
    (b"\xfd7zXZ", "packed with xz", "Unpack it first: unxz FILE"),
    (b"7z\xbc\xaf", "a 7z archive", "Unpack it first, or pack it as zip."),
    (b"Rar!", "a RAR archive", "Unpack it first, or pack it as zip."),
    (b"\x7fELF", "a program", "Name a table."),
    (b"MZ", "a program", "Name a table."),
)
_ENCODINGS = [
    # Microsoft's have the letters of ISO 8859, and the quotes and the euro sign besides.
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "koi8_r",
    "shift_jis", "euc_jp", "gb18030", "big5", "euc_kr",
]  # fmt: skip
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class Kind:
    """What a file is, as far as its first bytes tell."""

    format: str
    """csv, parquet, json, or pictures."""
    packed: str = ""
    """gz, zst, or zip."""
    member: str = ""
    encoding: str = "utf-8"
    head: str = ""
    """The first text, if it is text."""
    notes: tuple[str, ...] = ()


def stamp(path: Path) -> tuple[int, int, int]:
    """Return what changes when somebody writes to a file."""
    found = path.stat()
    return found.st_size, found.st_mtime_ns, found.st_ino


def kind_of(path: Path) -> Kind:
    """Tell what there is at a path.

    Raises:
        MlpathError: Nothing that a project can be made of; says why.
    """
    check_readable(path)
    if path.is_dir():
        return Kind("pictures")
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head:
        raise MlpathError(f"{path} is empty", hint="Look whether it was written to its end.")
    if head[:4] == b"PAR1":
        return Kind("parquet")
    if zipfile.is_zipfile(path):
        with _unpacking(path):
            return _zipped(path)
    if head[:2] == b"\x1f\x8b":
        return _text(path, _unpacked_head(path), "gz")
    if head[:4] == b"\x28\xb5\x2f\xfd":
        # The head of a zstd file takes a library that Python has from 3.14; DuckDB reads it whole.
        inner = path.name.lower().removesuffix(".zst")
        return Kind("json" if inner.endswith(JSON) else "csv", "zst")
    return _text(path, head, "")


def check_readable(path: Path) -> None:
    """Refuse a path that can't be read, or is neither file nor folder."""
    other = "Name a table (CSV, Parquet, JSON), or a folder of one sub-folder a class."
    if "\0" in str(path):
        raise MlpathError("the path of the data holds a NUL character", hint=other)
    try:
        found = path.stat()
    except FileNotFoundError:
        what = "is a link to nowhere" if path.is_symlink() else "does not exist"
        raise MlpathError(f"{path} {what}", hint=other) from None
    except OSError as error:
        raise MlpathError(f"{path} can't be read: {error.strerror}", hint=other) from None
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        raise MlpathError(f"{path} is neither a file nor a folder", hint=other)
    if not os.access(path, os.R_OK | (os.X_OK if stat.S_ISDIR(found.st_mode) else 0)):
        raise MlpathError(f"{path}: you may not read it", hint=f"chmod u+r {path}")


@contextlib.contextmanager
def _unpacking(path: Path) -> Iterator[None]:
    """Turn what Python raises for a damaged archive into a line that says so."""
    try:
        yield
    except (
        zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError, NotImplementedError
    ) as error:  # fmt: skip
        raise MlpathError(
            f"{path} can't be unpacked: {error}",
            hint="Fetch it again, or unpack it yourself and name the file.",
        ) from None


def _unpacked_head(path: Path) -> bytes:
    with _unpacking(path), gzip.open(path) as file:
        return file.read(HEAD)


def _zipped(path: Path) -> Kind:
    with zipfile.ZipFile(path) as archive:
        inside = contents(archive)
        names = [one.filename for one in inside]
        if "[Content_Types].xml" in names or {"mimetype", "content.xml"} <= set(names):
            raise MlpathError(f"{path} is an Excel or Office document", hint=_EXPORT)
        if any(one.flag_bits & 1 for one in inside):
            raise MlpathError(f"{path} is encrypted", hint="Unpack it first.")
        size, packed = sum(one.file_size for one in inside), path.stat().st_size
        if size > MOST_UNPACKED or size > MOST_RATIO * max(packed, 1 << 16):
            raise MlpathError(
                f"{path} would unpack to {size:,} bytes, {size // packed:,} times its size; "
                f"more than {MOST_RATIO} times is no table",
                hint="If you trust it, unpack it yourself and name the file.",
            )
        pictures = [name for name in names if name.lower().endswith(PICTURES)]
        tables = [name for name in names if name.lower().endswith(TABLES)]
        if pictures and len(pictures) > len(tables):
            if any("\\" in name and "/" not in name for name in pictures):
                raise MlpathError(
                    f"{path} puts backslashes between its folders, which zip has no place for",
                    hint="Unpack it and name the folder, or pack it anew.",
                )
            return Kind("pictures", "zip")
        if len(tables) != 1:
            what = f"{len(tables)} tables ({', '.join(tables[:5])})" if tables else "no table"
            raise MlpathError(
                f"{path} holds {what}", hint="Unpack it and name the table that you mean."
            )
        with archive.open(tables[0]) as file:
            head = file.read(HEAD)
    others = len(names) - 1
    notes = (f"{others} other files in the archive are not looked at.",) if others else ()
    if head[:4] == b"PAR1":
        return Kind("parquet", "zip", tables[0], notes=notes)
    found = _text(path, head, "zip")
    return Kind(found.format, "zip", tables[0], found.encoding, found.head, notes)


def contents(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return the files of an archive, less what systems put there for themselves."""
    return [one for one in archive.infolist() if not one.is_dir() and not is_junk(one.filename)]


def is_junk(name: str) -> bool:
    """Tell whether a file is hidden, or what a system puts there for itself."""
    parts = PurePosixPath(name).parts
    hidden = any(part.startswith(".") for part in parts)
    return hidden or "__MACOSX" in parts or parts[-1] == "Thumbs.db"


def _text(path: Path, head: bytes, packed: str) -> Kind:
    for magic, what, remedy in _REFUSED:
        if head.startswith(magic):
            raise MlpathError(f"{path} is {what}, not a table", hint=remedy)
    encoding = encoding_of(path, head)
    text = head.decode(encoding, errors="replace").lstrip("\ufeff")
    start = text.lstrip()[:200].lower()
    if not start:
        raise MlpathError(f"{path} holds nothing but blanks", hint="Name a table.")
    if start.startswith(("<!doctype html", "<html", "<head", "<body")):
        raise MlpathError(
            f"{path} is a web page, not a table",
            hint="The download may have led to a login or an error page; fetch the file itself.",
        )
    if start.startswith(("<?xml", "<svg")):
        raise MlpathError(f"{path} is XML, not a table", hint=_EXPORT)
    if "\0" in text:
        raise MlpathError(
            f"{path} holds NUL characters, so it is no text, or a damaged one",
            hint="Fetch it again, or remove them: tr -d '\\000' < FILE > CLEAN",
        )
    if start[0] in "[{":
        return Kind(_json(path, text), packed, encoding=encoding, head=text)
    return Kind("csv", packed, encoding=encoding, head=text)


def _json(path: Path, text: str) -> str:
    text = text.lstrip()
    line = text.splitlines()[0]
    with contextlib.suppress(ValueError):
        if isinstance(json.loads(line), dict):
            return "json"
    start = text[1:].lstrip() if text.startswith("[") else line
    if start.startswith("{") and (text.startswith("[") or len(line) >= HEAD // 2):
        return "json"
    raise MlpathError(
        f"{path} is JSON, but neither one object a line nor a list of objects",
        hint="Rewrite what holds the rows as JSON lines: jq -c '.rows[]' FILE > FILE.jsonl",
    )


def encoding_of(path: Path, head: bytes) -> str:
    """Return the encoding of a text by its first bytes, or by any others that are not UTF-8.

    Raises:
        MlpathError: It can't be told.
    """
    for mark, name in _BOMS:
        if head.startswith(mark):
            return "utf-8" if name == "utf-8-sig" else name
    if b"\0" in head[:1000]:
        for name in ("utf-16-le", "utf-16-be"):
            with contextlib.suppress(UnicodeDecodeError):
                text = head[: len(head) // 2 * 2].decode(name)
                if text[:1000].isprintable() or "\n" in text[:1000]:
                    plain = sum(ord(one) < 0x250 for one in text[:1000])  # noqa: PLR2004 - Latin
                    if plain > 0.9 * len(text[:1000]):
                        return name
        return "utf-8"  # the caller says that it holds NUL
    with contextlib.suppress(UnicodeDecodeError):
        codecs.getincrementaldecoder("utf-8")().decode(head)
        return "utf-8"
    from charset_normalizer import from_bytes  # noqa: PLC0415 - for the few that are not UTF-8

    best = from_bytes(head, cp_isolation=_ENCODINGS).best()
    if best is None:
        raise MlpathError(
            f"{path}: its encoding can't be told",
            hint="Convert it: iconv -f ENCODING -t UTF-8 FILE > NEW",
        )
    return codecs.lookup(best.encoding).name


def first_that_is_not_utf8(path: Path, kind: Kind) -> bytes:
    """Return the bytes around the first place that is no UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with opened(path, kind) as file:
        while block := file.read(HEAD):
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                return block
    return b""


@contextlib.contextmanager
def opened(path: Path, kind: Kind) -> Iterator[IO[bytes]]:
    """Open the bytes of a table, unpacked."""
    with _unpacking(path):
        if kind.packed == "zip":
            with zipfile.ZipFile(path) as archive, archive.open(kind.member) as file:
                yield file
            return
        opener: Any = gzip.open if kind.packed == "gz" else io.open
        with opener(path, "rb") as file:
            yield file
