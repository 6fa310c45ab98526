"""Which deconvolution methods there are."""

from __future__ import annotations

from tmescope.bulk.methods import consensustme, xcell
from tmescope.foundation.method import Method

__all__ = ["DECONVOLVERS"]

DECONVOLVERS: tuple[Method, ...] = (
    xcell.FINAL,
    xcell.RAW,
    consensustme.SSGSEA,
    consensustme.GSVA,
)
"""All bundled methods that take a reference, in the order in which they are listed."""
