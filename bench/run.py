"""Run the benchmarks and write their table into `bench/README.md`, and below it how busy the machine was.

    python bench/run.py                 all
    python bench/run.py artifact.py     some; keeps the rows of the others

A benchmark is a script in this folder. It prints rows `what | ours | peer | ratio | goal` and measures its peer in the same run.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

from measure.process import seconds

HERE = Path(__file__).parent
README = HERE / "README.md"
RUNS = 50
BEGIN, END = "<!-- table: written by bench/run.py -->\n", "<!-- end of table -->\n"
HEADER = "| | ours | peer | ratio | goal | script |\n|---|---|---|---|---|---|\n"


def scripts() -> list[str]:
    """The names of the benchmarks."""
    return sorted(path.name for path in HERE.glob("*.py") if path.name != Path(__file__).name)


def rows(script: str) -> list[str]:
    """Run one benchmark; its rows as lines of the table."""
    done = subprocess.run([sys.executable, str(HERE / script)], check=True, stdout=subprocess.PIPE, text=True)
    return [f"| {line} | `{script}` |\n" for line in done.stdout.splitlines() if line.count("|") == 4]


def table(text: str) -> dict[str, list[str]]:
    """The rows in the README, by script."""
    kept: dict[str, list[str]] = {}
    for line in text.partition(BEGIN)[2].partition(END)[0].splitlines(keepends=True):
        script = line.rstrip(" |\n").rpartition("`")[0].rpartition("`")[2]
        if script in scripts():
            kept.setdefault(script, []).append(line)
    return kept


def machine(times: list[float]) -> str:
    """Where the numbers were measured, and how much the same command varies there."""
    low, middle, high = (f"{sorted(times)[place] * 1e3:.1f}" for place in (0, len(times) // 2, -1))
    return (
        f"\nMeasured with Python {platform.python_version()} on a machine with {os.cpu_count()} processors. "
        f"To show how busy the machine was, `python -c pass`\nran {len(times)} times, half of them before and half after the benchmarks: "
        f"at best {low} ms, median {middle} ms, at worst {high} ms.\n"
        f"The load average over five minutes was {os.getloadavg()[1]:.1f} at the end, including the benchmarks.\n\n"
    )


def bare() -> list[float]:
    """Times of an empty process, several times."""
    return [seconds([sys.executable, "-c", "pass"]) for _ in range(RUNS // 2)]


def main() -> None:
    wanted = sys.argv[1:] or scripts()
    text = README.read_text()
    measured = table(text)
    times = bare()
    for script in wanted:
        print(script, flush=True)
        measured[script] = rows(script)
        print("".join(measured[script]), flush=True)
    lines = "".join(line for script in sorted(measured) for line in measured[script])
    before, rest = text.split(BEGIN)
    README.write_text(before + BEGIN + HEADER + lines + machine(times + bare()) + END + rest.split(END)[1])


if __name__ == "__main__":
    main()
