"""Which model of expression a declared scale allows, and the evidence where the values or the choice forbid it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from tmescope.foundation.errors import ScaleError, UnknownNameError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.foundation.scale import Scale

__all__ = ["MODELS", "Model", "check_model", "check_values"]

Model = Literal["limma", "voom", "deseq2"]
MODELS: tuple[Model, ...] = ("limma", "voom", "deseq2")
"""Models of expression by name."""

_MOST_FROM_COUNTS = 0.05
_LOWEST_PEAK = 50.0
_LARGEST_LOG = 40.0


def check_model(scale: Scale, model: str, *, values: NDArray[np.float64]) -> Model:
    """Return the model to fit: the one that was asked for, or the scale's own.

    Parameters
    ----------
    scale : Scale
        As declared.
    model : str
        One of `MODELS`, or ``auto``: limma for logarithms, voom for counts.
    values : array of float64
        For the evidence.

    Returns
    -------
    {"limma", "voom", "deseq2"}

    Raises
    ------
    ScaleError
        If the model does not belong to the scale.
    UnknownNameError
        If there is no such model.
    """
    if model not in (*MODELS, "auto"):
        raise UnknownNameError.of("model of expression", model, (*MODELS, "auto"), where="model")
    if scale.unit == "counts" and scale.is_log:
        raise ScaleError(
            f"the matrix is declared as {scale}: logarithms of counts carry the library sizes ({_evidence(values)})",
            where="argument scale",
            expected="counts themselves, or logarithms of tpm, fpkm, cpm or array intensities",
            next_step="convert it to counts: tmescope.foundation.scale.convert",
        )
    if scale.unit == "counts":
        if model == "limma":
            raise ScaleError(
                f"limma without voom was asked for counts, whose spread grows with their size ({_evidence(values)})",
                where="model",
                expected="logarithms of tpm, fpkm, cpm or array intensities",
                next_step="ask for voom or deseq2",
            )
        return "deseq2" if model == "deseq2" else "voom"
    if model in ("voom", "deseq2"):
        raise ScaleError(
            f"{model} is a model of counts, the matrix is declared as {scale} ({_evidence(values)})",
            where="model",
            expected="raw or estimated counts: how much a value can be trusted is read off its size",
            next_step=f"give the matrix of counts, or ask for limma{'' if scale.is_log else ' on logarithms'}",
        )
    if not scale.is_log:
        raise ScaleError(
            f"linear models of expression need counts or logarithms, the matrix is declared as {scale} "
            f"({_evidence(values)})",
            where="argument scale",
            expected="counts (voom-limma, deseq2), or a logarithm such as log2(tpm+1) or log2_array (limma)",
            next_step=f"convert it: tmescope.foundation.scale.convert to log2({scale.unit}+1)",
        )
    return "limma"


def check_values(scale: Scale, values: NDArray[np.float64]) -> None:
    """Refuse values that cannot be of the declared scale.

    Parameters
    ----------
    scale : Scale
        As declared: counts, or logarithms.
    values : array of float64
        NaN is passed over.

    Raises
    ------
    ScaleError
        If counts are negative, or small with decimals; or if logarithms are larger than any expression.
    """
    known = values[~np.isnan(values)]
    largest = float(known.max(initial=0.0))
    if scale.is_log:
        log2 = largest * float(np.log2(scale.log_base or 2.0))
        if log2 > _LARGEST_LOG:
            raise ScaleError(
                f"the matrix is declared as {scale}, but its largest value is {largest:.4g}: no logarithm",
                where="argument scale",
                expected=f"logarithms to base 2 up to {_LARGEST_LOG:g}",
                next_step="declare the scale that the file's documentation states, such as counts or tpm",
            )
        return
    share = float(np.mean(known < 0.0)) if known.size else 0.0
    whole = float(np.mean(known == np.round(known))) if known.size else 1.0
    if share > 0.0 or (largest < _LOWEST_PEAK and whole < _MOST_FROM_COUNTS):
        raise ScaleError(
            f"the matrix is declared as counts, but {share:.1%} of its values are negative, {whole:.1%} are whole, and "
            f"the largest is {largest:.4g}",
            where="argument scale",
            expected="raw or estimated counts",
            next_step="declare the scale that the file's documentation states, such as log2(tpm+1)",
        )


def _evidence(values: NDArray[np.float64]) -> str:
    known = values[~np.isnan(values)]
    if not known.size:
        return "it has no values"
    whole = float(np.mean(known == np.round(known)))
    return f"values from {known.min():.4g} to {known.max():.4g}, {whole:.1%} whole"
