"""Numbers that are possible in the declared unit and speak for another: sums of a million, and whole numbers."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tmescope.foundation.errors import ScaleError, TmescopeError
from tmescope.foundation.result import RunWarning
from tmescope.foundation.scale import Scale
from tmescope.ingest.scales import ScaleEvidence, to_linear

__all__ = ["find_other_logarithm", "find_other_unit"]

_MILLION = 1e6
_NEAR = 0.01
_WHOLE = 0.99
_ENOUGH_GENES = 50
_FEWEST_SAMPLES = 2
_MOST_SAMPLES = 50
_BASES = (2.0, math.e, 10.0)


def find_other_logarithm(values: NDArray[np.float64], scale: Scale, *, where: str) -> list[TmescopeError]:
    """Return the contradiction where the samples sum to a million by another logarithm than the declared one.

    Parameters
    ----------
    values : array of float64, shape (n_samples, n_genes)
        In the declared scale; NaN where missing.
    scale : Scale
        As declared.
    where : str
        The file.

    Returns
    -------
    list of TmescopeError
        At most one `ScaleError`, with the sums by both logarithms. Empty for other scales than logarithms of TPM or
        CPM, for one sample, and where genes are left out, so that no logarithm makes the samples sum to a million.

    Notes
    -----
    Sums of a million (within 1%) in every sample are no chance: by a wrong logarithm they depend on the composition of
    the sample. At most 50 samples are looked at, evenly spaced.
    """
    if scale.log_base is None or scale.unit not in ("tpm", "cpm") or len(values) < _FEWEST_SAMPLES:
        return []
    looked_at = values[:: -(-len(values) // _MOST_SAMPLES)]
    declared = _sums(looked_at, scale)
    if _are_a_million(declared):
        return []
    for base in _BASES:
        other = Scale(scale.unit, base, scale.offset)
        sums = _sums(looked_at, other)
        if base != scale.log_base and _are_a_million(sums):
            return [
                ScaleError(
                    f"the numbers contradict the declared scale {scale}: by it {len(looked_at)} samples sum to "
                    f"{declared.min():,.6g} to {declared.max():,.6g} {scale.unit}, and as {other} to "
                    f"{sums.min():,.6g} to {sums.max():,.6g}",
                    where=f"{where}, scale {str(scale)!r}",
                    expected=f"numbers that are {scale}: a million {scale.unit} in a sample",
                    next_step=f"declare {other}",
                )
            ]
    return []


def _sums(values: NDArray[np.float64], scale: Scale) -> NDArray[np.float64]:
    return np.array([np.nansum(to_linear(row, scale)) for row in values])


def _are_a_million(sums: NDArray[np.float64]) -> bool:
    return bool((np.abs(sums - _MILLION) <= _NEAR * _MILLION).all())


def find_other_unit(evidence: ScaleEvidence, scale: Scale, *, cohort_id: str) -> list[RunWarning]:
    """Return a warning where a linear matrix looks like one of another unit.

    Parameters
    ----------
    evidence : ScaleEvidence
        From `tmescope.ingest.scales.measure`.
    scale : Scale
        As declared.
    cohort_id : str
        For the warning.

    Returns
    -------
    list of RunWarning
        At most one ``scale.unusual_unit``: whole numbers as TPM, CPM or FPKM that do not sum to a million look like
        counts; counts that do in every of several samples look like rounded TPM or CPM. Nothing for panels of fewer
        than 50 genes.

    Notes
    -----
    Neither is impossible: TPM may be rounded after genes were left out, and libraries may be drawn to one depth.
    """
    e = evidence
    if scale.is_log or not e.n_values or e.n_genes < _ENOUGH_GENES or e.integer_share < _WHOLE:
        return []
    are_a_million = _are_a_million(np.array([e.sums[0], e.sums[2]]))
    shown = f"{e.integer_share:.0%} of the non-zero values are whole numbers and the samples sum to "
    shown += f"{e.sums[0]:,.6g} to {e.sums[2]:,.6g}"
    if scale.unit == "counts" and are_a_million and e.n_samples >= _FEWEST_SAMPLES:
        message = f"{shown}, as rounded TPM or CPM do: are these counts, drawn to one depth?"
    elif scale.unit in ("tpm", "cpm", "fpkm") and not are_a_million:
        message = f"{shown}: are these counts, or {scale.unit} rounded after genes were left out?"
    else:
        return []
    return [RunWarning("scale.unusual_unit", message, cohort_id, e.n_samples)]
