from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from tmescope.facts.focus import FocusTerm, load_focus
from tmescope.foundation.errors import InputError, UnknownNameError
from tmescope.horizon.focus_documents import select_area
from tmescope.horizon.mention_index import KINDS, index_mentions
from tmescope.horizon.trend_counts import count_quarters, documents_of
from tmescope.store.tables import SCHEMAS


@pytest.fixture(scope="module")
def index(drawn):
    from tests.horizon.conftest import lake_of

    connection = lake_of(*drawn)
    connection.execute(
        "ALTER TABLE documents ADD COLUMN mesh STRUCT(ui VARCHAR)[]; "
        "ALTER TABLE documents ADD COLUMN abstract VARCHAR; "
        "CREATE TABLE trials (doc_id VARCHAR, condition_mesh STRUCT(id VARCHAR)[], "
        "condition_ancestors STRUCT(id VARCHAR)[])"
    )
    return index_mentions(connection)


def _area(*entities):
    terms = tuple(FocusTerm(entity, entity) for entity in entities)
    return replace(load_focus("oncology"), words=(), headings=(), roots=(), entities=terms)


@pytest.fixture(scope="module")
def counted(index):
    return count_quarters(index, since=date(2017, 1, 1))


def test_counts_are_those_of_a_plain_table(drawn, counted) -> None:
    documents, mentions = drawn
    kind = np.where(documents["is_review"], "review", documents["kind"])
    quarter = documents["entered_on"].dt.to_period("Q").astype(str)
    joined = mentions.merge(documents.assign(kind=kind, quarter=quarter), on="doc_id")
    expected = joined.groupby(["entity_id", "quarter", "kind"]).size()
    found = counted.table()
    assert list(found.columns) == list(SCHEMAS["trend_counts"].columns)
    ours = found.set_index(["entity_id", "quarter", "kind"])["n"]
    assert len(ours) == len(expected)
    assert (ours == expected.reindex(ours.index)).all()
    corpus = documents.assign(kind=kind, quarter=quarter).groupby(["quarter", "kind"]).size()
    ours_corpus = found.drop_duplicates(["quarter", "kind"]).set_index(["quarter", "kind"])["corpus"]
    assert (ours_corpus == corpus.reindex(ours_corpus.index)).all()


def test_every_number_opens_to_its_documents(counted, index, drawn) -> None:
    documents = drawn[0].set_index("doc_id")
    for row in counted.table().iloc[::400].itertuples():
        found = documents_of(index, row.entity_id, quarter=row.quarter, kind=row.kind)
        assert len(found) == row.n
        days = documents.loc[found["doc_id"], "entered_on"].dt.to_period("Q").astype(str)
        assert (days == row.quarter).all()
    whole = documents_of(index, row.entity_id)
    assert len(whole) == counted.counts[counted.entities["entity_id"] == row.entity_id].sum()
    assert whole["entered_on"].is_monotonic_increasing


def test_the_latest_quarter_is_masked_and_trials_only_before_they_begin(counted) -> None:
    paper, trial = KINDS.index("paper"), KINDS.index("trial")
    assert counted.masked[:, paper].tolist() == [False] * 19 + [True]
    first = int(np.flatnonzero(counted.corpus[:, trial])[0])
    assert counted.masked[:first, trial].all()


def test_first_days_are_those_of_the_first_document(counted, index) -> None:
    row = counted.entities.iloc[5]
    assert documents_of(index, row["entity_id"])["entered_on"].iloc[0] == pd.Timestamp(row["first_on"])


def test_types_are_chosen(index, counted) -> None:
    drugs = count_quarters(index, since=date(2018, 5, 5), until=date(2019, 1, 1), entity_types=["drug", "gene"])
    assert set(drugs.entities["entity_type"]) == {"drug", "gene"}
    assert len(drugs.quarters) == 4
    np.testing.assert_array_equal(drugs.corpus, counted.corpus[5:9])


def test_a_focus_counts_its_documents_alone(index, counted) -> None:
    heart = counted.entities["entity_id"].iloc[3]
    assert select_area(index, _area(heart, "no:such")) == len(documents_of(index, heart))
    focused = count_quarters(index, since=date(2017, 1, 1), in_focus=True)
    own = focused.counts[focused.entities["entity_id"] == heart][0]
    np.testing.assert_array_equal(own, focused.corpus)
    other = focused.entities["entity_id"].iloc[0]
    together = documents_of(index, [heart, other])
    assert len(together) == len(documents_of(index, other, in_focus=True))
    assert select_area(index, _area("no:such")) == 0


def test_what_makes_no_sense_is_refused(index, counted) -> None:
    with pytest.raises(InputError, match="begins"):
        count_quarters(index, since=date(2030, 1, 1))
    with pytest.raises(UnknownNameError, match="kind"):
        documents_of(index, counted.entities["entity_id"].iloc[0], kind="papers")
