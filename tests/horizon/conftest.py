"""Literatures in memory: the views of a lake as plain tables."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import numpy as np
import pandas as pd
import pytest

from tmescope.simulate.literature import SimulatedLiterature, simulate_literature
from tmescope.simulate.literature_plan import LiteratureEffects, LiteraturePlan

SMALL = LiteraturePlan(
    n_entities=400,
    documents=1200,
    median_rate=2.0,
    n_groups=300,
    effects=LiteratureEffects(n_emerging=20, n_fading=20, n_pairs=12),
)


@pytest.fixture(scope="session")
def literature() -> SimulatedLiterature:
    return simulate_literature(SMALL, rng=np.random.default_rng(11))


@pytest.fixture(scope="session")
def drawn(literature: SimulatedLiterature) -> tuple[pd.DataFrame, pd.DataFrame]:
    quarters = list(literature.quarters())
    documents = pd.concat([q.documents for q in quarters], ignore_index=True)
    mentions = pd.concat([q.mentions for q in quarters], ignore_index=True)
    return documents, mentions


@pytest.fixture
def as_lake() -> Callable[[pd.DataFrame, pd.DataFrame], duckdb.DuckDBPyConnection]:
    """Register documents and mentions as the views of a lake."""
    return lake_of


def lake_of(documents: pd.DataFrame, mentions: pd.DataFrame) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": 1})
    for name, default in (
        ("is_review", False), ("is_retracted", False), ("group_key", None), ("published_on", pd.NaT),
        ("published_precision", "day"), ("revised_on", pd.NaT), ("title", None),
    ):  # fmt: skip
        if name not in documents:
            documents = documents.assign(**{name: default})
    mentions = mentions.assign(**{c: "title" for c in ("part", "text") if c not in mentions})
    mentions = mentions if "n" in mentions else mentions.assign(n=1)
    connection.register("given_documents", documents)
    connection.register("given_mentions", mentions)
    connection.execute(
        "CREATE TABLE documents AS SELECT doc_id::VARCHAR AS doc_id, kind::VARCHAR AS kind, entered_on::DATE AS "
        "entered_on, published_on::DATE AS published_on, published_precision::VARCHAR AS published_precision, "
        "revised_on::DATE AS revised_on, is_review::BOOLEAN AS is_review, is_retracted::BOOLEAN AS is_retracted, "
        "group_key::VARCHAR AS group_key, title::VARCHAR AS title FROM given_documents"
    )
    connection.execute(
        "CREATE TABLE mentions AS SELECT doc_id::VARCHAR AS doc_id, entity_id::VARCHAR AS entity_id, "
        "entity_type::VARCHAR AS entity_type, part::VARCHAR AS part, text::VARCHAR AS text, "
        "n::INTEGER AS n FROM given_mentions"
    )
    return connection
