"""A prediction model as one JSON file: no code in it, no patient, and read back with distrust."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np

from tmescope.associate.prediction_columns import Column, Preparation
from tmescope.associate.prediction_data import Predictor
from tmescope.associate.prediction_models import FittedModel
from tmescope.associate.prediction_saved import SavedModel
from tmescope.foundation.errors import FileFormatError, FormatVersionError, MethodError, MissingFileError
from tmescope.foundation.provenance import hash_json
from tmescope.store.atomic import staged_file

__all__ = ["FORMAT_VERSION", "prediction_hash", "prediction_record", "read_prediction", "write_prediction"]

FORMAT_VERSION = 1
_FORMAT = "tmescope prediction model"
_LARGEST = 1 << 24
_MOST_COLUMNS = 50_000
_LONGEST = 10_000.0
_KEYS: Mapping[str, Any] = {
    "model_id": str, "endpoint": str, "kind": str, "horizon_months": (int, float, type(None)), "standardise": str,
    "scales": list, "training": list, "performance": list, "verdicts": list, "scheme": str, "intended_use": str,
    "software": dict, "missing": str, "levels": dict, "predictors": list, "columns": list, "coefficients": list,
    "intercept": (int, float), "cumulative_hazard": (int, float, type(None)), "l1_ratio": (int, float),
    "strength": (int, float), "n": int, "n_events": int, "method": str,
}  # fmt: skip
_WORDS = {
    "kind": ("response", "survival"),
    "standardise": ("training", "within_cohort"),
    "missing": ("median", "complete"),
    "scheme": ("out_of_cohort", "out_of_fold"),
}


def prediction_record(saved: SavedModel) -> dict[str, Any]:
    """Return everything that the file says of a model, JSON-able; NaN becomes null.

    Parameters
    ----------
    saved : SavedModel
        The model.
    """
    fitted, preparation = saved.fitted, saved.fitted.preparation
    record = {
        **{k: getattr(saved, k) for k in ("model_id", "endpoint", "kind", "horizon_months", "standardise", "scheme",
                                          "intended_use")},
        "scales": list(saved.scales),
        "training": [dict(t) for t in saved.training],
        "performance": [dict(p) for p in saved.performance],
        "verdicts": list(saved.verdicts),
        "software": dict(saved.software),
        "missing": preparation.missing,
        "levels": {k: list(v) for k, v in preparation.levels.items()},
        "predictors": [asdict(p) for p in preparation.predictors],
        "columns": [asdict(c) for c in preparation.columns],
        "coefficients": [float(b) for b in fitted.coefficients],
        **{k: getattr(fitted, k) for k in ("intercept", "cumulative_hazard", "l1_ratio", "strength", "n", "n_events",
                                           "method")},
    }  # fmt: skip
    plain: dict[str, Any] = _without_nan(record)
    return plain


def prediction_hash(saved: SavedModel) -> str:
    """Return the sha256 of everything that the file says of a model."""
    return hash_json(prediction_record(saved))


def write_prediction(saved: SavedModel, path: Path) -> str:
    """Write a model and return its hash; the same model gives the same bytes.

    Parameters
    ----------
    saved : SavedModel
        The model.
    path : pathlib.Path
        Replaced at once where it exists.

    Raises
    ------
    MethodError
        If the model could not be learnt.
    """
    if saved.fitted.reason:
        raise MethodError(
            f"the model {saved.model_id!r} could not be learnt: {saved.fitted.reason}",
            where=str(path),
            next_step='ask for missing = "median", an earlier horizon_months, or other features',
        )
    record = prediction_record(saved)
    sha256 = hash_json(record)
    page = {"format": _FORMAT, "version": FORMAT_VERSION, "sha256": sha256, "model": record}
    text = json.dumps(page, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    with staged_file(path) as staged:
        staged.write_text(text + "\n", encoding="utf-8")
    return sha256


def read_prediction(path: Path) -> SavedModel:
    """Read a model that `write_prediction` wrote.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Raises
    ------
    MissingFileError
        If there is none.
    FileFormatError
        If it is something else, too large, damaged or changed, or holds a number that is none.
    FormatVersionError
        If a newer release wrote it.
    """
    if not path.is_file():
        raise MissingFileError(
            f"there is no model {path.name!r}", where=str(path), next_step="tmescope run writes models/ID.json"
        )
    if path.stat().st_size > _LARGEST:
        raise _damaged(path, f"it has {path.stat().st_size:,} bytes")
    try:
        page = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_constant, parse_float=_finite)
        if not isinstance(page, dict) or page.get("format") != _FORMAT:
            raise _damaged(path, "it does not call itself one")
        version = page.get("version")
        if not isinstance(version, int) or isinstance(version, bool) or version < 1:
            raise _damaged(path, f"its version is {str(version)[:20]!r}")
        if version > FORMAT_VERSION:
            raise FormatVersionError(
                f"the model is in format {version}; this release reads up to {FORMAT_VERSION}",
                where=str(path),
                next_step="install a newer tmescope",
            )
        if hash_json(page["model"]) != page["sha256"]:
            raise _damaged(path, "its content has another sha256 than it states")
        return _build(page["model"])
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        if isinstance(error, FileFormatError):
            raise
        raise _damaged(path, f"{type(error).__name__}: {str(error)[:120]}") from error


def _build(found: dict[str, Any]) -> SavedModel:
    _check_keys(found)
    predictors = tuple(
        Predictor(**{**p, "genes": tuple(map(str, p["genes"]))}) for p in _known(found["predictors"], Predictor)
    )
    columns = tuple(Column(**_with_nan(c)) for c in _known(found["columns"], Column))
    _check_parts(found, predictors, columns)
    preparation = Preparation(
        predictors=predictors,
        columns=columns,
        levels={str(k): tuple(map(str, v)) for k, v in found["levels"].items()},
        missing=found["missing"],
    )
    hazard = found["cumulative_hazard"]
    fitted = FittedModel(
        preparation=preparation,
        coefficients=np.array([float(b) for b in found["coefficients"]], dtype=np.float64),
        intercept=float(found["intercept"]),
        cumulative_hazard=float("nan") if hazard is None else float(hazard),
        **{k: found[k] for k in ("l1_ratio", "strength", "n", "n_events", "method")},
    )
    return SavedModel(
        fitted=fitted,
        scales=tuple(map(str, found["scales"])),
        verdicts=tuple(map(str, found["verdicts"])),
        training=tuple(dict(t) for t in found["training"]),
        performance=tuple(dict(p) for p in found["performance"]),
        software={str(k): str(v) for k, v in found["software"].items()},
        **{k: found[k] for k in ("model_id", "endpoint", "kind", "horizon_months", "standardise", "scheme",
                                 "intended_use")},
    )  # fmt: skip


def _check_keys(found: dict[str, Any]) -> None:
    if found.keys() != _KEYS.keys():
        odd = sorted(found.keys() ^ _KEYS.keys())
        message = f"keys are missing or unknown: {', '.join(map(str, odd[:3]))}"
        raise ValueError(message)
    for key, kind in _KEYS.items():
        if not isinstance(found[key], kind) or (isinstance(found[key], bool)):
            message = f"{key} is of another kind"
            raise TypeError(message)
    for key, words in _WORDS.items():
        if found[key] not in words:
            message = f"{key} is {str(found[key])[:20]!r}"
            raise ValueError(message)
    horizon = found["horizon_months"]
    is_time = isinstance(horizon, int | float) and not isinstance(horizon, bool) and 0.0 < float(horizon) < _LONGEST
    if (found["kind"] == "survival") != (horizon is not None) or (horizon is not None and not is_time):
        message = "a survival model has a horizon in months, and no other has"
        raise ValueError(message)
    _named(found["model_id"])
    if (found["kind"] == "survival") != (found["cumulative_hazard"] is not None):
        message = "a survival model has a cumulative hazard, and no other has"
        raise ValueError(message)


def _named(text: str) -> None:
    """Refuse names that are no id of a study: they become names of files."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", text):
        message = f"its id is {text[:20]!r}"
        raise ValueError(message)


