"""Files of fitted models that a study names: read by the method that each is of, and told of in the record of a run."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tmescope.foundation.errors import StudyFileError, TmescopeError
from tmescope.foundation.provenance import hash_file
from tmescope.study.run_records import shown_path

if TYPE_CHECKING:
    from tmescope.bulk.frozen import FrozenScore
    from tmescope.bulk.frozen_deconvolution import FrozenDeconvolution
    from tmescope.study.schema import Study

__all__ = ["read_named", "record_of"]


Model = TypeVar("Model", bound="FrozenScore | FrozenDeconvolution")


def read_named(
    study: Study,
    listed: Sequence[str],
    *,
    where: str,
    shared: str,
    read: Callable[[Path, str], Model],
    name_of: Callable[[Model], str],
) -> tuple[dict[str, Model], dict[str, str], tuple[TmescopeError, ...]]:
    """Read model files.

    Parameters
    ----------
    study : Study
        Paths start at its folder.
    listed : sequence of str
        Paths as the study file writes them.
    where : str
        Key of the study that lists them.
    shared : str
        What two models of one method would give under one name, such as ``scores``.
    read : callable
        Reads a file; gets its sha256 too, so that it may remember what it read.
    name_of : callable
        Returns the name that a model has as a method.

    Returns
    -------
    tuple
        Model and path by name; and what is wrong: files that could not be read, and second models of one method.
    """
    models: dict[str, Model] = {}
    paths: dict[str, str] = {}
    problems: list[TmescopeError] = []
    for path in listed:
        try:
            full = study.resolve(path)
            model = read(full, hash_file(full) if full.is_file() else "")
            name = name_of(model)
        except TmescopeError as error:
            error.where = f"{where}: {path}"
            problems.append(error)
            continue
        if name in models:
            problems.append(
                StudyFileError(
                    f"{paths[name]!r} and {path!r} are both models of {model.method}",
                    where=where,
                    expected=f"one model of each method: their {shared} would share the name {name!r}",
                    next_step="apply each in a study of its own",
                )
            )
            continue
        models[name], paths[name] = model, path
    return models, paths, tuple(problems)


def record_of(
    model: FrozenScore | FrozenDeconvolution, *, path: str, sha256: str, stands_on: tuple[str, str]
) -> dict[str, str]:
    """Return what the record of a run says of a model.

    Parameters
    ----------
    model : FrozenScore or FrozenDeconvolution
        Which.
    path : str
        Its file as the study file writes it.
    sha256 : str
        Of all in it that decides results.
    stands_on : (str, str)
        Key and value that only this kind of model has: its gene sets, or its reference.
    """
    inputs = model.provenance.get("inputs")
    values = inputs.get("values", "") if isinstance(inputs, Mapping) else ""
    return {
        "file": shown_path(path),
        "sha256": sha256,
        "method": model.method,
        "parameters": json.dumps(dict(model.parameters), sort_keys=True),
        stands_on[0]: stands_on[1],
        "cohort": model.cohort,
        "n_samples": str(model.n_samples),
        "n_genes": str(len(model.genes)),
        "scale": model.scale,
        "values": str(values),
    }
