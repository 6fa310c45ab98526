"""A study places its samples by models of files and by one that it fits, and asks about subtypes."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from anndata import read_h5ad
from tests.bulk.test_subtypes import cohort
from tests.study.placed import SIZES, placed_study

from tmescope.bulk.subtype_files import read_subtypes
from tmescope.bulk.subtype_models import SUBTYPES, subtype_hash
from tmescope.bulk.subtypes import apply_subtypes, fit_subtypes
from tmescope.store.tables import read_table
from tmescope.study.export_anndata import export_anndata
from tmescope.study.export_workbook import export_workbook
from tmescope.study.running import run
from tmescope.study.subtyping import MODEL_FILE


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    folder = tmp_path_factory.mktemp("placed")
    study = placed_study(folder, models=["axis.subtypes"], fit="a")
    return folder, run(study, folder / "out")


def test_places_are_those_of_the_library(ran):
    folder, outcome = ran
    table = outcome.table("subtypes")
    assert len(table) == 2 * sum(SIZES.values())
    assert set(table["model"]) == {"axis", "axes"}
    adata, truth = cohort(SIZES["b"], seed=2)
    expected = apply_subtypes(read_subtypes(folder / "axis.subtypes"), adata).table
    mine = table[(table["model"] == "axis") & (table["cohort_id"] == "b")].reset_index(drop=True)
    columns = ["sample_id", "subtype", "probability", "verdict", *(f"p_{s}" for s in SUBTYPES)]
    pd.testing.assert_frame_equal(mine[columns], expected[columns], check_dtype=False, atol=1e-3)
    assert list(mine["subtype"]) == [SUBTYPES[t] for t in truth]


def test_what_was_applied_is_recorded_with_its_hash(ran):
    folder, outcome = ran
    models = outcome.table("subtype_models").set_index(["cohort_id", "model"])
    assert models.loc[("b", "axis"), "sha256"] == subtype_hash(read_subtypes(folder / "axis.subtypes"))
    assert models.loc[("b", "axes"), "fitted_on"] == "a"
    assert models.loc[("b", "axes"), "n_fitted"] == SIZES["a"]
    assert (models["subtypes"] == "; ".join(SUBTYPES)).all()
    record = json.loads((folder / "out" / "study.json").read_text(encoding="utf-8"))
    assert record["facts"]["subtypes axis"] == models.loc[("a", "axis"), "sha256"]
    assert "subtypes: axis.subtypes" in record["inputs"]
    assert list((folder / "out").rglob(MODEL_FILE))


def test_a_subtype_can_be_asked_about(ran):
    answers = ran[1].table("answers")
    features = set(answers["feature"])
    assert {f"subtype axis={s}" for s in SUBTYPES} <= features
    assert "subtype axes=immune-dense" in features
    assert set(answers["effect_name"]) == {"odds_ratio"}
    dense = answers[(answers["feature"] == "subtype axis=immune-dense") & (answers["cohort_id"] == "a")]
    assert dense["effect"].item() > 1
    assert "There are no" not in (ran[0] / "out" / "methods.md").read_text(encoding="utf-8")


def test_only_what_changed_is_made_anew(ran):
    folder, _ = ran
    assert run(placed_study(folder, models=["axis.subtypes"], fit="a"), folder / "out").redone == ()
    again = run(placed_study(folder, models=["axis.subtypes"]), folder / "out")
    assert {"subtypes-a", "subtypes-b", "tables"} <= set(again.redone)
    assert "profile-a" not in again.redone
    assert "subtype=sparse" in set(again.table("answers")["feature"])


def test_each_cohort_may_measure_itself(tmp_path):
    outcome = run(placed_study(tmp_path, fit="each"), tmp_path / "out")
    models = outcome.table("subtype_models")
    assert list(models["fitted_on"]) == ["a", "b"]
    assert models["immune_cut"].nunique() == 2
    adata, _ = cohort(SIZES["a"], seed=1)
    assert models["immune_cut"].iloc[0] == pytest.approx(fit_subtypes(adata).state["cuts"][0, 0], abs=1e-4)


def test_a_study_that_asks_for_none_has_empty_tables(study_folder, tmp_path):
    outcome = run(study_folder / "study.toml", tmp_path / "out")
    assert len(outcome.table("subtypes")) == len(outcome.table("subtype_models")) == 0
    assert not [name for name in outcome.redone if name.startswith("subtype")]
    assert read_table(tmp_path / "out" / "tables" / "subtypes.parquet").columns[0] == "cohort_id"


def test_subtypes_stand_among_the_methods_and_go_with_exports(ran, tmp_path):
    outcome = run(placed_study(ran[0], models=["axis.subtypes"], fit="a"), tmp_path / "out")
    methods = outcome.table("methods").set_index("name")
    assert list(methods.index) == ["subtype axis", "subtype axes"]
    assert json.loads(methods.loc["subtype axis", "parameters"]) == {"kind": "axes"}
    places = outcome.table("subtypes")
    export_anndata(tmp_path / "out", tmp_path / "h")
    adata = read_h5ad(tmp_path / "h" / "b.h5ad")
    mine = places[(places["model"] == "axis") & (places["cohort_id"] == "b")].set_index("sample_id")
    assert adata.obs["subtype.axis"].tolist() == mine.loc[adata.obs_names, "subtype"].tolist()
    assert adata.obs["subtype.axes.probability"].notna().any()
    assert len(adata.uns["tmescope_tables"]["subtypes"]) == 2 * SIZES["b"]
    sheets = export_workbook(tmp_path / "out", tmp_path / "w.xlsx").sheets
    assert {"subtypes", "subtype_models"} <= set(sheets)
