"""Numbers of a ranking open to the documents that were counted, and to no others."""

from __future__ import annotations

from datetime import date

import duckdb
import numpy as np
import pandas as pd
import pytest
from tests.horizon.conftest import lake_of

from tmescope.horizon.mention_index import index_mentions
from tmescope.horizon.opened_counts import open_counts
from tmescope.horizon.pairs import rank_pairs
from tmescope.horizon.quarters import number_of, read_quarter
from tmescope.horizon.trend_counts import count_quarters, documents_of
from tmescope.horizon.trends import rank_trends

SINCE = date(2017, 1, 1)


@pytest.fixture(scope="module")
def index(drawn):
    return index_mentions(lake_of(*drawn))


def test_the_numbers_are_those_of_the_ranking_and_the_documents_the_newest(index) -> None:
    found = rank_trends(count_quarters(index, since=SINCE))
    top = found.table.head(6).set_index("entity_id")
    used = [read_quarter(q) for q in found.quarters]
    opened = open_counts(index, [(e,) for e in top.index], since=SINCE, quarters=used, most=5)
    assert opened.groupby(["entity_a", "kind"]).size().max() == 5
    for column, kind in (("n_documents", "paper"), ("n_trials", "trial"), ("n_reviews", "review")):
        numbers = opened[opened["kind"] == kind].groupby("entity_a")["n"].first().reindex(top.index).fillna(0)
        assert numbers.tolist() == top[column].tolist()
    papers = opened[(opened["kind"] == "paper") & (opened["entity_a"] == top.index[0])]
    all_papers = documents_of(index, top.index[0], kind="paper")
    counted = all_papers[all_papers["quarter"].isin(found.quarters)]
    assert papers["entered_on"].tolist() == counted["entered_on"].dt.strftime("%Y-%m-%d").tolist()[::-1][:5]
    assert set(papers["doc_id"]) <= set(counted["doc_id"])


def test_a_pair_opens_to_papers_that_name_both(index) -> None:
    best = rank_pairs(index, since=SINCE).table.head(3)
    pairs = list(zip(best["entity_a"], best["entity_b"], strict=True))
    span = range(number_of(SINCE), index.coverage["paper"].last_complete + 1)
    opened = open_counts(index, pairs, since=SINCE, quarters=span, most=1000)
    papers = opened[opened["kind"] == "paper"]
    assert papers.groupby(["entity_a", "entity_b"], sort=False).size().tolist() == best["n"].tolist()
    for a, b in pairs:
        own = papers[(papers["entity_a"] == a) & (papers["entity_b"] == b)]
        assert set(own["doc_id"]) <= set(documents_of(index, [a, b])["doc_id"])


def test_documents_outside_of_the_area_are_not_listed(index, drawn) -> None:
    documents, mentions = drawn
    entity = mentions["entity_id"].value_counts().index[0]
    own = mentions.loc[mentions["entity_id"] == entity, "doc_id"]
    half = set(own.iloc[::2])
    index.connection.execute(
        "CREATE OR REPLACE TEMP TABLE trend_focus AS SELECT d FROM trend_documents "
        "WHERE doc_id IN (SELECT unnest(?::VARCHAR[]))",
        [sorted(half)],
    )
    quarters = np.arange(number_of(SINCE), number_of(date(2026, 1, 1)))
    opened = open_counts(index, [(entity,)], since=SINCE, quarters=quarters, most=10_000, focus="half")
    assert set(opened["doc_id"]) == half & set(documents["doc_id"])
    assert set(opened["focus"]) == {"half"}


@pytest.mark.parametrize("threads", [1, 4])
def test_of_documents_of_one_day_the_first_by_name_are_listed(tmp_path, threads) -> None:
    """Files are read in any order and by several threads, which decide nothing."""
    n = 40_000
    names = np.random.default_rng(3).permutation([f"pmid:{i:06d}" for i in range(n)])
    for part in range(4):
        of_part = names[part::4]
        documents = {"doc_id": of_part, "group_key": [f"g{int(i[5:]) % 997:03d}" for i in of_part], "title": of_part}
        said = {"kind": "paper", "is_review": False, "is_retracted": False, "published_precision": "day"}
        days = {"entered_on": date(2023, 1, 5), "published_on": date(2023, 1, 5)}
        pd.DataFrame({**documents, **said, **days}).to_parquet(tmp_path / f"d{part}.parquet", row_group_size=2048)
        mentions = {"doc_id": of_part, "entity_id": "gene:1", "entity_type": "gene", "text": "X", "n": 1}
        pd.DataFrame(mentions).to_parquet(tmp_path / f"m{part}.parquet")
    with duckdb.connect(config={"threads": threads, "preserve_insertion_order": "false"}) as connection:
        connection.execute(f"CREATE VIEW documents AS SELECT * FROM read_parquet('{tmp_path}/d*.parquet')")
        connection.execute(f"CREATE VIEW mentions AS SELECT * FROM read_parquet('{tmp_path}/m*.parquet')")
        index = index_mentions(connection)
        opened = open_counts(index, [("gene:1",)], since=SINCE, quarters=[number_of(date(2023, 1, 5))])
        assert opened["doc_id"].tolist() == [f"pmid:{i:06d}" for i in range(50)] and set(opened["n"]) == {n}
        groups = connection.execute("SELECT g, group_key FROM (SELECT DISTINCT g, group_key FROM trend_documents "
                                    "JOIN documents USING (doc_id)) ORDER BY g").fetchall()  # fmt: skip
        assert groups == [(i + 1, f"g{i:03d}") for i in range(997)]


def test_what_nothing_mentions_has_no_documents(index) -> None:
    assert open_counts(index, [("gene:none",)], since=SINCE, quarters=[], most=5).empty
