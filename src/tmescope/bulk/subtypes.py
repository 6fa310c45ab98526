"""Where a tumour stands on two axes, immune and stromal, measured against a cohort once and for all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tmescope.bulk.definitions import define_sets
from tmescope.bulk.estimating import check_values
from tmescope.bulk.frozen import check_matrix, find_columns
from tmescope.bulk.gene_sets import index_sets
from tmescope.bulk.matrix_rows import MatrixRows, check_names, find_scale
from tmescope.bulk.ranked_cohorts import rank_cohort, rank_rows
from tmescope.bulk.score_table import cohort_id
from tmescope.bulk.subtype_models import (
    PLACED,
    SUBTYPES,
    UNCOVERED,
    UNLIKE,
    SubtypeModel,
    SubtypeOptions,
    subtype_hash,
)
from tmescope.foundation.errors import MethodError
from tmescope.foundation.method import MethodSpec
from tmescope.foundation.provenance import Provenance, hash_array, versions
from tmescope.foundation.result import Result, RunWarning
from tmescope.foundation.scale import Scale
from tmescope.store.tables import TEXT

if TYPE_CHECKING:
    from anndata import AnnData
    from numpy.typing import NDArray

    from tmescope.bulk.cluster_models import ClusterModel

__all__ = ["apply_subtypes", "find_axes", "fit_subtypes", "likeness_of", "mean_ranks", "tell_of_places"]

_SPEC = MethodSpec(
    name="subtype_axes",
    room="bulk",
    summary="Immune and stromal content beside a fitted cohort: four subtypes with probabilities.",
    needs_log=False,
    units=("tpm", "fpkm", "array"),
    scope="cohort",
    unit="mean rank among all genes, 0 to 1",
    low=0.0,
    high=1.0,
    reference="10.1038/ncomms3612",
    higher_means="more immune cells, more stroma",
    licence="gene lists as published (facts)",
    ties="equal values share their mean rank",
    min_samples=10,
    ranks_all_genes=True,
)

_CUTS: dict[str, Callable[[NDArray[np.float64]], Any]] = {"mean": np.mean, "median": np.median}


def fit_subtypes(adata: AnnData, *, scale: str | None = None, options: SubtypeOptions | None = None) -> SubtypeModel:
    """Make a cohort the measure of immune and stromal content.

    Answers "is this much for such a tumour?". The four subtypes are quadrants of two continuous axes and no kinds of
    tumour that were found in the data: patients near a cut have probabilities that say so.

    Parameters
    ----------
    adata : anndata.AnnData, n_samples x n_genes
        The cohort; gene symbols in ``var_names``. Genes that some sample misses take no part.
    scale : str, optional
        Of ``adata.X``; read from ``adata.uns["tmescope"]["scale"]`` if omitted.
    options : SubtypeOptions, optional
        Signatures and draws.

    Returns
    -------
    SubtypeModel

    Raises
    ------
    MethodError
        If there are fewer than 10 samples, or too few genes of a signature.
    ScaleError
        If no scale is declared, or the axes do not take that unit.
    ExpressionError
        If names are not unique, or values are negative where none can be.

    Notes
    -----
    An axis is the mean rank of its genes among all genes of the sample, divided by their number: no other sample moves
    it, and neither does a logarithm. The cut is the cohort's mean of the axis, which varies less from draw to draw than
    the median. For the probabilities the genes of each axis and the samples are drawn with replacement, and the cuts
    are made anew. The limit of likeness was chosen by looking at ten TPM cohorts: it parts what lies within them from
    arrays that are declared as TPM, and is no test.
    """
    options = options or SubtypeOptions()
    cohort = rank_cohort(adata, _SPEC, scale=scale, too_few=_too_few)
    defined = define_sets(_SPEC, [options.immune, options.stromal])
    axes = find_axes(cohort.genes, options)
    state = _learn(cohort.ranks, axes, cohort.genes, options=options)
    return SubtypeModel(
        axes=axes,
        scale=cohort.scale,
        genes=cohort.genes,
        min_coverage=options.min_coverage,
        lowest_likeness=options.lowest_likeness,
        state=state,
        facts=defined.facts,
        cohort=cohort.cohort,
        n_samples=adata.n_obs,
        provenance={
            "inputs": dict(cohort.inputs),
            "options": asdict(options),
            "versions": versions(),
        },
    )


def _too_few(n_samples: int) -> MethodError:
    return MethodError(
        f"a cohort of {n_samples} samples is no measure of subtypes",
        where="samples",
        expected=f"at least {_SPEC.min_samples}, of the kind that will be compared with them",
        next_step="apply a model that was fitted on a larger cohort",
    )


def find_axes(genes: Sequence[str], options: SubtypeOptions) -> dict[str, tuple[str, ...]]:
    """Return the genes of each axis that a cohort has.

    Parameters
    ----------
    genes : sequence of str
        Measured in every sample.
    options : SubtypeOptions
        Signatures, and the smallest share of each.

    Raises
    ------
    UnknownNameError
        If a signature does not exist.
    MethodError
        If too few genes of one are there.
    """
    defined = define_sets(_SPEC, [options.immune, options.stromal])
    index = index_sets(dict(zip(("immune", "stromal"), defined.genes.values(), strict=True)), genes)
    for i, name in enumerate(index.names):
        found = len(index.columns(i))
        if found < max(options.min_coverage * index.sizes[i], 1):
            raise MethodError(
                f"{found} of the {index.sizes[i]} genes of the {name} axis were measured in every sample",
                where="var_names",
                expected=f"at least {options.min_coverage:.0%} of them",
                next_step="check the identifiers, or choose signatures that the platform covers",
            )
    return {name: tuple(genes[c] for c in index.columns(i)) for i, name in enumerate(index.names)}


def _learn(
    ranks: NDArray[np.float64],
    axes: Mapping[str, tuple[str, ...]],
    genes: tuple[str, ...],
    *,
    options: SubtypeOptions,
) -> dict[str, NDArray[Any]]:
    rng = np.random.default_rng(options.seed)
    position = {gene: i for i, gene in enumerate(genes)}
    n = options.n_resamples
    state: dict[str, NDArray[Any]] = {"profile": ranks.mean(axis=0)}
    drawn = np.vstack([np.arange(len(ranks)), rng.integers(0, len(ranks), (n, len(ranks)))])
    cut = _CUTS[options.cut]
    cuts = np.empty((n + 1, len(axes)))
    for i, (name, members) in enumerate(axes.items()):
        k = len(members)
        draws = np.vstack([np.ones(k), rng.multinomial(k, np.full(k, 1 / k), n)]).astype(np.uint16)
        scores = mean_ranks(ranks[:, [position[g] for g in members]], draws)
        cuts[:, i] = [cut(scores[samples, draw]) for draw, samples in enumerate(drawn)]
        state[f"{name}_draws"] = draws
    return {**state, "cuts": cuts}


def mean_ranks(ranks: NDArray[np.float64], draws: NDArray[Any]) -> NDArray[np.float64]:
    """Return the mean rank of each sample's genes under each draw, n_samples x n_draws.

    Parameters
    ----------
    ranks : array of float64, shape (n_samples, n_genes)
        Of the genes of one set; genes without a value are out.
    draws : array of int, shape (n_draws, n_genes)
        How often each gene counts.
    """
    present = ~np.isnan(ranks)
    weights = draws.astype(np.float64).T
    total = present.astype(np.float64) @ weights
    scores = np.full(total.shape, np.nan)
    np.divide(np.where(present, ranks, 0.0) @ weights, total, out=scores, where=total > 0)
    return scores


def likeness_of(ranks: NDArray[np.float64], profile: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each sample's correlation with the cohort's mean ranks, over the genes that it has.

    Parameters
    ----------
    ranks : array of float64, shape (n_samples, n_genes)
        From `rank_rows`.
    profile : array of float64, shape (n_genes,)
        Mean ranks of the cohort.
    """
    found = np.full(len(ranks), np.nan)
    for row, sample in enumerate(ranks):
        present = ~np.isnan(sample)
        if present.sum() > 2 and np.ptp(sample[present]) > 0:
            found[row] = np.corrcoef(sample[present], profile[present])[0, 1]
    return found


