"""Accuracy on cells and donors that a reference has not seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tests.bulk.references_made import donors

from tmescope.bulk.reference_accuracy import build_reference, hold_out, measure_accuracy
from tmescope.bulk.reference_building import BuildOptions, read_labels

OPTIONS = BuildOptions(donors="donor", n_mixtures=20, cells_per_mixture=200)


def test_a_reference_comes_with_its_accuracy() -> None:
    built = build_reference(donors(), options=OPTIONS)
    table = built.accuracy
    assert list(table["cell_type"]) == [*built.reference.cell_types, "all"]
    assert set(table["held_out"]) == {"donors"}
    assert (table["n"][:-1] == 20).all()
    assert table["rmse"].iloc[-1] < 0.12  # a guess of one in six for all is off by 0.14
    assert table["pearson"].iloc[-1] > 0.6
    assert not built.warnings


def test_the_same_seed_gives_the_same_and_another_another() -> None:
    first, again = (build_reference(donors(), options=OPTIONS, rng=5) for _ in range(2))
    pd.testing.assert_frame_equal(first.accuracy, again.accuracy)
    assert first.reference.sha256 == again.reference.sha256
    other = build_reference(donors(), options=OPTIONS, rng=6)
    assert other.reference.sha256 == first.reference.sha256
    assert not other.accuracy.equals(first.accuracy)


def test_no_held_out_cell_is_in_the_reference() -> None:
    cells = donors()
    options = replace(OPTIONS, donors="")
    held = hold_out(cells, read_labels(cells, options), options, rng=np.random.default_rng(0))
    assert held.held_out == "cells"
    assert held.reference.states is not None
    assert sum(held.reference.states.n_cells) == cells.n_obs // 2
    truth = np.asarray(held.mixtures.obsm["fractions"])
    np.testing.assert_allclose(truth.sum(axis=1), 1.0)
    np.testing.assert_allclose(truth * 200, np.round(truth * 200))
    by_donor = hold_out(cells, read_labels(cells, OPTIONS), OPTIONS, rng=np.random.default_rng(0))
    assert by_donor.reference.states is not None
    assert len({s.partition(" | ")[2] for s in by_donor.reference.states.states}) == 3


def test_a_type_of_one_donor_alone_is_not_measured_and_said() -> None:
    cells = donors().copy()
    rare = (cells.obs["cell_type"] == "type 3") & (cells.obs["donor"] != "donor 1")
    built = build_reference(cells[~rare.to_numpy()].copy(), options=OPTIONS)
    assert "type 3" in built.reference.cell_types
    assert "type 3" not in set(built.accuracy["cell_type"])
    (warning,) = [w for w in built.warnings if w.code == "reference.not_measured"]
    assert warning.examples == ("type 3",)


def test_what_was_left_out_is_warned_about() -> None:
    cells = donors().copy()
    labels = cells.obs["cell_type"].astype(object).to_numpy(copy=True)
    labels[:3], labels[3:5] = "few", None
    cells.obs["cell_type"] = labels
    codes = {w.code: w for w in build_reference(cells, options=OPTIONS).warnings}
    assert codes["reference.label_left_out"].examples == ("few",)
    assert codes["reference.unlabelled"].count == 2


def test_accuracy_is_per_type_and_over_all() -> None:
    truth = np.array([[0.2, 0.8], [0.6, 0.4]])
    table = measure_accuracy(truth + np.array([0.1, -0.1]), truth, ("a", "b"), method="x")
    np.testing.assert_allclose(table["rmse"], 0.1)
    np.testing.assert_allclose(table["bias"], [0.1, -0.1, 0.0], atol=1e-12)
    assert list(table["n"]) == [2, 2, 4]


def test_real_cells_make_a_reference(shared_data) -> None:  # type: ignore[no-untyped-def]
    import anndata as ad

    path = shared_data / "cells" / "wu2021_tnbc_CID4465" / "cells.h5ad"
    if not path.is_file():
        pytest.skip("the cells are not here")
    built = build_reference(ad.read_h5ad(path), options=BuildOptions(labels="celltype_major", n_mixtures=40))
    assert len(built.reference.cell_types) == 9
    assert built.accuracy["rmse"].iloc[-1] < 0.11
