"""quanTIseq: fractions of ten immune cell types and of all other cells, by constrained regression (Finotello 2019)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.bulk.methods.quantiseq_genes import original_names, pool_genes
from tmescope.bulk.mixtures import Estimates, Mixture
from tmescope.facts.references.quantiseq import Quantiseq
from tmescope.foundation.errors import MethodError
from tmescope.foundation.method import Method, MethodSpec, Parameter
from tmescope.foundation.result import RunWarning
from tmescope.stats.least_squares import constrained_least_squares
from tmescope.stats.quantiles import quantile_normalise
from tmescope.stats.robust_regression import fit_robustly

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.facts.hgnc import HgncRecord

__all__ = ["ARRAYS", "RNA_SEQ", "quantiseq", "read_further", "renames", "signature_genes"]

HGNC_VERSION = "2017-04-18"
OTHER = "Other"
_TREGS, _CD4 = "Tregs", "T.cells.CD4"
_FEW_TREGS = 0.02
_HAMPEL = (1.5, 3.5, 8.0)
_MAX_STEPS = 1000

_SOLVER = Parameter(
    "solver",
    str,
    "lsei",
    "How it fits: lsei (least squares, x >= 0 and sum <= 1) or robust regression by huber, hampel or bisquare, which "
    "knows no other cells.",
    choices=("lsei", "huber", "hampel", "bisquare"),
)
_TUMOUR = Parameter(
    "tumour", bool, True, "Whether the samples are tumours: genes that tumours express aberrantly are left out."
)
_SCALE_MRNA = Parameter(
    "scale_mrna", bool, True, "Whether shares of mRNA are turned into shares of cells by the mRNA content of each type."
)
_TREG_RULE = Parameter(
    "treg_rule",
    str,
    "faithful",
    "What is taken from CD4 T cells where regulatory T cells are few: faithful averages twice as the original does, "
    "corrected once.",
    choices=("faithful", "corrected"),
)
_NOISY = Parameter(
    "drop_noisy_genes",
    bool,
    True,
    "Whether genes that vary between RNA-seq data sets are left out, as advised for them.",
)
_RENAMING = Parameter(
    "renaming",
    str,
    "none",
    f"original renames and pools genes by HGNC's table of {HGNC_VERSION} (installed as hgnc {HGNC_VERSION}) as the "
    "original does; none takes them as measured.",
    choices=("none", "original"),
)


def read_further(parameters: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return what is read beside the signature: HGNC's old table, where genes are renamed.

    Parameters
    ----------
    parameters : mapping
        ``renaming`` is used.
    """
    return (("hgnc", HGNC_VERSION),) if renames(parameters) else ()


def renames(parameters: Mapping[str, Any]) -> bool:
    """Return whether genes are renamed by the method itself.

    Parameters
    ----------
    parameters : mapping
        ``renaming`` is used.
    """
    return bool(parameters["renaming"] == "original")


def signature_genes(reference: Mapping[str, Any], parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the genes of the signature that are used, in its order.

    Parameters
    ----------
    reference : mapping
        ``quantiseq`` is the reference.
    parameters : mapping
        ``tumour`` and ``drop_noisy_genes`` are used.
    """
    facts: Quantiseq = reference["quantiseq"]
    dropped: set[str] = set()
    if parameters["drop_noisy_genes"]:
        dropped.update(facts.removed_genes)
    if parameters["tumour"]:
        dropped.update(facts.aberrant_genes)
    return tuple(g for g in facts.signature.rows if g not in dropped)


def quantiseq(mixture: Mixture, reference: Mapping[str, Any], parameters: Mapping[str, Any]) -> Estimates:
    """Estimate the fractions of the ten types of the signature TIL10, and of all other cells.

    Parameters
    ----------
    mixture : Mixture
        Linear TPM, FPKM or microarray intensities of all genes: a sample is scaled to a sum of one million.
    reference : mapping
        ``quantiseq``, and ``hgnc`` where genes are renamed.
    parameters : mapping
        See the specification.

    Returns
    -------
    Estimates
        Fractions that sum to 1. Robust regression gives the ten types alone. NaN where a robust fit finds nothing above
        zero.

    Raises
    ------
    MethodError
        If fewer genes of the signature are there than it has cell types.

    Notes
    -----
    Least squares: ``min |S x - b|`` over x >= 0, sum(x) <= 1, with the signature S and the scaled sample b; then
    ``x / content``, brought back to the sum that x had, and ``Other = 1 - sum(x)``. Robust regression has an intercept,
    its negative coefficients are set to zero and the rest sums to 1.

    Regulatory T cells resemble CD4 T cells. Where their fraction T is below 0.02, a second fit without CD4 gives T2;
    regulatory T cells become ``T' = (T + T2) / 2``, and CD4 T cells lose ``(T' + T2) / 2`` (faithful: the original
    computes this after it has replaced T, so that the average is taken twice) or ``T'`` (corrected), down to zero; all
    is then divided by its sum.

    The original takes values whose maximum is below 50 for logarithms; here the scale is declared, and nothing is
    guessed. Microarrays are quantile-normalised over the cohort, which makes each sample depend on the others.
    """
    wanted = signature_genes(reference, parameters)
    facts: Quantiseq = reference["quantiseq"]
    values, genes = _pooled(mixture, reference.get("hgnc"), parameters)
    if mixture.is_array:
        values = quantile_normalise(values)
    place = {gene: i for i, gene in enumerate(genes)}
    present = [g for g in wanted if g in place]
    types = facts.signature.columns
    if len(present) <= len(types):
        raise MethodError(
            f"quantiseq needs more genes than cell types and found {len(present)} of {len(wanted)} genes",
            where="genes",
            expected=f"more than {len(types)}",
            next_step="check the identifiers (tmescope check)",
        )
    totals = values.sum(axis=1, keepdims=True)
    scaled = values[:, [place[g] for g in present]] * (1e6 / totals)
    rows = [facts.signature.rows.index(g) for g in present]
    design = np.ascontiguousarray(facts.signature.values[rows])
    content = np.array([facts.rna_content[t] if parameters["scale_mrna"] else 1.0 for t in types])
    share = len(present) / len(wanted)
    if parameters["solver"] != "lsei":
        found, warnings = _robust(design, scaled, content, solver=parameters["solver"])
        return Estimates(types, found, np.full(len(types), share), warnings)
    found = _least_squares(design, scaled, content)
    if _TREGS in types and _CD4 in types:
        found = _mend_tregs(found, types, design=design, scaled=scaled, content=content, rule=parameters["treg_rule"])
    found /= found.sum(axis=1, keepdims=True)
    return Estimates((*types, OTHER), found, np.full(len(types) + 1, share))


def _pooled(
    mixture: Mixture, records: list[HgncRecord] | None, parameters: Mapping[str, Any]
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    if parameters["renaming"] == "none" or records is None:
        return mixture.values, mixture.genes
    return pool_genes(mixture.values, original_names(mixture.genes, records))


def _least_squares(
    design: NDArray[np.float64], scaled: NDArray[np.float64], content: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return fractions of the types and, last, of other cells."""
    found = constrained_least_squares(design, scaled, total="at most one").values
    cells = _to_cells(found, content)
    other = np.maximum(0.0, 1.0 - cells.sum(axis=1, keepdims=True))
    return np.concatenate([cells, other], axis=1)


