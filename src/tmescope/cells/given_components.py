"""What every step after the principal components asks of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmescope.foundation.errors import InputError, MissingDependencyError, examples

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["checked_components", "missing_extra", "seed_from"]


def checked_components(components: ArrayLike, *, fewest: int = 3) -> NDArray[np.float32]:
    """Return components as a float32 matrix of finite numbers.

    Parameters
    ----------
    components : array-like of float, shape (n_cells, k)
        Principal components of cells.
    fewest : int
        Cells that there have to be.

    Returns
    -------
    array of float32, shape (n_cells, k)
        Contiguous; not the array that was given where it had another type.

    Raises
    ------
    InputError
        If there are fewer cells, no component, or a value that is not finite (in float32).
    """
    values = np.asarray(components)
    if values.ndim != 2 or values.shape[0] < fewest or values.shape[1] < 1 or values.dtype.kind not in "fiu":
        raise InputError(
            f"components of shape {values.shape} and type {values.dtype}",
            where="argument components",
            expected=f"a matrix of numbers, at least {fewest} cells x 1 component",
        )
    with np.errstate(over="ignore"):
        found = np.ascontiguousarray(values, dtype=np.float32)
    bad = np.flatnonzero(~np.isfinite(found).all(axis=1))
    if bad.size:
        raise InputError(
            f"{bad.size} cells have components that are not finite, for example cells {examples(map(int, bad[:4]))}",
            where="argument components",
            expected="finite numbers",
            next_step="leave these cells out, or look at what the principal components were made of",
        )
    return found


def missing_extra(package: str, error: ImportError, *, where: str) -> MissingDependencyError:
    """Return the error of a package of the extra ``cells`` that cannot be imported.

    Parameters
    ----------
    package : str
        Its name as it is installed.
    error : ImportError
        What the import raised.
    where : str
        What needs it.
    """
    return MissingDependencyError(
        f"{where} needs {package}, which cannot be imported ({error})",
        where=where,
        next_step="install it: pip install 'tmescope[cells]'",
    )


def seed_from(rng: np.random.Generator) -> int:
    """Draw a seed for a library that takes a number instead of a generator.

    Parameters
    ----------
    rng : numpy.random.Generator
        Is advanced by one draw.
    """
    return int(rng.integers(0, 2**31 - 1))
