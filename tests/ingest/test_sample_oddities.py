from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tmescope.foundation.errors import ScaleError
from tmescope.foundation.scale import Scale
from tmescope.ingest.cohort import read_cohort
from tmescope.ingest.findings import Findings
from tmescope.ingest.options import CohortOptions
from tmescope.ingest.sample_oddities import (
    check_samples,
    find_impossible,
    find_logged,
    find_outstanding,
    measure_samples,
)
from tmescope.ingest.scales import to_linear

TPM = Scale.parse("tpm")


def _tpm(n: int = 8, genes: int = 200) -> np.ndarray:
    values = np.random.default_rng(3).gamma(0.8, 20.0, size=(n, genes))
    return np.asarray(values / values.sum(axis=1, keepdims=True) * 9e5)


def _check(values: np.ndarray, scale: Scale = TPM) -> Findings:
    findings = Findings("c")
    check_samples(values, scale, [f"S{i}" for i in range(len(values))], findings=findings)
    return findings


def _status(findings: Findings) -> list[str]:
    return list(findings.quality()["status"])


def test_a_sound_cohort_is_told_to_be_sound() -> None:
    findings = _check(_tpm())
    assert findings.warnings == []
    assert _status(findings) == ["ok"]


@pytest.mark.parametrize("scale", ["tpm", "log2(tpm+0.001)", "log10(tpm+1)"])
def test_a_sample_of_another_scale_is_named(scale: str) -> None:
    values = _tpm()
    values[5] *= 30
    declared = Scale.parse(scale)
    if declared.log_base:
        values = np.log(values + declared.offset) / np.log(declared.log_base)
    findings = _check(values, declared)
    (warning,) = findings.warnings
    assert (warning.code, warning.examples) == ("scale.impossible_samples", ("S5",))
    assert _status(findings) == ["problem"]
    assert "S5" in findings.quality()["evidence"][0]
    assert findings.sample_flags()[["sample_id", "status"]].values.tolist() == [["S5", "problem"]]


def test_a_sample_that_stands_out_is_a_notice() -> None:
    values = _tpm()
    values[2] /= 20
    values[4, :120] = 0
    values[6] = np.round(values[6])
    findings = _check(values)
    (warning,) = findings.warnings
    assert warning.code == "scale.outstanding_samples"
    assert [e.split()[0] for e in warning.examples] == ["S2", "S4", "S6"]
    assert "60% zeros" in warning.examples[1]
    assert "whole numbers" in warning.examples[2]
    assert _status(findings) == ["notice"]
    flags = findings.sample_flags()
    assert flags[["sample_id", "check", "status"]].values.tolist() == [
        [f"S{i}", "scale of each sample", "notice"] for i in (2, 4, 6)
    ]
    assert "60% zeros" in flags["evidence"][1]


def test_what_cannot_be_compared_is_left_alone() -> None:
    values = _tpm()
    values[2] /= 20
    assert find_outstanding(measure_samples(values[:4], TPM)) == {}
    assert _status(_check(values[:4])) == ["unchecked"]
    assert _check(values[:, :40]).warnings == []
    assert _check(values, Scale.parse("log2_array")).warnings == []
    assert len(find_impossible(measure_samples(values * 100, Scale.parse("counts")), Scale.parse("counts"))) == 0


def test_missing_values_and_empty_samples() -> None:
    values = _tpm()
    values[0] = np.nan
    values[1, 3] = np.nan
    evidence = measure_samples(values, TPM)
    assert np.isnan(evidence.sums[0])
    assert evidence.sums[1] > 1e5
    assert find_outstanding(evidence) == {}


def _profiles(n: int, genes: int) -> np.ndarray:
    rng = np.random.default_rng(5)
    values = rng.lognormal(0, 2, genes) * rng.lognormal(0, 0.4, (n, genes))
    return np.asarray(values / values.sum(axis=1, keepdims=True) * 9e5)


@pytest.mark.parametrize(("genes", "logged"), [(20_000, 6), (20_000, 11), (300, 6), (300, 1)])
def test_logarithms_among_linear_samples_are_a_problem_however_many_they_are(genes: int, logged: int) -> None:
    values = _profiles(12, genes)
    values[:logged] = np.log2(values[:logged] + 1)
    findings = _check(values)
    assert "scale.logged_samples" in [w.code for w in findings.warnings]
    assert _status(findings) == ["problem"]
    flags = findings.sample_flags().query("status == 'problem'")
    assert flags["sample_id"].tolist() == [f"S{i}" for i in range(logged)]
    assert set(flags["evidence"].str[:16]) == {"no value exceeds"}
    assert f"over {genes:,} genes, as in a logarithm" in flags["evidence"].iloc[0]


