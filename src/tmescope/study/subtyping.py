"""The steps that fit models of subtypes on cohorts of a study, and place every sample by every model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from tmescope.bulk.subtype_models import SubtypeModel
from tmescope.bulk.subtyping import (
    AnyModel,
    apply_any,
    classes_of,
    fit_kind,
    hash_any,
    kind_of,
    read_any,
    write_any,
)
from tmescope.foundation.result import RunWarning
from tmescope.store.matrices import read_cohort_folder
from tmescope.store.tables import empty_table, shape_table, write_table
from tmescope.study.ledger import Step
from tmescope.study.notices import warning_table
from tmescope.study.profiling import COHORT_MATRIX
from tmescope.study.run_records import shown_path
from tmescope.study.schema_subtypes import EACH

if TYPE_CHECKING:
    from tmescope.study.context import Context
    from tmescope.study.schema import Cohort

__all__ = ["MODEL_FILE", "subtype_features", "subtype_steps"]

MODEL_FILE = "model.subtypes"
"""Name of a fitted model in the folder of its step."""

_FEATURE = "subtype"


def subtype_steps(context: Context) -> Iterator[Step]:
    """Yield the steps that fit, then those that place the samples of each cohort; none where nothing is asked.

    Parameters
    ----------
    context : Context
        Its cohorts are read; the steps are done one after the other.
    """
    if not context.needs.subtypes.asked:
        return
    if context.needs.subtypes.fitted:
        for cohort in context.study.cohorts:
            if context.study.subtypes.fit in {EACH, cohort.id}:
                yield _fit_step(context, cohort)
    for cohort in context.study.cohorts:
        yield _place_step(context, cohort)


def _matrix(context: Context, cohort: Cohort) -> dict[str, str]:
    outcome = context.outcomes[f"cohort-{cohort.id}"]
    return {name: outcome[name] for name in COHORT_MATRIX}


def _fit_step(context: Context, cohort: Cohort) -> Step:
    kind = context.needs.subtypes.fitted
    seed = context.study.study.seed
    ingredients = {
        "step": "subtype-model",
        "release": context.release,
        "cohort": _matrix(context, cohort),
        "kind": kind,
        "seed": seed,
    }

    def make(folder: Path) -> None:
        if kind is not None:
            adata = read_cohort_folder(context.ledger.folder(f"cohort-{cohort.id}"))
            write_any(fit_kind(kind, adata, seed=seed), folder / MODEL_FILE)

    return Step(f"subtype-model-{cohort.id}", ingredients, make)


def _fitted_on(context: Context, cohort: Cohort) -> str:
    return cohort.id if context.study.subtypes.fit == EACH else context.study.subtypes.fit


def _place_step(context: Context, cohort: Cohort) -> Step:
    needs = context.needs.subtypes
    fitted = context.outcomes.get(f"subtype-model-{_fitted_on(context, cohort)}", {})
    ingredients = {
        "step": "subtypes",
        "release": context.release,
        "cohort": _matrix(context, cohort),
        "models": needs.hashes,
        "paths": {name: shown_path(path) for name, path in needs.paths.items()},
        "fitted": fitted.get(MODEL_FILE),
    }

    def make(folder: Path) -> None:
        models: dict[str, AnyModel] = dict(needs.models)
        if needs.fitted:
            made = context.ledger.folder(f"subtype-model-{_fitted_on(context, cohort)}")
            models[needs.fitted] = read_any(made / MODEL_FILE)
        places, told, warnings = _place_all(context, cohort, models)
        write_table(shape_table("subtypes", places), folder / "subtypes.parquet")
        write_table(shape_table("subtype_models", told), folder / "subtype_models.parquet")
        write_table(warning_table(warnings), folder / "warnings.parquet")

    return Step(f"subtypes-{cohort.id}", ingredients, make)


def _place_all(
    context: Context, cohort: Cohort, models: Mapping[str, AnyModel]
) -> tuple[pd.DataFrame, pd.DataFrame, list[RunWarning]]:
    adata = read_cohort_folder(context.ledger.folder(f"cohort-{cohort.id}"))
    parts, rows = [], []
    warnings: dict[RunWarning, None] = {}
    for name, model in models.items():
        result = apply_any(model, adata)
        table = result.table.assign(model=name)
        for axis in ("immune", "stromal"):
            if axis not in table:
                table[axis] = float("nan")
        parts.append(table)
        rows.append({"cohort_id": cohort.id, **_record(name, model, context.needs.subtypes.paths.get(name))})
        warnings.update(dict.fromkeys(result.warnings))
    # in the order of the models: their classes follow each other, missing where another model speaks
    return pd.concat(parts, ignore_index=True), pd.DataFrame(rows), list(warnings)


def _record(name: str, model: AnyModel, path: str | None) -> dict[str, object]:
    cuts = model.state["cuts"][0] if isinstance(model, SubtypeModel) else (float("nan"), float("nan"))
    return {
        "model": name,
        "kind": kind_of(model),
        "file": "fitted in this study" if path is None else shown_path(path),
        "fitted_on": model.cohort,
        "n_fitted": model.n_samples,
        "scale": model.scale,
        "subtypes": "; ".join(classes_of(model)),
        "immune_cut": float(cuts[0]),
        "stromal_cut": float(cuts[1]),
        "lowest_likeness": model.lowest_likeness,
        "stability": _stability(model),
        "facts": "; ".join(sorted(model.facts)),
        "sha256": hash_any(model),
    }


def _stability(model: AnyModel) -> str:
    if isinstance(model, SubtypeModel):
        return ""
    told = zip(model.stability["tried"], model.stability["ambiguity"], model.stability["null_ambiguity"], strict=True)
    parts = [f"k = {k}: {found:.3f} (without groups {null:.3f})" for k, found, null in told]
    chosen = f"{model.k} groups" if model.k > 1 else "no groups"
    return f"{chosen}, p = {model.stability['p_value']:.2g}; ambiguous pairs by {', '.join(parts)}"


def subtype_features(context: Context, cohort_id: str, extra: pd.DataFrame) -> pd.DataFrame:
    """Return the extra features of a cohort with a categorical one for each model of subtypes.

    Parameters
    ----------
    context : Context
        The run; subtypes are placed.
    cohort_id : str
        Which cohort.
    extra : pandas.DataFrame
        The table ``features`` of the cohort. A feature that is called as ours would be keeps its name.

    Returns
    -------
    pandas.DataFrame
        Named ``subtype``, or ``subtype MODEL`` where there are several or the name is taken.
    """
    if not context.needs.subtypes.asked:
        return extra
    places = pd.read_parquet(context.ledger.folder(f"subtypes-{cohort_id}") / "subtypes.parquet")
    models = list(pd.unique(places["model"]))
    taken = set(extra["feature"])
    parts = [extra] if len(extra) else []
    for model in models:
        rows = places[places["model"] == model]
        if rows["subtype"].notna().any():
            parts.append(_feature(rows, _free(model, taken, alone=len(models) == 1)))
    return pd.concat(parts, ignore_index=True) if parts else empty_table("features")


def _free(model: str, taken: set[str], *, alone: bool) -> str:
    wanted = ([_FEATURE] if alone else []) + [f"{_FEATURE} {model}", f"{_FEATURE} {model} of the model"]
    return next(name for name in wanted if name not in taken)


def _feature(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    found = {
        "cohort_id": rows["cohort_id"],
        "sample_id": rows["sample_id"],
        "feature": name,
        "kind": "categorical",
        "value": float("nan"),
        "category": rows["subtype"],
        "unit": "",
    }
    return shape_table("features", pd.DataFrame(found))
