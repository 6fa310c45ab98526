"""Samples known again by their expression, gene by gene: whether patients of the training cohort come back as new."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.bulk.matrix_rows import find_scale
from tmescope.foundation.provenance import hash_json
from tmescope.foundation.scale import Scale, convert

if TYPE_CHECKING:
    from anndata import AnnData
    from numpy.typing import NDArray

__all__ = ["ENOUGH_GENES", "choose_witnesses", "find_training", "fingerprint_samples", "hash_samples"]

_DIGITS = 3
"""Hexadecimal digits a value: some 25 values of four significant digits share each, so that none can be read back."""

_WITNESSES = 40
ENOUGH_GENES = 3
"""Genes by which a sample is known whatever its name."""

_ALIKE = 0.8
_ABSENT = "-"
_NOTHING = 1e-6
"""What is left of zero once a logarithm with an offset was undone."""


def hash_samples(adata: AnnData, genes: Sequence[str]) -> list[str]:
    """Return one hash for each sample's values of the genes that the matrix has, to four significant digits.

    Parameters
    ----------
    adata : anndata.AnnData
        Cohort.
    genes : sequence of str
        Which.

    Notes
    -----
    Logarithms are undone first and four significant digits count: a linear matrix and its logarithm give the same hash.
    """
    there = [g for g in genes if g in adata.var_names]
    values = _linear(adata, there)
    return [hash_json([f"{v:.4g}" for v in row]) for row in values]


def choose_witnesses(adata: AnnData, genes: Sequence[str]) -> tuple[str, ...]:
    """Return the genes that samples are known again by: those of the signature, then others that all samples express.

    Parameters
    ----------
    adata : anndata.AnnData
        Training cohort.
    genes : sequence of str
        Of the signature, all in the matrix.

    Returns
    -------
    tuple of str
        The signature's, and up to 40 of the others with the highest mean.
    """
    own = set(genes)
    others = [g for g in dict.fromkeys(map(str, adata.var_names)) if g not in own]
    values = adata[:, others].X
    means = np.asarray(values.mean(axis=0), dtype=np.float64).ravel() if others else np.empty(0)
    order = np.argsort(-means, kind="stable")
    return (*genes, *(others[i] for i in order.tolist()[:_WITNESSES] if means[i] > 0.0))


def fingerprint_samples(adata: AnnData, genes: Sequence[str], *, salt: str) -> dict[str, Any]:
    """Return what a lock keeps of its samples: for each a few digits a gene, and hashes of its names.

    Parameters
    ----------
    adata : anndata.AnnData
        Training cohort.
    genes : sequence of str
        From `choose_witnesses`.
    salt : str
        Goes into every hash, and into the file.

    Returns
    -------
    dict
        ``salt``, ``genes``, and ``samples``: sorted pairs of the digits and the hashed names.
    """
    codes, names = _codes(adata, genes, salt), _names(adata, salt)
    pairs = sorted([" ".join(row), sorted(own)] for row, own in zip(codes, names, strict=True))
    return {"salt": salt, "genes": list(genes), "samples": pairs}


def find_training(kept: Mapping[str, Any], adata: AnnData) -> tuple[list[str], int]:
    """Return which samples of a cohort are samples of the training cohort, and by how many genes that was seen.

    Parameters
    ----------
    kept : mapping
        From `fingerprint_samples`.
    adata : anndata.AnnData
        New cohort; it may lack any of the genes.

    Returns
    -------
    tuple of list of str, and int
        Samples; genes of the lock's that the cohort has.

    Notes
    -----
    A sample is known again if at least three genes agree to four significant digits and 80% of all that one of the two
    expresses do; one gene is enough where sample or patient carry the same name. Values of zero say nothing.
    """
    genes = [g for g in kept["genes"] if g in adata.var_names]
    if not genes or not kept["samples"]:
        return [], len(genes)
    at = [i for i, g in enumerate(kept["genes"]) if g in set(genes)]
    old = np.array([codes.split(" ") for codes, _ in kept["samples"]])[:, at]
    old_names = [set(names) for _, names in kept["samples"]]
    new, new_names = np.array(_codes(adata, genes, kept["salt"])), _names(adata, kept["salt"])
    found = []
    for i, sample in enumerate(map(str, adata.obs_names)):
        says = (old != _ABSENT) | (new[i] != _ABSENT)
        agrees = ((old == new[i]) & says).sum(axis=1)
        named = np.array([bool(names & new_names[i]) for names in old_names])
        needed = np.where(named, 1, ENOUGH_GENES)
        if ((agrees >= needed) & (agrees >= _ALIKE * says.sum(axis=1))).any():
            found.append(sample)
    return found, len(genes)


def _codes(adata: AnnData, genes: Sequence[str], salt: str) -> list[list[str]]:
    values = _linear(adata, genes)
    return [[_code(salt, g, v) for g, v in zip(genes, row, strict=True)] for row in values.tolist()]


def _code(salt: str, gene: str, value: float) -> str:
    told = f"{value:.4g}"
    return _ABSENT if not abs(value) > _NOTHING else _digest(f"{salt}/{gene}/{told}")[:_DIGITS]


def _names(adata: AnnData, salt: str) -> list[set[str]]:
    found = [{_digest(f"{salt}/{name}")[:16]} for name in map(str, adata.obs_names)]
    if "patient_id" in adata.obs:
        for own, patient in zip(found, adata.obs["patient_id"], strict=True):
            own.add(_digest(f"{salt}/{patient}")[:16])
    return found


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _linear(adata: AnnData, genes: Sequence[str]) -> NDArray[np.float64]:
    part = adata[:, list(genes)].X
    dense = np.asarray(part.toarray() if hasattr(part, "toarray") else part, dtype=np.float64)
    declared = find_scale(adata, None)
    return convert(dense, declared, Scale(declared.unit))[0] if declared.unit != "array" else dense
