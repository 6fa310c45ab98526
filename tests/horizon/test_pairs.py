from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from tmescope.foundation.errors import InputError, UnknownNameError
from tmescope.horizon.mention_index import index_mentions
from tmescope.horizon.pairs import PairOptions, find_novel, rank_pairs
from tmescope.horizon.trend_counts import documents_of
from tmescope.stats.gamma_poisson import shrink_ratios
from tmescope.store.tables import SCHEMAS, shape_table


@pytest.fixture(scope="module")
def index(drawn):
    from tests.horizon.conftest import lake_of

    return index_mentions(lake_of(*drawn))


@pytest.fixture(scope="module")
def pairs(index):
    return rank_pairs(index, since=date(2018, 1, 1))


def _key(table: pd.DataFrame) -> list[tuple[str, ...]]:
    return [tuple(sorted(pair)) for pair in zip(table["entity_a"], table["entity_b"], strict=True)]


def test_planted_pairs_are_the_first(pairs, literature) -> None:
    planted = set(_key(literature.pairs))
    assert len(set(_key(pairs.table.head(10))) & planted) >= 9
    assert (pairs.table.head(8)["ratio_low"] > 2).all()
    assert (pairs.table["ratio_low"] > 2).sum() <= len(planted) + 2


def test_counts_expectations_and_days_are_those_of_a_plain_table(pairs, drawn) -> None:
    documents, mentions = drawn
    papers = documents[(documents["kind"] == "paper") & ~documents["is_review"]]
    papers = papers[papers["entered_on"] < "2021-10-01"]
    joined = mentions.merge(papers, on="doc_id")
    shape_table("trend_pairs", pairs.table)
    assert list(pairs.table.columns) == list(SCHEMAS["trend_pairs"].columns)
    for row in [*pairs.table.head(12).itertuples(), *pairs.table.tail(3).itertuples()]:
        own = {e: joined[joined["entity_id"] == e].set_index("doc_id") for e in (row.entity_a, row.entity_b)}
        both = own[row.entity_a].join(own[row.entity_b][[]], how="inner").sort_values("entered_on")
        late = both[both["entered_on"] >= "2018-01-01"]
        assert row.n == len(late)
        assert row.n_groups == both["group_key"].nunique()
        assert row.first_on == str(both["entered_on"].iloc[0].date())
        firsts = both.groupby("group_key")["entered_on"].min().sort_values()
        confirmed = max(both["entered_on"].iloc[2], firsts.iloc[1]) if len(firsts) > 1 else pd.NaT
        assert pd.isna(row.confirmed_on) if pd.isna(confirmed) else row.confirmed_on == str(confirmed.date())
        expected = 0.0
        for quarter, whole in papers.groupby(papers["entered_on"].dt.to_period("Q")):
            if quarter.year >= 2018:
                sizes = [(o["entered_on"].dt.to_period("Q") == quarter).sum() for o in own.values()]
                expected += sizes[0] * sizes[1] / len(whole)
        assert row.expected == pytest.approx(expected, rel=1e-9)


def test_every_pair_opens_to_its_documents(pairs, index) -> None:
    row = pairs.table.iloc[0]
    found = documents_of(index, [row["entity_a"], row["entity_b"]], kind="paper")
    assert ((found["entered_on"] >= "2018-01-01") & (found["entered_on"] < "2021-10-01")).sum() == row["n"]


def test_ratios_are_shrunk_by_the_prior_of_all_pairs(pairs) -> None:
    table = pairs.table
    found = shrink_ratios(table["n"], table["expected"], pairs.prior)
    np.testing.assert_allclose(table["ratio_low"], found.ratio_low)
    assert pairs.n_met > len(table)


