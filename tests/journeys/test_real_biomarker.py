"""TIS-18 fixed on one published melanoma cohort and tested on another."""

from __future__ import annotations

import json

import pytest
from tests.journeys.test_real_cohorts import study_of

from tmescope.associate.biomarker_locking import lock_biomarker
from tmescope.associate.biomarker_validation import NewCohort, validate_biomarker
from tmescope.associate.biomarkers import AnalysisPlan
from tmescope.foundation.errors import SampleError
from tmescope.study.biomarker_cohorts import read_biomarker_cohort
from tmescope.study.loading import parse_study


def test_tis18_of_liu2019_holds_its_numbers_on_riaz2017(shared_data, tmp_path):
    study = parse_study(json.loads(json.dumps(study_of(shared_data))), folder=tmp_path)
    endpoint = next(name for name in study.endpoints if "recist" in name or name == "response")
    old, new = (read_biomarker_cohort(study, cohort=c, endpoint=endpoint) for c in ("liu2019", "riaz2017"))
    plan = AnalysisPlan(endpoint=endpoint, kind="response", rule=old.rule)
    lock = lock_biomarker(old.adata, old.outcome, plan, signature={"tis18": old.signatures["tis18"]})
    found = validate_biomarker(lock, NewCohort(new.adata, new.outcome, endpoint, new.rule))
    estimate = [found["estimate"][k] for k in ("effect", "ci_low", "ci_high")]
    assert estimate == pytest.approx([1.87, 0.859, 4.06], rel=3e-3)
    with pytest.raises(SampleError, match=f"{old.adata.n_obs} of {old.adata.n_obs}"):
        validate_biomarker(lock, NewCohort(old.adata, old.outcome, endpoint, old.rule))
