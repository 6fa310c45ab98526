"""The steps that measure each sample: the gene universe, then every method on every cohort."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from tmescope.bulk.frozen import FrozenScore, apply_scores
from tmescope.bulk.leading import leading_edge
from tmescope.bulk.scoring import ScoreOptions, choose_method, score
from tmescope.facts.signatures import load_collection
from tmescope.foundation.provenance import hash_file
from tmescope.foundation.result import RunWarning
from tmescope.store.matrices import read_cohort_folder, read_genes
from tmescope.store.tables import TEXT, empty_table, read_table, shape_table, write_table
from tmescope.study.cell_features import score_labels
from tmescope.study.cell_scales import scaled_for
from tmescope.study.gene_tables import table_hash
from tmescope.study.ledger import Step
from tmescope.study.needs import read_universe
from tmescope.study.notices import warning_table
from tmescope.study.original_genes import find_originals, original_genes
from tmescope.study.pacing import PartOfTask
from tmescope.study.pins import pin_hashes

if TYPE_CHECKING:
    from anndata import AnnData

    from tmescope.foundation.method import MethodSpec
    from tmescope.study.context import Context
    from tmescope.study.schema import Cohort

__all__ = ["COHORT_MATRIX", "common_genes", "profile_step", "universe_step"]

_TASK = "scores"
COHORT_MATRIX = ("cohort.json", "matrix.npy", "var.parquet")
"""Files of a cohort's folder that scores depend on."""


def common_genes(folders: dict[str, Path]) -> list[str]:
    """Return the sorted genes that every cohort measured."""
    first, *others = (set(read_genes(folder)) for folder in folders.values())
    return sorted(first.intersection(*others))


def universe_step(context: Context) -> Step:
    """Return the step that fixes which genes rank-based scores see."""
    chosen = context.study.profile.gene_universe
    file_hash = "" if chosen in {"common", "own"} else hash_file(context.study.resolve(chosen))
    folders = {c.id: context.ledger.folder(f"cohort-{c.id}") for c in context.study.cohorts}
    ingredients = {
        "step": "universe",
        "release": context.release,
        "universe": chosen,
        "file": file_hash,
        "gene_table": table_hash(context.study) if file_hash else "",
        "genes": {i: context.outcomes[f"cohort-{i}"]["var.parquet"] for i in folders},
    }

    def make(folder: Path) -> None:
        genes = _universe(context, folders)
        write_table(pd.DataFrame({"gene_symbol": pd.Series(genes or [], dtype=TEXT)}), folder / "genes.parquet")
        write_table(_cost(genes, folders), folder / "warnings.parquet")

    return Step("universe", ingredients, make)


def _universe(context: Context, folders: dict[str, Path]) -> list[str] | None:
    chosen = context.study.profile.gene_universe
    if chosen == "own":
        return None
    if chosen == "common":
        return common_genes(folders)
    return list(read_universe(context.study) or ())


def _cost(genes: list[str] | None, folders: dict[str, Path]) -> pd.DataFrame:
    found = []
    for cohort_id, folder in folders.items():
        if genes is None:
            continue
        measured = read_genes(folder)
        kept = len(set(measured) & set(genes))
        if kept < len(measured):
            message = (
                f"rank-based scores see {kept} of the {len(measured)} genes that this cohort measured "
                f"({1 - kept / len(measured):.1%} left out so that cohorts are ranked over the same genes)"
            )
            found.append(RunWarning("universe.genes_left_out", message, cohort_id, len(measured) - kept))
    return warning_table(found)


def profile_step(context: Context, cohort: Cohort) -> Step:
    """Return the step that scores one cohort with every method."""
    profile = context.study.profile
    matrix = context.outcomes[f"cohort-{cohort.id}"]
    ingredients = {
        "step": "profile",
        "release": context.release,
        "cohort": {name: matrix[name] for name in COHORT_MATRIX},
        "universe": context.outcomes["universe"]["genes.parquet"],
        "methods": profile.methods,
        "models": context.needs.models.hashes,
        "parameters": profile.parameters,
        "min_coverage": profile.min_coverage,
        "facts": context.needs.facts,
        "sets": list(context.needs.sets()),
        "files": dict(context.needs.files.hashes),
        "gene_table": table_hash(context.study),
        "pins": pin_hashes(context.installed),
        "leading_edge": profile.leading_edge,
        "cells": [context.outcomes.get(f"atlas-{cohort.id}"), matrix.get("samples.parquet"), cohort.min_cells],
    }

    def make(folder: Path) -> None:
        adata = read_cohort_folder(context.ledger.folder(f"cohort-{cohort.id}"))
        genes = read_table(context.ledger.folder("universe") / "genes.parquet")["gene_symbol"]
        scores, leading, warnings = _score_all(context, adata, cohort, universe=frozenset(genes))
        by_label, told = score_labels(context, cohort, universe=frozenset(genes))
        scores, warnings = pd.concat([scores, by_label], ignore_index=True), [*warnings, *told]
        write_table(shape_table("scores", scores), folder / "scores.parquet")
        write_table(shape_table("leading_edge", leading), folder / "leading_edge.parquet")
        write_table(warning_table(warnings), folder / "warnings.parquet")

    return Step(f"profile-{cohort.id}", ingredients, make)


