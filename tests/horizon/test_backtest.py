from __future__ import annotations

from datetime import date

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from tests.horizon.conftest import lake_of

from tmescope.foundation.errors import InputError, MethodError
from tmescope.horizon.backtest import BacktestOptions, _measure, backtest
from tmescope.horizon.trends import TrendOptions
from tmescope.simulate.literature import simulate_literature
from tmescope.simulate.literature_plan import LiteratureEffects, LiteraturePlan
from tmescope.store.tables import shape_table

DAY, SINCE = date(2019, 12, 31), date(2017, 1, 1)
OPTIONS = BacktestOptions(quarters=7, ks=(10, 20), resamples=200)


@pytest.fixture(scope="module")
def corpus():
    """Return a literature in which entities emerge early enough to be seen by the frozen day."""
    plan = LiteraturePlan(
        n_entities=600, documents=1500, median_rate=3.0, n_groups=50,
        effects=LiteratureEffects(n_emerging=40, n_fading=30, latest_onset=6, n_pairs=0, emerging_slope=(0.6, 1.0)),
    )  # fmt: skip
    quarters = list(simulate_literature(plan, rng=np.random.default_rng(3)).quarters())
    documents = pd.concat([q.documents for q in quarters], ignore_index=True)
    return documents, pd.concat([q.mentions for q in quarters], ignore_index=True)


def _run(documents: pd.DataFrame, mentions: pd.DataFrame, **options):
    lake = lake_of(documents, mentions)
    return backtest(lake, lake.cursor(), day=DAY, since=SINCE, rng=np.random.default_rng(0), options=OPTIONS, **options)


@pytest.fixture(scope="module")
def result(corpus):
    return _run(*corpus)


def test_what_rises_by_the_day_goes_on_to_grow_far_more_often_than_by_the_baselines(result) -> None:
    shape_table("backtest", result.table)
    shape_table("backtest_entities", result.entities)
    grew = result.table[(result.table["outcome"] == "grew") & (result.table["k"] == 20)].set_index("ranking")
    ours = grew.loc["tmescope"]
    assert ours["precision"] > 0.5
    assert ours["ci_low"] > max(grew.loc[["total_count", "last_year_count"], "precision"].max(), 0.2)
    assert ours["enrichment_low"] > 2.0
    assert grew.loc["random", "precision"] == pytest.approx(ours["n_hits_total"] / ours["n"])
    assert grew.loc["random", "ci_low"] <= grew.loc["random", "precision"] <= grew.loc["random", "ci_high"]


def test_the_judge_counts_what_came_afterwards(result, corpus) -> None:
    documents, mentions = corpus
    assert (result.judged_from, result.judged_until) == ("2020Q1", "2021Q3")
    papers = documents[(documents["kind"] == "paper") & ~documents["is_review"]]
    joined = mentions.merge(papers, on="doc_id")
    row = result.entities.iloc[3]
    days = joined.loc[joined["entity_id"] == row["entity_id"], "entered_on"]
    assert row["n_before"] == days.between("2019-01-01", "2019-12-31").sum()
    assert row["n_after"] == days.between("2020-01-01", "2021-09-30").sum()
    sizes = [
        papers["entered_on"].between(*s).sum() for s in (("2019-01-01", "2019-12-31"), ("2020-01-01", "2021-09-30"))
    ]
    assert row["growth"] == pytest.approx(row["n_after"] / sizes[1] / (row["n_before"] / sizes[0]))
    from scipy import stats

    exact = stats.binomtest(
        int(row["n_after"]), int(row["n_after"] + row["n_before"]), sizes[1] / sum(sizes), alternative="greater"
    )
    assert row["growth_p_value"] == pytest.approx(exact.pvalue)


