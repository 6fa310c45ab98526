from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tmescope.foundation.scale import Scale
from tmescope.ingest.cohort import read_cohort
from tmescope.ingest.options import CohortOptions
from tmescope.ingest.other_units import find_other_logarithm, find_other_unit
from tmescope.ingest.scales import measure, to_linear


def _tpm(total: float = 1e6, genes: int = 12_000) -> np.ndarray:
    rng = np.random.default_rng(2)
    values = rng.lognormal(0, 2, genes) * rng.lognormal(0, 0.4, (6, genes))
    return np.asarray(values / values.sum(axis=1, keepdims=True) * total)


def _log(tpm: np.ndarray, scale: str) -> np.ndarray:
    declared = Scale.parse(scale)
    return np.asarray(np.log(tpm + declared.offset) / np.log(declared.log_base or 1.0))


@pytest.mark.parametrize(
    ("true", "declared"),
    [("ln(tpm+1)", "log2(tpm+1)"), ("log10(tpm+1)", "log2(tpm+1)"), ("log2(cpm+0.5)", "ln(cpm+0.5)")],
)
def test_another_logarithm_is_told_from_sums_of_a_million(true: str, declared: str) -> None:
    values = np.round(_log(_tpm(), true), 3)
    (problem,) = find_other_logarithm(values, Scale.parse(declared), where="m.tsv")
    assert f"contradict the declared scale {declared}: by it 6 samples sum to " in str(problem)
    assert f"declare {Scale.parse(true)}" in str(problem)


@pytest.mark.parametrize("scale", ["log2(tpm+1)", "ln(tpm+1)", "log2(tpm+0.001)", "log2(fpkm+1)", "tpm"])
def test_what_agrees_or_cannot_be_decided_is_left_alone(scale: str) -> None:
    declared = Scale.parse(scale)
    values = _log(_tpm(), scale) if declared.log_base else _tpm()
    assert find_other_logarithm(values, declared, where="m.tsv") == []
    natural = _log(_tpm(), "ln(tpm+1)")
    assert find_other_logarithm(natural[:, :9000], Scale.parse("log2(tpm+1)"), where="m.tsv") == []  # genes left out
    assert find_other_logarithm(natural[:1], Scale.parse("log2(tpm+1)"), where="m.tsv") == []


def _messages(values: np.ndarray, scale: str) -> list[str]:
    declared = Scale.parse(scale)
    return [w.message for w in find_other_unit(measure(values, declared), declared, cohort_id="c")]


def test_whole_numbers_are_counts_and_counts_of_a_million_are_not() -> None:
    counts = np.random.default_rng(3).poisson(_tpm(6e5)).astype(float)
    for unit in ("tpm", "cpm", "fpkm"):
        (message,) = _messages(counts, unit)
        assert message.startswith("100% of the non-zero values are whole numbers and the samples sum to ")
        assert "are these counts" in message
    rounded = np.round(_tpm())
    assert "as rounded TPM or CPM do" in _messages(rounded, "counts")[0]
    for values, scale in ((rounded, "tpm"), (counts, "counts"), (_tpm(), "tpm"), (rounded[:1], "counts")):
        assert _messages(values, scale) == []
    assert _messages(counts[:, :40], "tpm") == []
    assert _messages(np.full((2, 60), np.nan), "tpm") == []


def test_the_check_of_the_scale_holds_the_evidence(tmp_path: Path) -> None:
    counts = np.random.default_rng(3).poisson(_tpm(6e5, 300)).astype(float)
    path = tmp_path / "matrix.tsv"
    frame = pd.DataFrame(counts.T, index=[f"G{i}" for i in range(300)], columns=[f"S{i}" for i in range(6)])
    frame.to_csv(path, sep="\t", index_label="gene")
    found = read_cohort(path, options=CohortOptions("c", "tpm"))
    row = found.quality.set_index("check").loc["scale"]
    assert row["status"] == "notice"
    assert "are these counts" in row["evidence"]
    assert "scale.unusual_unit" in [w.code for w in found.warnings]


def test_real_matrices_have_nothing_of_the_kind(shared_data: Path) -> None:
    for path in sorted((shared_data / "cohorts").glob("*/expression.parquet")):
        name = {"tcga_skcm_lm22genes": "tpm", "tcga_stad_235genes": "log2(tpm+1)"}.get(path.parent.name)
        scale = Scale.parse(name or "log2(tpm+0.001)")
        values = np.ascontiguousarray(pd.read_parquet(path).to_numpy(float).T)
        assert find_other_logarithm(values, scale, where=path.parent.name) == []
        assert _messages(to_linear(values, scale), "tpm") == []
