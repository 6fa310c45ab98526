"""Expression by tissue: GCT of GTEx and Parquet of the atlas, with size, ids, scale and tissues checked."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.facts.references import made

from tmescope.facts.references.tissues import read_gtex, read_hpa_rna
from tmescope.foundation.errors import FileFormatError


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return made.tissue_table()


def as_gct(folder: Path, table: pd.DataFrame) -> dict[str, Path]:
    path = folder / "a.gct.gz"
    path.write_bytes(gzip.compress(("\n".join(made.gct_lines(table)) + "\n").encode(), compresslevel=1))
    return {"median_tpm": path}


def as_parquet(folder: Path, table: pd.DataFrame) -> dict[str, Path]:
    table.to_parquet(folder / "a.parquet")
    return {"tpm": folder / "a.parquet"}


def test_both_are_read(tmp_path: Path, table: pd.DataFrame) -> None:
    for found in (read_gtex(as_gct(tmp_path, table)), read_hpa_rna(as_parquet(tmp_path, table))):
        assert found.tpm.shape == (10_000, 17)
        assert found.tissues == tuple(table.columns[1:])
        assert found.ensembl_ids == tuple(table.index)
        assert found.gene_symbols == tuple(table["symbol"])
        np.testing.assert_allclose(found.tpm, table.iloc[:, 1:].to_numpy(), atol=1e-4)
        assert not found.tpm.flags.writeable


def test_the_real_tables(shared_data: Path) -> None:
    folder = shared_data / "targets/normal_tissue"
    found = read_hpa_rna({"tpm": folder / "hpa_rna_tpm_35tissues.parquet"})
    assert found.tpm.shape == (19_613, 35)
    insulin = found.tpm[found.gene_symbols.index("INS")]
    assert found.tissues[insulin.argmax()] == "Pancreas"
    with pytest.raises(FileFormatError, match="genes of one tissue are highest in another"):
        read_hpa_rna({"tpm": folder / "known_bad/gtex_tpm_29tissues.parquet"})
    with pytest.raises(FileFormatError, match="not an Ensembl gene id"):
        read_hpa_rna({"tpm": folder / "gtex_v4_53subtissues_entrez.parquet"})


def test_a_good_table_as_gct_and_the_bad_one(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "targets/normal_tissue"
    read_gtex(as_gct(tmp_path, pd.read_parquet(folder / "hpa_rna_tpm_35tissues.parquet")))
    with pytest.raises(FileFormatError, match="112 of 185 genes"):
        read_gtex(as_gct(tmp_path, pd.read_parquet(folder / "known_bad/gtex_tpm_29tissues.parquet")))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("#1.2", "#1.3", "the file begins '#1.3'"),
        ("10000\t17", "10001\t17", "the table has 10000 x 17 numbers"),
        ("Description", "Symbol", "the third line is"),
        ("ENSG00000000007.1", "7", "not an Ensembl gene id: '7'"),
        ("ENSG00000000007.1", "ENSG00000000008.2", "not each Ensembl id once: ENSG00000000008 (2 times)"),
        ("ENSG00000000007.1\t", "ENSG00000000007.1\t\t", "line 11 has 20 cells"),
    ],
)
def test_what_is_no_gct_is_refused(tmp_path: Path, table: pd.DataFrame, old: str, new: str, says: str) -> None:
    path = made.write(tmp_path, "a.gct", made.gct_lines(table))
    made.spoil(path, old, new)
    with pytest.raises(FileFormatError) as caught:
        read_gtex({"median_tpm": path})
    assert says in str(caught.value)


def change(table: pd.DataFrame, **values: float) -> pd.DataFrame:
    changed = table.copy()
    for tissue, value in values.items():
        changed.loc[changed.index[5000], tissue] = value
    return changed


def test_numbers_that_are_no_tpm_are_refused(tmp_path: Path, table: pd.DataFrame) -> None:
    for value in (-1.0, np.nan, np.inf, 2e6):
        with pytest.raises(FileFormatError, match="1 x not a finite number, 0 to 1e\\+06: ENSG00000005000, liver"):
            read_hpa_rna(as_parquet(tmp_path, change(table, liver=value)))
        with pytest.raises(FileFormatError, match="line 5004, liver"):
            read_gtex(as_gct(tmp_path, change(table, liver=value)))
    logarithms = table.copy()
    logarithms.iloc[:, 1:] = np.log2(logarithms.iloc[:, 1:] + 1)
    with pytest.raises(FileFormatError, match="17 x not a column of TPM"):
        read_hpa_rna(as_parquet(tmp_path, logarithms))


def test_parts_and_other_tables_are_refused(tmp_path: Path, table: pd.DataFrame) -> None:
    with pytest.raises(FileFormatError, match="9,000 genes"):
        read_hpa_rna(as_parquet(tmp_path, table.iloc[:9000]))
    with pytest.raises(FileFormatError, match="4 tissues"):
        read_hpa_rna(as_parquet(tmp_path, table.iloc[:, :5]))
    with pytest.raises(FileFormatError, match="the columns begin liver"):
        read_hpa_rna(as_parquet(tmp_path, table[["liver"]]))
    with pytest.raises(FileFormatError, match="columns hold no numbers: liver"):
        read_hpa_rna(as_parquet(tmp_path, table.assign(liver="x")))
    (tmp_path / "a.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(FileFormatError, match="not Parquet"):
        read_hpa_rna({"tpm": tmp_path / "a.parquet"})


def test_a_symbol_of_two_genes_is_no_anchor(tmp_path: Path, table: pd.DataFrame) -> None:
    doubled = table.copy()
    doubled.loc[doubled.index[-1], "symbol"] = doubled["symbol"].iloc[0]
    assert read_hpa_rna(as_parquet(tmp_path, doubled)).gene_symbols[-1] == table["symbol"].iloc[0]
