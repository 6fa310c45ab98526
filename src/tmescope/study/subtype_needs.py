"""Models of subtypes that a study applies or fits: read once, checked against the study and against each cohort."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from tmescope.bulk.frozen import check_matrix
from tmescope.bulk.subtyping import (
    FEWEST,
    UNITS,
    AnyModel,
    Kind,
    check_genes,
    genes_of,
    genes_of_kind,
    hash_any,
    kind_of,
    read_any,
)
from tmescope.foundation.errors import MethodError, ScaleError, StudyFileError, TmescopeError, UnknownNameError
from tmescope.foundation.provenance import hash_file
from tmescope.study.schema_subtypes import EACH

if TYPE_CHECKING:
    from tmescope.foundation.scale import Scale
    from tmescope.study.schema import Study

__all__ = ["StudySubtypes", "read_subtype_models", "subtype_methods", "subtype_problems", "unfit_problems"]

_SUMMARIES = {
    "axes": "Immune and stromal content beside the cohort of the fit: four subtypes with probabilities.",
    "clusters": "Groups of gene set scores that consensus clustering found in the cohort of the fit.",
}
_REFERENCES = {"axes": "", "clusters": "https://doi.org/10.1038/s41598-020-58766-1"}


@dataclass(frozen=True)
class StudySubtypes:
    """What a study asks for.

    Parameters
    ----------
    models : mapping of str to SubtypeModel or ClusterModel
        By the name of the file without its ending.
    paths : mapping of str to str
        The file of each as the study file writes it, by the same name.
    fitted : {"axes", "clusters"}, optional
        Kind, and name, of the model that is fitted in the study.
    problems : tuple of TmescopeError
        Files that could not be read, and two of one name.
    """

    models: Mapping[str, AnyModel] = field(default_factory=dict)
    paths: Mapping[str, str] = field(default_factory=dict)
    fitted: Kind | None = None
    problems: tuple[TmescopeError, ...] = ()

    @property
    def asked(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.models) or self.fitted is not None

    @property
    def hashes(self) -> dict[str, str]:
        """Content hash of each model that is applied, by name."""
        return {name: hash_any(model) for name, model in self.models.items()}

    @property
    def genes(self) -> frozenset[str]:
        """Genes that carry the scores of any model."""
        named = frozenset(g for model in self.models.values() for g in genes_of(model))
        return named | (genes_of_kind(self.fitted) if self.fitted else frozenset())


def read_subtype_models(study: Study) -> StudySubtypes:
    """Read the files of ``subtypes.models``.

    Parameters
    ----------
    study : Study
        Paths start at its folder.
    """
    asked = study.subtypes
    models: dict[str, AnyModel] = {}
    paths: dict[str, str] = {}
    problems: list[TmescopeError] = []
    for path in asked.models:
        name = Path(path).stem
        try:
            full = study.resolve(path)
            model = _read(full, hash_file(full) if full.is_file() else "")
        except TmescopeError as error:
            error.where = f"subtypes.models: {path}"
            problems.append(error)
            continue
        fitted: dict[str, str] = {asked.kind: "the model that is fitted"} if asked.fit else {}
        if owner := {**fitted, **paths}.get(name):
            problems.append(
                StudyFileError(
                    f"{path!r} has the name {name!r}, which {owner} has too",
                    where="subtypes.models",
                    expected="one name for one model: it stands in the tables",
                    next_step="rename the file",
                )
            )
            continue
        models[name], paths[name] = model, path
    return StudySubtypes(models, paths, asked.kind if asked.fit else None, tuple(problems))


@lru_cache(maxsize=4)
def _read(path: Path, sha256: str) -> AnyModel:  # noqa: ARG001 - a part of the cache's key
    return read_any(path)


def subtype_methods(asked: StudySubtypes) -> list[dict[str, object]]:
    """Return a row of the table ``methods`` for each model of subtypes, called ``subtype MODEL``.

    Parameters
    ----------
    asked : StudySubtypes
        From `read_subtype_models`.
    """
    kinds: dict[str, Kind] = {name: kind_of(model) for name, model in asked.models.items()}
    if asked.fitted is not None:
        kinds[asked.fitted] = asked.fitted
    return [
        {
            "name": f"subtype {name}",
            "summary": _SUMMARIES[kind],
            "unit": "subtype",
            "scope": "sample",
            "reference": _REFERENCES[kind],
            "licence": "no reference data",
            "commercial_use": True,
            "higher_means": "",
            "ties": "equal values share their mean rank",
            "parameters": json.dumps({"kind": kind}),
        }
        for name, kind in kinds.items()
    ]


def subtype_problems(study: Study) -> Iterator[TmescopeError]:
    """Yield what is wrong with ``[subtypes]`` before a cohort is read.

    Parameters
    ----------
    study : Study
        The study.
    """
    yield from read_subtype_models(study).problems
    ids = [c.id for c in study.cohorts]
    if study.subtypes.fit not in {"", EACH, *ids}:
        yield UnknownNameError.of("cohort", study.subtypes.fit, [*ids, EACH], where="subtypes.fit")


def unfit_problems(
    study: Study, cohort: str, *, genes: Sequence[str], scale: Scale, n_samples: int
) -> Iterator[TmescopeError]:
    """Yield why models cannot be applied to a cohort, or fitted on it.

    Parameters
    ----------
    study : Study
        Without `subtype_problems`.
    cohort : str
        Its id.
    genes : sequence of str
        That it measured.
    scale : Scale
        Of its matrix as it is scored.
    n_samples : int
        That are selected.
    """
    needs = read_subtype_models(study)
    for name, model in needs.models.items():
        try:
            check_matrix(model, genes, scale)
        except TmescopeError as error:
            error.where = f"cohort {cohort}: subtypes.models: {needs.paths[name]}"
            yield error
    if needs.fitted is None or study.subtypes.fit not in {EACH, cohort}:
        return
    where = f"cohort {cohort}: subtypes.fit"
    if n_samples < FEWEST[needs.fitted]:
        yield MethodError(
            f"a model of {needs.fitted} is fitted on at least {FEWEST[needs.fitted]} samples, not on {n_samples}",
            where=where,
            expected="a cohort of the kind that others will be compared with",
            next_step="fit a model on a larger cohort (tmescope subtype fit) and name its file in subtypes.models",
        )
    if scale.unit not in UNITS:
        yield ScaleError(f"subtypes do not take {scale.unit}", where=where, expected=f"one of: {', '.join(UNITS)}")
    try:
        check_genes(needs.fitted, genes)
    except TmescopeError as error:
        error.where = where
        yield error
