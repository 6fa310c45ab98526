from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from tmescope.bulk.frozen import apply_scores, fit_scores
from tmescope.bulk.leading import leading_edge
from tmescope.bulk.methods.registry import METHODS
from tmescope.bulk.scoring import score
from tmescope.foundation.errors import MethodError, UnknownNameError

GENES = [f"G{i:02d}" for i in range(50)]
SETS = {
    "a": {g: (-1.0) ** i * (1 + i) for i, g in enumerate(GENES[:7])},
    "b": {g: 1.0 for g in [*GENES[5:14], "NOPE"]},
}
SUMS = ["zscore", "plage", "mean", "weighted_sum", "singscore", "rank_auc"]
WALKS = ["ssgsea", "ssgsea_raw", "gsva"]


def cohort(n=12, seed=0):
    values = np.random.default_rng(seed).gamma(2.0, 2.0, size=(n, len(GENES)))
    values[2, 3] = np.nan
    return AnnData(
        values,
        pd.DataFrame(index=[f"s{i}" for i in range(n)]),
        pd.DataFrame(index=GENES),
        uns={"tmescope": {"scale": "log2(tpm+1)", "cohort_id": "c"}},
    )


@pytest.mark.parametrize("method", SUMS)
def test_contributions_of_sums_add_up_to_the_score(method):
    table = leading_edge(cohort(), SETS, method=method)
    scores = score(cohort(), SETS, method=method).table.set_index(["sample_id", "feature"])["value"]
    summed = table.groupby(["sample_id", "feature"])["contribution"].sum()
    np.testing.assert_allclose(summed, scores.reindex(summed.index), atol=1e-12)
    assert len(summed) == 24
    centre = 0.5 if method == "rank_auc" else 0.0
    size = table.groupby(["sample_id", "feature"])["contribution"].transform("size")
    pushed = table["contribution"] - centre / size
    points = table.set_index(["sample_id", "feature"]).index.map(scores).to_numpy() - centre
    np.testing.assert_array_equal(table["leads"].astype(bool), pushed * np.where(points < 0, -1, 1) > 0)
    first = table[table["rank"] == 1].set_index(["sample_id", "feature"])["contribution"]
    furthest = (pushed * np.where(points < 0, -1, 1)).groupby([table["sample_id"], table["feature"]]).max()
    direction = np.where(scores.reindex(first.index) < centre, -1, 1)
    of_first = size[table["rank"] == 1].to_numpy()
    np.testing.assert_allclose(direction * (first - centre / of_first), furthest.reindex(first.index), atol=1e-12)


def _walked(values, members, weights):
    order = np.argsort(-values, kind="stable")
    order = order[~np.isnan(values[order])]
    height, walked = 0.0, []
    total = sum(weights[g] for g in members)
    for gene in order:
        height += weights[gene] / total if gene in members else -1 / (len(order) - len(members))
        walked.append(height)
    return order, np.array(walked)


@pytest.mark.parametrize("method", WALKS)
def test_genes_up_to_the_turn_of_the_walk_lead(method):
    adata = cohort()
    table = leading_edge(adata, SETS, method=method)
    scores = score(adata, SETS, method=method).table.set_index(["sample_id", "feature"])["value"]
    seen = {True: 0, False: 0}
    for row, sample in enumerate(adata.obs_names):
        values = np.array(adata.X[row])
        if method == "gsva":
            from scipy.special import ndtr

            spread = np.nanstd(np.asarray(adata.X), axis=0, ddof=1) / 4
            values = np.nanmean(ndtr((values[None, :] - np.asarray(adata.X)) / spread), axis=0)
            values[np.isnan(adata.X[row])] = np.nan
        present = np.flatnonzero(~np.isnan(values))
        ranks = pd.Series(values).rank().to_numpy()
        n = len(present)
        weights = np.floor(ranks) ** 0.25
        if method == "gsva":  # by the place from the top, in the order of the columns where densities are equal
            weights = np.abs(n / 2 - (pd.Series(-values).rank(method="first").to_numpy() - 1))
        for name, genes in SETS.items():
            members = [GENES.index(g) for g in genes if g in GENES and not np.isnan(values[GENES.index(g)])]
            order, walked = _walked(values, members, weights)
            low = scores[sample, name] < 0
            turn = int(np.argmin(walked) if low else np.argmax(walked))
            side = order[turn + 1 :] if low else order[: turn + 1]
            part = table[(table["sample_id"] == sample) & (table["feature"] == name)]
            assert set(part.loc[part["leads"].astype(bool), "gene_symbol"]) == {GENES[g] for g in side if g in members}
            walk = [GENES[g] for g in (order[::-1] if low else order) if g in members]
            assert part.sort_values("rank")["gene_symbol"].tolist() == walk
            share = part.set_index("gene_symbol")["contribution"]
            expected = [weights[GENES.index(g)] / weights[members].sum() for g in share.index]
            np.testing.assert_allclose(share, expected, atol=1e-12)
            seen[bool(low)] += 1
    assert min(seen.values()) > 0


def test_some_samples_may_be_asked_about_in_any_order():
    whole = leading_edge(cohort(), SETS, method="gsva")
    part = leading_edge(cohort(), SETS, method="gsva", samples=["s7", "s2"])
    assert list(dict.fromkeys(part["sample_id"])) == ["s7", "s2"]
    for sample, rows in part.groupby("sample_id"):
        same = whole[whole["sample_id"] == sample].reset_index(drop=True)
        pd.testing.assert_frame_equal(rows.reset_index(drop=True), same)
    assert "G03" not in set(part.loc[part["sample_id"] == "s2", "gene_symbol"])
    with pytest.raises(UnknownNameError, match="s99"):
        leading_edge(cohort(), SETS, samples=["s99"])


@pytest.mark.parametrize("method", ["zscore", "gsva", "plage", "ssgsea"])
def test_a_model_says_it_of_new_samples(method):
    model = fit_scores(cohort(), SETS, method=method)
    new = cohort(n=3, seed=5)
    table = leading_edge(new, method=model)
    assert set(table["method"]) == {f"{method}_frozen"}
    if method in SUMS:
        summed = table.groupby(["sample_id", "feature"])["contribution"].sum()
        scores = apply_scores(model, new).table.set_index(["sample_id", "feature"])["value"]
        np.testing.assert_allclose(summed, scores.reindex(summed.index), atol=1e-12)


def test_a_method_that_does_not_say_it_is_refused():
    silent = {m.spec.name for m in METHODS if m.lead is None}
    assert silent == {"gsva_poisson", "singscore_dispersion", "estimate"}
    with pytest.raises(MethodError, match="does not say what genes contribute"):
        leading_edge(cohort(), SETS, method="singscore_dispersion")
