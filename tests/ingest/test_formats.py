from __future__ import annotations

import gzip
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tmescope.foundation.errors import FileFormatError, MissingFileError
from tmescope.ingest.formats import check_file, check_text, find_format, is_study_folder

Write = Callable[[str, str | bytes], Path]


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("a.tsv", b"x\ty\n", "tsv"),
        ("a.TXT", b"x\ty\n", "tsv"),
        ("a.b.csv", b"x,y\n", "csv"),
        ("a.csv.gz", gzip.compress(b"x,y\n", mtime=0), "csv"),
        ("a.parquet", b"PAR1....", "parquet"),
        ("a.h5ad", b"\x89HDF\r\n\x1a\n", "h5ad"),
        ("a.tsv", "x\ty\n".encode("utf-16"), "tsv"),
        ("a.xlsx", b"PK\x03\x04", "xlsx"),
        ("a.gct", b"#1.2\n", "gct"),
        ("GSE1_series_matrix.txt", b"!Series_title", "geo_series_matrix"),
        ("GSE1-GPL570_series_matrix.txt.gz", gzip.compress(b"!Series", mtime=0), "geo_series_matrix"),
        ("salmon.merged.gene_tpm.tsv", b"gene_id", "nfcore_rnaseq"),
        ("samplesheet.csv", b"sample,file\n", "samplesheet"),
        ("samplesheet.csv", "sample,file\n".encode("utf-16"), "samplesheet"),
        ("my_samplesheet.csv", b"sample,file\n", "samplesheet"),
        ("filtered_feature_bc_matrix.h5", b"\x89HDF\r\n\x1a\n", "10x_h5"),
        ("P1_raw_gene_bc_matrices_h5.h5", b"\x89HDF\r\n\x1a\n", "10x_h5"),
        ("run1.salmon.merged.gene_counts.tsv", b"gene_id", "nfcore_rnaseq"),
    ],
)
def test_the_ending_says_the_format(write: Write, name: str, content: bytes, found: str) -> None:
    assert find_format(write(name, content)) == found


def test_the_declaration_wins_over_the_ending(write: Write) -> None:
    assert find_format(write("a.txt", "x,y\n"), "csv") == "csv"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.tsv", b"PK\x03\x04....", "ZIP archive"),
        ("a.tsv", gzip.compress(b"x\ty\n", mtime=0), "a gzip file"),
        ("a.csv", b"<!DOCTYPE html><html>", "a web page"),
        ("a.csv", b"  <html>", "a web page"),
        ("a.tsv", b"\x80\x04\x95....", "a Python pickle"),
        ("a.tsv.gz", b"x\ty\n", "not a gzip file"),
        ("a.parquet", b"x\ty\n", "not a Parquet file"),
        ("a.parquet", b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
        ("a.h5ad", b"PAR1....", "a Parquet file"),
        ("a.parquet.gz", gzip.compress(b"PAR1", mtime=0), "a gzip file"),
    ],
)
def test_content_of_another_format_is_refused(write: Write, name: str, content: bytes, says: str) -> None:
    path = write(name, content)
    with pytest.raises(FileFormatError, match=says) as caught:
        find_format(path)
    assert caught.value.where == str(path)


def test_an_unknown_ending_is_refused(write: Write) -> None:
    with pytest.raises(FileFormatError, match=r"'\.xls'") as caught:
        find_format(write("a.xls", "x"))
    assert ".parquet" in (caught.value.expected or "")


def test_a_file_without_ending_is_refused_by_its_name(write: Write) -> None:
    with pytest.raises(FileFormatError, match="'matrix'"):
        find_format(write("matrix", "x"))


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"'absent\.tsv'") as caught:
        find_format(tmp_path / "absent.tsv")
    assert caught.value.where == str(tmp_path / "absent.tsv")


