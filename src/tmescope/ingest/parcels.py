"""What crosses from a reading process to the one that asked for it: arrays as npy, words as JSON, nothing pickled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tmescope.foundation import errors
from tmescope.foundation.errors import TmescopeError

__all__ = ["Parcel", "read_parcel", "read_problem", "write_parcel", "write_problem"]

_ABOUT = "about.json"
_PROBLEM = "problem.json"
_KINDS = {name: getattr(errors, name) for name in errors.__all__ if name[0].isupper() and name != "ManyProblems"}


@dataclass(frozen=True)
class Parcel:
    """What a reader found, in parts that need no pickle.

    Parameters
    ----------
    arrays : mapping of str to array
        Numbers by name.
    about : mapping
        Everything else, as JSON can hold it.
    """

    arrays: Mapping[str, NDArray[Any]]
    about: Mapping[str, Any] = field(default_factory=dict)


def write_parcel(parcel: Parcel, folder: Path) -> None:
    """Write a parcel into a folder.

    Parameters
    ----------
    parcel : Parcel
        Its arrays hold numbers, no objects.
    folder : Path
        Exists and is nobody else's.
    """
    for name, values in parcel.arrays.items():
        np.save(folder / f"{name}.npy", np.ascontiguousarray(values))
    text = json.dumps({"arrays": list(parcel.arrays), "about": dict(parcel.about)})
    (folder / _ABOUT).write_text(text, encoding="utf-8")


def read_parcel(folder: Path) -> Parcel | None:
    """Return the parcel in a folder; None where its writer did not finish."""
    path = folder / _ABOUT
    if not path.is_file():
        return None
    found = json.loads(path.read_text(encoding="utf-8"))
    return Parcel({name: np.load(folder / f"{name}.npy") for name in found["arrays"]}, found["about"])


def write_problem(problem: TmescopeError, folder: Path) -> None:
    """Write an error of ours into a folder, with everything that it says.

    Parameters
    ----------
    problem : TmescopeError
        A single one.
    folder : Path
        As in `write_parcel`.
    """
    said = {key: getattr(problem, key) for key in ("what", "where", "expected", "next_step")}
    (folder / _PROBLEM).write_text(json.dumps({"kind": type(problem).__name__, **said}), encoding="utf-8")


def read_problem(folder: Path) -> TmescopeError | None:
    """Return the error in a folder, of the class that it had; None where there is none."""
    path = folder / _PROBLEM
    if not path.is_file():
        return None
    said = json.loads(path.read_text(encoding="utf-8"))
    kind: type[TmescopeError] = _KINDS.get(said["kind"], TmescopeError)
    return kind(said["what"], where=said["where"], expected=said["expected"], next_step=said["next_step"])
