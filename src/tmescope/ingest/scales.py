"""Whether the numbers of a matrix can be of the scale that was declared for it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tmescope.foundation.errors import ExpressionError, ScaleError, TmescopeError
from tmescope.foundation.result import RunWarning
from tmescope.foundation.scale import FLOOR_TOLERANCE, Scale

__all__ = ["ScaleEvidence", "find_contradictions", "find_oddities", "measure", "to_linear"]

_MILLION = 1e6
_ROUNDING = 1.05  # sums of published TPM tables exceed a million by rounding and by genes counted twice
_LOOKS_LOGGED = 30.0
_LARGEST_LOG2 = 40.0
_LARGEST_LOG2_ARRAY = 25.0
_ENOUGH_GENES = 50
_MANY_GENES = 10_000
_LEAST_TOP = 500.0  # the most expressed gene of any real transcriptome has thousands
_SAMPLED = 1_000_000
_QUANTILES = (0.01, 0.25, 0.5, 0.75, 0.99)


@dataclass(frozen=True)
class ScaleEvidence:
    """What the numbers say about their scale.

    Parameters
    ----------
    n_samples, n_genes, n_values, n_missing : int
        Shape; values that are not NaN; values that are.
    minimum, maximum : float
        Over all values.
    integer_share : float
        Share of the non-zero values that are whole numbers (0 where there is none).
    floor_share : float
        Share of values at the floor of the declared scale (zero expression), within `FLOOR_TOLERANCE` on log
        scales.
    minimum_share : float
        Share of values equal to the minimum.
    n_below_floor, n_too_low : int
        Values below the floor at all, and by more than the tolerance.
    n_large_sums : int
        Samples whose sum exceeds a million.
    sums : tuple of float
        Smallest, median and largest sum of a sample in linear units; infinite where the declared logarithm
        overflows.
    quantiles : tuple of float
        At 1, 25, 50, 75 and 99%, from at most a million values.
    """

    n_samples: int
    n_genes: int
    n_values: int
    n_missing: int
    minimum: float
    maximum: float
    integer_share: float
    floor_share: float
    minimum_share: float
    n_below_floor: int
    n_too_low: int
    n_large_sums: int
    sums: tuple[float, float, float]
    quantiles: tuple[float, ...]

    def sentence(self) -> str:
        """Return the evidence as one sentence."""
        low, middle, high = self.sums
        return (
            f"{self.n_values:,} values over {self.n_genes:,} genes, {self.minimum:.6g} to {self.maximum:.6g} "
            f"(median {self.quantiles[2]:.4g}); {self.integer_share:.0%} of the non-zero ones whole; "
            f"{self.floor_share:.1%} at the floor; sums per sample in linear units {low:,.6g} to {high:,.6g} "
            f"(median {middle:,.6g})."
        )


def measure(values: NDArray[np.float64], scale: Scale) -> ScaleEvidence:
    """Measure a matrix against a declared scale.

    Parameters
    ----------
    values : array of float64, shape (n_samples, n_genes)
        In the declared scale; NaN where missing; finite otherwise.
    scale : Scale
        As declared.

    Returns
    -------
    ScaleEvidence
        NaN in its numbers where there is no value at all.

    Notes
    -----
    One pass sample by sample, so that no second matrix is needed.
    """
    tolerance = FLOOR_TOLERANCE if scale.is_log else 0.0
    n_missing = sum(int(np.count_nonzero(np.isnan(row))) for row in values)
    n_values = values.size - n_missing
    if not n_values:
        return _no_evidence(values)
    minimum, maximum = float(np.nanmin(values)), float(np.nanmax(values))
    counts = np.zeros(6, dtype=np.int64)
    sums = np.empty(len(values))
    for i, row in enumerate(values):
        present = row[~np.isnan(row)] if n_missing else row
        counts += [
            np.count_nonzero(present),
            np.count_nonzero((present == np.floor(present)) & (present != 0)),
            np.count_nonzero(np.abs(present - scale.floor) <= tolerance),
            np.count_nonzero(present == minimum),
            np.count_nonzero(present < scale.floor),
            np.count_nonzero(present < scale.floor - tolerance),
        ]
        sums[i] = to_linear(present, scale).sum()
    n_nonzero, n_whole, n_floor, n_minimum, n_below, n_too_low = (int(c) for c in counts)
    step = max(values.size // _SAMPLED, 1)
    return ScaleEvidence(
        n_samples=len(values),
        n_genes=values.shape[1],
        n_values=n_values,
        n_missing=n_missing,
        minimum=minimum,
        maximum=maximum,
        integer_share=n_whole / n_nonzero if n_nonzero else 0.0,
        floor_share=n_floor / n_values,
        minimum_share=n_minimum / n_values,
        n_below_floor=n_below,
        n_too_low=n_too_low,
        n_large_sums=int(np.count_nonzero(sums > _ROUNDING * _MILLION)),
        sums=(float(sums.min()), float(np.median(sums)), float(sums.max())),
        quantiles=tuple(float(q) for q in np.nanquantile(values.ravel()[::step], _QUANTILES)),
    )


def _no_evidence(values: NDArray[np.float64]) -> ScaleEvidence:
    nothing = (math.nan,) * 5
    return ScaleEvidence(
        n_samples=len(values),
        n_genes=values.shape[1],
        n_values=0,
        n_missing=values.size,
        minimum=math.nan,
        maximum=math.nan,
        integer_share=0.0,
        floor_share=0.0,
        minimum_share=0.0,
        n_below_floor=0,
        n_too_low=0,
        n_large_sums=0,
        sums=nothing[:3],
        quantiles=nothing,
    )


def to_linear(values: NDArray[np.float64], scale: Scale) -> NDArray[np.float64]:
    """Return numbers in the linear unit of their scale, at least 0; infinite where the logarithm overflows.

    Parameters
    ----------
    values : array of float64
        In the declared scale.
    scale : Scale
        As declared; numbers of a linear one are returned as they are.
    """
    if scale.log_base is None:
        return values
    with np.errstate(over="ignore"):
        linear = np.exp2(values) if scale.log_base == 2.0 else np.power(scale.log_base, values)
        return np.maximum(linear - scale.offset, 0.0)


def find_contradictions(evidence: ScaleEvidence, scale: Scale, *, where: str) -> list[TmescopeError]:
    """Return why the numbers cannot be of the declared scale; empty where they can.

    Parameters
    ----------
    evidence : ScaleEvidence
        From `measure`, with the same scale.
    scale : Scale
        As declared.
    where : str
        The file.

    Returns
    -------
    list of TmescopeError
        At most one: an `ExpressionError` where all values are zero, else a `ScaleError` with all evidence that
        speaks against the scale and the scale that the numbers suggest where they suggest one.

    Notes
    -----
    Impossible are values below the floor by more than `FLOOR_TOLERANCE`; many values at a minimum that is not
    the floor (they are zeros of another offset); more than a million TPM or CPM in a sample or a value;
    counts of which most are not whole; linear values none of which exceeds 30 over at least 50 genes (they
    are logarithms); logarithms of more than 2^40 (2^25 for arrays); whole transcriptomes that sum to less
    than 10,000 TPM or have no value of 500.
    """
    if not evidence.n_values:
        return []
    if evidence.sums[2] == 0 or evidence.minimum == evidence.maximum == 0:
        return [_nothing_but_zeros(evidence, scale, where=where)]
    reasons = list(_log_reasons(evidence, scale) if scale.is_log else _linear_reasons(evidence, scale))
    if not reasons:
        return []
    hint = _suggest(evidence, scale)
    return [
        ScaleError(
            f"the numbers contradict the declared scale {scale}: {'; '.join(reasons)}. {evidence.sentence()}",
            where=f"{where}, scale {str(scale)!r}",
            expected=f"numbers that can be {scale}",
            next_step=(f"{hint}; " if hint else "") + "declare the scale that the file's documentation states",
        )
    ]


def _nothing_but_zeros(e: ScaleEvidence, scale: Scale, *, where: str) -> ExpressionError:
    value = f"{e.minimum:.6g}, which is zero {scale.unit}" if e.minimum else "zero"
    return ExpressionError(
        f"all {e.n_values:,} values of {e.n_samples:,} samples and {e.n_genes:,} genes are {value}",
        where=where,
        expected="a matrix in which something is expressed",
        next_step="check that the file was written whole, and that its columns hold expression values",
    )


def _linear_reasons(e: ScaleEvidence, scale: Scale) -> Iterator[str]:
    if e.n_too_low:
        yield f"{e.n_too_low:,} values are negative, the lowest is {e.minimum:.6g}"
        return
    if scale.unit == "counts" and e.integer_share < 0.5 and e.maximum > 0:
        yield f"only {e.integer_share:.0%} of the non-zero values are whole numbers"
    elif scale.unit != "counts" and e.n_genes >= _ENOUGH_GENES and _is_small(e):
        yield f"no value exceeds {e.maximum:.4g} over {e.n_genes:,} genes, as in a logarithm"
    yield from _sum_reasons(e, scale)


def _is_small(e: ScaleEvidence) -> bool:
    return 0 < e.maximum < _LOOKS_LOGGED and e.integer_share < 0.5


def _log_reasons(e: ScaleEvidence, scale: Scale) -> Iterator[str]:
    if e.n_too_low:
        yield f"{e.n_too_low:,} values lie below the floor {scale.floor:.6g}, the lowest is {e.minimum:.6g}"
    if _has_other_floor(e, scale):
        yield (f"{e.minimum_share:.1%} of the values are exactly {e.minimum:.6g}, none is {scale.floor:.6g}")
    limit = _LARGEST_LOG2_ARRAY if scale.unit == "array" else _LARGEST_LOG2
    base = scale.log_base or 2.0
    if scale.unit in ("tpm", "cpm"):
        limit = math.log2(_ROUNDING * _MILLION + scale.offset)
    if e.maximum * math.log2(base) > limit:
        yield f"the largest value {e.maximum:.6g} would be {_power(base, e.maximum)} {scale.unit}"
    elif not e.n_too_low:
        yield from _sum_reasons(e, scale)


def _power(base: float, exponent: float) -> str:
    return f"{base**exponent:.3g}" if exponent * math.log10(base) < 300 else f"{base:.3g}^{exponent:.6g}"


def _has_other_floor(e: ScaleEvidence, scale: Scale) -> bool:
    above = e.minimum > scale.floor + FLOOR_TOLERANCE
    # arrays have no floor, but none repeats one negative value: that is the logarithm of zero plus an offset
    applies = scale.offset > 0 or (scale.unit == "array" and e.minimum < 0)
    return above and applies and e.minimum_share >= 0.01 and e.minimum_share * e.n_values >= 20


def _sum_reasons(e: ScaleEvidence, scale: Scale) -> Iterator[str]:
    if scale.unit not in ("tpm", "cpm"):
        return
    middle = e.sums[1]
    if middle > _ROUNDING * _MILLION:
        yield f"the samples sum to {middle:,.6g} {scale.unit} (median), more than a million"
    elif e.n_genes >= _MANY_GENES and middle < _MILLION / 100:
        yield f"the samples sum to {middle:,.6g} {scale.unit} (median) over {e.n_genes:,} genes"
    elif e.n_genes >= _MANY_GENES and (top := _largest(e, scale)) < _LEAST_TOP:
        yield f"the largest value is {top:.4g} {scale.unit} over {e.n_genes:,} genes"


def _largest(e: ScaleEvidence, scale: Scale) -> float:
    return e.maximum if scale.log_base is None else scale.log_base**e.maximum - scale.offset


def _suggest(e: ScaleEvidence, scale: Scale) -> str:
    """Return the scale that the numbers look like, in words, or nothing."""
    base = scale.log_base or 2.0
    if not scale.is_log and e.n_too_low:
        # a floor is a minimum that many values share; one odd value is no evidence for an offset
        floor = f" such as {_offset_scale(e, 2.0, scale.unit)}" if e.minimum_share >= 0.001 else ""
        return f"negative values come from a logarithm{floor}, centring or a fault in the file"
    if scale.is_log and (e.n_too_low or _has_other_floor(e, scale)) and e.minimum_share >= 0.001:
        return f"a floor of {e.minimum:.6g} suggests {_offset_scale(e, base, scale.unit)}"
    if not scale.is_log and e.maximum < _LOOKS_LOGGED:
        return f"they look like log2({scale.unit}+1)"
    if scale.is_log and e.maximum > _LARGEST_LOG2:
        return "they look linear" + (" counts" if e.integer_share > 0.99 else "")
    if scale.unit == "counts":
        return "they look like tpm, fpkm or normalised counts"
    return ""


def _offset_scale(e: ScaleEvidence, base: float, unit: str) -> str:
    """Return the scale whose floor the minimum is."""
    offset = float(f"{base**e.minimum:.2g}")
    name = {2.0: "log2", 10.0: "log10"}.get(base, "ln")
    return f"{name}({unit}+{offset:g})"


def find_oddities(evidence: ScaleEvidence, scale: Scale, *, cohort_id: str) -> list[RunWarning]:
    """Return what is possible under the declared scale but unusual.

    Parameters
    ----------
    evidence : ScaleEvidence
        From `measure`.
    scale : Scale
        As declared.
    cohort_id : str
        For the warnings.

    Returns
    -------
    list of RunWarning
        ``scale.missing_values``, ``scale.clipped`` (values below the floor by rounding, which count as zero),
        ``scale.estimated_counts``, ``scale.unusual_sum`` and ``scale.unusual_range``.
    """
    found = [*_value_oddities(evidence, scale), *_sum_oddities(evidence, scale)]
    return [RunWarning(code, message, cohort_id, count) for code, message, count in found]


def _value_oddities(e: ScaleEvidence, scale: Scale) -> Iterator[tuple[str, str, int]]:
    if e.n_missing:
        share = e.n_missing / (e.n_missing + e.n_values)
        message = f"{e.n_missing:,} values ({share:.2%}) are missing and stay so"
        yield "scale.missing_values", message, e.n_missing
    clipped = e.n_below_floor - e.n_too_low
    if clipped and scale.is_log:
        depth = min(scale.floor - e.minimum, FLOOR_TOLERANCE)
        message = (
            f"{clipped:,} values ({clipped / e.n_values:.1%}) lie up to {depth:.1g} below the floor "
            f"{scale.floor:.6g} of {scale} by rounding; they count as zero"
        )
        yield "scale.clipped", message, clipped
    if scale == Scale("counts") and 0.5 <= e.integer_share < 1:
        message = f"{1 - e.integer_share:.1%} of the non-zero counts are not whole: estimated counts?"
        yield "scale.estimated_counts", message, 1
    if not scale.is_log and scale.unit != "counts" and e.n_genes < _ENOUGH_GENES and _is_small(e):
        message = f"no value exceeds {e.maximum:.4g} over {e.n_genes} genes: are these logarithms?"
        yield "scale.unusual_range", message, 1


def _sum_oddities(e: ScaleEvidence, scale: Scale) -> Iterator[tuple[str, str, int]]:
    if scale.unit not in ("tpm", "cpm") or not e.n_values:
        return
    if e.n_genes >= _MANY_GENES and e.sums[1] < _MILLION / 10:
        message = f"the samples sum to {e.sums[1]:,.6g} {scale.unit} (median) over {e.n_genes:,} genes"
        yield "scale.unusual_sum", message, e.n_samples
    if e.sums[1] <= _ROUNDING * _MILLION < e.sums[2]:
        message = f"{e.n_large_sums} samples sum to more than a million {scale.unit}, up to {e.sums[2]:,.6g}"
        yield "scale.unusual_sum", message, e.n_large_sums
