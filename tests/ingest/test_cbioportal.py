from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.ingest import studies_made as made
from tests.ingest.conftest import GENES

from tmescope.foundation.errors import (
    ExpressionError,
    FileFormatError,
    MissingFileError,
    ScaleError,
    TmescopeError,
    UnknownNameError,
)
from tmescope.ingest.cbioportal import choose_profile, read_gene_columns, read_study_matrix, usable_profiles
from tmescope.ingest.cbioportal_folder import open_study_folder
from tmescope.ingest.cohort import read_cohort
from tmescope.ingest.options import CohortOptions, SampleSelection

HUGO = "Hugo_Symbol"


def test_a_profile_is_read_with_its_genes_and_samples(tmp_path: Path) -> None:
    raw = read_study_matrix(made.write(tmp_path / "s", made.files()), gene_column=HUGO)
    assert raw.columns == made.SAMPLES
    assert raw.rows == tuple(GENES)
    assert raw.by_column[1].tolist() == [i * 3.5 + 1 for i in range(len(GENES))]
    assert [n.code for n in raw.notes] == ["cbioportal.profile", "genes.column"]
    assert "also there and not used: rna_seq_v2_mrna_median_Zscores (Z-SCORE" in raw.notes[0].evidence
    by_id = read_study_matrix(tmp_path / "s", gene_column="Entrez_Gene_Id")
    assert by_id.rows[:2] == ("1000", "1001")


@pytest.mark.parametrize("column", ["Hugo_Symbol", "Entrez_Gene_Id"])
def test_a_file_with_one_column_of_names_needs_no_choice(tmp_path: Path, column: str) -> None:
    files = made.files() | {"data_mrna.txt": made.matrix(column)}
    raw = read_study_matrix(made.write(tmp_path / "s", files))
    assert raw.columns == made.SAMPLES
    assert raw.rows[0] == (GENES[0] if column == HUGO else "1000")


def test_two_columns_of_names_need_a_choice(tmp_path: Path) -> None:
    folder = made.write(tmp_path / "s", made.files())
    with pytest.raises(ExpressionError, match="names each gene twice") as caught:
        read_study_matrix(folder)
    assert (caught.value.where or "").endswith("data_mrna.txt, gene_column")
    with pytest.raises(UnknownNameError, match="'symbol'"):
        read_study_matrix(folder, gene_column="symbol")
    assert read_gene_columns(folder / "data_mrna.txt") == ["Hugo_Symbol", "Entrez_Gene_Id"]


def test_missing_cells_and_rows_without_symbol(tmp_path: Path) -> None:
    text = (
        "Hugo_Symbol\tCytoband\tEntrez_Gene_Id\tS1\tS2\nCD8A\t2p11\t925\tNA\t1\n\t-\t116983\t\t0.1\nNA\t-\t7\tnan\t2\n"
    )
    raw = read_study_matrix(made.write(tmp_path / "s", made.files() | {"data_mrna.txt": text}), gene_column=HUGO)
    assert raw.rows == ("CD8A", "116983", "7")
    np.testing.assert_array_equal(raw.by_column, [[np.nan, np.nan, np.nan], [1, 0.1, 2]])
    assert raw.notes[-1].code == "genes.unnamed"
    back = read_study_matrix(tmp_path / "s", gene_column="Entrez_Gene_Id")
    assert back.rows == ("925", "116983", "7")


@pytest.mark.parametrize(
    ("profile", "error", "says", "hint"),
    [
        ("rna_seq_v2_mrna_median_Zscores", ScaleError, "z-scores and classes are on no scale", "'rna_seq_v2_mrna'"),
        ("rna_seq_mrna", UnknownNameError, "'rna_seq_mrna'", "did you mean"),
    ],
)
def test_profiles_that_cannot_be_meant(
    tmp_path: Path, profile: str, error: type[TmescopeError], says: str, hint: str
) -> None:
    with pytest.raises(error, match=says) as caught:
        read_study_matrix(made.write(tmp_path / "s", made.files()), profile, gene_column=HUGO)
    assert hint in (caught.value.next_step or "")


def test_nothing_but_z_scores_is_refused(tmp_path: Path) -> None:
    files = made.files()
    del files["meta_mrna.txt"]
    with pytest.raises(ScaleError, match="Zscores") as caught:
        read_study_matrix(made.write(tmp_path / "s", files), gene_column=HUGO)
    assert "the study has none" in (caught.value.expected or "")


