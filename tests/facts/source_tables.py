"""Readers of the source tables that the bundled facts were taken from, and the gene names derived from them.

`derive_genes` is the definition of `genes.tsv`: the tests compare the committed table with what it derives.
"""

from __future__ import annotations

import csv
import gzip
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

NCBI = "targets/gene_ids/Homo_sapiens.protein_coding.with_hgnc.tsv"
HGNC_2023 = "horizon/hgnc_biorosetta/hgnc.tsv"
HGNC_2017 = "references/quantiseq/HGNC_genenames_20170418.txt.gz"
MCP_COUNTER = "references/mcpcounter/genes.tsv"
GENE_COLUMNS = (
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
ROW_SELECTOR = re.compile(r'^(?P<column>[^"=]+) == "(?P<value>[^"]+)"$')


def read_table(path: Path, *, quoted: bool = False) -> list[dict[str, str]]:
    """Read a tab-separated table, gzipped or not; quotes are ordinary characters unless `quoted`."""
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
    quoting = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    return list(csv.DictReader(text.splitlines(), delimiter="\t", quoting=quoting))


def source_rows(shared: Path, table: str, selector: str) -> set[str]:
    """Return the distinct rows of a source table as the facts hash them: symbol, or symbol and weight."""
    path = shared / table if table.startswith("targets/") else shared / "references" / table
    if path.suffix == ".txt":
        return set(path.read_text(encoding="utf-8").split())
    if path.suffix == ".csv":
        return {row["symbol"] for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines())}
    if path.suffix == ".gmt":
        sets = dict(_gmt_line(line) for line in path.read_text(encoding="utf-8").splitlines())
        return sets[_value(selector)]
    rows = read_table(path, quoted=table.startswith("mcpcounter"))
    if selector != "all rows":
        match = ROW_SELECTOR.match(selector)
        assert match, selector
        rows = [row for row in rows if row[match["column"]] == match["value"]]
    assert rows, f"{table}: no rows where {selector}"
    symbol = next(name for name in ("gene_symbol", "HUGO symbols") if name in rows[0])
    return {f"{row[symbol]}\t{float(row['weight'])!r}" if row.get("weight") else row[symbol] for row in rows}


def _value(selector: str) -> str:
    match = ROW_SELECTOR.match(selector)
    assert match, selector
    return match["value"]


def _gmt_line(line: str) -> tuple[str, set[str]]:
    name, _, *genes = line.rstrip("\t").split("\t")
    return name, {gene for gene in genes if gene}


@dataclass
class Names:
    """Who owns which name, over every human gene of the three identifier tables."""

    approved: dict[str, str] = field(default_factory=dict)  # symbol -> HGNC id
    current: dict[str, str] = field(default_factory=dict)  # HGNC id -> symbol
    previous: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    alias: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    entrez: dict[str, str] = field(default_factory=dict)
    ensembl: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    chromosome: dict[str, str] = field(default_factory=dict)
    approved_2017: dict[str, str] = field(default_factory=dict)

    def owners(self, name: str) -> set[str]:
        return self.previous.get(name, set()) | self.alias.get(name, set())

    def find(self, name: str) -> tuple[str, str] | None:
        """Return (HGNC id, how) of a name that one gene alone can mean."""
        if name in self.approved:
            return self.approved[name], "approved symbol"
        for owners, how in ((self.previous, "previous symbol"), (self.alias, "alias")):
            if len(owners.get(name, ())) == 1:
                return next(iter(owners[name])), how
        return None


def read_names(shared: Path) -> Names:
    """Read the three identifier tables; the newest says what is approved, the older ones add names."""
    names = Names()
    ncbi, new, old = (read_table(shared / table) for table in (NCBI, HGNC_2023, HGNC_2017))
    old = [row for row in old if row["Status"] == "Approved"]
    for row in new:
        names.current[row["hgnc"]] = row["symb"]
    for row in ncbi:
        names.current[row["hgnc_id"]] = row["gene_symbol"]
    names.approved = {symbol: hgnc for hgnc, symbol in names.current.items()}
    for row in ncbi:  # where two ids claim one symbol, the newest table decides
        names.approved[row["gene_symbol"]] = row["hgnc_id"]
    names.approved_2017 = {row["ApprovedSymbol"]: row["HGNCID"] for row in old}
    _read_symbols(names, ncbi, new, old)
    _read_ids(names, ncbi, new, old)
    by_entrez = {entrez: hgnc for hgnc, entrez in names.entrez.items()}
    for row in read_table(shared / MCP_COUNTER, quoted=True):  # knows ids on alternative haplotypes
        hgnc_id = by_entrez.get(row["ENTREZID"])
        if hgnc_id and row["ENSEMBL ID"] not in names.ensembl[hgnc_id]:
            names.ensembl[hgnc_id].append(row["ENSEMBL ID"])
    return names


