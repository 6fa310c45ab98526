"""The original's renaming of genes, by hand and on the table that it came with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from tmescope.bulk.methods.quantiseq_genes import original_names, pool_genes
from tmescope.facts.hgnc import HgncRecord, read_hgnc


def record(symbol: str, *previous: str, status: str = "Approved", aliases: tuple[str, ...] = ()) -> HgncRecord:
    return HgncRecord(symbol, "HGNC:1", "", "", (), previous, aliases, status, "")


TABLE = [
    record("A"),
    record("GONE", status="Entry Withdrawn"),
    record("TWICE", status="Entry Withdrawn"),
    record("TWICE"),
    record("NEW", "OLD"),
    record("MANY", "FIRST", "SECOND"),
    record("LAST", "OLD2"),
    record("LATER", "OLD2"),
    record("B", "OLDB", aliases=("ALIAS",)),
]


def test_each_rule_by_hand() -> None:
    genes = ("A", "GONE", "TWICE", "OLD", "FIRST", "OLD2", "OLDB", "B", "ALIAS", "NOBODY")
    assert original_names(genes, TABLE) == (
        "A",
        "entry withdrawn",
        "entry withdrawn",  # the first entry of that symbol counts
        "NEW",
        None,  # one of several former symbols is not found
        "LATER",  # the last entry that had it
        None,  # B was measured itself
        "B",
        None,  # aliases are not looked at
        None,
    )


def test_genes_that_share_a_name_become_their_median() -> None:
    values = np.array([[1.0, 5.0, 2.0, 9.0, 3.0], [0.0, 1.0, 4.0, 9.0, 8.0]])
    before = values.copy()
    pooled, names = pool_genes(values, ("X", "Y", "X", None, "X"))
    assert names == ("X", "Y")
    np.testing.assert_array_equal(pooled, [[2.0, 5.0], [4.0, 1.0]])
    np.testing.assert_array_equal(values, before)


def test_the_table_of_2017(shared_data: Path) -> None:
    records = read_hgnc(shared_data / "references" / "quantiseq" / "HGNC_genenames_20170418.txt.gz")
    frame = pd.read_csv(
        shared_data / "bulk" / "sdy420" / "expression.tsv.gz", sep="\t", usecols=[0], keep_default_na=False
    )
    genes = tuple(frame.iloc[:, 0])
    names = original_names(genes, records)
    kept = [n for n in names if n is not None]
    assert 0.8 * len(genes) < len(kept) < len(genes)
    assert sum(n != g for g, n in zip(genes, names, strict=True) if n is not None) > 100
    # what was approved in that year keeps its name
    approved = {r.symbol for r in records if r.is_approved}
    assert all(n in approved or n == "entry withdrawn" for n in kept)