def _to_cells(found: NDArray[np.float64], content: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide by the mRNA content of a cell, keeping each sample's sum."""
    cells = found / content
    sums = cells.sum(axis=1, keepdims=True)
    return np.asarray(cells * np.divide(found.sum(axis=1, keepdims=True), sums, out=np.ones_like(sums), where=sums > 0))


def _mend_tregs(
    found: NDArray[np.float64],
    types: tuple[str, ...],
    *,
    design: NDArray[np.float64],
    scaled: NDArray[np.float64],
    content: NDArray[np.float64],
    rule: str,
) -> NDArray[np.float64]:
    tregs, cd4 = types.index(_TREGS), types.index(_CD4)
    few = np.flatnonzero(found[:, tregs] < _FEW_TREGS)
    if not few.size:
        return found
    rest = [i for i in range(len(types)) if i != cd4]
    second = _least_squares(np.ascontiguousarray(design[:, rest]), scaled[few], content[rest])[:, rest.index(tregs)]
    mended = found.copy()
    mended[few, tregs] = (second + found[few, tregs]) / 2
    loss = (second + mended[few, tregs]) / 2 if rule == "faithful" else mended[few, tregs]
    mended[few, cd4] = np.maximum(0.0, found[few, cd4] - loss)
    return mended


def _robust(
    design: NDArray[np.float64], scaled: NDArray[np.float64], content: NDArray[np.float64], *, solver: Any
) -> tuple[NDArray[np.float64], tuple[RunWarning, ...]]:
    with_ones = np.column_stack([np.ones(len(design)), design])
    limits = _HAMPEL if solver == "hampel" else None
    fit = fit_robustly(with_ones, scaled, psi=solver, limits=limits, max_steps=_MAX_STEPS)
    found = np.maximum(fit.coefficients[:, 1:], 0.0)
    sums = found.sum(axis=1, keepdims=True)
    found = _to_cells(np.divide(found, sums, out=np.full_like(found, np.nan), where=sums > 0), content)
    n_open = int((~fit.has_converged).sum())
    if not n_open:
        return found, ()
    message = f"{n_open} samples had not settled after {_MAX_STEPS} steps of robust regression ({solver})"
    return found, (RunWarning("deconvolution.not_converged", message, count=n_open),)


RNA_SEQ = Method(
    MethodSpec(
        name="quantiseq",
        room="bulk",
        summary="Fractions of ten immune cell types and of all other cells by constrained regression, for RNA-seq.",
        needs_log=False,
        units=("tpm", "fpkm"),
        scope="sample",
        unit="fraction",
        low=0.0,
        high=1.0,
        reference="10.1186/s13073-019-0638-6",
        higher_means="more cells of that type among all cells of the sample",
        licence="BSD-3-Clause (signature TIL10)",
        ties="none: values enter as they are",
        parameters=(_SOLVER, _TUMOUR, _SCALE_MRNA, _TREG_RULE, _NOISY, _RENAMING),
        installed="quantiseq",
        additive=True,
    ),
    quantiseq,
    vocabulary=signature_genes,
    further=read_further,
    renames=renames,
)

ARRAYS = replace(
    RNA_SEQ,
    spec=replace(
        RNA_SEQ.spec,
        name="quantiseq_array",
        summary="Fractions of ten immune cell types and of all other cells by constrained regression, for microarrays.",
        units=("array",),
        scope="cohort",
        ties="equal intensities share the mean of their ranks",
        parameters=(_SOLVER, _TUMOUR, _SCALE_MRNA, _TREG_RULE, replace(_NOISY, default=False), _RENAMING),
        min_samples=2,
    ),
)
