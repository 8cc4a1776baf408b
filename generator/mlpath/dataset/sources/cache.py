"""Keep downloads in the user's cache folder, partial ones too, with what they were made from."""

from __future__ import annotations

import hashlib
import json
import sys
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
from platformdirs import user_cache_path

from mlpath.dataset import names
from mlpath.dataset.report import format_size
from mlpath.errors import MlpathError
from mlpath.system import locks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlpath.dataset.sources.results import DownloadOptions


@dataclass(frozen=True)
class State:
    """What is known of a download."""

    validator: str = ""
    """ETag or time of modification, which changes with the content."""
    resumable: bool = False
    file: str = ""
    """Name of the complete file."""
    sha256: str = ""


@dataclass(frozen=True)
class Entry:
    """The folder of one address."""

    folder: Path
    label: str
    """The address without credentials."""

    @property
    def partial(self) -> Path:
        """Return the path of the file that is not complete yet."""
        return self.folder / ".partial"

    def state(self) -> State:
        """Return what is known of the last download."""
        with suppress(OSError, ValueError, TypeError):
            return State(**json.loads(self._state_file.read_text(encoding="utf-8")))
        return State()

    def complete_file(self) -> Path | None:
        """Return the complete file, unless it was changed."""
        state = self.state()
        path = self.folder / state.file
        intact = bool(state.file) and path.is_file() and hash_file(path) == state.sha256
        return path if intact else None

    def partial_size(self, validator: str | None = None) -> int:
        """Return the number of bytes from which a download can go on.

        Args:
            validator: Of the remote file; None if the server compares it.
        """
        state = self.state()
        usable = state.resumable and not state.file and validator in {None, state.validator}
        return self.partial.stat().st_size if usable and self.partial.exists() else 0

    def clear(self) -> None:
        """Forget the last download; a complete file stays until another one replaces it."""
        self._state_file.unlink(missing_ok=True)
        self.partial.unlink(missing_ok=True)

    def start(self, validator: str = "", *, resumable: bool = False) -> None:
        """Record what the download is made from."""
        self.clear()
        self._write_state(State(validator, resumable and bool(validator)))

    def receive(
        self, chunks: Iterable[bytes], options: DownloadOptions, *, offset: int, total: int | None
    ) -> None:
        """Append chunks to the partial file, which has `offset` of `total` bytes.

        Raises:
            MlpathError: The content is larger than the limit.
        """
        self.check_size(total, options)
        size = offset
        items: Iterable[str] = ()
        with (
            self.partial.open("ab" if offset else "wb") as file,
            click.progressbar(
                items, length=total, label="Downloading", file=sys.stderr,
                hidden=not options.progress, item_show_func=lambda text: text,
            ) as bar,
        ):  # fmt: skip
            bar.update(offset, format_size(offset))
            for chunk in chunks:
                size += len(chunk)
                self.check_size(size, options)
                file.write(chunk)
                bar.update(len(chunk), format_size(size))

    def check_size(self, size: int | None, options: DownloadOptions) -> None:
        """Check a size.

        Raises:
            MlpathError: It is larger than the limit.
        """
        if size is not None and size > options.max_bytes:
            raise MlpathError(
                f"{self.label} has at least {format_size(size)}, more than the limit of "
                f"{format_size(options.max_bytes)}",
                hint=f"To allow it: --max-download {-(-size // 1_000_000_000)}",
            )

    def finish(self, name: str) -> tuple[Path, str]:
        """Give the partial file its name; return its path and SHA-256."""
        path = self.folder / names.file_name(Path(name))
        self.partial.replace(path)
        for old in self.folder.iterdir():
            if old not in {path, self._state_file}:
                old.unlink()
        state, digest = self.state(), hash_file(path)
        self._write_state(State(state.validator, state.resumable, path.name, digest))
        return path, digest

    @property
    def _state_file(self) -> Path:
        return self.folder / ".state.json"

    def _write_state(self, state: State) -> None:
        self._state_file.write_text(json.dumps(asdict(state)), encoding="utf-8")


@contextmanager
def open_entry(label: str) -> Iterator[Entry]:
    """Provide the folder of an address, for one process at a time."""
    root = user_cache_path("mlpath", appauthor=False) / "datasets"
    root.mkdir(parents=True, exist_ok=True)
    folder = root / hashlib.sha256(label.encode()).hexdigest()[:16]
    with locks.hold(folder):
        yield Entry(folder, label)


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
