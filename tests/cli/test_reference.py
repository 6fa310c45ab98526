"""``tmescope reference``: building one from cells, and showing what is in one."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from tests.bulk.references_made import donors, made


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    path = tmp_path_factory.mktemp("cells") / "cells.h5ad"
    donors().write_h5ad(path)
    return path


def test_a_reference_is_built_and_shown(tmescope, cells, tmp_path):
    ref = tmp_path / "ref"
    said = tmescope(
        "reference", "build", cells, "--labels", "cell_type", "--donors", "donor", "--malignant", "type 1", "-o", ref
    )
    assert said.code == 0, said.err
    assert "6 cell types" in said.out
    assert "held out" in said.out
    shown = tmescope("reference", "show", ref)
    assert shown.code == 0, shown.err
    row = next(line for line in shown.out.splitlines() if line.startswith("type 2 "))
    assert row.split()[2] == "80"
    assert "malignant         type 1" in shown.out
    assert "donors that were held out" in shown.out


def test_events_for_machines(tmescope, cells, tmp_path):
    said = tmescope("reference", "build", cells, "--labels", "cell_type", "-o", tmp_path / "r", "--json")
    assert said.code == 0, said.err
    assert all(json.loads(line) for line in said.out.splitlines())


def test_a_table_is_shown_with_what_is_known(tmescope, tmp_path):
    reference = made()
    pd.DataFrame(reference.profiles, reference.genes, list(reference.cell_types)).to_csv(tmp_path / "r.csv")
    said = tmescope("reference", "show", tmp_path / "r.csv")
    assert said.code == 0, said.err
    assert "B cell, T cell, Tumour" in said.out
    assert "accuracy" not in said.out


def test_errors_end_with_what_to_do(tmescope, cells, tmp_path):
    said = tmescope("reference", "build", cells, "--labels", "celltype", "-o", tmp_path / "r")
    assert said.code == 2
    assert "did you mean 'cell_type'" in said.err
    assert not (tmp_path / "r").exists()
    said = tmescope("reference", "show", tmp_path / "absent")
    assert said.code == 2
