"""A tumour atlas of single cells with known truth, drawn in blocks of any size without ever being whole in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tmescope.kernels.drawn_cells import alias_rows, drawn_cells
from tmescope.simulate.atlas_plan import AtlasPlan

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy import sparse

__all__ = ["AtlasTruth", "CellBlock", "SimulatedAtlas", "simulate_atlas"]

_QUANTILES = 4096
_LARGEST_WEIGHT = 3.0
_COMMON_SHARE = 0.02
_GENE_SD = 2.0


@dataclass(frozen=True)
class AtlasTruth:
    """What was planted.

    Parameters
    ----------
    markers : dict of str to tuple of str
        Genes lifted in each type.
    response_genes : tuple of str
        Genes that responders express more in the expressing type.
    shares : pandas.DataFrame, samples x types
        Expected share of each type in each sample.
    profiles : array of float, shape (n_types, n_genes)
        Expected share of each gene in an average patient who does not respond.
    """

    markers: dict[str, tuple[str, ...]]
    response_genes: tuple[str, ...]
    shares: pd.DataFrame
    profiles: NDArray[np.float64]


@dataclass(frozen=True)
class CellBlock:
    """Some cells of one sample.

    Parameters
    ----------
    sample_id : str
    counts : scipy.sparse.csr_matrix of int32, cells x genes
    barcodes : pandas.Index
        Unique within the sample, not across samples.
    cell_type : pandas.Series
        True type, index barcodes.
    """

    sample_id: str
    counts: sparse.csr_matrix
    barcodes: pd.Index[str]
    cell_type: pd.Series[str]


@dataclass(frozen=True)
class SimulatedAtlas:
    """An atlas that can be drawn.

    Parameters
    ----------
    plan : AtlasPlan
    samples : pandas.DataFrame
        Index sample_id; patient_id, timepoint (pre, on), response (responder, non_responder), n_cells.
    genes : pandas.Index
        Names of genes.
    truth : AtlasTruth
    """

    plan: AtlasPlan
    samples: pd.DataFrame
    genes: pd.Index[str]
    truth: AtlasTruth
    _seed: int
    _patient_seeds: NDArray[np.int64]

    def blocks(self, size: int = 4096, *, sample_ids: tuple[str, ...] | None = None) -> Iterator[CellBlock]:
        """Draw the cells, sample by sample.

        Parameters
        ----------
        size : int
            Cells of a block; the cells do not depend on it.
        sample_ids : tuple of str, optional
            Samples to draw, all if omitted; the cells do not depend on it.

        Yields
        ------
        CellBlock
        """
        for number, sample_id in enumerate(self.samples.index):
            if sample_ids is None or sample_id in sample_ids:
                yield from self._sample(number, str(sample_id), size)

    def _sample(self, number: int, sample_id: str, size: int) -> Iterator[CellBlock]:
        from scipy import sparse

        row, plan = self.samples.iloc[number], self.plan
        shares = self.truth.shares.to_numpy()[number]
        profiles = self._profiles(number)
        # the last row is what cells swim in: the sample's cells, burst
        tables = np.vstack([profiles, shares @ profiles])
        accept, alias = np.empty(tables.shape), np.empty(tables.shape, dtype=np.int32)
        alias_rows(tables, accept, alias)
        rng = np.random.default_rng([self._seed, 1, number])
        n = int(row["n_cells"])
        types = rng.choice(len(plan.types), size=n, p=shares)
        keys = rng.integers(0, 2**64, size=n, dtype=np.uint64)
        totals = np.maximum(rng.lognormal(np.log(plan.counts_of_a_cell), plan.depth_sd, n), 1.0).astype(np.int64)
        barcodes = pd.Index([f"cell-{i + 1:06d}" for i in range(n)], dtype="str")
        for first in range(0, n, size):
            part = slice(first, min(first + size, n))
            room = int(totals[part].sum())
            genes, counts = np.empty(room, dtype=np.int32), np.empty(room, dtype=np.int32)
            ends = np.zeros(part.stop - first + 1, dtype=np.int64)
            ambient = np.full(part.stop - first, len(plan.types))
            drawn_cells(
                keys[part], totals[part], types[part].astype(np.int64), ambient, plan.ambient_share, accept, alias,
                _weights(plan.dispersion), _losses(plan, self._seed), genes, counts, ends[1:],
            )  # fmt: skip
            stop = int(ends[-1])
            matrix = sparse.csr_matrix((counts[:stop].copy(), genes[:stop].copy(), ends), (len(ends) - 1, plan.n_genes))
            names = pd.Series(np.array(plan.types, dtype=object)[types[part]], index=barcodes[part], dtype="str")
            yield CellBlock(sample_id, matrix, barcodes[part], names)

    def _profiles(self, number: int) -> NDArray[np.float64]:
        """Return the expected share of each gene in each type of one sample."""
        plan, row = self.plan, self.samples.iloc[number]
        patient = np.random.default_rng(int(self._patient_seeds[number]))
        profiles = self.truth.profiles * patient.lognormal(0.0, plan.patient_sd, self.truth.profiles.shape)
        lift = plan.effects.log2_fold * (row["response"] == "responder")
        lift += plan.effects.on_treatment_log2_fold * (row["timepoint"] == "on")
        where = self.genes.get_indexer(pd.Index(self.truth.response_genes))
        profiles[plan.types.index(plan.effects.expressing_type), where] *= 2.0**lift
        return np.asarray(profiles / profiles.sum(axis=1, keepdims=True))


def simulate_atlas(plan: AtlasPlan, *, rng: np.random.Generator) -> SimulatedAtlas:
    """Lay out an atlas: patients, their outcome, composition and expression; cells are drawn by its ``blocks``.

    Parameters
    ----------
    plan : AtlasPlan
        Sizes and effects.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    SimulatedAtlas

    Notes
    -----
    Genes of a type: log-normal shares times ``2^fold`` for its markers. A patient's shares of each type are the mean
    shares times a log-normal factor, of each gene likewise; both samples of a patient share them.
    """
    seed = int(rng.integers(0, 2**62))
    genes = pd.Index([f"GENE{i + 1:05d}" for i in range(plan.n_genes)], dtype="str")
    profiles, markers, response = _draw_profiles(plan, np.random.default_rng([seed, 2]))
    samples, patient = _draw_samples(plan, np.random.default_rng([seed, 3]))
    shares = _draw_shares(plan, samples, patient, rng=np.random.default_rng([seed, 4]))
    samples["n_cells"] = np.diff(np.linspace(0, plan.n_cells, len(samples) + 1).round().astype(np.int64))
    named = {t: tuple(genes[m]) for t, m in zip(plan.types, markers, strict=True)}
    truth = AtlasTruth(named, tuple(genes[response]), shares, profiles)
    seeds = np.random.default_rng([seed, 5]).integers(0, 2**62, plan.n_patients)[patient]
    return SimulatedAtlas(plan, samples, genes, truth, seed, seeds)


def _draw_profiles(
    plan: AtlasPlan, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    n = len(plan.types)
    base = rng.lognormal(0.0, _GENE_SD, plan.n_genes)
    # a few genes are most of any cell, and tell nothing of its type
    base = np.minimum(base, _COMMON_SHARE * base.sum())
    profiles = base * rng.lognormal(0.0, 0.2, (n, plan.n_genes))
    chosen = rng.permutation(plan.n_genes)
    markers = chosen[: n * plan.n_markers].reshape(n, -1)
    for number in range(n):
        # markers are seen: none of the faintest genes
        lifted = np.exp2(rng.normal(plan.marker_log2_fold, 0.5, plan.n_markers))
        shared = slice(0, plan.n_markers // 2)
        floor = np.maximum(base[markers[number]], np.median(base)) * lifted
        profiles[number, markers[number]] = floor
        profiles[(number + 1) % n, markers[number, shared]] = floor[shared] / 2.0
    response = chosen[n * plan.n_markers :][: plan.effects.n_genes]
    expressing = plan.types.index(plan.effects.expressing_type)
    profiles[expressing, response] = np.maximum(profiles[expressing, response], 2.0 * np.median(base))
    return profiles / profiles.sum(axis=1, keepdims=True), markers, response


def _draw_samples(plan: AtlasPlan, rng: np.random.Generator) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    n_responders = round(plan.responding * plan.n_patients)
    responds = rng.permutation(np.arange(plan.n_patients) < n_responders)
    patient = np.concatenate(
        [np.arange(plan.n_patients), np.sort(rng.permutation(plan.n_patients)[: plan.n_on_treatment])]
    )
    timepoint = np.repeat(["pre", "on"], [plan.n_patients, plan.n_on_treatment])
    samples = pd.DataFrame(
        {
            "patient_id": [f"P{i + 1:03d}" for i in patient],
            "timepoint": timepoint,
            "response": np.where(responds[patient], "responder", "non_responder"),
        },
        index=pd.Index([f"P{i + 1:03d}-{t}" for i, t in zip(patient, timepoint, strict=True)], name="sample_id"),
    )
    return samples, patient


def _draw_shares(
    plan: AtlasPlan, samples: pd.DataFrame, patient: NDArray[np.int64], *, rng: np.random.Generator
) -> pd.DataFrame:
    mean = rng.dirichlet(np.full(len(plan.types), 4.0))
    logs = np.log(mean) + rng.normal(0.0, plan.composition_sd, (plan.n_patients, len(plan.types)))[patient]
    responds = (samples["response"] == "responder").to_numpy()
    logs[:, plan.types.index(plan.effects.abundant_type)] += plan.effects.log_ratio * responds
    shares = np.exp(logs)
    return pd.DataFrame(shares / shares.sum(axis=1, keepdims=True), index=samples.index, columns=list(plan.types))


def _weights(dispersion: float) -> NDArray[np.float64]:
    """Return quantiles of a gene's expression in a cell relative to the mean, divided by the largest."""
    from scipy import stats

    if dispersion <= 0.0:
        return np.ones(_QUANTILES)
    middle = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    found = np.minimum(stats.gamma.ppf(middle, 1.0 / dispersion, scale=dispersion), _LARGEST_WEIGHT)
    return np.asarray(found / found.max())


def _losses(plan: AtlasPlan, seed: int) -> NDArray[np.float64]:
    """Return the share of cells in which each gene is lost."""
    if plan.dropout <= 0.0:
        return np.zeros(plan.n_genes)
    return np.random.default_rng([seed, 6]).beta(1.0, 1.0 / plan.dropout - 1.0, plan.n_genes)