def test_samples_that_are_small_for_another_reason_are_no_logarithms() -> None:
    values = _profiles(12, 300) / 40
    values[0] /= values[0].max() / 20  # a tumour that expresses little of a panel
    assert len(find_logged(values, measure_samples(values, TPM), TPM)) == 0
    for few in (np.log2(values[:3] + 1), np.where(np.arange(12)[:, None] < 2, values * 40, np.log2(values + 1))):
        assert len(find_logged(few, measure_samples(few, TPM), TPM)) == 0  # nothing to compare with
    scale = Scale.parse("log2(tpm+1)")
    logs = np.log2(values + 1)
    assert len(find_logged(logs, measure_samples(logs, scale), scale)) == 0


@cache
def _pan(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "bulk" / "icb_pan" / "expression.tsv.gz", sep="\t", index_col=0)


def test_the_real_study_that_is_not_tpm_is_caught_and_no_other(shared_data: Path) -> None:
    pan = _pan(shared_data)
    evidence = measure_samples(np.ascontiguousarray(pan.to_numpy().T), TPM)
    impossible = [pan.columns[i] for i in find_impossible(evidence, TPM)]
    assert impossible == [c for c in pan.columns if c.startswith("Shiuan.")]
    assert len(impossible) == 15
    findings = Findings("pan")
    check_samples(pan.to_numpy().T, TPM, list(pan.columns), findings=findings)
    assert findings.warnings[0].count == 15
    assert all(name in findings.quality()["evidence"][0] for name in impossible)


def _linear_cohorts(folder: Path) -> dict[str, np.ndarray]:
    pan = _pan(folder)
    found = {str(s): b.to_numpy(float) for s, b in pan.T.groupby(pan.columns.str.split(".").str[0])}
    for path in sorted((folder / "cohorts").glob("*/expression.parquet")):
        name = {"tcga_skcm_lm22genes": "tpm", "tcga_stad_235genes": "log2(tpm+1)"}.get(path.parent.name)
        values = pd.read_parquet(path).to_numpy(float).T
        found[path.parent.name] = to_linear(values, Scale.parse(name or "log2(tpm+0.001)"))
    return found


def test_no_real_sample_is_taken_for_a_logarithm(shared_data: Path) -> None:
    immune = pd.read_parquet(shared_data / "cohorts" / "tcga_skcm_lm22genes" / "expression.parquet").index
    pan = _pan(shared_data)
    cohorts = _linear_cohorts(shared_data)
    assert (len(cohorts), sum(map(len, cohorts.values()))) == (28, 2106)
    cohorts["immune genes"] = pan.loc[pan.index.isin(immune)].to_numpy(float).T
    rng = np.random.default_rng(1)
    smallest = hits = 0
    for values in cohorts.values():
        rare = np.argsort(values.mean(axis=0))
        sets = [rare[:n] for n in (50, 100, 200)] + [rng.permutation(len(rare))[:n] for n in (50, 100, 200)]
        for genes in [np.arange(len(rare)), *sets]:
            evidence = measure_samples(part := np.ascontiguousarray(values[:, genes]), TPM)
            smallest += int(np.sum(evidence.largest < 30))
            hits += len(find_logged(part, evidence, TPM))
    assert hits == 0
    assert smallest > 7000  # so many have no value of 30 for want of expressed genes


def test_logarithms_among_real_samples_are_found(shared_data: Path) -> None:
    frame = pd.read_parquet(shared_data / "cohorts" / "tcga_skcm_lm22genes" / "expression.parquet")
    values = frame.to_numpy(float).T.copy()
    values[:40] = np.log2(values[:40] + 1)
    assert find_logged(values, measure_samples(values, TPM), TPM).tolist() == list(range(40))
    for study, whole in _linear_cohorts(shared_data).items():
        if whole.shape[1] > 10_000 and study != "Shiuan":
            half = np.where(np.arange(len(whole))[:, None] % 2, whole, np.log2(whole + 1))
            assert find_logged(half, measure_samples(half, TPM), TPM).tolist() == list(range(0, len(whole), 2)), study


def test_real_studies_are_refused_or_not(shared_data: Path, tmp_path: Path) -> None:
    pan = _pan(shared_data)
    for study, block in pan.T.groupby(pan.columns.str.split(".").str[0]):
        path = tmp_path / f"{study}.parquet"
        block.T.to_parquet(path)
        options = CohortOptions(cohort_id=str(study), scale="tpm")
        if study == "Shiuan":
            with pytest.raises(ScaleError, match="more than a million"):
                read_cohort(path, options=options)
        else:
            quality = read_cohort(path, options=options).quality.set_index("check")
            assert quality.loc["scale of each sample", "status"] != "problem", study
