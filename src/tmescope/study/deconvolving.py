"""The step that estimates the composition of every sample of a cohort, and what can be wrong with asking for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pandas as pd

from tmescope.bulk.accuracy import find_accuracy
from tmescope.bulk.consensus import ConsensusRule, family_of, find_consensus, load_rule
from tmescope.bulk.deconvolution import (
    DeconvolveOptions,
    deconvolve,
    find_reference_of,
    list_deconvolvers,
    match_genes,
)
from tmescope.bulk.frozen_deconvolution import apply_deconvolution
from tmescope.bulk.reference_folders import load_reference
from tmescope.facts.installed import facts_folder
from tmescope.facts.loading import find_installed
from tmescope.facts.remembered import Remembered
from tmescope.foundation.errors import FactsError, MissingFileError, StudyFileError, TmescopeError
from tmescope.foundation.method import find_method, resolve_parameters
from tmescope.foundation.provenance import hash_file, hash_json
from tmescope.foundation.result import RunWarning
from tmescope.store.matrices import read_cohort_folder
from tmescope.store.tables import empty_table, shape_table, write_table
from tmescope.study.cell_features import count_fractions
from tmescope.study.cell_scales import scaled_for
from tmescope.study.deconvolution_models import misfit_problems
from tmescope.study.gene_tables import choose_genes, table_hash
from tmescope.study.ledger import Step
from tmescope.study.notices import warning_table
from tmescope.study.pins import pin_hashes
from tmescope.study.truths import truth_of, warn_of_unknown

if TYPE_CHECKING:
    from tmescope.bulk.references import SignatureReference
    from tmescope.foundation.method import MethodSpec
    from tmescope.foundation.scale import Scale
    from tmescope.study.context import Context
    from tmescope.study.needs import Needs
    from tmescope.study.schema import Cohort, Study

__all__ = [
    "deconvolution_problems",
    "deconvolution_specs",
    "deconvolve_options",
    "deconvolve_step",
    "pin_only_versions",
    "unmatched_model_problems",
    "unmeasured_problems",
]

_TASK = "fractions"
_KEPT = Remembered(most=2, most_bytes=64 << 20)
"""References of one's own by the hashes of their files: methods and cohorts share them."""


def deconvolution_specs(study: Study) -> tuple[MethodSpec, ...]:
    """Return the deconvolution methods that a study asks for, in its order; unknown names are left out."""
    known = {m.spec.name: m.spec for m in list_deconvolvers()}
    return tuple(known[name] for name in study.deconvolution.methods if name in known)


def deconvolution_problems(study: Study) -> Iterator[TmescopeError]:
    """Yield one error for each method, parameter, reference or pin of ``[deconvolution]`` that is wrong.

    Parameters
    ----------
    study : Study
        The study.
    """
    asked = study.deconvolution
    for name in asked.methods:
        try:
            spec = find_method(name, list_deconvolvers(), where="deconvolution.methods").spec
            resolve_parameters(spec, dict(asked.parameters.get(name, {})))
        except TmescopeError as error:
            error.where = error.where or f"deconvolution.parameters.{name}"
            yield error
            continue
        yield from _unnamed_problems(spec, asked.parameters.get(name, {}))
        if name in study.profile.methods:
            yield StudyFileError(
                f"{name!r} stands in profile.methods and in deconvolution.methods",
                where="deconvolution.methods",
                expected="each method in one of them",
            )
        if spec.installed and spec.installed not in study.facts:
            yield StudyFileError(
                f"{name} stands on the reference {spec.installed}, and the study does not say which version",
                where="facts",
                expected=f'[facts] with {spec.installed} = "VERSION"',
                next_step="tmescope facts list shows what is installed; tmescope facts fetch or add installs it",
            )
        if spec.own_reference and asked.reference is None:
            yield StudyFileError(
                f"{name} takes profiles of cell types of your own, and the study names none",
                where="deconvolution.reference",
                next_step="build them: tmescope reference build cells.h5ad --labels COLUMN -o REF",
            )
    yield from _reference_problems(study)
    for name in asked.parameters:
        if name not in asked.methods:
            yield StudyFileError(
                f"{name!r} has parameters and is not among the methods",
                where="deconvolution.parameters",
                expected=f"one of: {', '.join(asked.methods)}",
            )


def _reference_problems(study: Study) -> Iterator[TmescopeError]:
    """Yield what is wrong with the reference of one's own: once, whatever the number of methods and cohorts."""
    named = study.deconvolution.reference
    if named is None:
        return
    if not study.resolve(named).exists():
        yield MissingFileError(f"there is no {named!r}", where="deconvolution.reference")
        return
    try:
        _read_reference(study, named)
    except TmescopeError as error:
        error.where = f"deconvolution.reference: {error.where or named}"
        yield error


