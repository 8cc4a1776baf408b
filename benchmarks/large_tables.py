"""From a table to a champion, against rows: `python benchmarks/large_tables.py PROJECT [ROWS ...]`.

PROJECT is a project of own data, whose environment runs the pipelines. For each size, DuckDB writes
a CSV file of eight numbers, two categories and a date, of which a class depends. `mlpath
new-project`, `dvc repro` and `learning-curve` run on it, and their CPU time and the memory of their
largest process are printed. The target is a time that grows no faster than the rows, and memory
that a laptop has.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from measure import environment, parser, positive

if TYPE_CHECKING:
    from collections.abc import Sequence

ROWS = (10_000, 100_000, 1_000_000, 10_000_000)
MAX_SLOPE, MAX_MEGABYTES = 1.0, 2000
UNIFORM = "(hash(i * 64 + {}) / 18446744073709551616.0)"
NORMAL = "round(sqrt(-2 * ln({} + 1e-12)) * cos(2 * pi() * {}), 4) AS x{}"


def write_table(path: Path, rows: int) -> None:
    """Write a CSV file that depends on nothing but the number of its rows."""
    uniform = [UNIFORM.format(number) for number in range(24)]
    numbers = [NORMAL.format(uniform[n], uniform[n + 8], n) for n in range(8)]
    log_odds = "x0 + x1 * x2 + sin(3 * x3) * x4 + (color = 'red')::INT - 2"
    with duckdb.connect() as database:
        database.execute(
            f"COPY (SELECT DATE '2015-01-01' + CAST(i * 3000 // {rows} AS INTEGER) AS day, "  # noqa: S608
            f"{', '.join(numbers)}, ['red', 'green', 'blue', 'gray'][1 + (i * 7919) % 4] AS color, "
            f"'R' || CAST(floor({uniform[16]} * 40) AS INTEGER) AS region, "
            f"CASE WHEN {uniform[17]} < 1 / (1 + exp(-({log_odds}))) THEN 'yes' ELSE 'no' END "
            f"AS cancelled FROM range({rows}) t(i)) TO '{path}' (HEADER)"
        )


def measure(name: str, command: Sequence[str], folder: Path, env: dict[str, str]) -> float:
    """Run a command, and print and return its CPU seconds.

    Exit if it fails, or if one of its processes takes too much memory.
    """
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            text = os.pread(output.fileno(), 1_000_000, 0).decode(errors="replace")
            sys.exit(f"{text}{name} failed with exit status {process.returncode}")
    seconds, megabytes = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
    print(f"{seconds:10.1f} s {megabytes:8.0f} MB  {name}", flush=True)
    if megabytes > MAX_MEGABYTES:
        sys.exit(f"{name} takes {megabytes:.0f} MB, more than {MAX_MEGABYTES}")
    return seconds


def run(rows: int, environment_of: Path, scratch: Path) -> float:
    """Make a project of so many rows, run it, and return the CPU seconds of all."""
    print(f"{rows:,} rows", flush=True)
    table, project = scratch / f"calls{rows}.csv", scratch / str(rows) / environment_of.name
    write_table(table, rows)
    project.parent.mkdir()
    programs = environment_of / ".venv" / "bin"
    env = environment() | {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "DVC_SITE_CACHE_DIR": str(scratch / "dvc"),
    }
    new_project = [sys.executable, "-m", "mlpath", "new-project", environment_of.name, "--defaults"]
    data = ["--quiet", "--no-lock", "--dataset", str(table), "--target", "cancelled"]
    seconds = measure("mlpath new-project", [*new_project, *data], project.parent, env)
    table.unlink()
    env["PYTHONPATH"] = str(project / "src")  # the metadata of the package is that of PROJECT
    python, (package,) = str(programs / "python"), (project / "src").iterdir()
    seconds += measure("dvc repro", [python, "-m", "dvc", "repro"], project, env)
    curve = [python, "-m", f"{package.name}.pipeline.learning_curve"]
    seconds += measure("learning-curve", curve, project, env)
    print((project / "reports" / "learning_curve.csv").read_text(), flush=True)
    return seconds


def main() -> None:
    """Print each size; exit with 1 if the time grows faster than the rows."""
    command = parser(__doc__)
    command.add_argument("project", type=Path, help="a project of own data, after `uv sync`")
    command.add_argument("rows", nargs="*", type=positive, default=ROWS)
    options = command.parse_args()
    with tempfile.TemporaryDirectory(prefix="mlpath-benchmark-") as scratch:
        seconds = [run(rows, options.project.resolve(), Path(scratch)) for rows in options.rows]
    for before, after in zip(range(len(seconds)), range(1, len(seconds)), strict=False):
        growth = math.log(seconds[after] / seconds[before])
        slope = growth / math.log(options.rows[after] / options.rows[before])
        print(f"{slope:8.2f}     log-log slope to {options.rows[after]:,} rows")
    growth = math.log(seconds[-1] / seconds[0]) / math.log(options.rows[-1] / options.rows[0])
    met = growth <= MAX_SLOPE
    print(f"{growth:8.2f}     slope of all, at most {MAX_SLOPE}: {'met' if met else 'MISSED'}")
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
