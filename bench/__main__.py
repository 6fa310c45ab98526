"""Lists the benchmarks and runs those that are named, or all of them; options go to the one that is named."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType

Row = Mapping[str, object]


def find() -> dict[str, ModuleType]:
    """Return every benchmark of this folder by name."""
    names = sorted(info.name for info in pkgutil.iter_modules([str(Path(__file__).parent)]))
    modules = {name: importlib.import_module(f"bench.{name}") for name in names if not name.startswith("_")}
    return {name: module for name, module in modules.items() if hasattr(module, "SUMMARY") and hasattr(module, "run")}


def find_tools() -> dict[str, ModuleType]:
    """Return what takes options of its own: modules with `SUMMARY` and `main(arguments)`."""
    names = sorted(info.name for info in pkgutil.iter_modules([str(Path(__file__).parent)]))
    modules = {name: importlib.import_module(f"bench.{name}") for name in names if not name.startswith("_")}
    return {name: module for name, module in modules.items() if hasattr(module, "SUMMARY") and hasattr(module, "main")}


def as_text(rows: Sequence[Row]) -> str:
    """Lay rows out in columns: numbers to the right with three digits, words to the left."""
    if not rows:
        return "  (no rows)"
    heads = list(rows[0])
    cells = [[_cell(row[head]) for head in heads] for row in rows]
    widths = [max(len(head), *(len(line[i]) for line in cells)) for i, head in enumerate(heads)]
    is_number = [all(isinstance(row[head], int | float) for row in rows) for head in heads]
    lines = [heads, *cells]
    return "\n".join(
        "  "
        + "  ".join(c.rjust(w) if n else c.ljust(w) for c, w, n in zip(line, widths, is_number, strict=True)).rstrip()
        for line in lines
    )


def _cell(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def main(arguments: Sequence[str]) -> int:
    """Run the benchmarks that `arguments` name, all where they name none; return the exit code."""
    tools = find_tools()
    if arguments and arguments[0] in tools:
        return int(tools[arguments[0]].main(arguments[1:]))
    benchmarks = find()
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="which to run; all where none is named")
    parser.add_argument("--list", action="store_true", help="only list them")
    asked, options = parser.parse_known_args(arguments)
    if options and len(asked.names) != 1:
        parser.error(f"{' '.join(options)}: options belong to a benchmark; name one")
    unknown = [name for name in asked.names if name not in benchmarks]
    if unknown:
        parser.error(f"no benchmark is named {', '.join(unknown)}; there are: {', '.join(benchmarks)}")
    for name, module in benchmarks.items():
        print(f"{name:12} {module.SUMMARY}")
    for name, module in tools.items():
        print(f"{name:12} {module.SUMMARY} (only by name)")
    if asked.list:
        return 0
    print(f"\nPython {platform.python_version()} on {platform.machine()}")
    for name in asked.names or benchmarks:
        print(f"\n{name}: {benchmarks[name].SUMMARY}", flush=True)
        print(as_text(benchmarks[name].run(*([options] if options else []))), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
