"""Samples that cannot be of the scale of their cohort, or that stand out from it: each is named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tmescope.foundation.errors import examples
from tmescope.foundation.scale import FLOOR_TOLERANCE, Scale
from tmescope.ingest.findings import Findings
from tmescope.ingest.scales import to_linear

__all__ = ["SampleEvidence", "check_samples", "find_impossible", "find_logged", "find_outstanding", "measure_samples"]

_MOST_TPM = 1.05e6  # as in `tmescope.ingest.scales`
_FOLD = 10.0
_SHARE = 0.3
_FEWEST = 5
_ENOUGH_GENES = 50
_MANY_GENES = 10_000
_LOOKS_LOGGED = 30.0  # as in `tmescope.ingest.scales`
_FEWEST_OTHERS = 3
_MOST_OTHERS = 200
_CLOSER = 0.25
_LISTED = 20
_CHECK = "scale of each sample"


@dataclass(frozen=True)
class SampleEvidence:
    """What the numbers of each sample say about its scale.

    Parameters
    ----------
    sums : array of float64, shape (n_samples,)
        In linear units; NaN where a sample has no value.
    floor_shares : array of float64, shape (n_samples,)
        Share of the values at zero expression.
    integer_shares : array of float64, shape (n_samples,)
        Share of the non-zero values, as they stand in the file, that are whole.
    largest : array of float64, shape (n_samples,)
        Largest value as it stands in the file.
    n_values : array of float64, shape (n_samples,)
        Values that are not missing.
    """

    sums: NDArray[np.float64]
    floor_shares: NDArray[np.float64]
    integer_shares: NDArray[np.float64]
    largest: NDArray[np.float64]
    n_values: NDArray[np.float64]


def measure_samples(values: NDArray[np.float64], scale: Scale) -> SampleEvidence:
    """Measure every sample alone.

    Parameters
    ----------
    values : array of float64, shape (n_samples, n_genes)
        In the declared scale; NaN where missing.
    scale : Scale
        As declared.
    """
    found = np.full((5, len(values)), np.nan)
    for i, row in enumerate(values):
        missing = np.isnan(row)
        present = row[~missing] if missing.any() else row
        if not present.size:
            continue
        linear = to_linear(present, scale)
        nonzero = present[present != 0]
        zero = present <= scale.floor + FLOOR_TOLERANCE if scale.is_log else present == 0
        whole = (nonzero == np.floor(nonzero)).mean() if nonzero.size else 0.0
        found[:, i] = linear.sum(), zero.mean(), whole, present.max(), present.size
    return SampleEvidence(*found)


def find_impossible(evidence: SampleEvidence, scale: Scale) -> NDArray[np.intp]:
    """Return the positions of the samples that sum to more than a million TPM or CPM (5% for rounding)."""
    if scale.unit not in ("tpm", "cpm"):
        return np.array([], dtype=np.intp)
    return np.flatnonzero(evidence.sums > _MOST_TPM)


def find_logged(values: NDArray[np.float64], evidence: SampleEvidence, scale: Scale) -> NDArray[np.intp]:
    """Return the positions of the samples that are logarithms in a matrix of a linear scale.

    Parameters
    ----------
    values : array of float64, shape (n_samples, n_genes)
        In the declared scale.
    evidence : SampleEvidence
        From `measure_samples`.
    scale : Scale
        As declared.

    Returns
    -------
    array of int
        Among the samples none of whose values exceeds 30 and of which most are not whole: those with at least 10,000
        values; of fewer, where other samples exceed 30, all of them if a quarter is closer to the logarithms of the
        others as they are than after log2(x+1).

    Notes
    -----
    Closer means a smaller mean squared distance to the median of the others, gene by gene, and a higher correlation
    with it. In 28 published matrices of 2,106 tumours the largest of 1,500 to 20,000 genes is 480 TPM or more, of 535
    immune genes 195; but of panels of 50 to 200 genes drawn from these, up to 5% of the samples have no value of 30,
    and of panels of the least expressed genes most. None of 7,000 such samples was closer to the logarithms, while four
    of five that were turned to logarithms were.
    """
    small = (evidence.largest > 0) & (evidence.largest < _LOOKS_LOGGED) & (evidence.integer_shares < 0.5)
    candidates = np.flatnonzero(small & (evidence.n_values >= _ENOUGH_GENES))
    if scale.is_log or not candidates.size:
        return np.array([], dtype=np.intp)
    sure = evidence.n_values[candidates] >= _MANY_GENES
    others = np.flatnonzero(evidence.largest >= _LOOKS_LOGGED)
    if sure.all() or len(others) < _FEWEST_OTHERS:
        return candidates[sure]
    others = others[:: -(-len(others) // _MOST_OTHERS)]
    logs = np.log2(np.maximum(values[others], 0.0) + 1.0)
    profile = np.full(values.shape[1], np.nan)
    known = ~np.isnan(logs).all(axis=0)
    profile[known] = np.nanmedian(logs[:, known], axis=0)
    closer = [_is_closer_as_it_is(values[i], profile) for i in candidates[~sure]]
    return candidates if np.mean(closer) >= _CLOSER else candidates[sure]


def _is_closer_as_it_is(sample: NDArray[np.float64], profile: NDArray[np.float64]) -> bool:
    known = ~np.isnan(sample) & ~np.isnan(profile)
    as_it_is, others = np.maximum(sample[known], 0.0), profile[known]
    logged = np.log2(as_it_is + 1.0)
    if len(others) < _ENOUGH_GENES or np.ptp(others) == 0 or np.ptp(as_it_is) == 0:
        return False
    is_nearer = np.square(as_it_is - others).sum() < np.square(logged - others).sum()
    return bool(is_nearer and np.corrcoef(as_it_is, others)[0, 1] > np.corrcoef(logged, others)[0, 1])


def find_outstanding(evidence: SampleEvidence) -> dict[int, str]:
    """Return the samples that differ from their cohort, with what differs.

    Parameters
    ----------
    evidence : SampleEvidence
        From `measure_samples`.

    Returns
    -------
    dict of int to str
        By position. A sum more than ten times above or below the cohort's median, or a share of zeros or of whole
        numbers more than 0.3 away from it; nothing in a cohort of fewer than five samples.

    Notes
    -----
    The limits come from 603 tumours of 16 studies: within a study the sums of genuine TPM over one set of genes stay
    within 7-fold of their median, and the one sample whose zeros are 0.8 above it has failed.
    """
    found: dict[int, list[str]] = {}
    if np.count_nonzero(~np.isnan(evidence.sums)) < _FEWEST:
        return {}
    middle = float(np.nanmedian(evidence.sums))
    for i, value in enumerate(evidence.sums):
        if middle > 0 and not middle / _FOLD <= value <= middle * _FOLD and not np.isnan(value):
            found.setdefault(i, []).append(f"sum {value:,.4g}, median {middle:,.4g}")
    for what, shares in (("zeros", evidence.floor_shares), ("whole numbers", evidence.integer_shares)):
        centre = float(np.nanmedian(shares))
        for position in np.flatnonzero(np.abs(shares - centre) > _SHARE):
            reason = f"{shares[position]:.0%} {what}, median {centre:.0%}"
            found.setdefault(int(position), []).append(reason)
    return {i: "; ".join(reasons) for i, reasons in sorted(found.items())}


def check_samples(values: NDArray[np.float64], scale: Scale, sample_ids: Sequence[str], *, findings: Findings) -> None:
    """Name the samples that cannot be of the declared scale, and those that stand out.

    Parameters
    ----------
    values : array of float64, shape (n_samples, n_genes)
        In the declared scale.
    scale : Scale
        As declared.
    sample_ids : sequence of str
        Of the rows.
    findings : Findings
        Receives the warnings ``scale.impossible_samples``, ``scale.logged_samples`` and ``scale.outstanding_samples``
        and the quality row ``scale of each sample``, a problem where a sample cannot be of the scale. A cohort that
        cannot as a whole is refused elsewhere, see `tmescope.ingest.scales.find_contradictions`.
    """
    if scale.unit == "array" or values.shape[1] < _ENOUGH_GENES:
        return  # arrays have no sum, and panels too few genes to compare
    evidence = measure_samples(values, scale)
    large = {sample_ids[int(i)]: f"sums to more than a million {scale.unit}" for i in find_impossible(evidence, scale)}
    logged = {sample_ids[int(i)]: _say_logged(evidence, int(i)) for i in find_logged(values, evidence, scale)}
    impossible = logged | large
    outstanding = {sample_ids[i]: why for i, why in find_outstanding(evidence).items()}
    if large:
        message = (
            f"{len(large)} of {len(sample_ids)} samples sum to more than a million {scale.unit}, "
            f"up to {np.nanmax(evidence.sums):,.4g}: they are of another scale"
        )
        findings.warn("scale.impossible_samples", message, items=large)
    if logged:
        message = f"{len(logged)} of {len(sample_ids)} samples look like logarithms in a matrix of {scale}"
        findings.warn("scale.logged_samples", message, items=(f"{i} ({why})" for i, why in logged.items()))
    others = [i for i in outstanding if i not in impossible]
    if others:
        message = f"{len(others)} of {len(sample_ids)} samples stand out in their sum, zeros or whole numbers"
        findings.warn("scale.outstanding_samples", message, items=(f"{i} ({outstanding[i]})" for i in others))
    listed = [*impossible, *others]
    for i, why in impossible.items():
        findings.flag(i, _CHECK, f"{why}: it is of another scale", status="problem")
    for i in others:
        findings.flag(i, _CHECK, f"stands out from its cohort: {outstanding[i]}")
    if not listed:
        _note_none(len(sample_ids), findings)
        return
    shown = ", ".join(listed[:_LISTED]) + (f" and {len(listed) - _LISTED} more" if len(listed) > _LISTED else "")
    evidence_text = f"{len(impossible)} samples cannot be {scale}, {len(others)} stand out: {shown}."
    if logged:
        evidence_text += f" Logarithms: {examples(f'{i}: {why}' for i, why in logged.items())}."
    if others:
        evidence_text += f" Such as {examples(f'{i}: {outstanding[i]}' for i in others)}."
    findings.note(_CHECK, len(listed), evidence_text, status="problem" if impossible else "notice")


def _say_logged(evidence: SampleEvidence, i: int) -> str:
    return f"no value exceeds {evidence.largest[i]:.4g} over {evidence.n_values[i]:,.0f} genes, as in a logarithm"


def _note_none(n_samples: int, findings: Findings) -> None:
    if n_samples < _FEWEST:
        text = f"None of {n_samples} samples is impossible; fewer than {_FEWEST} cannot be compared."
        findings.note(_CHECK, "not compared", text, status="unchecked")
    else:
        findings.note(_CHECK, 0, f"No sample of {n_samples} stands out from the others.")
