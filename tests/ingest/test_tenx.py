from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse
from tests.ingest.conftest import GENES
from tests.ingest.tenx_made import GENE, LAYOUTS, Cells

from tmescope.foundation.errors import ExpressionError, FileFormatError, ScaleError, TmescopeError, UnknownNameError
from tmescope.foundation.scale import Scale
from tmescope.ingest.cohort import read_cohort
from tmescope.ingest.options import CohortOptions
from tmescope.ingest.tenx import as_matrix, name_sample, read_sums, read_tenx, rescale
from tmescope.ingest.tenx_h5_content import read_content


def _form(layout: str) -> str:
    return "10x_h5" if layout.startswith("h5") else "10x_mtx"


COUNTS = hnp.arrays(
    np.int64,
    st.tuples(st.integers(1, 7), st.integers(1, 9)),
    elements=st.one_of(st.just(0), st.integers(0, 3), st.integers(0, 2**31 - 1)),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(values=COUNTS, layout=st.sampled_from(LAYOUTS))
def test_the_sums_are_exactly_those_of_the_columns(
    tmp_path_factory: pytest.TempPathFactory, values: np.ndarray, layout: str
) -> None:
    values[0, 0] = max(values[0, 0], 1)
    path = Cells.of(values).write(tmp_path_factory.mktemp("cells") / "P1", layout)
    if layout.startswith("h5"):
        parcel = read_content(path)
        sums, genes = parcel.arrays["sums"], parcel.about["gene_ids"]
    else:
        found = read_sums(path, "10x_mtx")
        sums, genes = found.sums, found.gene_ids
    np.testing.assert_array_equal(sums, values.sum(axis=1)[None, :])
    assert tuple(genes) == tuple(f"ENSG{i:011d}" for i in range(len(values)))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_real_cells_are_added_up(shared_data: Path, tmp_path: Path, layout: str) -> None:
    with h5py.File(shared_data / "cells" / "wu2021_tnbc_CID4465" / "cells.h5ad") as file:
        node = file["X"] if "X" in file and "indptr" in file["X"] else file["layers/counts"]
        n, m = node.attrs["shape"]
        cells = sparse.csr_matrix((node["data"][()], node["indices"][()], node["indptr"][()]), shape=(n, m))
        names = [v.decode() for v in file["var"][file["var"].attrs["_index"]][()]]
        barcodes = [v.decode() for v in file["obs"][file["obs"].attrs["_index"]][()]]
    assert (len(barcodes), len(names)) == cells.shape == (1564, 29733)
    made = Cells(cells.T.tocsc().astype(np.int64), [f"id-{i}" for i in names], names, barcodes)
    path = made.write(tmp_path / "CID4465" / "filtered_feature_bc_matrix", layout)
    raw = read_tenx(path, _form(layout), gene_column="gene_name")
    np.testing.assert_array_equal(raw.by_column, np.asarray(cells.sum(axis=0)))
    assert raw.rows == tuple(names)
    assert raw.columns == ("CID4465",)
    (told,) = [n for n in raw.notes if n.check == "cells of CID4465"]
    median = np.median(np.diff(cells.indptr))
    assert (
        told.evidence
        == f"CID4465: 1,564 barcodes, {int(cells.sum()):,} counts, {median:g} genes in the median barcode."
    )
    assert not [n for n in raw.notes if n.code == "tenx.unfiltered"]


VALUES = np.array([[1, 0, 2, 5], [0, 0, 3, 1], [7, 1, 0, 0]])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_nothing_is_chosen_for_the_caller(tmp_path: Path, layout: str) -> None:
    path = Cells.of(VALUES).write(tmp_path / "P1", layout)
    with pytest.raises(ExpressionError, match="nothing says which") as caught:
        read_tenx(path, _form(layout))
    assert caught.value.where == f"{path}, gene_column"
    with pytest.raises(UnknownNameError, match="'symbol'"):
        read_tenx(path, _form(layout), gene_column="symbol")


@pytest.mark.parametrize("layout", ["mtx3", "h5v3"])
def test_antibodies_are_told_and_left_out(tmp_path: Path, layout: str) -> None:
    path = Cells.of(VALUES, types=[GENE, "Antibody Capture", GENE]).write(tmp_path / "P1", layout)
    raw = read_tenx(path, _form(layout), gene_column="gene_name")
    assert raw.rows == ("G0", "G2")
    np.testing.assert_array_equal(raw.by_column, [[8, 8]])
    (note,) = [n for n in raw.notes if n.code == "tenx.left_out"]
    assert "1 Antibody Capture" in note.evidence
    alone = Cells.of(VALUES, types=["Antibody Capture"] * 3).write(tmp_path / "P2", layout)
    with pytest.raises(ExpressionError, match="no feature is of the type 'Gene Expression'"):
        read_tenx(alone, _form(layout), gene_column="gene_name")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_libraries_of_an_aggregated_matrix_are_samples(tmp_path: Path, layout: str) -> None:
    path = Cells.of(VALUES, barcodes=["AC-10", "AG-2", "AC-2", "AT-10"]).write(tmp_path / "aggr", layout)
    raw = read_tenx(path, _form(layout), gene_column="gene_id")
    assert raw.columns == ("aggr-2", "aggr-10")
    np.testing.assert_array_equal(raw.by_column, [[2, 3, 1], [6, 1, 7]])
    assert "tenx.aggregated" in {n.code for n in raw.notes}
    together = read_sums(path, _form(layout), split=False)
    np.testing.assert_array_equal(together.sums, [[8, 4, 8]])
    assert (together.n_libraries, together.median_genes) == (2, (2.0,))


def test_barcodes_without_numbers_are_one_sample(tmp_path: Path) -> None:
    path = Cells.of(VALUES, barcodes=["AC", "AG-2", "x-y", "z"]).write_mtx(tmp_path / "P1")
    assert read_sums(path, "10x_mtx").suffixes == ("",)


@pytest.mark.parametrize(("n_empty", "warned"), [(0, False), (19, False), (20, True)])
def test_an_unfiltered_matrix_is_told_by_its_evidence(tmp_path: Path, n_empty: int, warned: bool) -> None:
    values = np.full((2, 20 + n_empty), 60)
    values[:, 20:] = 1
    raw = read_tenx(Cells.of(values).write_mtx(tmp_path / "P1"), "10x_mtx", gene_column="gene_id")
    notes = [n for n in raw.notes if n.code == "tenx.unfiltered"]
    assert bool(notes) == warned
    assert not warned or "50.0% of 40 barcodes have fewer than 100 counts" in notes[0].evidence


@pytest.mark.parametrize("layout", ["h5v2", "h5v3"])
def test_one_of_several_genomes_is_named(tmp_path: Path, layout: str) -> None:
    path = Cells.of(VALUES, genomes=["GRCh38", "mm10", "mm10"]).write_h5(tmp_path / "P1.h5", layout)
    if layout == "h5v2":
        Cells.of(2 * VALUES[:2]).write_h5(tmp_path / "P2.h5", "h5v2")
        with h5py.File(path, "a") as file, h5py.File(tmp_path / "P2.h5") as other:
            other.copy("GRCh38", file, "mm10")
    with pytest.raises(FileFormatError, match="cells of 2 genomes: 'GRCh38', 'mm10'"):
        read_tenx(path, "10x_h5", gene_column="gene_id")
    with pytest.raises(UnknownNameError, match="'GRCm38'"):
        read_tenx(path, "10x_h5", gene_column="gene_id", genome="GRCm38")
    mouse = read_tenx(path, "10x_h5", gene_column="gene_name", genome="mm10")
    assert mouse.by_column.tolist() == ([[16, 8]] if layout == "h5v2" else [[4, 8]])


def test_a_folder_has_no_genomes_and_three_files(tmp_path: Path) -> None:
    path = Cells.of(VALUES).write_mtx(tmp_path / "P1")
    with pytest.raises(ExpressionError, match="a folder holds one genome"):
        read_sums(path, "10x_mtx", genome="mm10")
    (path / "barcodes.tsv.gz").unlink()
    with pytest.raises(FileFormatError, match="does not hold the three files"):
        read_sums(path, "10x_mtx")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/d/P01/outs/filtered_feature_bc_matrix", "P01"),
        ("/d/P01/outs/filtered_feature_bc_matrix.h5", "P01"),
        ("/d/P01/outs/filtered_gene_bc_matrices/GRCh38", "P01"),
        ("/d/P01/count/sample_filtered_feature_bc_matrix.h5", "P01"),
        ("/d/GSM1_P01_filtered_feature_bc_matrix.h5", "GSM1_P01"),
        ("/d/P01.cells", "P01.cells"),
        ("/", "sample"),
    ],
)
def test_a_sample_is_named_after_what_says_something(path: str, name: str) -> None:
    assert name_sample(Path(path)) == name


