from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tmescope.foundation.errors import InputError, SampleError, UnknownNameError
from tmescope.ingest.clinical import SampleTable
from tmescope.ingest.features import FEATURE_COLUMNS, FeatureColumn, FeatureSource, read_features
from tmescope.ingest.findings import Findings
from tmescope.ingest.number_styles import NumberStyle
from tmescope.ingest.options import Dialect

Build = Callable[..., SampleTable]
Write = Callable[[str, str | bytes], Path]
SAMPLES = pd.DataFrame({"sample_id": ["s2", "s1", "s3"], "patient_id": ["B", "A", "A"], "row": [1, 0, 2]})
TMB = FeatureColumn("tmb", "numeric", "mutations/Mb")


def _read(*sources: FeatureSource, own: SampleTable | None = None) -> tuple[pd.DataFrame, Findings]:
    findings = Findings("c")
    return read_features(sources, SAMPLES, own, findings=findings), findings


def test_columns_of_the_sample_table(table: Build) -> None:
    own = table({"tmb": ["1", "2.5", "NA"], "pdl1": ["low", "", "high"]})
    source = FeatureSource({"TMB": TMB, "PD-L1": FeatureColumn("pdl1", "categorical")})
    found, findings = _read(source, own=own)
    assert list(found.columns) == list(FEATURE_COLUMNS)
    assert found["sample_id"].tolist() == ["s2", "s1", "s3"] * 2
    np.testing.assert_array_equal(found["value"], [2.5, 1, np.nan, np.nan, np.nan, np.nan])
    assert found["category"].fillna("-").tolist() == ["-", "-", "-", "-", "low", "high"]
    assert found["unit"].tolist() == ["mutations/Mb"] * 3 + [""] * 3
    assert found["kind"].tolist() == ["numeric"] * 3 + ["categorical"] * 3
    assert [(w.code, w.count) for w in findings.warnings] == [("features.missing", 1)] * 2


def test_a_table_of_its_own_is_joined_by_identifier_with_losses_counted(write: Write) -> None:
    path = write("tmb.csv", "id,tmb\ns1,4\nother,9\ns2,7\n")
    found, findings = _read(FeatureSource({"TMB": TMB}, path, "id"))
    np.testing.assert_array_equal(found["value"], [7, 4, np.nan])
    assert [(w.code, w.count, w.examples) for w in findings.warnings] == [
        ("features.table_only", 1, ("other",)),
        ("features.no_row", 1, ("s3",)),
        ("features.missing", 1, ()),
    ]


def test_a_patients_value_goes_to_all_samples_of_the_patient(write: Write) -> None:
    path = write("tmb.csv", "patient,tmb\nA,4\nB,7\n")
    found, findings = _read(FeatureSource({"TMB": TMB}, path, "patient", "patient_id"))
    np.testing.assert_array_equal(found["value"], [7, 4, 4])
    assert findings.warnings == []


def test_values_that_are_no_numbers_are_named_with_their_line(write: Write) -> None:
    path = write("tmb.csv", "sample_id,tmb\ns1,<1\ns2,5\ns3,<1\n")
    found, findings = _read(FeatureSource({"TMB": TMB}, path))
    assert len(found) == 0
    (problem,) = findings.problems
    assert isinstance(problem, InputError)
    assert problem.what == "2 values of the feature 'TMB' are not numbers: '<1 (2x)'"
    assert problem.where == f"{path}, column 'tmb', line 2"


def test_numbers_that_can_be_read_in_two_ways_wait_for_the_dialect(write: Write) -> None:
    path = write("tmb.csv", 'sample_id,tmb\ns1,"1,234"\ns2,567\ns3,"1,234"\n')
    _, findings = _read(FeatureSource({"TMB": TMB}, path))
    (problem,) = findings.problems
    assert "2 cells can have a decimal mark or a separator of thousands: '1,234 (2x)'" in problem.what
    assert (problem.where or "").endswith("tmb.csv, feature 'TMB', column 'tmb', line 2")
    assert problem.next_step == ('declare in [[cohorts.features]] dialect = { decimal = "," } or { thousands = "," }')
    for dialect, value in ((Dialect(decimal=","), 1.234), (Dialect(thousands=","), 1234)):
        found, _ = _read(FeatureSource({"TMB": TMB}, path, dialect=dialect))
        np.testing.assert_array_equal(found["value"], [567, value, value])
    words, findings = _read(FeatureSource({"TMB": FeatureColumn("tmb", "categorical")}, path))
    assert words["category"].tolist() == ["567", "1,234", "1,234"]
    assert findings.problems == []


def test_declared_words_are_missing(write: Write) -> None:
    path = write("tmb.csv", "sample_id,tmb,arm\ns1,n.d.,n.d.\ns2,5,a\ns3,6,b\n")
    columns = {
        "TMB": FeatureColumn("tmb", "numeric", "", ("n.d.",)),
        "arm": FeatureColumn("arm", "categorical", "", ("n.d.",)),
    }
    found, findings = _read(FeatureSource(columns, path))
    assert findings.problems == []
    assert found["value"].isna().sum() == 4
    assert found["category"].dropna().tolist() == ["a", "b"]


def test_repeated_identifiers_are_refused(write: Write) -> None:
    path = write("tmb.csv", "sample_id,tmb\ns1,1\ns1,5\n")
    _, findings = _read(FeatureSource({"TMB": TMB}, path))
    (problem,) = findings.problems
    assert isinstance(problem, SampleError)
    assert "'s1'" in problem.what


def test_no_identifier_in_common(write: Write) -> None:
    _, findings = _read(FeatureSource({"TMB": TMB}, write("tmb.csv", "sample_id,tmb\nz,1\n")))
    assert "no sample_id of the cohort ('s2', 's1', 's3') is in the table ('z')" in findings.problems[0].what


