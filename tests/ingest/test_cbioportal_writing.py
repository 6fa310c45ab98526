from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ingest import studies_made as made

from tmescope.foundation.errors import IdentifierError, SampleError
from tmescope.ingest.cbioportal import read_study_matrix
from tmescope.ingest.cbioportal_clinical import read_clinical_file
from tmescope.ingest.cbioportal_folder import open_study_folder
from tmescope.ingest.cbioportal_writing import (
    Attribute,
    attribute_name,
    check_gene_names,
    check_ids,
    clean,
    write_case_list,
    write_clinical,
    write_matrix,
    write_meta,
)

IDS = st.text("ABCxyz019._-", min_size=1, max_size=8)
CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def _is_name(text: str) -> bool:
    try:
        check_gene_names([text], where="")
    except IdentifierError:
        return False
    return True


GENE_NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=10).filter(_is_name)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), ids=st.lists(IDS, min_size=1, max_size=6, unique=True), n=st.integers(0, 4))
def test_clinical_tables_come_back(data: st.DataObject, ids: list[str], n: int) -> None:
    attributes = [Attribute("SAMPLE_ID", "Sample", "", "STRING", tuple(ids))]
    for i in range(n):
        cells = data.draw(st.lists(CELLS, min_size=len(ids), max_size=len(ids)))
        kind = data.draw(st.sampled_from(["STRING", "NUMBER", "BOOLEAN"]))
        attributes.append(Attribute(f"A{i}", data.draw(CELLS), data.draw(CELLS), kind, tuple(cells)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.txt"
        write_clinical(path, attributes)
        found = read_clinical_file(path, required=("SAMPLE_ID",))
    assert found.names == tuple(a.name for a in attributes)
    assert found.datatypes == tuple(a.datatype for a in attributes)
    assert found.display == tuple(clean(a.display) for a in attributes)
    assert found.descriptions == tuple(clean(a.description) for a in attributes)
    for a in attributes:
        assert found.column(a.name) == [clean(c) for c in a.cells]


@settings(max_examples=60, deadline=None)
@given(
    data=st.data(),
    samples=st.lists(IDS, min_size=1, max_size=4, unique=True),
    genes=st.lists(GENE_NAMES, min_size=1, max_size=5, unique=True),
)
def test_matrices_come_back_bit_for_bit(data: st.DataObject, samples: list[str], genes: list[str]) -> None:
    numbers = st.floats(allow_infinity=False)
    flat = data.draw(st.lists(numbers, min_size=len(genes) * len(samples), max_size=len(genes) * len(samples)))
    values = np.array(flat).reshape(len(genes), len(samples))
    with tempfile.TemporaryDirectory() as folder:
        path = made.write(Path(folder) / "s", {"meta_study.txt": made.STUDY, "meta_mrna.txt": made.expression()})
        texts = {"Hugo_Symbol": genes, "Entrez_Gene_Id": ["7"] * len(genes)}
        write_matrix(path / "data_mrna.txt", texts, samples=samples, values=values)
        found = read_study_matrix(path, gene_column="Hugo_Symbol")
    assert found.columns == tuple(samples)
    assert found.rows == tuple(genes)
    np.testing.assert_array_equal(found.by_column.T, values)
    known = ~np.isnan(values)
    assert found.by_column.T[known].tobytes() == values[known].tobytes()


def test_meta_files_come_back(tmp_path: Path) -> None:
    write_meta(tmp_path / "meta_study.txt", {"cancer_study_identifier": "a", "name": "x: y\nz: \t1"})
    folder = open_study_folder(tmp_path)
    assert dict(folder.study.fields) == {"cancer_study_identifier": "a", "name": "x: y z:  1"}


def test_a_case_list(tmp_path: Path) -> None:
    write_case_list(tmp_path / "cases_all.txt", "a", "all", about=("all_cases_in_study", "All samples"), ids=["1", "2"])
    assert (tmp_path / "cases_all.txt").read_text().splitlines() == [
        "cancer_study_identifier: a",
        "stable_id: a_all",
        "case_list_name: All samples",
        "case_list_description: All samples (2 samples)",
        "case_list_category: all_cases_in_study",
        "case_list_ids: 1\t2",
    ]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("tmb", "TMB"),
        ("PD-L1 %", "PD_L1__"),
        ("mutation_count", "TME_MUTATION_COUNT"),
        ("Fraction Genome Altered", "TME_FRACTION_GENOME_ALTERED"),
    ],
)
def test_names_of_attributes(text: str, name: str) -> None:
    assert attribute_name(text) == name


def test_identifiers_are_checked_and_replaced_only_if_allowed() -> None:
    assert check_ids(["a.B_1-x", "a.B_1-x"], "sample", where="w") == ["a.B_1-x", "a.B_1-x"]
    with pytest.raises(SampleError, match=r"2 sample identifiers hold characters.*'a b', 'é'") as caught:
        check_ids(["a b", "é", "c"], "sample", where="cohort x")
    assert caught.value.where == "cohort x"
    assert check_ids(["a b", "c", "a b"], "patient", where="w", replace=True) == ["a_b", "c", "a_b"]
    with pytest.raises(SampleError, match="would become the same by replacement: 'a_b and a b'"):
        check_ids(["a_b", "a b"], "sample", where="w", replace=True)
    with pytest.raises(SampleError, match="hold characters"):
        check_ids([""], "sample", where="w", replace=True)


@pytest.mark.parametrize("name", ["", "NA", "a\tb", "a\nb", "null"])
def test_genes_that_cannot_be_named(name: str) -> None:
    with pytest.raises(IdentifierError, match="1 genes have names"):
        check_gene_names(["CD8A", name], where="w")
