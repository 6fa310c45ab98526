"""How a lake of documents behaves as it grows: files added, added again, asked, searched."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from tmescope.ingest.documents import ingest_documents
from tmescope.store.lake import Lake, create_lake, open_lake
from tmescope.store.lake_schemas import LakeBatch, document_schema, mention_schema
from tmescope.store.search import search_lake
from tmescope.store.search_index import INDEX, update_index

SUMMARY = "CPU s of a lake of synthetic papers: adding, adding again, current and past views, search"

OF_A_FILE = 30_000
OF_A_BATCH = 5_000
WORDS = 60_000
SENTENCES = 50_000
DIGEST = "0123456789abcdef"
TREND = (
    "SELECT m.entity_id, date_trunc('quarter', d.entered_on) AS quarter, count(DISTINCT d.doc_id) "
    "FROM mentions m JOIN documents d USING (doc_id) GROUP BY ALL"
)
QUESTIONS = {
    "two words": "w1200 w3400",
    "a phrase": '"w40 w7"',
    "a beginning": "w599*",
    "one rare word": "w51234",
    "one common word": "w3",
    "two common words": "w3 w5",
}


def run(arguments: Sequence[str] = ()) -> list[dict[str, object]]:
    """Build a lake and measure it; one row a question."""
    parser = argparse.ArgumentParser(prog="horizon_lake", description=SUMMARY)
    parser.add_argument("--documents", type=int, default=60_000)
    parser.add_argument("--folder", type=Path, help="where the lake is written for the time of the run")
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="tmescope-bench-", dir=asked.folder) as scratch:
        return list(measure(Path(scratch), asked.documents, repeats=asked.repeats))


def measure(folder: Path, n_documents: int, *, repeats: int) -> Iterator[dict[str, object]]:
    """Yield what each step costs."""
    lake = create_lake(folder / "lake")
    files, seconds = write_files(folder, lake, n_documents)
    yield row("add files (tables given)", n_documents, seconds, f"{size_of(lake.path / 'parts'):.0f} MB")
    yield row("first look: which version is current", n_documents, best(1, lambda: open_lake(lake.path).connect()))
    again = best(repeats, lambda: ingest_documents(files, open_lake(lake.path)))
    yield row("the same files again", n_documents, again, f"{len(files)} files")
    yield row("open, current views", n_documents, best(repeats, lambda: open_lake(lake.path).connect()))
    yield row("update of 1,000 papers, then look", n_documents, update(folder, lake, n_documents))
    cursor = lake.connect()
    count = "SELECT kind, count(*), min(entered_on) FROM documents GROUP BY kind"
    yield row("count current documents", n_documents, best(repeats, lambda: cursor.execute(count).fetchall()))
    n = one(cursor, "SELECT count(*) FROM mentions")
    took = best(repeats, lambda: cursor.execute(TREND).fetchall())
    yield row("papers by entity and quarter", n_documents, took, f"{n:,} mentions")
    day = dt.date(2016, 12, 31)
    yield row("as of a day: open", n_documents, best(1, lambda: lake.as_of(day)))
    took = best(repeats, lambda: lake.as_of(day).execute(TREND).fetchall())
    yield row("as of a day: papers by entity and quarter", n_documents, took)
    yield row("search index: all", n_documents, best(1, lambda: update_index(lake)), f"{megabytes(lake):.0f} MB")
    took = update(folder, lake, n_documents, number=2) + best(1, lambda: update_index(lake))
    yield row("search index: update of 1,000 papers", n_documents, took)
    for name, question in QUESTIONS.items():
        walls = [wall(lambda q=question: search_lake(lake, q)) for _ in range(max(repeats, 5))]
        n_hits = len(search_lake(lake, question).hits)
        took = best(repeats, lambda q=question: search_lake(lake, q))
        yield row(f"search {name}", n_documents, took, f"{n_hits} shown; wall {min(walls) * 1000:.1f} ms")


def write_files(folder: Path, lake: Lake, n_documents: int) -> tuple[list[Path], float]:
    """Add files of papers, with five mentions each; return them and the CPU seconds of adding."""
    rng = np.random.default_rng(7)
    sentences = make_sentences(rng)
    files, seconds = [], 0.0
    for first in range(0, n_documents, OF_A_FILE):
        last = min(first + OF_A_FILE, n_documents)
        path = folder / f"pubmed26n{first // OF_A_FILE + 1:04d}.xml"
        path.write_text(f"{first}-{last}\n")
        batches = [
            make_batch(rng, sentences, range(a, min(a + OF_A_BATCH, last))) for a in range(first, last, OF_A_BATCH)
        ]
        began = time.process_time()
        added = lake.add(path, batches, source="pubmed", sequence=20260001 + first // OF_A_FILE)
        seconds += time.process_time() - began
        lake.add_mentions(added.part, DIGEST, make_mentions(rng, range(first, last)))
        files.append(path)
        print(f"  {last:,} documents", file=sys.stderr, flush=True)
    return files, seconds


def make_sentences(rng: np.random.Generator) -> np.ndarray[Any, Any]:
    """Return sentences of 20 words, of which some are as common as in English."""
    shares = 1 / (np.arange(WORDS) + 8.0)
    drawn = rng.choice(WORDS, size=(SENTENCES, 20), p=shares / shares.sum())
    return np.array([" ".join(f"w{i}" for i in words) + "." for words in drawn], dtype=object)


def make_batch(rng: np.random.Generator, sentences: np.ndarray[Any, Any], numbers: range) -> LakeBatch:
    """Return papers with a title of one sentence and an abstract of eight."""
    n = len(numbers)
    picked = rng.integers(0, len(sentences), size=(n, 9))
    columns: dict[str, Any] = {
        name: pa.nulls(n, document_schema().field(name).type) for name in document_schema().names
    }
    columns["doc_id"] = pa.array([f"pmid:{i + 1}" for i in numbers])
    columns["source"], columns["kind"] = pa.array(["pubmed"] * n), pa.array(["paper"] * n)
    columns["version"] = pa.array(np.ones(n, dtype=np.int32))
    days = np.datetime64("2000-01-01") + (np.array(numbers) * 9_000 // 1_000_000 % 9_000)
    columns["entered_on"] = pa.array(days.astype("datetime64[D]"))
    columns["revised_on"] = pa.array((days + 90).astype("datetime64[D]"))
    columns["title"] = pa.array([sentences[i] for i in picked[:, 0]])
    columns["abstract"] = pa.array([" ".join(sentences[row]) for row in picked[:, 1:]])
    columns["is_review"] = pa.array(rng.random(n) < 0.1)
    return LakeBatch(documents=pa.table(columns).cast(document_schema()))


def make_mentions(rng: np.random.Generator, numbers: range) -> pa.Table:
    """Return five mentions a paper, of 4,000 entities."""
    n = 5 * len(numbers)
    ids = np.repeat(np.array([f"pmid:{i + 1}" for i in numbers], dtype=object), 5)
    columns: dict[str, Any] = {name: pa.nulls(n, mention_schema().field(name).type) for name in mention_schema().names}
    columns["doc_id"] = pa.array(ids)
    entities = np.array([f"HGNC:{i}" for i in range(4_000)], dtype=object)
    columns["entity_id"] = pa.array(entities[np.minimum(rng.pareto(1.0, n) * 20, 3_999).astype(int)])
    columns["entity_type"], columns["part"] = pa.array(["gene"] * n), pa.array(["abstract"] * n)
    return pa.table(columns).cast(mention_schema())


def update(folder: Path, lake: Lake, n_documents: int, *, number: int = 1) -> float:
    """Add a file that revises 1,000 papers; return the CPU seconds until the current views are there."""
    rng = np.random.default_rng(number)
    batch = make_batch(rng, make_sentences(rng)[:100], range(0, min(1_000, n_documents)))
    path = folder / f"pubmed26n{9000 + number}.xml"
    path.write_text(str(number))
    began = time.process_time()
    lake.add(path, [batch], source="pubmed", sequence=20269000 + number)
    lake.connect()
    return time.process_time() - began


def row(step: str, n_documents: int, seconds: float, note: str = "") -> dict[str, object]:
    """Return one row of the table, and tell it at once."""
    print(f"  {step}: {seconds:.3f} s {note}", file=sys.stderr, flush=True)
    return {"step": step, "documents": n_documents, "cpu_s": seconds, "note": note}


def best(repeats: int, work: Callable[[], object]) -> float:
    """Return the least CPU seconds of some runs."""
    found = []
    for _ in range(repeats):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return min(found)


def wall(work: Callable[[], object]) -> float:
    """Return the seconds of one run."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def one(cursor: Any, query: str) -> int:
    """Return the number that a query gives."""
    return int(cursor.execute(query).fetchone()[0])


def size_of(folder: Path) -> float:
    """Return the megabytes of a folder."""
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) / 1e6


def megabytes(lake: Lake) -> float:
    """Return the megabytes of the index."""
    return (lake.path / INDEX).stat().st_size / 1e6
