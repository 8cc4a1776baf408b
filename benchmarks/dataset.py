"""`mlpath inspect` against DuckDB's SUMMARIZE: python benchmarks/dataset.py [ROUNDS [GIB]].

A table of 12 columns with 1 GiB by default (on disk), then one with 10 MB, then one with 10,000
columns. Compares the CPU time of alternating runs, and measures peak memory. Exits with 1 if a
target is missed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from measure import (
    Side,
    check_ratio,
    compare,
    cpu_seconds,
    environment,
    parser,
    positive,
    print_median,
    script,
    within,
)

RATIO, MAX_MEMORY, SMALL_SECONDS = 1.2, 400e6, 1.0
ROW_BYTES = 75
_SUMMARIZE = "import sys, duckdb; duckdb.sql(f\"SUMMARIZE FROM '{sys.argv[1]}'\").fetchall()"
_WRITE = """
import sys, duckdb
path, rows = sys.argv[1], int(sys.argv[2])
duckdb.sql("SET enable_progress_bar = false")
duckdb.sql(f\"\"\"COPY (
    SELECT i AS id, 20 + hash(i) % 60 AS age, round(hash(i * 3) % 100000 / 7.0, 2) AS income,
        ['north', 'south', 'east', 'west'][(1 + hash(i * 5) % 4)::INT] AS region,
        CASE WHEN hash(i * 7) % 20 = 0 THEN NULL ELSE hash(i * 11) % 1000 END AS visits,
        DATE '2015-01-01' + (hash(i * 13) % 3000)::INT AS signed_up,
        hash(i * 17) % 2 = 0 AS newsletter, round(hash(i * 19) % 1000000 / 999.0, 4) AS score,
        'plan ' || hash(i * 23) % 12 AS plan, hash(i * 29) % 100 / 10.0 AS rating,
        'x' || hash(i * 31) % 100000 AS postcode,
        CASE WHEN hash(i * 37) % 1000 = 0 THEN 'lost'
            WHEN hash(i * 41) % 3 = 0 THEN 'yes' ELSE 'no' END AS churned
    FROM range({rows}) t(i)) TO '{path}' (HEADER)\"\"\")
"""
_WIDE = """
import sys, duckdb
path, columns = sys.argv[1], int(sys.argv[2])
shown = ", ".join(f"hash(i * {n} + 1) % 1000 AS c{n}" for n in range(columns))
duckdb.sql(f"COPY (SELECT {shown} FROM range(200) t(i)) TO '{path}' (HEADER)")
"""


def main(rounds: int, gib: float) -> bool:
    """Run all measurements; return whether every target is met."""
    with tempfile.TemporaryDirectory(prefix="mlpath-") as folder:
        large, small = Path(folder, "large.csv"), Path(folder, "small.csv")
        write(_WRITE, large, int(gib * 2**30 / ROW_BYTES))
        write(_WRITE, small, 10_000_000 // ROW_BYTES)
        size = large.stat().st_size / 2**30
        print(f"{size:.2f} GiB, CPU time of {rounds} alternating runs")
        met = compare(inspecting(large), summarizing(large), at_most=RATIO, rounds=rounds)
        peak = max(peak_memory(inspecting(large)) for _ in range(2))
        print(f"{peak / 1e6:8.0f} MB  peak memory")
        met &= check_ratio(peak / MAX_MEMORY, at_most=1, of="peak memory to 400 MB")
        large.unlink()
        print(f"\n{small.stat().st_size / 1e6:.1f} MB")
        met &= within(inspecting(small), at_most=SMALL_SECONDS)
        print("\n10,000 columns, and 1,000")
        met &= linear(Path(folder), rounds)
    return met


def linear(folder: Path, rounds: int) -> bool:
    """Return whether the CPU time per column is the same for 1,000 and 10,000 columns."""
    costs = {}
    with tempfile.TemporaryFile() as output:
        start = median(
            cpu_seconds(Side("start", [script("mlpath"), "--help"]), output.fileno())
            for _ in range(3)
        )
        for columns in (1_000, 10_000):
            path = folder / f"{columns}.csv"
            write(_WIDE, path, columns)
            values = [cpu_seconds(inspecting(path), output.fileno()) for _ in range(rounds)]
            print_median(f"{columns:,} columns", values)
            costs[columns] = (median(values) - start) / columns
    return check_ratio(costs[10_000] / costs[1_000], at_most=1.1, of="CPU time per column")


def inspecting(path: Path) -> Side:
    """Return the side of mlpath."""
    return Side("mlpath inspect", [script("mlpath"), "inspect", str(path), "--json"])


def summarizing(path: Path) -> Side:
    """Return the side of DuckDB."""
    return Side("SUMMARIZE", [sys.executable, "-c", _SUMMARIZE, str(path)])


def peak_memory(side: Side) -> float:
    """Run a side once; return its peak memory in bytes."""
    process = subprocess.Popen(
        side.command, env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def write(program: str, path: Path, size: int) -> None:
    """Write a table in another process, so that its memory is not counted."""
    subprocess.run([sys.executable, "-c", program, str(path), str(size)], check=True)


if __name__ == "__main__":
    command = parser(__doc__)
    command.add_argument("rounds", nargs="?", type=positive, default=5, help="of each side (5)")
    command.add_argument("gib", nargs="?", type=float, default=1, help="of the large table (1)")
    arguments = command.parse_args()
    sys.exit(not main(arguments.rounds, arguments.gib))
