from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.ingest.conftest import GENES
from tests.ingest.tenx_made import Cells

from tmescope.foundation.errors import (
    ExpressionError,
    FileFormatError,
    ManyProblems,
    MissingFileError,
    SampleError,
    ScaleError,
    TmescopeError,
)
from tmescope.foundation.scale import Scale
from tmescope.ingest.cohort import read_cohort
from tmescope.ingest.findings import problems_of
from tmescope.ingest.options import CohortOptions
from tmescope.ingest.samplesheet import list_files, read_samplesheet

TPM, COUNTS = Scale.parse("tpm"), Scale.parse("counts")
VALUES = np.array([[1, 0, 2], [0, 0, 3], [7, 1, 0]])


def salmon(path: Path, tpm: dict[str, float]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = "".join(f"{gene}\t1000\t900\t{value!r}\t{value * 3!r}\n" for gene, value in tpm.items())
    path.write_text(f"Name\tLength\tEffectiveLength\tTPM\tNumReads\n{rows}")
    return path


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    for i, name in enumerate(("S1", "S2", "S3"), start=1):
        salmon(tmp_path / "salmon" / name / "quant.genes.sf", {"A": i, "B": 0.5 * i, "C": 0})
    rows = "".join(f"S{i},salmon/S{i}/quant.genes.sf,P{i},arm {i % 2}\n" for i in (1, 2, 3))
    (tmp_path / "samplesheet.csv").write_text(f"sample,file,patient,arm\n{rows}")
    return tmp_path / "samplesheet.csv"


def test_files_become_one_matrix_with_its_sample_table(sheet: Path) -> None:
    raw = read_samplesheet(sheet, TPM)
    assert (raw.rows, raw.columns) == (("A", "B", "C"), ("S1", "S2", "S3"))
    np.testing.assert_array_equal(raw.by_column, [[1, 0.5, 0], [2, 1, 0], [3, 1.5, 0]])
    assert raw.obs is not None
    assert raw.obs.to_dict("list") == {
        "sample_id": ["S1", "S2", "S3"],
        "arm": ["arm 1", "arm 0", "arm 1"],
        "patient_id": ["P1", "P2", "P3"],
    }
    np.testing.assert_array_equal(read_samplesheet(sheet, COUNTS).by_column, 3 * raw.by_column)


def test_a_sheet_in_another_dialect(sheet: Path) -> None:
    rows = "".join(f"S{i};salmon/S{i}/quant.genes.sf;{i}.001;6{i},5;0,5\n" for i in (1, 2, 3))
    sheet.write_text(f"sample;file;patient;age_years;x\n{rows}", encoding="utf-16")
    cohort = read_cohort(sheet, options=CohortOptions("a", "tpm"))
    assert cohort.adata.obs["patient_id"].tolist() == ["1.001", "2.001", "3.001"]
    assert cohort.adata.obs["age_years"].tolist() == [61.5, 62.5, 63.5]


def test_another_order_of_genes_is_put_right_and_told(sheet: Path) -> None:
    salmon(sheet.parent / "salmon" / "S2" / "quant.genes.sf", {"C": 0, "A": 2, "B": 1})
    raw = read_samplesheet(sheet, TPM)
    np.testing.assert_array_equal(raw.by_column[1], [2, 1, 0])
    (note,) = [n for n in raw.notes if n.code == "samplesheet.reordered"]
    assert "'S2'" in note.evidence


def test_other_genes_are_an_error_for_each_file(sheet: Path) -> None:
    salmon(sheet.parent / "salmon" / "S2" / "quant.genes.sf", {"A": 2, "X": 1, "Y": 1})
    salmon(sheet.parent / "salmon" / "S3" / "quant.genes.sf", {"A": 2, "B": 1, "C": 1, "D": 0, "E": 0, "F": 0, "G": 0})
    with pytest.raises(ManyProblems) as caught:
        read_samplesheet(sheet, TPM)
    two, three = caught.value.problems
    assert "2 are missing: 'B', 'C'; 2 are further: 'X', 'Y'" in two.what
    assert "4 are further: 'D', 'E', 'F' and 1 more" in three.what
    assert "line 3" in (two.where or "")


def test_repeated_genes_in_another_order_have_no_order(sheet: Path) -> None:
    for name, order in (("S1", "AAB"), ("S2", "AAB"), ("S3", "ABA")):
        rows = "".join(f"{g}\t1\t1\t1\t1\n" for g in order)
        text = f"Name\tLength\tEffectiveLength\tTPM\tNumReads\n{rows}"
        (sheet.parent / "salmon" / name / "quant.genes.sf").write_text(text)
    with pytest.raises(ExpressionError, match="another order, and 1 names occur more than once: 'A'"):
        read_samplesheet(sheet, TPM)


@pytest.mark.parametrize("layout", ["mtx2", "mtx3", "h5v2", "h5v3"])
def test_cells_of_three_samples(tmp_path: Path, layout: str) -> None:
    rows = ""
    for i in (1, 2, 3):
        barcodes = ["AC-1", "AG-1", "AT-2"] if i == 3 else ["AC-1", "AG-1", "AT-1"]
        path = Cells.of(i * VALUES, barcodes=barcodes).write(tmp_path / f"P{i}" / "filtered_feature_bc_matrix", layout)
        rows += f"P{i},{path.relative_to(tmp_path)}\n"
    (tmp_path / "s.csv").write_text(f"sample,file\n{rows}")
    raw = read_samplesheet(tmp_path / "s.csv", COUNTS, gene_column="gene_name")
    np.testing.assert_array_equal(raw.by_column, [i * VALUES.sum(axis=1) for i in (1, 2, 3)])
    assert raw.columns == ("P1", "P2", "P3")
    (note,) = [n for n in raw.notes if n.code == "tenx.aggregated"]
    assert note.evidence.startswith("P3: 2 libraries or more were merged")
    assert {"cells of P1", "cells of P2", "cells of P3"} <= {n.check for n in raw.notes}
    with pytest.raises(ScaleError, match="the declared scale is tpm"):
        read_samplesheet(tmp_path / "s.csv", TPM, gene_column="gene_name")
    with pytest.raises(ExpressionError, match="nothing says which name counts"):  # once, not for each file
        read_samplesheet(tmp_path / "s.csv", COUNTS)
    cpm = read_samplesheet(tmp_path / "s.csv", Scale.parse("cpm"), gene_column="gene_name")
    np.testing.assert_allclose(cpm.by_column, np.tile(VALUES.sum(axis=1) / VALUES.sum() * 1e6, (3, 1)))


def test_cells_with_another_reference_are_not_filled_with_zeros(tmp_path: Path) -> None:
    Cells.of(VALUES).write_mtx(tmp_path / "P1")
    Cells.of(VALUES[:2]).write_mtx(tmp_path / "P2")
    (tmp_path / "s.csv").write_text("sample,file\nP1,P1\nP2,P2\n")
    with pytest.raises(ExpressionError, match="1 are missing: 'G2'") as caught:
        read_samplesheet(tmp_path / "s.csv", COUNTS, gene_column="gene_name")
    assert "not zero" in (caught.value.next_step or "")


HEAD = "sample,file\n"
ONE = "S1,salmon/S1/quant.genes.sf\n"
SHEETS = [
    ("no column file", "sample,path\nS1,x\n", FileFormatError, ["there is no column 'file'"]),
    ("no column at all", "a,b\nS1,x\n", FileFormatError, ["there is no column 'sample', 'file'"]),
    ("file twice", "sample,file,file\nS1,a,b\n", FileFormatError, ["'file' is there twice"]),
    ("no rows", HEAD, TmescopeError, ["no rows"]),
    ("sample twice", f"{HEAD}{ONE}{ONE}", SampleError, ["1 samples stand in the sheet more than once: 'S1'"]),
    ("empty sample", f"{HEAD},salmon/S1/quant.genes.sf\n", SampleError, ["the cell 'sample' is empty"]),
    ("empty file", f"{HEAD}S1, \n", SampleError, ["the cell 'file' is empty"]),
    ("missing file", f"{HEAD}S1,absent.sf\n", MissingFileError, ["there is no file 'absent.sf'"]),
    ("NUL in a name", f"{HEAD}S1,a\0b\n", TmescopeError, [""]),
    ("outside", f"{HEAD}S1,../other.sf\n", FileFormatError, ["lies outside the folder of the sheet"]),
    ("outside, absolute", f"{HEAD}S1,/etc/passwd\n", FileFormatError, ["lies outside the folder of the sheet"]),
    ("outside by a link", f"{HEAD}S1,link.sf\n", FileFormatError, ["lies outside the folder of the sheet"]),
    ("a link in circles", f"{HEAD}S1,loop\n", MissingFileError, ["'loop'"]),
    ("a folder", f"{HEAD}S1,salmon\n", FileFormatError, ["without the files of a matrix of cells"]),
    ("an empty file", f"{HEAD}S1,empty.sf\n", FileFormatError, ["empty"]),
    ("reads", "sample,fastq_1,fastq_2,strandedness\nS1,a,b,auto\n", FileFormatError, ["lists reads ('fastq_1', 'fas"]),
    ("reads, one end", "sample,fastq_1,strandedness\nS1,a,auto\n", FileFormatError, ["not expression"]),
    (
        "all at once",
        f"{HEAD}{ONE}S1,absent.sf\n,x\nS4,../x\nS5,empty.sf\n",
        ManyProblems,
        ["more than once", "no file 'absent.sf'", "is empty", "outside the folder", "0 bytes"],
    ),
    ("two kinds", f"{HEAD}{ONE}S2,htseq.txt\n", ExpressionError, ["htseq-count holds no tpm"]),
]


@pytest.mark.parametrize(("text", "error", "says"), [s[1:] for s in SHEETS], ids=[s[0] for s in SHEETS])
def test_what_is_wrong_with_a_sheet(sheet: Path, text: str, error: type[TmescopeError], says: list[str]) -> None:
    folder = sheet.parent
    (folder.parent / "other.sf").write_text("x")
    (folder / "link.sf").symlink_to(folder.parent / "other.sf")
    (folder / "loop").symlink_to(folder / "loop")
    (folder / "empty.sf").touch()
    (folder / "htseq.txt").write_text("A\t1\nB\t2\nC\t0\n")
    sheet.write_text(text)
    with pytest.raises(error) as caught:
        read_samplesheet(sheet, TPM)
    problems = problems_of(caught.value)
    assert len(problems) == len(says), caught.value
    for problem, words in zip(problems, says, strict=True):
        assert words in problem.what
        assert str(folder) in (problem.where or "")


def test_kinds_are_not_mixed(sheet: Path) -> None:
    (sheet.parent / "htseq.txt").write_text("A\t1\nB\t2\nC\t0\n")
    sheet.write_text(f"{HEAD}{ONE}S2,htseq.txt\n")
    with pytest.raises(FileFormatError, match=r"2 kinds: salmon quant.sf, NumReads: 'S1'; htseq-count, count: 'S2'"):
        read_samplesheet(sheet, COUNTS)


def test_a_file_that_is_listed_twice_is_told(sheet: Path) -> None:
    sheet.write_text(f"{HEAD}{ONE}S2,salmon/../salmon/S1/quant.genes.sf\n")
    (note,) = [n for n in read_samplesheet(sheet, TPM).notes if n.code == "samplesheet.file_twice"]
    assert "'S1', 'S2'" in note.evidence


def test_absolute_paths_inside_the_folder_are_taken(sheet: Path) -> None:
    sheet.write_text(f"{HEAD}S1,{sheet.parent}/salmon/S1/quant.genes.sf\n")
    assert read_samplesheet(sheet, TPM).columns == ("S1",)
    assert [o.path.name for o in list_files(sheet)] == ["quant.genes.sf"]


def test_a_cohort_from_a_sheet(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    rows = ""
    for i in (1, 2, 3):
        salmon(tmp_path / f"S{i}.sf", dict(zip(GENES, map(float, rng.gamma(0.6, 90, len(GENES))), strict=True)))
        rows += f"S{i};S{i}.sf;P{i};pre\n"
    (tmp_path / "my_samplesheet.csv").write_text(f"sample;file;patient;timepoint\n{rows}")
    cohort = read_cohort(tmp_path / "my_samplesheet.csv", options=CohortOptions("a", "tpm"))
    assert cohort.adata.obs["patient_id"].tolist() == ["P1", "P2", "P3"]
    assert cohort.adata.obs["timepoint"].tolist() == ["pre"] * 3
    assert "samplesheet" in set(cohort.quality["check"])


def test_columns_of_values_that_are_called_as_their_samples(sheet: Path) -> None:
    folder, rows = sheet.parent, ""
    for i in (1, 2, 3):
        (folder / f"{i}.txt").write_text(f"Geneid\t10{i}\nA\t{i}\nB\t2\n")
        rows += f"S{i},{i}.txt\n"
    sheet.write_text(HEAD + rows)
    raw = read_samplesheet(sheet, COUNTS)
    assert raw.by_column.tolist() == [[1, 2], [2, 2], [3, 2]]
    assert [n.value for n in raw.notes if n.check == "columns of values"] == ["3"]
    (folder / "3.txt").write_text("Geneid\t101\nA\t1\nB\t2\n")
    assert "samplesheet.columns_differ" in {n.code for n in read_samplesheet(sheet, COUNTS).notes}
