"""Real corpora that tests and benchmarks read: genes of two tables of HGNC, and documents of BioRED."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from tmescope.facts.hgnc import HgncRecord, read_hgnc

_PASSAGE = re.compile(r"(\d+)\|([ta])\|(.*)")
GENE = "GeneOrGeneProduct"


@dataclass(frozen=True)
class Annotation:
    """One name in a document: characters from and to, and the ids it stands for."""

    first: int
    last: int
    ids: tuple[str, ...]


@dataclass(frozen=True)
class Document:
    """A title and an abstract with the genes that people marked in them."""

    pmid: str
    title: str
    abstract: str
    genes: tuple[Annotation, ...]


def read_biored(path: Path) -> list[Document]:
    """Read a file in the format of PubTator."""
    texts: dict[str, dict[str, str]] = {}
    genes: dict[str, list[Annotation]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if passage := _PASSAGE.fullmatch(line):
            texts.setdefault(passage[1], {})[passage[2]] = passage[3]
            continue
        cells = line.split("\t")
        if len(cells) == 6 and cells[4] == GENE:
            one = Annotation(int(cells[1]), int(cells[2]), tuple(re.split("[,;]", cells[5])))
            genes.setdefault(cells[0], []).append(one)
    return [Document(pmid, t["t"], t["a"], tuple(genes.get(pmid, ()))) for pmid, t in texts.items()]


def read_symbols(path: Path) -> list[HgncRecord]:
    """Read the table with one row a pair of synonyms: symbols, aliases and former symbols, but no names."""
    found: dict[str, dict[str, dict[str, None]]] = {}
    first: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        ensembl, entrez, hgnc, symbol, alias, former = line.split("\t")
        one = found.setdefault(hgnc, {"alias": {}, "former": {}})
        first.setdefault(hgnc, [symbol, entrez, ensembl])
        first[hgnc][1] = first[hgnc][1] or entrez
        one["alias"] |= {alias: None} if alias else {}
        one["former"] |= {former: None} if former else {}
    return [
        HgncRecord(symbol, hgnc, entrez, ensembl, (), tuple(one["former"]), tuple(one["alias"]), "Approved", "")
        for (hgnc, (symbol, entrez, ensembl)), one in zip(first.items(), found.values(), strict=True)
    ]


def read_genes(shared_data: Path) -> list[HgncRecord]:
    """Put the names and aliases of the table of 2017 to the symbols of the newer one."""
    old = {r.hgnc_id: r for r in read_hgnc(shared_data / "references/quantiseq/HGNC_genenames_20170418.txt.gz")}
    records = []
    for record in read_symbols(shared_data / "horizon/hgnc_biorosetta/hgnc.tsv"):
        before = old.get(record.hgnc_id)
        if before is None or not before.is_approved:
            records.append(record)
            continue
        previous = tuple(dict.fromkeys((*record.previous, *before.previous)))
        aliases = tuple(dict.fromkeys((*record.aliases, *before.aliases)))
        records.append(replace(record, previous=previous, aliases=aliases, names=before.names))
    return records
