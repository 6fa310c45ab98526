from __future__ import annotations

import json

import numpy as np
import pandas as pd
from tests.report.contents_maker import TINY, make_contents, without
from tests.report.patient_cases import make_patient_contents

from tmescope.report.contents import ReportContents
from tmescope.report.patients import patient_json, patient_payload


def test_without_samples_or_scores_there_are_no_pages(contents: ReportContents) -> None:
    assert patient_json(without(contents, "samples")) is None
    assert patient_json(without(contents, "scores")) is None
    assert patient_payload(contents) is not None


def test_the_json_cannot_end_its_script() -> None:
    text = patient_json(make_contents(TINY, hostile=True))
    assert text is not None
    assert "<" not in text
    assert "onerror" in json.dumps(json.loads(text))


def test_the_same_contents_give_the_same_text() -> None:
    assert patient_json(make_patient_contents()) == patient_json(make_patient_contents())


def test_two_thousand_samples_by_two_hundred_signatures_take_little() -> None:
    rng = np.random.default_rng(1)
    n, k = 2000, 200
    ids = [f"S{i}" for i in range(n)]
    samples = pd.DataFrame({"cohort_id": "c", "sample_id": ids, "patient_id": ids, "sex": "male"})
    scores = pd.DataFrame(
        {
            "cohort_id": "c",
            "sample_id": np.repeat(ids, k),
            "method": "zscore",
            "feature": np.tile([f"set {j}" for j in range(k)], n),
            "value": rng.normal(size=n * k),
            "coverage": 1.0,
            "unit": "z",
        }
    )
    text = patient_json(ReportContents("s", "T", "", {"samples": samples, "scores": scores}, "zscore"))
    assert text is not None
    assert 1_000_000 < len(text) < 1_300_000
