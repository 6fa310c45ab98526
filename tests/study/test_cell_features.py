"""Shares of labels and signatures of single labels are what the cells say."""

from __future__ import annotations

import numpy as np
import pytest

from tmescope.study.cell_features import SHARE_UNIT, label_methods


def test_shares_are_of_labelled_cells(celled_run, celled_folder):
    _, outcome = celled_run
    table = outcome.table("fractions")
    block = next(iter(celled_folder[1].blocks(10_000, sample_ids=("P003-pre",))))
    labelled = block.cell_type.iloc[2:]
    rows = table[table["sample_id"] == "P003-pre"].set_index("feature")
    for label, n in labelled.value_counts().items():
        assert rows.loc[label, "value"] == n / len(labelled)
        assert rows.loc[label, "coverage"] == len(labelled) / len(block.cell_type)
    assert set(table["method"]) == {"cells:cell_type"}
    assert set(table["unit"]) == {SHARE_UNIT}
    assert np.allclose(table.groupby("sample_id")["value"].sum(), 1.0)


def test_a_signature_of_a_label_is_scored_in_the_sum_of_its_cells(celled_run, celled_folder):
    study, outcome = celled_run
    atlas = celled_folder[1]
    block = next(iter(atlas.blocks(10_000, sample_ids=("P003-pre",))))
    mine = (block.cell_type == "CD8 T cell").to_numpy()
    mine[:2] = False
    sums = np.asarray(block.counts[mine].sum(axis=0)).ravel()
    genes = atlas.genes.get_indexer(study.profile.own_signatures["planted"])
    expected = np.log2(1e6 * sums[genes] / sums.sum() + 1).mean()
    scores = outcome.table("scores").set_index(["method", "feature", "sample_id"])["value"]
    assert scores["mean@cell_type", "planted@CD8 T cell", "P003-pre"] == pytest.approx(expected)


def test_few_cells_are_left_out_and_listed(celled_run):
    _, outcome = celled_run
    groups = outcome.table("cell_groups")
    assert (groups["added_up"] == (groups["label"].notna() & (groups["n_cells"] >= 10))).all()
    assert set(groups.loc[groups["label"].isna(), "reason"]) == {"no label"}
    scores = outcome.table("scores")
    scored = set(zip(scores["sample_id"], scores["feature"], strict=True))
    for row in groups[groups["label"].notna()].itertuples():
        assert ((row.sample_id, f"planted@{row.label}") in scored) == row.added_up
    assert "cells.left_out" in set(outcome.table("warnings")["code"])


def test_planted_effects_are_found_where_they_are(celled_run):
    study, outcome = celled_run
    answers = outcome.table("answers")
    auc = answers[answers["effect_name"] == "auc"].set_index(["question_id", "feature"])
    assert auc.loc[("where", "planted@macrophage"), "p_value"] < 0.001
    assert auc.loc[("where", "other@macrophage"), "p_value"] > 0.05
    assert auc.loc[("response:response", "CD8 T cell"), "p_value"] < 0.001
    assert auc.loc[("response:response", "CD8 T cell"), "n"] == 24
    change = answers[(answers["question_id"] == "rise") & (answers["feature"] == "planted@macrophage")]
    assert change["p_value"].min() < 0.05
    assert label_methods(study) == ["cells:cell_type", "mean@cell_type"]
