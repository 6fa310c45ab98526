"""Words beyond HGNC: read strictly, and what people assigned is in the documents that are named."""

from __future__ import annotations

import tomllib

import pytest
from tests.horizon.corpora import read_biored, read_symbols

from tmescope.facts.focus import list_focus_areas
from tmescope.facts.gene_words import load_gene_words, read_gene_words
from tmescope.facts.records import DATA
from tmescope.facts.signatures import load_signature
from tmescope.foundation.errors import FactsError

FILE = DATA / "horizon" / "gene_words.toml"


def test_the_bundled_words():
    words = load_gene_words()
    assert {"MET", "KIT", "SET", "REST", "CAT", "IMPACT"} <= words.words
    assert words.assigned["mTOR"] == "HGNC:3942"
    assert all(name == name.strip() for name in (*words.words, *words.others, *words.phrases, *words.assigned))


def test_assigned_names_are_those_of_the_documents_that_are_named(shared_data):
    genes = {r.hgnc_id: r for r in read_symbols(shared_data / "horizon" / "hgnc_biorosetta" / "hgnc.tsv")}
    documents = {d.pmid: d for d in read_biored(shared_data / "horizon" / "biored" / "Train.PubTator")}
    for one in tomllib.loads(FILE.read_text(encoding="utf-8"))["assigned"]:
        gene = genes[one["hgnc_id"]]
        assert gene.symbol == one["symbol"]
        assert one["pmids"]
        for pmid in one["pmids"]:
            found = {i for a in documents[str(pmid)].genes for i in a.ids}
            assert gene.entrez in found, (one["symbol"], pmid)


def test_well_known_names_are_of_hgnc_or_written_in_what_is_named(shared_data):
    held = {r.hgnc_id: r for r in read_symbols(shared_data / "horizon" / "hgnc_biorosetta" / "hgnc.tsv")}
    known = tomllib.loads(FILE.read_text(encoding="utf-8"))["known"]
    watched = {entity.id for area in list_focus_areas() for entity in (*area.entities, *area.watch)}
    for one in known:
        gene = held[one["hgnc_id"]]
        assert gene.symbol == one["symbol"]
        names = {_plain(name) for name in (gene.symbol, *gene.previous, *gene.aliases)}
        others = [name for name in one["names"] if _plain(name) not in names]
        assert not others or any(s.startswith(("PMID", "NCT")) for s in one["sources"]), others
        assert all(_holds(source, one["hgnc_id"], watched) for source in one["sources"]), one


def _plain(name):
    return name.casefold().replace("-", "")


def _holds(source, gene, watched):
    kind, _, name = source.partition(" ")
    if kind == "signature":
        return gene in load_signature(name).hgnc_ids
    return gene in watched if kind == "focus" else True


@pytest.mark.parametrize(
    ("old", "new"), [('version = "2026-11-26"', "version = 1"), ("meaning =", "sense ="), ("pmids = ", "papers = ")]
)
def test_damaged_files_are_refused(tmp_path, old, new):
    path = tmp_path / "words.toml"
    path.write_text(FILE.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(FactsError, match="words"):
        read_gene_words(path)
