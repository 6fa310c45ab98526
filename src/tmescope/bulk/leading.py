"""Which genes of a signature carry its score in one sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tmescope.bulk.definitions import Asked, SetDefinitions, define_sets
from tmescope.bulk.frozen import FrozenScore, check_matrix, find_columns, model_as_method
from tmescope.bulk.gene_sets import GeneSets, index_sets
from tmescope.bulk.matrix_rows import MatrixRows, check_names, find_scale, target_scale
from tmescope.bulk.score_table import cohort_id
from tmescope.bulk.scoring import ScoreOptions, check_size, choose_method, find_constant, order_genes
from tmescope.foundation.errors import MethodError, UnknownNameError
from tmescope.foundation.method import Method, resolve_parameters
from tmescope.foundation.scale import Scale
from tmescope.store.tables import shape_table
from tmescope.store.threads import one_blas_thread

if TYPE_CHECKING:
    from anndata import AnnData
    from numpy.typing import NDArray

    from tmescope.bulk.contributions import Lead

__all__ = ["leading_edge"]


def leading_edge(
    adata: AnnData,
    signatures: Asked = None,
    *,
    method: str | Method | FrozenScore = "zscore",
    samples: Sequence[str] | None = None,
    scale: str | None = None,
    options: ScoreOptions | None = None,
) -> pd.DataFrame:
    """Return what each gene of each signature does to the score of each sample.

    Answers "is this score the whole signature, or two genes of it?". It does not say which genes matter for an
    endpoint.

    Parameters
    ----------
    adata : anndata.AnnData, n_samples x n_genes
        The whole cohort, as it was scored.
    signatures, scale, options
        As in `tmescope.bulk.scoring.score`; a model has its own signatures.
    method : str, Method or FrozenScore
        A method that says what genes contribute, or a model of one.
    samples : sequence of str, optional
        Names of the samples that are asked about; all if omitted.

    Returns
    -------
    pandas.DataFrame
        Columns of the table ``leading_edge``: cohort_id, sample_id, method, feature, gene_symbol, rank (from 1, the
        gene that carries most first), contribution (as the method defines it) and leads. Genes that a sample lacks
        have no row.

    Raises
    ------
    MethodError
        If the method does not say what genes contribute.
    UnknownNameError
        If a sample is not in the cohort.
    TmescopeError
        As in `tmescope.bulk.scoring.score`.

    Notes
    -----
    Sums (zscore, plage, mean, weighted_sum, singscore, rank_auc): the contributions add up to the score, and a gene
    leads where it pushes the score the way that it points. Walks (ssgsea, gsva): the contribution is the gene's share
    of the walk's rises, and genes lead up to its highest point, or, where the score is negative, behind its lowest.
    Equal genes stand in the order of the columns. Cost: one sort of all genes a sample for methods that rank.
    """
    options = options or ScoreOptions()
    names = [str(s) for s in adata.obs_names]
    genes = [str(g) for g in adata.var_names]
    check_names(names, genes)
    wanted = names if samples is None else list(samples)
    place = {name: i for i, name in enumerate(names)}
    for name in wanted:
        if name not in place:
            raise UnknownNameError.of("sample", name, names, where="samples")
    rows = np.array([place[name] for name in wanted], dtype=np.int64)
    if isinstance(method, FrozenScore):
        answer = _ask_model(adata, genes, method, rows=rows, scale=scale, options=options)
    else:
        answer = _ask(adata, genes, signatures, method=method, rows=rows, scale=scale, options=options)
    found, lead, sets, columns = answer
    return _tidy(lead, sets, columns, samples=wanted, method=found.spec.name, cohort=cohort_id(adata))


_Answer = tuple[Method, "Lead", GeneSets, Sequence[str]]


def _ask(
    adata: AnnData,
    genes: list[str],
    signatures: Asked,
    *,
    method: str | Method,
    rows: NDArray[np.int64],
    scale: str | None,
    options: ScoreOptions,
) -> _Answer:
    chosen, _ = choose_method(method)
    spec = chosen.spec
    ask = _require(chosen)
    declared = find_scale(adata, scale)
    order = order_genes(spec, genes, options.universe)
    ordered = genes if order is None else [genes[i] for i in order]
    values = MatrixRows(adata.X, declared, target_scale(spec, declared), order).read(0, adata.n_obs)
    defined: SetDefinitions = define_sets(spec, signatures)
    sets = index_sets(defined.genes, ordered, weights=defined.weights)
    check_size(spec, len(values), sets)
    if spec.drops_constant_genes:
        sets = sets.without(find_constant(values))
    parameters = resolve_parameters(spec, dict(options.parameters))
    with one_blas_thread():
        state = chosen.fit(values, sets, parameters) if chosen.fit is not None else None
        return chosen, ask(values[rows], sets, parameters, state=state), sets, ordered


def _ask_model(
    adata: AnnData,
    genes: list[str],
    model: FrozenScore,
    *,
    rows: NDArray[np.int64],
    scale: str | None,
    options: ScoreOptions,
) -> _Answer:
    chosen, _ = model_as_method(model)
    ask = _require(choose_method(model.method)[0])
    declared = find_scale(adata, scale)
    check_matrix(model, genes, declared)
    matrix = MatrixRows(adata.X, declared, Scale.parse(model.scale), find_columns(model, genes))
    values = matrix.read(0, adata.n_obs)[rows]
    sets = model.index()
    known = {p.name for p in chosen.spec.parameters}
    given: Mapping[str, Any] = {**model.parameters, **options.parameters}
    parameters = resolve_parameters(chosen.spec, {k: v for k, v in given.items() if k in known})
    return chosen, ask(values, sets, parameters, state=model.state), sets, model.genes


def _require(method: Method) -> Any:
    if method.lead is None:
        raise MethodError(
            f"{method.spec.name} does not say what genes contribute",
            where="method",
            expected="for example zscore, ssgsea, gsva, singscore, mean",
        )
    return method.lead


def _tidy(
    lead: Lead, sets: GeneSets, genes: Sequence[str], *, samples: Sequence[str], method: str, cohort: str
) -> pd.DataFrame:
    set_of = np.repeat(np.arange(len(sets.names)), np.diff(sets.starts))
    parts = []
    for row, sample in enumerate(samples):
        there = np.flatnonzero(~np.isnan(lead.contribution[row]))
        ordered = there[np.lexsort((lead.place[row, there], set_of[there]))]
        first = np.searchsorted(set_of[ordered], set_of[ordered])
        parts.append(
            pd.DataFrame(
                {
                    "cohort_id": cohort,
                    "sample_id": sample,
                    "method": method,
                    "feature": [sets.names[i] for i in set_of[ordered]],
                    "gene_symbol": [genes[i] for i in sets.members[ordered]],
                    "rank": np.arange(ordered.size) - first + 1,
                    "contribution": lead.contribution[row, ordered],
                    "leads": lead.leads[row, ordered],
                }
            )
        )
    return shape_table("leading_edge", pd.concat(parts, ignore_index=True))
