"""Everything that is wrong with a study, at once, before anything is computed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tmescope.bulk.deconvolution import list_deconvolvers
from tmescope.bulk.scoring import list_methods
from tmescope.foundation.errors import (
    IdentifierError,
    ManyProblems,
    MethodError,
    SampleError,
    ScaleError,
    TmescopeError,
    examples,
)
from tmescope.foundation.progress import SILENT, Progress
from tmescope.foundation.result import RunWarning
from tmescope.foundation.scale import Scale
from tmescope.ingest.gene_lengths import final_scale
from tmescope.store.matrices import read_genes
from tmescope.store.tables import read_table
from tmescope.study.carry_references import cutoff_problems
from tmescope.study.cell_questions import cell_problems
from tmescope.study.cell_scales import usable_scale
from tmescope.study.deconvolving import unmatched_model_problems, unmeasured_problems
from tmescope.study.expressing import expression_problems
from tmescope.study.feature_references import feature_problems
from tmescope.study.ingesting import ingest_into
from tmescope.study.loading import load_study
from tmescope.study.model_files import cohort_problems
from tmescope.study.needs import Needs, gather_needs, name_problems, read_universe, without_unknown
from tmescope.study.overlapping import find_shared
from tmescope.study.pacing import pace_of_reading
from tmescope.study.pins import find_pins
from tmescope.study.predicting import predict_problems
from tmescope.study.schema import Study
from tmescope.study.signature_files import describe_files
from tmescope.study.subtype_needs import unfit_problems
from tmescope.study.truths import unmatched_problems
from tmescope.study.visits import visit_problems

if TYPE_CHECKING:
    from tmescope.foundation.method import MethodSpec
    from tmescope.study.schema import Cohort

__all__ = ["CheckOutcome", "check", "cross_problems"]

_ACROSS = "cohorts compared"
_WAYS_OUT = {
    "counts": "supply TPM, or name a table of gene lengths: gene_lengths = FILE turns counts into TPM",
    "cpm": "supply TPM, or name a table of gene lengths: gene_lengths = FILE turns CPM into TPM",
    "fpkm": "supply TPM, or set to_tpm = true, which turns FPKM into TPM",
}


@dataclass(frozen=True)
class CheckOutcome:
    """What `check` found.

    Parameters
    ----------
    problems : tuple of TmescopeError
        Everything that would stop a run.
    warnings : tuple of RunWarning
        Everything that a reader of the report would be told.
    summary : str
        Cohorts with their samples and genes, one line each.
    """

    problems: tuple[TmescopeError, ...]
    warnings: tuple[RunWarning, ...]
    summary: str


def check(study: Study | Path | str, *, facts_home: Path | None = None, progress: Progress = SILENT) -> CheckOutcome:
    """Read a study and all its files and list what is wrong; nothing is kept.

    Parameters
    ----------
    study : Study, path or str
        A study, or its file.
    facts_home : Path, optional
        Folder of installed references; ``~/.local/share/tmescope/facts`` if omitted.
    progress : Progress
        Told of each cohort.

    Returns
    -------
    CheckOutcome
    """
    try:
        loaded = (study if isinstance(study, Study) else load_study(study)).with_facts(facts_home)
    except ManyProblems as many:
        return CheckOutcome(many.problems, (), "")
    except TmescopeError as error:
        return CheckOutcome((error,), (), "")
    if loaded.study.kind == "horizon":
        return _check_horizon(loaded)
    problems = [*name_problems(loaded), *predict_problems(loaded)]
    if problems:
        # files are read all the same, by the names that exist: all problems are listed at once
        loaded = without_unknown(loaded)
    problems += cutoff_problems(loaded)
    problems += find_pins(loaded, facts_home)[1]
    needs = gather_needs(loaded)
    progress.plan(pace_of_reading(loaded) | {_ACROSS: 0.2 * len(loaded.cohorts)})
    with tempfile.TemporaryDirectory(prefix="tmescope-check-") as scratch:
        folders = {}
        for cohort in loaded.cohorts:
            progress.start(f"cohort-{cohort.id}")
            folder = Path(scratch) / cohort.id
            folder.mkdir()
            n_problems = len(problems)
            try:
                ingest_into(folder, loaded, cohort, needs=needs, progress=progress)
                folders[cohort.id] = folder
            except ManyProblems as many:
                problems += many.problems
            except TmescopeError as error:
                problems.append(error)
            progress.finish(f"cohort-{cohort.id}", "read" if len(problems) == n_problems else "failed")
        progress.start(_ACROSS)
        problems += cross_problems(loaded, needs, folders)
        problems += visit_problems(loaded, needs, cohorts=folders, scratch=Path(scratch))
        described = describe_files(needs.files, set(needs.sets()), {c: read_genes(f) for c, f in folders.items()})
        warnings = (*needs.notes, *_warnings(folders), *find_shared(loaded, folders).warnings)
        progress.finish(_ACROSS, "done")
        return CheckOutcome(tuple(problems), warnings, "\n".join([_summary(folders), *described]))


def _check_horizon(study: Study) -> CheckOutcome:
    from tmescope.study.horizon_running import check_horizon

    problems, warnings, summary = check_horizon(study)
    return CheckOutcome(tuple(problems), tuple(warnings), summary)


def cross_problems(study: Study, needs: Needs, folders: Mapping[str, Path]) -> list[TmescopeError]:
    """Return what is wrong between cohorts that are right in themselves.

    Parameters
    ----------
    study : Study
        The study.
    needs : Needs
        Its methods and signatures.
    folders : mapping of str to pathlib.Path
        Folders of the cohorts that could be read.
    """
    cohorts = [c for c in study.cohorts if c.id in folders]
    problems: list[TmescopeError] = []
    for cohort in cohorts:
        problems += _method_problems(study, cohort, needs, folder=folders[cohort.id])
        problems += unmeasured_problems(study, cohort, read_genes(folders[cohort.id]))
        genes_there, scale = read_genes(folders[cohort.id]), _scale(cohort)
        problems += unmatched_model_problems(study, needs, cohort, genes=genes_there, scale=scale)
        samples = read_table(folders[cohort.id] / "samples.parquet", columns=["sample_id"])["sample_id"]
        problems += unmatched_problems(study, cohort, list(samples))
        problems += _patient_problems(study, cohort, folders[cohort.id])
    problems += expression_problems(study, folders)
    problems += feature_problems(study, needs, folders)
    problems += cell_problems(study, folders)
    genes = {cohort: set(read_genes(folder)) for cohort, folder in folders.items()}
    wanted = read_universe(study)
    if wanted is not None:
        problems += _unmeasured(wanted, genes, name=study.profile.gene_universe)
        if not problems and any(spec.ranks_all_genes for spec in needs.specs):
            problems += _without_signatures(wanted, genes, needs, name=study.profile.gene_universe)
    elif study.profile.gene_universe == "common" and len(genes) > 1:
        problems += _nothing_common(genes)
    return problems


def _method_problems(study: Study, cohort: Cohort, needs: Needs, *, folder: Path) -> Iterator[TmescopeError]:
    scale = _scale(cohort)
    unit = scale.unit
    n_samples = len(read_table(folder / "samples.parquet", columns=["sample_id"]))
    yield from cohort_problems(needs.models, cohort.id, genes=read_genes(folder), scale=scale)
    yield from unfit_problems(study, cohort.id, genes=read_genes(folder), scale=scale, n_samples=n_samples)
    computed = [s for s in needs.specs if s.name not in needs.models.models]
    computed += [s for s in needs.deconvolution if s.name not in needs.compositions.models]
    for spec in computed:
        if usable_scale(spec, scale, of_cells=cohort.kind == "cells").unit not in spec.units:
            yield ScaleError(
                f"{spec.name} does not take {unit}",
                where=f"cohort {cohort.id}: scale",
                expected=f"one of: {', '.join(spec.units)}",
                next_step=_WAYS_OUT.get(unit, "supply TPM") + ", or leave the method out",
            )
        if n_samples < spec.min_samples:
            yield MethodError(
                f"{spec.name} needs at least {spec.min_samples} samples; {n_samples} is selected",
                where=f"cohort {cohort.id}",
                next_step=_frozen_way(spec) + "use a method of single samples (ssgsea_raw, quantiseq), or select more",
            )


def _frozen_way(spec: MethodSpec) -> str:
    scoring = {m.spec.name: m for m in list_methods()[0]}
    known = {m.spec.name: m for m in list_deconvolvers()} | scoring
    if spec.name not in known or known[spec.name].fit is None:
        return ""
    group, table = ("score", "profile") if spec.name in scoring else ("deconvolve", "deconvolution")
    return f"fit {spec.name} on a cohort (tmescope {group} fit) and name the model in {table}.models, "


def _scale(cohort: Cohort) -> Scale:
    declared = Scale.parse(cohort.scale)
    return final_scale(declared, has_lengths=cohort.gene_lengths is not None, to_tpm=cohort.to_tpm)


def _patient_problems(study: Study, cohort: Cohort, folder: Path) -> Iterator[TmescopeError]:
    if cohort.select.one_per_patient != "all" or not study.endpoints:
        return
    patients = read_table(folder / "samples.parquet", columns=["patient_id"])["patient_id"]
    repeated = patients[patients.duplicated()].unique()
    if len(repeated):
        yield SampleError(
            f"{len(repeated)} patients have several samples: {examples(repeated)}",
            where=f"cohort {cohort.id}: select.one_per_patient",
            expected="one sample per patient where endpoints are asked: patients, not samples, are the unit",
            next_step='set one_per_patient = "first", or select one timepoint',
        )


def _unmeasured(wanted: tuple[str, ...], genes: Mapping[str, set[str]], *, name: str) -> Iterator[TmescopeError]:
    for cohort, measured in genes.items():
        if measured.isdisjoint(wanted):
            yield IdentifierError(
                f"none of the {len(wanted)} genes of the universe is in the cohort: {examples(wanted)}",
                where=f"cohort {cohort}: profile.gene_universe {name!r}",
                expected=f"gene symbols such as {examples(sorted(measured)[:3])}",
            )


def _without_signatures(
    wanted: tuple[str, ...], genes: Mapping[str, set[str]], needs: Needs, *, name: str
) -> Iterator[TmescopeError]:
    needed = set().union(*needs.sets().values())
    for cohort, measured in genes.items():
        if measured.isdisjoint(needed.intersection(wanted)):
            yield IdentifierError(
                f"none of the {len(needed)} genes of the signatures is in the universe and in the cohort",
                where=f"cohort {cohort}: profile.gene_universe {name!r}",
                expected=f"a universe that holds the signatures' genes, such as {examples(sorted(needed)[:3])}",
                next_step="add them to the file, or use common or own",
            )


def _nothing_common(genes: Mapping[str, set[str]]) -> Iterator[TmescopeError]:
    if not set.intersection(*genes.values()):
        sizes = ", ".join(f"{c} ({len(g)})" for c, g in genes.items())
        first = "; ".join(f"{c}: {examples(sorted(g)[:3])}" for c, g in genes.items())
        yield IdentifierError(
            f"no gene is common to the cohorts {sizes}",
            where="profile.gene_universe",
            expected=f"the same kind of identifiers in all cohorts; they begin {first}",
            next_step='check identifiers and orientation, or set gene_universe = "own"',
        )


def _warnings(folders: Mapping[str, Path]) -> Iterator[RunWarning]:
    for folder in folders.values():
        table = read_table(folder / "warnings.parquet")
        columns = (table[name] for name in ("code", "message", "where", "count"))
        for code, message, where, count in zip(*columns, strict=True):
            yield RunWarning(code, message, where, int(count))


def _summary(folders: Mapping[str, Path]) -> str:
    lines = []
    for cohort, folder in folders.items():
        row = read_table(folder / "cohorts.parquet").iloc[0]
        lines.append(f"  {cohort}: {row['n_selected']} samples of {row['n_patients']} patients, {row['n_genes']} genes")
    return "\n".join(lines)
