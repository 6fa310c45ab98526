"""Which gene each row of a matrix is, and whether the genes that are needed are there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from tmescope.facts.genes import GeneTable, Resolution
from tmescope.foundation.errors import IdentifierError, TmescopeError, examples, listing
from tmescope.foundation.result import RunWarning
from tmescope.ingest.identifiers import suggest_kind, suggest_spelling
from tmescope.ingest.mangled import AMBIGUOUS_DATE, DATE, REPEATED_DATE, find_mangled, settle_mangled
from tmescope.ingest.options import Identifiers
from tmescope.store.tables import SCHEMAS

__all__ = [
    "GENE_MAPPING_COLUMNS",
    "LEFT_OUT",
    "MERGED",
    "NO_LENGTH",
    "NO_VALUE",
    "SEVERAL",
    "GeneMapping",
    "check_coverage",
    "map_genes",
]

GENE_MAPPING_COLUMNS = tuple(SCHEMAS["gene_mapping"].columns)
"""Columns of the ``gene_mapping`` table."""

_LISTED, _FEW = 300, 20
MERGED = "merged"
"""Reason of a row that another row of the same gene took in, as declared."""

NO_LENGTH = "no length"
"""Reason of a row that was left out when counts became TPM, since the table of lengths lacks it."""

NO_VALUE = "no value"
"""Why a needed gene is missing whose row has no value in any sample."""

SEVERAL = "several rows"
"""Why a needed gene is missing that several rows mean with equal evidence."""

LEFT_OUT = (NO_LENGTH, REPEATED_DATE)
"""Reasons of rows that are no longer in the matrix."""

_CAUSES: Mapping[str, tuple[str, str]] = {
    NO_VALUE: ("have a row without any value", "take a file that has their values"),
    NO_LENGTH: ("were left out for want of a length", "complete the table of gene lengths"),
    SEVERAL: (
        "are meant by several rows that are equally good",
        "declare duplicates = mean, highest_mean, ... (--duplicates on the command line)",
    ),
}

_Row = tuple[str, str | None, str | None, str | None, str, bool]

_STEP = (
    "declare the identifier type, or ask for fewer signatures (a model of subtypes or scores: fit it on genes that "
    "both have); a study file may raise [profile] max_unmapped, and tmescope deconvolve --max-unmapped"
)


@dataclass(frozen=True)
class GeneMapping:
    """What became of the genes of a matrix.

    Parameters
    ----------
    gene_symbols : tuple of str
        One unique name per input gene, in input order.
    table : pandas.DataFrame
        `GENE_MAPPING_COLUMNS`: one row per input gene, then one row with the reason ``missing`` (and NA as
        `input_id`) for each needed gene that is not there.
    missing : tuple of str
        Needed genes that are not there.
    n_needed : int
        How many were needed.
    because : mapping of str to str
        Missing gene to why, where the file has something of it: `NO_VALUE`, `SEVERAL`, or why it was left out.
    """

    gene_symbols: tuple[str, ...]
    table: pd.DataFrame
    missing: tuple[str, ...]
    n_needed: int
    because: Mapping[str, str] = field(default_factory=dict)

    def with_merged(self, rivals: Mapping[str, tuple[str, ...]], cohort_id: str) -> GeneMapping:
        """Return the mapping with a row for each identifier whose values went into another row of its gene.

        Parameters
        ----------
        rivals : mapping of str to tuple of str
            Approved symbol to its identifiers; the first is the row that is left.
        cohort_id : str
            For the table.
        """
        ids = {str(s): i for s, i in zip(self.table["gene_symbol"], self.table["hgnc_id"], strict=True)}
        return self._with_rows(
            [(cohort_id, n, s, ids.get(s), MERGED, False) for s, names in rivals.items() for n in names[1:]]
        )

    def with_left_out(
        self, left_out: Mapping[str, str], genes: GeneTable | None, *, kind: Identifiers, cohort_id: str
    ) -> GeneMapping:
        """Return the mapping with a row for each gene of the file that was left out, and why.

        Parameters
        ----------
        left_out : mapping of str to str
            Identifier to reason.
        genes : GeneTable, optional
            Says which genes they are; None where names are not mapped.
        kind : {'symbol', 'ensembl', 'entrez', 'uniprot'}
            What the identifiers are.
        cohort_id : str
            For the table.
        """
        if not left_out:
            return self
        here = frozenset(self.gene_symbols)
        names = list(left_out)
        found = genes.resolve(names, kind) if genes is not None else [_unchanged(name) for name in names]
        rows: list[_Row] = []
        for r in found:
            became = (r.input_id, None) if r.gene_symbol in here else (r.gene_symbol, r.hgnc_id)
            rows.append((cohort_id, r.input_id, *became, left_out[r.input_id], False))
        missing = frozenset(self.missing)
        lost = {str(symbol): reason for _, _, symbol, _, reason, _ in rows if symbol in missing}
        return replace(self._with_rows(rows), because={**lost, **self.because})

    def _with_rows(self, rows: list[_Row]) -> GeneMapping:
        if not rows:
            return self
        further = pd.DataFrame(rows, columns=list(GENE_MAPPING_COLUMNS)).astype(self.table.dtypes.to_dict())
        return replace(self, table=pd.concat([self.table, further], ignore_index=True))


def map_genes(
    gene_ids: Sequence[str],
    genes: GeneTable | None,
    *,
    kind: Identifiers = "symbol",
    needed: Collection[str] = (),
    empty: Collection[str] = (),
    undecided: Collection[str] = (),
    cohort_id: str = "",
) -> GeneMapping:
    """Map identifiers to approved symbols where the table of genes knows them; all others keep their name.

    Parameters
    ----------
    gene_ids : sequence of str
        Unique, as in the file.
    genes : GeneTable, optional
        None switches mapping off: every gene keeps its name, with the reason ``unchanged``.
    kind : {'symbol', 'ensembl', 'entrez', 'uniprot'}
        What the identifiers are.
    needed : collection of str
        Approved symbols that the requested methods need.
    empty : collection of str
        Identifiers whose rows have no value in any sample: a needed gene among them is missing.
    undecided : collection of str
        Approved symbols that several identifiers mean with equal evidence.
    cohort_id : str
        For the table.

    Returns
    -------
    GeneMapping
        Names are unique: where a mapped name would meet one that stands in the matrix already, the gene keeps
        its own identifier with the reason ``ambiguous``. Symbols that a spreadsheet turned into dates have the
        reason ``spreadsheet date`` or, where they keep their name, ``ambiguous spreadsheet date``.
    """
    found = [_unchanged(i) for i in gene_ids] if genes is None else genes.resolve(list(gene_ids), kind)
    became = _repair(found, genes) if genes is not None and kind == "symbol" else [_became(r) for r in found]
    names = tuple(symbol for _, symbol, _, _ in became)
    without = frozenset(empty)
    wanted = frozenset(needed)
    missing = tuple(sorted(wanted.difference(row[1] for row in became if row[0] not in without)))
    because = {symbol: SEVERAL for symbol in missing if symbol in frozenset(undecided)}
    because |= {symbol: NO_VALUE for symbol in missing if symbol in frozenset(names)}
    rows: list[_Row] = [(cohort_id, *row, row[1] in wanted and row[0] not in without) for row in became]
    rows += [(cohort_id, None, name, _hgnc_id(name, genes), "missing", True) for name in missing]
    table = pd.DataFrame(rows, columns=list(GENE_MAPPING_COLUMNS))
    kinds = dict.fromkeys(GENE_MAPPING_COLUMNS, "string") | {"needed": "bool"}
    return GeneMapping(names, table.astype(kinds), missing, len(wanted), because)


def _unchanged(name: str) -> Resolution:
    return Resolution(name, name, None, "unchanged")


def _became(found: Resolution) -> tuple[str, str, str | None, str]:
    return found.input_id, found.gene_symbol, found.hgnc_id, found.reason


def _repair(found: Sequence[Resolution], genes: GeneTable) -> list[tuple[str, str, str | None, str]]:
    """Put names right that are dates; a name that the gene table knows is none."""
    mangled = find_mangled([r.input_id for r in found if r.reason == "unchanged"], of=len(found))
    if not mangled:
        return [_became(r) for r in found]
    settled = settle_mangled(mangled, (r.gene_symbol for r in found))
    rows = []
    for r in found:
        if r.input_id not in settled:
            rows.append(_became(r))
        elif (symbol := settled[r.input_id]) is None:
            rows.append((r.input_id, r.input_id, None, AMBIGUOUS_DATE))
        else:
            rows.append((r.input_id, symbol, _hgnc_id(symbol, genes), DATE))
    return rows


def _hgnc_id(symbol: str, genes: GeneTable | None) -> str | None:
    return genes.get(symbol).hgnc_id if genes is not None and symbol in genes else None


def _date_warnings(mapping: GeneMapping, cohort_id: str) -> Iterator[RunWarning]:
    reasons = mapping.table["reason"]
    dates = mapping.table[reasons.isin((DATE, AMBIGUOUS_DATE))]
    if len(dates):
        n_kept = int((dates["reason"] == AMBIGUOUS_DATE).sum())
        message = (
            f"{len(dates)} gene names are dates, as a spreadsheet makes them of MARCH1 or SEPT2: "
            f"{len(dates) - n_kept} can mean one gene only and got its symbol, {n_kept} keep the date"
        )
        shown = tuple(
            f"{a} = {b}" if a != b else a for a, b in zip(dates["input_id"], dates["gene_symbol"], strict=True)
        )
        yield RunWarning("genes.spreadsheet_dates", message, cohort_id, len(dates), shown[:3])


def check_coverage(
    mapping: GeneMapping, *, declared: Identifiers, max_unmapped: float, where: str, cohort_id: str
) -> tuple[list[TmescopeError], list[RunWarning]]:
    """Compare the needed genes that are absent with the limit.

    Parameters
    ----------
    mapping : GeneMapping
        From `map_genes`.
    declared : {'symbol', 'ensembl', 'entrez', 'uniprot'}
        What the names were said to be, for the message.
    max_unmapped : float
        Largest share (0-1) that is only a warning.
    where : str
        The file, for the error.
    cohort_id : str
        For warnings.

    Returns
    -------
    problems : list of TmescopeError
        An `IdentifierError` with the names of up to 300 absent genes (of 20 where the names are of another
        kind than declared, which is the reason) where more than the limit are absent.
    warnings : list of RunWarning
        ``genes.missing`` where some are absent but fewer, ``genes.ambiguous`` for names that could mean
        several genes, ``genes.spreadsheet_dates`` for names that are dates.
    """
    reasons = mapping.table["reason"]
    warnings = list(_date_warnings(mapping, cohort_id))
    ambiguous = list(mapping.table.loc[reasons == "ambiguous", "input_id"])
    if ambiguous:
        message = f"{len(ambiguous)} gene names could mean several genes and keep their name"
        warnings.append(RunWarning("genes.ambiguous", message, cohort_id, len(ambiguous), tuple(ambiguous[:3])))
    if not mapping.missing:
        return [], warnings
    n, share = len(mapping.missing), len(mapping.missing) / mapping.n_needed
    causes = Counter(cause for cause in mapping.because.values() if cause in _CAUSES)
    told = [f"{count} {_CAUSES[cause][0]}" for cause, count in causes.items()]
    place = "are not in the matrix or cannot be used" if told else "are not in the matrix"
    evidence = "; ".join([f"{share:.0%}", *told])
    message = f"{n} of {mapping.n_needed} genes that the requested methods need {place} ({evidence})"
    if share <= max_unmapped:
        warnings.append(RunWarning("genes.missing", message, cohort_id, n, mapping.missing[:3]))
        return [], warnings
    given = [str(i) for i in mapping.table["input_id"].dropna()]
    spelling = suggest_spelling(given)
    kind = suggest_kind(given, declared) if spelling is None else None
    step = f"they look like {kind} identifiers: declare identifiers = {kind!r}" if kind else spelling or _STEP
    if causes and 2 * causes.total() >= n:
        step = "; ".join(_CAUSES[cause][1] for cause in causes)
    return [
        IdentifierError(
            f"{message}: {listing(mapping.missing, most=_FEW if kind or spelling else _LISTED)}",
            where=f"{where}, genes ({examples(given)})",
            expected=f"at most {max_unmapped:.0%} of them absent",
            next_step=step,
        )
    ], warnings
