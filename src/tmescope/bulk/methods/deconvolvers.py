"""Which deconvolution methods there are."""

from __future__ import annotations

from tmescope.foundation.method import Method

__all__ = ["DECONVOLVERS"]

DECONVOLVERS: tuple[Method, ...] = ()
"""All bundled methods that take a reference, in the order in which they are listed."""
