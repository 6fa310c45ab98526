"""Studies of one step, for commands that do one thing."""

from __future__ import annotations

from pathlib import Path

from tmescope.study.loading import parse_study
from tmescope.study.schema import Study

__all__ = ["scoring_study"]


def scoring_study(
    expression: Path,
    *,
    scale: str,
    methods: list[str],
    signatures: list[str] | None = None,
    orientation: str | None = None,
    identifiers: str = "symbol",
    report: bool = False,
) -> Study:
    """Return the study that scores one matrix without a sample table.

    Parameters
    ----------
    expression : pathlib.Path
        Expression matrix.
    scale, identifiers : str
        As in the study file.
    orientation : str, optional
        As in the study file; the usual one of the file's format if omitted.
    methods : list of str
        Scoring methods.
    signatures : list of str, optional
        Bundled signatures, or ``["all"]``; the core ones if omitted.
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
                    "orientation": orientation,
                    "identifiers": identifiers,
                }
            ],
            "profile": {
                "methods": methods,
                "signatures": signatures[0] if signatures in (["all"], ["core"]) else signatures or "core",
                "gene_universe": "own",
            },
            "output": {"report": report},
        },
        folder=Path(),
        where="score",
    )
