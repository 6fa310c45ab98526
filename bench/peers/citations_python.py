"""Child process of `bench.horizon_parse`: all citations of a file with one program, what they cost as JSON."""

from __future__ import annotations

import hashlib
import json
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

program, warm, small, large, out = sys.argv[1], *map(Path, sys.argv[2:])
Found = tuple[str, str, str]


def peak_mb() -> float:
    """Return the peak of this process alone."""
    return int(re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())[1]) / 2**10


def run_tmescope(path: Path, *, keep: bool = False) -> Iterator[Found]:
    """Read batch by batch, as the lake does; rows of Python are made where they are to be compared."""
    from tmescope.ingest.pubmed import read_pubmed

    for batch in read_pubmed(path):
        if keep:
            for row in batch.documents.select(["doc_id", "title", "abstract"]).to_pylist():
                yield row["doc_id"].removeprefix("pmid:"), row["title"] or "", row["abstract"] or ""
        else:
            yield from [("", "", "")] * batch.documents.num_rows


def run_pubmed_parser(path: Path, *, keep: bool = False, everything: bool = False) -> Iterator[Found]:
    """Read with the program's defaults, which leave out references; `everything` is what tmescope keeps, nearly."""
    from pubmed_parser import parse_medline_xml

    options = {"author_list": True, "reference_list": True, "nlm_category": True} if everything else {}
    for row in parse_medline_xml(str(path), **options):
        if not row.get("delete"):
            yield (row["pmid"], row["title"] or "", row["abstract"] or "") if keep else ("", "", "")


def digest(text: str) -> str:
    """Return a hash of the letters of a text: programs lay out white space, sections and formulas in their own way."""
    return hashlib.sha256("".join(c for c in text.casefold() if c.isalnum()).encode()).hexdigest()[:16]


readers = {
    "tmescope": run_tmescope,
    "pubmed_parser": run_pubmed_parser,
    "pubmed_parser, all fields": lambda path, **options: run_pubmed_parser(path, everything=True, **options),
}
read = readers[program]
sum(1 for _ in read(warm, keep=True))  # imports are not what is compared
base, before = peak_mb(), time.process_time()
count = sum(1 for _ in read(large))
cost, peak = time.process_time() - before, peak_mb() - base
with out.open("w") as handle:
    for pmid, title, abstract in read(small, keep=True):
        handle.write(f"{pmid}\t{digest(title)}\t{digest(abstract)}\n")
print(json.dumps({"cpu_s": cost, "peak_mb": peak, "n": count}))
