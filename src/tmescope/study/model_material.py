"""What the cohorts of a study bring to a model: predictors by their names, patients by their outcome."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tmescope.associate.features import TABLE
from tmescope.associate.prediction_data import PredictionData, Predictor
from tmescope.foundation.errors import EndpointError, UnknownNameError
from tmescope.foundation.result import RunWarning
from tmescope.store.tables import read_table
from tmescope.study.answering import asked_methods
from tmescope.study.common_expression import read_log2_genes
from tmescope.study.question_material import GENE
from tmescope.study.question_references import SAMPLE_COLUMNS
from tmescope.study.schema import ResponseEndpoint
from tmescope.study.shared_patients import count_patients_once, people_of
from tmescope.study.subtyping import subtype_features

if TYPE_CHECKING:
    from tmescope.study.context import Context
    from tmescope.study.schema import Cohort
    from tmescope.study.schema_models import PredictionModel

__all__ = [
    "CohortValues",
    "ModelMaterial",
    "cohort_values",
    "gather_model_material",
    "model_cohorts",
    "named_predictors",
]


@dataclass(frozen=True)
class CohortValues:
    """Everything that one cohort measured which a model may use.

    Parameters
    ----------
    predictors : tuple of Predictor
        In order: scores by method, features of tables, columns of the sample table, genes.
    values : pandas.DataFrame
        Index sample_id, one column a predictor, named by its key.
    samples : pandas.DataFrame
        The table ``samples``, index sample_id.
    """

    predictors: tuple[Predictor, ...]
    values: pd.DataFrame
    samples: pd.DataFrame


@dataclass(frozen=True)
class ModelMaterial:
    """What a model is learnt from.

    Parameters
    ----------
    data : PredictionData
        Patients with a known outcome.
    predictors : tuple of str
        Keys of the model's own predictors.
    baselines : dict of str to tuple of str
        Keys of those of its baselines, by name.
    n_without : dict of str to int
        Samples without the outcome, by cohort.
    n_elsewhere : dict of str to int
        Samples left out because an earlier cohort has the patient.
    warnings : tuple of RunWarning
        Predictors that some cohorts do not have.
    """

    data: PredictionData
    predictors: tuple[str, ...]
    baselines: dict[str, tuple[str, ...]]
    n_without: dict[str, int]
    n_elsewhere: dict[str, int]
    warnings: tuple[RunWarning, ...]


def model_cohorts(context: Context, model: PredictionModel) -> list[Cohort]:
    """Return the cohorts that a model is learnt from.

    Parameters
    ----------
    context : Context
        The run.
    model : PredictionModel
        Which.
    """
    endpoint = context.study.endpoints[model.endpoint]
    named = model.cohorts
    return [
        c for c in context.study.cohorts if (named is None or c.id in named) and endpoint.rule_for(c.id) is not None
    ]


def gather_model_material(context: Context, model: PredictionModel) -> ModelMaterial:
    """Bring predictors and outcomes of all cohorts of a model together.

    Parameters
    ----------
    context : Context
        The run; cohorts are read and profiled, overlaps are known.
    model : PredictionModel
        Which.

    Raises
    ------
    UnknownNameError
        If no cohort has a feature or gene that the model or a baseline names.
    EndpointError
        If no sample has a known outcome.
    """
    cohorts = model_cohorts(context, model)
    methods = model.methods if model.methods is not None else asked_methods(context)
    found = {c.id: cohort_values(context, c.id, methods=_all_methods(context, model, methods), genes=model.genes)
             for c in cohorts}  # fmt: skip
    known = {p.key: p for values in found.values() for p in values.predictors}
    own = _own(model, tuple(known.values()), methods)
    baselines = {
        b.name: _chosen(b.features, tuple(known.values()), f"model {model.id}: {b.name}") for b in model.baselines
    }
    keys = dict.fromkeys([*own, *(k for keys in baselines.values() for k in keys)])
    predictors = tuple(known[k] for k in keys)
    overlaps = read_table(context.ledger.folder("overlaps") / "overlaps.parquet")
    usable = {c.id: _known(context, model, found[c.id].samples) for c in cohorts}
    elsewhere = count_patients_once(overlaps, {c.id: people_of(context, c.id) for c in cohorts}, usable=usable)
    parts = [
        _patients(context, model, cohort_id=c.id, found=found[c.id], plan=_Taken(predictors, elsewhere.get(c.id, ())))
        for c in cohorts
    ]
    filled = [p for p in parts if p.n]
    if not filled:
        raise EndpointError(f"no sample has a known {model.endpoint}", where=f"model {model.id}")
    data = _joined(filled, predictors)
    return ModelMaterial(
        data,
        own,
        baselines,
        {c.id: p.n_without for c, p in zip(cohorts, parts, strict=True)},
        {c.id: p.n_elsewhere for c, p in zip(cohorts, parts, strict=True)},
        tuple(_warnings(data, model)),
    )


def cohort_values(context: Context, cohort_id: str, *, methods: Sequence[str], genes: Sequence[str]) -> CohortValues:
    """Return everything that one cohort measured which a model may use.

    Parameters
    ----------
    context : Context
        The run.
    cohort_id : str
        Which cohort.
    methods : sequence of str
        Methods whose scores are wanted.
    genes : sequence of str
        Genes that are wanted; those that the cohort did not measure are left out.
    """
    home = context.ledger.folder(f"cohort-{cohort_id}")
    samples = read_table(home / "samples.parquet").set_index("sample_id")
    columns: dict[str, pd.Series] = {}
    predictors: list[Predictor] = []
    for predictor, series in (
        *_scores(context, cohort_id, methods),
        *_tables(subtype_features(context, cohort_id, read_table(home / "features.parquet"))),
        *_sample_columns(samples),
    ):
        predictors.append(predictor)
        columns[predictor.key] = series.reindex(samples.index)
    expression = read_log2_genes(home, genes) if genes else pd.DataFrame()
    for gene in expression.columns:
        predictors.append(Predictor(name=str(gene), source=GENE, unit="log2 expression"))
        columns[predictors[-1].key] = expression[gene].reindex(samples.index)
    return CohortValues(tuple(predictors), pd.DataFrame(columns, index=samples.index), samples)


def named_predictors(names: Sequence[str], predictors: Sequence[Predictor]) -> tuple[list[str], list[str]]:
    """Return the keys that NAME or METHOD:NAME mean, and the names that mean nothing.

    Parameters
    ----------
    names : sequence of str
        As a study file has them.
    predictors : sequence of Predictor
        What there is.
    """
    keys: dict[str, None] = {}
    absent = []
    for name in names:
        called = [p.key for p in predictors if name in {p.name, p.key}]
        keys |= dict.fromkeys(called)
        absent += [] if called else [name]
    return list(keys), absent


def _all_methods(context: Context, model: PredictionModel, methods: Sequence[str]) -> list[str]:
    """Return the methods of the model, and those that it or a baseline names in METHOD:NAME."""
    known = [spec.name for spec in (*context.needs.specs, *context.needs.deconvolution)]
    named = [n.split(":", 1)[0] for b in model.baselines for n in b.features if ":" in n]
    named += [n.split(":", 1)[0] for n in model.features or [] if ":" in n]
    return list(dict.fromkeys([*methods, *(m for m in named if m in known)]))


def _own(model: PredictionModel, known: Sequence[Predictor], methods: Sequence[str]) -> tuple[str, ...]:
    where = f"model {model.id}"
    genes = tuple(p.key for p in known if p.source == GENE)
    if absent := [g for g in model.genes if f"{GENE}:{g}" not in genes]:
        raise UnknownNameError.of(
            "gene", absent[0], [p.name for p in known if p.source == GENE], where=f"{where}: genes"
        )
    if model.features is not None:
        return (*_chosen(model.features, known, f"{where}: features"), *genes) if model.features else genes
    usual = [p.key for p in known if p.source in methods or (p.source == TABLE and p.name not in SAMPLE_COLUMNS)]
    return (*usual, *genes)


def _chosen(names: Sequence[str], known: Sequence[Predictor], where: str) -> tuple[str, ...]:
    keys, absent = named_predictors(names, known)
    if absent:
        raise UnknownNameError.of("feature", absent[0], dict.fromkeys([p.key for p in known]), where=where)
    return tuple(keys)


def _scores(context: Context, cohort_id: str, methods: Sequence[str]) -> Iterator[tuple[Predictor, pd.Series]]:
    tables = [read_table(context.ledger.folder(f"profile-{cohort_id}") / "scores.parquet")]
    if context.composes:
        tables.append(read_table(context.ledger.folder(f"fractions-{cohort_id}") / "fractions.parquet"))
    specs = {s.name: s for s in (*context.needs.specs, *context.needs.deconvolution)}
    facts = context.needs.facts
    genes = context.needs.sets() | context.needs.models.sets | {s.name: s.genes for s in context.needs.collections}
    for method in methods:
        for table in tables:
            rows = table[table["method"] == method]
            for name, part in rows.groupby("feature", sort=False):
                scope = specs[method].scope if method in specs else "sample"
                yield (
                    Predictor(
                        name=str(name), source=method, unit=str(part["unit"].iloc[0]), scope=scope,
                        sha256=facts.get(str(name), ""), genes=tuple(genes.get(str(name), ())),
                    ),
                    part.set_index("sample_id")["value"],
                )  # fmt: skip


def _tables(extra: pd.DataFrame) -> Iterator[tuple[Predictor, pd.Series]]:
    for name, part in extra.groupby("feature", sort=False):
        numeric = bool((part["kind"] == "numeric").all())
        predictor = Predictor(name=str(name), source=TABLE, kind="numeric" if numeric else "categorical",
                              unit=str(part["unit"].iloc[0]) if pd.notna(part["unit"].iloc[0]) else "")  # fmt: skip
        yield predictor, part.set_index("sample_id")["value" if numeric else "category"]


def _sample_columns(samples: pd.DataFrame) -> Iterator[tuple[Predictor, pd.Series]]:
    for name in SAMPLE_COLUMNS:
        if samples[name].notna().any():
            kind = "numeric" if name == "age_years" else "categorical"
            unit = "years" if name == "age_years" else ""
            yield Predictor(name=name, source=TABLE, kind=kind, unit=unit), samples[name]  # type: ignore[arg-type]


@dataclass(frozen=True)
class _Taken:
    """Predictors that are taken of a cohort, and samples that are not: another cohort has the patient."""

    predictors: tuple[Predictor, ...]
    elsewhere: Sequence[str]


@dataclass(frozen=True)
class _Patients:
    """Rows of one cohort with a known outcome."""

    values: pd.DataFrame
    cohort: str
    patients: list[str]
    happened: list[float]
    time: list[float] | None
    n_without: int
    n_elsewhere: int

    @property
    def n(self) -> int:
        return len(self.values)


def _outcome(
    context: Context, model: PredictionModel, samples: pd.DataFrame
) -> tuple[pd.Series[float], pd.Series[float] | None]:
    """Return what happened (1 or 0), and when for a time to event; NaN where it is not known."""
    name = model.endpoint
    if isinstance(context.study.endpoints[name], ResponseEndpoint):
        return samples[name].map({"responder": 1.0, "non_responder": 0.0}).astype("float64"), None
    months = samples[f"{name}_time_months"].astype("Float64").astype("float64")
    happened = samples[f"{name}_event"].astype("Float64").astype("float64")
    return happened.where(months.notna()), months


def _known(context: Context, model: PredictionModel, samples: pd.DataFrame) -> list[str]:
    happened = _outcome(context, model, samples)[0]
    return [str(s) for s in samples.index[happened.notna()]]


def _patients(
    context: Context, model: PredictionModel, *, cohort_id: str, found: CohortValues, plan: _Taken
) -> _Patients:
    kept = found.samples[~found.samples.index.isin(list(plan.elsewhere))]
    happened, months = _outcome(context, model, kept)
    known = happened.notna()
    time = None if months is None else [float(v) for v in months[known]]
    ids = kept.index[known]
    patient = kept["patient_id"][known]
    values = found.values.reindex(index=ids, columns=[p.key for p in plan.predictors])
    for predictor in plan.predictors:
        column = values[predictor.key]
        values[predictor.key] = column.astype("float64") if predictor.kind == "numeric" else column.astype(object)
    return _Patients(values, cohort_id, [f"{cohort_id}:{p if isinstance(p, str) else s}" for s, p in
                                         zip(ids, patient, strict=True)],
                     [float(v) for v in happened[known]], time, int((~known).sum()),
                     len(found.samples) - len(kept))  # fmt: skip


def _joined(parts: Sequence[_Patients], predictors: tuple[Predictor, ...]) -> PredictionData:
    time = [t for p in parts for t in p.time or ()]
    return PredictionData(
        predictors=predictors,
        values=pd.concat([p.values for p in parts], ignore_index=True),
        cohorts=np.array([p.cohort for p in parts for _ in range(p.n)], dtype=np.str_),
        samples=np.array([s for p in parts for s in p.values.index], dtype=np.str_),
        patients=np.array([s for p in parts for s in p.patients], dtype=np.str_),
        happened=np.array([v for p in parts for v in p.happened], dtype=np.float64),
        time=np.array(time, dtype=np.float64) if parts[0].time is not None else None,
    )


def _warnings(data: PredictionData, model: PredictionModel) -> Iterator[RunWarning]:
    absent: dict[tuple[str, ...], list[str]] = {}
    for predictor in data.predictors:
        known = data.values[predictor.key].notna().to_numpy(dtype=bool)
        cohorts = tuple(c for c in data.cohort_ids if not known[data.cohorts == c].any())
        if cohorts:
            absent.setdefault(cohorts, []).append(predictor.name)
    for cohorts, names in absent.items():
        message = f"{len(names)} predictors are not recorded in {', '.join(cohorts)}"
        yield RunWarning("model.not_recorded", message, f"model {model.id}", len(names), tuple(names[:3]))
