"""Robust linear regression of many samples on one design: M-estimation with Huber's, Hampel's or Tukey's function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from tmescope.foundation.errors import InputError, examples

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Psi", "RobustFit", "fit_robustly"]

Psi = Literal["huber", "hampel", "bisquare"]
_CODES = {"huber": 0, "hampel": 1, "bisquare": 2}
_DEFAULTS = {"huber": (1.345,), "hampel": (2.0, 4.0, 8.0), "bisquare": (4.685,)}
_SINGULAR = 1e-10


@dataclass(frozen=True, kw_only=True, eq=False)
class RobustFit:
    """What `fit_robustly` found.

    Parameters
    ----------
    coefficients : array of float64, shape (n_samples, k)
        One row a sample; NaN where the genes that kept a weight do not determine them.
    has_converged : array of bool, shape (n_samples,)
        Whether the residuals had stopped to change; where they had not, the coefficients are those of the last step.
    n_steps : array of int64, shape (n_samples,)
        Weighted fits that were made.
    """

    coefficients: NDArray[np.float64]
    has_converged: NDArray[np.bool_]
    n_steps: NDArray[np.int64]


def fit_robustly(
    design: ArrayLike,
    observed: ArrayLike,
    *,
    psi: Psi = "huber",
    limits: tuple[float, ...] | None = None,
    max_steps: int = 20,
    tolerance: float = 1e-4,
) -> RobustFit:
    """Regress each sample on the same columns so that single genes far off the fit weigh little.

    Answers which mixture of profiles most genes of a sample agree with. It gives no standard errors, and where many
    columns are nearly collinear the coefficients mean little.

    Parameters
    ----------
    design : array-like of float, shape (n_genes, k)
        Finite, more genes than columns, columns independent; a column of ones is the intercept.
    observed : array-like of float, shape (n_samples, n_genes)
        Finite.
    psi : {"huber", "hampel", "bisquare"}
        How weights fall with a scaled residual u: ``min(1, k/|u|)``; 1 up to a, ``a/|u|`` up to b,
        ``a (c-|u|) / ((c-b) |u|)`` up to c, then 0; ``(1 - (u/c)**2)**2`` up to c, then 0.
    limits : tuple of float, optional
        (k,), (a, b, c) or (c,); 1.345, (2, 4, 8) and 4.685 if omitted.
    max_steps : int
        Weighted fits after which a sample is given up.
    tolerance : float
        Relative change of the residuals at which a sample is done.

    Returns
    -------
    RobustFit

    Raises
    ------
    InputError
        If shapes do not fit, a number is not finite, `psi` or `limits` are not of their form, or the columns are
        collinear.

    Notes
    -----
    Iterated re-weighted least squares from the plain least-squares fit. Each step takes the scale
    ``s = median|r| / 0.6745``, the weights psi(r/s) / (r/s), and the weighted fit; it ends when
    ``sqrt(sum((r_new - r)**2) / max(1e-20, sum(r**2))) <= tolerance``, or where s is 0. That is the procedure of
    ``rlm`` in R's package MASS with its defaults (method M, scale MAD, 0.6745 to four digits); Hampel's and Tukey's
    functions have several solutions, and this one starts where rlm does. The columns are made orthonormal first, so
    that a badly scaled design costs no digits. A sample depends on no other. Cost: O(n_genes k**2) a step; 20 steps
    are common.

    References
    ----------
    Huber, Robust statistics, 1981, chapter 7. Hampel, Ronchetti, Rousseeuw and Stahel, Robust statistics, 1986 (the
    three-part function). Beaton and Tukey, Technometrics 1974 (bisquare). Venables and Ripley, Modern applied
    statistics with S, 2002, section 6.5.
    """
    x, y = np.asarray(design, dtype=np.float64), np.asarray(observed, dtype=np.float64)
    _check_shapes(x, y)
    cuts = _check_limits(psi, limits)
    if max_steps < 1 or not tolerance >= 0:
        raise InputError(
            f"max_steps = {max_steps} and tolerance = {tolerance}", expected="at least 1 step and a tolerance from 0"
        )
    basis, triangle, lengths = _orthonormal(x)
    return _fit(basis, triangle * lengths, y, psi=psi, cuts=cuts, max_steps=max_steps, tolerance=tolerance)


def _check_shapes(x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] == 0 or x.shape[0] <= x.shape[1] or y.shape[1] != x.shape[0]:
        raise InputError(
            f"the design has shape {x.shape} and the observed values have shape {y.shape}",
            where="arguments design and observed",
            expected="genes x columns with more genes than columns, and samples x the same genes",
        )
    for name, array in (("design", x), ("observed", y)):
        n_wrong = int((~np.isfinite(array)).sum())
        if n_wrong:
            raise InputError(
                f"{name} has {n_wrong} values that are not finite",
                where=f"argument {name}",
                expected="finite numbers",
                next_step="leave out what is missing before",
            )


def _check_limits(psi: str, limits: tuple[float, ...] | None) -> tuple[float, float, float]:
    if psi not in _CODES:
        raise InputError(f"psi is {psi!r}", where="argument psi", expected="huber, hampel or bisquare")
    cuts = _DEFAULTS[psi] if limits is None else tuple(float(v) for v in limits)
    rises = all(a < b for a, b in zip((0.0, *cuts), cuts, strict=False))
    if len(cuts) != len(_DEFAULTS[psi]) or not rises:
        raise InputError(
            f"the limits of {psi} are {examples(cuts)}",
            where="argument limits",
            expected=f"{len(_DEFAULTS[psi])} rising numbers above zero, such as {examples(_DEFAULTS[psi])}",
        )
    padded = (*cuts, 0.0, 0.0)
    return padded[0], padded[1], padded[2]


def _orthonormal(
    x: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return a basis of the columns, the triangle that gives the columns of length 1 from it, and their lengths."""
    lengths = np.linalg.norm(x, axis=0)
    basis, triangle = np.linalg.qr(x / np.where(lengths > 0, lengths, 1.0))
    singular = np.linalg.svd(triangle, compute_uv=False)
    if lengths.min() == 0 or singular[-1] < _SINGULAR * singular[0]:
        raise InputError(
            "the columns of the design are collinear, so that their coefficients are not determined",
            where="argument design",
            expected="independent columns",
            next_step="leave one of them out, or use more genes",
        )
    return basis, triangle, lengths


def _fit(
    basis: NDArray[np.float64],
    triangle: NDArray[np.float64],
    y: NDArray[np.float64],
    *,
    psi: str,
    cuts: tuple[float, float, float],
    max_steps: int,
    tolerance: float,
) -> RobustFit:
    from scipy.linalg import solve_triangular

    from tmescope.kernels.reweighting import reweighted_rows

    k = basis.shape[1]
    rows, columns = np.tril_indices(k)
    products = np.ascontiguousarray(basis[:, rows] * basis[:, columns])
    found, steps = np.zeros((len(y), k)), np.zeros(len(y), dtype=np.int64)
    coordinates, across = np.ascontiguousarray(basis), np.ascontiguousarray(basis.T)
    reweighted_rows(
        np.ascontiguousarray(y), across, coordinates, products, _CODES[psi], np.array(cuts), max_steps, tolerance,
        found, steps,
    )  # fmt: skip
    # one right-hand side at a time: a block of them rounds by how many there are
    solved = [solve_triangular(triangle, row) for row in found]
    coefficients = np.array(solved).reshape(len(y), k)
    coefficients[steps < -max_steps] = np.nan
    return RobustFit(coefficients=coefficients, has_converged=steps > 0, n_steps=np.minimum(np.abs(steps), max_steps))
