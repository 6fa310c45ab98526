"""One measurement behind the command and the study: the same names, counts and pairs for both."""

from __future__ import annotations

from datetime import date

import pytest

from tmescope.horizon.entity_names import name_indexed
from tmescope.horizon.mention_index import index_mentions
from tmescope.horizon.pairs import rank_pairs
from tmescope.horizon.rising import measure_rising
from tmescope.horizon.trend_counts import count_quarters

SINCE = date(2017, 1, 1)


@pytest.fixture(scope="module")
def index(drawn):
    from tests.horizon.conftest import lake_of

    documents, mentions = drawn
    return index_mentions(lake_of(documents, mentions.assign(text="so " + mentions["entity_id"])))


def test_entities_and_pairs_carry_names_and_the_focus(index) -> None:
    index.connection.execute(
        "CREATE OR REPLACE TEMP TABLE trend_focus AS SELECT d FROM trend_documents WHERE d % 2 = 0"
    )
    found = measure_rising(index, since=SINCE, entity_types=["gene", "drug"], focus="own")
    expected = count_quarters(index, since=SINCE, entity_types=["gene", "drug"], in_focus=True)
    assert found.counts.table("own").equals(expected.table("own"))
    names = name_indexed(index, expected.entities["entity_id"].tolist())
    for table, columns in ((found.trends.table, [("entity_id", "name")]),
                           (found.pairs.table, [("entity_a", "name_a"), ("entity_b", "name_b")])):  # fmt: skip
        assert len(table) and set(table["focus"]) == {"own"}
        for entity, name in columns:
            assert table[name].tolist() == [names[e] for e in table[entity]]
            assert table[name].str.startswith("so ").all()


def test_pairs_are_those_of_the_ranking_or_left_out(index) -> None:
    whole = measure_rising(index, since=SINCE)
    plain = rank_pairs(index, since=SINCE)
    assert whole.pairs.table.drop(columns=["name_a", "name_b"]).equals(plain.table.drop(columns=["name_a", "name_b"]))
    alone = measure_rising(index, since=SINCE, with_pairs=False)
    assert alone.pairs is None and alone.trends.table.equals(whole.trends.table)
