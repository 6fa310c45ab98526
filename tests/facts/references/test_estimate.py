from __future__ import annotations

from pathlib import Path

import pytest
from tests.facts.references import made

from tmescope.facts.references.estimate import read_estimate
from tmescope.foundation.errors import FileFormatError


def test_the_genes_are_read_in_their_order(tmp_path: Path) -> None:
    genes = read_estimate(made.estimate(tmp_path))
    assert len(genes) == 5_000
    assert genes[:3] == ("G0", "G1", "G2")


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("GeneSymbol", "Symbol", "expected: a column GeneSymbol"),
        ("\tG7\t", "\tG8\t", "G8 (2 times)"),
        ("\tG7\t", "\t\t", "a GeneSymbol"),
        ("7\tG7\t-\tgene 7\tchr1\n", "", "4,999 genes"),
    ],
)
def test_what_is_wrong_is_refused(old: str, new: str, text: str, tmp_path: Path) -> None:
    paths = made.estimate(tmp_path)
    made.spoil(paths["genes"], old, new)
    with pytest.raises(FileFormatError) as caught:
        read_estimate(paths)
    assert text in str(caught.value)


def test_the_real_table_has_10412_genes(shared_data: Path) -> None:
    genes = read_estimate({"genes": shared_data / "references" / "estimate" / "common_genes.tsv"})
    assert len(genes) == 10_412
