from __future__ import annotations

import dataclasses
import hashlib
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from tmescope.facts.genes import load_genes
from tmescope.facts.signatures import list_signatures, load_collection, load_signature
from tmescope.foundation.scale import Scale, convert
from tmescope.simulate.cohorts import SimulatedCohort, simulate_study
from tmescope.simulate.plan import CohortPlan, Effects, StudyPlan, demo_plan
from tmescope.simulate.programmes import GeneRole
from tmescope.stats.cox import hazard_ratio_of_group
from tmescope.stats.groups import tertiles
from tmescope.stats.logistic import odds_ratio_per_sd
from tmescope.stats.roc import auc


def _digest(cohorts) -> str:
    whole = hashlib.sha256()
    for cohort in cohorts:
        truth = cohort.truth
        for table in (cohort.expression, cohort.samples, truth.patients, truth.samples, truth.genes):
            whole.update(",".join(table.columns).encode())
            whole.update(pd.util.hash_pandas_object(table).to_numpy().tobytes())
    return whole.hexdigest()


def _tpm(cohort: SimulatedCohort) -> pd.DataFrame:
    values, _ = convert(cohort.expression.to_numpy(), Scale.parse(cohort.scale), Scale("tpm"))
    return pd.DataFrame(values, index=cohort.expression.index, columns=cohort.expression.columns)


def _score(cohort: SimulatedCohort, signature: str) -> tuple[pd.Series, pd.DataFrame]:
    """Mean log expression of a signature before treatment, and the patients in the same order."""
    genes = [g for g in load_signature(signature).genes if g in cohort.expression.index]
    truth = cohort.truth.samples
    chosen = truth.index[~truth["on_treatment"] & truth["in_matrix"]]
    score = np.log2(_tpm(cohort).loc[genes, chosen] + 1).mean()
    return score, cohort.truth.patients.loc[truth.loc[chosen, "patient_id"]]


def test_same_seed_same_bytes_other_seed_others() -> None:
    plan = demo_plan()
    first = _digest(simulate_study(plan, rng=np.random.default_rng(5)))
    assert first == _digest(simulate_study(plan, rng=np.random.default_rng(5)))
    assert first != _digest(simulate_study(plan, rng=np.random.default_rng(6)))


@pytest.mark.parametrize("threads", ["1", "4"])
def test_bytes_do_not_depend_on_the_number_of_threads(demo, threads: str) -> None:
    code = (
        "import hashlib, numpy as np\n"
        "from tmescope.simulate import demo_plan, simulate_study\n"
        "h = hashlib.sha256()\n"
        "for c in simulate_study(demo_plan(), rng=np.random.default_rng(20)):\n"
        "    h.update(np.ascontiguousarray(c.expression.to_numpy()).tobytes())\n"
        "print(h.hexdigest())\n"
    )
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | dict.fromkeys(names, threads),
        capture_output=True,
        text=True,
        check=True,
    )
    here = hashlib.sha256()
    for cohort in demo.values():
        here.update(np.ascontiguousarray(cohort.expression.to_numpy()).tobytes())
    assert run.stdout.strip() == here.hexdigest()


def test_a_cohort_does_not_depend_on_the_plans_of_the_others(demo) -> None:
    plan = demo_plan()
    smaller = dataclasses.replace(plan.cohorts[0], n_patients=12, n_on_treatment=0)
    changed = list(
        simulate_study(dataclasses.replace(plan, cohorts=(smaller, *plan.cohorts[1:])), rng=np.random.default_rng(20))
    )
    assert _digest(changed[1:]) == _digest(list(demo.values())[1:])


def test_tables_join_but_for_the_planned_losses(demo) -> None:
    for cohort in demo.values():
        plan = cohort.plan
        in_table = set(cohort.samples[plan.column("sample_id")])
        in_matrix = set(cohort.expression.columns)
        assert len(in_table - in_matrix) == plan.n_only_in_table
        assert len(in_matrix - in_table) == plan.n_only_in_matrix
        assert len(in_table | in_matrix) == plan.n_patients + plan.n_on_treatment
        assert len(in_table) == len(cohort.samples)
        truth = cohort.truth.samples
        assert set(truth.index[truth["in_matrix"]]) == in_matrix
        assert set(truth.index[truth["in_table"]]) == in_table
        assert truth["patient_id"].nunique() == plan.n_patients
        assert all(name.startswith(plan.prefix + "-") for name in in_table | in_matrix)
        # a program that joins by position would be wrong
        shared = [s for s in cohort.samples[plan.column("sample_id")] if s in in_matrix]
        assert shared != [s for s in cohort.expression.columns if s in in_table]


def test_expression_is_in_the_declared_scale(demo) -> None:
    for cohort in demo.values():
        assert cohort.expression.index.is_unique
        assert cohort.expression.index.is_monotonic_increasing
        assert cohort.expression.to_numpy().dtype == np.float64
        sums = _tpm(cohort).sum()
        lost = 0.01 if cohort.plan.n_absent_genes else 1e-4
        np.testing.assert_allclose(sums, 1e6, rtol=lost)
    assert demo["sim_melanoma"].expression.to_numpy().min() == 0.0
    assert demo["sim_lung"].expression.to_numpy().min() == -9.9658
    assert demo["sim_urothelial"].expression.to_numpy().max() > 1000


