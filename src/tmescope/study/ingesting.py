"""The step that reads one cohort: what the study file says about it, put in the words of `ingest`."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tmescope.foundation.errors import FileFormatError, TmescopeError, examples
from tmescope.foundation.progress import SILENT, Progress
from tmescope.foundation.provenance import hash_json
from tmescope.ingest.cbioportal_folder import hash_input
from tmescope.ingest.cohort import IngestedCohort, read_cohort
from tmescope.ingest.endpoint_rules import EndpointRule, OrdinalRule, ResponseRule, TimeToEventRule
from tmescope.ingest.features import FeatureColumn, FeatureSource
from tmescope.store.matrices import write_cohort_folder
from tmescope.store.tables import shape_table, write_table
from tmescope.study import schema
from tmescope.study.counted_atlas import CELLS, count_into, pseudobulk_matrix
from tmescope.study.gene_tables import table_hash
from tmescope.study.inputs import cohort_inputs, cohort_options, to_dialect
from tmescope.study.ledger import Step
from tmescope.study.notices import warning_table

if TYPE_CHECKING:
    from tmescope.study.context import Context
    from tmescope.study.needs import Needs
    from tmescope.study.schema import Cohort, Study

__all__ = ["cohort_step", "ingest_into"]

_RULE = 4
"""Raised where the same files and settings are read otherwise, so that what was read before is read again."""


def cohort_step(context: Context, cohort: Cohort) -> Step:
    """Return the step that reads one cohort."""
    study = context.study
    inputs = {" ".join(name).strip(): path for name, path in cohort_inputs(study, cohort).items()}
    stamps = {name: _stamp(path) for name, path in inputs.items()}
    ingredients: dict[str, Any] = {
        "step": "cohort",
        "rule": _RULE,
        "release": context.release,
        "cohort": cohort.model_dump(mode="json"),
        "files": {name: _hash(path) for name, path in inputs.items()},
        "endpoints": {n: _decisions(e, r) for n, e in study.endpoints.items() if (r := e.rule_for(cohort.id))},
        "map_symbols": study.profile.map_symbols,
        "gene_table": table_hash(study),
        "max_unmapped": study.profile.max_unmapped,
        "needed": hash_json(context.needs.genes),
        "atlas": context.outcomes.get(f"atlas-{cohort.id}"),
    }

    def make(folder: Path) -> None:
        name = f"atlas-{cohort.id}"
        counted = context.ledger.folder(name) if name in context.outcomes else context.failed.get(name)
        ingest_into(folder, study, cohort, needs=context.needs, progress=context.progress, counted=counted)
        _refuse_changed(inputs, stamps)

    return Step(f"cohort-{cohort.id}", ingredients, make)


def _decisions(endpoint: schema.Endpoint, rule: schema.Rule) -> dict[str, Any]:
    # what is said about other cohorts does not make this one new
    told = rule.model_dump(mode="json", exclude={"label", "not_in", "cohorts"})
    return told | ({"levels": endpoint.levels} if isinstance(endpoint, schema.OrdinalEndpoint) else {})


def _refuse_changed(inputs: dict[str, Path], stamps: dict[str, tuple[int, int, int] | None]) -> None:
    changed = [name for name, path in inputs.items() if _stamp(path) != stamps[name]]
    if changed:
        raise FileFormatError(
            f"the file changed while it was read: {examples(changed)}",
            where=str(inputs[changed[0]]),
            expected="files that nobody writes during a run: what is recorded of them would not be what was read",
            next_step="wait until it is written, and run again",
        )


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _hash(path: Path) -> str | None:
    try:
        return hash_input(path) if path.is_file() or path.is_dir() else None  # a pipe or a device might never end
    except (OSError, TmescopeError):  # reading it says what is wrong
        return None


def ingest_into(
    folder: Path,
    study: Study,
    cohort: Cohort,
    *,
    needs: Needs,
    progress: Progress = SILENT,
    counted: Path | TmescopeError | None = None,
) -> None:
    """Read a cohort and write its matrix and tables into an empty folder.

    Parameters
    ----------
    folder : pathlib.Path
        Gets the cohort and the tables cohorts, samples, features, gene_mapping, quality, sample_flags and warnings.
    study : Study
        Endpoints, limits and where paths start.
    cohort : Cohort
        Which one.
    needs : Needs
        Genes that the profile needs.
    progress : Progress
        Told of the reading of the matrix.
    counted : pathlib.Path or TmescopeError, optional
        For a cohort of cells: folder of its step that added them up, or why that failed; they are added up here if
        omitted.

    Raises
    ------
    TmescopeError
        Whatever is wrong with its files; `ManyProblems` where it is several things.
    """
    with ExitStack() as stack:
        if cohort.kind == "cells" and counted is None:
            counted = _count_apart(stack, study, cohort, progress=progress)
        found = _read(study, cohort, needs=needs, progress=progress, counted=counted)
        if isinstance(counted, Path):
            shutil.copyfile(counted / CELLS, folder / CELLS)
    write_cohort_folder(found.adata, folder)
    samples = found.adata.obs.copy()
    samples.insert(1, "sample_id", samples.index)
    tables = {
        "cohorts": found.counts,
        "samples": samples,
        "features": found.features,
        "gene_mapping": found.gene_mapping,
        "quality": found.quality,
        "sample_flags": found.sample_flags,
        "warnings": warning_table(found.warnings),
    }
    for name, table in tables.items():
        write_table(shape_table(name, table), folder / f"{name}.parquet")


def _count_apart(stack: ExitStack, study: Study, cohort: Cohort, *, progress: Progress) -> Path | TmescopeError:
    scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tmescope-cells-")))
    try:
        count_into(scratch, study, cohort, progress=progress)
    except TmescopeError as error:
        return error
    return scratch


def _read(
    study: Study, cohort: Cohort, *, needs: Needs, progress: Progress, counted: Path | TmescopeError | None
) -> IngestedCohort:
    path = study.resolve(cohort.expression)
    rules = {name: (e, e.rule_for(cohort.id)) for name, e in study.endpoints.items()}
    return read_cohort(
        path if counted is None else pseudobulk_matrix(study, cohort, counted),
        study.resolve(cohort.samples) if cohort.samples else None,
        options=replace(cohort_options(study, cohort), progress=progress),
        endpoints={name: _rule(endpoint, rule) for name, (endpoint, rule) in rules.items() if rule is not None},
        features=[_source(study, table) for table in cohort.features],
        needed_genes=needs.genes,
        map_symbols=study.profile.map_symbols,
    )


def _rule(endpoint: schema.Endpoint, rule: schema.Rule) -> EndpointRule:
    missing = tuple(rule.missing)
    if isinstance(rule, schema.ResponseRule):
        return ResponseRule(
            column=rule.column,
            responder=tuple(rule.responder),
            non_responder=tuple(rule.non_responder),
            kind=rule.rule,
            missing=missing,
        )
    if isinstance(rule, schema.OrdinalRule):
        levels = endpoint.groups(rule) if isinstance(endpoint, schema.OrdinalEndpoint) else {}
        return OrdinalRule(rule.column, levels, rule.rule, missing)
    return TimeToEventRule(
        time=rule.time,
        event=rule.event,
        unit=rule.unit,
        event_values=tuple(rule.event_values),
        censored_values=tuple(rule.censored_values),
        missing=missing,
        competing={name: tuple(values) for name, values in rule.competing.items()},
    )


def _source(study: Study, table: schema.FeatureTable) -> FeatureSource:
    numeric = {n: FeatureColumn(c.column, "numeric", c.unit, tuple(c.missing)) for n, c in table.numeric.items()}
    groups = {n: FeatureColumn(c.column, "categorical", c.unit, tuple(c.missing)) for n, c in table.categorical.items()}
    return FeatureSource(
        columns=numeric | groups,
        path=study.resolve(table.file) if table.file else None,
        id_column=table.id_column,
        joins=table.joins,
        dialect=to_dialect(table.dialect),
    )