def test_first_trials_are_those_after_the_day(result, corpus) -> None:
    documents, mentions = corpus
    trials = (
        mentions.merge(documents[documents["kind"] == "trial"], on="doc_id").groupby("entity_id")["entered_on"].min()
    )
    first = trials.reindex(result.entities["entity_id"])
    assert (result.entities["had_trial"].to_numpy() == (first <= "2019-12-31").to_numpy()).all()
    expected = ((first > "2019-12-31") & (first <= "2021-09-30")).to_numpy()
    assert (result.entities["first_trial"].to_numpy() == expected).all()
    asked = result.table[result.table["outcome"] == "first_trial"]
    assert (asked["n"] == (~result.entities["had_trial"]).sum()).all()


def test_nothing_that_came_later_moves_the_frozen_ranking(result, corpus) -> None:
    documents, mentions = corpus
    is_later = documents["entered_on"] > pd.Timestamp(DAY)
    later = documents[is_later & (documents.index % 3 > 0)].copy()
    later["kind"] = "paper"
    old = documents[~is_later].copy()
    # revised afterwards: retracted, and with headings that were given afterwards
    old["revised_on"] = pd.to_datetime(np.where(old.index % 5 == 0, "2020-05-05", None))
    old["is_retracted"] = old.index % 10 == 0
    top = result.entities["entity_id"].iloc[-1]
    headings = pd.DataFrame(
        {"doc_id": old.loc[old.index % 5 == 0, "doc_id"], "entity_id": top, "entity_type": "gene", "part": "mesh"}
    )
    aliases = pd.DataFrame(
        {"doc_id": old["doc_id"].iloc[::7], "entity_id": top, "entity_type": "gene", "part": "title", "text": "newname"}
    )
    flood = pd.DataFrame({"doc_id": later["doc_id"], "entity_id": top, "entity_type": "gene"})
    terms = pa.table(
        {"entity_id": [top], "term": ["NewName"], "known_since": pa.array([date(2020, 2, 1)], pa.date32())}
    )
    changed = pd.concat([mentions.assign(part="title", text="old"), flood, headings, aliases], ignore_index=True)
    changed["part"], changed["text"] = changed["part"].fillna("title"), changed["text"].fillna("old")
    changed = changed[changed["doc_id"].isin([*old["doc_id"], *later["doc_id"]])]
    found = _run(pd.concat([old, later], ignore_index=True), changed, terms=terms)
    pd.testing.assert_frame_equal(found.trends.table, result.trends.table)


def test_a_frozen_lake_that_leaks_is_refused(corpus, monkeypatch) -> None:
    documents, mentions = corpus
    lake = lake_of(documents, mentions)
    # as if freezing did nothing
    monkeypatch.setattr("tmescope.horizon.backtest.freeze", lambda connection, day, terms=None: connection.cursor())
    with pytest.raises(MethodError, match="of the kind document"):
        backtest(lake, lake.cursor(), day=DAY, since=SINCE, rng=np.random.default_rng(0), options=OPTIONS)


def test_a_future_that_is_not_complete_is_refused(corpus) -> None:
    lake = lake_of(*corpus)
    with pytest.raises(InputError, match="complete until 2021-1"):
        backtest(
            lake, lake.cursor(), day=date(2020, 12, 31), since=SINCE, rng=np.random.default_rng(0),
            options=BacktestOptions(quarters=8, trends=TrendOptions()),
        )  # fmt: skip
    assert isinstance(lake, duckdb.DuckDBPyConnection)


def test_where_nothing_can_be_ranked_the_table_is_empty_and_has_its_columns() -> None:
    asked = pd.DataFrame({"had_trial": pd.Series(dtype=bool)})
    found = _measure(asked, DAY, OPTIONS, rng=np.random.default_rng(0))
    shape_table("backtest", found)
    assert found.empty


def test_tops_longer_than_the_ranking_are_told_once() -> None:
    asked = pd.DataFrame(
        {"had_trial": False, "grew": [True, False, True], "first_trial": False, "rank": [1, 2, 3],
         "n_documents": [9, 8, 7], "n_last_year": [3, 2, 1]}
    )  # fmt: skip
    found = _measure(asked, DAY, OPTIONS, rng=np.random.default_rng(0))
    assert found["k"].unique().tolist() == [3]
    assert not found.duplicated(["outcome", "ranking", "k"]).any()
