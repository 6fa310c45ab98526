"""Which scoring methods there are."""

from __future__ import annotations

from tmescope.bulk.methods import estimate, gsva, mcp_counter, means, plage, singscore, ssgsea, weighted_sum, zscore
from tmescope.foundation.method import Method

__all__ = ["METHODS"]

METHODS: tuple[Method, ...] = (
    zscore.METHOD,
    means.METHOD,
    weighted_sum.METHOD,
    ssgsea.NORMALISED,
    ssgsea.RAW,
    gsva.GAUSSIAN,
    gsva.POISSON,
    plage.METHOD,
    singscore.SINGSCORE,
    singscore.DISPERSION,
    singscore.RANK_AUC,
    mcp_counter.LINEAR,
    mcp_counter.LOG2,
    estimate.METHOD,
)
"""All bundled scoring methods, the default first."""
