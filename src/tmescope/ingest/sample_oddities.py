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

__all__ = ["SampleEvidence", "check_samples", "find_impossible", "find_outstanding", "measure_samples"]

_MOST_TPM = 1.05e6  # as in `tmescope.ingest.scales`
_FOLD = 10.0
_SHARE = 0.3
_FEWEST = 5
_ENOUGH_GENES = 50
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
    """

    sums: NDArray[np.float64]
    floor_shares: NDArray[np.float64]
    integer_shares: NDArray[np.float64]


def measure_samples(values: NDArray[np.float64], scale: Scale) -> SampleEvidence:
    """Measure every sample alone.

    Parameters
    ----------
    values : array of float64, shape (n_samples, n_genes)
        In the declared scale; NaN where missing.
    scale : Scale
        As declared.
    """
    found = np.full((3, len(values)), np.nan)
    for i, row in enumerate(values):
        missing = np.isnan(row)
        present = row[~missing] if missing.any() else row
        if not present.size:
            continue
        linear = to_linear(present, scale)
        nonzero = present[present != 0]
        zero = present <= scale.floor + FLOOR_TOLERANCE if scale.is_log else present == 0
        found[:, i] = linear.sum(), zero.mean(), (nonzero == np.floor(nonzero)).mean() if nonzero.size else 0.0
    return SampleEvidence(*found)


def find_impossible(evidence: SampleEvidence, scale: Scale) -> NDArray[np.intp]:
    """Return the positions of the samples that sum to more than a million TPM or CPM (5% for rounding)."""
    if scale.unit not in ("tpm", "cpm"):
        return np.array([], dtype=np.intp)
    return np.flatnonzero(evidence.sums > _MOST_TPM)


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
        Receives the warnings ``scale.impossible_samples`` and ``scale.outstanding_samples`` and the quality row
        ``scale of each sample``, a problem where a sample cannot be of the scale. A cohort of which most samples
        cannot is refused elsewhere, see `tmescope.ingest.scales.find_contradictions`.
    """
    if scale.unit == "array" or values.shape[1] < _ENOUGH_GENES:
        return  # arrays have no sum, and panels too few genes to compare
    evidence = measure_samples(values, scale)
    impossible = [sample_ids[int(i)] for i in find_impossible(evidence, scale)]
    outstanding = {sample_ids[i]: why for i, why in find_outstanding(evidence).items()}
    if impossible:
        message = (
            f"{len(impossible)} of {len(sample_ids)} samples sum to more than a million {scale.unit}, "
            f"up to {np.nanmax(evidence.sums):,.4g}: they are of another scale"
        )
        findings.warn("scale.impossible_samples", message, items=impossible)
    others = [i for i in outstanding if i not in impossible]
    if others:
        message = f"{len(others)} of {len(sample_ids)} samples stand out in their sum, zeros or whole numbers"
        findings.warn("scale.outstanding_samples", message, items=(f"{i} ({outstanding[i]})" for i in others))
    listed = [*impossible, *others]
    for i in impossible:
        findings.flag(i, _CHECK, f"sums to more than a million {scale.unit}: it is of another scale", status="problem")
    for i in others:
        findings.flag(i, _CHECK, f"stands out from its cohort: {outstanding[i]}")
    if not listed and len(sample_ids) < _FEWEST:
        text = f"None of {len(sample_ids)} samples is impossible; fewer than {_FEWEST} cannot be compared."
        findings.note(_CHECK, "not compared", text, status="unchecked")
        return
    if not listed:
        findings.note(_CHECK, 0, f"No sample of {len(sample_ids)} stands out from the others.")
        return
    shown = ", ".join(listed[:_LISTED]) + (f" and {len(listed) - _LISTED} more" if len(listed) > _LISTED else "")
    evidence_text = f"{len(impossible)} samples cannot be {scale}, {len(others)} stand out: {shown}."
    if others:
        evidence_text += f" Such as {examples(f'{i}: {outstanding[i]}' for i in others)}."
    findings.note(_CHECK, len(listed), evidence_text, status="problem" if impossible else "notice")
