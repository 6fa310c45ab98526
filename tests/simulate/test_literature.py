from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tmescope.simulate.literature import simulate_literature
from tmescope.simulate.literature_plan import LiteratureEffects, LiteraturePlan

PLAN = LiteraturePlan(
    n_entities=300,
    documents=1500,
    median_rate=6.0,
    rate_sd=0.6,
    n_groups=200,
    effects=LiteratureEffects(n_emerging=30, n_fading=30, n_pairs=10),
)


@pytest.fixture(scope="module")
def literature():
    return simulate_literature(PLAN, rng=np.random.default_rng(1))


@pytest.fixture(scope="module")
def quarters(literature):
    return list(literature.quarters())


def test_the_same_seed_gives_the_same_and_a_quarter_does_not_depend_on_the_others(literature, quarters):
    again = simulate_literature(PLAN, rng=np.random.default_rng(1))
    (alone,) = again.quarters(7, 8)
    pd.testing.assert_frame_equal(alone.documents, quarters[7].documents)
    pd.testing.assert_frame_equal(alone.mentions, quarters[7].mentions)


def test_documents_are_of_their_quarter_and_mentions_of_its_documents(literature, quarters):
    for q in quarters:
        inside = q.documents["entered_on"].between(
            literature.begin_of(q.number), literature.begin_of(q.number + 1), inclusive="left"
        )
        assert inside.all()
        assert set(q.mentions["doc_id"]) <= set(q.documents["doc_id"])
        assert not q.mentions.duplicated(["doc_id", "entity_id"]).any()
        assert (q.documents["kind"] != "trial").sum() == literature.corpus[q.number]
    everything = pd.concat([q.documents for q in quarters])
    assert everything["doc_id"].is_unique


def test_mentions_are_as_many_as_the_counts_say(literature, quarters):
    counts = pd.DataFrame(literature.counts(), index=literature.entities.index)
    for q in quarters[::6]:
        papers = q.documents.loc[q.documents["kind"] != "trial", "doc_id"]
        found = q.mentions[q.mentions["doc_id"].isin(papers)]["entity_id"].value_counts()
        found = found.reindex(counts.index).fillna(0)
        # what falls on one document twice, or would join a pair before its time, is gone
        assert (found <= counts[q.number]).all()
        assert found.sum() >= 0.98 * counts[q.number].sum()


def test_counts_have_the_mean_and_the_overdispersion_that_were_planted(literature):
    expected = literature.expected()
    z = (literature.counts() - expected) / np.sqrt(
        np.maximum(expected + literature.entities["dispersion"].to_numpy()[:, None] * expected**2, 1e-9)
    )
    z = z[expected > 1.0]
    assert z.mean() == pytest.approx(0.0, abs=0.05)
    assert z.var() == pytest.approx(1.0, abs=0.1)


def test_emerging_entities_rise_and_new_ones_are_silent_before(literature):
    table, expected = literature.entities, literature.expected() / literature.corpus
    emerging = (table["slope"] > 0).to_numpy()
    assert emerging.sum() == 30 and (table["slope"] < 0).sum() == 30
    flat = (table["slope"] == 0).to_numpy()
    np.testing.assert_allclose(expected[flat], expected[flat][:, :1] * np.ones(20))
    for (_, row), share in zip(table[emerging].iterrows(), expected[emerging], strict=True):
        assert share[-1] / share[row["onset"]] == pytest.approx(np.exp(row["slope"] * (19 - row["onset"]) / 4))
        assert not row["is_new"] or (share[: row["onset"]] == 0).all()


def test_pairs_meet_from_their_quarter_on_and_often(literature, quarters):
    for a, b, onset in literature.pairs.itertuples(index=False):
        met = []
        for q in quarters:
            first = set(q.mentions.loc[q.mentions["entity_id"] == a, "doc_id"])
            met.append(len(first & set(q.mentions.loc[q.mentions["entity_id"] == b, "doc_id"])))
        assert sum(met[:onset]) == 0
        assert sum(met[onset:]) > 3


def test_a_sixth_of_the_printed_dates_run_a_quarter_ahead(quarters):
    documents = pd.concat([q.documents for q in quarters])
    papers = documents[documents["kind"] != "trial"]
    ahead = (papers["published_on"] - papers["entered_on"]).dt.days >= 91
    assert ahead.mean() == pytest.approx(PLAN.ahead, abs=0.01)


def test_trials_follow_their_lead_time(literature, quarters):
    documents = pd.concat([q.documents for q in quarters]).set_index("doc_id")
    mentions = pd.concat([q.mentions for q in quarters])
    days = documents.loc[mentions["doc_id"], "entered_on"].to_numpy()
    kinds = documents.loc[mentions["doc_id"], "kind"].to_numpy()
    mentions = mentions.assign(day=days, is_trial=kinds == "trial")
    firsts = mentions.groupby(["entity_id", "is_trial"])["day"].min().unstack()
    both = firsts.dropna()
    lead = literature.entities.loc[both.index, "lead_years"]
    assert lead.notna().all()
    years = (both[True] - both[False]).dt.days / 365.25
    assert (years > lead - 0.3).all()
    assert (years < lead + 0.8).all()