def test_counts_per_million_are_calculated_and_told(tmp_path: Path) -> None:
    found = read_sums(Cells.of(VALUES).write_mtx(tmp_path / "P1"), "10x_mtx")
    raw = as_matrix(found, "P1", gene_column="gene_id", where="P1")
    assert rescale(raw, Scale.parse("counts"), where="P1") is raw
    cpm = rescale(raw, Scale.parse("cpm"), where="P1")
    np.testing.assert_allclose(cpm.by_column, [[400_000, 200_000, 400_000]], rtol=1e-15)
    assert cpm.notes[-1].code == "tenx.cpm"
    for text in ("tpm", "log2(cpm+1)", "array"):
        with pytest.raises(ScaleError, match="sums over cells are counts"):
            rescale(raw, Scale.parse(text), where="P1")


def test_a_cohort_of_cells(tmp_path: Path) -> None:
    values = np.random.default_rng(3).poisson(4, size=(len(GENES) + 1, 30))
    path = Cells.of(values, gene_names=[*GENES, GENES[0]]).write_mtx(tmp_path / "P1")
    cohort = read_cohort(path, options=CohortOptions("a", "counts", gene_column="gene_name"))
    assert cohort.adata.obs_names.tolist() == ["P1"]
    assert cohort.adata[:, GENES[0]].X.item() == values[0].sum() + values[-1].sum()
    assert "genes.summed" in {w.code for w in cohort.warnings}
    assert "cells of P1" in set(cohort.quality["check"])
    with pytest.raises(TmescopeError, match="samples_by_genes"):
        read_cohort(path, options=CohortOptions("a", "counts", gene_column="gene_id", orientation="samples_by_genes"))
