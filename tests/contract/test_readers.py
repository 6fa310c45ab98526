"""All readers at once: what was written comes back bit for bit; no bytes whatever raise anything but errors of ours."""

from __future__ import annotations

import math
import random
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from bench.fuzz.mutants import mutate
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.ingest import workbooks_made as books
from tests.ingest.matrices_made import WRITERS, Made, Writer, number

from tmescope.foundation.errors import TmescopeError
from tmescope.ingest.decompress import Limits
from tmescope.ingest.expression import read_expression
from tmescope.ingest.numerals import is_number, parse_numbers
from tmescope.ingest.sample_files import read_sample_table

LIMITS = Limits(max_bytes=4 << 20)
TEXTS = [w for w in WRITERS if w.is_text]
APART = [w for w in WRITERS if w.name.startswith("h5ad")]
"""Read in a process of its own each time, so with fewer examples."""
quick = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

names = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=6).map(
    "g{}".format
)  # no word that means missing
finite = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def matrices(draw: st.DrawFn) -> Made:
    """Draw a matrix of one to four genes and samples with missing values."""
    genes = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    samples = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    cell = finite | st.just(math.nan)
    row = st.lists(cell, min_size=len(samples), max_size=len(samples))
    rows = draw(st.lists(row, min_size=len(genes), max_size=len(genes)))
    return Made(tuple(genes), tuple(samples), rows)


def _put(folder: Path, writer: Writer, data: bytes) -> Path:
    path = folder / writer.file_name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("writer", [w for w in WRITERS if w not in APART], ids=lambda w: w.name)
@given(made=matrices())
@settings(quick, max_examples=25)
def test_what_was_written_comes_back_bit_for_bit(tmp_path: Path, writer: Writer, made: Made) -> None:
    _comes_back(tmp_path, writer, made)


@pytest.mark.parametrize("writer", APART, ids=lambda w: w.name)
@given(made=matrices())
@settings(quick, max_examples=8)
def test_what_was_written_comes_back_from_a_process_of_its_own(tmp_path: Path, writer: Writer, made: Made) -> None:
    _comes_back(tmp_path, writer, made)


def _comes_back(tmp_path: Path, writer: Writer, made: Made) -> None:
    path = _put(tmp_path, writer, writer.write(made))
    read = read_expression(path, gene_column=writer.gene_column)
    assert (read.gene_ids, read.sample_ids) == (made.genes, made.samples)
    expected = np.array(made.values, dtype=float).reshape(len(made.genes), len(made.samples)).T
    missing = np.isnan(expected)
    assert np.array_equal(np.isnan(read.values), missing)
    if {"csr", "csc"} & set(writer.name.split()):
        expected = expected + 0.0  # a sparse matrix holds no zero, so no negative one either
    assert read.values[~missing].tobytes() == expected[~missing].tobytes()


@given(value=finite)
@settings(quick, max_examples=300)
def test_the_shortest_text_of_a_double_is_that_double(value: float) -> None:
    text = number(value)
    assert is_number(text)
    values, bad = parse_numbers([text, f" {text} "])
    assert not bad
    assert values.tobytes() == np.array([value, value]).tobytes()


def _reads(writer: Writer, path: Path) -> None:
    """Read bytes as a matrix; only errors of ours may come, and no warning."""
    _harmless(lambda: read_expression(path, gene_column=writer.gene_column, limits=LIMITS))


def _harmless(read: Callable[[], object]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            read()
        except TmescopeError as error:
            assert str(error)


@pytest.mark.parametrize("writer", TEXTS, ids=lambda w: w.name)
@given(seed=st.integers(0, 2**32), made=matrices())
@settings(quick, max_examples=40)
def test_mutated_text_is_read_or_refused(tmp_path: Path, writer: Writer, seed: int, made: Made) -> None:
    good = writer.write(made)
    _reads(writer, _put(tmp_path, writer, mutate(good, [good], random.Random(seed))))


@pytest.mark.parametrize("writer", TEXTS, ids=lambda w: w.name)
@given(data=st.binary(max_size=300))
@settings(quick, max_examples=25)
def test_any_bytes_are_read_or_refused(tmp_path: Path, writer: Writer, data: bytes) -> None:
    _reads(writer, _put(tmp_path, writer, data))


PARQUET = next(w for w in WRITERS if w.name == "parquet")
CELLS = books.cell("A1", "id") + books.cell("B1", "x"), books.cell("A2", "S1") + books.cell("B2", 5)
SEEDS = {
    "s.csv": b'id,x\nS1,"a\nb"\nS2,5\n',
    "s.tsv": "id\tx\nS1\tä\n".encode("utf-16"),
    "s.xlsx": books.packed(books.workbook({"s": books.sheet(*CELLS)})),
    "s_series_matrix.txt": next(w for w in WRITERS if w.name == "geo_series_matrix").write(
        Made(("A",), ("S1", "S2"), ((1.0, 2.0),))
    ),
}


@pytest.mark.parametrize("name", SEEDS)
@given(seed=st.integers(0, 2**32))
@settings(quick, max_examples=60)
def test_mutated_sample_tables_are_read_or_refused(tmp_path: Path, name: str, seed: int) -> None:
    path = tmp_path / name
    path.write_bytes(mutate(SEEDS[name], list(SEEDS.values()), random.Random(seed)))
    _harmless(lambda: read_sample_table(path, limits=LIMITS))


PARTS = books.workbook({"s": books.sheet(*CELLS)})


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml"])
@given(seed=st.integers(0, 2**32))
@settings(quick, max_examples=60)
def test_mutated_parts_of_workbooks_are_read_or_refused(tmp_path: Path, part: str, seed: int) -> None:
    data = mutate(PARTS[part].encode(), [p.encode() for p in PARTS.values()], random.Random(seed))
    path = tmp_path / "s.xlsx"
    path.write_bytes(books.packed(PARTS | {part: data}))  # type: ignore[dict-item]
    _harmless(lambda: read_sample_table(path, limits=LIMITS))


@given(seed=st.integers(0, 2**32), made=matrices())
@settings(quick, max_examples=60)
def test_mutated_parquet_is_read_or_refused(tmp_path: Path, seed: int, made: Made) -> None:
    good = PARQUET.write(made)
    _reads(PARQUET, _put(tmp_path, PARQUET, mutate(good, [good], random.Random(seed))))