def test_several_profiles_need_a_choice(tmp_path: Path) -> None:
    files = made.files() | {
        "meta_array.txt": made.expression("mrna", "LOG2-VALUE", "data_array.txt"),
        "data_array.txt": made.matrix(HUGO),
    }
    folder = made.write(tmp_path / "s", files)
    with pytest.raises(ExpressionError, match="2 expression profiles, and nothing says which") as caught:
        read_study_matrix(folder)
    assert (caught.value.where or "").endswith("molecular_profile")
    assert read_study_matrix(folder, "mrna").rows == tuple(GENES)
    opened = open_study_folder(folder)
    assert [m.get("stable_id") for m in usable_profiles(opened)] == ["mrna", "rna_seq_v2_mrna"]
    assert choose_profile(opened, "mrna").path.name == "meta_array.txt"


def test_a_matrix_without_meta_file_is_named(tmp_path: Path) -> None:
    files = made.files() | {"data_mrna_seq_v2_rsem.txt": made.matrix()}
    for name in ("meta_mrna.txt", "meta_mrna_z.txt", "data_mrna.txt", "data_mrna_z.txt"):
        del files[name]
    with pytest.raises(MissingFileError, match=r"there are 'data_mrna_seq_v2_rsem\.txt'") as caught:
        read_study_matrix(made.write(tmp_path / "s", files))
    assert "data_filename: data_mrna_seq_v2_rsem.txt" in (caught.value.next_step or "")
    assert "brca_made" in (caught.value.next_step or "")


@pytest.mark.parametrize(
    ("name", "content", "error", "says", "place"),
    [
        ("data_mrna.txt", "gene\tS1\nA\t1\n", FileFormatError, "begins 'gene', 'S1'", "line 1"),
        ("data_mrna.txt", "Hugo_Symbol\nA\n", FileFormatError, "1 cells", "line 1"),
        ("data_mrna.txt", "Hugo_Symbol\tHugo_Symbol\tS1\nA\tA\t1\n", FileFormatError, "begins", "line 1"),
        ("data_mrna.txt", "Hugo_Symbol\tS1\n", FileFormatError, "no rows", "data_mrna.txt"),
        ("data_mrna.txt", "Hugo_Symbol\tS1\tS2\nA\t1\t2\nB\t1\n", FileFormatError, "line 3 has 2 cells", "line 3"),
        ("data_mrna.txt", "Hugo_Symbol\tS1\nA\thigh\n", ExpressionError, "'high'", "line 2, column 'S1'"),
        ("data_mrna.txt", b"Hugo_Symbol\tS\xff\nA\t1\n", FileFormatError, "not UTF-8", "line 1"),
        ("data_mrna.txt", b"", FileFormatError, "0 bytes", "data_mrna.txt"),
        ("meta_mrna.txt", made.expression(""), FileFormatError, "does not say its stable_id", "meta_mrna.txt, line 4"),
        ("meta_mrna.txt", made.expression("x", ""), FileFormatError, "does not say its datatype", "line 3"),
        (
            "meta_mrna_z.txt",
            made.expression(),
            FileFormatError,
            "two expression profiles have the stable_id",
            "meta_mrna_z.txt, line 4",
        ),
    ],
)
def test_hostile_files_are_refused_with_their_place(
    tmp_path: Path, name: str, content: str | bytes, error: type[TmescopeError], says: str, place: str
) -> None:
    folder = made.write(tmp_path / "s", made.files() | {name: content})
    with pytest.raises(error, match=says) as caught:
        read_study_matrix(folder)
    assert (caught.value.where or "").endswith(place)


def test_repeated_genes_are_summed_on_linear_scales_and_refused_on_others(tmp_path: Path) -> None:
    text = made.matrix(HUGO) + "\t".join([GENES[0], "1", "1", "1", "1"]) + "\n"
    folder = made.write(tmp_path / "s", made.files() | {"data_mrna.txt": text})
    several = SampleSelection(one_per_patient="all")
    cohort = read_cohort(folder, options=CohortOptions("a", "tpm", selection=several))
    assert cohort.adata[:, GENES[0]].X.ravel().tolist() == [1.0, 2.0, 3.0, 4.0]
    with pytest.raises(TmescopeError, match="1 genes occur more than once"):
        read_cohort(folder, options=CohortOptions("a", "log2(tpm+1)", selection=several))
