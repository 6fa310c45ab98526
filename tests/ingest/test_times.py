from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tmescope.foundation.errors import EndpointError
from tmescope.ingest.clinical import SampleTable
from tmescope.ingest.endpoint_rules import TimeToEventRule
from tmescope.ingest.findings import Findings
from tmescope.ingest.options import Dialect
from tmescope.ingest.sample_files import read_sample_table
from tmescope.ingest.times import read_times

Build = Callable[..., SampleTable]
RULE = TimeToEventRule("t", "e", "days", ("1",), ("0",))


def _read(
    table: SampleTable, rule: TimeToEventRule = RULE, rows: list[int] | None = None
) -> tuple[dict[str, object], Findings]:
    findings = Findings("c")
    places = list(range(len(table.frame))) if rows is None else rows
    return read_times("os", rule, table, rows=places, findings=findings), findings


@pytest.mark.parametrize(("unit", "months"), [("days", 1.0), ("weeks", 7.0), ("months", 30.4375), ("years", 365.25)])
def test_units_become_months(table: Build, unit: str, months: float) -> None:
    found, findings = _read(table({"t": ["30.4375", "0"], "e": ["1", "0.0"]}), replace(RULE, unit=unit))  # type: ignore[arg-type]
    np.testing.assert_allclose(found["os_time_months"], [months, 0], rtol=1e-14)
    assert found["os_event"].tolist() == [True, False]  # type: ignore[attr-defined]
    assert findings.problems == []
    assert [w.code for w in findings.warnings if w.code != "endpoint.unusual_unit"] == ["endpoint.zero_time"]


def test_a_missing_half_makes_the_whole_missing(table: Build) -> None:
    found, findings = _read(table({"t": ["5", "", "7", "NA"], "e": ["1", "1", "", "0"]}))
    months, event = found["os_time_months"], found["os_event"]
    np.testing.assert_array_equal(np.isnan(months), [False, True, True, True])  # type: ignore[call-overload]
    assert pd.isna(event).tolist() == [False, True, True, True]  # type: ignore[call-overload]
    assert event.dtype == "boolean"  # type: ignore[attr-defined]
    assert [(w.code, w.count) for w in findings.warnings] == [("endpoint.missing", 3)]


def test_a_negative_time_is_named_by_its_line(table: Build) -> None:
    found, findings = _read(table({"t": ["5", "-3", "-0.5", "1"], "e": ["1", "1", "0", "0"]}), rows=[3, 2, 1])
    assert found == {}
    (problem,) = findings.problems
    assert isinstance(problem, EndpointError)
    assert problem.what == "2 times are negative: '-0.5 (line 4)', '-3 (line 3)'"
    assert problem.where == "samples.tsv, endpoint 'os', column 't', line 4"


def test_times_that_are_no_numbers(table: Build) -> None:
    _, findings = _read(table({"t": ["5", "12+", "12+", "inf"], "e": ["1"] * 4}))
    (problem,) = findings.problems
    assert problem.what == "3 times are not numbers: '12+ (2x)', 'inf (1x)'"
    assert (problem.where or "").endswith("column 't', line 3")


@pytest.mark.parametrize(("sep", "cell"), [("\t", "1,312"), (";", "1.312")])
def test_times_that_can_be_read_in_two_ways_name_the_key(tmp_path: Path, sep: str, cell: str) -> None:
    path = tmp_path / "s.tsv"
    path.write_text(f"id\tt\te\na\t{cell}\t1\nb\t815\t0\n".replace("\t", sep))
    _, findings = _read(read_sample_table(path))
    (problem,) = findings.problems
    assert f"1 cells can have a decimal mark or a separator of thousands: '{cell} (1x)'" in problem.what
    assert (problem.where or "").endswith("endpoint 'os', column 't', line 2")
    assert (problem.next_step or "").startswith("declare samples_dialect = {")
    found, _ = _read(read_sample_table(path, dialect=Dialect(thousands=cell[1])))
    np.testing.assert_allclose(found["os_time_months"], np.array([1312, 815]) / 30.4375)  # type: ignore[operator]


