"""Trends over five million mentions: CPU seconds of one thread of a first and of later processes, and of questions."""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from tmescope.facts.focus import FocusTerm, load_focus
from tmescope.horizon.focus_documents import select_area
from tmescope.horizon.kept_index import open_index
from tmescope.horizon.mention_index import MentionIndex
from tmescope.horizon.pairs import PairOptions, rank_pairs
from tmescope.horizon.rising import measure_rising
from tmescope.horizon.trend_counts import count_quarters, documents_of
from tmescope.store.lake import Lake, create_lake, open_lake
from tmescope.store.lake_schemas import LakeBatch, document_schema, mention_schema

SUMMARY = "trends over 5 million mentions (or --mentions N), one thread: CPU s of processes and questions (limit: 1 s)"

SINCE = date(2017, 1, 1)
FILES = 10
FIRST = 30_000_000
DIGEST = "0123456789abcdef"


def run(arguments: Sequence[str] = ()) -> list[dict[str, object]]:
    """Write a lake, then measure the first process that asks it, later ones, and each question; the least is told."""
    parser = argparse.ArgumentParser(prog="python -m bench horizon_trends", description=__doc__)
    parser.add_argument("--mentions", type=int, default=5_000_000)
    parser.add_argument("--entities", type=int, default=20_000)
    parser.add_argument("--turns", type=int, default=3)
    asked = parser.parse_args(list(arguments))
    with tempfile.TemporaryDirectory() as folder:
        lake = write_lake(Path(folder), asked.mentions, asked.entities)
        return [*_processes(lake.path, asked.turns), *_questions(lake.path, asked.turns)]


def _processes(path: Path, turns: int) -> Iterator[dict[str, object]]:
    trends = ["horizon", "trends", "--lake", str(path), "--since", "2017"]
    for task, command in (
        ("process: start alone (horizon --help)", ["horizon", "--help"]),
        ("process: trends --csv", [*trends, "--csv"]),
        ("process: trends, with pairs", trends),
    ):
        if command[-1] != "--help":
            shutil.rmtree(path / "derived", ignore_errors=True)
            yield _row(f"{task}, first of all", _process(command), 1)
        yield _row(task, min(_process(command) for _ in range(turns)), turns)


def _process(command: Sequence[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = "import sys; from tmescope.cli.main import main; sys.exit(main())"
    subprocess.run([sys.executable, "-c", start, *command], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _questions(path: Path, turns: int) -> Iterator[dict[str, object]]:
    for task, question in _tasks(path).items():
        seconds = []
        for _ in range(turns):
            started = time.process_time()
            answer = question()
            seconds.append(time.process_time() - started)
        yield _row(task, min(seconds), answer)


def _first_query(path: Path) -> int:
    lake = open_lake(path)
    n = len(measure_rising(open_index(lake), since=SINCE, with_pairs=False).trends.table)
    lake.close()
    return n


def _tasks(path: Path) -> dict[str, Callable[[], int]]:
    index: MentionIndex = open_index(open_lake(path))
    terms = tuple(FocusTerm(f"gene:{i}", f"gene:{i}") for i in range(40, 60))
    area = replace(load_focus("oncology"), words=(), headings=(), roots=(), entities=terms)
    one = ("gene:40",)

    def focused() -> int:
        return len(measure_rising(index, since=SINCE, focus="own", with_pairs=False).trends.table)

    return {
        "open the lake and its index, count, rank, name": lambda: _first_query(path),
        "count every quarter": lambda: len(count_quarters(index, since=SINCE).entities),
        "count, rank, name": lambda: len(measure_rising(index, since=SINCE, with_pairs=False).trends.table),
        "choose a focus": lambda: select_area(index, area),
        "count, rank, name in the focus": focused,
        "documents of a number": lambda: len(documents_of(index, "gene:40", quarter="2020Q1")),
        "pairs with one entity": lambda: len(
            rank_pairs(index, since=SINCE, options=PairOptions(with_one_of=one)).table
        ),
        "all pairs": lambda: rank_pairs(index, since=SINCE).n_met,
    }


def _row(task: str, cpu: float, answer: int) -> dict[str, object]:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {"task": task, "cpu_s": cpu, "rows": answer, "peak_gb": peak}


def write_lake(folder: Path, n_mentions: int, n_entities: int) -> Lake:
    """Write a lake of 20 quarters: some three mentions a document, few entities in most of them."""
    n = max(n_mentions * 9 // 25, FILES)
    lake = create_lake(folder / "lake")
    with duckdb.connect(config={"threads": 1}) as connection:
        _fill(connection, n, n_mentions, n_entities)
        for number in range(FILES):
            own = f"number BETWEEN {FIRST + number * n // FILES} AND {FIRST + (number + 1) * n // FILES - 1}"
            source = folder / f"pubmed26n{number + 1:04d}.xml"
            source.write_text(own)
            documents = _shaped(connection, f"SELECT * FROM documents WHERE {own}", document_schema())
            part = lake.add(source, [LakeBatch(documents)], source="pubmed", sequence=20260001 + number).part
            mentions = _shaped(connection, f"SELECT * FROM mentions WHERE {own}", mention_schema())
            lake.add_mentions(part, DIGEST, mentions)
    return lake


def _fill(connection: duckdb.DuckDBPyConnection, n: int, n_mentions: int, n_entities: int) -> None:
    connection.execute(
        f"CREATE TABLE documents AS SELECT {FIRST} + i AS number, 'pmid:' || ({FIRST} + i) AS doc_id, "
        "CASE WHEN i % 12 = 0 THEN 'preprint' ELSE 'paper' END AS kind, 'pubmed' AS source, 1 AS version, "
        f"DATE '2017-01-01' + CAST(i * 1825 // {n} AS INTEGER) AS entered_on, "
        f"DATE '2017-01-01' + CAST(i * 1825 // {n} AS INTEGER) AS published_on, 'day' AS published_precision, "
        "i % 9 = 0 AS is_review, false AS is_retracted, 'group ' || (hash(i) % 200000) AS group_key, "
        f"'A title' AS title FROM range({n}) t(i)"
    )
    connection.execute(
        f"CREATE TABLE mentions AS SELECT {FIRST} + hash(i) % {n} AS number, 'pmid:' || number AS doc_id, 'gene:' || "
        f"CAST(floor({n_entities} * pow((hash(i * 7) % 1000000) / 1000000.0, 3)) AS INTEGER) AS entity_id, "
        f"'gene' AS entity_type, 'title' AS part, 'x' AS text, 1 AS n FROM range({n_mentions}) t(i)"
    )


def _shaped(connection: duckdb.DuckDBPyConnection, query: str, schema: pa.Schema) -> pa.Table:
    """Return the answer with the columns of a schema; those that it lacks are missing."""
    found = connection.sql(query).to_arrow_table()
    columns = [
        found[field.name].cast(field.type) if field.name in found.column_names else pa.nulls(len(found), field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)
