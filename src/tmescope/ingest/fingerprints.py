"""The same tumour in two cohorts, found by what it expresses, whatever it is called and in whatever scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["FEWEST_GENES", "SAME", "SIMILAR", "Overlap", "Profile", "find_overlaps", "find_repeats", "profile_of"]

SAME = 0.995
"""Rank correlation from which two columns are one measurement.

Between 10 published cohorts and the pan-cancer table that holds 461 of their samples again the copies correlate by at
least 0.9997, and 395,107 pairs of different samples by at most 0.986: the limit stands between them. Within a cohort
different samples correlate by at most 0.981, over all pairs of 15 published matrices."""

SIMILAR = 0.84
"""Correlation of centred ranks from which mutual best matches are one tumour, processed in two ways.

The 86 tumours that two pipelines processed (344 genes in common) reach at least 0.85; mutual best matches of different
patients, over all pairs of 16 studies and 10 cohorts, at most 0.821."""

FEWEST_GENES = 50
"""Genes in common, measured in every sample, below which expression says nothing."""

_MARGIN = 0.02
_N_GENES = 1_000
_FEWEST_GENES_SIMILAR = 200
_FEWEST_SAMPLES = 8
_EQUAL = 1e-12


@dataclass(frozen=True)
class Profile:
    """What is needed of a cohort to compare it with others.

    Parameters
    ----------
    sample_ids : tuple of str
        Of the rows.
    genes : tuple of str
        Of the columns, unique.
    values : array of float64, shape (n_samples, n_genes)
        In any scale that keeps the order of genes within a sample; may be a file that is mapped into memory.
    spread : array of float64, shape (n_genes,)
        Standard deviation of each gene's rank (0-1) over the samples; 0 where a value is missing.
    whole : array of bool, shape (n_genes,)
        Whether no sample lacks the gene.
    """

    sample_ids: tuple[str, ...]
    genes: tuple[str, ...]
    values: NDArray[np.float64]
    spread: NDArray[np.float64]
    whole: NDArray[np.bool_]


@dataclass(frozen=True)
class Overlap:
    """One tumour in two cohorts.

    Parameters
    ----------
    cohorts, sample_ids : tuple of (str, str)
        Where it is and what it is called there.
    kind : {'same', 'similar'}
        The same measurement, or the same tumour measured or processed again.
    correlation : float
        Of ranks (``same``) or of centred ranks (``similar``).
    n_genes : int
        Compared.
    """

    cohorts: tuple[str, str]
    sample_ids: tuple[str, str]
    kind: Literal["same", "similar"]
    correlation: float
    n_genes: int


def profile_of(values: NDArray[np.float64], sample_ids: Sequence[str], genes: Sequence[str]) -> Profile:
    """Prepare a cohort for comparison.

    Parameters
    ----------
    values : array of float64, shape (n_samples, n_genes)
        In any scale that keeps the order of genes within a sample; NaN where missing.
    sample_ids : sequence of str
        Of the rows.
    genes : sequence of str
        Of the columns, unique.
    """
    total, squares = np.zeros(values.shape[1]), np.zeros(values.shape[1])
    whole = np.ones(values.shape[1], dtype=bool)
    for row in values:
        whole &= ~np.isnan(row)
        ranks = np.empty(len(row))
        ranks[np.argsort(row, kind="stable")] = np.linspace(0, 1, len(row))
        total += ranks
        squares += ranks**2
    n = max(len(values), 1)
    spread = np.sqrt(np.maximum(squares / n - (total / n) ** 2, 0.0))
    spread[~whole] = 0.0
    return Profile(tuple(sample_ids), tuple(genes), values, spread, whole)


def find_overlaps(cohorts: Mapping[str, Profile]) -> list[Overlap]:
    """Find the samples that two cohorts share.

    Answers whether patients would be counted twice in a pooled analysis. It does not find two different tumours of one
    patient: those differ as much as those of two patients.

    Parameters
    ----------
    cohorts : mapping of str to Profile
        By cohort id.

    Returns
    -------
    list of Overlap
        In the order of the cohorts and their samples.

    Notes
    -----
    Each pair of cohorts is compared on the 1,000 genes in common whose ranks vary most over the samples of both; no
    scale, offset or library size matters, since only the order within a sample enters. A pair is the ``same``
    measurement from a Spearman correlation of `SAME`. Other pairs are ``similar`` from `SIMILAR` where each is the
    other's best match by 0.02 at least, after the median rank of each gene over the cohort was taken away, which
    removes what two pipelines do differently to a gene; for that each cohort needs 8 samples and 200 genes in common.
    Fewer than 50 genes are not compared, samples without variation neither. Ties share their mean rank; genes with a
    missing value are left out. Cost: one sort per sample, then one product of matrices per pair of cohorts.
    """
    found: list[Overlap] = []
    for (name_a, a), (name_b, b) in combinations(cohorts.items(), 2):
        found.extend(_compare((name_a, name_b), a, b))
    return found


def find_repeats(cohort_id: str, cohort: Profile) -> list[Overlap]:
    """Find the measurements that stand in one cohort twice under two names.

    Answers whether a column was duplicated. Two biopsies of one patient are two measurements and are not found.

    Parameters
    ----------
    cohort_id : str
        Its name.
    cohort : Profile
        As for `find_overlaps`.

    Returns
    -------
    list of Overlap
        Each pair once, of the kind ``same``, in the order of the samples.

    Notes
    -----
    The same correlation and the same limit as between cohorts, over the 1,000 genes whose ranks vary most.
    """
    usable = np.flatnonzero(cohort.whole)
    chosen = usable[np.argsort(-cohort.spread[usable], kind="stable")[:_N_GENES]]
    if len(chosen) < FEWEST_GENES:
        return []
    ranks = _ranks(cohort.values[:, chosen])
    same = _correlate(ranks, ranks)
    ids = cohort.sample_ids
    return [
        Overlap((cohort_id, cohort_id), (ids[i], ids[j]), "same", float(same[i, j]), len(chosen))
        for i, j in np.argwhere(np.triu(same >= SAME, k=1))
    ]


def _compare(names: tuple[str, str], a: Profile, b: Profile) -> list[Overlap]:
    position = {gene: j for j, gene in enumerate(b.genes)}
    pairs = np.array([(i, position[g]) for i, g in enumerate(a.genes) if g in position], dtype=np.intp).reshape(-1, 2)
    spread = np.sqrt(a.spread[pairs[:, 0]] * b.spread[pairs[:, 1]])
    if len(a.values) < _FEWEST_SAMPLES or len(b.values) < _FEWEST_SAMPLES:
        spread = np.maximum(a.spread[pairs[:, 0]], b.spread[pairs[:, 1]])  # one sample alone has no spread
    usable = np.flatnonzero(a.whole[pairs[:, 0]] & b.whole[pairs[:, 1]])
    chosen = pairs[usable[np.argsort(-spread[usable], kind="stable")[:_N_GENES]]]
    if len(chosen) < FEWEST_GENES:
        return []
    ranks_a, ranks_b = _ranks(a.values[:, chosen[:, 0]]), _ranks(b.values[:, chosen[:, 1]])
    same = _correlate(ranks_a, ranks_b)
    found = {(int(i), int(j)): ("same", same[i, j]) for i, j in np.argwhere(same >= SAME)}
    if len(chosen) >= _FEWEST_GENES_SIMILAR and min(len(a.values), len(b.values)) >= _FEWEST_SAMPLES:
        similar = _correlate(_centred(ranks_a), _centred(ranks_b))
        for pair in _mutual_best(similar):
            found.setdefault(pair, ("similar", similar[pair]))
    return [
        Overlap(
            names, (a.sample_ids[i], b.sample_ids[j]), "same" if kind == "same" else "similar", float(r), len(chosen)
        )
        for (i, j), (kind, r) in sorted(found.items())
    ]


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    out = np.empty(values.shape)
    for i, row in enumerate(values):
        _, place, counts = np.unique(row, return_inverse=True, return_counts=True)
        out[i] = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return out


def _centred(ranks: NDArray[np.float64]) -> NDArray[np.float64]:
    return _ranks(np.asarray(ranks - np.median(ranks, axis=0)))


def _correlate(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(_unit(a) @ _unit(b).T)


def _unit(ranks: NDArray[np.float64]) -> NDArray[np.float64]:
    deviations = ranks - ranks.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(deviations, axis=1, keepdims=True)
    unit: NDArray[np.float64] = np.divide(deviations, norms, out=np.zeros_like(deviations), where=norms > _EQUAL)
    return unit


def _mutual_best(r: NDArray[np.float64]) -> list[tuple[int, int]]:
    best_b, best_a = r.argmax(axis=1), r.argmax(axis=0)
    found = []
    for i, j in enumerate(best_b):
        if best_a[j] != i or r[i, j] < SIMILAR:
            continue
        rivals = max(np.delete(r[i], j).max(initial=-1.0), np.delete(r[:, j], i).max(initial=-1.0))
        if r[i, j] - rivals >= _MARGIN:
            found.append((i, int(j)))
    return found