def _originals(context: Context, cohort: Cohort, spec: MethodSpec) -> dict[str, str] | None:
    originals = original_genes(context.study, spec)
    if originals is None:
        return None
    table = read_table(context.ledger.folder(f"cohort-{cohort.id}") / "gene_mapping.parquet")
    mapping = dict(zip(table["input_id"], table["gene_symbol"], strict=True))
    return find_originals(originals, mapping, by_symbol=cohort.identifiers == "symbol")


def _score_all(
    context: Context, adata: AnnData, cohort: Cohort, *, universe: frozenset[str]
) -> tuple[pd.DataFrame, pd.DataFrame, list[RunWarning]]:
    profile = context.study.profile
    shared = adata[:, [g in universe for g in adata.var_names]] if universe else adata
    tables: list[pd.DataFrame] = []
    leading: list[pd.DataFrame] = []
    method: str | FrozenScore
    warnings = dict.fromkeys(_outside(context, adata, cohort, universe=universe))
    context.progress.start(_TASK, adata.n_obs * len(context.needs.specs), unit="samples")
    for spec in context.needs.specs:
        context.progress.start(spec.name)
        within = PartOfTask(context.progress, _TASK, adata.n_obs)
        parameters = dict(profile.parameters.get(spec.name, {}))
        if any(p.name == "threads" for p in spec.parameters):
            parameters.setdefault("threads", context.threads)
        originals = _originals(context, cohort, spec)
        options = ScoreOptions(profile.min_coverage, parameters=parameters, universe=originals)
        if model := context.needs.models.models.get(spec.name):
            matrix, method = scaled_for(spec, adata, cohort), model
            result = apply_scores(model, matrix, options=options, progress=within)
        else:
            matrix, method = scaled_for(spec, shared if spec.ranks_all_genes else adata, cohort), spec.name
            result = score(matrix, context.needs.weighted_sets(), method=spec.name, options=options, progress=within)
        tables.append(result.table)
        leading += _leading(context, matrix, method, options=options)
        # methods that share the signatures repeat the same warning, and ingest has told of the floor already
        warnings.update(dict.fromkeys(w for w in result.warnings if w.code != "scale.clipped"))
        context.progress.finish(spec.name)
        within.complete()
    context.progress.finish(_TASK)
    found = pd.concat(leading, ignore_index=True) if leading else empty_table("leading_edge")
    scored = pd.concat(tables, ignore_index=True) if tables else empty_table("scores")
    return scored, found, list(warnings)


def _outside(context: Context, adata: AnnData, cohort: Cohort, *, universe: frozenset[str]) -> Iterator[RunWarning]:
    """Yield what rank-based scores do not see of the sets, although the cohort measured it."""
    needs = context.needs
    ranking = [s for s in needs.specs if s.ranks_all_genes and s.name not in needs.models.models]
    named: set[str] = set()
    for spec in ranking:
        named.update(*(s.genes for s in load_collection(spec.gene_sets)) if spec.gene_sets else needs.sets().values())
    lost = sorted(named.intersection(map(str, adata.var_names)).difference(universe)) if universe else []
    if lost:
        message = (
            f"{len(lost)} genes of the scored sets are not in the gene universe although this cohort measured them: "
            "rank-based scores count them as absent"
        )
        yield RunWarning("universe.set_genes_left_out", message, cohort.id, len(lost), tuple(lost[:3]))


def _leading(
    context: Context, adata: AnnData, method: str | FrozenScore, *, options: ScoreOptions
) -> Iterator[pd.DataFrame]:
    """Yield the table of what carries the scores that the study asks about, where the method says it."""
    asked = frozenset(context.study.profile.leading_edge)
    chosen = choose_method(method.method if isinstance(method, FrozenScore) else method)[0]
    if not asked or chosen.lead is None:
        return
    sets = {name: genes for name, genes in context.needs.weighted_sets().items() if name in asked}
    if chosen.spec.weights == "value":
        sets = {name: genes for name, genes in sets.items() if isinstance(genes, Mapping)}
    if sets or chosen.spec.gene_sets or isinstance(method, FrozenScore):
        table = leading_edge(adata, sets, method=method, options=options)
        yield table[table["feature"].isin(asked)]