def _unnamed_problems(spec: MethodSpec, given: Mapping[str, object]) -> Iterator[TmescopeError]:
    for one in spec.parameters:
        if one.is_required and given.get(one.name, one.default) == one.default:
            yield StudyFileError(
                f"{spec.name} must be told {one.name}, and the study does not name it",
                where=f"deconvolution.parameters.{spec.name}",
                expected=one.summary,
                next_step=f'write {one.name} = "VALUE" there (tmescope deconvolve: -p {spec.name}.{one.name}=VALUE); '
                "it is not guessed from what the cohorts say of themselves",
            )


def unmeasured_problems(study: Study, cohort: Cohort, genes: list[str]) -> Iterator[TmescopeError]:
    """Yield an error for each method whose reference a cohort has too few genes of.

    Parameters
    ----------
    study : Study
        Without `deconvolution_problems`, its pins installed.
    cohort : Cohort
        Which.
    genes : list of str
        Its approved symbols.
    """
    for name in study.deconvolution.methods:
        method = find_method(name, list_deconvolvers())
        if method.vocabulary is None:
            continue
        options = deconvolve_options(study, method.spec)
        try:
            reference = find_reference_of(method, _own_reference(study, method.spec), options)
            matched = match_genes(method, genes, reference, options=options)
            matched.refuse_few(method.spec, options.min_coverage, where=f"cohort {cohort.id}: deconvolution.methods")
        except FactsError:
            continue  # the pins say so
        except TmescopeError as error:
            yield error


def unmatched_model_problems(
    study: Study, needs: Needs, cohort: Cohort, *, genes: list[str], scale: Scale
) -> Iterator[TmescopeError]:
    """Yield an error for each frozen model of ``[deconvolution]`` that a cohort cannot be measured with.

    Parameters
    ----------
    study : Study
        The study.
    needs : Needs
        With its models.
    cohort : Cohort
        Which.
    genes : list of str
        Its approved symbols.
    scale : Scale
        Of its matrix.
    """
    models = needs.compositions.models
    specs = {spec.name: spec for spec in needs.deconvolution if spec.name in models}
    options = {
        name: replace(
            deconvolve_options(study, spec),
            map_symbols=models[name].map_symbols,
            parameters=dict(models[name].parameters),
        )
        for name, spec in specs.items()
    }
    yield from misfit_problems(needs.compositions, cohort.id, genes=genes, scale=scale, options=options)


def pin_only_versions(methods: list[str], given: dict[str, str], home: Path | None) -> dict[str, str]:
    """Return pins for what methods stand on: those given, and the only installed version of each other reference.

    Parameters
    ----------
    methods : list of str
        Deconvolution methods.
    given : dict of str to str
        Reference to version, as the user states them.
    home : Path, optional
        Folder of installed references; ``~/.local/share/tmescope/facts`` if omitted.

    Raises
    ------
    UnknownNameError
        If there is no such method.
    FactsError
        If a reference is not installed, or in several versions.
    """
    specs = [find_method(name, list_deconvolvers(), where="--method").spec for name in methods]
    needed = [spec.installed for spec in specs if spec.installed and spec.installed not in given]
    folder = facts_folder({}) if home is None else home
    return given | {name: find_installed(name, home=folder).version for name in dict.fromkeys(needed)}


def deconvolve_step(context: Context, cohort: Cohort) -> Step:
    """Return the step that runs every deconvolution method on one cohort."""
    asked = context.study.deconvolution
    matrix = context.outcomes[f"cohort-{cohort.id}"]
    ingredients = {
        "step": "fractions",
        "release": context.release,
        "cohort": {name: matrix[name] for name in ("cohort.json", "matrix.npy", "var.parquet")},
        "methods": asked.methods,
        "models": context.needs.compositions.hashes,
        "parameters": asked.parameters,
        "consensus": asked.consensus,
        "min_coverage": asked.min_coverage,
        "map_symbols": context.study.profile.map_symbols,
        "gene_table": table_hash(context.study),
        "reference": _reference_hash(context.study),
        "truth": _truth_hash(context.study, cohort),
        "pins": pin_hashes(context.installed),
        "facts": context.needs.facts,
        "cells": [context.outcomes.get(f"atlas-{cohort.id}"), matrix.get("samples.parquet"), cohort.min_cells],
    }

    def make(folder: Path) -> None:
        table, warnings = _estimate_all(context, cohort)
        agreement = empty_table("agreement")
        if asked.consensus != "none" and len(context.needs.deconvolution) > 1:
            table, agreement = _with_consensus(context, table)
        counted, noted = count_fractions(context, cohort)
        table, warnings = pd.concat([table, counted], ignore_index=True), [*warnings, *noted]
        write_table(shape_table("fractions", table), folder / "fractions.parquet")
        write_table(shape_table("agreement", agreement), folder / "agreement.parquet")
        accuracy, told = _judge(context, cohort, table)
        write_table(shape_table("accuracy", accuracy), folder / "accuracy.parquet")
        write_table(warning_table([*warnings, *told]), folder / "warnings.parquet")

    return Step(f"fractions-{cohort.id}", ingredients, make)


