"""Scores are scanpy's where nothing is drawn, and the mean difference from the controls that were."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tmescope.cells.set_scores import _bins, draw_controls, score_cells
from tmescope.foundation.errors import InputError
from tmescope.store.atlas_passes import Local


def test_scores_are_those_of_scanpy_where_all_genes_of_a_bin_are_controls(golden):
    found = score_cells(golden.atlas, {"set": list(golden.genes[100:130])}, n_controls=1200)
    np.testing.assert_allclose(found.scores["set"], golden.table("cells_expected")["score"], atol=2e-6)


def test_scores_are_means_of_the_set_less_those_of_its_controls(golden):
    logs = golden.logs()
    sets = {"one": list(golden.genes[10:14]), "other": ["absent", *golden.genes[700:760]], "none": ["absent"]}
    found = score_cells(golden.atlas, sets, n_controls=7, seed=4)
    assert list(found.scores) == ["one", "other"]
    assert list(found.sets["n_genes"]) == [4, 61, 1]
    assert list(found.sets["n_found"]) == [4, 60, 0]
    assert list(found.sets["is_scored"]) == [True, True, False]
    again = score_cells(golden.atlas, {"one": sets["one"]}, n_controls=7, seed=4, runner=Local(2))
    assert again.scores["one"].to_numpy().tobytes() == found.scores["one"].to_numpy().tobytes()
    other_seed = score_cells(golden.atlas, {"one": sets["one"]}, n_controls=7, seed=5)
    assert not np.allclose(other_seed.scores["one"], found.scores["one"])
    # a score is linear in the controls: those that explain it are the ones that were said
    from zlib import crc32

    bins = _bins(logs.mean(axis=0), 25)
    controls = draw_controls(bins, np.arange(10, 14), n_controls=7, seed=(4, crc32(b"one")))
    assert controls.size == found.sets["n_controls"][0]
    expected = logs[:, 10:14].mean(axis=1) - logs[:, controls].mean(axis=1)
    np.testing.assert_allclose(found.scores["one"], expected, atol=1e-9)
    empty = golden.dense.sum(axis=1) == 0
    np.testing.assert_array_equal(found.scores[empty], 0)


def test_controls_are_of_the_bins_of_the_set_and_not_in_it():
    bins = np.repeat(np.arange(5), 20)
    members = np.array([0, 1, 45])
    found = draw_controls(bins, members, n_controls=10, seed=(1, 2))
    assert set(bins[found]) == {0, 2}
    assert not set(found) & set(members)
    assert 17 <= found.size <= 20
    everything = draw_controls(bins, members, n_controls=20, seed=(1, 2))
    np.testing.assert_array_equal(everything, np.setdiff1d(np.r_[0:20, 40:60], members))


def test_bins_follow_the_ranks_of_means():
    mean = np.array([0.0, 0.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    rank = pd.Series(mean).rank(method="min")
    np.testing.assert_array_equal(_bins(mean, 5), rank // 2)


@pytest.mark.parametrize(("sets", "more"), [({}, {}), ({"a": ["MT-0"]}, {"n_controls": 0}), ({"a": ["x"]}, {})])
def test_what_cannot_be_scored_is_refused(golden, sets, more):
    with pytest.raises(InputError, match="sets"):
        score_cells(golden.atlas, sets, **more)


def test_a_small_budget_changes_nothing_and_one_too_small_says_the_least(golden):
    sets = {"one": list(golden.genes[10:14])}
    small = score_cells(golden.atlas, sets, memory=4 << 20)
    pd.testing.assert_frame_equal(small.scores, score_cells(golden.atlas, sets).scores)
    with pytest.raises(InputError, match="--memory"):
        score_cells(golden.atlas, sets, memory=1000)
