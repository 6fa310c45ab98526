"""How many abstracts are tagged in a second, beside a peer that only finds the same names."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pyarrow as pa
from tests.horizon.corpora import read_biored, read_genes

from tmescope.facts.references.doid import read_doid
from tmescope.horizon.automaton import find
from tmescope.horizon.dictionary import Dictionary
from tmescope.horizon.entities import build_dictionary, tag

SUMMARY = "abstracts tagged in a second of one core with >= 100,000 names (limit: 15,000), beside pyahocorasick"

DATA = Path(os.environ.get("TMESCOPE_TEST_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
PEER = Path(__file__).parent / "peers" / "tag_names.py"
LIMIT = 15_000
RUNS = 5


def run() -> list[dict[str, object]]:
    """Return abstracts a second: the automaton alone, the whole table of mentions, and the peer where it is there."""
    genes, diseases = read_genes(DATA), read_doid({"terms": DATA / "horizon/doid/DO_cancer_slim.obo"})
    dictionary = build_dictionary(genes, diseases)
    documents = read_biored(DATA / "horizon/biored/Train.PubTator") * 5
    columns = {"doc_id": [str(i) for i in range(len(documents))], "title": [d.title for d in documents]}
    table = pa.table({**columns, "abstract": [d.abstract for d in documents]})
    joined = pa.array([f"{d.title}\n{d.abstract}" for d in documents], pa.large_string())
    rows = [
        _row("names found", _seconds(lambda: _find(joined, dictionary)), len(documents), dictionary),
        _row("mentions of all kinds", _seconds(lambda: tag(table, dictionary)), len(documents), dictionary),
    ]
    if peer := os.environ.get("TMESCOPE_PEER_PYTHON"):
        text = "\n".join(f"{d.title} {d.abstract}" for d in documents)
        names = "\n".join(form.text.lower() for form in dictionary.forms)
        done = subprocess.run([peer, str(PEER)], input=f"{names}\n\n{text}", text=True, capture_output=True, check=True)
        rows.append(_row("pyahocorasick, no word ends", float(done.stdout), len(documents), dictionary))
    return rows


def _find(texts: pa.Array, dictionary: Dictionary) -> None:
    import numpy as np

    _, offsets, data = texts.buffers()
    find(dictionary.automaton, np.frombuffer(data, dtype=np.uint8), np.frombuffer(offsets, dtype=np.int64))


def _seconds(work: object) -> float:
    times = []
    for _ in range(RUNS):
        start = time.process_time()
        work()  # type: ignore[operator]
        times.append(time.process_time() - start)
    return min(times)


def _row(what: str, seconds: float, n: int, dictionary: Dictionary) -> dict[str, object]:
    return {
        "what": what,
        "names": dictionary.automaton.n_terms,
        "abstracts": n,
        "cpu_s": seconds,
        "abstracts_per_s": round(n / seconds),
        "within limit": "yes" if n / seconds >= LIMIT else "NO",
    }
