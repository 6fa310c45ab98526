"""The results of a run as AnnData files, one a cohort, that anndata reads without tmescope."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tmescope.foundation.errors import StoreError, examples
from tmescope.foundation.progress import SILENT, Progress
from tmescope.foundation.provenance import Provenance
from tmescope.foundation.result import Result
from tmescope.store.atomic import staged_folder
from tmescope.store.attach import attach
from tmescope.store.exchange import as_anndata_writes, write_exchange
from tmescope.study.finished_runs import RunRecord, check_output_folder, open_results

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

__all__ = ["AnnDataOutcome", "export_anndata"]

_TASK = "export: anndata"
_SUBTYPES = ("subtypes", "subtype_models")
_TABLES = ("cohorts", "features", "scores", "answers", "methods", "signatures", "warnings")


@dataclass(frozen=True)
class AnnDataOutcome:
    """What was written.

    Parameters
    ----------
    folder : Path
        Holds one ``COHORT.h5ad`` a cohort.
    files : tuple of str
        Their names.
    notes : tuple of str
        What got another name, one sentence each.
    """

    folder: Path
    files: tuple[str, ...]
    notes: tuple[str, ...]


def export_anndata(results: Path | str, output: Path | str, *, progress: Progress = SILENT) -> AnnDataOutcome:
    """Write every cohort of a run with its scores as AnnData.

    Parameters
    ----------
    results : path or str
        Folder of results of `tmescope.study.run`.
    output : path or str
        Folder to make. All of it appears at once or not at all.
    progress : Progress
        Told of each cohort.

    Returns
    -------
    AnnDataOutcome

    Raises
    ------
    StoreError
        `results` is no finished run or was changed since; `output` holds something already; names that clash.

    Notes
    -----
    ``X`` is samples x genes in the scale that ``uns["tmescope"]["scale"]`` says; ``obs`` the samples with endpoints and
    features, ``var`` where each gene's name came from; ``obsm[METHOD]`` the scores and ``obsm[METHOD_coverage]`` the
    share of each signature's genes that was measured, both samples x signatures with their names;
    ``uns["tmescope_results"][METHOD]`` the provenance as JSON; ``uns["tmescope_tables"]`` the rows of the tables
    answers, methods, signatures, warnings and, where samples have subtypes, subtypes and subtype_models. The columns
    ``subtype.MODEL`` and ``subtype.MODEL.probability`` of ``obs`` say how each model placed a sample. A feature whose
    name is that of a column of samples is called ``feature.NAME``; ``/`` in names becomes ``_``, since HDF5 takes it
    for a folder: both are told.
    """
    final = Path(output)
    check_output_folder(final)
    run = open_results(results)
    placed = [n for n in _SUBTYPES if (run.root / "tables" / f"{n}.parquet").is_file()]  # not of older releases
    tables, record = run.read_measured([*_TABLES, *placed]), run.record()
    names = run.cohort_ids(tables["cohorts"])
    notes: list[str] = []
    progress.start(_TASK, len(names), unit="cohorts")
    with staged_folder(final) as staged:
        for name in names:
            own = {k: _of_cohort(t, name) for k, t in tables.items()}
            adata, told = _assemble(run.read_cohort(name), own, record)
            write_exchange(adata, staged / f"{name}.h5ad")
            notes += [f"{name}: {note}" for note in told]
            progress.advance(_TASK)
    progress.finish(_TASK, "done")
    return AnnDataOutcome(final, tuple(f"{name}.h5ad" for name in names), tuple(notes))


def _of_cohort(table: pd.DataFrame, name: str) -> pd.DataFrame:
    return table[table["cohort_id"] == name].reset_index(drop=True) if "cohort_id" in table else table


def _assemble(adata: AnnData, own: Mapping[str, pd.DataFrame], record: RunRecord) -> tuple[AnnData, list[str]]:
    notes: list[str] = []
    obs = adata.obs
    for feature in dict.fromkeys(own["features"]["feature"]):
        name = feature if feature not in obs.columns else f"feature.{feature}"
        if name != feature:
            notes.append(f"the feature {feature} is the column {name} of obs: the samples have a column of its name")
        obs[name] = _feature(own["features"], feature).reindex(obs.index)
    _place(obs, own, notes)
    adata.obs = as_anndata_writes(_renamed(obs, notes))
    adata.var = as_anndata_writes(_renamed(adata.var, notes))
    adata.uns["tmescope"] = {k: _plain(v) for k, v in adata.uns["tmescope"].items() if v is not None}
    adata.uns["tmescope"]["study"] = json.dumps(dict(record.study), sort_keys=True, ensure_ascii=False)
    for method in dict.fromkeys(own["scores"]["method"]):
        _attach(adata, own, record, method=method)
        for key in (method, f"{method}_coverage"):
            adata.obsm[key] = _renamed(adata.obsm[key], notes)
    listed = ["answers", "methods", "signatures", "warnings"] + [k for k in _SUBTYPES if k in own and len(own[k])]
    adata.uns["tmescope_tables"] = {k: _listed(own[k]) for k in listed}
    return adata, list(dict.fromkeys(notes))


def _feature(features: pd.DataFrame, name: str) -> pd.Series[Any]:
    rows = features[features["feature"] == name].set_index("sample_id")
    return rows["value" if "numeric" in set(rows["kind"].dropna()) else "category"]


def _place(obs: pd.DataFrame, own: Mapping[str, pd.DataFrame], notes: list[str]) -> None:
    if "subtypes" not in own:
        return
    for model, rows in own["subtypes"].groupby("model", sort=False):
        placed = rows.set_index("sample_id")
        for column, name in (("subtype", f"subtype.{model}"), ("probability", f"subtype.{model}.probability")):
            if name in obs.columns:
                notes.append(f"the {column} by {model} is in tmescope_tables alone: a column of obs is called {name}")
                continue
            obs[name] = placed[column].reindex(obs.index)


def _attach(adata: AnnData, own: Mapping[str, pd.DataFrame], record: RunRecord, *, method: str) -> None:
    scores = own["scores"][own["scores"]["method"] == method]
    used = own["methods"].loc[own["methods"]["name"] == method, "parameters"]
    parameters = json.loads(str(used.iloc[0])) if len(used) else {}  # the consensus of methods is none of them
    provenance = Provenance(method, parameters, record.inputs, record.facts, record.versions)
    attach(adata, Result(scores, provenance))
    wide = adata.obsm[method]
    coverage = scores.pivot(index="sample_id", columns="feature", values="coverage")
    coverage = coverage.reindex(index=wide.index, columns=wide.columns)
    coverage.columns.name = coverage.index.name = None
    adata.obsm[f"{method}_coverage"] = coverage


def _renamed(table: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    names = [str(c) for c in table.columns]
    plain = [n.replace("/", "_") for n in names]
    notes += [f"{old} is called {new} in the file" for old, new in zip(names, plain, strict=True) if old != new]
    twice = _repeated(plain)
    if twice:
        raise StoreError(
            f"several columns would be called {examples(twice)}",
            expected="names that differ in more than a slash",
            next_step="rename a feature or a signature in the study file, and run it again",
        )
    return table.set_axis(plain, axis="columns")


def _repeated(names: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    return [n for n in names if n in seen or seen.add(n)]  # type: ignore[func-returns-value]


def _plain(value: object) -> Any:
    return value if isinstance(value, str | int | float | bool) else json.dumps(value, sort_keys=True)


def _listed(table: pd.DataFrame) -> pd.DataFrame:
    return as_anndata_writes(table.set_axis([str(i) for i in range(len(table))], axis="index"))
