"""Cohorts with known truth: expression and sample tables as their files would hold them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tmescope.facts.genes import load_genes
from tmescope.facts.signatures import list_collections, list_signatures, load_collection
from tmescope.simulate.clinical import draw_patients, tabulate_samples
from tmescope.simulate.expression import draw_purity, draw_tpm, to_file_scale
from tmescope.simulate.plan import CohortPlan, Effects, StudyPlan
from tmescope.simulate.programmes import (
    PROGRAMMES,
    GenePanel,
    GeneRole,
    build_panel,
    bundled_roles,
    draw_latent,
)

__all__ = ["CohortTruth", "SimulatedCohort", "simulate_study"]


@dataclass(frozen=True, kw_only=True)
class CohortTruth:
    """What was planted in a cohort; for tests and for judging what an analysis finds.

    Parameters
    ----------
    effects : Effects
        Odds and hazard ratios.
    patients : pandas.DataFrame
        One row per patient, see `tmescope.simulate.clinical.draw_patients`.
    samples : pandas.DataFrame
        One row per sample (those that were lost included), index ``sample_id``: ``patient_id``,
        ``on_treatment``, ``in_matrix``, ``in_table``, ``purity`` and the latent values at that time.
    genes : pandas.DataFrame
        One row per gene, index ``gene_symbol`` (approved): ``programme`` (empty for none), ``loading`` (log2
        TPM per standard deviation), ``in_matrix`` and ``file_symbol`` (what the file calls it).
    """

    effects: Effects
    patients: pd.DataFrame
    samples: pd.DataFrame
    genes: pd.DataFrame

    @property
    def renamed(self) -> dict[str, str]:
        """Approved symbol to the previous symbol that the file uses."""
        known = self.genes[self.genes["in_matrix"]]
        changed = known[known["file_symbol"] != known.index]
        return dict(zip(changed.index.astype(str), changed["file_symbol"].astype(str), strict=True))


@dataclass(frozen=True, kw_only=True)
class SimulatedCohort:
    """One cohort as its files would hold it.

    Parameters
    ----------
    cohort_id : str
        Name in the study.
    expression : pandas.DataFrame
        Genes x samples, in `scale`; index ``gene_symbol``, sorted; samples in another order than in
        `samples`.
    scale : str
        Declared scale of `expression`.
    samples : pandas.DataFrame
        Sample table with the column names, words, units and codings of the plan.
    plan : CohortPlan
        What a study file has to declare about the files: columns, time unit, event words, response words.
    truth : CohortTruth
        What was planted.
    """

    cohort_id: str
    expression: pd.DataFrame
    scale: str
    samples: pd.DataFrame
    plan: CohortPlan
    truth: CohortTruth


def simulate_study(
    plan: StudyPlan, *, rng: np.random.Generator, roles: Iterable[GeneRole] | None = None
) -> Iterator[SimulatedCohort]:
    """Simulate the cohorts of a study one after the other; nothing is written.

    For the demo, documentation, tests and benchmarks, where the right answer has to be known. The numbers
    look like published bulk cohorts of immunotherapy but carry no information about any real tumour.

    Parameters
    ----------
    plan : StudyPlan
        See `demo_plan`.
    rng : numpy.random.Generator
        Source of randomness; one made with the same seed gives the same bytes, whatever the number of
        threads.
    roles : iterable of GeneRole, optional
        Gene sets and the programmes that they follow; by default the bundled signatures and markers (all
        other bundled genes then follow no programme).

    Yields
    ------
    SimulatedCohort
        In the order of the plan.

    Notes
    -----
    Genes have one baseline, loading and noise for all cohorts, and one shift per cohort (batch).
    Each cohort draws from a generator of its own, so its numbers do not depend on the plans of the others.
    185 patients with 4,000 genes take about a second.
    """
    genes_rng, *cohort_rngs = rng.spawn(1 + len(plan.cohorts))
    if roles is None:
        roles, other_genes = bundled_roles(), _core_genes()
    else:
        other_genes = []
    panel = build_panel(roles, other_genes=other_genes, n_background=plan.n_background_genes, rng=genes_rng)
    previous = _previous_symbols(panel)
    for cohort, cohort_rng in zip(plan.cohorts, cohort_rngs, strict=True):
        yield _simulate_cohort(plan, cohort, panel=panel, previous=previous, rng=cohort_rng)


def _core_genes() -> list[str]:
    """Return the sorted genes of what a study scores by default: an extended signature changes no simulation."""
    facts = (*list_signatures("core"), *(s for name in list_collections() for s in load_collection(name)))
    return sorted({gene for fact in facts for gene in (*fact.genes, *fact.housekeeping)})


def _simulate_cohort(
    study: StudyPlan,
    plan: CohortPlan,
    *,
    panel: GenePanel,
    previous: Mapping[str, str],
    rng: np.random.Generator,
) -> SimulatedCohort:
    # one generator per topic: a larger table must not change the expression
    patients_rng, samples_rng, expression_rng, files_rng = rng.spawn(4)
    before = draw_latent(plan.n_patients, rng=patients_rng)
    patients = draw_patients(plan, before, effects=study.effects, rng=patients_rng)
    samples, latent = _draw_samples(plan, patients, before, effects=study.effects, rng=samples_rng)
    purity = draw_purity(latent, rng=samples_rng)
    tpm = draw_tpm(panel, latent, purity=purity, purity_effect=study.purity_effect, rng=expression_rng)
    samples["purity"] = purity
    genes = _file_genes(plan, panel, previous=previous, rng=files_rng)
    samples["in_matrix"], samples["in_table"] = _lose_samples(plan, rng=files_rng)
    shuffled = files_rng.permutation(len(samples))
    columns = shuffled[samples["in_matrix"].to_numpy()[shuffled]]
    expression = pd.DataFrame(
        to_file_scale(tpm[np.ix_(genes["in_matrix"].to_numpy(), columns)], plan.scale),
        index=pd.Index(genes.loc[genes["in_matrix"], "file_symbol"].to_numpy(), name="gene_symbol"),
        columns=samples.index[columns],
    ).sort_index(kind="stable")
    names = [programme.name for programme in PROGRAMMES]
    samples[names] = latent
    return SimulatedCohort(
        cohort_id=plan.cohort_id,
        expression=expression,
        scale=plan.scale,
        samples=tabulate_samples(plan, patients, samples[samples["in_table"]]),
        plan=plan,
        truth=CohortTruth(effects=study.effects, patients=patients, samples=samples, genes=genes),
    )


def _draw_samples(
    plan: CohortPlan,
    patients: pd.DataFrame,
    before: NDArray[np.float64],
    *,
    effects: Effects,
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """Return the samples (those before treatment first) and their latent values."""
    again = np.sort(rng.permutation(plan.n_patients)[: plan.n_on_treatment])
    latent_on = before[again] + 0.4 * rng.standard_normal((again.size, before.shape[1]))
    responder = patients["responder"].to_numpy()[again]
    latent_on[:, 0] += np.where(responder, effects.on_treatment_rise, 0.1)
    patient = np.concatenate([np.arange(plan.n_patients), again])
    samples = pd.DataFrame(
        {
            "patient_id": patients.index.to_numpy()[patient],
            "on_treatment": np.arange(patient.size) >= plan.n_patients,
        },
        index=pd.Index([f"{plan.prefix}-{i:03d}" for i in range(1, patient.size + 1)], name="sample_id"),
    )
    return samples, np.concatenate([before, latent_on])


def _previous_symbols(panel: GenePanel) -> dict[str, str]:
    """Return approved to previous symbol, for genes of programmes, where no gene here has that name."""
    taken = set(panel.symbols)
    in_programme = {s for s, k in zip(panel.symbols, panel.programme, strict=True) if k >= 0}
    found = {}
    for gene in load_genes():
        free = [name for name in gene.previous_symbols if name not in taken]
        if free and gene.gene_symbol in in_programme:
            found[gene.gene_symbol] = free[0]
    return found


def _file_genes(
    plan: CohortPlan, panel: GenePanel, *, previous: Mapping[str, str], rng: np.random.Generator
) -> pd.DataFrame:
    """Return the truth about genes: programme, loading, whether the file has them, and under which name."""
    names = np.array([*(programme.name for programme in PROGRAMMES), ""])
    table = pd.DataFrame(
        {"programme": names[panel.programme], "loading": panel.loading},
        index=pd.Index(panel.symbols, name="gene_symbol"),
    )
    of_programmes = np.flatnonzero(panel.programme >= 0)
    absent = rng.permutation(of_programmes)[: plan.n_absent_genes]
    present = np.ones(len(table), dtype=bool)
    present[absent] = False
    table["in_matrix"] = present
    here = set(table.index[present])
    candidates = np.array([s for s in sorted(previous) if s in here], dtype=object)
    renamed = {str(s): previous[str(s)] for s in rng.permutation(candidates)[: plan.n_previous_symbols]}
    table["file_symbol"] = [renamed.get(s, s) for s in panel.symbols]
    return table


def _lose_samples(plan: CohortPlan, *, rng: np.random.Generator) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which samples are in the matrix and which in the table; those under treatment are in both."""
    n = plan.n_patients + plan.n_on_treatment
    in_matrix, in_table = np.ones(n, dtype=bool), np.ones(n, dtype=bool)
    order = rng.permutation(plan.n_patients)
    in_matrix[order[: plan.n_only_in_table]] = False
    in_table[order[plan.n_only_in_table :][: plan.n_only_in_matrix]] = False
    return in_matrix, in_table