def test_every_gene_of_the_core_facts_is_there_or_known_to_be_absent(demo) -> None:
    known = {g for fact in (*list_signatures("core"), *load_collection("mcp_counter")) for g in fact.genes}
    for cohort in demo.values():
        genes = cohort.truth.genes
        assert known <= set(genes.index)
        assert (~genes["in_matrix"]).sum() == cohort.plan.n_absent_genes
        assert set(genes.loc[genes["in_matrix"], "file_symbol"]) == set(cohort.expression.index)
        assert sum(s.startswith("BG") and s[2:].isdigit() for s in cohort.expression.index) == 3000


def test_previous_symbols_lead_back_to_the_approved_ones(demo) -> None:
    assert demo["sim_melanoma"].truth.renamed == {}
    renamed = demo["sim_urothelial"].truth.renamed
    assert len(renamed) == 12
    resolved = {r.input_id: r for r in load_genes().resolve(list(renamed.values()))}
    for approved, old in renamed.items():
        assert (resolved[old].gene_symbol, resolved[old].reason) == (approved, "previous symbol")
        assert old in demo["sim_urothelial"].expression.index
        assert approved not in demo["sim_urothelial"].expression.index


def test_responders_inflame_under_treatment() -> None:
    plan = StudyPlan(cohorts=(CohortPlan(cohort_id="a", prefix="A", n_patients=300, n_on_treatment=300),))
    (cohort,) = simulate_study(plan, rng=np.random.default_rng(1))
    samples = cohort.truth.samples
    before = samples[~samples["on_treatment"]].set_index("patient_id")["inflamed"]
    change = samples[samples["on_treatment"]].set_index("patient_id")["inflamed"] - before
    responder = cohort.truth.patients["responder"]
    assert change[responder].mean() == pytest.approx(0.9, abs=0.15)
    assert change[~responder].mean() == pytest.approx(0.1, abs=0.15)


@pytest.fixture(scope="module")
def many() -> list[SimulatedCohort]:
    """Twelve studies of the demo's plan."""
    return [c for seed in range(12) for c in simulate_study(demo_plan(), rng=np.random.default_rng(100 + seed))]


def _log_odds(cohorts: list[SimulatedCohort], signature: str) -> np.ndarray:
    found = []
    for cohort in cohorts:
        score, patients = _score(cohort, signature)
        estimate = odds_ratio_per_sd(score, patients["responder"])
        found.append((estimate.log_odds_ratio, estimate.std_error))
    return np.array(found)


def _pooled(values: np.ndarray) -> tuple[float, float]:
    weight = 1.0 / values[:, 1] ** 2
    return float((values[:, 0] * weight).sum() / weight.sum()), float(weight.sum() ** -0.5)


@pytest.mark.parametrize("signature", ["cyt", "tis18", "ifng6"])
def test_the_planted_effect_is_found(many, signature: str) -> None:
    estimate, error = _pooled(_log_odds(many, signature))
    assert estimate > 0.5
    assert estimate - 4 * error > 0
    assert estimate < np.log(2.8) + 0.1  # measured with error: nearer to no effect than the planted one


def test_stroma_goes_the_other_way(many) -> None:
    estimate, error = _pooled(_log_odds(many, "pan_f_tbrs"))
    assert estimate + 3 * error < 0


@pytest.mark.parametrize("signature", ["hallmark_hypoxia", "hypoxia_winter9", "hallmark_e2f_targets"])
def test_the_planted_nulls_are_null(many, signature: str) -> None:
    values = _log_odds(many, signature)
    estimate, error = _pooled(values)
    assert error < 0.08
    assert abs(estimate) < 3.0 * error
    z = values[:, 0] / values[:, 1]
    assert np.mean(np.abs(z) > 1.96) < 0.2


def test_survival_goes_with_the_inflamed_axis(many) -> None:
    ratios = []
    for cohort in many:
        score, patients = _score(cohort, "tis18")
        third = tertiles(score).code
        high = np.select([third == 2, third == 0], [1.0, 0.0], np.nan)
        ratios.append(hazard_ratio_of_group(patients["os_months"], patients["died"], high).log_hazard_ratio)
    assert np.mean(np.array(ratios) < 0) > 0.8
    assert np.nanmean(ratios) == pytest.approx(2.18 * np.log(0.6), abs=0.35)  # thirds lie 2.18 SD apart


def test_without_planted_effects_nothing_is_found() -> None:
    none = Effects(odds_ratio_inflamed=1.0, odds_ratio_tgfb=1.0, odds_ratio_tmb=1.0, hazard_ratio_inflamed=1.0)
    plan = dataclasses.replace(demo_plan(), effects=none)
    cohorts = [c for seed in range(6) for c in simulate_study(plan, rng=np.random.default_rng(seed))]
    estimate, error = _pooled(_log_odds(cohorts, "tis18"))
    assert abs(estimate) < 3.5 * error


def test_gene_sets_of_the_callers_own() -> None:
    roles = [GeneRole("own", "inflamed", 1.0, tuple(f"GENE{i}" for i in range(20)))]
    plan = StudyPlan(cohorts=(CohortPlan(cohort_id="a", prefix="A", n_patients=200),), n_background_genes=200)
    (cohort,) = simulate_study(plan, rng=np.random.default_rng(2), roles=roles)
    assert cohort.expression.shape == (220, 200)
    own = cohort.expression.loc[list(roles[0].genes)].mean()
    assert auc(own, cohort.truth.samples.loc[own.index, "inflamed"] > 0).auc > 0.9