def apply_subtypes(model: SubtypeModel, adata: AnnData, *, scale: str | None = None) -> Result:
    """Say where new tumours stand beside the cohort that was fitted.

    Parameters
    ----------
    model : SubtypeModel
        From `fit_subtypes`.
    adata : anndata.AnnData, n_samples x n_genes
        One sample or many; none moves another.
    scale : str, optional
        Of ``adata.X``; read from ``adata.uns["tmescope"]["scale"]`` if omitted.

    Returns
    -------
    Result
        Table of one row a sample: cohort_id, sample_id, subtype, probability (of that subtype, 0 to 1), ``p_SUBTYPE``
        for each of the four, immune and stromal (mean ranks, 0 to 1), likeness (correlation with the cohort's mean
        ranks), verdict (placed, or why not). A sample that is not measured like the cohort, or lacks the genes, has no
        subtype.

    Raises
    ------
    ScaleError
        If the matrix has another unit than the model takes.
    ExpressionError
        If names are not unique, or values are negative where none can be.
    IdentifierError
        If less than 80% of the model's genes are there.
    """
    genes = [str(g) for g in adata.var_names]
    check_names([str(s) for s in adata.obs_names], genes)
    declared = find_scale(adata, scale)
    absent = check_matrix(model, genes, declared)
    rows = MatrixRows(adata.X, declared, Scale.parse(model.scale), find_columns(model, genes))
    values = rows.read(0, len(rows))
    check_values(replace(_SPEC, min_samples=1), values)
    ranks = rank_rows(values)
    table = _place(model, ranks)
    table.insert(0, "cohort_id", cohort_id(adata))
    table.insert(1, "sample_id", np.asarray(adata.obs_names, dtype=object))
    provenance = Provenance(
        method=f"{_SPEC.name}_frozen",
        parameters={"min_coverage": model.min_coverage, "lowest_likeness": model.lowest_likeness},
        inputs={"values": hash_array(values), "model": subtype_hash(model), "scale": str(declared)},
        facts=dict(model.facts),
        versions=versions(),
    )
    warnings = tuple(tell_of_places(model, table, absent=absent))
    return Result(
        table.astype(dict.fromkeys(("cohort_id", "sample_id", "subtype", "verdict"), TEXT)), provenance, warnings
    )


