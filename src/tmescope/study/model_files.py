"""Frozen models that a study applies: read once, checked against the study and against each cohort."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from tmescope.bulk.frozen import FrozenScore, check_matrix, frozen_spec, model_hash
from tmescope.bulk.frozen_files import read_model
from tmescope.foundation.errors import StudyFileError, TmescopeError
from tmescope.foundation.provenance import hash_json
from tmescope.study.named_models import read_named, record_of

if TYPE_CHECKING:
    from tmescope.foundation.method import MethodSpec
    from tmescope.foundation.scale import Scale
    from tmescope.study.schema import Study

__all__ = ["StudyModels", "cohort_problems", "model_problems", "read_models"]


@dataclass(frozen=True)
class StudyModels:
    """The models of a study.

    Parameters
    ----------
    models : mapping of str to FrozenScore
        By the name of the method that each is, ``METHOD_frozen``.
    paths : mapping of str to str
        The file of each as the study file writes it, by the same name.
    problems : tuple of TmescopeError
        Files that could not be read, and second models of one method.
    """

    models: Mapping[str, FrozenScore]
    paths: Mapping[str, str]
    problems: tuple[TmescopeError, ...] = ()

    @property
    def specs(self) -> tuple[MethodSpec, ...]:
        """Each model as a method, in the study's order."""
        return tuple(frozen_spec(model) for model in self.models.values())

    @property
    def hashes(self) -> dict[str, str]:
        """Content hash of each model, by name."""
        return {name: model_hash(model) for name, model in self.models.items()}

    @property
    def records(self) -> dict[str, dict[str, str]]:
        """What the record of a run says of each model, by name: file, content, sets, and what it was fitted on."""
        return {name: _record(model, path=self.paths[name]) for name, model in self.models.items()}

    @property
    def sets(self) -> dict[str, tuple[str, ...]]:
        """Gene sets of all models by name."""
        return {n: genes for model in self.models.values() for n, genes in model.definitions.genes.items()}


def _record(model: FrozenScore, *, path: str) -> dict[str, str]:
    sets = hash_json({name: sorted(set(genes)) for name, genes in model.definitions.genes.items()})
    return record_of(model, path=path, sha256=model_hash(model), stands_on=("sets", sets))


def read_models(study: Study) -> StudyModels:
    """Read the files of ``profile.models``.

    Parameters
    ----------
    study : Study
        Paths start at its folder.
    """
    found = read_named(
        study,
        study.profile.models,
        where="profile.models",
        shared="scores",
        read=_read,
        name_of=lambda model: frozen_spec(model).name,
    )
    return StudyModels(*found)


@lru_cache(maxsize=2)
def _read(path: Path, sha256: str) -> FrozenScore:  # noqa: ARG001 - a part of the cache's key
    return read_model(path)


def model_problems(models: StudyModels, sets: Mapping[str, Sequence[str]]) -> Iterator[TmescopeError]:
    """Yield what is wrong with the models of a study before a cohort is read.

    Parameters
    ----------
    models : StudyModels
        From `read_models`.
    sets : mapping of str to sequence of str
        Gene sets that the study scores itself: one name may not stand for two sets in one table.
    """
    yield from models.problems
    named = {name: ("the study", frozenset(genes)) for name, genes in sets.items()}
    for method, model in models.models.items():
        for name, genes in model.definitions.genes.items():
            owner, known = named.setdefault(name, (models.paths[method], frozenset(genes)))
            if known != frozenset(genes):
                yield StudyFileError(
                    f"{name!r} has {len(set(genes))} genes in the model and {len(known)} in {owner}, not the same ones",
                    where=f"profile.models: {models.paths[method]}",
                    expected="one definition of a signature in one study",
                    next_step="rename the signature and fit again, or apply the model in a study of its own",
                )


def cohort_problems(models: StudyModels, cohort: str, *, genes: Sequence[str], scale: Scale) -> Iterator[TmescopeError]:
    """Yield why models cannot be applied to a cohort.

    Parameters
    ----------
    models : StudyModels
        From `read_models`.
    cohort : str
        Its id.
    genes : sequence of str
        That it measured.
    scale : Scale
        Of its matrix as it is scored.
    """
    for name, model in models.models.items():
        try:
            check_matrix(model, genes, scale)
        except TmescopeError as error:
            error.where = f"cohort {cohort}: profile.models: {models.paths[name]}"
            yield error