@pytest.mark.parametrize("other", ['"1,204"', '"1,2"'])
def test_other_columns_take_nothing_from_times_with_a_point(tmp_path: Path, other: str) -> None:
    path = tmp_path / "s.csv"
    path.write_text(f"id,t,e,mut\na,12.345,1,{other}\nb,5.67,0,2\n")
    found, findings = _read(read_sample_table(path))
    assert findings.problems == []
    np.testing.assert_allclose(found["os_time_months"], np.array([12.345, 5.67]) / 30.4375)  # type: ignore[operator]


def test_times_with_a_comma_in_a_long_table(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text("id;row;age;e;t\n" + "".join(f"S{i};{i};{i % 70};{i % 2};{i % 9},8\n" for i in range(12_000)))
    found, findings = _read(read_sample_table(path))
    assert findings.problems == []
    assert found["os_time_months"].max() == 8.8 / 30.4375  # type: ignore[attr-defined]


def test_one_code_serves_times_and_events_as_the_file_writes_it(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text("id;t;e\na;2,5;1\nb;-9,9;0\nc;7,25;-9,9\nd;9,90;1\n")
    found, findings = _read(read_sample_table(path), replace(RULE, missing=("-9,9", "9,9")))
    assert findings.problems == []
    assert np.isnan(found["os_time_months"]).tolist() == [False, True, True, True]  # type: ignore[call-overload]
    (warning,) = (w for w in findings.warnings if w.code == "endpoint.time_is_code")
    assert warning.examples == ("9.90",)


def test_times_that_another_decimal_mark_explains_name_the_key(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text("id;prot;t;e\na;2.0;2,5;1\nb;2.0;3,9;0\n")
    _, findings = _read(read_sample_table(path))
    (problem,) = findings.problems
    assert problem.what.startswith("2 times are not numbers")
    assert problem.next_step == 'declare samples_dialect = { decimal = "." } or { decimal = "," }'
    found, _ = _read(read_sample_table(path, dialect=Dialect(decimal=",")))
    np.testing.assert_allclose(found["os_time_months"], np.array([2.5, 3.9]) / 30.4375)  # type: ignore[operator]


def test_declared_missing_words_count_in_both_columns(table: Build) -> None:
    found, findings = _read(table({"t": ["5", "lost"], "e": ["1", "lost"]}), replace(RULE, missing=("lost",)))
    assert findings.problems == []
    assert np.isnan(found["os_time_months"][1])  # type: ignore[index]


def test_a_coding_outside_the_declared_one(table: Build) -> None:
    _, findings = _read(table({"t": ["5", "6", "7"], "e": ["1", "2", "2"]}))
    (problem,) = findings.problems
    assert "'2 (2x)'" in problem.what
    assert problem.where == "samples.tsv, endpoint 'os', column 'e'"


def test_both_columns_are_checked_at_once(table: Build) -> None:
    _, findings = _read(table({"t": ["-5"], "e": ["2"]}))
    assert len(findings.problems) == 2


def test_a_unit_that_makes_centuries_is_contradicted(table: Build) -> None:
    _, findings = _read(table({"t": ["2000", "3000"], "e": ["1", "0"]}), replace(RULE, unit="months"))
    (problem,) = findings.problems
    assert problem.what == "the longest time is 250 years when read as months"


def test_days_with_decimals_are_unusual(table: Build) -> None:
    _, findings = _read(table({"t": ["2.5", "3.25", "11.75"], "e": ["1", "0", "1"]}))
    assert [w.code for w in findings.warnings] == ["endpoint.unusual_unit"]


def test_nothing_known_at_all_is_no_crash(table: Build) -> None:
    found, findings = _read(table({"t": ["", ""], "e": ["", ""]}))
    assert np.isnan(found["os_time_months"]).all()  # type: ignore[call-overload]
    assert findings.warnings[0].count == 2
    assert findings.quality()["status"].tolist() == ["notice"]


def test_competing_events_are_not_seen_but_keep_their_name(table: Build) -> None:
    rule = replace(RULE, competing={"death": ("2",)})
    found, findings = _read(table({"t": ["5", "6", "7", ""], "e": ["1", "2", "0", "2"]}), rule)
    assert found["os_event"].tolist()[:3] == [True, False, False]  # type: ignore[attr-defined]
    assert found["os_cause"].tolist()[:3] == ["event", "death", "censored"]  # type: ignore[attr-defined]
    assert pd.isna(found["os_cause"]).tolist() == [False, False, False, True]  # type: ignore[call-overload]
    assert "1 events, 1 death (competing), median" in findings.quality()["evidence"].iloc[0]


def test_a_number_declared_missing_is_missing_however_it_is_written(table: Build) -> None:
    made = table({"t": ["-99.0", "-99", "7"], "e": ["1", "-99.0", "1"]})
    found, findings = _read(made, replace(RULE, missing=("-99",)))
    assert findings.problems == []
    np.testing.assert_array_equal(np.isnan(found["os_time_months"]), [True, True, False])  # type: ignore[call-overload]
    assert [w.code for w in findings.warnings] == ["endpoint.missing"]


def test_a_code_of_events_that_takes_times_away_is_said(table: Build) -> None:
    made = table({"t": ["9.0", "9", "7", "9", "8"], "e": ["1", "0", "1", "9", "9"]})
    _, findings = _read(made, replace(RULE, missing=("9",)))
    (warning,) = [w for w in findings.warnings if w.code == "endpoint.time_is_code"]
    assert (warning.count, warning.examples) == (2, ("9.0", "9"))


@pytest.mark.parametrize(
    ("unit", "longest", "doubted"),
    [
        ("days", 14000, False),
        ("days", 14700, True),
        ("days", 190, False),
        ("days", 180, True),
        ("weeks", 27, False),
        ("weeks", 26, True),
        ("months", 480, False),
        ("months", 481, True),
        ("months", 6, False),
        ("months", 5, True),
        ("years", 40, False),
        ("years", 41, True),
    ],
)
def test_follow_up_beyond_what_cohorts_have_is_doubted(table: Build, unit: str, longest: int, doubted: bool) -> None:
    made = table({"t": [str(longest)] + ["3" if unit == "weeks" else "2"] * 9, "e": ["1"] * 10})
    _, findings = _read(made, replace(RULE, unit=unit))  # type: ignore[arg-type]
    assert [w.code for w in findings.warnings] == ["endpoint.unusual_unit"] * doubted
    assert findings.quality()["status"].tolist() == ["notice" if doubted else "ok"]
    assert findings.problems == []


def test_a_doubt_says_what_speaks_for_it(table: Build) -> None:
    times = ["30", "351", "1150"]
    _, findings = _read(table({"t": times, "e": ["1"] * 3}), replace(RULE, unit="months"))
    assert findings.warnings[0].message == (
        "os is declared in months, but the longest of 3 times, with a median of 351 months, is 96 years "
        "(more than 40): is that the unit of column 't'?"
    )


_COHORTS = (
    "hugo2016_melanoma_pd1", "imvigor210", "jung2019_nsclc_pd1_male", "limagne2_nsclc_pd1", "liu2019_melanoma_pd1",
    "nathanson2017_melanoma_ctla4", "padron2022_pdac_chemo_pd1_cd40", "riaz2017_melanoma_pd1",
    "snyder2017_uc_pdl1_male", "tcga_skcm_lm22genes", "tcga_stad_235genes", "vanallen2015_melanoma_ctla4",
)  # fmt: skip


@pytest.mark.parametrize("cohort", _COHORTS)
def test_published_times_are_doubted_in_the_wrong_unit_alone(shared_data: Path, table: Build, cohort: str) -> None:
    frame = pd.read_csv(shared_data / "cohorts" / cohort / "samples.tsv", sep="\t", low_memory=False)
    for name in ("os", "pfs"):
        known = frame.get(f"{name}_time", pd.Series(dtype="float64")).dropna()
        if not len(known):
            continue
        days = (known * 30.4375).round()
        for values, unit, wrong in ((known, "months", False), (days, "days", False), (days, "months", True),
                                    (known, "days", True)):  # fmt: skip
            made = table({"t": [repr(float(v)) for v in values], "e": ["1"] * len(values)})
            _, findings = _read(made, replace(RULE, unit=unit))  # type: ignore[arg-type]
            told = [w.code for w in findings.warnings if w.code == "endpoint.unusual_unit"]
            assert bool(told or findings.problems) is wrong, (name, unit)
