"""Which deconvolution methods there are."""

from __future__ import annotations

from tmescope.bulk.methods import bayes, nu_svr
from tmescope.foundation.method import Method

__all__ = ["DECONVOLVERS"]

DECONVOLVERS: tuple[Method, ...] = (
    nu_svr.METHOD,
    bayes.SAMPLE,
    bayes.COHORT,
)
"""All bundled methods that take a reference, in the order in which they are listed."""
