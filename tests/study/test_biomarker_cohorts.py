from __future__ import annotations

import pytest
from tests.study import tiny

from tmescope.foundation.errors import StudyFileError, UnknownNameError
from tmescope.study.biomarker_cohorts import read_biomarker_cohort
from tmescope.study.loading import parse_study


@pytest.fixture
def study(tmp_path):
    tiny.write_files(tmp_path)
    return lambda **changes: parse_study({**tiny.study_dict(), **changes}, folder=tmp_path)


def test_a_cohort_comes_with_endpoint_rule_and_numeric_features(study):
    found = read_biomarker_cohort(study(), cohort="a", endpoint="response")
    assert list(found.outcome.columns) == ["response", "tmb"]
    assert len(found.outcome) == found.adata.n_obs == 24
    assert found.rule == {
        "rule": "recist",
        "responder": ["CR", "PR"],
        "non_responder": ["PD", "SD"],
        "missing": [],
    }
    times = read_biomarker_cohort(study(), cohort="b", endpoint="os")
    assert (times.kind, times.rule) == ("time_to_event", {})
    assert list(times.outcome.columns) == ["time_months", "event", "tmb"]
    assert set(found.signatures) == set(tiny.SIGNATURES)


def test_names_that_are_not_there_are_refused(study):
    with pytest.raises(UnknownNameError, match="not said"):
        read_biomarker_cohort(study(), cohort=None, endpoint="os")
    with pytest.raises(UnknownNameError, match="no cohort 'c'"):
        read_biomarker_cohort(study(), cohort="c", endpoint="os")
    with pytest.raises(UnknownNameError, match="no endpoint 'pfs'"):
        read_biomarker_cohort(study(), cohort="a", endpoint="pfs")
    endpoints = tiny.study_dict()["endpoints"]
    endpoints["os"]["not_in"] = ["a"]
    with pytest.raises(StudyFileError, match="does not record"):
        read_biomarker_cohort(study(endpoints=endpoints), cohort="a", endpoint="os")
