"""Published cohorts: a cut-off carried to cohorts that did not choose it, and what pooled effects go with."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.journeys.test_real_cohorts import COHORTS, study_of
from tests.study import tiny

from tmescope.associate.cutoff_files import read_cutoff
from tmescope.foundation.errors import TmescopeError
from tmescope.stats.cox import hazard_ratio_of_group
from tmescope.study.running import run

pytestmark = pytest.mark.journey

NAMES = ["riaz2017", "hugo2016", "vanallen2015", "liu2019"]
QUESTIONS = [
    {
        "id": "cut", "kind": "cutpoint", "endpoint": "os", "features": [], "genes": ["CD274"], "corrected_by": "lau94",
        "cohorts": ["liu2019"], "carry": {"to": ["riaz2017", "hugo2016", "vanallen2015"]}, "pool": {},
    },
    {
        "id": "why", "kind": "response", "endpoint": "response", "features": [], "genes": ["CD274"],
        "pool": {
            "moderators": {
                "year": {"riaz2017": 2017, "hugo2016": 2016, "vanallen2015": 2015, "liu2019": 2019},
                "drug": {"riaz2017": "PD1", "hugo2016": "PD1", "liu2019": "PD1", "vanallen2015": "CTLA4"},
            }
        },
    },
]  # fmt: skip


def _study(data) -> dict:
    study = study_of(data)
    study["cohorts"] = [c for c in study["cohorts"] if c["id"] in NAMES]
    study["endpoints"]["response"].pop("cohorts")
    study["profile"] = {"methods": ["zscore"], "signatures": ["cyt"]}
    study["output"] = {"report": False, "csv": False}
    return study


@pytest.fixture(scope="module")
def outcome(shared_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("questions")
    return run(tiny.write_study(folder, {**_study(shared_data), "question": QUESTIONS}), folder / "out")


def test_the_frozen_number_divides_the_other_cohorts_as_their_files_say(outcome, shared_data):
    cutoff = read_cutoff(outcome.folder / "cutoffs" / "cut~gene-CD274.json")
    assert (cutoff.cohort_id, cutoff.unit) == ("liu2019", "log2(tpm + 1)")
    answers = outcome.table("answers").query("question_id == 'cut' and effect_name == 'hazard_ratio_at_frozen_cut'")
    assert set(answers["cohort_id"]) == {"riaz2017", "hugo2016", "vanallen2015"}
    for row in answers.to_dict(orient="records"):
        folder = shared_data / "cohorts" / COHORTS[row["cohort_id"]][0]
        logged = pd.read_parquet(folder / "expression.parquet").loc["CD274"]
        tpm = np.maximum(2.0**logged - 0.001, 0.0)
        clinical = pd.read_csv(folder / "samples.tsv", sep="\t").set_index("sample_id")
        clinical = clinical[clinical["os_time"] > 0]
        high = np.log2(tpm.loc[clinical.index] + 1.0) > cutoff.cut
        expected = hazard_ratio_of_group(clinical["os_time"], clinical["os_event"], high)
        if np.isnan(expected.hazard_ratio):
            assert np.isnan(row["effect"])
        else:
            assert row["effect"] == pytest.approx(expected.hazard_ratio, rel=1e-6)


def test_what_is_pooled_is_of_cohorts_that_did_not_choose(outcome):
    pooled = outcome.table("pooled").query("question_id == 'cut' and effect_name == 'hazard_ratio_at_frozen_cut'")
    assert not pooled["cohorts"].str.contains("liu2019").any()


def test_properties_of_four_cohorts_are_regressed_on(outcome):
    slopes = outcome.table("meta_regression").query("effect_name == 'odds_ratio_per_sd'").set_index("moderator")
    assert slopes.loc["year", "k"] == slopes.loc["drug", "k"] == 4
    assert (slopes.loc["drug", "level"], slopes.loc["drug", "reference"]) == ("CTLA4", "PD1")
    assert slopes["ci_low"].notna().all()


def test_a_change_is_refused_where_all_samples_are_from_before(shared_data, tmp_path):
    study = _study(shared_data)
    study["cohorts"] = [c for c in study["cohorts"] if c["id"] == "riaz2017"]
    change = {"id": "rise", "kind": "change", "endpoint": "response", "visits": {"before": ["pre"], "on": ["on"]}}
    with pytest.raises(TmescopeError, match="no row has the timepoint 'on'") as caught:
        run(tiny.write_study(tmp_path, {**study, "question": [change]}), tmp_path / "out")
    assert "pre (46x)" in str(caught.value)
