"""Studies of one step, for commands that do one thing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from tmescope.study.gene_tables import BUNDLED
from tmescope.study.loading import parse_study
from tmescope.study.schema import Study

__all__ = ["scoring_study"]

_NOTHING: Mapping[str, str | None] = MappingProxyType({})


def scoring_study(
    expression: Path,
    *,
    scale: str,
    methods: list[str],
    signatures: list[str] | None = None,
    cohort: Mapping[str, str | None] = _NOTHING,
    gene_table: str = BUNDLED,
    report: bool = False,
) -> Study:
    """Return the study that scores one matrix without a sample table.

    Parameters
    ----------
    expression : pathlib.Path
        Expression matrix.
    scale : str
        As in the study file.
    methods : list of str
        Scoring methods.
    signatures : list of str, optional
        Bundled signatures, or ``["all"]``; the core ones if omitted.
    cohort : mapping of str to str or None
        Further keys of the cohort as in the study file, such as orientation and identifiers; None leaves one out.
    gene_table : str
        As in the study file.
    report : bool
        Whether figures and report are written.

    Returns
    -------
    Study

    Raises
    ------
    ManyProblems
        If a value is not allowed.
    """
    return parse_study(
        {
            "format": 1,
            "study": {"id": "scores", "title": f"Scores of {expression.name}"},
            "cohorts": [
                {
                    "id": "cohort",
                    "expression": str(expression.resolve()),
                    "scale": scale,
                    **{key: value for key, value in cohort.items() if value is not None},
                }
            ],
            "profile": {
                "methods": methods,
                "signatures": signatures[0] if signatures in (["all"], ["core"]) else signatures or "core",
                "gene_universe": "own",
                "gene_table": gene_table,
            },
            "output": {"report": report},
        },
        folder=Path(),
        where="score",
    )
