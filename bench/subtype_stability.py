"""How far subtypes stay when the cohort is drawn anew or another one measures, beside a split at the median."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from anndata import AnnData
from sklearn.metrics import adjusted_rand_score

from tmescope.bulk.subtype_models import SubtypeModel, SubtypeOptions
from tmescope.bulk.subtypes import apply_subtypes, fit_subtypes
from tmescope.foundation.errors import TmescopeError

SUMMARY = "adjusted Rand index of subtypes under resampling and between cohorts, cut at the mean and at the median"

RESAMPLES = 10
SURE = 0.8
COHORTS = (
    "hugo2016_melanoma_pd1",
    "jung2019_nsclc_pd1_male",
    "limagne2_nsclc_pd1",
    "liu2019_melanoma_pd1",
    "nathanson2017_melanoma_ctla4",
    "padron2022_pdac_chemo_pd1_cd40",
    "riaz2017_melanoma_pd1",
    "snyder2017_uc_pdl1_male",
    "vanallen2015_melanoma_ctla4",
)
"""Those with nearly all genes; the two TCGA cohorts and IMvigor210 are panels."""
SCALE = "log2(tpm+0.001)"
WRONG = ("tpm", "log2(tpm+1)", "log10(tpm+0.001)", "log2(fpkm+0.001)", "log2_array")


def run() -> list[dict[str, object]]:
    """Return one row for each question and cut."""
    data = data_folder()
    if data is None:
        return [{"question": "real data are not here: set TMESCOPE_TEST_DATA"}]
    cohorts = read_cohorts(data)
    rows = []
    for cut in ("mean", "median"):
        options = SubtypeOptions(n_resamples=100, cut=cut, lowest_likeness=-1.0)
        models = [fit_subtypes(c, options=options) for c in cohorts]
        own = [apply_subtypes(m, c).table for m, c in zip(models, cohorts, strict=True)]
        rows += [
            _row(cut, "patients of the fit drawn anew", _redrawn(cohorts, own, options=options)),
            _row(cut, "another cohort measures", _crossed(cohorts, models, own=own)),
        ]
    rows.append(_misdeclared(cohorts))
    return rows


def data_folder() -> Path | None:
    """Return the folder of real data; None where it is not here."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    data = Path(os.environ.get("TMESCOPE_TEST_DATA", default))
    return data if data.is_dir() else None


def read_cohorts(data: Path) -> list[AnnData]:
    """Return the cohorts over the genes that all have."""
    frames = [pd.read_parquet(data / "cohorts" / name / "expression.parquet") for name in COHORTS]
    genes = sorted(set.intersection(*(set(frame.index) for frame in frames)))
    return [_cohort(frame.loc[genes].to_numpy(dtype=np.float64).T, genes) for frame in frames]


def _cohort(values: np.ndarray, genes: Sequence[str]) -> AnnData:
    return AnnData(
        X=np.ascontiguousarray(values),
        obs=pd.DataFrame(index=[f"s{i}" for i in range(len(values))]),
        var=pd.DataFrame(index=list(genes)),
        uns={"tmescope": {"scale": SCALE}},
    )


def _agree(first: pd.DataFrame, second: pd.DataFrame) -> tuple[float, float]:
    """Return the index over all patients, and over those of whom both are sure."""
    sure = (first["probability"] >= SURE) & (second["probability"] >= SURE)
    return tuple(adjusted_rand_score(first["subtype"][k], second["subtype"][k]) for k in (slice(None), sure))


def _redrawn(cohorts: list[AnnData], own: list[pd.DataFrame], *, options: SubtypeOptions) -> list[tuple[float, float]]:
    rng = np.random.default_rng(0)
    found = []
    for adata, table in zip(cohorts, own, strict=True):
        for _ in range(RESAMPLES):
            drawn = _cohort(adata.X[rng.integers(0, adata.n_obs, adata.n_obs)], adata.var_names)
            found.append(_agree(table, apply_subtypes(fit_subtypes(drawn, options=options), adata).table))
    return found


def _crossed(
    cohorts: list[AnnData], models: list[SubtypeModel], *, own: list[pd.DataFrame]
) -> list[tuple[float, float]]:
    return [
        _agree(table, apply_subtypes(model, adata).table)
        for i, model in enumerate(models)
        for k, (adata, table) in enumerate(zip(cohorts, own, strict=True))
        if i != k
    ]


def _row(cut: str, question: str, found: list[tuple[float, float]]) -> dict[str, object]:
    every, sure = (float(np.mean([pair[i] for pair in found])) for i in (0, 1))
    return {"question": question, "cut": cut, "index, all": f"{every:.3f}", f"index, p >= {SURE}": f"{sure:.3f}"}


def _misdeclared(cohorts: list[AnnData]) -> dict[str, object]:
    changed, refused, n = 0, 0, 0
    for adata in cohorts:
        model = fit_subtypes(adata)
        right = apply_subtypes(model, adata).table["subtype"].fillna("")
        for scale in WRONG:
            n += 1
            try:
                wrong = apply_subtypes(model, adata, scale=scale).table["subtype"].fillna("")
            except TmescopeError:
                refused += 1
            else:
                changed += int((wrong != right).sum())
    said = f"{n} wrong declarations: {refused} refused, {changed} patients changed in the others"
    return {"question": said, "cut": "mean", "index, all": "", f"index, p >= {SURE}": ""}
