"""References as folders and tables: what is written comes back, and what is damaged is refused."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.bulk.references_made import TYPES, made

from tmescope.bulk.reference_files import (
    read_reference,
    read_reference_folder,
    read_reference_table,
    write_reference,
)
from tmescope.bulk.references import SignatureReference, StateProfiles
from tmescope.foundation.errors import (
    ExpressionError,
    FileFormatError,
    FormatVersionError,
    MethodError,
    MissingFileError,
    StoreError,
)

VERSION_1 = Path(__file__).parent / "reference_version_1"


def with_states() -> SignatureReference:
    rng = np.random.default_rng(1)
    profiles = rng.lognormal(0, 1, (4, 40))
    states = StateProfiles(
        tuple(f"G{i}" for i in range(40)),
        ("B cell", "T cell | d1", "T cell | d2", "Tumour"),
        ("B cell", "T cell", "T cell", "Tumour"),
        profiles / profiles.sum(axis=1, keepdims=True),
        (20, 11, 12, 30),
    )
    return made(states=states, malignant="Tumour")


def test_everything_comes_back_bit_for_bit(tmp_path: Path) -> None:
    accuracy = pd.DataFrame({"cell_type": list(TYPES), "rmse": [0.1, 0.2, np.nan]})
    reference = with_states()
    write_reference(reference, tmp_path / "ref", accuracy=accuracy, about={"n_cells": {"B cell": 20}})
    found = read_reference_folder(tmp_path / "ref")
    back = found.reference
    assert back.sha256 == reference.sha256
    assert (back.genes, back.cell_types, back.malignant, back.unit) == (reference.genes, TYPES, "Tumour", "cpm")
    np.testing.assert_array_equal(back.profiles, reference.profiles)
    np.testing.assert_array_equal(back.size_factors, reference.size_factors)
    assert back.states is not None
    assert reference.states is not None
    assert back.states.states == reference.states.states
    np.testing.assert_array_equal(back.states.profiles, reference.states.profiles)
    assert found.accuracy is not None
    assert list(found.accuracy["rmse"][:2]) == [0.1, 0.2]
    assert found.markers is None
    assert found.about == {"n_cells": {"B cell": 20}}


def test_the_same_reference_is_the_same_bytes_and_replaces_the_old(tmp_path: Path) -> None:
    for name in ("a", "b", "a"):
        write_reference(with_states(), tmp_path / name)
    files = sorted(p.name for p in (tmp_path / "a").iterdir())
    assert files == ["profiles.parquet", "reference.json", "states.parquet", "variances.parquet"]
    assert all((tmp_path / "a" / f).read_bytes() == (tmp_path / "b" / f).read_bytes() for f in files)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b"]


def test_a_reference_without_anything_more_comes_back(tmp_path: Path) -> None:
    reference = made(variances=None, size_factors=None)
    write_reference(reference, tmp_path / "ref")
    assert read_reference(tmp_path / "ref").sha256 == reference.sha256


def test_a_folder_of_something_else_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "ref").mkdir()
    (tmp_path / "ref" / "thesis.txt").write_text("years of work")
    with pytest.raises(StoreError, match="something else of this name"):
        write_reference(made(), tmp_path / "ref")
    assert (tmp_path / "ref" / "thesis.txt").is_file()
    with pytest.raises(MissingFileError, match="no reference 'ref'"):
        read_reference(tmp_path / "ref")


def test_a_type_that_is_called_like_the_column_of_genes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="gene_symbol"):
        write_reference(made(cell_types=("gene_symbol", "b", "c")), tmp_path / "ref")


def test_version_1_is_read() -> None:
    found = read_reference_folder(VERSION_1)
    assert found.reference.sha256 == with_states().sha256
    assert found.about == {"made": "for the tests"}


def _rewrite(folder: Path, **changes: object) -> None:
    path = folder / "reference.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_a_newer_format_is_told(tmp_path: Path) -> None:
    write_reference(made(), tmp_path / "ref")
    _rewrite(tmp_path / "ref", version=99)
    with pytest.raises(FormatVersionError, match="format 99"):
        read_reference(tmp_path / "ref")


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "something"},
        {"sha256": "0" * 64},
        {"cell_types": ["a", "b", "c"]},
        {"size_factors": [1, 2]},
        {"tables": 7},
        {"states": {"names": ["x"], "cell_types": [], "n_cells": []}},
        {"malignant": "Tumour"},
        {"version": "one"},
    ],
    ids=str,
)
def test_a_changed_page_is_refused(tmp_path: Path, changes: dict[str, object]) -> None:
    write_reference(made(), tmp_path / "ref")
    _rewrite(tmp_path / "ref", **changes)
    with pytest.raises((FileFormatError, ExpressionError)):
        read_reference(tmp_path / "ref")


@pytest.mark.parametrize("name", ["reference.json", "profiles.parquet", "states.parquet"])
@pytest.mark.parametrize("cut", [0, 7, -30])
def test_a_damaged_folder_is_refused(tmp_path: Path, name: str, cut: int) -> None:
    write_reference(with_states(), tmp_path / "ref")
    path = tmp_path / "ref" / name
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(FileFormatError, match="no reference, or is damaged"):
        read_reference(tmp_path / "ref")


@pytest.mark.parametrize(("name", "separator"), [("r.csv", ","), ("r.tsv", "\t"), ("r.txt", "\t"), ("r.tsv.gz", "\t")])
def test_a_table_is_a_reference(tmp_path: Path, name: str, separator: str) -> None:
    reference = made()
    frame = pd.DataFrame(reference.profiles, reference.genes, list(TYPES))
    text = frame.to_csv(sep=separator, index_label="gene").encode()
    (tmp_path / name).write_bytes(gzip.compress(text) if name.endswith("gz") else text)
    found = read_reference_table(tmp_path / name, unit="tpm")
    assert (found.genes, found.cell_types, found.unit) == (reference.genes, TYPES, "tpm")
    np.testing.assert_array_equal(found.profiles, reference.profiles)
    assert found.states is None


def test_faults_of_a_table_are_told(tmp_path: Path) -> None:
    path = tmp_path / "r.tsv"
    with pytest.raises(MissingFileError, match=r"no file 'r\.tsv'"):
        read_reference_table(path)
    path.write_text("gene\ta\tb\nG1\t1\t2\nG2\t-3\t1\nG3\t1\t9\nG4\t\t9\n")
    with pytest.raises(ExpressionError, match=r"2 values of the profiles are negative or missing: 'G2, a: -3', 'G4, a"):
        read_reference_table(path)
    path.write_text("gene\ta\tb\nG1\t1\t2\nG2\t2\t4\nG3\t1\t2\nG4\t5\t10\n")
    with pytest.raises(MethodError, match="'a' and 'b'"):
        read_reference_table(path)
