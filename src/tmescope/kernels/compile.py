"""The one place that compiles: every kernel is serial, free of the GIL and cached where a cache can be written."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

__all__ = ["compiled", "inlined"]

F = TypeVar("F", bound=Callable[..., None])


def compiled(function: F) -> F:
    """Compile a kernel on its first call.

    Parameters
    ----------
    function : callable
        Takes arrays and numbers, writes into its last argument, returns nothing, raises nothing.

    Returns
    -------
    callable
        The compiled kernel; ``.py_func`` is the plain function.

    Notes
    -----
    The cache goes beside the source, else into the user's cache folder (numba's own rule); where neither can be
    written the kernel is compiled anew in each process instead of failing. ``fastmath`` stays off: sums must not
    depend on the machine.
    """
    try:
        kernel = numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:
        kernel = numba.njit(nogil=True)(function)
    return cast(F, kernel)


def inlined(function: F) -> F:
    """Compile a part of kernels into each of its callers.

    Parameters
    ----------
    function : callable
        As for `compiled`; called for each word or value, where the call itself would cost more than its work.

    Returns
    -------
    callable
        The compiled part.

    Notes
    -----
    A call counts the references of each array up and down, which other threads must see: some 10 ns an array.
    """
    try:
        part = numba.njit(nogil=True, cache=True, forceinline=True)(function)
    except RuntimeError:
        part = numba.njit(nogil=True, forceinline=True)(function)
    return cast(F, part)
