from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tmescope.foundation.errors import ExpressionError, ScaleError, TmescopeError
from tmescope.foundation.result import RunWarning
from tmescope.foundation.scale import Scale
from tmescope.ingest.scales import find_contradictions, find_oddities, measure

WORDS = {"log2(TPM+0.001)": "log2(tpm+0.001)", "TPM (linear)": "tpm"}
REAL = [
    "hugo2016_melanoma_pd1",
    "imvigor210",
    "jung2019_nsclc_pd1_male",
    "limagne2_nsclc_pd1",
    "liu2019_melanoma_pd1",
    "nathanson2017_melanoma_ctla4",
    "padron2022_pdac_chemo_pd1_cd40",
    "riaz2017_melanoma_pd1",
    "snyder2017_uc_pdl1_male",
    "tcga_skcm_lm22genes",
    "tcga_stad_235genes",
    "vanallen2015_melanoma_ctla4",
]


def _tpm(n_samples: int = 6, n_genes: int = 2000, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    raw = rng.gamma(0.3, 1.0, size=(n_samples, n_genes))
    raw[rng.random(raw.shape) < 0.1] = 0
    return raw / raw.sum(axis=1, keepdims=True) * 1e6


def _check(values: np.ndarray, scale: str) -> list[TmescopeError]:
    parsed = Scale.parse(scale)
    return find_contradictions(measure(values, parsed), parsed, where="m.tsv")


def _warn(values: np.ndarray, scale: str) -> dict[str, RunWarning]:
    parsed = Scale.parse(scale)
    return {w.code: w for w in find_oddities(measure(values, parsed), parsed, cohort_id="c")}


def _in(scale: str, tpm: np.ndarray) -> np.ndarray:
    parsed = Scale.parse(scale)
    return tpm if parsed.log_base is None else np.log(tpm + parsed.offset) / np.log(parsed.log_base)


TRUE = ["tpm", "log2(tpm+1)", "log2(tpm+0.001)", "log10(tpm+1)", "ln(tpm+0.5)"]


@pytest.mark.parametrize("truth", TRUE)
@pytest.mark.parametrize("declared", TRUE)
def test_a_wrong_scale_of_a_whole_transcriptome_is_contradicted_and_the_right_one_is_not(
    truth: str, declared: str
) -> None:
    # twelve thousand genes, as a whole transcriptome has
    problems = _check(_in(truth, _tpm(4, 12_000)), declared)
    if truth == declared:
        assert problems == []
    else:
        (problem,) = problems
        assert isinstance(problem, ScaleError)
        assert declared in problem.what
        assert problem.where == f"m.tsv, scale {declared!r}"


def test_the_evidence_is_measured() -> None:
    values = np.array([[0.0, 1.0, 2.5, np.nan], [0.0, 4.0, 0.0, 3.0]])
    e = measure(values, Scale("tpm"))
    assert (e.n_samples, e.n_genes, e.n_values, e.n_missing) == (2, 4, 7, 1)
    assert (e.minimum, e.maximum) == (0, 4)
    assert e.integer_share == 3 / 4
    assert e.floor_share == e.minimum_share == 3 / 7
    assert e.sums == (3.5, 5.25, 7.0)
    assert e.quantiles[2] == 1.0
    assert "7 values over 4 genes, 0 to 4" in e.sentence()


def test_sums_are_in_linear_units() -> None:
    tpm = _tpm()
    e = measure(np.log2(tpm + 0.001), Scale.parse("log2(tpm+0.001)"))
    np.testing.assert_allclose(e.sums, 1e6)
    assert e.floor_share == pytest.approx(np.mean(tpm == 0), abs=5e-3)


def test_negative_values_are_no_counts_and_no_tpm() -> None:
    values = _tpm()
    values[0, 0] = -1.5
    for scale in ("tpm", "fpkm", "cpm", "array", "counts"):
        (problem,) = _check(values, scale)
        assert "1 values are negative, the lowest is -1.5" in problem.what


def test_the_floor_of_another_offset_is_recognised() -> None:
    (problem,) = _check(_in("log2(tpm+0.001)", _tpm()), "log2(tpm+1)")
    assert "values lie below the floor 0, the lowest is -9.96578" in problem.what
    assert "log2(tpm+0.001)" in (problem.next_step or "")
    (problem,) = _check(_in("log2(tpm+1)", _tpm()), "log2(tpm+0.001)")
    assert "are exactly 0, none is -9.96578" in problem.what
    assert "log2(tpm+1)" in (problem.next_step or "")


@pytest.mark.parametrize("scale", ["tpm", "counts", "log2(tpm+1)", "log2(tpm+0.001)", "log2_array"])
def test_a_matrix_of_zeros_is_of_no_scale(scale: str) -> None:
    zeros = np.full((3, 40), np.log2(0.001) if "0.001" in scale else 0.0)
    (problem,) = _check(zeros, scale)
    assert isinstance(problem, ExpressionError)
    assert problem.what.startswith("all 120 values of 3 samples and 40 genes are ")
    assert "look like" not in str(problem)
    zeros[1, 1] = 3.0
    assert all(isinstance(p, ScaleError) for p in _check(zeros, scale))


def test_logarithms_are_no_linear_values() -> None:
    (problem,) = _check(_in("log2(tpm+1)", _tpm()), "tpm")
    assert "as in a logarithm" in problem.what
    assert "log2(tpm+1)" in (problem.next_step or "")


def test_linear_values_are_no_logarithms() -> None:
    (problem,) = _check(_tpm(), "log2(tpm+1)")
    assert "the largest value" in problem.what
    assert "linear" in (problem.next_step or "")


def test_counts_are_whole() -> None:
    counts = np.random.default_rng(0).poisson(20, size=(4, 300)).astype(float)
    assert _check(counts, "counts") == []
    (problem,) = _check(counts * 1.1 + 0.05, "counts")
    assert "0% of the non-zero values are whole" in problem.what
    counts[:, ::4] += 0.3  # as estimated counts are
    assert _check(counts, "counts") == []
    assert "scale.estimated_counts" in _warn(counts, "counts")


def test_counts_are_no_tpm() -> None:
    (problem,) = _check(np.random.default_rng(0).poisson(3000, size=(4, 1000)).astype(float), "tpm")
    assert "more than a million" in problem.what


def test_a_panel_that_sums_to_a_part_of_a_million_is_fine() -> None:
    panel = _tpm()[:, :400]
    assert _check(panel, "tpm") == []
    assert _warn(panel, "tpm") == {}


def test_whole_transcriptomes_with_small_sums_are_unusual_and_with_tiny_ones_impossible() -> None:
    tpm = _tpm(3, 12_000)
    assert _check(tpm * 0.2, "tpm") == []
    assert _warn(tpm * 0.2, "tpm") == {}
    assert set(_warn(tpm * 0.05, "tpm")) == {"scale.unusual_sum"}
    (problem,) = _check(tpm * 0.005, "tpm")
    assert "sum to 5,000 tpm" in problem.what


def test_one_sample_that_sums_to_too_much_is_a_warning() -> None:
    tpm = _tpm()
    tpm[0] *= 2
    assert _check(tpm, "tpm") == []
    assert _warn(tpm, "tpm")["scale.unusual_sum"].message == "1 samples sum to more than a million tpm, up to 2e+06"


def test_a_handful_of_small_values_is_not_enough_to_refuse() -> None:
    values = np.array([[1.5, 2.5, 7.25], [0.5, 3.5, 9.75]])
    assert _check(values, "tpm") == []
    assert set(_warn(values, "tpm")) == {"scale.unusual_range"}


def test_rounding_below_the_floor_is_tolerated_and_counted() -> None:
    values = np.round(_in("log2(tpm+0.001)", _tpm()), 4)
    n = int(np.count_nonzero(values == -9.9658))
    assert n > 100
    assert _check(values, "log2(tpm+0.001)") == []
    clipped = _warn(values, "log2(tpm+0.001)")["scale.clipped"]
    assert clipped.count == n
    assert "2e-05 below the floor -9.96578" in clipped.message


def test_missing_values_are_counted() -> None:
    values = _tpm()
    values[0, :7] = np.nan
    assert _check(values, "tpm") == []
    assert _warn(values, "tpm")["scale.missing_values"].count == 7


def test_nothing_at_all_contradicts_nothing() -> None:
    empty = np.full((2, 3), np.nan)
    assert _check(empty, "tpm") == []
    assert measure(empty, Scale("tpm")).n_missing == 6


def test_arrays_may_be_centred_but_repeat_no_negative_value() -> None:
    rng = np.random.default_rng(0)
    assert _check(rng.normal(8, 2, size=(5, 500)), "log2_array") == []
    assert _check(rng.normal(0, 1, size=(5, 500)), "log2_array") == []
    (problem,) = _check(_in("log2(tpm+0.001)", _tpm()), "log2_array")
    assert "are exactly -9.96578" in problem.what


@pytest.mark.parametrize("cohort", REAL)
def test_published_cohorts_are_what_they_say_and_nothing_else(shared_data: Path, cohort: str) -> None:
    folder = shared_data / "cohorts" / cohort
    unit = json.loads((folder / "SOURCE.json").read_text())["unit"]
    declared = WORDS.get(unit, "log2(tpm+1)")
    values = pd.read_parquet(folder / "expression.parquet").to_numpy(dtype=np.float64).T
    assert _check(values, declared) == []
    assert not {"scale.unusual_sum", "scale.unusual_range"} & set(_warn(values, declared))
    wrong = {"tpm", "counts", "log10(tpm+1)", "ln(tpm+1)", "log2(tpm+1)"} - {declared}
    for scale in sorted(wrong):
        assert len(_check(values, scale)) == 1, scale
    if declared == "log2(tpm+0.001)":
        assert _warn(values, declared)["scale.clipped"].count > 1000
        assert "log2(tpm+0.001)" in (_check(values, "log2(tpm+1)")[0].next_step or "")
