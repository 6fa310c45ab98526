"""A reference from simulated cells beside the profiles that they were drawn from."""

from __future__ import annotations

import numpy as np
import pytest
from tests.bulk.references_made import donors

from tmescope.bulk.reference_building import BuildOptions, assemble, read_labels
from tmescope.bulk.reference_markers import MarkerRule
from tmescope.foundation.errors import ExpressionError, MethodError, UnknownNameError

OPTIONS = BuildOptions(donors="donor", malignant="type 1")


def test_profiles_sizes_and_markers_are_the_planted_ones() -> None:
    cells = donors()
    built = assemble(cells, read_labels(cells, OPTIONS), OPTIONS)
    reference = built.reference
    truth = cells.varm["profiles"] * 1e6
    rows = [cells.var_names.get_loc(g) for g in reference.genes]
    known = truth[rows] > 500
    ratio = reference.profiles[known] / truth[rows][known]
    assert 0.8 < np.median(ratio) < 1.2
    np.testing.assert_allclose(reference.size_factors, cells.uns["size_factors"], rtol=0.25)
    fold = truth[rows].max(axis=1) / np.sort(truth[rows], axis=1)[:, -2]
    assert np.median(fold) > 2
    assert built.n_cells == {f"type {i}": 80 for i in range(1, 7)}
    assert reference.variances is not None
    assert (reference.variances >= 0).all()


def test_variances_are_those_between_cells() -> None:
    cells = donors()
    options = BuildOptions()
    reference = assemble(cells, read_labels(cells, options), options).reference
    own = cells[(cells.obs["cell_type"] == "type 2").to_numpy(), list(reference.genes)].X.toarray().astype(float)
    totals = np.asarray(cells[(cells.obs["cell_type"] == "type 2").to_numpy()].X.sum(axis=1)).ravel()
    assert reference.variances is not None
    np.testing.assert_allclose(reference.variances[:, 1], (1e6 * own / totals[:, None]).var(axis=0, ddof=1), rtol=1e-6)


def test_states_are_donors_and_no_gene_is_impossible() -> None:
    cells = donors()
    states = assemble(cells, read_labels(cells, OPTIONS), OPTIONS).reference.states
    assert states is not None
    assert len(states.states) == 24
    assert states.states[0] == "type 1 | donor 1"
    assert (states.profiles > 0).all()
    np.testing.assert_allclose(states.profiles.sum(axis=1), 1.0)
    single = assemble(cells, read_labels(cells, BuildOptions()), BuildOptions()).reference.states
    assert single is not None
    assert single.states == single.cell_types


def test_donors_with_few_cells_do_not_count_for_a_type() -> None:
    cells = donors().copy()
    few = np.flatnonzero(((cells.obs["cell_type"] == "type 2") & (cells.obs["donor"] == "donor 1")).to_numpy())[5:]
    cells.obs.loc[cells.obs_names[few], "donor"] = "donor 2"
    states = assemble(cells, read_labels(cells, OPTIONS), OPTIONS).reference.states
    assert states is not None
    assert [s for s, t in zip(states.states, states.cell_types, strict=True) if t == "type 2"] == [
        "type 2 | donor 2",
        "type 2 | donor 3",
        "type 2 | donor 4",
    ]


def test_labels_without_enough_cells_and_cells_without_a_label_are_left_out() -> None:
    cells = donors().copy()
    labels = cells.obs["cell_type"].astype(object).to_numpy(copy=True)
    labels[:3], labels[3:10], labels[100] = "few", None, " "
    cells.obs["cell_type"] = labels
    found = read_labels(cells, BuildOptions())
    assert found.left_out == {"": 8, "few": 3}
    assert "few" not in found.cell_types
    assert (found.type_of[:10] == -1).all()


def test_what_is_not_there_is_named() -> None:
    cells = donors()
    with pytest.raises(UnknownNameError, match="no column is named 'celltype'"):
        read_labels(cells, BuildOptions(labels="celltype"))
    with pytest.raises(UnknownNameError, match="no cell type is named 'tumor'"):
        read_labels(cells, BuildOptions(malignant="tumor"))
    with pytest.raises(MethodError, match="0 labels have at least 500 cells"):
        read_labels(cells, BuildOptions(min_cells=500))
    twice = cells[:, :3].copy()
    twice.var_names = ["A", "A", "B"]
    with pytest.raises(ExpressionError, match="1 genes are there more than once"):
        read_labels(twice, BuildOptions())


def test_types_with_few_markers_are_warned_about() -> None:
    cells = donors()
    options = BuildOptions(markers=MarkerRule(fewest_markers=90))
    built = assemble(cells, read_labels(cells, options), options)
    assert [w.code for w in built.warnings] == ["reference.few_markers"]
    assert not assemble(cells, read_labels(cells, BuildOptions()), BuildOptions()).warnings