def _read_symbols(
    names: Names, ncbi: list[dict[str, str]], new: list[dict[str, str]], old: list[dict[str, str]]
) -> None:
    for row in old:
        _add(names.previous, names, row["HGNCID"], [row["ApprovedSymbol"], *row["PreviousSymbols"].split("|")])
    for row in new:
        _add(names.previous, names, row["hgnc"], [row["symb"], row["synonym2"]])
    for row in old:
        _add(names.alias, names, row["HGNCID"], row["AliasSymbol"].split("|"))
    for row in new:
        _add(names.alias, names, row["hgnc"], [row["synonym1"]])
    for row in ncbi:
        _add(names.alias, names, row["hgnc_id"], row["synonyms"].split("|"))


def _add(into: dict[str, set[str]], names: Names, hgnc_id: str, given: Iterable[str]) -> None:
    for raw in given:
        name = raw.strip()
        known = hgnc_id in names.current and name != names.current[hgnc_id]
        if name and name != "-" and known and not (into is names.alias and hgnc_id in names.previous.get(name, ())):
            into[name].add(hgnc_id)


def _read_ids(names: Names, ncbi: list[dict[str, str]], new: list[dict[str, str]], old: list[dict[str, str]]) -> None:
    for rows, hgnc, ensembl in (
        (ncbi, "hgnc_id", "ensembl_gene"),
        (new, "hgnc", "ensg"),
        (old, "HGNCID", "EnsemblGeneID"),
    ):
        for row in rows:
            if row[ensembl] and row[ensembl] not in names.ensembl[row[hgnc]]:
                names.ensembl[row[hgnc]].append(row[ensembl])
    for rows, hgnc, entrez in ((new, "hgnc", "entr"), (ncbi, "hgnc_id", "ncbi_gene_id")):
        names.entrez.update({row[hgnc]: row[entrez] for row in rows if row[entrez]})
    names.chromosome = {row["hgnc_id"]: row["chromosome"] for row in ncbi}


def derive_genes(names: Names, symbols: Iterable[str]) -> list[dict[str, str]]:
    """Return the rows of genes.tsv for these approved symbols, sorted by symbol."""
    owned = defaultdict(set)
    for table in (names.previous, names.alias):
        for name, owners in table.items():
            for hgnc_id in owners:
                owned[hgnc_id].add(name)
    claimed = {ensembl for ids in names.ensembl.values() for ensembl in ids[:1]}
    return [_derive_gene(names, names.approved[symbol], owned, claimed) for symbol in sorted(set(symbols))]


def _derive_gene(names: Names, hgnc_id: str, owned: dict[str, set[str]], claimed: set[str]) -> dict[str, str]:
    # a name that is another gene's approved symbol is that gene, whatever an old list says
    mine = sorted(name for name in owned[hgnc_id] if name not in names.approved)
    # a name that was another gene's approved symbol in 2017 (merged since) measured that other locus
    safe = [name for name in mine if names.approved_2017.get(name, hgnc_id) == hgnc_id]
    previous = [name for name in safe if names.previous.get(name) == {hgnc_id}]
    aliases = [name for name in safe if name not in previous and names.owners(name) == {hgnc_id}]
    primary, *others = names.ensembl.get(hgnc_id) or [""]
    return {
        "gene_symbol": names.current[hgnc_id],
        "hgnc_id": hgnc_id,
        "entrez_id": names.entrez.get(hgnc_id, ""),
        "ensembl_id": primary,
        "other_ensembl_ids": "|".join(sorted(other for other in others if other not in claimed)),
        "previous_symbols": "|".join(previous),
        "aliases": "|".join(aliases),
        "ambiguous_names": "|".join(name for name in mine if name not in previous and name not in aliases),
        "chromosome": names.chromosome.get(hgnc_id, ""),
    }