def _known(parts: list[dict[str, Any]], kind: type) -> list[dict[str, Any]]:
    names = {f.name for f in fields(kind)}
    if len(parts) > _MOST_COLUMNS or not all(isinstance(p, dict) and p.keys() == names for p in parts):
        message = f"{len(parts)} parts, too many or not of the form of a {kind.__name__.lower()}"
        raise ValueError(message)
    return parts


def _check_parts(found: dict[str, Any], predictors: tuple[Predictor, ...], columns: tuple[Column, ...]) -> None:
    keys = {p.key for p in predictors}
    kinds = {p.key: p.kind for p in predictors}
    if len(keys) < len(predictors) or len(found["coefficients"]) != len(columns) or not columns:
        message = f"{len(predictors)} predictors, {len(columns)} columns and {len(found['coefficients'])} coefficients"
        raise ValueError(message)
    for predictor in predictors:
        texts = (predictor.name, predictor.source, predictor.unit, predictor.sha256)
        words = predictor.kind in ("numeric", "categorical") and predictor.scope in ("sample", "cohort")
        if not words or not all(isinstance(t, str) for t in texts):
            message = "a predictor is of another form"
            raise ValueError(message)
    for column in columns:
        numbers = (column.centre, column.spread)
        ranges = (column.fill, column.low, column.high)
        if not all(isinstance(t, str) for t in (column.name, column.level)) or not all(
            isinstance(v, int | float) for v in ranges
        ):
            message = f"the column {str(column.name)[:40]!r} is of another form"
            raise ValueError(message)
        right = column.predictor in keys and column.kind in ("value", "level", "missing")
        fits = right and (
            column.kind == "missing" or (column.kind == "value") == (kinds[column.predictor] == "numeric")
        )
        if not fits or not all(isinstance(v, int | float) and math.isfinite(v) for v in numbers) or column.spread <= 0:
            message = f"the column {str(column.name)[:40]!r} is of another form"
            raise ValueError(message)


def _with_nan(column: dict[str, Any]) -> dict[str, Any]:
    return {k: float("nan") if v is None else v for k, v in column.items()}


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(k): _without_nan(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(v) for v in value]
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return int(value) if isinstance(value, np.integer) else value


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        message = f"{text[:20]} is no number"
        raise ValueError(message)
    return value


def _no_constant(name: str) -> None:
    message = f"{name} is no number"
    raise ValueError(message)


def _damaged(path: Path, why: str) -> FileFormatError:
    return FileFormatError(
        f"the file is no prediction model, or is damaged: {why}",
        where=str(path),
        expected="a file models/ID.json that tmescope run wrote",
        next_step="take the original file",
    )