def test_faults_of_several_sources_are_found_at_once(table: Build, tmp_path: Path) -> None:
    own = table({"tmb": ["1", "x", "2"], "arm": ["a", "b", "c"]})
    _, findings = _read(
        FeatureSource({"TMB": TMB, "load": FeatureColumn("tmbb", "numeric")}),
        FeatureSource({"TMB": FeatureColumn("arm", "categorical")}),
        FeatureSource({"x": TMB}, tmp_path / "absent.csv"),
        own=own,
    )
    kinds = [type(p) for p in findings.problems]
    assert kinds[:3] == [InputError, UnknownNameError, InputError]
    assert "declared more than once" in findings.problems[2].what
    assert "absent.csv" in findings.problems[3].what


@pytest.mark.parametrize(("cell", "style"), [("x", NumberStyle()), ("1,234", NumberStyle(doubtful=",", step="say"))])
def test_values_are_sought_in_the_file_that_holds_them(table: Build, cell: str, style: NumberStyle) -> None:
    origins = {"tmb": ("patients.txt", (7, 5, 5))}
    own = replace(table({"tmb": ["1", cell, "2"]}), origins=origins, style=style)
    _, findings = _read(FeatureSource({"TMB": TMB}), own=own)
    where = findings.problems[0].where or ""
    assert where.startswith("patients.txt")
    assert where.endswith("column 'tmb', line 5")


def test_a_file_that_several_declarations_name_is_told_once(write: Write) -> None:
    path = write("tmb.csv", "sep=;\nid;tmb;pdl1;dob\ns1;4;1;1960\ns2;7;2;1950\ns3;7;2;1950\nother;9;0;1\n")
    sources = [FeatureSource({n: FeatureColumn(n.lower(), "numeric")}, path, "id") for n in ("TMB", "PDL1")]
    found, findings = _read(*sources)
    assert found["value"].tolist() == [7, 4, 7, 2, 1, 2]
    codes = [w.code for w in findings.warnings]
    assert {"privacy.not_carried", "features.table_only"} <= set(codes)
    assert len(codes) == len(set(codes))
    checks = findings.quality()["check"].tolist()
    assert len(checks) == len(set(checks))
    _, findings = _read(*(FeatureSource(one.columns, path.with_name("absent.csv"), "id") for one in sources))
    assert len(findings.problems) == 1


def test_no_table_at_all() -> None:
    _, findings = _read(FeatureSource({"TMB": TMB}))
    assert "'TMB'" in findings.problems[0].what


def test_no_features_is_an_empty_table_with_the_same_types(table: Build) -> None:
    empty, _ = _read()
    filled, _ = _read(FeatureSource({"TMB": TMB}), own=table({"tmb": ["1", "2", "3"]}))
    pd.testing.assert_series_equal(empty.dtypes, filled.dtypes)


def test_a_number_declared_missing_is_missing_however_it_is_written(write: Write) -> None:
    path = write("tmb.csv", "sample_id,tmb,arm\ns1,-99.0,9.0\ns2,5,1\ns3,-99 , 9\n")
    columns = {
        "TMB": FeatureColumn("tmb", "numeric", "", ("-99",)),
        "arm": FeatureColumn("arm", "categorical", "", ("9",)),
    }
    found, findings = _read(FeatureSource(columns, path))
    assert findings.problems == []
    np.testing.assert_array_equal(found["value"][:3], [5, np.nan, np.nan])
    assert found["category"].dropna().tolist() == ["1"]


def test_identifiers_and_categories_that_are_nearly_alike_are_pointed_out(write: Write) -> None:
    path = write("arms.csv", "sample_id,arm\ns1,WT \nS-2,WT\ns3,wt\n")
    found, findings = _read(FeatureSource({"arm": FeatureColumn("arm", "categorical")}, path))
    assert found["category"].fillna("-").tolist() == ["-", "WT", "wt"]
    told = {w.code: w.examples for w in findings.warnings}
    assert told["features.similar"] == ("'s2' and 'S-2'",)
    assert told["features.similar_categories"] == ("'WT' and 'wt'",)


@pytest.mark.parametrize("code", ["-9,9", "-9.9"])
def test_a_code_of_a_table_with_decimal_commas_is_missing(write: Write, code: str) -> None:
    path = write("tmb.csv", "id;tmb\ns1;2,5\ns2;-9,90\ns3;1,25\n")
    found, findings = _read(FeatureSource({"TMB": FeatureColumn("tmb", "numeric", missing=(code,))}, path, "id"))
    assert findings.problems == []
    np.testing.assert_array_equal(found["value"], [np.nan, 2.5, 1.25])


def test_values_that_a_decimal_comma_explains_name_the_key(write: Write) -> None:
    path = write("tmb.csv", "id;prot;tmb\ns1;2.0;2,5\ns2;2.0;ND\ns3;2.1;1,25\n")
    _, findings = _read(FeatureSource({"TMB": TMB}, path, "id"))
    (problem,) = findings.problems
    assert (problem.next_step or "").startswith("declare in [[cohorts.features]] dialect = { decimal =")


def test_a_value_is_clear_where_the_decimal_comma_is_proven(write: Write) -> None:
    path = write("tmb.csv", "id;icd;tmb\ns1;1.001;1,234\ns2;1.002;2,5\ns3;1.003;1,25\n")
    found, findings = _read(FeatureSource({"TMB": TMB}, path, "id"))
    assert findings.problems == []
    np.testing.assert_array_equal(found["value"], [2.5, 1.234, 1.25])
