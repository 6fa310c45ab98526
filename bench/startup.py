"""How long a user waits for ``tmescope --help``, as a whole process, beside bare Python and typer alone."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SUMMARY = "tmescope --help beside bare Python and typer alone: median of 10 whole processes (limit: 0.5 s)"

RUNS = 10
LIMIT_S = 0.5


@dataclass(frozen=True)
class Cost:
    """Time of one process: on the clock, and on the processors (user and system)."""

    wall_s: float
    cpu_s: float


def measure(command: Sequence[str]) -> Cost:
    """Run a command to its end and return what it cost; a command that fails is an error."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Cost(wall, cpu)


def median(costs: Sequence[Cost]) -> Cost:
    """Return the medians of both times, each by itself."""
    return Cost(statistics.median(c.wall_s for c in costs), statistics.median(c.cpu_s for c in costs))


def run() -> list[dict[str, object]]:
    """Measure the three commands in turns, so that what else the machine does meets all of them alike."""
    tmescope = Path(sys.executable).with_name("tmescope")
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        'python -c "import typer"': [sys.executable, "-c", "import typer"],
        "tmescope --help": [str(tmescope), "--help"],
    }
    for command in commands.values():
        measure(command)  # the first run writes byte code and fills the file cache
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(RUNS):
        for name, command in commands.items():
            costs[name].append(measure(command))
    medians = {name: median(found) for name, found in costs.items()}
    bare, typer = medians["python -c pass"], medians['python -c "import typer"']
    return [
        {
            "command": name,
            "wall_s": cost.wall_s,
            "cpu_s": cost.cpu_s,
            "wall / bare": cost.wall_s / bare.wall_s,
            "cpu / bare": cost.cpu_s / bare.cpu_s,
            "wall / typer": cost.wall_s / typer.wall_s,
            "within limit": "yes" if cost.wall_s < LIMIT_S else "NO",
        }
        for name, cost in medians.items()
    ]
