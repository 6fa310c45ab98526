from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from tmescope.bulk.frozen import apply_scores, fit_scores, model_hash
from tmescope.bulk.scoring import ScoreOptions, score
from tmescope.foundation.errors import IdentifierError, MethodError, ScaleError

GENES = [f"G{i}" for i in range(40)]
SETS = {"a": GENES[:6], "b": GENES[10:18]}
COHORT_METHODS = ["zscore", "ssgsea", "gsva", "plage"]


def cohort(seed=0, n=15, genes=GENES, scale="log2(tpm+1)"):
    values = np.random.default_rng(seed).gamma(2.0, 2.0, size=(n, len(genes)))
    obs = pd.DataFrame(index=[f"s{seed}_{i}" for i in range(n)])
    uns = {"tmescope": {"scale": scale, "cohort_id": f"c{seed}"}}
    return AnnData(X=values, obs=obs, var=pd.DataFrame(index=genes), uns=uns)


@pytest.mark.parametrize("method", COHORT_METHODS)
def test_the_fitted_cohort_gets_its_own_scores(method):
    model = fit_scores(cohort(), SETS, method=method)
    applied = apply_scores(model, cohort()).table
    np.testing.assert_allclose(applied["value"], score(cohort(), SETS, method=method).table["value"], atol=1e-9)
    assert set(applied["method"]) == {f"{method}_frozen"}


@pytest.mark.parametrize("method", COHORT_METHODS)
def test_one_new_patient_does_not_move_when_others_arrive(method):
    model = fit_scores(cohort(), SETS, method=method)
    new = cohort(seed=1)
    alone = apply_scores(model, new[:1].copy()).table["value"]
    np.testing.assert_allclose(alone, apply_scores(model, new).table["value"][:2], rtol=1e-12)


def test_genes_may_come_in_any_order_and_in_another_form_of_the_scale():
    model = fit_scores(cohort(), SETS, method="gsva")
    new = cohort(seed=2)
    other = new[:, ::-1].copy()
    other.X = np.exp2(np.asarray(other.X)) - 1
    other.uns["tmescope"]["scale"] = "tpm"
    expected = apply_scores(model, new).table["value"]
    np.testing.assert_allclose(apply_scores(model, other).table["value"], expected, atol=1e-9)


def test_a_gene_that_did_not_vary_in_the_cohort_stays_out():
    fitted = cohort()
    fitted.X[:, 0] = 2.0
    model = fit_scores(fitted, SETS, method="zscore")
    assert model.dropped == ("G0",)
    new = cohort(seed=3)
    changed = new.copy()
    changed.X[:, 0] += 100
    first, second = (apply_scores(model, one).table for one in (new, changed))
    np.testing.assert_array_equal(first["value"], second["value"])
    assert first["coverage"].iloc[0] == pytest.approx(5 / 6)


def test_missing_genes_are_told_and_too_many_refused():
    model = fit_scores(cohort(), SETS, method="zscore")
    few = cohort(seed=4)[:, 2:].copy()
    assert {w.code for w in apply_scores(model, few).warnings} >= {"model.genes_missing", "coverage.partial"}
    with pytest.raises(IdentifierError, match="20 of the 40 genes"):
        apply_scores(model, cohort(seed=4)[:, 20:].copy())


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: fit_scores(cohort(), SETS, method="mean"), MethodError, "nothing to fit"),
        (lambda: fit_scores(cohort()[:1].copy(), SETS, method="zscore"), MethodError, "at least 2 samples"),
        (
            lambda: apply_scores(fit_scores(cohort(), SETS), cohort(scale="fpkm")),
            ScaleError,
            r"takes log2\(tpm\+1\), the matrix is fpkm",
        ),
        (
            lambda: apply_scores(
                fit_scores(cohort(), SETS, method="gsva"), cohort(), options=ScoreOptions(parameters={"tau": 2.0})
            ),
            MethodError,
            "'tau' are frozen",
        ),
    ],
)
def test_what_cannot_be_done_is_said(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_the_hash_knows_every_number():
    model = fit_scores(cohort(), SETS, method="zscore")
    state = {**model.state, "mean": model.state["mean"] + 1e-12}
    assert model_hash(model) == model_hash(fit_scores(cohort(), SETS, method="zscore"))
    assert model_hash(replace(model, state=state)) != model_hash(model)
