"""Decompression and conversion of text files that DuckDB can't read directly."""

import gzip
import io
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .tables import Reading

WHITESPACE = "whitespace"
QUOTED_OR_BLANKS = re.compile(r'("[^"]*")|[ \t]+')


@contextmanager
def plain_file(path: Path, reading: "Reading") -> Iterator[Path]:
    """Yield a file that DuckDB can read: the file itself, or a temporary copy.

    The copy is extracted from its archive, in UTF-8, with uniform line endings and tabs instead of blanks.
    """
    readable = reading.encoding in ("utf-8", "ascii") and reading.delimiter != WHITESPACE
    readable = readable and not reading.mixed_line_ends
    if readable and not reading.member:
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, Path(reading.member or path.name.removesuffix(".gz")).name)
        with _open(path, reading.member) as file:
            if readable:
                with copy.open("wb") as target:
                    shutil.copyfileobj(file, target)
            else:
                _convert(file, copy, reading)
        yield copy


@contextmanager
def _open(path: Path, member: str) -> Iterator[IO[bytes]]:
    if member:
        with zipfile.ZipFile(path) as archive, archive.open(member) as file:
            yield file
    else:
        opener: Any = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rb") as file:
            yield file


def _convert(file: IO[bytes], copy: Path, reading: "Reading") -> None:
    blanks = reading.delimiter == WHITESPACE
    with (
        io.TextIOWrapper(file, encoding=reading.encoding) as text,
        copy.open("w", encoding="utf-8", newline="\n") as target,
    ):
        for line in text:
            target.write(blanks_to_tabs(line) if blanks else line)


def blanks_to_tabs(line: str) -> str:
    """Return the line with a tab in place of each run of blanks outside quotes."""
    return QUOTED_OR_BLANKS.sub(lambda match: match[1] or "\t", line.strip(" \t\r\n")) + "\n"
