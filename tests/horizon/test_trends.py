from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from tmescope.foundation.errors import InputError, UnknownNameError
from tmescope.horizon.mention_index import KINDS, index_mentions
from tmescope.horizon.quarters import number_of
from tmescope.horizon.trend_counts import QuarterCounts, count_quarters
from tmescope.horizon.trends import TrendOptions, rank_trends
from tmescope.simulate.literature import simulate_literature
from tmescope.simulate.literature_plan import LiteraturePlan
from tmescope.store.tables import SCHEMAS, shape_table


def _counts(series: np.ndarray, corpus: np.ndarray, names: list[str] | None = None) -> QuarterCounts:
    """Return series as papers, with nothing masked."""
    n, k = series.shape
    counts, whole = np.zeros((n, k, 4), dtype=np.int64), np.zeros((k, 4), dtype=np.int64)
    counts[:, :, 0], whole[:, 0] = series, corpus
    ids = names or [f"gene:{i:05d}" for i in range(n)]
    entities = pd.DataFrame({"entity_id": ids, "entity_type": "gene", "first_on": pd.Timestamp("2017-01-01")})
    first = number_of(date(2017, 1, 1))
    return QuarterCounts(entities, tuple(range(first, first + k)), counts, whole, np.zeros((k, 4), dtype=bool))


@pytest.mark.parametrize("seed", [1, 2])
def test_emerging_entities_are_found_among_4000_and_what_is_said_to_rise_does(seed: int) -> None:
    literature = simulate_literature(LiteraturePlan(), rng=np.random.default_rng(seed))
    series = literature.counts()
    names = list(literature.entities.index)
    table = rank_trends(_counts(series, literature.corpus, names)).table
    rises = (literature.entities["slope"] > 0).reindex(table["entity_id"]).to_numpy()
    said = ((table["q_value"] < 0.05) & (table["slope"] > 0)).to_numpy()
    assert said.sum() > 100
    assert (~rises[said]).mean() <= 0.10
    top = table.head(50)
    assert rises[:50].mean() >= 0.9
    assert ((top["n_documents"] >= 10) | top["flags"].str.contains("few")).all()
    # the same counts by raw growth: the last year over the year before
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.nan_to_num(series[:, -4:].sum(axis=1) / series[:, -8:-4].sum(axis=1), nan=-1.0, posinf=np.inf)
    raw = np.lexsort((-series.sum(axis=1), -ratio))[:50]
    assert (literature.entities["slope"].to_numpy()[raw] > 0).mean() < 0.4


@pytest.fixture(scope="module")
def trends(drawn):
    from tests.horizon.conftest import lake_of

    return rank_trends(count_quarters(index_mentions(lake_of(*drawn)), since=date(2017, 1, 1)), focus="test")


def test_the_table_is_that_of_its_schema_and_in_order(trends) -> None:
    table = trends.table
    assert list(table.columns) == list(SCHEMAS["trends"].columns)
    shape_table("trends", table)
    bound = table["lower_bound"].dropna()
    assert (bound.diff().dropna() <= 0).all()
    assert table["rank"].tolist() == list(range(1, len(table) + 1))


def test_documents_of_every_kind_stand_apart(trends, drawn) -> None:
    documents, mentions = drawn
    joined = mentions.merge(documents, on="doc_id")
    row = trends.table.iloc[0]
    own = joined[joined["entity_id"] == row["entity_id"]]
    complete = own["entered_on"] < "2021-10-01"
    assert row["n_documents"] == ((own["kind"] == "paper") & ~own["is_review"] & complete).sum()
    assert row["n_reviews"] == own["is_review"].sum()
    assert row["n_preprints"] == (own["kind"] == "preprint").sum()
    assert row["n_trials"] == (own["kind"] == "trial").sum()


def test_masked_quarters_are_told_and_change_nothing(trends, drawn) -> None:
    from tests.horizon.conftest import lake_of

    assert trends.masked == ("2021Q4",)
    assert any("2021Q4" in note for note in trends.notes)
    documents, mentions = drawn
    half = documents[(documents["entered_on"] < "2021-10-01") | (documents.index % 2 == 0)]
    found = rank_trends(count_quarters(index_mentions(lake_of(half, mentions)), since=date(2017, 1, 1)), focus="test")
    columns = ["entity_id", "slope", "lower_bound", "q_value", "n_documents"]
    pd.testing.assert_frame_equal(found.table[columns], trends.table[columns])


def test_what_stands_out_is_flagged() -> None:
    rng = np.random.default_rng(0)
    series = rng.poisson(20, (300, 16))
    series[0] = 0
    series[0, -1] = 9
    series[1] = np.where(np.arange(16) % 2, 150, 0)
    series[2] = [0] * 13 + [1, 2, 3]
    series[3] = 0
    table = rank_trends(_counts(series, np.full(16, 5000))).table.set_index("entity_id")
    assert table.loc["gene:00000", "flags"] == "few;one_end"
    assert table.iloc[-1].name == "gene:00000"
    assert "uneven" in table.loc["gene:00001", "flags"]
    assert table.loc["gene:00002", "flags"] == "few"
    assert "gene:00003" not in table.index


def test_a_burst_is_named_by_its_quarters() -> None:
    series = np.full((40, 12), 10)
    series[5, 4:7] = 45
    table = rank_trends(_counts(series, np.full(12, 1000))).table.set_index("entity_id")
    assert table.loc["gene:00005", "burst"] == "2018Q1-2018Q3"
    assert (table.drop("gene:00005")["burst"] == "").all()


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(InputError, match="4 of 4 quarters"):
        rank_trends(_counts(np.ones((3, 4), dtype=int), np.full(4, 10)))
    with pytest.raises(InputError, match="2 of 8 complete quarters have papers"):
        rank_trends(_counts(np.eye(2, 8, dtype=int), np.array([9, 9, 0, 0, 0, 0, 0, 0])))
    with pytest.raises(UnknownNameError, match="kind"):
        rank_trends(_counts(np.ones((3, 8), dtype=int), np.full(8, 10)), options=TrendOptions(kinds=("papers",)))
    assert KINDS[0] == "paper"
