"""Response in atlases of cells: tests of patients hold their level, a test over cells does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from tmescope.associate.features import Feature
from tmescope.associate.response import associate_response
from tmescope.simulate import AtlasEffects, AtlasPlan, simulate_atlas

SUMMARY = "atlases of cells: coverage and type-I error of pseudo-bulk by patient, and of a test over cells (7 min)"

# The size of the set was chosen after a first look: of fewer genes more varies between patients, and a test over cells
# errs more. How much it errs is therefore a figure of this plan alone; what is said of patients does not rest on it.
# The seed was not run before the plan was fixed.
TYPES = ("macrophage", "CD8 T cell", "malignant", "fibroblast")
PATIENTS = 24
CELLS = 100
STUDIES = 1000
PLAN = AtlasPlan(
    n_cells=PATIENTS * CELLS * STUDIES, n_patients=PATIENTS * STUDIES, n_on_treatment=0, n_genes=400, types=TYPES,
    n_markers=20, counts_of_a_cell=300.0, effects=AtlasEffects(log_ratio=0.5, log2_fold=0.5, n_genes=8),
)  # fmt: skip
NULL = replace(PLAN, effects=replace(PLAN.effects, log_ratio=0.0, log2_fold=0.0))
SEED = 81350427
BAND = 0.999


@dataclass(frozen=True)
class Population:
    """Patients from whom studies are drawn.

    Parameters
    ----------
    patients : pandas.DataFrame
        responds, share (of the abundant type), sums (log2 of the set's share of the expressing type's counts).
    cells : pandas.DataFrame
        patient (number), score: the same of single cells of the expressing type.
    """

    patients: pd.DataFrame
    cells: pd.DataFrame


def draw(plan: AtlasPlan, rng: np.random.Generator) -> Population:
    """Return patients of one large atlas, summed as a study sums them."""
    atlas = simulate_atlas(plan, rng=rng)
    chosen = atlas.genes.get_indexer(pd.Index(atlas.truth.response_genes))
    rows, cells = [], []
    for number, block in enumerate(atlas.blocks(1 << 20)):
        counts = block.counts
        mine = (block.cell_type == plan.effects.expressing_type).to_numpy()
        of_set = np.asarray(counts[:, chosen].sum(axis=1)).ravel()[mine]
        total = np.asarray(counts.sum(axis=1)).ravel()[mine]
        share = float((block.cell_type == plan.effects.abundant_type).mean())
        rows.append({"share": share, "sums": np.log2((of_set.sum() + 0.5) / (total.sum() + 1.0))})
        cells.append(pd.DataFrame({"patient": number, "score": np.log2((of_set + 0.5) / (total + 1.0))}))
    responds = (atlas.samples["response"] == "responder").to_numpy()
    return Population(pd.DataFrame(rows).assign(responds=responds), pd.concat(cells, ignore_index=True))


def studies(population: Population, n: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield patients of one study after the other, half of whom respond; no patient is in two."""
    responds = population.patients["responds"].to_numpy()
    groups = [rng.permutation(np.flatnonzero(responds == value)) for value in (True, False)]
    half = n // 2
    for k in range(min(len(g) for g in groups) // half):
        yield np.concatenate([g[k * half : (k + 1) * half] for g in groups])


def auc_of(population: Population, feature: str) -> float:
    """Return the chance that a responder of the population has the higher value."""
    table = population.patients
    a, b = (table.loc[table["responds"] == value, feature].to_numpy() for value in (True, False))
    return float(stats.mannwhitneyu(a, b).statistic / (len(a) * len(b)))


def judge(population: Population, n: int, rng: np.random.Generator) -> dict[str, list[bool]]:
    """Return whether intervals cover and tests reject, study by study."""
    found: dict[str, list[bool]] = {}
    names = ("sums", "share")
    truth = {name: auc_of(population, name) for name in names}
    by_patient = dict(list(population.cells.groupby("patient")["score"]))
    for chosen in studies(population, n, rng):
        ids = [f"p{i}" for i in chosen]
        table = population.patients.iloc[chosen].set_axis(ids)
        response = table["responds"].map({True: "responder", False: "non_responder"})
        features = tuple(Feature(name, "cells", table[name]) for name in names)
        answers, _ = associate_response(features, response, cohort_id="c", endpoint="r")
        auc = answers[answers["effect_name"] == "auc"].set_index("feature")
        for name in names:
            row = auc.loc[name]
            covers = bool(row["ci_low"] <= truth[name] <= row["ci_high"])
            found.setdefault(f"{name}: AUC interval covers", []).append(covers)
            found.setdefault(f"{name}: test of patients rejects", []).append(bool(row["p_value"] < 0.05))
        sides = [
            np.concatenate([by_patient[i] for i in chosen if i in by_patient and responds[i] == value])
            for responds in [population.patients["responds"].to_numpy()]
            for value in (True, False)
        ]
        p_value = stats.mannwhitneyu(*sides).pvalue
        found.setdefault("sums: test over cells rejects", []).append(bool(p_value < 0.05))
    return found


def band(rate: float, n: int) -> tuple[float, float]:
    """Return the exact binomial band of a share that is `rate` in truth."""
    low, high = stats.binom.ppf([(1 - BAND) / 2, (1 + BAND) / 2], n, rate)
    return float(low / n), float(high / n)


def run() -> list[dict[str, object]]:
    """Draw patients without and with an effect, and judge studies of some of them."""
    rng = np.random.default_rng(SEED)
    rows: list[dict[str, object]] = []
    for effect, plan in (("none", NULL), ("planted", PLAN)):
        for name, outcomes in judge(draw(plan, rng), PATIENTS, rng).items():
            expected = 0.95 if "covers" in name else 0.05 if effect == "none" else np.nan
            low, high = band(expected, len(outcomes)) if np.isfinite(expected) else (np.nan, np.nan)
            rows.append(
                {"effect": effect, "what": name, "studies": len(outcomes), "share": float(np.mean(outcomes)),
                 "band low": low, "band high": high}
            )  # fmt: skip
    return rows