def _place(model: SubtypeModel, ranks: NDArray[np.float64]) -> pd.DataFrame:
    position = {gene: i for i, gene in enumerate(model.genes)}
    high, plain = [], []
    covered = np.ones(len(ranks), dtype=bool)
    for i, (name, members) in enumerate(model.axes.items()):
        mine = ranks[:, [position[g] for g in members]]
        covered &= np.mean(~np.isnan(mine), axis=1) >= model.min_coverage
        scores = mean_ranks(mine, model.state[f"{name}_draws"])
        plain.append(scores[:, 0])
        high.append(scores > model.state["cuts"][:, i])
    quadrant = 2 * high[0] + high[1].astype(np.int64)
    shares = np.column_stack([np.mean(quadrant[:, 1:] == q, axis=1) for q in range(len(SUBTYPES))])
    likeness = likeness_of(ranks, model.state["profile"])
    strange: NDArray[np.bool_] = np.logical_not(likeness >= model.lowest_likeness)
    told = covered & ~strange
    shares[~told] = np.nan
    subtype = np.where(told, np.array(SUBTYPES, dtype=object)[quadrant[:, 0]], None)
    verdict = np.where(strange, UNLIKE, np.where(covered, PLACED, UNCOVERED))
    table = pd.DataFrame({"subtype": subtype, "probability": shares[np.arange(len(shares)), quadrant[:, 0]]})
    table["verdict"] = verdict
    for q, name in enumerate(SUBTYPES):
        table[f"p_{name}"] = shares[:, q]
    return table.assign(immune=plain[0], stromal=plain[1], likeness=likeness)


def tell_of_places(
    model: SubtypeModel | ClusterModel, table: pd.DataFrame, *, absent: tuple[str, ...]
) -> Iterator[RunWarning]:
    """Yield what readers must know of samples without a subtype.

    Parameters
    ----------
    model : SubtypeModel or ClusterModel
        That was applied.
    table : pandas.DataFrame
        Columns cohort_id, sample_id and verdict.
    absent : tuple of str
        Genes of the model that the matrix lacks.
    """
    where = str(table["cohort_id"].iloc[0])
    if absent:
        message = f"{len(absent)} of the {len(model.genes)} genes of the model are not in the matrix"
        yield RunWarning("model.genes_missing", message, where, len(absent), absent[:3])
    names = tuple(table.loc[table["verdict"] == UNLIKE, "sample_id"])
    if names:
        message = (
            f"{len(names)} samples rank their genes unlike the cohort {model.cohort} (correlation below "
            f"{model.lowest_likeness:.2f}): another platform, tissue or scale, so they have no subtype; fit a model on "
            "samples measured like them"
        )
        yield RunWarning("subtype.unlike_cohort", message, where, len(names), names[:3])
    names = tuple(table.loc[table["verdict"] == UNCOVERED, "sample_id"])
    if names:
        message = f"{len(names)} samples lack too many genes of the model: they have no subtype"
        yield RunWarning("coverage.missing", message, where, len(names), names[:3])
