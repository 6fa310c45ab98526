from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tmescope.foundation.errors import ExpressionError, FileFormatError, TmescopeError
from tmescope.ingest.expression import (
    ExpressionTable,
    check_names,
    check_orientation,
    check_values,
    find_duplicates,
    read_expression,
    read_matrix,
    sum_duplicates,
)

Write = Callable[[str, str | bytes], Path]


def _table(
    values: object, genes: tuple[str, ...] | None = None, samples: tuple[str, ...] | None = None
) -> ExpressionTable:
    array = np.array(values, dtype=np.float64)
    return ExpressionTable(
        array,
        genes or tuple(f"G{j}" for j in range(array.shape[1])),
        samples or tuple(f"S{i}" for i in range(array.shape[0])),
    )


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    ending=st.sampled_from(["tsv", "csv.gz", "parquet", "h5ad"]),
    by_sample=st.booleans(),
    seed=st.integers(0, 99),
)
def test_every_format_and_orientation_gives_the_same_table(
    tmp_path: Path, ending: str, by_sample: bool, seed: int
) -> None:
    values = np.random.default_rng(seed).normal(size=(3, 4))
    frame = pd.DataFrame(values, index=["s1", "s2", "s3"], columns=["A", "B", "C", "D"])
    shown = frame if by_sample else frame.T
    path = tmp_path / f"m.{ending}"
    if ending == "parquet":
        shown.to_parquet(path)
    elif ending == "h5ad":
        ad.AnnData(shown).write_h5ad(path)
    else:
        shown.to_csv(path, sep="," if "csv" in ending else "\t")
    table = read_expression(path, orientation="samples_by_genes" if by_sample else "genes_by_samples")
    assert table.gene_ids == ("A", "B", "C", "D")
    assert table.sample_ids == ("s1", "s2", "s3")
    assert table.values.flags.c_contiguous
    assert table.values.dtype == np.float64
    np.testing.assert_array_equal(table.values, values)


def test_rows_are_genes_unless_the_file_is_h5ad(tmp_path: Path) -> None:
    frame = pd.DataFrame([[1.0, 2.0]], index=["x"], columns=["y", "z"])
    frame.to_csv(tmp_path / "m.csv")
    ad.AnnData(frame).write_h5ad(tmp_path / "m.h5ad")
    assert read_expression(tmp_path / "m.csv").gene_ids == ("x",)
    assert read_expression(tmp_path / "m.h5ad").sample_ids == ("x",)


def test_exchanged_axes_show_in_the_sample_table() -> None:
    table = _table(np.ones((3, 2)), genes=("P1", "P2"), samples=("u", "v", "w"))
    (problem,) = check_orientation(table, "m.tsv", known_samples=["P1", "P2", "P3"])
    assert isinstance(problem, ExpressionError)
    assert "2 identifiers of the sample table are on the gene axis: 'P1', 'P2'" in problem.what
    assert "set orientation" in (problem.next_step or "")
    assert problem.where == "m.tsv"


@pytest.mark.parametrize(
    "genes", [("CD8A", "GZMA", "PRF1"), ("ENSG00000153563.1", "ENSG00000145649", "ENSG00000180644")]
)
def test_exchanged_axes_show_in_the_names_of_genes(genes: tuple[str, ...]) -> None:
    table = _table(np.ones((3, 2)), genes=("P1", "P2"), samples=genes)
    (problem,) = check_orientation(table, "m.tsv", known_genes={"CD8A", "GZMA", "PRF1"})
    assert "3 gene names are on the sample axis" in problem.what


def test_right_axes_pass_even_where_a_sample_is_called_like_a_gene() -> None:
    table = _table(np.ones((3, 2)), genes=("CD8A", "GZMA"), samples=("MET", "CAT", "P1"))
    assert check_orientation(table, "m.tsv", known_genes={"CD8A", "MET", "CAT"}, known_samples=["P1", "GZMA"]) == []


def test_duplicated_samples_are_named() -> None:
    table = _table(np.ones((3, 1)), samples=("a", "b", "a"))
    (problem,) = check_names(table, "m.tsv")
    assert isinstance(problem, ExpressionError)
    assert problem.what == "1 sample names occur more than once: 'a'"
    assert problem.where == "m.tsv, sample axis"


def test_empty_names_are_counted_by_position() -> None:
    table = _table(np.ones((2, 3)), genes=("A", " ", ""), samples=("", "b"))
    genes, samples = check_names(table, "m.tsv")
    assert genes.what == "2 genes have no name, at position 2, 3"
    assert samples.what == "1 samples have no name, at position 1"


def test_infinite_values_are_named_by_gene_and_sample() -> None:
    (problem,) = check_values(_table([[1, 2], [-np.inf, np.inf]]), "m.tsv")
    assert "2 values are infinite, the first is -inf" in problem.what
    assert problem.where == "m.tsv, gene 'G0', sample 'S1'"


def test_samples_without_a_value_are_named() -> None:
    (problem,) = check_values(_table([[np.nan, np.nan], [1, np.nan]]), "m.tsv")
    assert problem.what == "1 samples have no value at all: 'S0'"
    (problem,) = check_values(_table([[np.nan], [np.nan]]), "m.tsv")
    assert problem.what == "all samples have no value at all: 'S0', 'S1'"


