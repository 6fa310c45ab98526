"""Sentences about composition: which deconvolution methods ran, on which references, and what was missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tmescope.bulk.consensus import METHOD as CONSENSUS
from tmescope.facts.registry import find_reference
from tmescope.foundation.scale import Scale
from tmescope.report.methods_text import said
from tmescope.study.cell_scales import taken_scale
from tmescope.study.material import Material, listed, plural

if TYPE_CHECKING:
    import pandas as pd

    from tmescope.foundation.method import MethodSpec

__all__ = ["describe_composition"]

_BESIDE = {"threads"}
_FEW = 10


def describe_composition(material: Material) -> Iterator[str]:
    """Yield paragraphs about deconvolution methods; nothing where none ran.

    Parameters
    ----------
    material : Material
        With the tables methods, fractions and cohorts.
    """
    specs = material.needs.deconvolution
    if not specs:
        return
    release = said(material.provenance["versions"]["tmescope"])
    names = listed(s.name for s in specs)
    yield f"The composition of every sample was estimated with tmescope {release} by {names}."
    stated = {str(r["name"]): json.loads(r["parameters"]) for r in material.tables["methods"].to_dict("records")}
    for spec in specs:
        yield " ".join(_method(material, spec, stated.get(spec.name, {})))
    yield _missing(material)
    agreement = material.tables["agreement"]
    if len(agreement):
        yield _consensus(agreement, material.study.deconvolution.consensus)
    accuracy = material.tables["accuracy"]
    if len(accuracy):
        yield _judged(accuracy)


def _method(material: Material, spec: MethodSpec, parameters: dict[str, Any]) -> Iterator[str]:
    yield f"{spec.name}: {said(spec.summary).rstrip('.')}{material.citations.cite(spec.reference)}."
    scales = dict.fromkeys(str(s) for s in material.tables["cohorts"]["scale"])
    taken = dict.fromkeys(str(taken_scale(spec, Scale.parse(s))) for s in scales)
    alone = "from that sample alone" if spec.scope == "sample" else "beside the other samples of its cohort"
    yield f"It took values in {listed(taken)}, estimated each sample {alone}, and gives: {said(spec.unit)}."
    if spec.installed:
        reference = find_reference(spec.installed)
        version = material.study.facts.get(spec.installed, "")
        yield f"Reference: {said(reference.title)}, version {said(version)}; {said(spec.licence).rstrip('.')}."
    if spec.own_reference:
        yield "Reference: profiles of cell types that the user supplied."
    defaults = {p.name: p.default for p in spec.parameters if p.name not in _BESIDE}
    told = {k: v for k, v in parameters.items() if k in defaults}
    if told:
        changed = {k for k, v in told.items() if v != defaults[k]}
        listing = listed(f"{k} = {said(v)}" + ("" if k in changed else " (default)") for k, v in told.items())
        yield f"Parameters: {listing}."


def _consensus(agreement: pd.DataFrame, weights: str) -> str:
    counts = agreement["confidence"].value_counts()
    kinds = [f"{int(counts[k]):,} {k}" for k in ("high", "moderate", "low", "single", "unknown") if k in counts]
    return (
        "Outputs of several methods were brought together by cell type of one tree (Cell Ontology identifiers): shares "
        "of the kinds of a type were added, scores were taken where they name the type itself. Each method's values "
        f"became z within the cohort and were averaged with {weights} weights ({CONSENSUS} in the table fractions). "
        "Agreement is the mean of Spearman's correlations of all pairs of methods; confidence is high from 0.6 with "
        "three methods and a coverage of 80%, moderate from 0.4, low below, single where one method spoke, unknown in "
        f"cohorts of fewer than ten samples. By confidence: {listed(kinds)}."
    )


def _judged(accuracy: pd.DataFrame) -> str:
    cohorts = listed(said(c) for c in accuracy["cohort_id"].drop_duplicates())
    most, few = int(accuracy["n"].max()), int((accuracy["n"] < _FEW).sum())
    warned = f" {few:,} of {plural(len(accuracy), 'row')} rest on fewer than {_FEW} samples and only describe them."
    return (
        f"Estimates were compared with shares that the user supplied as counted ({cohorts}; "
        f"at most {plural(most, 'sample')} a cell type), by types of the same tree: Pearson's correlation with 95% "
        "interval by Fisher's transformation and Spearman's for all methods, root mean squared error and Lin's "
        "concordance only for outputs that are shares of cells. Nothing was fitted to the counted shares."
        + (warned if few else "")
    )


def _missing(material: Material) -> str:
    table = material.tables["fractions"]
    limit = material.study.deconvolution.min_coverage
    missing = int(table["value"].isna().sum())
    return (
        f"A method was refused where fewer than {limit:.0%} of its reference's genes were measured, and an output was "
        f"missing where its own share was lower; {missing:,} of {plural(len(table), 'value')} are missing."
    )
