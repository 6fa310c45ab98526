"""Which deconvolution methods there are."""

from __future__ import annotations

from tmescope.bulk.methods import abis, consensustme, own_profiles, quantiseq, xcell
from tmescope.foundation.method import Method

__all__ = ["DECONVOLVERS"]

DECONVOLVERS: tuple[Method, ...] = (
    quantiseq.RNA_SEQ,
    quantiseq.ARRAYS,
    abis.RNA_SEQ,
    abis.ARRAYS,
    own_profiles.NNLS,
    own_profiles.CONSTRAINED,
    xcell.FINAL,
    xcell.RAW,
    consensustme.SSGSEA,
    consensustme.GSVA,
)
"""All bundled methods that take a reference, in the order in which they are listed."""
