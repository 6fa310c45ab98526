"""From a study.toml to a `Study`, or to the list of everything that is wrong with it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from tmescope.foundation.errors import (
    ManyProblems,
    MissingFileError,
    StudyFileError,
    TmescopeError,
    UnknownNameError,
    closest,
    examples,
)
from tmescope.study.asked_expression import expresses
from tmescope.study.cell_features import label_methods
from tmescope.study.model_references import model_references
from tmescope.study.question_references import question_references
from tmescope.study.schema import UNDECIDED, OrdinalEndpoint, ResponseEndpoint, Study, TimeEndpoint

__all__ = ["load_study", "parse_study"]

_LARGEST = 4 << 20
_SAID = {
    "model_type": "this should be a table",
    "dict_type": "this should be a table",
    "list_type": "this should be a list in brackets",
    "string_type": "this should be text in quotes",
    "bool_type": "this should be true or false",
    "int_type": "this should be a whole number",
    "float_type": "this should be a number",
    "too_short": "the list is empty",
}
"""What pydantic says in Python's words, in those of a TOML file, by its type of error."""

_KINDS: dict[str, Any] = {
    "response": ResponseEndpoint,
    "time_to_event": TimeEndpoint,
    "ordinal": OrdinalEndpoint,
}


def load_study(path: Path | str) -> Study:
    """Read a study file.

    Parameters
    ----------
    path : path or str
        The TOML file; its relative paths start at the folder that it lies in.

    Returns
    -------
    Study

    Raises
    ------
    MissingFileError
        If there is no such file.
    StudyFileError
        If it is not TOML.
    ManyProblems
        If keys, types, names or references are wrong: all of them at once.
    """
    path = Path(path)
    if path.is_dir():
        raise StudyFileError(
            "this is a folder",
            where=str(path),
            expected="the study file, such as study.toml in it",
            next_step="name the file",
        )
    if path.exists() and not path.is_file():
        raise StudyFileError(
            "this is a pipe or a device", where=str(path), expected="a study file", next_step="write it to a file"
        )
    if not path.is_file():
        raise MissingFileError(
            f"there is no study file {path.name!r}",
            where=str(path),
            next_step="write one with: tmescope init EXPRESSION SAMPLES -o study.toml",
        )
    if path.stat().st_size > _LARGEST:
        raise StudyFileError(
            f"the study file is {path.stat().st_size} bytes long",
            where=str(path),
            expected="a few kilobytes of TOML",
            next_step="name the study file, not its data",
        )
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise StudyFileError(
            f"the study file is not TOML: {error}",
            where=f"{path}{_shown_line(path, str(error))}",
            expected='lines such as id = "melanoma"; text stands in quotes',
            next_step="correct the file; tmescope init writes one to start from",
        ) from error
    return parse_study(data, folder=path.parent, where=path.name)


def _shown_line(path: Path, message: str) -> str:
    """Return the line that a message of `tomllib` names, to be seen beside it."""
    number = re.search(r"at line (\d+)", message)
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    if number is None or int(number[1]) > len(lines):
        return ""
    return f", line {number[1]}: {lines[int(number[1]) - 1].strip()[:80]}"


def parse_study(data: Mapping[str, Any], *, folder: Path, where: str = "study.toml") -> Study:
    """Build a study from parsed TOML.

    Parameters
    ----------
    data : mapping
        As `tomllib` returns it.
    folder : pathlib.Path
        Where relative paths start.
    where : str
        Name of the file in messages.

    Returns
    -------
    Study

    Raises
    ------
    ManyProblems
        All problems that can be seen without opening the data.
    """
    problems: list[TmescopeError] = [
        StudyFileError(
            "this is still to be decided",
            where=f"{where}: {key}",
            expected="your decision in place of DECIDE",
            next_step="the comment above the key says what the file shows",
        )
        for key in _undecided(data)
    ]
    try:
        study = Study.model_validate(dict(data))
    except ValidationError as error:
        found = [_translate(e, where) for e in error.errors() if not _is_undecided(e)]
        raise ManyProblems(problems + found) from None
    problems += _references(study, where)
    if problems:
        raise ManyProblems(problems)
    return study.in_folder(folder)


def _undecided(node: object, path: str = "") -> Iterator[str]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from _undecided(value, f"{path}.{key}" if path else str(key))
    elif isinstance(node, list):
        for i, value in enumerate(node, start=1):
            name = value.get("id", i) if isinstance(value, Mapping) else i
            yield from _undecided(value, f"{path}[{name}]")
    elif node == UNDECIDED:
        yield path


def _is_undecided(error: ErrorDetails) -> bool:
    return bool(error.get("input") == UNDECIDED)


