"""ComBat before a comparison of expression: only where it is asked for, said in full, refused where it cannot be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tmescope.foundation.errors import InputError, ScaleError, examples
from tmescope.foundation.scale import Scale
from tmescope.stats.batches import adjust_batches

__all__ = ["BatchStep", "take_batches_out"]


@dataclass(frozen=True, kw_only=True)
class BatchStep:
    """What ComBat did to a matrix.

    Parameters
    ----------
    values : array of float64, shape (n, genes)
        Adjusted logarithms.
    batches : mapping of str to int
        Samples of each batch.
    unchanged : tuple of str
        Genes without variance within some batch, or beyond batches and groups: passed through as they came.
    method : str
        With its parameters.
    """

    values: np.ndarray[Any, np.dtype[np.float64]]
    batches: dict[str, int]
    unchanged: tuple[str, ...]
    method: str


def take_batches_out(
    expression: pd.DataFrame, batch: pd.Series[Any], *, keep: np.ndarray[Any, Any], scale: Scale, where: str
) -> BatchStep:
    """Adjust expression for batches by parametric ComBat, keeping the groups that are compared.

    Parameters
    ----------
    expression : pandas.DataFrame
        Samples x genes, none missing.
    batch : pandas.Series
        Batch of each sample, in the order of the rows, none missing.
    keep : array of float64, shape (n, k)
        Columns that the adjustment must leave: the groups and their confounders.
    scale : Scale
        Of the expression: logarithms.
    where : str
        Cohort and endpoint, for messages.

    Returns
    -------
    BatchStep

    Raises
    ------
    ScaleError
        If the expression is not in logarithms.
    InputError
        If batch and group are confounded, a confounder follows from the batch, there is one batch, or a batch has one
        sample.
    """
    if not scale.is_log:
        raise ScaleError(
            f"ComBat was asked for a matrix in {scale}: it shifts and stretches logarithms",
            where=where,
            expected="logarithms of tpm, fpkm, cpm or array intensities",
            next_step="keep the batch as a column of the design (combat = false), which counts allow",
        )
    names = sorted({str(b) for b in batch})
    codes = np.array([names.index(str(b)) for b in batch])
    sizes = {name: int((codes == i).sum()) for i, name in enumerate(names)}
    single = [name for name, n in sizes.items() if n < 2]
    if len(names) < 2 or single:
        found = f"batches {examples(single[:4])} have one sample" if single else f"there is {len(names)} batch"
        raise InputError(
            f"ComBat cannot adjust: {found}",
            where=where,
            expected="two batches or more, each with two samples or more",
            next_step="leave combat out, or those samples",
        )
    _refuse_confounded(codes, keep, names=names, where=where)
    adjusted = adjust_batches(expression.to_numpy(dtype=np.float64), codes, keep=keep)
    return BatchStep(
        values=adjusted.expression,
        batches=sizes,
        unchanged=tuple(str(expression.columns[i]) for i in adjusted.unchanged),
        method=adjusted.method,
    )


def _refuse_confounded(
    codes: np.ndarray[Any, Any], keep: np.ndarray[Any, Any], *, names: list[str], where: str
) -> None:
    indicators = (codes[:, None] == np.arange(len(names))).astype(np.float64)
    design = np.column_stack([indicators, keep])
    design = design / np.maximum(np.linalg.norm(design, axis=0), 1e-300)
    if int(np.linalg.matrix_rank(design)) == design.shape[1]:
        return
    if int(np.linalg.matrix_rank(design[:, :-1])) < design.shape[1] - 1:
        raise InputError(
            f"a confounder follows from the batch, or from the other confounders, in these {codes.size} samples",
            where=where,
            expected="confounders that vary within batches",
            next_step="leave out the confounder that the batch tells, or that is the batch: ComBat takes it out",
        )
    group = keep[:, -1]
    pure = [f"{n}: {int(group[codes == i].sum())} of {int((codes == i).sum())}" for i, n in enumerate(names)]
    raise InputError(
        f"batch and group are confounded: in the group are of batch {'; '.join(pure[:6])}",
        where=where,
        expected="batches that hold samples of both groups, or a chain of such batches",
        next_step="do not adjust: what the batch does and what the group does cannot be told apart in these samples",
    )
