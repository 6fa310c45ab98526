from __future__ import annotations

import gzip
import random
import time
from pathlib import Path

import pytest

import tmescope as ts
from tmescope.facts.full_genes import complete_genes
from tmescope.facts.genes import load_genes
from tmescope.facts.hgnc import HgncRecord
from tmescope.facts.own_sets import WEIGHTS_IGNORED, map_own_genes, read_signature_file, read_signatures
from tmescope.facts.records import DATA
from tmescope.facts.signatures import genes_sha256, list_signatures
from tmescope.foundation.errors import FileFormatError, IdentifierError


def _write(path: Path, text: str) -> Path:
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def _codes(path: Path) -> dict[str, tuple[int, tuple[str, ...]]]:
    return {n.code: (n.count, n.examples) for n in read_signature_file(path).notes}


def test_every_bundled_record_reads_as_a_file_of_ones_own() -> None:
    for bundled in list_signatures():
        (own,) = read_signatures(DATA / "signatures" / f"{bundled.name}.toml")
        for key in ("name", "title", "category", "genes", "hgnc_ids", "weights", "sha256", "reference", "corrections",
                    "licence", "version", "source_sha256", "source_symbols", "housekeeping"):  # fmt: skip
            assert getattr(own, key) == getattr(bundled, key), (bundled.name, key)
        assert own.limits == bundled.limits + (f" {WEIGHTS_IGNORED}" if bundled.weights else "")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("s.gmt", "A\tof B\tPRF1\tGZMA\n"),
        ("s.GMT.gz", "A\tof B\tPRF1\tGZMA\n"),
        ("s.csv", "set,gene_symbol\nA,PRF1\nA,GZMA\n"),
        ("s.tsv.gz", "gene_symbol\tset\nPRF1\tA\nGZMA\tA\n"),
        ("s.txt", "gene_symbol\tset\nPRF1\tA\nGZMA\tA\n"),
        ("s.toml", 'format = 1\nname = "A"\ngenes = ["PRF1", "GZMA"]\n'),
    ],
)
def test_one_set_in_any_form_is_one_signature(tmp_path: Path, name: str, text: str) -> None:
    found = ts.facts.read_signature_file(_write(tmp_path / name, text))
    (one,) = found.signatures
    assert (one.name, one.title, one.genes, one.weights) == ("A", "A", ("GZMA", "PRF1"), None)
    assert one.hgnc_ids == ("HGNC:4708", "HGNC:9360")
    assert one.sha256 == genes_sha256(["PRF1", "GZMA"])
    assert found.places["A"].startswith(name)
    assert found.notes == ()
    assert one.citation == (f"{name}: of B" if "gmt" in name.lower() else name)


def test_a_previous_symbol_becomes_the_approved_one_as_in_matrices_and_is_noted(tmp_path: Path) -> None:
    path = _write(tmp_path / "s.gmt", "A\t\tCTGF\tGZMA\nB\t\tCTGF\tCCN2\nC\t\tGZMA\n")
    a, b, c = read_signatures(path)
    assert (a.genes, a.corrections) == (("CCN2", "GZMA"), ("CTGF -> CCN2: previous symbol",))
    assert a.source_symbols == ("CTGF", "GZMA")
    assert (b.genes, b.corrections, b.source_symbols) == (("CCN2",), a.corrections, ("CCN2", "CTGF"))
    assert c.corrections == ()
    assert _codes(path) == {
        "signatures.duplicate_genes": (1, ("CTGF and CCN2 (s.gmt, line 2)",)),
        "signatures.previous_symbols": (1, ("CTGF -> CCN2",)),
    }
    kept, *_ = read_signatures(path, map_symbols=False)
    assert kept.genes == ("CTGF", "GZMA")


def test_a_gene_under_two_symbols_counts_once_and_has_one_weight(tmp_path: Path) -> None:
    head = "set,gene_symbol,weight\n"
    (same,) = read_signatures(_write(tmp_path / "s.csv", head + "A,CTGF,-2\nA,GZMA,1\nA,CCN2,-2\n"))
    assert dict(same.weights or {}) == {"CCN2": -2.0, "GZMA": 1.0}
    with pytest.raises(
        FileFormatError, match=r"CTGF and CCN2 of 'A' are one gene, CCN2, with -2\.0 and 1\.0"
    ) as caught:
        read_signatures(_write(tmp_path / "s.csv", head + "A,CTGF,-2\nA,CCN2,1\n"))
    assert caught.value.where == "s.csv, line 2"
    own, notes = map_own_genes({"A": ["CTGF", "CCN2", "GZMA"]}, where="own")
    assert own == {"A": ("CCN2", "GZMA")}
    assert ("signatures.duplicate_genes", ("CTGF and CCN2 (own.A)",)) in {(n.code, n.examples) for n in notes}