def test_pairs_with_one_entity_are_the_same_pairs(pairs, index, literature) -> None:
    heart = literature.pairs["entity_a"].iloc[0]
    found = rank_pairs(index, since=date(2018, 1, 1), options=PairOptions(with_one_of=(heart,)))
    whole = pairs.table[(pairs.table["entity_a"] == heart) | (pairs.table["entity_b"] == heart)]
    columns = ["entity_a", "entity_b", "n", "expected", "first_on", "confirmed_on"]
    left, right = (t[columns].sort_values(columns[:2], ignore_index=True) for t in (found.table, whole))
    pd.testing.assert_frame_equal(left, right)
    drugs = rank_pairs(index, since=date(2018, 1, 1), options=PairOptions(entity_types=("drug",)))
    assert all(a.startswith("drug:") and b.startswith("drug:") for a, b in _key(drugs.table))


def _meetings(days: list[str], groups: list[str | None], *, start: str = "2015-01-01"):
    """Return a lake in which x and y meet on these days in papers of these groups."""
    from tests.horizon.conftest import lake_of

    filler = pd.date_range(start, "2021-12-31", freq="MS")
    documents = pd.DataFrame(
        {
            "doc_id": [f"pmid:{i}" for i in range(len(days) + len(filler))],
            "kind": "paper",
            "entered_on": pd.to_datetime([*days, *filler.strftime("%Y-%m-%d")]),
            "group_key": [*groups, *["filler"] * len(filler)],
        }
    )
    mentions = [(f"pmid:{i}", e, "gene") for i in range(len(days)) for e in ("x", "y")]
    mentions += [(f"pmid:{len(days) + i}", "z", "gene") for i in range(len(filler))]
    table = pd.DataFrame(mentions, columns=["doc_id", "entity_id", "entity_type"])
    return index_mentions(lake_of(documents, table), delay_days=0)


DAYS = ["2019-02-03", "2019-08-01", "2020-03-04", "2020-09-09"]


@pytest.mark.parametrize(
    ("groups", "confirmed"),
    [
        (["A", "A", "A", "A"], None),  # one group alone, however often
        (["A", "A", "A", "B"], "2020-09-09"),  # the second group came with the fourth paper
        (["A", "B", "A", "A"], "2020-03-04"),  # the third paper
        (["A", None, None, None], None),  # who wrote them is not known
        (["A", None, "B", "A"], "2020-03-04"),
    ],
)
def test_a_first_meeting_is_new_once_three_papers_of_two_groups_confirm_it(groups, confirmed) -> None:
    pairs = rank_pairs(_meetings(DAYS, groups), since=date(2016, 1, 1))
    found = find_novel(pairs, since=date(2019, 1, 1))
    assert found["confirmed_on"].tolist() == ([confirmed] if confirmed else [])
    assert found["novel_on"].tolist() == (["2019-02-03"] if confirmed else [])
    assert find_novel(pairs, since=date(2019, 2, 4)).empty


def test_two_papers_are_not_enough_and_an_early_meeting_is_remembered() -> None:
    pairs = rank_pairs(_meetings(DAYS[:2], ["A", "B"]), since=date(2016, 1, 1))
    assert pairs.table.empty
    early = rank_pairs(_meetings(["2015-05-05", *DAYS], ["A", "B", "C", "D", "E"]), since=date(2018, 1, 1))
    assert early.table["n"].tolist() == [4]
    assert early.table["first_on"].tolist() == ["2015-05-05"]
    assert find_novel(early, since=date(2018, 1, 1)).empty


def test_too_few_pairs_have_no_ratio_and_are_told_all_the_same() -> None:
    pairs = rank_pairs(_meetings(DAYS, ["A", "B", "C", "D"]), since=date(2016, 1, 1))
    assert pairs.prior is None
    assert pairs.table["ratio_low"].isna().all() and pairs.table["n"].tolist() == [4]


def test_what_was_written_before_the_documents_begin_is_not_known() -> None:
    pairs = rank_pairs(_meetings(DAYS, ["A", "B", "C", "D"], start="2018-06-01"), since=date(2018, 6, 1))
    with pytest.raises(InputError, match="begin on 2018-06-01"):
        find_novel(pairs, since=date(2019, 1, 1))


def test_other_kinds_are_refused(index) -> None:
    with pytest.raises(UnknownNameError, match="kind"):
        rank_pairs(index, since=date(2018, 1, 1), options=PairOptions(kinds=("article",)))
