"""Which deconvolution methods there are."""

from __future__ import annotations

from tmescope.bulk.methods import abis, bayes, consensustme, nu_svr, own_profiles, quantiseq, xcell
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
    nu_svr.METHOD,
    bayes.SAMPLE,
    bayes.COHORT,
)
"""All bundled methods that take a reference, in the order in which they are listed."""
