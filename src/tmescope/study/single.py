"""Studies of one step, for commands that do one thing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from tmescope.associate.features import TABLE
from tmescope.associate.prediction_files import read_prediction
from tmescope.study.gene_tables import BUNDLED
from tmescope.study.loading import parse_study
from tmescope.study.model_profiles import profile_of_model
from tmescope.study.schema import Study

if TYPE_CHECKING:
    from tmescope.associate.prediction_saved import SavedModel

__all__ = [
    "Composition",
    "MeasuredTable",
    "ScoredSets",
    "deconvolution_study",
    "prediction_study",
    "scoring_study",
    "subtype_study",
]


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


@dataclass(frozen=True)
class Composition:
    """What is estimated.

    Parameters
    ----------
    methods : tuple of str
        Deconvolution methods.
    reference : pathlib.Path, optional
        Profiles of cell types of the user's own.
    pins : mapping of str to str
        Installed reference to version.
    parameters : mapping of str to mapping
        Of single methods.
    min_coverage : float
        Smallest share of a reference's genes.
    max_unmapped : float
        Largest share of the genes of methods with gene sets of their own that may be missing.
    models : tuple of pathlib.Path
        Frozen models.
    map_symbols : bool
        Whether previous symbols, aliases and ids of genes become approved symbols.
    """

    methods: tuple[str, ...]
    reference: Path | None = None
    pins: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Mapping[str, bool | int | float | str]] = field(default_factory=dict)
    min_coverage: float = 0.5
    max_unmapped: float = 0.2
    models: tuple[Path, ...] = ()
    map_symbols: bool = True


@dataclass(frozen=True)
class MeasuredTable:
    """A table of what was measured beside expression.

    Parameters
    ----------
    file : pathlib.Path
        One row a sample.
    id_column : str
        Its column of sample identifiers.
    """

    file: Path
    id_column: str = "sample_id"


_CohortKeys: TypeAlias = Mapping[str, str | list[str] | None]
_NOTHING: _CohortKeys = MappingProxyType({})


def scoring_study(
    expression: Path,
    *,
    scale: str,
    methods: list[str],
    sets: ScoredSets | None = None,
    cohort: _CohortKeys = _NOTHING,
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
    cohort : mapping of str to str, list of str or None
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
            "cohorts": [_cohort(expression, scale, cohort)],
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


def deconvolution_study(
    expression: Path,
    *,
    scale: str,
    asked: Composition,
    cohort: _CohortKeys = _NOTHING,
    gene_table: str = BUNDLED,
    report: bool = False,
) -> Study:
    """Return the study that estimates the composition of one matrix without a sample table.

    Parameters
    ----------
    expression : pathlib.Path
        Expression matrix.
    scale : str
        As in the study file.
    asked : Composition
        What is estimated.
    cohort : mapping of str to str, list of str or None
        As in `scoring_study`.
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
    reference = {} if asked.reference is None else {"reference": str(asked.reference.resolve())}
    return parse_study(
        {
            "format": 1,
            "study": {"id": "composition", "title": f"Composition of {expression.name}"},
            "cohorts": [_cohort(expression, scale, cohort)],
            "profile": {
                "methods": [],
                "gene_universe": "own",
                "gene_table": gene_table,
                "max_unmapped": asked.max_unmapped,
                "map_symbols": asked.map_symbols,
            },
            "deconvolution": {
                "methods": list(asked.methods),
                "models": [str(path.resolve()) for path in asked.models],
                "min_coverage": asked.min_coverage,
                "parameters": {name: dict(values) for name, values in asked.parameters.items()},
                **reference,
            },
            "output": {"report": report},
            "facts": dict(asked.pins),
        },
        folder=Path(),
        where="deconvolve",
    )


def subtype_study(
    expression: Path,
    *,
    scale: str,
    subtypes: Mapping[str, object],
    cohort: _CohortKeys = _NOTHING,
    gene_table: str = BUNDLED,
    report: bool = False,
) -> Study:
    """Return the study that places the samples of one matrix by models of subtypes, or fits one on them.

    Parameters
    ----------
    expression : pathlib.Path
        Expression matrix.
    scale : str
        As in the study file.
    subtypes : mapping
        The table ``[subtypes]``.
    cohort : mapping of str to str, list of str or None
        As in `scoring_study`; ``id`` names the cohort.
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
            "study": {"id": "subtypes", "title": f"Subtypes of {expression.name}"},
            "cohorts": [_cohort(expression, scale, cohort)],
            "profile": {"methods": [], "gene_universe": "own", "gene_table": gene_table},
            "subtypes": dict(subtypes),
            "output": {"report": report},
        },
        folder=Path(),
        where="subtype",
    )


def prediction_study(
    expression: Path,
    model: Path,
    *,
    scale: str,
    measured: MeasuredTable | None = None,
    cohort: _CohortKeys = _NOTHING,
    gene_table: str = BUNDLED,
) -> Study:
    """Return the study that applies a saved prediction model to the samples of one matrix.

    Parameters
    ----------
    expression : pathlib.Path
        Expression matrix.
    model : pathlib.Path
        The model. Methods, gene sets and genes are those that it names.
    scale : str
        As in the study file.
    measured : MeasuredTable, optional
        What the model wants from a table, in columns of the same names.
    cohort : mapping of str to str, list of str or None
        As in `scoring_study`.
    gene_table : str
        As in the study file.

    Raises
    ------
    ManyProblems
        If a value is not allowed.
    StudyFileError
        If the model stands on scores that need more than the model's file: such a model is applied in a study.
    """
    saved = read_prediction(model)
    features = {} if measured is None else {"features": [_features(saved, measured)]}
    return parse_study(
        {
            "format": 1,
            "study": {"id": "predictions", "title": f"Predictions for {expression.name}"},
            "cohorts": [{**_cohort(expression, scale, cohort), **features}],
            "profile": {
                "gene_universe": "own",
                "gene_table": gene_table,
                "max_unmapped": 1.0,
                **profile_of_model(saved),
            },
            "predict": [str(model.resolve())],
            "output": {"report": False},
        },
        folder=Path(),
        where="model apply",
    )


def _features(saved: SavedModel, measured: MeasuredTable) -> dict[str, Any]:
    wanted = [p for p in saved.fitted.preparation.predictors if p.source == TABLE]
    return {
        "file": str(measured.file.resolve()),
        "id_column": measured.id_column,
        **{
            kind: {p.name: {"column": p.name, "unit": p.unit} for p in wanted if p.kind == kind}
            for kind in ("numeric", "categorical")
        },
    }


def _cohort(expression: Path, scale: str, further: _CohortKeys) -> dict[str, str | list[str]]:
    given = {key: value for key, value in further.items() if value is not None}
    return {"id": "cohort", "expression": str(expression.resolve()), "scale": scale, **given}