def _truth_hash(study: Study, cohort: Cohort) -> dict[str, str]:
    asked = study.deconvolution.truth.get(cohort.id)
    return {} if asked is None else asked.model_dump() | {"file": hash_file(study.resolve(asked.file))}


def _judge(context: Context, cohort: Cohort, table: pd.DataFrame) -> tuple[pd.DataFrame, list[RunWarning]]:
    counted = truth_of(context.study, cohort)
    if counted is None:
        return empty_table("accuracy"), []
    additive = {spec.name: spec.additive for spec in context.needs.deconvolution}
    found = find_accuracy(table, {cohort.id: counted}, additive=additive)
    return found, warn_of_unknown(counted, where=cohort.id)


def _reference_hash(study: Study) -> str:
    if study.deconvolution.reference is None:
        return ""
    path = study.resolve(study.deconvolution.reference)
    files = sorted(p for p in path.iterdir() if p.is_file()) if path.is_dir() else [path]
    return hash_json({p.name: hash_file(p) for p in files})


def _with_consensus(context: Context, table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    additive = {spec.name: spec.additive for spec in context.needs.deconvolution}
    families = {spec.name: family_of(spec) for spec in context.needs.deconvolution}
    rule = load_rule() if context.study.deconvolution.consensus == "learned" else ConsensusRule()
    found = find_consensus(table, additive=additive, families=families, rule=rule)
    if not len(found.agreement):
        return table, empty_table("agreement")
    return pd.concat([table, found.estimates], ignore_index=True), found.agreement


def _own_reference(study: Study, spec: MethodSpec) -> SignatureReference | None:
    named = study.deconvolution.reference
    return _read_reference(study, named) if spec.own_reference and named is not None else None


def _read_reference(study: Study, named: str) -> SignatureReference:
    path, sha256 = study.resolve(named), _reference_hash(study)
    files = [p for p in path.iterdir() if p.is_file()] if path.is_dir() else [path]
    found = _KEPT.get((path, sha256), lambda: load_reference(path), n_bytes=sum(p.stat().st_size for p in files))
    return cast("SignatureReference", found)


def _estimate_all(context: Context, cohort: Cohort) -> tuple[pd.DataFrame, list[RunWarning]]:
    specs = context.needs.deconvolution
    if not specs:
        return empty_table("fractions"), []
    asked, study = context.study.deconvolution, context.study
    adata = read_cohort_folder(context.ledger.folder(f"cohort-{cohort.id}"))
    parts: list[pd.DataFrame] = []
    warnings: dict[RunWarning, None] = {}
    context.progress.start(_TASK, len(specs), unit="methods")
    for spec in specs:
        context.progress.start(spec.name)
        parameters = dict(asked.parameters.get(spec.name, {}))
        if any(p.name == "threads" for p in spec.parameters):
            parameters.setdefault("threads", context.threads)
        options = replace(deconvolve_options(study, spec), parameters=parameters)
        if model := context.needs.compositions.models.get(spec.name):
            result = apply_deconvolution(model, scaled_for(spec, adata, cohort), options=options)
        else:
            matrix = scaled_for(spec, adata, cohort)
            result = deconvolve(matrix, method=spec.name, reference=_own_reference(study, spec), options=options)
        parts.append(result.table)
        warnings.update(dict.fromkeys(w for w in result.warnings if w.code != "scale.clipped"))
        context.progress.finish(spec.name)
        context.progress.advance(_TASK)
    context.progress.finish(_TASK)
    return pd.concat(parts, ignore_index=True), list(warnings)


def deconvolve_options(study: Study, spec: MethodSpec) -> DeconvolveOptions:
    """Return how a study deconvolves with a method.

    Parameters
    ----------
    study : Study
        The study.
    spec : MethodSpec
        Of one of its methods.
    """
    asked = study.deconvolution
    return DeconvolveOptions(
        min_coverage=asked.min_coverage,
        map_symbols=study.profile.map_symbols,
        gene_table=choose_genes(study),
        facts_home=study.facts_home or facts_folder({}),
        version=study.facts.get(spec.installed) if spec.installed else None,
        parameters=dict(asked.parameters.get(spec.name, {})),
    )
