from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tmescope.foundation.errors import ManyProblems, SampleError
from tmescope.ingest.agreement import Uses
from tmescope.ingest.clinical import read_samples
from tmescope.ingest.cohort import read_cohort
from tmescope.ingest.endpoint_rules import TimeToEventRule
from tmescope.ingest.features import FeatureColumn, FeatureSource
from tmescope.ingest.options import CohortOptions

if TYPE_CHECKING:
    from tests.ingest.conftest import Files

LOG = "log2(tpm+1)"


def test_every_use_of_a_column_has_a_name(files: Files) -> None:
    table = read_samples(files.write()[1])
    rule = TimeToEventRule("os_days", "os_event", "days", ("1",), ("0",))
    uses = Uses({"os": rule}, [FeatureSource({"tmb": FeatureColumn("tmb", "numeric")})])
    used = uses.columns(table, CohortOptions("c", LOG, columns={"patient_id": "who"}))
    assert used["patient_id"] == "who"
    assert used["sample_id"] == "sample_id"
    assert (used["endpoint os"], used["endpoint os event"]) == ("os_days", "os_event")
    assert used["feature tmb"] == "tmb"
    assert "pdl1" not in used.values()


def test_a_cohort_with_names_is_refused_beside_its_other_problems(files: Files) -> None:
    files.samples["patient_id"] = ["Anna Smith", "Ole Hansen", "Jane Doe", "Max Frisch"] * 2
    files.samples["age_years"] = ["old"] * 8
    paths = files.write()
    with pytest.raises(ManyProblems) as caught:
        read_cohort(*paths, options=CohortOptions("c", LOG))
    assert any("looks like a name" in str(p) for p in caught.value.problems)
    files.samples["age_years"] = "50"
    files.samples["patient_id"] = [f"Anna Smith{'abcdefgh'[i]}" for i in range(8)]
    paths = files.write()
    with pytest.raises(SampleError, match="allow_identifying"):
        read_cohort(*paths, options=CohortOptions("c", LOG))
    found = read_cohort(*paths, options=CohortOptions("c", LOG, allow_identifying=("patient_id",)))
    assert "privacy.allowed" in [w.code for w in found.warnings]


def test_columns_that_contradict_and_idle_identities_are_told(files: Files) -> None:
    files.samples["biopsy time"] = ["pre"] * 6 + ["post"] * 2
    files.samples["dob"] = "1960-01-01"
    found = read_cohort(*files.write(), options=CohortOptions("c", LOG))
    codes = [w.code for w in found.warnings]
    assert {"timepoint.contradicted", "privacy.not_carried"} <= set(codes)
    assert "dob" not in found.adata.obs
    flags = found.sample_flags
    assert flags["check"].tolist() == ["timepoint"] * len(flags)
    assert 0 < len(flags) == int(found.quality.set_index("check").loc["timepoint", "value"])
    assert set(flags["sample_id"]) <= set(found.adata.obs_names)
    checks = found.quality.set_index("check")
    assert checks.loc["sex", "value"] == "cannot be checked"


def test_a_real_cohort(shared_data: Path) -> None:
    folder = shared_data / "cohorts" / "nathanson2017_melanoma_ctla4"
    options = CohortOptions("nathanson", "log2(tpm+0.001)")
    found = read_cohort(folder / "expression.parquet", folder / "samples.tsv", options=options)
    checks = found.quality.set_index("check")
    assert checks.loc["sex", "status"] == "ok"
    assert "24 of 24 samples agree" in checks.loc["sex", "evidence"]
    assert checks.loc["timepoint", "value"] == "15"
