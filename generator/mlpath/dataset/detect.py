"""Detect the format of a file from its content: compression, encoding, CSV, JSON, Parquet."""

from __future__ import annotations

import codecs
import contextlib
import gzip
import io
import lzma
import os
import re
import stat
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any

from mlpath.errors import MlpathError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

HEAD = 1 << 20
"""Bytes that are read to detect the format."""
MAX_UNPACKED = 20 << 30
MAX_RATIO = 200
"""Tables compress to a tenth, very repetitive ones to a fiftieth."""
JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")
TABLE_SUFFIXES = (
    ".csv", ".tsv", ".tab", ".txt", ".dat", ".data", ".psv", ".parquet", *JSON_SUFFIXES,
)  # fmt: skip
PARTED_SUFFIXES = (
    ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".db", ".sqlite", ".sqlite3", ".db3",
)  # fmt: skip
"""Workbooks and databases, which have sheets or tables."""
CONVERTED_SUFFIXES = (*PARTED_SUFFIXES, ".feather", ".arrow")
IMAGE_SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".pbm", ".pgm", ".ppm",
    ".pnm",
)  # fmt: skip

_EXPORT = "Export it as CSV and use that file."
_IMAGE_FOLDER = "For images, use a folder with one sub-folder per class."
_UNSUPPORTED: tuple[tuple[bytes, str, str], ...] = (
    (b"\x89PNG", "a PNG image", _IMAGE_FOLDER),
    (b"\xff\xd8\xff", "a JPEG image", _IMAGE_FOLDER),
    (b"GIF8", "a GIF image", _IMAGE_FOLDER),
    (b"%PDF", "a PDF document", "Copy its table into a spreadsheet and export that as CSV."),
    (b"SQLite format 3\0", "a packed SQLite database", "Unpack it first."),
    (b"PK\x03\x04", "a damaged archive or spreadsheet", "Download it or save it again."),
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
    (b"\x7fELF", "an executable program", "Use a table or a folder of images."),
    (b"MZ", "an executable program", "Use a table or a folder of images."),
    (b"version https://git-lfs", "a Git LFS pointer", "Download the file: git lfs pull"),
    (b"/annex/objects/", "a git-annex pointer", "Download the file: git annex get FILE"),
    (b"outs:\n- md5:", "a DVC pointer", "Download the file: dvc pull"),
)
_ENCODINGS = [
    # The Windows code pages contain ISO 8859, and typographic quotes and the euro sign.
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "koi8_r",
    "shift_jis", "euc_jp", "gb18030", "big5", "euc_kr",
]  # fmt: skip
_ALPHABETS = {
    # German, French, Spanish and Italian, Portuguese, Nordic, Icelandic.
    "cp1252": (
        "äöüß",
        "àâæçèéêëîïôœùûüÿ",
        "áàéèíìñóòúùüºª",
        "àáâãçéêíóôõúº",
        "åäöæøéü",
        "áéíóúýþæöð",
    ),
    "cp1254": ("çğı\u0307öşüâîû",),
    # Polish, Czech, Slovak, Hungarian, Romanian, Croatian and Slovene.
    "cp1250": ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţ", "čćđšž"),
}  # fmt: skip
"""Letters beside ASCII of languages that are written in an encoding."""
_MIN_LETTERS = 0.95
"""Share of such letters from which a text is in one of these languages."""
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class FileFormat:
    """Format of a file."""

    format: str
    """csv, parquet, json, or images."""
    compression: str = ""
    """gz, zst, or zip."""
    member: str = ""
    """Name of the table inside a zip archive."""
    encoding: str = "utf-8"
    head: str = ""
    """Beginning of a text file."""
    notes: tuple[str, ...] = ()


def file_state(path: Path) -> tuple[int, int, int]:
    """Return size, modification time and inode, which change when a file is written."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ino


def expand(path: Path) -> Path:
    """Return a path that has a name and that DuckDB doesn't expand."""
    path = Path(os.path.expanduser(path))  # noqa: PTH111 - keeps ~b.csv if there is no user b.csv
    if path.parts[:1] and path.parts[0].startswith("~"):
        path = path.absolute()
    return path.resolve() if path.name in {"", ".."} else path


def changed(path: Path) -> MlpathError:
    """Return the error for a file that another program writes."""
    return MlpathError(
        f"{path} changed while it was read",
        hint="Wait until nothing writes to it, or copy it first; then try again.",
    )


