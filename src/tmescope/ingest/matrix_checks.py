"""Every check of a matrix against its declaration, in the order in which one fault would hide another."""

from __future__ import annotations

from collections.abc import Collection

from tmescope.facts.genes import load_genes
from tmescope.foundation.errors import examples
from tmescope.foundation.scale import Scale
from tmescope.ingest.duplicates import leave_out_dates, merge_named
from tmescope.ingest.expression import (
    ExpressionTable,
    check_names,
    check_orientation,
    check_values,
    find_duplicates,
)
from tmescope.ingest.findings import Findings
from tmescope.ingest.options import Duplicates, Identifiers
from tmescope.ingest.other_units import find_other_logarithm, find_other_unit
from tmescope.ingest.sample_oddities import check_samples
from tmescope.ingest.scales import find_contradictions, find_oddities, measure

__all__ = ["check_matrix"]

_ON_BOTH = "X|Y"


def check_matrix(
    table: ExpressionTable,
    scale: Scale | None,
    identifiers: Identifiers,
    *,
    known_samples: Collection[str],
    where: str,
    findings: Findings,
    duplicates: Duplicates | None = None,
) -> ExpressionTable | None:
    """Check a matrix and merge its duplicated genes.

    Parameters
    ----------
    table : ExpressionTable
        As read.
    scale : Scale, optional
        As declared; None (the declaration itself is wrong) leaves out what depends on it.
    identifiers : {'symbol', 'ensembl', 'entrez', 'uniprot'}
        What the gene names are.
    known_samples : collection of str
        Identifiers of the sample table.
    where : str
        The file, for errors.
    findings : Findings
        Receives problems, warnings and quality rows.
    duplicates : str, optional
        As declared, see `tmescope.ingest.duplicates`.

    Returns
    -------
    ExpressionTable or None
        With unique genes; None where the axes look exchanged, since all further checks would mislead.
    """
    genes = {g.gene_symbol for g in load_genes()} if identifiers == "symbol" else set()
    exchanged = check_orientation(table, where, known_genes=genes, known_samples=known_samples)
    findings.add(exchanged)
    if exchanged:
        return None
    findings.add(check_names(table, where))
    impossible = check_values(table, where)
    findings.add(impossible)
    if scale is not None and not impossible:
        _check_scale(table, scale, where=where, findings=findings)
    _warn_of_empty_genes(table, findings)
    _warn_of_copies(table, identifiers, findings)
    if identifiers == "symbol":
        table = leave_out_dates(table, duplicates, findings=findings)
    return merge_named(table, scale, duplicates, where=where, findings=findings)


def _check_scale(table: ExpressionTable, scale: Scale, *, where: str, findings: Findings) -> None:
    evidence = measure(table.values, scale)
    other = find_other_logarithm(table.values, scale, where=where)  # says more than the contradiction that follows
    findings.add(other or find_contradictions(evidence, scale, where=where))
    oddities = find_oddities(evidence, scale, cohort_id=findings.cohort_id)
    oddities += find_other_unit(evidence, scale, cohort_id=findings.cohort_id)
    findings.warnings.extend(oddities)
    unusual = [o for o in oddities if o.code.startswith("scale.unusual") or o.code == "scale.estimated_counts"]
    told = " ".join([evidence.sentence(), *(f"Unusual: {o.message}" for o in unusual)])
    findings.note("scale", scale, told, status="notice" if unusual else "ok")
    if evidence.n_missing:
        share = evidence.n_missing / table.values.size
        sentence = f"{evidence.n_missing:,} of {table.values.size:,} values ({share:.2%}) are missing."
        findings.note("missing values", evidence.n_missing, sentence, status="notice")
    check_samples(table.values, scale, table.sample_ids, findings=findings)


def _warn_of_copies(table: ExpressionTable, identifiers: Identifiers, findings: Findings) -> None:
    """Tell of repeated genes that X and Y share: their names no longer say which row is the copy on Y."""
    repeated = load_genes().resolve(find_duplicates(table.gene_ids), identifiers)
    shared = [r.input_id for r in repeated if r.hgnc_id and load_genes().get(r.gene_symbol).chromosome == _ON_BOTH]
    if shared:
        message = (
            f"{len(shared)} repeated genes lie in the regions that X and Y share: one row of each may be the copy on "
            "Y, which says nothing of its own; ids that end with _PAR_Y would tell which"
        )
        findings.warn("genes.possible_y_copies", message, items=shared)
        findings.note("possible copies on Y", len(shared), f"{message}: {examples(shared)}.", status="notice")


def _warn_of_empty_genes(table: ExpressionTable, findings: Findings) -> None:
    names = table.find_empty()
    if names and len(names) < len(table.gene_ids):
        findings.warn("genes.empty", f"{len(names)} genes have no value in any sample", items=names)
