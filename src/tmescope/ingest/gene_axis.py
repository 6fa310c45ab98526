"""The genes of one matrix: what its names are, which rows mean one gene, and what each becomes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tmescope.facts.genes import GeneTable, load_genes
from tmescope.facts.identifier_forms import read_ensembl
from tmescope.foundation.errors import FactsError, IdentifierError, TmescopeError, examples
from tmescope.foundation.scale import Scale
from tmescope.ingest.duplicates import merge_rivals
from tmescope.ingest.expression import ExpressionTable
from tmescope.ingest.findings import Findings
from tmescope.ingest.identifiers import TRANSCRIPT, count_forms, find_form
from tmescope.ingest.options import CohortOptions, Identifiers
from tmescope.ingest.symbols import GeneMapping, check_coverage, map_genes

__all__ = ["GeneAxis", "settle_genes"]

_MOST = 0.5
_COUNTED = ("ensembl", "entrez", "uniprot", TRANSCRIPT)
_FORMS = {"ensembl": "Ensembl ids", "entrez": "whole numbers", "uniprot": "UniProt accessions", "symbol": "other names"}
_LIKELY_ACCESSIONS = 0.05  # a few symbols have their form


@dataclass(frozen=True)
class GeneAxis:
    """A matrix whose genes are settled.

    Parameters
    ----------
    table : ExpressionTable
        One row a gene, under the names of the file.
    mapping : GeneMapping
        What they became; as many and in the same order.
    """

    table: ExpressionTable
    mapping: GeneMapping


def settle_genes(
    table: ExpressionTable,
    scale: Scale | None,
    options: CohortOptions,
    *,
    needed: Collection[str],
    map_symbols: bool,
    where: str,
    findings: Findings,
) -> GeneAxis:
    """Map the names of a matrix to genes and tell all that is not plain about them.

    Parameters
    ----------
    table : ExpressionTable
        As from `tmescope.ingest.matrix_checks.check_matrix`.
    scale : Scale, optional
        Of its values; None where the declaration is wrong.
    options : CohortOptions
        Kind of identifiers, table of genes, rule for several rows of a gene.
    needed : collection of str
        Approved symbols that the requested methods need.
    map_symbols : bool
        Whether names become approved symbols.
    where : str
        The file, for errors.
    findings : Findings
        Receives problems, warnings and quality rows.

    Returns
    -------
    GeneAxis

    Notes
    -----
    Transcripts are no genes: a matrix of them is refused, since a gene's amount is the sum over all of them. The copy
    on chromosome Y of a pseudo-autosomal gene keeps its own name beside the copy on X, which is the gene: the two are
    identical in sequence (Ensembl annotates X alone), so aligners that see both split or drop their reads, and what is
    left on Y says nothing of its own. How much of the pair's sum lies on Y is told.
    """
    unique = tuple(dict.fromkeys(table.gene_ids))  # duplicates that could not be merged are a problem already
    genes = (options.gene_table or load_genes()) if map_symbols else None
    of_another_kind = _kind_problems(unique, genes, options, where=where)
    findings.add(of_another_kind)
    merged: ExpressionTable = table
    rivals: Mapping[str, tuple[str, ...]] = {}
    undecided: frozenset[str] = frozenset()
    if genes is not None and scale is not None and len(unique) == len(table.gene_ids):
        _tell_copies(table, scale, genes, findings=findings)
        rivals = genes.rivals(unique, options.identifiers, aliases=options.duplicates in (None, "refuse"))
        undecided = _undecided(rivals, genes, options.identifiers)
        merged = merge_rivals(
            table, scale, options.duplicates, rivals=rivals, undecided=undecided, where=where, findings=findings
        )
    kept = tuple(dict.fromkeys(merged.gene_ids))
    empty = merged.find_empty()
    mapping = map_genes(
        kept,
        genes,
        kind=options.identifiers,
        needed=needed,
        empty=empty if len(empty) < len(kept) else (),  # that nothing has a value is a problem already
        undecided=undecided,
        cohort_id=options.cohort_id,
    )
    mapping = mapping.with_merged(rivals if len(kept) < len(unique) else {}, options.cohort_id)
    mapping = mapping.with_left_out(table.left_out, genes, kind=options.identifiers, cohort_id=options.cohort_id)
    _tell_mixed(mapping, options, findings)
    problems, warnings = check_coverage(
        mapping,
        declared=options.identifiers,
        max_unmapped=options.max_unmapped,
        where=where,
        cohort_id=options.cohort_id,
    )
    findings.add([] if of_another_kind else problems)  # that no gene was found follows from it
    findings.warnings.extend(warnings)
    _note(kept, mapping, genes, findings=findings)
    return GeneAxis(merged, mapping)


def _note(names: Sequence[str], mapping: GeneMapping, genes: GeneTable | None, *, findings: Findings) -> None:
    renamed = sum(a != b for a, b in zip(names, mapping.gene_symbols, strict=True))
    evidence = f"{len(names):,} genes, {renamed:,} of them renamed to their approved symbol."
    if genes is not None and genes.source != "bundled":
        evidence += f" Looked up in {genes.source}, {len(genes):,} genes."
    if mapping.n_needed:
        found = mapping.n_needed - len(mapping.missing)
        evidence += f" {found} of {mapping.n_needed} genes that the requested methods need are there."
    findings.note("genes mapped", renamed, evidence, status="notice" if mapping.missing else "ok")


def _kind_problems(
    names: Sequence[str], genes: GeneTable | None, options: CohortOptions, *, where: str
) -> list[TmescopeError]:
    found: list[TmescopeError] = []
    transcripts = [name for name in names if find_form(name) == TRANSCRIPT]
    if transcripts and (options.identifiers == "ensembl" or len(transcripts) > _MOST * len(names)):
        found.append(
            IdentifierError(
                f"{len(transcripts):,} of {len(names):,} rows are transcripts, not genes: {examples(transcripts)}",
                where=f"{where}, genes",
                expected="Ensembl genes (ENSG...)",
                next_step="sum the transcripts of each gene in TPM or counts before, as tximport does for Salmon",
            )
        )
    if genes is not None and not genes.has(options.identifiers):
        found.append(
            FactsError(
                f"the {genes.source} table of genes has no identifiers of the kind {options.identifiers!r}",
                where=f"cohort {options.cohort_id!r}, identifiers",
                expected="the full HGNC table, which has UniProt accessions",
                next_step='tmescope facts add hgnc --from FILE, then gene_table = "hgnc" in [profile]',
            )
        )
    return found


def _undecided(rivals: Mapping[str, tuple[str, ...]], genes: GeneTable, kind: Identifiers) -> frozenset[str]:
    """Return the genes that none of their rows becomes, since several are equally good."""
    names = [name for named in rivals.values() for name in named]
    return frozenset(rivals).difference(r.gene_symbol for r in genes.resolve(names, kind))


def _tell_copies(table: ExpressionTable, scale: Scale, genes: GeneTable, *, findings: Findings) -> None:
    """Tell of copies on chromosome Y, and how much of their genes' sums they hold."""
    read = [read_ensembl(name) for name in table.gene_ids]
    on_y = [j for j, gene in enumerate(read) if gene is not None and gene.on_y]
    if not on_y:
        return
    names = [table.gene_ids[j] for j in on_y]
    copied = {gene.id for gene in read if gene is not None and gene.on_y}
    message = f"{len(names)} rows are copies on chromosome Y of pseudo-autosomal genes; the row of X is the gene"
    evidence = f"{message}."
    symbols = {r.gene_symbol for r in genes.resolve(sorted(copied), "ensembl") if r.hgnc_id}  # rows named by symbols
    on_x = [
        j
        for j, (gene, name) in enumerate(zip(read, table.gene_ids, strict=True))
        if (gene is not None and not gene.on_y and gene.id in copied) or name in symbols
    ]
    if on_x and not scale.is_log:
        y = float(np.nansum(table.values[:, on_y]))
        both = y + float(np.nansum(table.values[:, on_x]))
        evidence += f" The copies hold {y / both if both else 0.0:.1%} of what both hold."
    findings.warn("genes.y_copies", message, items=names)
    findings.note("copies on chromosome Y", len(names), evidence, status="notice")


def _tell_mixed(mapping: GeneMapping, options: CohortOptions, findings: Findings) -> None:
    """Tell of names that are not of the declared kind, among those that nothing is known about."""
    table = mapping.table
    names = [str(i) for i in table.loc[table["reason"] == "unchanged", "input_id"]]
    forms = count_forms(names)
    if options.identifiers == "symbol":
        other = {form: forms[form] for form in _COUNTED if forms[form]}
        if other.get("uniprot", 0) < _LIKELY_ACCESSIONS * len(mapping.gene_symbols):
            other.pop("uniprot", None)
    else:
        other = {form: n for form, n in sorted(forms.items()) if form != options.identifiers}
    if not other:
        return
    listed = ", ".join(f"{n:,} {_FORMS.get(form, 'transcripts')}" for form, n in other.items())
    message = f"identifiers are declared as {options.identifiers}, but there are {listed}; they keep their names"
    shown = [name for name in names if find_form(name) in other]
    findings.warn("genes.mixed_identifiers", message, items=shown, count=sum(other.values()))
    findings.note("mixed identifiers", sum(other.values()), f"{message}: {examples(shown)}.", status="notice")
