"""Expression of simulated tumours, in TPM and in the scale of their file."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tmescope.foundation.scale import Scale, convert
from tmescope.simulate.programmes import PROGRAMMES, GenePanel

__all__ = ["draw_purity", "draw_tpm", "to_file_scale"]

_USUAL_PURITY = 0.6
_BATCH_SD = 0.35
_OF_SET = 0.35
_SHARED = math.sqrt(1.0 - _OF_SET**2)
_DECIMALS = {"tpm": 2, "log": 4}


def draw_purity(latent: NDArray[np.float64], *, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw the share of tumour cells of each sample: lower where there is much infiltrate or stroma.

    Parameters
    ----------
    latent : array of float, shape (n, number of programmes)
        Latent values.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    array of float, shape (n,)
        Between 0 and 1.
    """
    names = [programme.name for programme in PROGRAMMES]
    infiltrate, stroma = latent[:, names.index("inflamed")], latent[:, names.index("tgfb_stroma")]
    logit = 0.4 - 0.2 * infiltrate - 0.2 * stroma + 0.6 * rng.standard_normal(latent.shape[0])
    return np.asarray(1.0 / (1.0 + np.exp(-logit)))


def draw_tpm(
    panel: GenePanel,
    latent: NDArray[np.float64],
    *,
    purity: NDArray[np.float64],
    purity_effect: float,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Draw a cohort's TPM, rounded to two decimals as quantification software writes them.

    Parameters
    ----------
    panel : GenePanel
        Genes of the study.
    latent : array of float, shape (n, number of programmes)
        Latent values of the samples.
    purity : array of float, shape (n,)
        Share of tumour cells.
    purity_effect : float
        How strongly genes of the microenvironment follow the non-tumour share (1: in proportion).
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    array of float64, shape (genes, n)
        Each column sums to one million but for rounding.

    Notes
    -----
    ``log2 TPM = baseline + batch + loading * (0.94 latent + 0.35 set) + dilution + noise``, brought to one
    million per sample, with ``dilution = purity_effect * log2((1 - purity) / 0.4)`` for genes of the
    microenvironment and a standard normal value per gene set and sample, so that sets of one programme do not
    coincide. Written with elementwise operations alone: no matrix product whose last digit could depend on
    the number of threads.
    """
    n_genes, n = len(panel.symbols), latent.shape[0]
    logged = rng.standard_normal((n_genes, n)) * panel.noise[:, None]
    logged += (panel.baseline + _BATCH_SD * rng.standard_normal(n_genes))[:, None]
    diluted = purity_effect * np.log2((1.0 - purity) / (1.0 - _USUAL_PURITY))
    for k, programme in enumerate(PROGRAMMES):
        rows = panel.programme == k
        logged[rows] += _SHARED * panel.loading[rows][:, None] * latent[:, k]
        if not programme.in_tumour_cells:
            logged[rows] += diluted
    for of_set in range(int(panel.role.max(initial=-1)) + 1):
        rows = panel.role == of_set
        logged[rows] += _OF_SET * panel.loading[rows][:, None] * rng.standard_normal(n)
    tpm = np.exp2(logged)
    tpm *= 1e6 / tpm.sum(axis=0)
    return np.asarray(np.round(tpm, _DECIMALS["tpm"]), dtype=np.float64)


def to_file_scale(tpm: NDArray[np.float64], scale: str) -> NDArray[np.float64]:
    """Write TPM in the scale of a cohort's file, logarithms rounded to four decimals.

    Rounding puts the zeros of log2(tpm+0.001) at -9.9658, a little below the exact floor, as in published
    files.

    Parameters
    ----------
    tpm : array of float, any shape
        TPM.
    scale : str
        ``tpm`` or a logarithm of it.

    Raises
    ------
    ScaleError
        If the scale is not known or its unit is not TPM.
    """
    target = Scale.parse(scale)
    values, _ = convert(tpm, Scale("tpm"), target)
    return np.round(values, _DECIMALS["log"]) if target.is_log else values