def test_a_link_loop(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").symlink_to(tmp_path / "b.tsv")
    (tmp_path / "b.tsv").symlink_to(tmp_path / "a.tsv")
    with pytest.raises(MissingFileError):
        find_format(tmp_path / "a.tsv")


def test_a_nul_in_the_name() -> None:
    with pytest.raises(MissingFileError):
        find_format(Path("a\0b.tsv"))


def test_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").mkdir()
    with pytest.raises(FileFormatError, match="is a folder"):
        find_format(tmp_path / "a.tsv")


def test_a_folder_of_cells(tmp_path: Path) -> None:
    for name in ("matrix.mtx", "genes.tsv", "barcodes.tsv"):
        with pytest.raises(FileFormatError, match="is a folder") as caught:
            find_format(tmp_path)
        assert "matrix.mtx" in (caught.value.next_step or "")
        (tmp_path / name).touch()
    assert find_format(tmp_path) == find_format(tmp_path, "10x_mtx") == "10x_mtx"
    with pytest.raises(FileFormatError, match="is a folder"):
        find_format(tmp_path, "tsv")


def test_an_empty_file(write: Write) -> None:
    with pytest.raises(FileFormatError, match="empty"):
        find_format(write("a.tsv", b""))


@pytest.mark.parametrize(("head", "says"), [(b"a\0b\n", "binary"), (b"\n", "empty"), (b"<?xml v", "XML")])
def test_text_that_is_no_table(head: bytes, says: str) -> None:
    with pytest.raises(FileFormatError, match=says):
        check_text(head, "a.tsv")


@pytest.mark.parametrize(
    ("head", "form"),
    [(b"!Series_title\t", "geo_series_matrix"), (b"#1.3\n", "gct"), (b"gene_id\tgene_name\tA\n", "nfcore_rnaseq")],
)
def test_text_of_another_format_says_which(head: bytes, form: str) -> None:
    with pytest.raises(FileFormatError, match="not a plain table") as caught:
        check_text(head, "a.txt")
    assert caught.value.next_step == f"declare the format {form!r}"


def test_the_folder_of_a_study_is_a_format(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match="is a folder, not a file") as caught:
        find_format(tmp_path)
    assert "meta_study.txt" in (caught.value.next_step or "")
    assert not is_study_folder(tmp_path)
    (tmp_path / "meta_study.txt").write_text("cancer_study_identifier: a\n")
    assert is_study_folder(tmp_path)
    assert find_format(tmp_path) == find_format(tmp_path, "cbioportal") == "cbioportal"
    with pytest.raises(FileFormatError, match="is a folder, not a file"):
        find_format(tmp_path, "csv")


def test_a_name_too_long_is_no_study(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 5000)
    assert not is_study_folder(path)
    for declared in (None, "cbioportal"):
        with pytest.raises(MissingFileError, match="cannot be opened"):
            find_format(path, declared)


def test_a_file_is_no_study(write: Write) -> None:
    with pytest.raises(FileFormatError, match="a cBioPortal study is a folder"):
        find_format(write("meta_study.txt", "cancer_study_identifier: a\n"), "cbioportal")


def test_a_zarr_store_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a.zarr").mkdir()
    (tmp_path / "b").mkdir()
    assert find_format(tmp_path / "a.zarr") == "zarr"
    assert find_format(tmp_path / "b", "zarr") == "zarr"
    with pytest.raises(FileFormatError, match="is a folder, not a file"):
        find_format(tmp_path / "b")
    with pytest.raises(MissingFileError):
        find_format(tmp_path / "c.zarr")
    (tmp_path / "c.zarr").write_bytes(b"PK\x03\x04")
    with pytest.raises(FileFormatError, match="a Zarr store is a folder"):
        find_format(tmp_path / "c.zarr")


def test_a_file_that_may_not_be_read_is_said_to_be_so(tmp_path: Path) -> None:
    """As root everything may be read: a child that gave up its rights tries it."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(folder) / "m.tsv"
        path.write_bytes(b"gene\tS1\nA\t1\n")
        path.chmod(0)
        said = _in_a_child_without_rights(path)
    assert said.startswith("MissingFileError: the file cannot be opened (Permission denied)")
    assert f"where:    {path}" in said


def _in_a_child_without_rights(path: Path) -> str:
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            if os.geteuid() == 0:
                os.setuid(65534)
            check_file(path)
            said = "accepted"
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
        os.write(writer, said.encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as told:
        return told.read()


@pytest.mark.parametrize(
    "header", [b"gene_id\tgene_name\tlength\n", b'gene_id\tgene_name\tchr\t"effective_length"\r\n']
)
def test_a_table_about_genes_with_their_names_is_no_matrix(header: bytes) -> None:
    check_text(header + b"I\tA\t5\n", "f")
    with pytest.raises(FileFormatError, match="nfcore_rnaseq"):
        check_text(header.replace(b"length", b"lengthy"), "f")
