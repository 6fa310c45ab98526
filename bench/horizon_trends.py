"""Trends over five million mentions: CPU seconds of one thread for the index of a lake and for each question of it."""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable, Sequence
from datetime import date

import duckdb

from tmescope.horizon.mention_index import MentionIndex, index_mentions
from tmescope.horizon.pairs import PairOptions, rank_pairs
from tmescope.horizon.trend_counts import count_quarters, documents_of, select_focus
from tmescope.horizon.trends import rank_trends

SUMMARY = "trends over 5 million mentions (or --mentions N), one thread: CPU s of index and questions (limit: 1 s each)"

SINCE = date(2017, 1, 1)


def run(arguments: Sequence[str] = ()) -> list[dict[str, object]]:
    """Measure the index once and each question three times; the least CPU is told."""
    parser = argparse.ArgumentParser(prog="python -m bench horizon_trends", description=__doc__)
    parser.add_argument("--mentions", type=int, default=5_000_000)
    parser.add_argument("--entities", type=int, default=20_000)
    parser.add_argument("--turns", type=int, default=3)
    asked = parser.parse_args(list(arguments))
    connection = fill(asked.mentions, asked.entities)
    started = time.process_time()
    index = index_mentions(connection)
    rows: list[dict[str, object]] = [_row("index, once", time.process_time() - started, asked.mentions)]
    for task, question in _questions(index).items():
        seconds = []
        for _ in range(asked.turns):
            started = time.process_time()
            answer = question()
            seconds.append(time.process_time() - started)
        rows.append(_row(task, min(seconds), answer))
    return rows


def _questions(index: MentionIndex) -> dict[str, Callable[[], int]]:
    select_focus(index, [f"gene:{i}" for i in range(40, 60)])
    one = ("gene:40",)
    return {
        "count every quarter": lambda: len(count_quarters(index, since=SINCE).entities),
        "count and rank": lambda: len(rank_trends(count_quarters(index, since=SINCE)).table),
        "count and rank in a focus": lambda: len(rank_trends(count_quarters(index, since=SINCE, in_focus=True)).table),
        "documents of a number": lambda: len(documents_of(index, "gene:40", quarter="2020Q1")),
        "pairs with one entity": lambda: len(
            rank_pairs(index, since=SINCE, options=PairOptions(with_one_of=one)).table
        ),
    }


def _row(task: str, cpu: float, answer: int) -> dict[str, object]:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {"task": task, "cpu_s": cpu, "rows": answer, "peak_gb": peak}


def fill(n_mentions: int, n_entities: int) -> duckdb.DuckDBPyConnection:
    """Return a lake of 20 quarters in memory: some three mentions a document, few entities in most of them."""
    connection = duckdb.connect(config={"threads": 1})
    n = max(n_mentions * 9 // 25, 1)
    connection.execute(
        f"CREATE TABLE documents AS SELECT 'pmid:' || (30000000 + i) AS doc_id, "
        "CASE WHEN i % 12 = 0 THEN 'preprint' ELSE 'paper' END AS kind, "
        f"DATE '2017-01-01' + CAST(i * 1825 // {n} AS INTEGER) AS entered_on, "
        f"DATE '2017-01-01' + CAST(i * 1825 // {n} AS INTEGER) AS published_on, 'day' AS published_precision, "
        "i % 9 = 0 AS is_review, false AS is_retracted, 'group ' || (hash(i) % 200000) AS group_key, "
        f"'A title' AS title FROM range({n}) t(i)"
    )
    connection.execute(
        f"CREATE TABLE mentions AS SELECT 'pmid:' || (30000000 + hash(i) % {n}) AS doc_id, 'gene:' || "
        f"CAST(floor({n_entities} * pow((hash(i * 7) % 1000000) / 1000000.0, 3)) AS INTEGER) AS entity_id, "
        f"'gene' AS entity_type, 'title' AS part, 'x' AS text, 1 AS n FROM range({n_mentions}) t(i)"
    )
    return connection
