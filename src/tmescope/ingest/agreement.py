"""Expression and clinical data beside each other, once both are read: whether they speak of the same samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import anndata as ad
import pandas as pd

from tmescope.foundation.scale import Scale
from tmescope.ingest.clinical import SampleTable
from tmescope.ingest.deidentification import check_identifying, find_identifying
from tmescope.ingest.endpoint_rules import EndpointRule, TimeToEventRule
from tmescope.ingest.expression import ExpressionTable
from tmescope.ingest.features import FeatureSource
from tmescope.ingest.findings import Findings
from tmescope.ingest.options import COLUMNS, CohortOptions
from tmescope.ingest.sexes import check_sexes, express_sexes
from tmescope.ingest.timepoints import check_timepoint_columns

__all__ = ["Uses", "check_agreement", "check_privacy"]

_SAMPLE_ID = COLUMNS[0]


@dataclass(frozen=True)
class Uses:
    """What the columns of a sample table are used for.

    Parameters
    ----------
    endpoints : mapping of str to ResponseRule, TimeToEventRule or OrdinalRule
        By endpoint.
    features : sequence of FeatureSource
        Further columns; those of other files are looked at where they are read, see `tmescope.ingest.features`.
    """

    endpoints: Mapping[str, EndpointRule]
    features: Sequence[FeatureSource]

    def columns(self, table: SampleTable, options: CohortOptions) -> dict[str, str]:
        """Return what each use is called, to the column of the table."""
        here = map(str, table.frame.columns)
        used = {ours: options.columns.get(ours, ours) for ours in COLUMNS if ours in options.columns}
        used |= {name: name for name in here if name in COLUMNS and name not in options.columns}
        for name, rule in self.endpoints.items():
            parts = (rule.time, rule.event) if isinstance(rule, TimeToEventRule) else (rule.column,)
            used |= {f"endpoint {name}{'' if i == 0 else ' event'}": part for i, part in enumerate(parts)}
        for source in self.features:
            if source.path is None:
                used |= {f"feature {name}": column.column for name, column in source.columns.items()}
        return used


def check_privacy(
    table: SampleTable | None, matrix: ExpressionTable | None, uses: Uses, *, options: CohortOptions, findings: Findings
) -> None:
    """Refuse columns that identify persons, see `tmescope.ingest.deidentification.check_identifying`.

    Parameters
    ----------
    table : SampleTable, optional
        As read; where there is none, the names of the samples in the matrix are looked at as its ``sample_id``, and
        those that only may be personal are told, not refused.
    matrix : ExpressionTable, optional
        As read.
    uses : Uses
        Which columns are used.
    options : CohortOptions
        With the columns that are allowed.
    findings : Findings
        Receives problems, warnings and a quality row.
    """
    allowed = options.allow_identifying
    if table is not None:
        check_identifying(table, uses.columns(table, options), allowed=allowed, findings=findings)
        return
    names = matrix.sample_ids if matrix is not None else ()
    where = f"cohort {options.cohort_id!r}, names of the samples in the matrix"
    frame = pd.DataFrame({_SAMPLE_ID: pd.array(list(names), dtype="string")})
    named = SampleTable(frame, where, tuple(range(1, len(frame) + 1)))
    if find_identifying(named, identifiers=frame.columns):  # else the check would hide that there is no sample table
        used = {_SAMPLE_ID: _SAMPLE_ID}  # whatever columns are declared: they are those of a table
        check_identifying(named, used, allowed=allowed, findings=findings, untabled=True)


def check_agreement(
    adata: ad.AnnData, table: SampleTable | None, rows: Sequence[int], *, options: CohortOptions, findings: Findings
) -> None:
    """Compare the recorded sex with the expressed one, and the timepoint with other columns.

    Parameters
    ----------
    adata : anndata.AnnData
        The cohort as it enters.
    table : SampleTable, optional
        As read.
    rows : sequence of int
        Positions of its rows that entered.
    options : CohortOptions
        Scale and columns.
    findings : Findings
        Receives warnings and quality rows.
    """
    evidence = express_sexes(adata.X, list(adata.var_names), Scale.parse(options.scale))
    check_sexes(evidence, list(adata.obs_names), list(adata.obs["sex"]), findings=findings)
    if table is not None:
        used = options.columns.get("timepoint", "timepoint")
        ids = list(adata.obs_names)
        check_timepoint_columns(table, rows, list(adata.obs["timepoint"]), used=used, findings=findings, sample_ids=ids)