def detect_format(path: Path) -> FileFormat:
    """Return the format of a file or folder.

    Raises:
        MlpathError: The format is not supported, or the path can't be read.
    """
    check_readable(path)
    if path.is_dir():
        return FileFormat("images")
    if zipfile.is_zipfile(path):
        with _unpacking(path), zipfile.ZipFile(path) as archive:
            return _detect_zip(path, archive)
    with path.open("rb") as file:
        magic = file.read(4)
    if not magic:
        raise MlpathError(f"{path} is empty", hint="Check whether it was written completely.")
    if magic == b"PAR1":
        return FileFormat("parquet")
    if magic == b"\x28\xb5\x2f\xfd":
        # Python unpacks zstd from 3.14 on, so the file name decides; DuckDB reads it.
        inner = path.name.lower().removesuffix(".zst")
        return FileFormat("json" if inner.endswith(JSON_SUFFIXES) else "csv", "zst")
    return _detect_text(path, "gz" if magic.startswith(b"\x1f\x8b") else "")


def check_readable(path: Path) -> None:
    """Check that a path is a file or folder that can be read.

    Raises:
        MlpathError: It is not.
    """
    hint = "Use a table (CSV, Excel, Parquet ...), or a folder with one folder of images per class."
    if "\0" in str(path):
        raise MlpathError("the path of the data contains a NUL character", hint=hint)
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        problem = "is a broken symbolic link" if path.is_symlink() else "does not exist"
        raise MlpathError(f"{path} {problem}", hint=hint) from None
    except OSError as error:
        raise MlpathError(f"{path} can't be read: {error.strerror}", hint=hint) from None
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise MlpathError(f"{path} is neither a file nor a folder", hint=hint)
    if not os.access(path, os.R_OK | (os.X_OK if stat.S_ISDIR(mode) else 0)):
        raise MlpathError(f"{path}: no permission to read it", hint=f"chmod u+r {path}")


@contextlib.contextmanager
def _unpacking(path: Path) -> Iterator[None]:
    try:
        yield
    except (
        zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, lzma.LZMAError, EOFError,
        NotImplementedError,
    ) as error:  # fmt: skip
        raise MlpathError(
            f"{path} can't be unpacked: {error}",
            hint="Download it again, or unpack it and use the file inside.",
        ) from None


def _detect_zip(path: Path, archive: zipfile.ZipFile) -> FileFormat:
    members = files_of(archive)
    names = [member.filename for member in members]
    _check_archive(path, members, names)
    images, tables = with_suffix(names, IMAGE_SUFFIXES), with_suffix(names, TABLE_SUFFIXES)
    if len(images) > len(tables):
        if any("\\" in name and "/" not in name for name in images):
            raise MlpathError(
                f"{path} separates folders with backslashes, which zip does not allow",
                hint="Unpack it and use the folder, or pack it again.",
            )
        return FileFormat("images", "zip")
    if len(tables) != 1:
        found = f"{len(tables)} tables ({', '.join(tables[:5])})" if tables else "no table"
        hint = "Unpack it, and use one table, or the folder if all have the same columns."
        raise MlpathError(f"{path} contains {found}", hint=hint)
    others = len(names) - 1
    notes = (f"{others} other files in the archive are ignored.",) if others else ()
    return _detect_text(path, "zip", tables[0], notes)


def with_suffix(names: Iterable[str], suffixes: tuple[str, ...]) -> list[str]:
    """Return the names with one of the suffixes, in any case."""
    return [name for name in names if name.lower().endswith(suffixes)]


def _check_archive(path: Path, members: Sequence[zipfile.ZipInfo], names: Sequence[str]) -> None:
    if "[Content_Types].xml" in names or {"mimetype", "content.xml"} <= set(names):
        raise MlpathError(f"{path} is an Office document, not a table", hint=_EXPORT)
    if any(member.flag_bits & 1 for member in members):
        raise MlpathError(f"{path} is encrypted", hint="Unpack it first.")
    check_unpacked_size(path, members)


def check_unpacked_size(path: Path, members: Sequence[zipfile.ZipInfo]) -> None:
    """Check that an archive does not unpack to much more than its size.

    Raises:
        MlpathError: It does.
    """
    size, packed = sum(member.file_size for member in members), path.stat().st_size
    if size > MAX_UNPACKED or size > MAX_RATIO * max(packed, 1 << 16):
        raise MlpathError(
            f"{path} would unpack to {size:,} bytes, {size // packed:,} times its size; "
            f"the limits are {MAX_RATIO} times and {MAX_UNPACKED:,} bytes",
            hint="If you trust it, unpack it and use the file inside.",
        )


