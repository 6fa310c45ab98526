"""All human genes: the installed table of HGNC put together with the genes that bundled facts name."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from tmescope.facts.genes import Gene, GeneTable, load_genes
from tmescope.facts.hgnc import HgncRecord, read_hgnc
from tmescope.facts.installed import Installed, list_installed
from tmescope.facts.loading import demand_whole
from tmescope.foundation.errors import FactsError

__all__ = ["complete_genes", "find_gene_table", "load_full_genes"]

_NAME = "hgnc"
_ADD = "tmescope facts add hgnc --from FILE"


def find_gene_table(home: Path, version: str | None = None) -> Installed:
    """Return the installed table of HGNC, whose file is as it was installed.

    Parameters
    ----------
    home : Path
        As from `tmescope.facts.installed.facts_folder`.
    version : str, optional
        Which one, as ``tmescope facts list`` shows it; None takes the only one that is installed.

    Raises
    ------
    FactsError
        None is installed, not that version, or several and none is named; or its file changed since.
    """
    one = _choose(home, version)
    demand_whole(one)  # a hash that is recorded beside results must be that of what was read
    return one


def _choose(home: Path, version: str | None) -> Installed:
    found = {one.version: one for one in list_installed(home) if one.name == _NAME}
    there = ", ".join(sorted(found)) or "none"
    if version is None and len(found) == 1:
        return next(iter(found.values()))
    if version in found:
        return found[version]
    if version is None and found:
        raise FactsError(
            f"{len(found)} versions of the HGNC table are installed: {there}",
            where="installed facts: hgnc",
            expected="the name of one of them",
            next_step=f'write gene_table = "hgnc {min(found)}", or remove the others with tmescope facts remove',
        )
    which = "the HGNC table" if version is None else f"version {version!r} of the HGNC table"
    raise FactsError(
        f"{which} is not installed",
        where="installed facts: hgnc",
        expected=f"an installed version; there are: {there}",
        next_step=_ADD,
    )


def load_full_genes(home: Path, version: str | None = None) -> GeneTable:
    """Read the installed table of HGNC and complete the bundled genes with it.

    Parameters
    ----------
    home, version
        As in `find_gene_table`.

    Returns
    -------
    GeneTable
        See `complete_genes`; its `source` is name and version, its `sha256` depends on both tables.

    Raises
    ------
    FactsError
        See `find_gene_table`.
    FileFormatError
        The parser of this release refuses what an older one let in.

    Notes
    -----
    Reading and checking 42,000 entries takes about a second; nothing is kept between calls.
    """
    one = find_gene_table(home, version)
    records = read_hgnc(Path(one.folder) / one.files["genes"])
    named = load_genes()
    both = hashlib.sha256(f"{named.sha256} {one.sha256['genes']}".encode()).hexdigest()
    return complete_genes(named, records, sha256=both, source=f"{_NAME} {one.version}")


def complete_genes(
    named: GeneTable, records: Iterable[HgncRecord], *, sha256: str = "", source: str = "hgnc"
) -> GeneTable:
    """Put the entries of HGNC and the genes that facts name together.

    Parameters
    ----------
    named : GeneTable
        Genes of the facts: their symbols are those of the signatures.
    records : iterable of HgncRecord
        Entries of HGNC of any age; withdrawn ones are left out.
    sha256, source : str
        For the table.

    Returns
    -------
    GeneTable
        The genes of `named`, then all others in the order of `records`.

    Notes
    -----
    A gene of `named` keeps the symbol of the facts, whatever the age of the other table: what that calls it becomes
    a previous symbol. Its ids are completed, never replaced.

    A name that is some gene's approved symbol means that gene alone. A previous symbol of one gene means it, also
    where it is an alias of others; an alias means a gene where it is no other's. All other names, and ids that
    several genes share (14 genes encode the histone H4 of P62805), are ambiguous and never map. What `named` calls
    ambiguous stays so. An entry whose approved symbol a gene of `named` has, under another HGNC id, is left out:
    symbols were passed on.
    """
    genes = {gene.hgnc_id: gene for gene in named}
    approved = {gene.gene_symbol: gene.hgnc_id for gene in named}
    for record in records:
        if not record.is_approved:
            continue
        if record.hgnc_id in genes:
            genes[record.hgnc_id] = _completed(genes[record.hgnc_id], record)
        elif record.symbol not in approved:
            genes[record.hgnc_id] = _gene(record)
            approved[record.symbol] = record.hgnc_id
    ambiguous = frozenset(name for gene in named for name in gene.ambiguous_names)
    certain = _certain_names(tuple(genes.values()), approved, ambiguous)
    return GeneTable(_certain_ids(certain, named), sha256=sha256, source=source)


def _gene(record: HgncRecord) -> Gene:
    names = _unique(record.previous), _unique(record.aliases)
    ids = record.entrez, record.ensembl
    return Gene(record.symbol, record.hgnc_id, *ids, (), *names, (), "", _unique(record.uniprot))


def _completed(gene: Gene, record: HgncRecord) -> Gene:
    known = (gene.ensembl_id, *gene.other_ensembl_ids)
    new_id = (record.ensembl,) if record.ensembl and gene.ensembl_id and record.ensembl not in known else ()
    return replace(
        gene,
        entrez_id=gene.entrez_id or record.entrez,
        ensembl_id=gene.ensembl_id or record.ensembl,
        other_ensembl_ids=(*gene.other_ensembl_ids, *new_id),
        previous_symbols=_unique((*gene.previous_symbols, *record.previous, record.symbol)),
        aliases=_unique((*gene.aliases, *record.aliases)),
        uniprot_ids=_unique(record.uniprot),
    )


def _certain_names(genes: Sequence[Gene], approved: dict[str, str], ambiguous: frozenset[str]) -> list[Gene]:
    """Keep each name with the one gene that it means; it is ambiguous in all where it means several."""
    previous = Counter(chain.from_iterable(gene.previous_symbols for gene in genes))
    aliases = Counter(chain.from_iterable(gene.aliases for gene in genes))

    def sort_names(gene: Gene) -> Gene:
        mine_before = [n for n in gene.previous_symbols if n not in approved]
        mine_too = [n for n in gene.aliases if n not in approved and n not in gene.previous_symbols]
        before = tuple([n for n in mine_before if previous[n] == 1 and n not in ambiguous])
        # an alias that was a symbol of another gene means that one
        too = tuple([n for n in mine_too if aliases[n] == 1 and n not in previous and n not in ambiguous])
        unsure = [n for n in mine_before if previous[n] > 1 or n in ambiguous]
        unsure += [n for n in mine_too if aliases[n] > 1 or n in ambiguous]
        if not unsure and before == gene.previous_symbols and too == gene.aliases:
            return gene
        names = tuple(dict.fromkeys((*gene.ambiguous_names, *unsure)))
        return replace(gene, previous_symbols=before, aliases=too, ambiguous_names=names)

    return [sort_names(gene) if gene.previous_symbols or gene.aliases else gene for gene in genes]


def _certain_ids(genes: Sequence[Gene], named: GeneTable) -> list[Gene]:
    """Keep ids with one owner; those of the facts stay where they are, others that are shared become ambiguous."""
    taken = {name: gene.hgnc_id for gene in named for name in _ids(gene)}
    ids = [_ids(gene) for gene in genes]
    shared = frozenset(name for name, n in Counter(chain.from_iterable(ids)).items() if n > 1)

    def sort_ids(gene: Gene, mine: tuple[str, ...]) -> Gene:
        if shared.isdisjoint(mine):
            return gene
        lost = frozenset(n for n in mine if n in shared and taken.get(n) != gene.hgnc_id)
        return replace(
            gene,
            entrez_id="" if gene.entrez_id in lost else gene.entrez_id,
            ensembl_id="" if gene.ensembl_id in lost else gene.ensembl_id,
            other_ensembl_ids=tuple(n for n in gene.other_ensembl_ids if n not in lost),
            uniprot_ids=tuple(n for n in gene.uniprot_ids if n not in lost),
            ambiguous_names=(*gene.ambiguous_names, *sorted(lost - taken.keys())),
        )

    return [sort_ids(gene, mine) for gene, mine in zip(genes, ids, strict=True)]


def _ids(gene: Gene) -> tuple[str, ...]:
    if not gene.other_ensembl_ids and not gene.uniprot_ids and not gene.entrez_id:
        return (gene.ensembl_id,) if gene.ensembl_id else ()
    ids = (gene.entrez_id, gene.ensembl_id, *gene.other_ensembl_ids, *gene.uniprot_ids)
    return tuple([name for name in ids if name])


def _unique(names: tuple[str, ...]) -> tuple[str, ...]:
    return names if len(names) < 2 else tuple(dict.fromkeys(names))
