"""Citations of PubMed's XML, from gzip to tables, beside pubmed_parser: CPU seconds, memory, and whether they agree."""

from __future__ import annotations

import argparse
import gzip
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

SUMMARY = "citations/s of PubMed XML from gzip on one core, beside pubmed_parser (promised: 4,000/s, twice, < 100 MB)"

PROGRAMS = ("tmescope", "pubmed_parser", "pubmed_parser, all fields")
HERE = Path(__file__).resolve().parent
_ALL_CITATIONS = 38_000_000
_HEAD = '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE PubmedArticleSet SYSTEM "pubmed.dtd">\n<PubmedArticleSet>\n'
_PMID = re.compile(r'(<PMID Version="\d+">)\d+')


def run(arguments: Sequence[str] = ()) -> list[dict[str, object]]:
    """Repeat the real citations to a file of a usual size, and read it with each program in turns; the least counts."""
    parser = argparse.ArgumentParser(prog="horizon_parse", description=SUMMARY)
    parser.add_argument("--citations", type=int, default=30_000)
    parser.add_argument("--runs", type=int, default=3, help="in turns")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="tmescope-bench-") as scratch:
        folder = Path(scratch)
        records = real_records()
        warm, small, large = (folder / f"{name}.xml.gz" for name in ("warm", "small", "large"))
        write_file(warm, records, 10)
        write_file(small, records, len(records))
        write_file(large, records, asked.citations)
        costs: dict[str, list[dict[str, float]]] = {p: [] for p in PROGRAMS}
        for _ in range(asked.runs):
            for program in PROGRAMS:
                if (said := _measure(program, (warm, small, large))) is not None:
                    costs[program].append(said)
        rates = {p: asked.citations / min(c["cpu_s"] for c in found) for p, found in costs.items() if found}
        ours = _kept(folder, "tmescope")
        return [_row(p, costs[p], rates, (ours, _kept(folder, p))) for p in PROGRAMS]


def real_records() -> list[str]:
    """Return the citations of the archives of the test data as articles of the new document type."""
    data = Path(os.environ.get("TMESCOPE_TEST_DATA", HERE.parents[1] / "shared" / "data")) / "horizon"
    records: list[str] = []
    for path in sorted(data.glob("pubmed*/*.xml.gz")):
        if "trunc" in path.name:
            continue
        text = gzip.decompress(path.read_bytes()).decode()
        if "<MedlineCitationSet" in text:
            found = re.findall(r"<MedlineCitation .*?</MedlineCitation>", text, re.DOTALL)
            records += [f"<PubmedArticle>{r}</PubmedArticle>" for r in found]
        else:
            records += re.findall(r"<PubmedArticle>.*?</PubmedArticle>", text, re.DOTALL)
    if not records:
        raise SystemExit("the archives of the test data are not here: set TMESCOPE_TEST_DATA")
    return records


def write_file(path: Path, records: Sequence[str], n: int) -> None:
    """Write so many citations, each with a number of its own."""
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=6) as handle:
        handle.write(_HEAD)
        for i in range(n):
            number = str(50_000_000 + i)
            handle.write(_PMID.sub(lambda m, number=number: m[1] + number, records[i % len(records)], count=1) + "\n")
        handle.write("</PubmedArticleSet>\n")


def _measure(program: str, files: tuple[Path, ...]) -> dict[str, float] | None:
    default = HERE.parent / ".venv-peers" / "bin" / "python"
    peers = os.environ.get("TMESCOPE_PEERS", str(default))
    interpreter = sys.executable if program == "tmescope" else shutil.which(peers)
    if interpreter is None:
        return None
    command = [interpreter, str(HERE / "peers" / "citations_python.py"), program, *map(str, files)]
    command.append(str(files[0].parent / f"{program}.tsv"))
    one_core = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **one_core})
    if ended.returncode:
        print(f"  {program}: {ended.stderr.strip().splitlines()[-1:] or 'failed'}", file=sys.stderr)
        return None
    said: dict[str, float] = json.loads(ended.stdout.strip().splitlines()[-1])
    print(f"  {program}: {said}", file=sys.stderr, flush=True)
    return said


def _kept(folder: Path, program: str) -> dict[str, list[str]]:
    path = folder / f"{program}.tsv"
    lines = path.read_text().splitlines() if path.is_file() else []
    return {pmid: rest for pmid, *rest in (line.split("\t") for line in lines)}


def _row(
    program: str,
    costs: list[dict[str, float]],
    rates: dict[str, float],
    kept: tuple[dict[str, list[str]], dict[str, list[str]]],
) -> dict[str, object]:
    if not costs:
        names = ("citations/s", "times tmescope", "peak MB", "n", "hours for all", "titles equal", "abstracts equal")
        return {"program": f"{program} (not here)", **dict.fromkeys(names, math.nan)}
    ours, theirs = kept
    rate, both = rates[program], ours.keys() & theirs.keys()
    equal = [sum(ours[p][i] == theirs[p][i] for p in both) / max(len(ours), 1) for i in (0, 1)]
    return {
        "program": program,
        "citations/s": rate,
        "times tmescope": rates.get("tmescope", math.nan) / rate,
        "peak MB": max(c["peak_mb"] for c in costs),
        "n": int(costs[0]["n"]),
        "hours for all": _ALL_CITATIONS / rate / 3600,
        "titles equal": equal[0],
        "abstracts equal": equal[1],
    }
