"""Studies of one step, for commands that do one thing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from tmescope.study.gene_tables import BUNDLED
from tmescope.study.loading import parse_study
from tmescope.study.schema import Study

__all__ = ["ScoredSets", "scoring_study"]


@dataclass(frozen=True)
class ScoredSets:
    """Which gene sets are scored.

    Parameters
    ----------
    names : tuple of str
        Signatures, bundled ones or sets of the files; ``all`` or ``core`` alone for the bundled ones together.
    files : tuple of pathlib.Path
        Files with gene sets. Without names, all of their sets are scored and no bundled one.
    models : tuple of pathlib.Path
        Frozen models, which bring the sets that they were fitted for.
    leading : tuple of str
        Those of which it is told which genes carry the score.
    """

    names: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    models: tuple[Path, ...] = ()
    leading: tuple[str, ...] = ()

    @property
    def named(self) -> str | list[str]:
        """The value of ``profile.signatures``."""
        if self.names in {("all",), ("core",)}:
            return self.names[0]
        return list(self.names) if self.names or self.files else "core"


_NOTHING: Mapping[str, str | None] = MappingProxyType({})


def scoring_study(
    expression: Path,
    *,
    scale: str,
    methods: list[str],
    sets: ScoredSets | None = None,
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
        Scoring methods; may be empty where there are models.
    sets : ScoredSets, optional
        What is scored; the core signatures if omitted.
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
    sets = sets or ScoredSets()
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
                "models": [str(path.resolve()) for path in sets.models],
                "signatures": sets.named,
                "leading_edge": list(sets.leading),
                "signature_files": [str(path.resolve()) for path in sets.files],
                "gene_universe": "own",
                "gene_table": gene_table,
            },
            "output": {"report": report},
        },
        folder=Path(),
        where="score",
    )
