"""MCP-counter: abundance of ten cell populations from the mean of their transcriptomic markers (Becht et al. 2016)."""

from __future__ import annotations

from dataclasses import replace

from tmescope.bulk.methods.means import METHOD as MEAN
from tmescope.bulk.methods.means import lead_mean, mean_of_sets
from tmescope.foundation.method import Method, MethodSpec

__all__ = ["LINEAR", "LOG2"]

_SPEC = MethodSpec(
    name="mcp_counter",
    room="bulk",
    summary="Abundance of ten immune and stromal populations: mean of their markers on the linear scale.",
    needs_log=False,
    units=MEAN.spec.units,
    scope="sample",
    unit="mean linear expression of the markers",
    low=0.0,
    high=float("inf"),
    reference="10.1186/s13059-016-1070-5",
    higher_means="more cells of that population; comparable between samples, not between populations",
    licence="marker genes: CC0",
    gene_sets="mcp_counter",
)

LINEAR = Method(_SPEC, mean_of_sets, lead=lead_mean)

LOG2 = Method(
    replace(
        _SPEC,
        name="mcp_counter_log2",
        summary="Abundance of ten immune and stromal populations: mean of their markers on the log2 scale.",
        needs_log=True,
        unit="mean log2 expression of the markers",
        low=-float("inf"),
    ),
    mean_of_sets,
    lead=lead_mean,
)
