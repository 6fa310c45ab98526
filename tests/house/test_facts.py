"""Every bundled fact is complete, licensed, referenced, limited and hashed; the gene table covers all."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.facts import facts_page

import tmescope.facts as room
from tmescope.facts.genes import load_genes
from tmescope.facts.records import DATA
from tmescope.facts.signatures import (
    CATEGORIES,
    UNVERIFIED,
    Signature,
    genes_sha256,
    list_collections,
    list_signatures,
    load_collection,
)
from tmescope.ingest.sexes import Y_GENES

SIGNATURES = list_signatures()
ALL = [*SIGNATURES, *(s for name in list_collections() for s in load_collection(name))]
IDS = [signature.name for signature in ALL]
# what the platform promises to have; a name that goes is a breaking change
PROMISED = {
    "apm",
    "cyt",
    "emt2_mariathasan",
    "hallmark_angiogenesis",
    "hallmark_e2f_targets",
    "hallmark_epithelial_mesenchymal_transition",
    "hallmark_g2m_checkpoint",
    "hallmark_hypoxia",
    "ifng6",
    "immune_checkpoint",
    "macrophage_cxcl9",
    "macrophage_spp1",
    "macrophage_trem2",
    "mdsc_wang",
    "mhc_i",
    "mhc_ii",
    "pan_f_tbrs",
    "t_effector",
    "tis18",
    "tls_cabrita",
}
# lists whose paper could not be found; grew once, by one of the extended tier, and may only shrink
WITHOUT_REFERENCE = {"ddr", "mhc_i", "mhc_ii"}
# loci that stand on alternative haplotypes alone have no Ensembl id in the identifier tables
WITHOUT_ALL_IDS = {"CCL4L1", "KIR2DS2", "KIR2DS5", "MUC3B"}
# what a study scores by default: a change changes everybody's results
N_CORE = 36


def complaints(signature: Signature) -> list[str]:
    """Say what a scientist, a lawyer or a test would miss."""
    checks = {
        "a title that says where it is from": signature.title and "(" in signature.title,
        "a one-sentence summary of a high score": signature.summary.startswith("High: ")
        and signature.summary.endswith("."),
        "genes": signature.genes,
        "an HGNC id for each gene": len(signature.hgnc_ids) == len(signature.genes),
        "the species": signature.species == "Homo sapiens",
        "a version": signature.version,
        "a DOI": signature.reference.startswith("doi:10.") or signature.name in WITHOUT_REFERENCE,
        "a citation": signature.citation,
        "how the reference was checked": signature.reference_check,
        "the licence": len(signature.licence) > 20,
        "what it must not be used for": len(signature.limits) > 40,
        "the source table": signature.source_table,
        "the source rows": signature.source_rows,
        "the hash of its genes": signature.sha256 == genes_sha256(signature.genes),
        "the hash of its source rows": len(signature.source_sha256) == 64,
    }
    return [what for what, there in checks.items() if not there]


@pytest.mark.parametrize("signature", ALL, ids=IDS)
def test_every_fact_is_complete(signature: Signature) -> None:
    assert complaints(signature) == []


def test_an_incomplete_fact_is_found() -> None:
    good = SIGNATURES[0]
    assert complaints(good) == []
    bad = replace(good, licence="", limits="", summary="Nice", genes=good.genes[1:], reference=UNVERIFIED)
    assert len(complaints(bad)) == 6


def test_what_is_promised_is_there() -> None:
    assert {s.name for s in SIGNATURES} >= PROMISED
    assert len(load_collection("mcp_counter")) == 10
    assert len(SIGNATURES) >= 130
    assert len(list_signatures("core")) == N_CORE
    assert {s.category for s in SIGNATURES} == set(CATEGORIES) - {"cell populations"}


def test_references_are_verified_except_where_it_says_so() -> None:
    unverified = {s.name for s in ALL if s.reference == UNVERIFIED}
    assert unverified == WITHOUT_REFERENCE
    assert all("not verified" in s.title for s in ALL if s.name in unverified)


def test_the_gene_table_covers_every_gene_by_the_same_id_and_no_other() -> None:
    genes = load_genes()
    named: dict[str, str] = {}
    for signature in ALL:
        for symbol, hgnc_id in zip(signature.genes, signature.hgnc_ids, strict=True):
            assert named.setdefault(symbol, hgnc_id) == hgnc_id
        named.update({symbol: genes.get(symbol).hgnc_id for symbol in signature.housekeeping})
    named.update({symbol: genes.get(symbol).hgnc_id for symbol in Y_GENES})  # by which samples tell their sex
    assert {g.gene_symbol: g.hgnc_id for g in genes} == named
    assert {g.gene_symbol for g in genes if not (g.entrez_id and g.ensembl_id)} == WITHOUT_ALL_IDS


def test_files_are_readable_by_people() -> None:
    long = [
        f"{path.name}:{number}"
        for path in DATA.rglob("*.toml")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if len(line) > 120
    ]
    assert long == []


def test_the_hashes_are_the_recorded_ones() -> None:
    # a fact whose own hashes were rewritten with it is found here, without the source tables too
    recorded = facts_page.LEDGER.read_text(encoding="utf-8")
    assert facts_page.ledger() == recorded, "if the change is meant: python -m tests.facts.facts_page"


def test_the_page_lists_what_is_bundled() -> None:
    page = facts_page.PAGE.read_text(encoding="utf-8")
    assert facts_page.fill(page) == page, "run: python -m tests.facts.facts_page"
    assert "| `cyt` |" in page


def test_reading_all_facts_loads_nothing_heavy() -> None:
    code = (
        "import sys, tmescope.facts as f; f.list_signatures(); f.load_collection('mcp_counter');"
        "f.load_genes();"
        "print(sorted({'numpy', 'pandas', 'scipy', 'pydantic', 'anndata', 'numba'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_room_is_lazy_and_its_stub_agrees() -> None:
    stub = Path(room.__file__ or "").with_suffix(".pyi").read_text(encoding="utf-8")
    assert all(f'"{name}"' in stub and getattr(room, name) for name in room.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = room.nothing  # type: ignore[attr-defined]