def test_single_missing_values_are_allowed() -> None:
    assert check_values(_table([[np.nan, 1]]), "m.tsv") == []


def test_duplicates_are_found_in_order() -> None:
    assert find_duplicates(["b", "a", "b", "c", "a", "b"]) == ["b", "a"]


@settings(deadline=None)
@given(names=st.lists(st.sampled_from("ABCD"), min_size=1, max_size=9), seed=st.integers(0, 9))
def test_rows_of_one_gene_are_summed(names: list[str], seed: int) -> None:
    values = np.random.default_rng(seed).integers(0, 9, size=(2, len(names))).astype(float)
    table = _table(values, genes=tuple(names))
    before = values.copy()
    summed = sum_duplicates(table)
    expected = pd.DataFrame(values.T, index=names).groupby(level=0, sort=False).sum()
    assert list(summed.gene_ids) == list(expected.index)
    np.testing.assert_array_equal(summed.values, expected.to_numpy().T)
    assert summed.values.flags.c_contiguous
    np.testing.assert_array_equal(table.values, before)


def test_a_missing_addend_makes_the_sum_missing() -> None:
    assert np.isnan(sum_duplicates(_table([[1, np.nan]], genes=("A", "A"))).values).all()


def test_formats_are_told_apart_by_content(write: Write) -> None:
    with pytest.raises(FileFormatError, match="ZIP"):
        read_expression(write("m.tsv", b"PK\x03\x04"))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ending=st.sampled_from(["tsv", "csv.gz", "parquet"]),
    edits=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 9), st.binary(max_size=4)), min_size=1, max_size=3),
)
def test_damaged_files_are_refused_in_our_words_or_read(
    tmp_path: Path, ending: str, edits: list[tuple[float, int, bytes]]
) -> None:
    path = tmp_path / f"m.{ending}"
    frame = pd.DataFrame(np.eye(3), index=list("ABC"), columns=["s1", "s2", "s3"])
    frame.to_parquet(path) if ending == "parquet" else frame.to_csv(path, sep="\t" if ending == "tsv" else ",")
    content = path.read_bytes()
    for place, removed, inserted in edits:
        i = int(place * len(content))
        content = content[:i] + inserted + content[i + removed :]
    path.write_bytes(content)
    try:
        table = read_expression(path)
    except TmescopeError as error:
        assert error.where
    else:
        assert table.values.shape == (len(table.sample_ids), len(table.gene_ids))


def test_all_samples_in_order_are_the_matrix_itself_and_others_a_copy() -> None:
    table = ExpressionTable(np.arange(6.0).reshape(3, 2), ("G", "H"), ("a", "b", "c"))
    assert table.take_samples(["a", "b", "c"]) is table.values
    for chosen in (["c", "a"], ["b", "a", "c"]):
        taken = table.take_samples(chosen)
        np.testing.assert_array_equal(taken, table.values[["abc".index(i) for i in chosen]])
        assert not np.shares_memory(taken, table.values)


def test_infinities_are_counted_in_all_rows_and_the_first_is_named() -> None:
    values = np.zeros((3, 4))
    values[1, 2] = values[1, 3] = -np.inf
    values[2, 0] = np.inf
    values[0] = np.nan
    table = ExpressionTable(values, ("G", "H", "I", "J"), ("a", "b", "c"))
    first, second = check_values(table, "m")
    assert "3 values are infinite, the first is -inf" in str(first)
    assert "gene 'I', sample 'b'" in str(first)
    assert "1 samples have no value at all: 'a'" in str(second)


@pytest.mark.parametrize("ending", [".tsv", ".csv"])
def test_a_layer_that_a_format_cannot_have_is_an_error(tmp_path, ending):
    path = tmp_path / f"a{ending}"
    path.write_text("gene\ta\nX\t1\n")
    with pytest.raises(ExpressionError, match=r"is declared, but a [ct]sv file has no layers") as caught:
        read_matrix(path, layer="counts")
    assert "h5ad, zarr" in caught.value.expected


def test_the_bytes_of_a_text_file_are_told_to_the_last(tmp_path):
    class Told:
        def __init__(self):
            self.tasks = []

        def plan(self, steps):
            raise AssertionError

        def start(self, task, total=None, *, unit=""):
            self.tasks.append([task, total, unit, 0])

        def advance(self, task, parts=1):
            self.tasks[-1][3] += parts

        def finish(self, task, note=""):
            self.tasks[-1].append("finished")

    path = tmp_path / "a.tsv"
    path.write_text("gene\ta\tb\n" + "".join(f"G{i}\t{i}\t1\n" for i in range(500)))
    told = Told()
    read_matrix(path, progress=told)
    size = path.stat().st_size
    assert told.tasks == [["matrix is read", size, "bytes", size, "finished"]]


def test_genes_without_any_value_are_found() -> None:
    values = np.array([[1.0, np.nan, np.nan], [2.0, np.nan, 3.0]])
    assert ExpressionTable(values, ("A", "B", "C"), ("s", "t")).find_empty() == ("B",)
    assert ExpressionTable(values[1:], ("A", "B", "C"), ("t",)).find_empty() == ("B",)
    assert ExpressionTable(values[:, :1], ("A",), ("s", "t")).find_empty() == ()
