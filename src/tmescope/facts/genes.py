"""Identifiers of genes, and mapping of a matrix's names onto them; the bundled table has those that facts name."""

from __future__ import annotations

import csv
import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from tmescope.facts.identifier_forms import read_accession, read_ensembl
from tmescope.facts.records import DATA, Key, check_hash, place, read_record
from tmescope.foundation.errors import FactsError, UnknownNameError, examples

__all__ = ["COLUMNS", "KINDS", "Gene", "GeneTable", "Kind", "Reason", "Resolution", "load_genes", "read_genes"]

Kind = Literal["symbol", "ensembl", "entrez", "uniprot"]
Reason = Literal[
    "approved", "previous symbol", "alias", "ensembl", "entrez", "uniprot", "unchanged", "ambiguous", "Y copy"
]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""Kinds of identifiers that can be mapped."""

COLUMNS = (
    "gene_symbol",
    "hgnc_id",
    "entrez_id",
    "ensembl_id",
    "other_ensembl_ids",
    "previous_symbols",
    "aliases",
    "ambiguous_names",
    "chromosome",
)
_LISTS = frozenset({"other_ensembl_ids", "previous_symbols", "aliases", "ambiguous_names"})
_UPPER_ORF = re.compile(r"(C(?:\d{1,2}|X|Y))ORF(\d+)")
_META_KEYS = {
    "name": Key(str),
    "n_genes": Key(int),
    "species": Key(str),
    "version": Key(str),
    "licence": Key(str),
    "rule": Key(str),
    "sha256": Key(str),
    "sources": Key(list),
}


@dataclass(frozen=True, slots=True)
class Gene:
    """Identifiers of one gene; an empty string or tuple where the sources give none.

    Parameters
    ----------
    gene_symbol, hgnc_id : str
        Approved symbol and HGNC id.
    entrez_id, ensembl_id : str
        NCBI gene id; Ensembl id without version.
    other_ensembl_ids : tuple of str
        Older ids and ids on alternative haplotypes.
    previous_symbols, aliases : tuple of str
        Names that mean this gene alone.
    ambiguous_names : tuple of str
        Names that other genes carry too: never used for mapping.
    chromosome : str
        Chromosome, ``X|Y`` for the pseudo-autosomal region.
    uniprot_ids : tuple of str
        UniProt accessions that mean this gene alone; the bundled table has none.
    """

    gene_symbol: str
    hgnc_id: str
    entrez_id: str
    ensembl_id: str
    other_ensembl_ids: tuple[str, ...]
    previous_symbols: tuple[str, ...]
    aliases: tuple[str, ...]
    ambiguous_names: tuple[str, ...]
    chromosome: str
    uniprot_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Resolution:
    """What became of one input identifier.

    Parameters
    ----------
    input_id : str
        The identifier as given.
    gene_symbol : str
        The approved symbol, or the input itself where nothing certain is known.
    hgnc_id : str or None
        None where the input keeps its own name without being an approved symbol of the table.
    reason : str
        Why; see `GeneTable.resolve`.
    """

    input_id: str
    gene_symbol: str
    hgnc_id: str | None
    reason: Reason


class _Claim(NamedTuple):
    gene: Gene
    rank: int  # smaller is stronger evidence; 0 is the approved symbol or primary id itself
    reason: Reason


class GeneTable:
    """Genes with their names and identifiers.

    Parameters
    ----------
    genes : iterable of Gene
        Each gene once.
    sha256 : str
        Hash of what they were read from, for provenance.
    source : str
        What they are, for messages: ``bundled``, or name and version of an installed table.

    Raises
    ------
    FactsError
        Two genes share a symbol, an id, or a name that is not marked as ambiguous.
    """

    def __init__(self, genes: Iterable[Gene], *, sha256: str = "", source: str = "bundled") -> None:
        self.genes = tuple(genes)
        self.sha256 = sha256
        self.source = source
        self._ambiguous = frozenset(name for gene in self.genes for name in gene.ambiguous_names)
        self._by_symbol = self._index(((g, (g.gene_symbol,)) for g in self.genes), "symbols")
        self._by_previous = self._index(((g, g.previous_symbols) for g in self.genes), "previous symbols")
        self._by_alias = self._index(((g, g.aliases) for g in self.genes), "aliases")
        self._by_ensembl = self._index(((g, (g.ensembl_id,)) for g in self.genes), "Ensembl ids")
        self._by_other_ensembl = self._index(((g, g.other_ensembl_ids) for g in self.genes), "Ensembl ids")
        self._by_entrez = self._index(((g, (g.entrez_id,)) for g in self.genes), "Entrez ids")
        self._by_uniprot = self._index(((g, g.uniprot_ids) for g in self.genes), "UniProt accessions")

    def __len__(self) -> int:
        return len(self.genes)

    def __iter__(self) -> Iterator[Gene]:
        return iter(self.genes)

    def __contains__(self, gene_symbol: object) -> bool:
        return gene_symbol in self._by_symbol

    def get(self, gene_symbol: str) -> Gene:
        """Return the gene of an approved symbol; UnknownNameError where the table has none.

        Parameters
        ----------
        gene_symbol : str
            Approved symbol.

        Raises
        ------
        UnknownNameError
            If the table does not hold it.
        """
        gene = self._by_symbol.get(gene_symbol)
        if gene is None:
            facts = "bundled facts" if self.source == "bundled" else f"table {self.source}"
            raise UnknownNameError.of(f"gene in the {facts}", gene_symbol, self._by_symbol)
        return gene

    def has(self, kind: Kind) -> bool:
        """Return whether the table holds identifiers of a kind; the bundled one has no UniProt accessions.

        Parameters
        ----------
        kind : {"symbol", "ensembl", "entrez", "uniprot"}
            What the names of a matrix are.
        """
        index = {"ensembl": self._by_ensembl, "entrez": self._by_entrez, "uniprot": self._by_uniprot}
        return bool(index.get(kind, self._by_symbol))

    def resolve(self, symbols: Sequence[str], kind: Kind = "symbol") -> list[Resolution]:
        """Map the identifiers of one matrix onto approved symbols, changing no more names than is certain.

        Answers which row of a matrix holds which gene of the table. A gene that the table does not know keeps its
        name; the bundled table knows the genes that facts name, see `tmescope.facts.full_genes` for all.

        Parameters
        ----------
        symbols : sequence of str
            All identifiers of the matrix. What one of them becomes depends on which others are there,
            never on their order.
        kind : {"symbol", "ensembl", "entrez", "uniprot"}
            What they are.

        Returns
        -------
        list of Resolution
            One for each input, in input order. Distinct inputs have distinct results.

        Raises
        ------
        UnknownNameError
            `kind` is none of the four.

        Notes
        -----
        Reasons, strongest evidence first: ``approved``, the input is an approved symbol; ``previous symbol``;
        ``alias``; ``ensembl``, ``entrez`` or ``uniprot``, by id; ``unchanged``, nothing is known about it; ``Y copy``,
        the copy of a pseudo-autosomal gene on chromosome Y, which keeps its own name; ``ambiguous``, it keeps its
        name because that belongs to several genes, or because other inputs are as good or better claims to the same
        gene. Where two inputs claim one gene with equal evidence both are ambiguous, because which came first says
        nothing. A name that is another gene's approved symbol never maps; a previous symbol of one gene that is an
        alias of others means the first.

        Case is not folded (``Il6`` is a mouse gene, ``p53`` an alias), with one exception: ``C10ORF54``
        counts as ``C10orf54``, with the reason ``alias`` where that is approved. Ensembl versions
        (``ENSG….12``) are ignored. The two copies of a pseudo-autosomal gene (``ENSG…_PAR_Y``, formerly ``ENSGR…``) are
        identical in sequence and one gene, so the row of X alone is the gene. An isoform (``P01730-2``) is weaker
        evidence than the accession itself.

        Examples
        --------
        >>> [r.gene_symbol for r in load_genes().resolve(["CTGF", "GAPDH"])]
        ['CCN2', 'GAPDH']
        """
        claims = self._claims(symbols, kind)
        given = frozenset(symbols)
        ranks: dict[str, list[int]] = {}
        for claim in claims:
            if claim is not None:
                ranks.setdefault(claim.gene.hgnc_id, []).append(claim.rank)
        return [
            self._settle(symbol, claim, rivals=ranks[claim.gene.hgnc_id], given=given)
            if claim
            else self._keep(symbol, kind)
            for symbol, claim in zip(symbols, claims, strict=True)
        ]

    def rivals(
        self, symbols: Sequence[str], kind: Kind = "symbol", *, aliases: bool = True
    ) -> Mapping[str, tuple[str, ...]]:
        """Return the genes that several identifiers of one matrix mean, which `resolve` leaves apart.

        Parameters
        ----------
        symbols, kind
            As in `resolve`.
        aliases : bool
            Whether an alias counts; it is the weakest evidence, and may be the symbol of a gene that the table is too
            old to know.

        Returns
        -------
        mapping of str to tuple of str
            Approved symbol to the distinct identifiers, best evidence first and then by name; sorted by symbol. An
            approved symbol that stands among ids is none of them.

        Raises
        ------
        UnknownNameError
            `kind` is none of the four.
        """
        unique = list(dict.fromkeys(symbols))
        found: dict[str, list[tuple[int, str]]] = defaultdict(list)
        for name, claim in zip(unique, self._claims(unique, kind), strict=True):
            if claim is not None and (aliases or claim.reason != "alias"):
                found[claim.gene.gene_symbol].append((claim.rank, name))
        return {s: tuple(name for _, name in sorted(named)) for s, named in sorted(found.items()) if len(named) > 1}

    def _claims(self, names: Sequence[str], kind: Kind) -> list[_Claim | None]:
        if kind == "symbol":
            return [self._claim_symbol(name) for name in names]
        if kind == "ensembl":
            return [self._claim_ensembl(name) for name in names]
        if kind == "uniprot":
            return [self._claim_uniprot(name) for name in names]
        if kind != "entrez":
            raise UnknownNameError.of("identifier type", kind, KINDS)
        return [_Claim(gene, 1, "entrez") if (gene := self._by_entrez.get(name)) else None for name in names]

    def _claim_symbol(self, name: str) -> _Claim | None:
        exact = self._claim_exact(name)
        if exact is not None or not (match := _UPPER_ORF.fullmatch(name)):
            return exact
        folded = self._claim_exact(f"{match[1]}orf{match[2]}")
        if folded is None:
            return None
        return _Claim(folded.gene, folded.rank + 1, "alias" if folded.reason == "approved" else folded.reason)

    def _claim_exact(self, name: str) -> _Claim | None:
        if gene := self._by_symbol.get(name):
            return _Claim(gene, 0, "approved")
        if gene := self._by_previous.get(name):
            return _Claim(gene, 2, "previous symbol")
        if gene := self._by_alias.get(name):
            return _Claim(gene, 4, "alias")
        return None

    def _claim_ensembl(self, name: str) -> _Claim | None:
        read = read_ensembl(name)
        if read is None or read.on_y:
            return None
        if gene := self._by_ensembl.get(read.id):
            return _Claim(gene, 1, "ensembl")
        gene = self._by_other_ensembl.get(read.id)
        return _Claim(gene, 2, "ensembl") if gene else None

    def _claim_uniprot(self, name: str) -> _Claim | None:
        read = read_accession(name)
        gene = self._by_uniprot.get(read.id) if read else None
        return _Claim(gene, 2 if read and read.is_isoform else 1, "uniprot") if gene else None

    def _settle(self, name: str, claim: _Claim, *, rivals: Sequence[int], given: frozenset[str]) -> Resolution:
        gene = claim.gene
        alone = len(rivals) == 1 or (claim.rank == min(rivals) and rivals.count(claim.rank) == 1)
        # the second condition matters where symbols stand among ids
        if claim.rank == 0 or (alone and gene.gene_symbol not in given):
            return Resolution(name, gene.gene_symbol, gene.hgnc_id, claim.reason)
        return Resolution(name, name, None, "ambiguous")

    def _keep(self, name: str, kind: Kind) -> Resolution:
        known = name
        if gene := read_ensembl(name):  # symbols too: a row of Y is named by its id where the file shows it
            if gene.on_y:
                return Resolution(name, name, None, "Y copy")
            known = gene.id if kind == "ensembl" else name
        elif kind == "uniprot" and (accession := read_accession(name)):
            known = accession.id
        return Resolution(name, name, None, "ambiguous" if known in self._ambiguous else "unchanged")

    @staticmethod
    def _index(named: Iterable[tuple[Gene, tuple[str, ...]]], what: str) -> dict[str, Gene]:
        pairs = [(name, gene) for gene, names in named for name in names if name]
        index = dict(pairs)
        twice = [name for name, gene in pairs if index[name] is not gene] if len(index) < len(pairs) else []
        if twice:
            raise FactsError(f"{what} belong to two genes: {examples(twice)}", where="facts: gene table")
        return index


@cache
def load_genes() -> GeneTable:
    """Return the bundled gene table (read once).

    Raises
    ------
    FactsError
        The bundled table fails its own checks.
    """
    return read_genes(DATA / "genes.tsv")


def read_genes(path: Path) -> GeneTable:
    """Read a gene table and the metadata beside it (same name, ``.toml``).

    Raises
    ------
    FactsError
        Columns, number of rows or sha256 are not what the metadata state, or names clash.
    """
    meta = read_record(path.with_suffix(".toml"), _META_KEYS)
    content = path.read_text(encoding="utf-8")
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    check_hash(sha256, meta["sha256"], what="the table", where=place(path))
    header, *rows = csv.reader(content.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    if tuple(header) != COLUMNS:
        raise FactsError(f"columns are {header}", where=place(path), expected=", ".join(COLUMNS))
    if len(rows) != meta["n_genes"] or any(len(row) != len(COLUMNS) for row in rows):
        raise FactsError(
            f"{len(rows)} rows",
            where=place(path),
            expected=f"{meta['n_genes']} rows of {len(COLUMNS)} columns",
        )
    return GeneTable((_gene(row) for row in rows), sha256=sha256)


def _gene(row: Sequence[str]) -> Gene:
    cells = dict(zip(COLUMNS, row, strict=True))
    lists = {column: tuple(filter(None, cells[column].split("|"))) for column in _LISTS}
    return Gene(
        gene_symbol=cells["gene_symbol"],
        hgnc_id=cells["hgnc_id"],
        entrez_id=cells["entrez_id"],
        ensembl_id=cells["ensembl_id"],
        chromosome=cells["chromosome"],
        **lists,
    )
