"""Data sets of each domain, with missing values, odd names and personal data."""

from __future__ import annotations

import csv
import io
import math
import random
import zipfile
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path

from PIL import Image

CUSTOMER_COLUMNS = [
    "customerID", "E-mail", "tenure (months)", "class", "Plan 📦", "signed", "Churn",
]  # fmt: skip
TICKET_COLUMNS = ["ticket id", "Sender", "What they wrote ✉", "Team"]
TEAM_WORDS = {
    "billing": ["invoice", "refund", "счёт", "charged", "payment"],
    "shipping": ["parcel", "late", "доставка", "courier", "lost"],
    "login": ["password", "account", "пароль", "locked", "reset"],
}
_OTHER_WORDS = ["hello", "please", "my", "the", "is", "again", "спасибо", "today", "and", "still"]
PHOTO_COLORS = {"red fox 🦊": (200, 80, 30), "blue jay": (40, 80, 200), "moss": (60, 120, 40)}
PHOTO_SIZE = (96, 64)


def write_csv(path: Path, rows: Iterable[Iterable[str]], delimiter: str = ",") -> Path:
    """Write rows to a CSV file, the first one as its header; return its path."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return path


def zip_bytes(files: Mapping[str, str | bytes]) -> bytes:
    """Return a zip archive of files by name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def customers(rows: int = 400, seed: int = 0) -> list[list[str]]:
    """Return a table with identifiers, missing values and a rare category; target Churn."""
    rng = random.Random(seed)  # noqa: S311
    table = [CUSTOMER_COLUMNS]
    for n in range(rows):
        tenure = rng.randrange(72)
        plan = "trial" if n % 150 == 0 else rng.choice(["basic", "plus"])
        leaves = tenure + rng.gauss(0, 12) < (30 if plan == "basic" else 15)
        row = [f"{n:05}-X", f"c{n}@example.com", str(tenure), rng.choice("ABC")]
        row += ["" if n % 20 == 3 else plan, f"20{10 + n % 14}-0{1 + n % 9}-11"]
        table.append([*row, "Yes" if leaves else "No"])
    return table


def tickets(rows: int = 300, seed: int = 0) -> list[list[str]]:
    """Return messages in two scripts with senders, line breaks and missing texts; target Team."""
    rng = random.Random(seed)  # noqa: S311
    table = [TICKET_COLUMNS]
    for n in range(rows):
        team = list(TEAM_WORDS)[n % len(TEAM_WORDS)]
        words = [*rng.choices(_OTHER_WORDS, k=rng.randrange(5, 20))]
        words += rng.sample(TEAM_WORDS[team], k=2)
        rng.shuffle(words)
        text = '"Hi",\n' + " ".join(words) + f" 🙂 {n}" if n % 5 == 0 else " ".join(words)
        table.append([f"T-{n:05}", f"c{n}@example.com", "" if n % 40 == 7 else text, team])
    return table


def visits(days: int = 700, seed: int = 0) -> list[list[str]]:
    """Return visitors by day: German notation, weekly season, missing days; target Besuche."""
    rng = random.Random(seed)  # noqa: S311
    table = [["Tag 📅", "Besuche", "Wetter"]]
    for n in range(days):
        day = date(2021, 3, 4) + timedelta(days=n)
        if n % 67 == 66 or n in {401, 402}:
            continue
        value = 1200 + 0.4 * n + 250 * math.sin(2 * math.pi * day.weekday() / 7) + rng.gauss(0, 40)
        text = f"{value:.1f}".replace(".", ",")
        table.append([f"{day:%d.%m.%Y}", "" if n == 90 else text, rng.choice(["gut", "übel"])])
    return table


def months(rows: int, step: int = 1) -> list[list[str]]:
    """Return a value on the first day of every month, or of every `step` months."""
    table = [["when", "much"]]
    for n in range(rows):
        year, month = divmod(n * step, 12)
        table.append([f"{1950 + year}-{month + 1:02}-01", f"{50 + n * 0.1 + 5 * math.sin(n):.2f}"])
    return table


def years(first: int, rows: int) -> list[list[str]]:
    """Return a value by year."""
    values = [[str(first + n), f"{900 + 9 * math.sin(n):.1f}"] for n in range(rows)]
    return [["YEAR", "LEVEL"], *values]


def photos(
    folder: Path, per_class: int = 30, seed: int = 0, size: tuple[int, int] = PHOTO_SIZE
) -> Path:
    """Write noisy images of three colors, with other files beside them; return the folder."""
    rng = random.Random(seed)  # noqa: S311
    for name, color in PHOTO_COLORS.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for n in range(per_class):
            pixels = bytes(
                max(0, min(255, channel + rng.randrange(-60, 60)))
                for _ in range(12 * 8)
                for channel in color
            )
            image = Image.frombytes("RGB", (12, 8), pixels).resize(size)
            image.save(folder / name / f"{n:03}{('.png', '.jpg', '.webp')[n % 3]}")
    (folder / "notes.txt").write_text("where they were taken")
    (folder / ".cache").mkdir(exist_ok=True)
    (folder / ".cache" / "x.png").write_bytes(b"junk")
    return folder


def make_gray(folder: Path) -> None:
    """Make every photo gray, saved in RGB."""
    for file in photo_files(folder):
        with Image.open(file) as image:
            gray = image.convert("L").convert("RGB")
        gray.save(file)


def photo_files(folder: Path) -> list[Path]:
    """Return the photos in the classes' folders."""
    return sorted(file for name in PHOTO_COLORS for file in (folder / name).iterdir())


def zip_folder(folder: Path) -> Path:
    """Pack a folder as a zip archive beside it; return its path."""
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, Path(folder.name, file.relative_to(folder)))
    return path
