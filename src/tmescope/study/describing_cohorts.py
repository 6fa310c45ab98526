"""Sentences about cohorts and endpoints: what entered the analysis, and which words decided."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tmescope.foundation.scale import Scale
from tmescope.ingest.endpoint_rules import MONTHS_PER_UNIT
from tmescope.ingest.recist import find_categories
from tmescope.ingest.symbols import LEFT_OUT
from tmescope.report.methods_text import said
from tmescope.study.describing_cells import describe_cells
from tmescope.study.material import Material, listed, plural, quoted
from tmescope.study.schema import Endpoint, OrdinalEndpoint, OrdinalRule, ResponseEndpoint, ResponseRule, Rule

if TYPE_CHECKING:
    from tmescope.study.schema import Cohort

__all__ = ["count_outcomes", "describe_cohorts", "describe_endpoints", "describe_rule", "find_lost"]

_KINDS = {
    "symbol": "gene symbols",
    "ensembl": "Ensembl identifiers",
    "entrez": "Entrez identifiers",
    "uniprot": "UniProt accessions",
}
_COMBINED = {
    "sum": "their sum",
    "mean": "their mean",
    "median": "their median",
    "highest_mean": "the row with the highest mean",
}
_TPM = ("10.1093/bioinformatics/btp692", "10.1007/s12064-012-0162-3")
_MOST = 5


def describe_cohorts(material: Material) -> Iterator[str]:
    """Yield one paragraph about all cohorts and one about each.

    Parameters
    ----------
    material : Material
        With the tables cohorts, gene_mapping, features, overlaps and quality.
    """
    ids = [c.id for c in material.study.cohorts]
    yield f"{plural(len(ids), 'cohort was', 'cohorts were')} analysed: {listed(ids)}. {_mapping_rule(material)}"
    for cohort in material.study.cohorts:
        yield " ".join(_cohort(material, cohort))
    pairs = len(material.tables["overlaps"])
    if pairs:
        yield (
            f"{plural(pairs, 'pair')} of samples may belong to one patient or be one measurement under two names "
            "(table overlaps); none was left out for that."
        )


def _mapping_rule(material: Material) -> str:
    if not material.gene_table:
        return "Gene names were used as they stand in the files."
    table = "the table of genes bundled with tmescope" if material.gene_table == "bundled" else material.gene_table
    return f"Gene identifiers were replaced by approved HGNC symbols, looked up in {said(table)}."


def _cohort(material: Material, cohort: Cohort) -> Iterator[str]:
    row = material.of_cohort("cohorts", cohort.id).iloc[0]
    about = "; ".join(said(row[c]) for c in ("cancer_type", "treatment") if isinstance(row[c], str) and row[c])
    yield (
        f"Cohort {cohort.id}{f' ({about})' if about else ''}: the expression matrix held "
        f"{plural(int(row['n_expression']), 'sample')} and the sample table {int(row['n_table']):,}; "
        f"{int(row['n_joined']):,} stood in both, and {plural(int(row['n_selected']), 'sample')} of "
        f"{plural(int(row['n_patients']), 'patient')} {'was' if int(row['n_selected']) == 1 else 'were'} analysed."
    )
    yield from _selection(cohort)
    yield from _scale(material, cohort, final=str(row["scale"]), n_genes=int(row["n_genes"]))
    yield from describe_cells(material, cohort)
    yield from _genes(material, cohort)
    yield from _features(cohort)


def _selection(cohort: Cohort) -> Iterator[str]:
    select = cohort.select
    if select.timepoint:
        yield f"Samples were kept where the time point was {' or '.join(quoted([t]) for t in select.timepoint)}."
    if select.exclude:
        yield f"{plural(len(select.exclude), 'sample')} named in the study file stayed out."
    if select.one_per_patient == "first":
        yield "Of patients with several samples, the first of the table was kept."
    elif select.one_per_patient == "all":
        yield "All samples of a patient were kept."


def _scale(material: Material, cohort: Cohort, *, final: str, n_genes: int) -> Iterator[str]:
    declared = str(Scale.parse(cohort.scale))
    text = f"Expression was declared as {declared} of {_KINDS[cohort.identifiers]}"
    if declared != final:
        how = "with the declared gene lengths" if cohort.gene_lengths else "within the genes of the matrix"
        text += f" and converted to {final} {how}{material.citations.cite(*_TPM)}"
    yield f"{text}; {plural(n_genes, 'gene')} remained."
    notes = material.of_cohort("quality", cohort.id)
    for evidence in notes[notes["check"] == "turned to TPM"]["evidence"]:
        yield said(evidence)


def _genes(material: Material, cohort: Cohort) -> Iterator[str]:
    table = material.of_cohort("gene_mapping", cohort.id)
    present = table[table["input_id"].notna() & table["gene_symbol"].notna() & ~table["reason"].isin(LEFT_OUT)]
    renamed = int((present["input_id"] != present["gene_symbol"]).sum())
    if material.gene_table:
        yield f"{plural(renamed, 'identifier was', 'identifiers were')} replaced."
    needed = table[table["needed"].fillna(False).astype(bool)]
    lost = find_lost(material, cohort.id)
    if len(needed):
        without = f"; without {listed(lost, most=_MOST)}" if lost else ""
        found = len(needed) - len(lost)
        yield f"Of the {plural(len(needed), 'gene')} that the scores need, {found:,} were there{without}."
    notes = material.of_cohort("quality", cohort.id)
    merged = notes[notes["check"].isin(["rows of one gene", "duplicated genes"])]
    yield from (said(evidence) for evidence in merged["evidence"])
    if len(merged) and cohort.duplicates in _COMBINED:
        yield f"The declared rule for several rows of one gene was {_COMBINED[cohort.duplicates]}."


def find_lost(material: Material, cohort_id: str) -> list[str]:
    """Return the genes that the scores need and the cohort lacks, sorted.

    Parameters
    ----------
    material : Material
        With the table gene_mapping.
    cohort_id : str
        Of the cohort.
    """
    table = material.of_cohort("gene_mapping", cohort_id)
    lost = table[table["needed"].fillna(False).astype(bool) & table["reason"].isin(["missing", "ambiguous"])]
    return sorted({str(g) for g in lost["gene_symbol"].fillna(lost["input_id"]).dropna()})


def _features(cohort: Cohort) -> Iterator[str]:
    named = [
        f"{name} (column {said(column.column)}{f', {said(column.unit)}' if column.unit else ''})"
        for table in cohort.features
        for name, column in {**table.numeric, **table.categorical}.items()
    ]
    if named:
        yield f"Further features: {listed(named)}."


def describe_endpoints(material: Material) -> Iterator[str]:
    """Yield one paragraph for each rule of each endpoint, with the cohorts that it holds in.

    Parameters
    ----------
    material : Material
        With the table samples.
    """
    for name, endpoint in material.study.endpoints.items():
        shared: dict[str, list[str]] = {}
        for cohort in material.study.cohorts:
            if (rule := endpoint.rule_for(cohort.id)) is not None:
                shared.setdefault(describe_rule(rule, endpoint), []).append(cohort.id)
        for told, ids in shared.items():
            where = f"cohort {ids[0]}" if len(ids) == 1 else f"cohorts {listed(ids)}"
            counts = "; ".join(f"{i}: {count_outcomes(material, name, i)}" for i in ids)
            yield f"Endpoint {name}, {where}: {told} {counts}."
        absent = [c.id for c in material.study.cohorts if endpoint.rule_for(c.id) is None]
        if absent:
            yield f"Endpoint {name} was not recorded in {listed(absent)}."


def describe_rule(rule: Rule, endpoint: Endpoint | None = None) -> str:
    """Return the sentences that say how an endpoint is read.

    Parameters
    ----------
    rule : ResponseRule, TimeRule or OrdinalRule
        That of one cohort.
    endpoint : Endpoint, optional
        What the study file says about it: an ordered endpoint has its levels there.
    """
    missing = f" {quoted(rule.missing)} meant not known." if rule.missing else ""
    if isinstance(rule, ResponseRule):
        kind = "RECIST categories" if rule.rule == "recist" else "the source's own definition of response"
        stable = ""
        if rule.rule == "recist":
            stable = f" Stable disease counted as {_place_stable(rule)}."
        return (
            f"column {quoted([rule.column])} holds {kind}; {quoted(rule.responder)} counted as response, "
            f"{quoted(rule.non_responder)} as no response.{missing}{stable}"
        )
    if isinstance(rule, OrdinalRule):
        levels = endpoint.groups(rule) if isinstance(endpoint, OrdinalEndpoint) else {}
        order = ", ".join(f"{said(level)} ({quoted(words)})" for level, words in levels.items())
        return f"column {quoted([rule.column])} holds levels, from worst to best {order}.{missing}"
    others = "".join(f", {quoted(values)} the competing event {said(n)}" for n, values in rule.competing.items())
    months = MONTHS_PER_UNIT[rule.unit]
    converted = "" if rule.unit == "months" else f", converted to months (1 month is {1 / months:.6g} {rule.unit})"
    if rule.unit == "years":
        converted = ", converted to months (1 year is 12 months)"
    return (
        f"time is column {quoted([rule.time])} in {rule.unit}{converted}; in column {quoted([rule.event])}, "
        f"{quoted(rule.event_values)} meant that the event was seen and {quoted(rule.censored_values)} that it was "
        f"censored{others}.{missing}"
    )


def _place_stable(rule: ResponseRule) -> str:
    groups = {"response": rule.responder, "no response": rule.non_responder}
    return next((place for place, words in groups.items() if "SD" in find_categories(words)), "missing")


def count_outcomes(material: Material, endpoint: str, cohort_id: str) -> str:
    """Return what patients of a cohort an endpoint has, in words.

    Parameters
    ----------
    material : Material
        With the table samples.
    endpoint : str
        Of any kind.
    cohort_id : str
        Of the cohort.
    """
    stated = material.study.endpoints[endpoint]
    if isinstance(stated, ResponseEndpoint):
        return count_responses(material, endpoint, cohort_id)
    if isinstance(stated, OrdinalEndpoint):
        return count_levels(material, endpoint, cohort_id)
    return count_events(material, endpoint, cohort_id)


def count_levels(material: Material, endpoint: str, cohort_id: str) -> str:
    """Return the samples of each level and the missing values of a cohort, in words.

    Parameters
    ----------
    material : Material
        With the table samples.
    endpoint : str
        An ordered endpoint.
    cohort_id : str
        Of the cohort.
    """
    values = material.of_cohort("samples", cohort_id)[endpoint]
    stated = material.study.endpoints[endpoint]
    levels = stated.levels if isinstance(stated, OrdinalEndpoint) else sorted(values.dropna().unique())
    counts = ", ".join(f"{int((values == level).sum()):,} {said(level)}" for level in levels)
    return f"{counts}, {int(values.isna().sum()):,} without a value"


def count_responses(material: Material, endpoint: str, cohort_id: str) -> str:
    """Return responders, non-responders and missing values of a cohort, in words.

    Parameters
    ----------
    material : Material
        With the table samples.
    endpoint : str
        A response endpoint.
    cohort_id : str
        Of the cohort.
    """
    values = material.of_cohort("samples", cohort_id)[endpoint]
    yes, no = int((values == "responder").sum()), int((values == "non_responder").sum())
    return f"{plural(yes, 'responder')}, {plural(no, 'non-responder')}, {int(values.isna().sum()):,} without a value"


def count_events(material: Material, endpoint: str, cohort_id: str) -> str:
    """Return samples with a known outcome, events and missing values of a cohort, in words.

    Parameters
    ----------
    material : Material
        With the table samples.
    endpoint : str
        A time-to-event endpoint.
    cohort_id : str
        Of the cohort.
    """
    part = material.of_cohort("samples", cohort_id)[[f"{endpoint}_time_months", f"{endpoint}_event"]]
    known = part.dropna()
    events = int(known[f"{endpoint}_event"].astype(bool).sum())
    return f"{plural(events, 'event')} in {plural(len(known), 'sample')}, {len(part) - len(known):,} without a value"
