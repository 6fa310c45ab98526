"""Negative binomial models of counts by PyDESeq2, where it is installed."""

from __future__ import annotations

import contextlib
import io
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tmescope.foundation.errors import InputError, MissingDependencyError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["NegativeBinomialTest", "fit_negative_binomial"]


@dataclass(frozen=True, kw_only=True)
class NegativeBinomialTest:
    """Wald tests of the last column of a design for every gene.

    Parameters
    ----------
    effects, std_errors, z, p_values, averages : array of float64, shape (genes,)
        Log2 fold change, its standard error, their ratio, two-sided p (NaN for a gene with a count that Cook's distance
        calls an outlier and that too few samples of its kind stand beside), and the mean of normalised counts.
    size_factors : array of float64, shape (n,)
    n_outlying : int
        Genes without a p.
    version : str
        Of PyDESeq2.
    """

    effects: NDArray[np.float64]
    std_errors: NDArray[np.float64]
    z: NDArray[np.float64]
    p_values: NDArray[np.float64]
    averages: NDArray[np.float64]
    size_factors: NDArray[np.float64]
    n_outlying: int
    version: str


def fit_negative_binomial(counts: NDArray[np.float64], design: NDArray[np.float64]) -> NegativeBinomialTest:
    """Fit counts by PyDESeq2 and test the last column of the design.

    Parameters
    ----------
    counts : array of float64, shape (n, genes)
        Zero or more, none missing; estimated counts are rounded to whole ones.
    design : array of float64, shape (n, p)
        With an intercept; the last column is tested.

    Returns
    -------
    NegativeBinomialTest

    Raises
    ------
    MissingDependencyError
        If PyDESeq2 is not installed.
    InputError
        If there are no more samples than columns of the design, or every gene has a zero (after rounding) in some
        sample, so that there are no size factors.

    Notes
    -----
    Size factors by the median of ratios, a parametric trend of dispersions (their mean where the trend does not
    converge), Wald tests without shrinkage of effects and without independent filtering: q-values are those of the
    family, as for every other answer. One process. Its warnings of single genes are not passed on.

    References
    ----------
    Love, Huber and Anders, Genome Biology 2014, doi:10.1186/s13059-014-0550-8. Muzellec et al., Bioinformatics 2023,
    doi:10.1093/bioinformatics/btad547.
    """
    try:
        import pydeseq2
        from pydeseq2.dds import DeseqDataSet
        from pydeseq2.default_inference import DefaultInference
        from pydeseq2.ds import DeseqStats
    except ImportError as error:
        raise MissingDependencyError(
            f"the model deseq2 needs PyDESeq2, which cannot be imported ({error})",
            where="model",
            next_step="install it: pip install 'tmescope[deseq2]'; or ask for voom, which needs nothing more",
        ) from error
    counts = np.round(counts)
    _check(counts, design)
    rows = [f"s{i}" for i in range(len(counts))]
    table = pd.DataFrame(counts.astype(np.int64), index=rows, columns=[f"g{i}" for i in range(counts.shape[1])])
    columns = pd.DataFrame(design, index=rows, columns=[f"c{i}" for i in range(design.shape[1])])
    contrast = np.zeros(design.shape[1])
    contrast[-1] = 1.0
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        data = DeseqDataSet(
            counts=table, metadata=columns, design=columns, inference=DefaultInference(n_cpus=1), quiet=True
        )
        data.deseq2()
        tested = DeseqStats(data, contrast=contrast, independent_filter=False, quiet=True, n_cpus=1)
        tested.summary()
    found = tested.results_df
    p_values = found["pvalue"].to_numpy(dtype=np.float64)
    return NegativeBinomialTest(
        effects=found["log2FoldChange"].to_numpy(dtype=np.float64),
        std_errors=found["lfcSE"].to_numpy(dtype=np.float64),
        z=found["stat"].to_numpy(dtype=np.float64),
        p_values=p_values,
        averages=found["baseMean"].to_numpy(dtype=np.float64),
        size_factors=np.asarray(data.obs["size_factors"], dtype=np.float64),
        n_outlying=int(np.isnan(p_values).sum()),
        version=str(pydeseq2.__version__),
    )


def _check(counts: NDArray[np.float64], design: NDArray[np.float64]) -> None:
    if len(counts) <= design.shape[1]:
        raise InputError(
            f"{len(counts)} samples are too few for {design.shape[1]} columns of the design: no dispersion is left",
            where="argument design",
            expected="more samples than columns",
            next_step="leave out confounders, or compare more samples",
        )
    if not (counts > 0.0).all(axis=0).any():
        raise InputError(
            "every gene has a zero in some sample: there are no size factors by the median of ratios",
            where="argument expression",
            next_step="leave out the samples with the fewest counts, or ask for voom",
        )
