"""Surface proteins with their evidence, from a table of flags or from SURFY."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.facts.references import made

from tmescope.facts.references.surfaceome import SurfaceProtein, read_surfaceome
from tmescope.foundation.errors import FileFormatError


def test_it_is_read(tmp_path: Path) -> None:
    found = read_surfaceome(made.surfaceome(tmp_path))
    assert found[0] == SurfaceProtein("P00000", "G0", ("uniprot",))
    assert found[2] == SurfaceProtein("P00003", "G3", ("surfy", "uniprot"))
    assert len(found) == 1900, "those without evidence are left out"


@pytest.mark.parametrize(
    ("file", "n", "symbol", "evidence"),
    [
        ("surfaceome/candidate_universe.tsv", 5680, "TLR4", 7),
        ("normal_tissue/surfy_gene.tsv.gz", 2886, "SLC12A8", 1),
    ],
)
def test_the_real_tables(file: str, n: int, symbol: str, evidence: int, shared_data: Path) -> None:
    found = read_surfaceome({"proteins": shared_data / "targets" / file})
    assert len(found) == n
    assert (found[0].gene_symbol, len(found[0].evidence)) == (symbol, evidence)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("P00007", "P00008", "not each UniProt accession once: P00008 (2 times)"),
        ("P00007", "7", "not a UniProt accession: '7'"),
        ("G7\t1", "G7\tyes", "not a flag, 0 or 1: line 9, surfy_surface_flag: 'yes'"),
        ("G7\t", "G7 G8\t", "not one gene symbol: P00007: 'G7 G8'"),
        ("gene_symbol", "gene", "the first line is 'uniprot_accession, gene,"),
    ],
)
def test_what_is_wrong_is_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    paths = made.surfaceome(tmp_path)
    made.spoil(paths["proteins"], old, new)
    with pytest.raises(FileFormatError) as caught:
        read_surfaceome(paths)
    assert says in str(caught.value)
