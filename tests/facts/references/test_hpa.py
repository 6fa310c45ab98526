"""Human Protein Atlas: levels by cell type in both of its headers, or the highest of each organ."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.facts.references import made

from tmescope.facts.references.hpa import LEVELS, read_hpa
from tmescope.foundation.errors import FileFormatError


def test_it_is_read(tmp_path: Path) -> None:
    table = read_hpa(made.hpa(tmp_path))
    assert list(table.columns) == ["gene_symbol", "ensembl_id", "tissue", "cell_type", "level", "reliability"]
    assert len(table) == 6000
    assert list(table["level"].cat.categories) == list(LEVELS)
    assert (table["level"] >= "Medium").sum() == 3000
    assert (table["reliability"] >= "Approved").all()


def test_the_newer_header_names_the_samples_of_a_tissue(tmp_path: Path) -> None:
    path = made.write(tmp_path, "a.tsv", made.hpa_lines(newer=True))
    assert set(read_hpa({"normal_tissue": path})["tissue"]) == {f"tissue {t} 1" for t in range(6)}


def test_levels_without_a_place_in_the_order_are_left_out(tmp_path: Path) -> None:
    paths = made.hpa(tmp_path)
    made.spoil(paths["normal_tissue"], "cells\tLow", "cells\tNot representative")
    assert len(read_hpa(paths)) == 5999


def test_the_real_table_of_organs(shared_data: Path) -> None:
    path = shared_data / "targets/normal_tissue/hpa_normal_protein_by_organ.tsv.gz"
    table = read_hpa({"normal_tissue": path})
    assert len(table) == 13_815
    assert table["level"].value_counts().to_dict() == {"Not detected": 5648, "Medium": 3764, "High": 2461, "Low": 1942}
    assert table["cell_type"].isna().all()
    assert table["reliability"].isna().all()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("Level", "Leval", "the first line is 'Gene, Gene name"),
        ("cells\tLow", "cells\tlow", "not a level (Not detected, Low, Medium, High): line 3: 'low'"),
        ("Low\tApproved", "Low\tSure", "not a reliability (Uncertain, Approved, Supported, Enhanced): line 3: 'Sure'"),
        ("ENSG00000000003", "ENSG3", "not an Ensembl gene id: line 20: 'ENSG3'"),
        ("tissue 1\tcells", "tissue 1\t", "not a gene, a tissue and a cell type: line 3"),
        ("tissue 1\tcells", "tissue 0\tcells", "1 rows repeat a gene, tissue and cell type with another level: G0"),
    ],
)
def test_what_the_atlas_does_not_say_is_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    paths = made.hpa(tmp_path)
    made.spoil(paths["normal_tissue"], old, new)
    with pytest.raises(FileFormatError) as caught:
        read_hpa(paths)
    assert says in str(caught.value)


def test_a_part_of_the_table_is_refused(tmp_path: Path) -> None:
    path = made.write(tmp_path, "a.tsv", made.hpa_lines()[:3000])
    with pytest.raises(FileFormatError, match="the file has 500 genes"):
        read_hpa({"normal_tissue": path})
