from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.associate import locked

from tmescope.associate.biomarker_files import read_lock
from tmescope.associate.biomarker_validation import NewCohort, validate_biomarker
from tmescope.foundation.errors import InputError, MethodError, SampleError


def new(seed=2, *, genes=slice(None), endpoint="response", rule=locked.RULE, cut_off=None, **options):
    adata, outcome = locked.cohort(seed, **options)
    return NewCohort(adata[:, genes].copy(), outcome, endpoint, rule, cut_off)


def test_a_true_biomarker_is_confirmed_and_a_false_one_is_not():
    lock = locked.lock()
    found = validate_biomarker(lock, new())
    assert found["verdict"] == "criterion met"
    assert found["deviations"] == []
    assert found["estimate"]["ci_low"] > 1.0
    json.dumps(found, allow_nan=False)
    verdicts = [validate_biomarker(lock, new(seed, n=80, effect=0.0))["verdict"] for seed in range(3, 33)]
    assert verdicts.count("criterion met") <= 4  # 2.5% in one direction
    wrong = validate_biomarker(locked.lock(direction="lower"), new())
    assert wrong["verdict"] == "criterion not met"


def test_the_same_measure_in_linear_form_is_no_deviation():
    lock = locked.lock()
    one, other = (validate_biomarker(lock, new(scale=s))["estimate"]["effect"] for s in ("log2(tpm+1)", "tpm"))
    assert one == pytest.approx(other, rel=1e-9)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("genes", {"genes": [0, 1, 2, 5, 6]}),
        ("endpoint", {"rule": {**locked.RULE, "responder": ["CR", "PR", "SD"], "non_responder": ["PD"]}}),
        ("endpoint", {"endpoint": "benefit"}),
        ("cut_off", {"cut_off": 1.0}),
        ("scale", {"scale": "log2(fpkm+1)"}),
    ],
)
def test_silent_deviations_are_refused_and_declared_ones_are_listed(name, options):
    lock, cohort = locked.lock(cut_off="median"), new(**options)
    with pytest.raises(MethodError, match="differs from the lock") as error:
        validate_biomarker(lock, cohort)
    assert name in error.value.next_step
    found = validate_biomarker(lock, cohort, deviations={name: "agreed"})
    assert [(d["what"], d["reason"]) for d in found["deviations"]] == [(name, "agreed")]
    assert "not a confirmation as planned" in found["verdict"]
    assert found["estimate"]["effect"] is not None


def test_declarations_must_be_true_and_have_reasons():
    lock = locked.lock()
    with pytest.raises(MethodError, match="does not differ"):
        validate_biomarker(lock, new(), deviations={"scale": "agreed"})
    with pytest.raises(InputError, match="without a reason"):
        validate_biomarker(lock, new(), deviations={"scale": " "})
    with pytest.raises(InputError, match="cannot deviate"):
        validate_biomarker(lock, new(), deviations={"alpha": "agreed"})


def test_training_samples_are_known_by_their_expression_not_their_names():
    adata, outcome = locked.cohort(1, scale="tpm")
    adata = adata[::-1][:20].copy()
    renamed = [f"new{i}" for i in range(20)]
    outcome = outcome.loc[adata.obs_names].set_axis(renamed)
    adata.obs_names = renamed
    with pytest.raises(SampleError, match="20 of 20"):
        validate_biomarker(locked.lock(), NewCohort(adata, outcome, "response", locked.RULE))


@pytest.mark.parametrize("lost", [["IFNG"], ["GZMA", "PRF1", "CD8A"]])
def test_leaving_out_genes_hides_no_training_sample(lost):
    adata, outcome = locked.cohort(1)
    adata = adata[:, [g for g in adata.var_names if g not in lost]].copy()
    adata.obs_names = outcome.index = [f"new{i}" for i in range(adata.n_obs)]
    with pytest.raises(SampleError, match="150 of 150"):
        validate_biomarker(
            locked.lock(), NewCohort(adata, outcome, "response", locked.RULE), deviations={"genes": "not measured"}
        )


def test_it_is_said_by_what_training_samples_were_looked_for():
    assert validate_biomarker(locked.lock(), new())["training_samples"] == "none by the expression of 8 genes"
    found = validate_biomarker(locked.lock(), new(genes=[0, 1]), deviations={"genes": "not measured"})
    assert "2 genes in common are too few" in found["training_samples"]


def test_what_cannot_be_estimated_is_said():
    adata, outcome = locked.cohort(2)
    outcome["response"] = "responder"
    found = validate_biomarker(locked.lock(), NewCohort(adata, outcome, "response", locked.RULE))
    assert found["verdict"] == "not estimable (one_class)"
    assert found["estimate"]["p_value"] is None
    assert not any(isinstance(v, float) and np.isnan(v) for v in found["estimate"].values())


def test_a_lock_of_version_1_is_validated_and_knows_its_samples():
    lock, _ = read_lock(Path(__file__).parent / "formats" / "lock_version_1.json")
    found = validate_biomarker(lock, new())
    assert found["estimate"]["n"] == 148
    assert found["training_samples"] == "none by the expression of 5 genes"
    assert "samples" not in found["training"]
    with pytest.raises(SampleError, match="30 of 30"):
        validate_biomarker(lock, new(1, n=30))
    with pytest.raises(SampleError, match="1 of 5 genes are missing: a lock of version 1"):
        validate_biomarker(lock, new(genes=[0, 1, 2, 3]))
