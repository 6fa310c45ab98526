"""The step that brings all cohorts' outcomes together into the tables of the run."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from tmescope.foundation.method import resolve_parameters
from tmescope.foundation.provenance import hash_json
from tmescope.foundation.result import RunWarning
from tmescope.store.tables import empty_table, read_table, shape_table, write_csv, write_table
from tmescope.study.carrying import carries
from tmescope.study.cell_tables import CELL_TABLES, cells_builder
from tmescope.study.expressing import EXPRESSION_TABLES, expresses
from tmescope.study.ledger import Step
from tmescope.study.material import Material
from tmescope.study.modelling import MODEL_TABLES
from tmescope.study.notices import warning_table
from tmescope.study.questioning import pools
from tmescope.study.remark import remark_decisions, remark_table
from tmescope.study.stacked_tables import stack_tables
from tmescope.study.subtype_needs import subtype_methods
from tmescope.study.tripod import tripod_table

if TYPE_CHECKING:
    from tmescope.study.context import Context

__all__ = ["table_step"]


def table_step(context: Context) -> Step:
    """Return the step that writes ``tables/``."""
    study = context.study
    ingredients = {
        "step": "tables",
        "release": context.release,
        "outcomes": context.outcomes,
        "csv": study.output.csv,
        "methods": study.profile.methods,
        "models": context.needs.models.hashes,
        "parameters": study.profile.parameters,
        "deconvolution": study.deconvolution.model_dump(mode="json"),
        "subtypes": context.needs.subtypes.hashes,
        "facts": context.needs.facts,
        "files": dict(context.needs.files.hashes),
        "notes": hash_json([asdict(note) for note in context.needs.notes]),
        "remark": remark_decisions(study),
    }

    def make(folder: Path) -> None:
        context.progress.start("tables are written", len(_BUILDERS), unit="tables")
        for name, build in _BUILDERS.items():
            table = shape_table(name, build(context))
            write_table(table, folder / f"{name}.parquet")
            if study.output.csv:
                write_csv(table, folder / f"{name}.csv")
            context.progress.advance("tables are written")
        context.progress.finish("tables are written")

    return Step("tables", ingredients, make, public=True)


def _stacked(name: str, prefix: str) -> Callable[[Context], pd.DataFrame]:
    def build(context: Context) -> pd.DataFrame:
        parts = [
            read_table(context.ledger.folder(f"{prefix}-{c.id}") / f"{name}.parquet") for c in context.study.cohorts
        ]
        return stack_tables(name, parts)

    return build


def _warnings(context: Context) -> pd.DataFrame:
    folders = [context.ledger.folder(f"cohort-{c.id}") for c in context.study.cohorts]
    folders += [context.ledger.folder(name) for name in ("overlaps", "universe")]
    composed = ["fractions"] if context.composes else []
    placed = ["subtypes"] if context.needs.subtypes.asked else []
    for prefix in ("profile", *composed, *placed, "answers"):
        folders += [context.ledger.folder(f"{prefix}-{c.id}") for c in context.study.cohorts]
    if expresses(context.study):
        folders += [context.ledger.folder(f"expression-{c.id}") for c in context.study.cohorts]
    folders += [context.ledger.folder("carried")] if carries(context) else []
    folders += [context.ledger.folder("pooled")] if pools(context) else []
    folders += [*(context.ledger.folder(f"model-{m.id}") for m in context.study.model), *_predicted(context)]
    parts = [read_table(f / "warnings.parquet") for f in folders]
    missing = [
        RunWarning("study.no_licence", "no licence or consent note is recorded for this cohort", c.id)
        for c in context.study.cohorts
        if not c.licence
    ]
    filled = [p for p in [warning_table(context.needs.notes), *parts, warning_table(missing)] if len(p)]
    return pd.concat(filled, ignore_index=True) if filled else empty_table("warnings")


def _quality(context: Context) -> pd.DataFrame:
    shared = read_table(context.ledger.folder("overlaps") / "quality.parquet")
    table = pd.concat([_stacked("quality", "cohort")(context), shared], ignore_index=True)
    place = {c.id: i for i, c in enumerate(context.study.cohorts)}
    return table.sort_values("cohort_id", key=lambda ids: ids.map(place), kind="stable")


def _methods(context: Context) -> pd.DataFrame:
    rows = []
    for spec in (*context.needs.specs, *context.needs.deconvolution):
        model = context.needs.models.models.get(spec.name) or context.needs.compositions.models.get(spec.name)
        asked = {**context.study.profile.parameters, **context.study.deconvolution.parameters}
        given = dict(model.parameters if model else asked.get(spec.name, {}))
        parameters = {k: v for k, v in resolve_parameters(spec, given).items() if k != "threads"}
        rows.append(
            {
                "name": spec.name,
                "summary": spec.summary,
                "unit": spec.unit,
                "scope": spec.scope,
                "reference": spec.reference,
                "licence": spec.licence,
                "commercial_use": spec.commercial_use,
                "higher_means": spec.higher_means,
                "ties": spec.ties,
                "parameters": json.dumps(parameters, sort_keys=True),
            }
        )
    rows += subtype_methods(context.needs.subtypes)
    return pd.DataFrame(rows) if rows else empty_table("methods")


def _signatures(context: Context) -> pd.DataFrame:
    rows = [
        {
            "name": s.name,
            "title": s.title,
            "category": s.category,
            "n_genes": len(s.genes),
            "reference": s.reference,
            "citation": s.citation,
            "licence": s.licence,
            "limits": s.limits,
            "version": s.version,
            "sha256": s.sha256,
        }
        # a signature that is also a population of a method's own stands once
        for s in {s.name: s for s in (*context.needs.signatures, *context.needs.collections)}.values()
    ]
    rows += [
        {
            "name": name,
            "title": name,
            "category": "own",
            "n_genes": len(set(genes)),
            "reference": "",
            "citation": "defined in the study file",
            "licence": "",
            "limits": "",
            "version": "",
            "sha256": context.needs.facts[name],
        }
        for name, genes in context.needs.own.items()
    ]
    listed = {row["name"] for row in rows}
    rows += [_of_model(name, genes) for name, genes in context.needs.models.sets.items() if name not in listed]
    return pd.DataFrame(rows) if rows else empty_table("signatures")


def _remark(context: Context) -> pd.DataFrame:
    names = (
        "cohorts", "samples", "scores", "answers", "pooled", "cuts", "curves", "incidence", "screens", "expression_fits"
    )  # fmt: skip
    tables = {name: _BUILDERS[name](context) for name in names}
    return remark_table(Material(context.study, context.needs, tables, {}))


def _tripod(context: Context) -> pd.DataFrame:
    if not context.study.model:
        return empty_table("tripod")
    names = ("predictions", "model_performance", "model_coefficients")
    return tripod_table(context.study, {name: _BUILDERS[name](context) for name in names})


def _of_model(name: str, genes: tuple[str, ...]) -> dict[str, object]:
    return {
        "name": name,
        "title": name,
        "category": "own",
        "n_genes": len(set(genes)),
        "reference": "",
        "citation": "defined in the model that is applied",
        "licence": "",
        "limits": "",
        "version": "",
        "sha256": hash_json(sorted(set(genes))),
    }


def _composed(name: str) -> Callable[[Context], pd.DataFrame]:
    def build(context: Context) -> pd.DataFrame:
        return _stacked(name, "fractions")(context) if context.composes else empty_table(name)

    return build


def _placed(name: str) -> Callable[[Context], pd.DataFrame]:
    def build(context: Context) -> pd.DataFrame:
        return _stacked(name, "subtypes")(context) if context.needs.subtypes.asked else empty_table(name)

    return build


def _answers(context: Context) -> pd.DataFrame:
    found = _stacked("answers", "answers")(context)
    carried = read_table(context.ledger.folder("carried") / "answers.parquet") if carries(context) else found.iloc[:0]
    filled = [t for t in (found, carried) if len(t)]
    return pd.concat(filled, ignore_index=True) if filled else found


def _pooled(name: str) -> Callable[[Context], pd.DataFrame]:
    def build(context: Context) -> pd.DataFrame:
        return read_table(context.ledger.folder("pooled") / f"{name}.parquet") if pools(context) else empty_table(name)

    return build


def _expressed(name: str) -> Callable[[Context], pd.DataFrame]:
    def build(context: Context) -> pd.DataFrame:
        return _stacked(name, "expression")(context) if expresses(context.study) else empty_table(name)

    return build


def _predicted(context: Context) -> list[Path]:
    cohorts = context.study.cohorts if context.study.predict else []
    return [context.ledger.folder(f"predicted-{c.id}") for c in cohorts]


def _modelled(name: str) -> Callable[[Context], pd.DataFrame]:
    def build(context: Context) -> pd.DataFrame:
        folders = [context.ledger.folder(f"model-{m.id}") for m in context.study.model]
        folders += _predicted(context) if name == "predictions" else []
        filled = [t for t in (read_table(f / f"{name}.parquet") for f in folders) if len(t)]
        return pd.concat(filled, ignore_index=True) if filled else empty_table(name)

    return build


_BUILDERS: dict[str, Callable[[Context], pd.DataFrame]] = {
    "cohorts": _stacked("cohorts", "cohort"),
    "samples": _stacked("samples", "cohort"),
    "scores": _stacked("scores", "profile"),
    "fractions": _composed("fractions"),
    "agreement": _composed("agreement"),
    "accuracy": _composed("accuracy"),
    "subtypes": _placed("subtypes"),
    "subtype_models": _placed("subtype_models"),
    "leading_edge": _stacked("leading_edge", "profile"),
    "features": _stacked("features", "cohort"),
    **{name: cells_builder(name) for name in CELL_TABLES},
    "answers": _answers,
    "pooled": _pooled("pooled"),
    "leave_one_out": _pooled("leave_one_out"),
    "meta_regression": _pooled("meta_regression"),
    "moderators": _pooled("moderators"),
    "screens": _stacked("screens", "answers"),
    "screens_pooled": _pooled("screens_pooled"),
    **{name: _modelled(name) for name in MODEL_TABLES},
    "curves": _stacked("curves", "answers"),
    "cuts": _stacked("cuts", "answers"),
    "visits": _stacked("visits", "answers"),
    "incidence": _stacked("incidence", "answers"),
    **{name: _expressed(name) for name in EXPRESSION_TABLES},
    "quality": _quality,
    "sample_flags": _stacked("sample_flags", "cohort"),
    "overlaps": lambda context: read_table(context.ledger.folder("overlaps") / "overlaps.parquet"),
    "gene_mapping": _stacked("gene_mapping", "cohort"),
    "warnings": _warnings,
    "methods": _methods,
    "signatures": _signatures,
    "tripod": _tripod,
    "remark": _remark,
}
