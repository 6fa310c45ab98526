"""Which scoring methods there are."""

from __future__ import annotations

from tmescope.bulk.methods import mcp_counter, means, ssgsea, zscore
from tmescope.foundation.method import Method

__all__ = ["METHODS"]

METHODS: tuple[Method, ...] = (
    zscore.METHOD,
    means.METHOD,
    ssgsea.NORMALISED,
    ssgsea.RAW,
    mcp_counter.LINEAR,
    mcp_counter.LOG2,
)
"""All bundled scoring methods, the default first."""