def files_of(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return the files of an archive without hidden and system files."""
    return [
        member
        for member in archive.infolist()
        if not member.is_dir() and not is_system_file(member.filename)
    ]


def is_system_file(name: str) -> bool:
    """Return whether a file is hidden, or written by an operating system for itself."""
    parts = PurePosixPath(name).parts
    hidden = any(part.startswith(".") for part in parts)
    return hidden or "__MACOSX" in parts or parts[-1] == "Thumbs.db"


def _detect_text(
    path: Path, compression: str, member: str = "", notes: tuple[str, ...] = ()
) -> FileFormat:
    with open_unpacked(path, compression, member) as file:
        head = file.read(HEAD)
        if head.startswith(b"PAR1"):
            return FileFormat("parquet", compression, member, notes=notes)
        _check_supported(path, head)
        encoding = detect_encoding(path, head)
        if encoding == "utf-8":
            encoding = detect_encoding(path, _first_other_block(file))
    text = head.decode(encoding, errors="replace").lstrip("\ufeff")
    _check_text(path, text)
    file_format = "json" if text.lstrip()[0] in "[{" else "csv"
    return FileFormat(file_format, compression, member, encoding, text, notes)


def _check_supported(path: Path, head: bytes) -> None:
    for magic, description, hint in _UNSUPPORTED:
        if head.startswith(magic):
            raise MlpathError(f"{path} is {description}, not a table", hint=hint)


def _first_other_block(file: IO[bytes]) -> bytes:
    """Return the next block of a file that is not UTF-8; empty if there is none."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    while block := file.read(HEAD):
        try:
            decoder.decode(block)
        except UnicodeDecodeError:
            return block
    return b""


def _check_text(path: Path, text: str) -> None:
    start = text.lstrip()[:200].lower()
    if not start:
        raise MlpathError(f"{path} contains only blanks", hint="Use another table.")
    if start.startswith(("<!doctype html", "<html", "<head", "<body")):
        raise MlpathError(
            f"{path} is a web page, not a table",
            hint="The download may have returned a login or error page; download the file itself.",
        )
    if start.startswith(("<?xml", "<svg")):
        raise MlpathError(f"{path} is XML, not a table", hint=_EXPORT)
    if "\0" in text:
        raise MlpathError(
            f"{path} contains NUL characters, so it is binary or damaged",
            hint="Download it again, or remove them: tr -d '\\000' < FILE > CLEAN",
        )


def detect_encoding(path: Path, block: bytes) -> str:
    """Return the encoding of a text, of which `block` is the beginning or a part that is not UTF-8.

    Raises:
        MlpathError: The encoding can't be detected.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if block.startswith(mark):
            return encoding
    if b"\0" in block[:1000]:
        return _detect_utf16(block) or "utf-8"  # whose NUL characters are refused
    with contextlib.suppress(UnicodeDecodeError):
        codecs.getincrementaldecoder("utf-8")().decode(block)
        return "utf-8"
    if latin := _detect_latin(block):
        return latin
    from charset_normalizer import from_bytes  # noqa: PLC0415 - needed by few files

    best = from_bytes(block, cp_isolation=_ENCODINGS).best()
    if best is None:
        raise MlpathError(
            f"{path}: its encoding can't be detected",
            hint="Convert it: iconv -f ENCODING -t UTF-8 FILE > NEW",
        )
    return codecs.lookup(best.encoding).name


def _detect_latin(head: bytes) -> str | None:
    """Return the encoding of a text in Latin letters: cp1252, unless its letters contradict."""
    for encoding, alphabets in _ALPHABETS.items():
        if max(_share(head, encoding, alphabet) for alphabet in alphabets) >= _MIN_LETTERS:
            return encoding
    return "cp1252" if _share(head, "cp1252", "") else None


def _share(head: bytes, encoding: str, alphabet: str) -> float:
    """Return the share of an alphabet in the non-ASCII letters; 0 for other scripts."""
    try:
        text = head.decode(encoding).lower()
    except UnicodeDecodeError:
        return 0.0
    accented = "".join(word for word in re.findall(r"[^\W\d_]+", text) if not word.isascii())
    letters = [letter for letter in accented if not letter.isascii()]
    if 2 * len(letters) > len(accented):
        return 0.0
    known = sum(letter in alphabet for letter in letters)
    return (known + 0.5) / (len(letters) + 0.5)


def _detect_utf16(head: bytes) -> str | None:
    """Return the encoding of UTF-16 without a byte order mark, if most characters are Latin."""
    for encoding in ("utf-16-le", "utf-16-be"):
        with contextlib.suppress(UnicodeDecodeError):
            text = head[: len(head) // 2 * 2].decode(encoding)[:1000]
            latin = sum(ord(character) < 0x250 for character in text)  # noqa: PLR2004
            if (text.isprintable() or "\n" in text) and latin > 0.9 * len(text):
                return encoding
    return None


@contextlib.contextmanager
def open_unpacked(path: Path, compression: str, member: str) -> Iterator[IO[bytes]]:
    """Open a table for reading its bytes without compression.

    Raises:
        MlpathError: The archive is damaged.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(_unpacking(path))
        if compression == "zip":
            archive = stack.enter_context(zipfile.ZipFile(path))
            yield stack.enter_context(archive.open(member))
        else:
            opener: Any = gzip.open if compression == "gz" else io.open
            yield stack.enter_context(opener(path, "rb"))
