"""Responders and non-responders of two published cohorts, gene by gene."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.journeys.test_real_cohorts import study_of
from tests.study import tiny

from tmescope.study.outcomes import RunOutcome
from tmescope.study.running import run

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def outcome(shared_data, tmp_path_factory) -> RunOutcome:
    folder: Path = tmp_path_factory.mktemp("expression")
    data = study_of(shared_data)
    data["cohorts"] = [c for c in data["cohorts"] if c["id"] in {"liu2019", "imvigor210"}]
    del data["endpoints"]["response"]["cohorts"]
    for cohort in data["cohorts"]:
        if cohort["id"] == "liu2019":
            cohort["features"][0]["categorical"] = {"prior": {"column": "prior_ctla4"}}
    data["profile"] = {"methods": [], "signatures": ["cyt", "tis18"]}
    data["output"] = {"report": False}
    data["answers"] = {}
    combat = {"batch": "prior", "combat": True}
    data["question"] = [
        {"id": "who", "kind": "expression", "endpoint": "response"},
        {"id": "combat", "kind": "expression", "endpoint": "response", "cohorts": ["liu2019"], "expression": combat},
    ]
    return run(tiny.write_study(folder, data), folder / "out")


def test_every_sample_with_an_outcome_and_every_gene_that_varies_is_used(outcome) -> None:
    fits = outcome.table("expression_fits").set_index(["question_id", "cohort_id"])
    liu, imvigor = fits.loc[("who", "liu2019")], fits.loc[("who", "imvigor210")]
    assert (liu["n_group"], liu["n_reference"], liu["n_left_out"]) == (47, 74, 0)
    assert (imvigor["n_group"], imvigor["n_reference"], imvigor["n_left_out"]) == (17, 57, 12)
    assert imvigor["n_genes"] + imvigor["n_untested"] == 17_993
    assert (fits["scale"] == "log2(tpm+1)").all()
    rows = outcome.table("expression")
    assert rows.groupby(["question_id", "cohort_id"]).size().to_dict() == fits["n_genes"].to_dict()
    assert rows["p_value"].between(0, 1).all()


def test_a_shift_of_all_genes_shows_in_the_checks(outcome) -> None:
    fits = outcome.table("expression_fits").set_index(["question_id", "cohort_id"])
    assert fits.loc[("who", "imvigor210"), "n_higher"] > 100
    assert fits.loc[("who", "imvigor210"), "n_lower"] == 0
    higher = fits["checks"].str.extract(r"(\d+)% of genes higher")[0].astype(int)
    assert higher.loc[("who", "imvigor210")] > 70
    assert 35 < higher.loc[("who", "liu2019")] < 65


def test_combat_stands_beside_the_design(outcome) -> None:
    fits = outcome.table("expression_fits").set_index(["question_id", "cohort_id"])
    assert fits.loc[("combat", "liu2019"), "combat_batches"] == "0 (74), 1 (47)"
    told = outcome.table("warnings").set_index("code").loc["expression.combat", "message"]
    assert "as a column of the design instead it is" in told
    rows = outcome.table("expression").query("cohort_id == 'liu2019'")
    both = rows.pivot(index="feature", columns="question_id", values="effect")
    assert both.corr().loc["who", "combat"] > 0.95