def test_symbols_are_looked_up_in_the_table_that_is_given(tmp_path: Path) -> None:
    record = HgncRecord("ONE", "HGNC:9000001", "", "", (), ("UNO",), ("EIN",), "Approved", "")
    table = complete_genes(load_genes(), [record])
    path = _write(tmp_path / "s.gmt", "A\tONE\tUNO\tCTGF\n")
    found = read_signature_file(path, table=table)
    assert (found.signatures[0].genes, found.signatures[0].hgnc_ids) == (
        ("CCN2", "ONE"),
        ("HGNC:2500", "HGNC:9000001"),
    )
    assert {n.code for n in found.notes} == {"signatures.previous_symbols", "signatures.gene_as_description"}
    assert read_signatures(path, table=table) == found.signatures
    assert read_signatures(path)[0].genes == ("CCN2", "UNO")
    assert map_own_genes({"A": ["EIN", "GZMA"]}, where="own", table=table)[0] == {"A": ("ONE", "GZMA")}


def test_weights_and_directions_are_kept_and_said_to_be_ignored_by_most(tmp_path: Path) -> None:
    rows = "w,GZMA,0.5,\nw,PRF1,-2,\nd,GZMA,,up\nd,CTGF,,down\nu,GZMA,,up\nn,GZMA,,\n"
    found = read_signature_file(_write(tmp_path / "s.csv", "set,gene_symbol,weight,direction\n" + rows))
    w, d, u, n = found.signatures
    assert dict(w.weights or {}) == {"GZMA": 0.5, "PRF1": -2.0}
    assert dict(d.weights or {}) == {"CCN2": -1.0, "GZMA": 1.0}
    assert "+1 up, -1 down" in d.notes[0]
    assert u.weights is None
    assert n.weights is None
    assert [WEIGHTS_IGNORED in s.limits for s in (w, d, u, n)] == [True, True, False, False]
    (weights,) = [x for x in found.notes if x.code == "signatures.weights"]
    assert (weights.count, weights.examples) == (2, ("w", "d"))


def test_what_is_odd_is_told_and_nothing_is_changed(tmp_path: Path) -> None:
    path = _write(tmp_path / "s.gmt", "A\tCD8A\tGZMA\tGZMA\tIl6\nB\t\tCd8a\t1-Mar\tC10orf54\n")
    assert _codes(path) == {
        "signatures.duplicate_genes": (1, ("GZMA (s.gmt, line 1)",)),
        "signatures.previous_symbols": (1, ("C10orf54 -> VSIR",)),
        "signatures.mouse_symbols": (2, ("Cd8a", "Il6")),
        "signatures.spreadsheet_dates": (1, ("1-Mar",)),
        "signatures.gene_as_description": (1, ("CD8A",)),
    }
    assert read_signatures(path)[1].genes == ("1-Mar", "Cd8a", "VSIR")


@pytest.mark.parametrize(
    ("name", "text", "says", "where"),
    [
        ("s.gmt", "A\t\tG1\nB\t\tG2\nA\t\tG3\n", "two sets are named 'A': s.gmt, line 1 and s.gmt, line 3", "line 3"),
        ("s.gmt", "\n\n", "holds no gene set", "s.gmt"),
        ("s.csv", "set,gene_symbol\n", "holds no gene set", "s.csv"),
        ("s.xlsx", "", "does not say by its ending", "s.xlsx"),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, name: str, text: str, says: str, where: str) -> None:
    with pytest.raises(FileFormatError, match=says) as caught:
        read_signatures(_write(tmp_path / name, text))
    assert where in str(caught.value.where)
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize(
    ("genes", "kind"),
    [
        ("3001\t5551", "Entrez"),
        ("ENSG00000145649\tENSG00000180644", "Ensembl"),
        ("ENSMUSG00000023132\tENSMUSG00000037202.6", "Ensembl"),
    ],
)
def test_ids_are_not_taken_for_symbols(tmp_path: Path, genes: str, kind: str) -> None:
    with pytest.raises(IdentifierError, match=f"2 of the 2 genes look like {kind} ids"):
        read_signatures(_write(tmp_path / "s.gmt", f"A\t\t{genes}\n"))


def test_a_collection_of_thirty_thousand_sets_is_read_in_seconds(tmp_path: Path) -> None:
    rng = random.Random(3)
    genes = [g.gene_symbol for g in load_genes()] + [f"GENE{i}" for i in range(20_000)]
    with (tmp_path / "big.gmt").open("w") as out:
        for i in range(30_000):
            out.write("\t".join((f"SET_{i}", "x", *rng.sample(genes, rng.randint(10, 150)))) + "\n")
    began = time.process_time()
    found = read_signature_file(tmp_path / "big.gmt")
    assert time.process_time() - began < 20
    assert len(found.signatures) == 30_000
    assert len({id(g) for s in found.signatures for g in s.genes}) <= len(genes), "each symbol is kept once"


def test_a_published_collection_equals_what_is_bundled_of_it(shared_data: Path) -> None:
    path = shared_data / "references" / "msigdb_hallmark" / "h.all.v7.5.1.symbols.gmt"
    if not path.is_file():
        pytest.skip("the collection is not here")
    own = {s.name.lower().removeprefix("hallmark_"): s for s in read_signatures(path)}
    bundled = {s.name.removeprefix("hallmark_"): s for s in list_signatures() if s.name.startswith("hallmark_")}
    assert len(own) == 50
    assert len(bundled.keys() & own.keys()) >= 25
    for name in bundled.keys() & own.keys():
        assert len(set(own[name].genes) ^ set(bundled[name].genes)) <= 0.06 * len(bundled[name].genes), name
