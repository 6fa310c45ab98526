"""Kinds of tumour that a cohort's scores fall into, if they do, fitted once and applied to single new patients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tmescope.bulk.cluster_models import ClusterModel, ClusterOptions, cluster_hash, cluster_names
from tmescope.bulk.definitions import define_sets
from tmescope.bulk.estimating import check_values
from tmescope.bulk.frozen import check_matrix, find_columns
from tmescope.bulk.gene_sets import index_sets
from tmescope.bulk.matrix_rows import MatrixRows, check_names, find_scale
from tmescope.bulk.ranked_cohorts import rank_cohort, rank_rows
from tmescope.bulk.score_table import cohort_id
from tmescope.bulk.subtype_models import PLACED, UNCOVERED, UNGROUPED, UNLIKE
from tmescope.bulk.subtypes import likeness_of, mean_ranks, tell_of_places
from tmescope.foundation.errors import MethodError
from tmescope.foundation.method import MethodSpec
from tmescope.foundation.provenance import Provenance, hash_array, versions
from tmescope.foundation.result import Result, RunWarning
from tmescope.foundation.scale import Scale
from tmescope.stats.clusters import ClusterSearch, centres_from, find_clusters, nearest_centres
from tmescope.store.tables import TEXT

if TYPE_CHECKING:
    from anndata import AnnData
    from numpy.typing import NDArray

__all__ = ["apply_clusters", "find_sets", "fit_clusters"]

_SPEC = MethodSpec(
    name="subtype_clusters",
    room="bulk",
    summary="Groups of a cohort's scores by consensus clustering, where a cloud without groups would be less stable.",
    needs_log=False,
    units=("tpm", "fpkm", "array"),
    scope="cohort",
    unit="group",
    low=0.0,
    high=1.0,
    reference="10.1038/s41598-020-58766-1",
    higher_means="the group is more probable",
    licence="gene lists as published (facts)",
    ties="equal values share their mean rank",
    min_samples=30,
    ranks_all_genes=True,
)
_FEWEST_SETS = 3


def fit_clusters(adata: AnnData, *, scale: str | None = None, options: ClusterOptions | None = None) -> ClusterModel:
    """Look for groups of tumours in a cohort's scores.

    Answers "are there kinds of tumour here, or one cloud?". Where a cloud without groups would be as stable the model
    has one group, and says of no patient that he belongs to a kind; the two axes (`fit_subtypes`) still measure him.

    Parameters
    ----------
    adata : anndata.AnnData, n_samples x n_genes
        The cohort, at least 30 samples; gene symbols in ``var_names``. Genes that some sample misses take no part.
    scale : str, optional
        Of ``adata.X``; read from ``adata.uns["tmescope"]["scale"]`` if omitted.
    options : ClusterOptions, optional
        Signatures, search and draws.

    Returns
    -------
    ClusterModel

    Raises
    ------
    MethodError
        If there are fewer than 30 samples, or fewer than 3 signatures have enough genes and vary.
    ScaleError
        If no scale is declared, or ranks do not take that unit.
    ExpressionError
        If names are not unique, or values are negative where none can be.

    Notes
    -----
    A score is the mean rank of the set's genes among all genes of the sample, divided by their number, then
    standardised over the cohort. Groups: see `tmescope.stats.clusters.find_clusters`. For the probabilities the genes
    of each set and the samples are drawn with replacement and the centres come to rest anew from where they were.
    """
    options = options or ClusterOptions()
    cohort = rank_cohort(adata, _SPEC, scale=scale, too_few=_too_few_samples)
    sets = _varying(find_sets(cohort.genes, options), cohort.ranks, cohort.genes)
    state, stability, k = _learn(cohort.ranks, sets, cohort.genes, options=options)
    return ClusterModel(
        k=k,
        sets=sets,
        scale=cohort.scale,
        genes=cohort.genes,
        min_coverage=options.min_coverage,
        lowest_likeness=options.lowest_likeness,
        state=state,
        stability=stability,
        facts={n: h for n, h in define_sets(_SPEC, list(options.signatures) or None).facts.items() if n in sets},
        cohort=cohort.cohort,
        n_samples=adata.n_obs,
        provenance={
            "inputs": dict(cohort.inputs),
            "options": asdict(options),
            "versions": versions(),
        },
    )


def _too_few_samples(n_samples: int) -> MethodError:
    return MethodError(
        f"{n_samples} samples are too few to look for groups",
        where="samples",
        expected=f"at least {_SPEC.min_samples}",
        next_step="use the model of axes, or apply a model that was fitted on a larger cohort",
    )


def find_sets(genes: Sequence[str], options: ClusterOptions) -> dict[str, tuple[str, ...]]:
    """Return the signatures of which a cohort has enough genes, each with those genes.

    Parameters
    ----------
    genes : sequence of str
        Measured in every sample.
    options : ClusterOptions
        Signatures, and the smallest share of each.

    Raises
    ------
    UnknownNameError
        If a signature does not exist.
    MethodError
        If fewer than three are left.
    """
    index = index_sets(define_sets(_SPEC, list(options.signatures) or None).genes, genes)
    found = {}
    for i, name in enumerate(index.names):
        columns = index.columns(i)
        if len(columns) >= max(options.min_coverage * index.sizes[i], 1):
            found[name] = tuple(genes[c] for c in columns)
    if len(found) < _FEWEST_SETS:
        raise _too_few(len(found), len(index.names), f"have {options.min_coverage:.0%} of their genes")
    return found


def _too_few(found: int, asked: int, what: str) -> MethodError:
    return MethodError(
        f"{found} of {asked} signatures {what}",
        where="var_names",
        expected=f"at least {_FEWEST_SETS} to look for groups",
        next_step="check the identifiers, or choose signatures that the platform covers",
    )


def _varying(
    sets: Mapping[str, tuple[str, ...]], ranks: NDArray[np.float64], genes: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    position = {gene: i for i, gene in enumerate(genes)}
    spread = {n: float(ranks[:, [position[g] for g in m]].mean(axis=1).std()) for n, m in sets.items()}
    found = {name: members for name, members in sets.items() if spread[name] > 0}
    if len(found) < _FEWEST_SETS:
        raise _too_few(len(found), len(sets), "vary between samples")
    return found


def _learn(
    ranks: NDArray[np.float64],
    sets: Mapping[str, tuple[str, ...]],
    genes: Sequence[str],
    *,
    options: ClusterOptions,
) -> tuple[dict[str, NDArray[Any]], dict[str, Any], int]:
    rng = np.random.default_rng(options.seed)
    position = {gene: i for i, gene in enumerate(genes)}
    n = options.n_resamples
    state: dict[str, NDArray[Any]] = {"profile": ranks.mean(axis=0)}
    scores = np.empty((n + 1, len(ranks), len(sets)))
    for i, members in enumerate(sets.values()):
        size = len(members)
        draws = np.vstack([np.ones(size), rng.multinomial(size, np.full(size, 1 / size), n)]).astype(np.uint16)
        state[f"draws_{i}"] = draws
        scores[:, :, i] = mean_ranks(ranks[:, [position[g] for g in members]], draws).T
    state["mean"], state["spread"] = scores[0].mean(axis=0), scores[0].std(axis=0)
    scaled = (scores - state["mean"]) / state["spread"]
    search = ClusterSearch(most=options.most, n_null=options.n_null, alpha=options.alpha)
    found = find_clusters(scaled[0], rng=rng, search=search)
    centres = np.repeat(found.centres[None], n + 1, axis=0)
    for draw in range(1, n + 1):
        drawn = rng.integers(0, len(ranks), len(ranks))
        centres[draw] = centres_from(scaled[draw, drawn], found.centres)
    state["centres"] = centres
    stability = {
        "tried": list(found.tried),
        "ambiguity": [round(float(v), 6) for v in found.ambiguity],
        "null_ambiguity": [round(float(v), 6) for v in found.null_ambiguity],
        "gain": [round(float(v), 6) if np.isfinite(v) else None for v in found.gain],
        "p_value": found.p_value,
    }
    return state, stability, found.k


def apply_clusters(model: ClusterModel, adata: AnnData, *, scale: str | None = None) -> Result:
    """Say which group of the fitted cohort new tumours belong to.

    Parameters
    ----------
    model : ClusterModel
        From `fit_clusters`.
    adata : anndata.AnnData, n_samples x n_genes
        One sample or many; none moves another.
    scale : str, optional
        Of ``adata.X``; read from ``adata.uns["tmescope"]["scale"]`` if omitted.

    Returns
    -------
    Result
        Table of one row a sample: cohort_id, sample_id, subtype (``cluster-1`` is the largest), probability (of that
        group, 0 to 1), verdict (placed, or why not), ``p_GROUP`` for each, likeness (correlation with the cohort's mean
        ranks). A sample that is not measured like the cohort, or lacks the genes, has no group; where the model has no
        groups none has.

    Raises
    ------
    ScaleError
        If the matrix has another unit than the model takes.
    ExpressionError
        If names are not unique, or values are negative where none can be.
    IdentifierError
        If less than 80% of the model's genes are there.

    Notes
    -----
    A tumour that is like no group still belongs to the nearest one; the probability says how often draws agree about
    which is nearest, not how near it is.
    """
    genes = [str(g) for g in adata.var_names]
    check_names([str(s) for s in adata.obs_names], genes)
    declared = find_scale(adata, scale)
    absent = check_matrix(model, genes, declared)
    rows = MatrixRows(adata.X, declared, Scale.parse(model.scale), find_columns(model, genes))
    values = rows.read(0, len(rows))
    check_values(replace(_SPEC, min_samples=1), values)
    table = _place(model, rank_rows(values))
    table.insert(0, "cohort_id", cohort_id(adata))
    table.insert(1, "sample_id", np.asarray(adata.obs_names, dtype=object))
    provenance = Provenance(
        method=f"{_SPEC.name}_frozen",
        parameters={"min_coverage": model.min_coverage, "lowest_likeness": model.lowest_likeness},
        inputs={"values": hash_array(values), "model": cluster_hash(model), "scale": str(declared)},
        facts=dict(model.facts),
        versions=versions(),
    )
    warnings = (*tell_of_places(model, table, absent=absent), *_tell_of_none(model, table))
    texts = dict.fromkeys(("cohort_id", "sample_id", "subtype", "verdict"), TEXT)
    return Result(table.astype(texts), provenance, warnings)


def _place(model: ClusterModel, ranks: NDArray[np.float64]) -> pd.DataFrame:
    position = {gene: i for i, gene in enumerate(model.genes)}
    centres = model.state["centres"]
    scores = np.empty((len(centres), len(ranks), len(model.sets)))
    covered = np.ones(len(ranks), dtype=bool)
    for i, members in enumerate(model.sets.values()):
        mine = ranks[:, [position[g] for g in members]]
        covered &= np.mean(~np.isnan(mine), axis=1) >= model.min_coverage
        scores[:, :, i] = mean_ranks(mine, model.state[f"draws_{i}"]).T
    scaled = (scores - model.state["mean"]) / model.state["spread"]
    groups = np.array([nearest_centres(s, c) for s, c in zip(scaled, centres, strict=True)])
    names = np.array(cluster_names(model.k), dtype=object)
    likeness = likeness_of(ranks, model.state["profile"])
    strange = np.logical_not(likeness >= model.lowest_likeness)
    covered &= groups[0] >= 0
    verdict = np.where(strange, UNLIKE, np.where(covered, PLACED if model.k > 1 else UNGROUPED, UNCOVERED))
    told = verdict == PLACED
    shares = np.column_stack([np.mean(groups[1:] == g, axis=0) for g in range(model.k)])
    shares[~told] = np.nan
    table = pd.DataFrame(
        {
            "subtype": np.where(told, names[groups[0]], None) if model.k > 1 else np.full(len(ranks), None),
            "probability": shares[np.arange(len(ranks)), groups[0]],
            "verdict": verdict,
        }
    )
    for g, name in enumerate(names):
        table[f"p_{name}"] = shares[:, g]
    return table.assign(likeness=likeness)


def _tell_of_none(model: ClusterModel, table: pd.DataFrame) -> Iterator[RunWarning]:
    if model.k == 1:
        message = (
            f"no groups were found in the {model.n_samples} samples of {model.cohort} (p = "
            f"{model.stability['p_value']:.2g}: a cloud without groups is as stable), so nobody has one; use the axes"
        )
        yield RunWarning("subtype.no_groups", message, str(table["cohort_id"].iloc[0]), len(table))
