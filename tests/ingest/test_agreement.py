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


def test_names_in_a_matrix_without_table_are_refused_unless_allowed(files: Files) -> None:
    files.expression.columns = [f"Smith{'abcdefgh'[i]}, Anna" for i in range(8)]
    path = files.write()[0]
    with pytest.raises(SampleError, match=r"(?s)'sample_id' looks like a name .*allow_identifying") as caught:
        read_cohort(path, options=CohortOptions("c", LOG))
    assert "names of the samples in the matrix" in str(caught.value)
    assert "Anna" not in str(caught.value)
    found = read_cohort(path, options=CohortOptions("c", LOG, allow_identifying=("sample_id",)))
    assert found.quality.set_index("check").loc["identifying columns", "status"] == "notice"
    declared = CohortOptions("c", LOG, columns={"sample_id": "Barcode"})
    with pytest.raises(SampleError, match="'sample_id' looks like a name"):
        read_cohort(path, options=declared)
    files.expression.columns = [f"S{i}" for i in range(8)]
    found = read_cohort(files.write()[0], options=CohortOptions("c", LOG))
    assert "identifying columns" not in list(found.quality["check"])


def test_numbers_for_samples_are_told_where_there_is_no_table_and_refused_in_one(files: Files) -> None:
    files.samples["sample_id"] = files.expression.columns = [f"2018000{i}" for i in range(8)]
    expression, samples = files.write()
    further = files.folder / "further.csv"
    further.write_text("\n".join(["id,tmb", *(f"2018000{i},{i}" for i in range(8))]) + "\n")
    source = FeatureSource({"tmb": FeatureColumn("tmb", "numeric")}, further, "id")
    found = read_cohort(expression, options=CohortOptions("c", LOG), features=[source])
    assert [w.code for w in found.warnings if w.code.startswith("privacy")] == ["privacy.sample_names"] * 2
    assert set(found.quality.query("check == 'identifying columns'")["status"]) == {"notice"}
    with pytest.raises(SampleError, match="'sample_id' looks like a record number"):
        read_cohort(expression, samples, options=CohortOptions("c", LOG))


def test_names_and_dates_in_a_feature_file_are_refused_unless_allowed(files: Files) -> None:
    path = files.folder / "further.csv"
    rows = [f"P{i:02d},Anna Smith,1960-01-0{i},{i}" for i in range(1, 9)]
    path.write_text("\n".join(["id,patient_name,date_of_birth,tmb", *rows]) + "\n")
    columns = {n: FeatureColumn(n, "categorical") for n in ("patient_name", "date_of_birth", "tmb")}
    sources = [FeatureSource(columns, path, "id")]
    paths = files.write()
    with pytest.raises(ManyProblems) as caught:
        read_cohort(*paths, options=CohortOptions("c", LOG), features=sources)
    texts = [str(p) for p in caught.value.problems]
    assert ["'patient_name' looks like a name" in texts[0], "'date_of_birth' looks like a date" in texts[1]] == [
        True
    ] * 2
    assert all("further.csv" in text and "Anna" not in text for text in texts)
    options = CohortOptions("c", LOG, allow_identifying=("patient_name", "date_of_birth"))
    found = read_cohort(*paths, options=options, features=sources)
    assert "2 are allowed" in "".join(found.quality.query("check == 'identifying columns'")["evidence"])


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
