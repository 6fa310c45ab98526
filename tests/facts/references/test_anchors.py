"""Genes of one tissue show that rows were shifted or columns changed names, where each number alone is plausible."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.facts import anchor_tables
from tests.facts.references import made

from tmescope.facts.records import DATA
from tmescope.facts.references.anchors import check_anchors, load_anchors
from tmescope.foundation.errors import FileFormatError

GOOD = "targets/normal_tissue/hpa_rna_tpm_35tissues.parquet"


def check(table: pd.DataFrame) -> None:
    rows = {symbol: row for row, symbol in enumerate(table["symbol"])}
    check_anchors(rows, list(table.columns[1:]), table.iloc[:, 1:].to_numpy(), path=Path("table"))


def shifted(table: pd.DataFrame, share: float, by: int) -> pd.DataFrame:
    """The table with a share of its rows moved along by some columns, what falls out comes in at the other end."""
    values = table.iloc[:, 1:].to_numpy().copy()
    rows = np.random.default_rng(1).random(len(values)) < share
    values[rows] = np.roll(values[rows], by, axis=1)
    return pd.concat([table[["symbol"]], pd.DataFrame(values, table.index, table.columns[1:])], axis=1)


def test_the_committed_genes_are_what_both_tables_say(shared_data: Path) -> None:
    derived = anchor_tables.file_text(anchor_tables.derive_anchors(shared_data))
    assert (DATA / "tissue_anchors.toml").read_text(encoding="utf-8") == derived


def test_columns_are_known_by_how_they_begin() -> None:
    anchors = {one.tissue: one for one in load_anchors()}
    names = ["Brain - Cortex", "cerebral_cortex", "Muscle - Skeletal", "Smooth.Muscle", "Heart.Muscle", "Liver"]
    assert anchors["brain"].columns(names) == [0, 1]
    assert anchors["skeletal muscle"].columns(names) == [2]
    assert anchors["heart"].columns(names) == [4]
    assert len(anchors) == 15


def test_the_good_tables_pass(shared_data: Path) -> None:
    check(pd.read_parquet(shared_data / GOOD))
    other = pd.read_csv(shared_data / "targets/hpa_rna/RNAtableTissue.tsv.gz", sep="\t", index_col=0)
    other.insert(0, "symbol", pd.read_parquet(shared_data / GOOD)["symbol"].reindex(other.index))
    check(other[other["symbol"].notna()])


def test_the_table_whose_rows_are_shifted_at_blank_cells_is_refused(shared_data: Path) -> None:
    bad = pd.read_parquet(shared_data / "targets/normal_tissue/known_bad/gtex_tpm_29tissues.parquet")
    with pytest.raises(FileFormatError, match="112 of 185 genes of one tissue are highest in another: CYP11B2"):
        check(bad)


@pytest.mark.parametrize(("share", "by"), [(0.1, 1), (0.1, -1), (0.3, 3), (1.0, 1)])
def test_shifted_rows_of_a_good_table_are_found(share: float, by: int, shared_data: Path) -> None:
    with pytest.raises(FileFormatError, match="highest in another"):
        check(shifted(pd.read_parquet(shared_data / GOOD), share, by))


def test_rows_that_lost_their_blank_cells_are_found(shared_data: Path) -> None:
    """Blank cells that are dropped: what is behind moves up, and zeros fill the end; only rows with a blank are hit."""
    table = pd.read_parquet(shared_data / GOOD)
    values = table.iloc[:, 1:].to_numpy().copy()
    for row in values:
        kept = row[row > 0.05]
        row[:] = 0
        row[: len(kept)] = kept
    spoiled = pd.concat([table[["symbol"]], pd.DataFrame(values, table.index, table.columns[1:])], axis=1)
    with pytest.raises(FileFormatError, match="highest in another"):
        check(spoiled)


def test_made_tables(tmp_path: Path) -> None:
    table = made.tissue_table()
    check(table)
    with pytest.raises(FileFormatError, match="highest in another"):
        check(shifted(table, 0.2, 1))
    swapped = table.rename(columns={"liver": "testis", "testis": "liver"})
    with pytest.raises(FileFormatError, match=r"30 of \d+ genes"):
        check(swapped)
    with pytest.raises(FileFormatError, match="only 0 genes that belong to one tissue"):
        check(table.assign(symbol=table["symbol"].str.lower()))
    with pytest.raises(FileFormatError, match="only 0 genes"):
        check(table.rename(columns={name: f"t{i}" for i, name in enumerate(table.columns[1:])}))