def _translate(error: ErrorDetails, where: str) -> TmescopeError:
    loc, model = _locate(error["loc"])
    place = f"{where}: {_place(loc)}" if loc else where
    if error["type"] == "extra_forbidden":
        key = str(loc[-1])
        known = list(model.model_fields) if model else []
        guess = closest(key, known)
        step = f"did you mean {guess!r}?" if guess else f"known keys here: {', '.join(known)}"
        return StudyFileError(f"unknown key {key!r}", where=place, next_step=step)
    if error["type"] == "missing":
        step = "tmescope schema describes each key"
        return StudyFileError(f"{str(loc[-1])!r} is missing", where=place, next_step=step)
    if error["type"] == "union_tag_not_found":
        return StudyFileError("'kind' is missing", where=place, expected=f"kind = one of {', '.join(_KINDS)}")
    if error["type"] == "union_tag_invalid":
        return UnknownNameError.of("kind of endpoint", str(error["ctx"]["tag"]), _KINDS, where=f"{place}.kind")
    message = _SAID.get(error["type"]) or error["msg"].removeprefix("Value error, ")
    message = message.replace("Input should be", "this should be")
    shown = error.get("input")
    is_shown = isinstance(shown, str | int | float | bool) and repr(shown) not in message
    value = f" (it says {shown!r})" if is_shown else ""
    return StudyFileError(f"{message}{value}", where=place)


def _place(loc: tuple[int | str, ...]) -> str:
    text = ""
    for part in loc:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _locate(loc: tuple[int | str, ...]) -> tuple[tuple[int | str, ...], type[BaseModel] | None]:
    """Return the location without the kind that pydantic adds to endpoints, and the model that holds its last key."""
    node: Any = Study
    if loc[:1] == ("endpoints",) and len(loc) > 2:
        node, rest = _KINDS[str(loc[2])], loc[3:]
        loc = (*loc[:2], *rest)
    else:
        rest = loc
    for part in rest[:-1]:
        node = _descend(node, part)
    return loc, node if isinstance(node, type) and issubclass(node, BaseModel) else None


def _descend(node: Any, part: int | str) -> Any:
    if isinstance(node, type) and issubclass(node, BaseModel):
        field = node.model_fields.get(str(part))
        return field.annotation if field else None
    models = [a for a in _flat(node) if isinstance(a, type) and issubclass(a, BaseModel)]
    return models[0] if len(models) == 1 else node


def _flat(node: Any) -> list[Any]:
    parts = get_args(node)
    return [node] if not parts else [inner for part in parts for inner in _flat(part)]


def _references(study: Study, where: str) -> list[TmescopeError]:
    ids = [c.id for c in study.cohorts]
    problems: list[TmescopeError] = []
    repeated = sorted({i for i in ids if ids.count(i) > 1})
    if repeated:
        problems.append(
            StudyFileError(
                f"cohort ids are not unique: {examples(repeated)}",
                where=f"{where}: cohorts",
                expected="each id once",
            )
        )
    for name, endpoint in study.endpoints.items():
        strangers = [c for c in (*endpoint.not_in, *endpoint.cohorts) if c not in ids]
        problems += [UnknownNameError.of("cohort", c, ids, where=f"{where}: endpoints.{name}") for c in strangers]
    composition = study.deconvolution
    measured = (study.profile.methods, study.profile.models, composition.methods, composition.models)
    if not any((*measured, study.subtypes.models, study.subtypes.fit, expresses(study))):
        problems.append(
            StudyFileError(
                "the study names no method",
                where=f"{where}: profile.methods",
                expected="at least one there, or models, deconvolution.methods, subtypes.models, subtypes.fit, or a "
                "question of kind expression",
            )
        )
    problems += [*_answer_references(study, where), *question_references(study, where), *model_references(study, where)]
    return problems


def _answer_references(study: Study, where: str) -> Iterator[TmescopeError]:
    response = [n for n, e in study.endpoints.items() if isinstance(e, ResponseEndpoint)]
    times = [n for n, e in study.endpoints.items() if isinstance(e, TimeEndpoint)]
    for name in study.answers.response or []:
        if name not in response:
            yield UnknownNameError.of("response endpoint", name, response, where=f"{where}: answers.response")
    if study.answers.survival is not None and study.answers.survival not in times:
        yield UnknownNameError.of(
            "time-to-event endpoint", study.answers.survival, times, where=f"{where}: answers.survival"
        )
    known = [*study.profile.methods, *study.deconvolution.methods, *label_methods(study)]
    has_models = bool(study.profile.models or study.deconvolution.models)  # their names stand in their files
    for name in study.answers.methods or []:
        if name not in known and not has_models:
            yield UnknownNameError.of("method of the study", name, known, where=f"{where}: answers.methods")
    for name in study.profile.parameters:
        if name not in study.profile.methods:
            yield UnknownNameError.of(
                "method of the profile", name, study.profile.methods, where=f"{where}: profile.parameters"
            )
