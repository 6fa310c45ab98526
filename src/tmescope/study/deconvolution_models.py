"""Frozen deconvolution that a study applies: read once, checked against the study and against each cohort."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from tmescope.bulk.deconvolution import find_reference_of, list_deconvolvers, match_genes
from tmescope.bulk.frozen import check_matrix
from tmescope.bulk.frozen_deconvolution import FrozenDeconvolution, deconvolution_hash, frozen_deconvolution_spec
from tmescope.bulk.frozen_deconvolution_files import read_deconvolution
from tmescope.foundation.errors import FactsError, StudyFileError, TmescopeError
from tmescope.foundation.method import find_method
from tmescope.study.named_models import read_named, record_of

if TYPE_CHECKING:
    from tmescope.bulk.deconvolution import DeconvolveOptions
    from tmescope.foundation.method import MethodSpec
    from tmescope.foundation.scale import Scale
    from tmescope.study.schema import Study

__all__ = ["DeconvolutionModels", "misfit_problems", "read_deconvolution_models", "unpinned_problems"]


@dataclass(frozen=True)
class DeconvolutionModels:
    """The frozen deconvolution of a study.

    Parameters
    ----------
    models : mapping of str to FrozenDeconvolution
        By the name of the method that each is, ``METHOD_frozen``.
    paths : mapping of str to str
        The file of each as the study file writes it, by the same name.
    problems : tuple of TmescopeError
        Files that could not be read, and second models of one method.
    """

    models: Mapping[str, FrozenDeconvolution]
    paths: Mapping[str, str]
    problems: tuple[TmescopeError, ...] = ()

    @property
    def specs(self) -> tuple[MethodSpec, ...]:
        """Each model as a method, in the study's order."""
        return tuple(frozen_deconvolution_spec(model) for model in self.models.values())

    @property
    def hashes(self) -> dict[str, str]:
        """Content hash of each model, by name."""
        return {name: deconvolution_hash(model) for name, model in self.models.items()}

    @property
    def records(self) -> dict[str, dict[str, str]]:
        """What the record of a run says of each model, by name: file, content and what it was fitted on."""
        return {name: _record(model, path=self.paths[name]) for name, model in self.models.items()}


def _record(model: FrozenDeconvolution, *, path: str) -> dict[str, str]:
    reference = " ".join(model.reference).strip()
    return record_of(model, path=path, sha256=deconvolution_hash(model), stands_on=("reference", reference))


def read_deconvolution_models(study: Study) -> DeconvolutionModels:
    """Read the files of ``deconvolution.models``.

    Parameters
    ----------
    study : Study
        Paths start at its folder.
    """
    found = read_named(
        study,
        study.deconvolution.models,
        where="deconvolution.models",
        shared="estimates",
        read=_read,
        name_of=lambda model: frozen_deconvolution_spec(model).name,
    )
    return DeconvolutionModels(*found)


@lru_cache(maxsize=2)
def _read(path: Path, sha256: str) -> FrozenDeconvolution:  # noqa: ARG001 - a part of the cache's key
    return read_deconvolution(path)


def unpinned_problems(study: Study, models: DeconvolutionModels) -> Iterator[TmescopeError]:
    """Yield what is wrong with models before a cohort is read: files, and references that the study does not pin.

    Parameters
    ----------
    study : Study
        Its ``[facts]`` name the references.
    models : DeconvolutionModels
        From `read_deconvolution_models`.
    """
    yield from models.problems
    for name, model in models.models.items():
        reference, version = model.reference
        pinned = study.facts.get(reference)
        if reference and pinned != version:
            told = "does not say which version" if pinned is None else f"pins version {pinned}"
            yield StudyFileError(
                f"{name} stands on {reference} {version}, and the study {told}",
                where="facts",
                expected=f'[facts] with {reference} = "{version}"',
                next_step="pin that version, or fit the model again",
            )


def misfit_problems(
    models: DeconvolutionModels,
    cohort: str,
    *,
    genes: Sequence[str],
    scale: Scale,
    options: Mapping[str, DeconvolveOptions],
) -> Iterator[TmescopeError]:
    """Yield why models cannot be applied to a cohort.

    Parameters
    ----------
    models : DeconvolutionModels
        From `read_deconvolution_models`.
    cohort : str
        Its id.
    genes : sequence of str
        That it measured.
    scale : Scale
        Of its matrix.
    options : mapping of str to DeconvolveOptions
        How each model is applied, with the parameters of its fit.
    """
    for name, model in models.models.items():
        method = find_method(model.method, list_deconvolvers())
        try:
            reference = find_reference_of(method, None, options[name])
            matched = match_genes(method, genes, reference, options=options[name])
            check_matrix(model, matched.genes, scale)
        except FactsError:
            continue  # the pins say so
        except TmescopeError as error:
            error.where = f"cohort {cohort}: deconvolution.models: {models.paths[name]}"
            yield error
