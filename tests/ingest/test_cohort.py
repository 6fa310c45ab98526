from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from tmescope.foundation.errors import (
    EndpointError,
    ExpressionError,
    IdentifierError,
    ManyProblems,
    MissingFileError,
    SampleError,
    ScaleError,
    TmescopeError,
    UnknownNameError,
)
from tmescope.ingest.cohort import COHORT_COLUMNS, check_cohort, read_cohort
from tmescope.ingest.endpoints import ResponseRule, TimeToEventRule
from tmescope.ingest.features import FeatureColumn, FeatureSource
from tmescope.ingest.options import CohortOptions, SampleSelection

if TYPE_CHECKING:
    from conftest import Files

OPTIONS = CohortOptions("demo", "log2(tpm+1)")
ORR = ResponseRule("recist", ("CR", "PR"), ("SD", "PD"))
OS = TimeToEventRule("os_days", "os_event", "days", ("1",), ("0",))
RULES = {"orr": ORR, "os": OS}


def test_a_whole_cohort(files: Files) -> None:
    source = FeatureSource({"TMB": FeatureColumn("tmb", "numeric", "mutations/Mb")})
    options = replace(OPTIONS, cancer_type="Melanoma", treatment="anti-PD-1", licence="open")
    matrix, samples = files.write()
    cohort = read_cohort(
        matrix,
        samples,
        options=options,
        endpoints=RULES,
        features=[source],
        needed_genes=list(files.expression.index[:5]),
    )
    adata = cohort.adata
    np.testing.assert_array_equal(adata.X, files.expression.to_numpy().T)
    assert adata.X.flags.c_contiguous
    assert adata.obs_names.tolist() == list(files.expression.columns)
    assert adata.obs_names.name == "sample_id"
    assert adata.var_names.tolist() == list(files.expression.index)
    assert list(adata.obs.columns) == [
        "cohort_id", "patient_id", "cancer_type", "treatment", "timepoint", "sex", "age_years",
        "orr", "os_time_months", "os_event",
    ]  # fmt: skip
    assert adata.obs["orr"].fillna("-").tolist() == ["responder"] * 2 + ["non_responder"] * 4 + [
        "responder",
        "-",
    ]
    np.testing.assert_allclose(adata.obs["os_time_months"][:2], [100 / 30.4375, 200 / 30.4375])
    assert adata.obs["os_event"].isna().tolist() == [False] * 6 + [True, False]
    assert adata.obs["treatment"].unique().tolist() == ["anti-PD-1"]
    assert adata.obs["age_years"].tolist() == [float(50 + i) for i in range(8)]
    assert adata.uns["tmescope"] == {
        "format": 1,
        "cohort_id": "demo",
        "scale": "log2(tpm+1)",
        "identifiers": "symbol",
    }
    assert list(cohort.counts.columns) == list(COHORT_COLUMNS)
    assert cohort.counts.iloc[0].to_dict() == {
        "cohort_id": "demo", "cancer_type": "Melanoma", "treatment": "anti-PD-1", "scale": "log2(tpm+1)",
        "n_genes": 60, "n_expression": 8, "n_table": 8, "n_joined": 8, "n_selected": 8, "n_patients": 8,
        "licence": "open",
    }  # fmt: skip
    assert cohort.features["value"].isna().sum() == 1
    assert cohort.gene_mapping["needed"].sum() == 5
    assert [w.code for w in cohort.warnings] == ["endpoint.missing"] * 2 + ["features.missing"]
    assert "samples joined" in cohort.quality["check"].tolist()


def test_samples_follow_the_matrix_whatever_the_order_of_the_table(files: Files) -> None:
    files.samples = files.samples.iloc[::-1]
    adata = read_cohort(*files.write(), options=OPTIONS, endpoints=RULES).adata
    assert adata.obs_names.tolist() == list(files.expression.columns)
    assert adata.obs["patient_id"].tolist() == [f"patient {i}" for i in range(1, 9)]
    assert adata.obs["orr"].fillna("-").tolist()[-2:] == ["responder", "-"]


def test_losses_are_counted(files: Files) -> None:
    files.samples = files.samples.drop(index=[0, 5])
    files.expression = files.expression.drop(columns=["P08"])
    options = replace(OPTIONS, selection=SampleSelection(exclude=("P02",)))
    cohort = read_cohort(*files.write(), options=options)
    row = cohort.counts.iloc[0]
    assert (row["n_expression"], row["n_table"], row["n_joined"], row["n_selected"]) == (7, 6, 5, 4)
    counts = {w.code: w.count for w in cohort.warnings}
    assert counts == {"join.matrix_only": 2, "join.table_only": 1, "selection.left_out": 1}


def test_all_problems_come_at_once(files: Files) -> None:
    files.samples.loc[3, "os_days"] = "-4"
    files.samples.loc[2, "recist"] = "MR"
    options = replace(OPTIONS, columns={"sex": "gender"})
    with pytest.raises(ManyProblems) as caught:
        read_cohort(*files.write(), options=options, endpoints=RULES)
    kinds = [type(p) for p in caught.value.problems]
    assert kinds == [UnknownNameError, EndpointError, EndpointError]
    text = str(caught.value)
    for piece in ("'gender'", "'MR (1x)'", "'-4 (line 5)'", "samples.tsv, columns.sex"):
        assert piece in text


def test_a_broken_matrix_does_not_hide_a_broken_table(files: Files) -> None:
    _, samples = files.write()
    samples.write_text(samples.read_text().replace("\tCR\t", "\tMR\t"))
    problems = check_cohort(files.folder / "absent.tsv", samples, options=OPTIONS, endpoints=RULES)
    assert [type(p) for p in problems] == [MissingFileError, EndpointError]


def test_a_broken_table_does_not_hide_a_broken_matrix(files: Files) -> None:
    matrix, _ = files.write()
    problems = check_cohort(matrix, files.folder / "absent.tsv", options=replace(OPTIONS, scale="tpm"), endpoints=RULES)
    assert [type(p) for p in problems] == [ScaleError, MissingFileError] or [type(p) for p in problems] == [
        MissingFileError,
        ScaleError,
    ]


def test_an_unknown_scale_does_not_hide_the_rest(files: Files) -> None:
    files.samples.loc[2, "recist"] = "MR"
    problems = check_cohort(*files.write(), options=replace(OPTIONS, scale="log2 tpm"), endpoints=RULES)
    assert [type(p) for p in problems] == [ScaleError, EndpointError]
    assert problems[0].where == "cohort 'demo', scale"


def test_nothing_in_common_still_checks_the_table(files: Files) -> None:
    files.samples["sample_id"] = [f"Q{i}" for i in range(8)]
    files.samples.loc[2, "recist"] = "MR"
    problems = check_cohort(*files.write(), options=OPTIONS, endpoints=RULES)
    assert [type(p) for p in problems] == [SampleError, EndpointError]


def test_one_problem_is_raised_as_itself(files: Files) -> None:
    with pytest.raises(ScaleError):
        read_cohort(*files.write(), options=replace(OPTIONS, scale="tpm"))
    assert check_cohort(*files.write(), options=OPTIONS) == ()


def test_exchanged_axes_are_recognised(files: Files) -> None:
    matrix, samples = files.write()
    options = replace(OPTIONS, orientation="samples_by_genes")
    problems = check_cohort(matrix, samples, options=options)
    assert isinstance(problems[0], ExpressionError)
    assert "set orientation" in (problems[0].next_step or "")
    assert len(problems) == 1


def test_absent_genes_are_refused_with_the_list(files: Files) -> None:
    with pytest.raises(IdentifierError, match=r"1 of 2 genes that the requested methods need .*: NOT_THERE"):
        read_cohort(*files.write(), options=OPTIONS, needed_genes=[files.expression.index[0], "NOT_THERE"])


def test_symbols_are_mapped_unless_switched_off(files: Files) -> None:
    files.expression = files.expression.rename(index={files.expression.index[0]: "CTGF"})
    paths = files.write()
    on = read_cohort(*paths, options=OPTIONS).adata
    off = read_cohort(*paths, options=OPTIONS, map_symbols=False).adata
    assert on.var_names[0] == "CCN2"
    assert on.var.loc["CCN2", "input_id"] == "CTGF"
    assert off.var_names[0] == "CTGF"
    np.testing.assert_array_equal(on.X, off.X)


def test_without_a_sample_table(files: Files) -> None:
    matrix, _ = files.write()
    cohort = read_cohort(matrix, options=OPTIONS)
    assert cohort.adata.obs["patient_id"].tolist() == list(files.expression.columns)
    assert cohort.adata.obs["sex"].isna().all()
    assert cohort.counts.iloc[0]["n_table"] == 0
    with pytest.raises(EndpointError, match=r"'orr', 'os'.*no sample table"):
        read_cohort(matrix, options=OPTIONS, endpoints=RULES)


def test_the_table_inside_an_h5ad_file(files: Files) -> None:
    path = files.folder / "m.h5ad"
    obs = files.samples.set_index("sample_id").astype({"age_years": float})
    ad.AnnData(files.expression.T, obs=obs).write_h5ad(path)
    cohort = read_cohort(path, options=OPTIONS, endpoints=RULES)
    assert cohort.adata.obs["orr"].notna().sum() == 7
    assert cohort.adata.obs["age_years"].tolist() == [float(50 + i) for i in range(8)]
    assert cohort.counts.iloc[0]["n_table"] == 8


def test_several_treatments_in_the_table_are_listed(files: Files) -> None:
    files.samples["treatment"] = ["nivolumab"] * 5 + ["ipilimumab"] * 2 + [""]
    cohort = read_cohort(
        *files.write(), options=replace(OPTIONS, treatment="other", columns={"treatment": "treatment"})
    )
    assert cohort.adata.obs["treatment"].tolist()[-1] == "other"
    assert cohort.counts.iloc[0]["treatment"] == "nivolumab; ipilimumab; other"


def test_a_declared_treatment_stands_above_a_column_that_nobody_mapped(files: Files) -> None:
    files.samples["treatment"] = ["nivolumab"] * 5 + ["ipilimumab"] * 2 + [""]
    declared = read_cohort(*files.write(), options=replace(OPTIONS, treatment="anti-PD-1"))
    assert set(declared.adata.obs["treatment"]) == {"anti-PD-1"}
    undeclared = read_cohort(*files.write(), options=replace(OPTIONS, treatment=None))
    assert set(undeclared.adata.obs["treatment"].dropna()) == {"nivolumab", "ipilimumab"}


def test_several_samples_of_a_patient(files: Files) -> None:
    files.samples.loc[1, "patient_id"] = "patient 1"
    with pytest.raises(SampleError, match="'patient 1'"):
        read_cohort(*files.write(), options=OPTIONS)
    options = replace(OPTIONS, selection=SampleSelection(one_per_patient="first"))
    assert read_cohort(*files.write(), options=options).adata.n_obs == 7


def test_one_sample_is_a_cohort(files: Files) -> None:
    files.expression = files.expression[["P03"]]
    assert read_cohort(*files.write(), options=OPTIONS, endpoints=RULES).adata.shape == (1, 60)


REAL = {
    "liu2019_melanoma_pd1": (121, 16737, 0, (47, 74)),
    "riaz2017_melanoma_pd1": (46, 19961, 2, (9, 35)),
    "hugo2016_melanoma_pd1": (27, 19961, 0, (14, 13)),
    "vanallen2015_melanoma_ctla4": (42, 20242, 1, (7, 34)),
    "nathanson2017_melanoma_ctla4": (24, 19220, 0, (10, 14)),
    "imvigor210": (86, 17993, None, None),
}


@pytest.mark.parametrize("name", list(REAL))
def test_published_cohorts(shared_data: Path, name: str) -> None:
    folder = shared_data / "cohorts" / name
    matrix = folder / ("expression_full86.parquet" if name == "imvigor210" else "expression.parquet")
    rule = ResponseRule("response_recist", ("CR", "PR"), ("SD", "PD"))
    if name == "nathanson2017_melanoma_ctla4":
        rule = ResponseRule("response_source", ("R",), ("NR",), "source-defined")
    options = CohortOptions(name, "log2(tpm+0.001)", columns={"age_years": "age", "cancer_type": "cancer"})
    times = TimeToEventRule("os_time", "os_event", "months", ("1",), ("0",))
    cohort = read_cohort(matrix, folder / "samples.tsv", options=options, endpoints={"orr": rule, "os": times})
    n, n_genes, n_missing, groups = REAL[name]
    adata = cohort.adata
    assert adata.shape == (n, n_genes)
    assert adata.obs["os_event"].notna().sum() >= 26 - (name == "nathanson2017_melanoma_ctla4") * 2
    published = pd.read_csv(folder / "samples.tsv", sep="\t", dtype={"sample_id": str}).set_index("sample_id")
    labels = published.loc[adata.obs_names, "responder"].map({1: "responder", 0: "non_responder"})
    assert adata.obs["orr"].fillna("").tolist() == labels.fillna("").tolist()
    if groups is not None:
        assert tuple(adata.obs["orr"].value_counts().loc[["responder", "non_responder"]]) == groups
        assert adata.obs["orr"].isna().sum() == n_missing
    warned = {w.code: w.count for w in cohort.warnings}
    assert warned["scale.clipped"] > 10_000
    if name == "imvigor210":
        assert warned["join.table_only"] == 195
        assert cohort.counts.iloc[0][["n_expression", "n_table", "n_joined"]].tolist() == [86, 281, 86]
        assert "join.matrix_only" not in warned


def test_published_mistake_stable_disease_as_response(shared_data: Path) -> None:
    # the source's own label counts SD as response in liu2019; the declared rules show it
    folder = shared_data / "cohorts" / "liu2019_melanoma_pd1"
    rules = {
        "recist": ResponseRule("response_recist", ("CR", "PR"), ("SD", "PD")),
        "source": ResponseRule("response_source", ("R",), ("NR",), "source-defined"),
    }
    options = CohortOptions("liu", "log2(tpm+0.001)")
    obs = read_cohort(folder / "expression.parquet", folder / "samples.tsv", options=options, endpoints=rules).adata.obs
    assert ((obs["recist"] == "non_responder") & (obs["source"] == "responder")).sum() > 0


def test_a_panel_without_the_needed_genes_is_refused(shared_data: Path) -> None:
    folder = shared_data / "cohorts" / "tcga_stad_235genes"
    options = CohortOptions("stad", "log2(tpm+1)")
    needed = ["CD8A", "GZMA", "PRF1", "ALB", "INS", "TTN"]
    with pytest.raises(TmescopeError) as caught:
        read_cohort(folder / "expression.parquet", folder / "samples.tsv", options=options, needed_genes=needed)
    assert isinstance(caught.value, IdentifierError)
    assert "ALB" in caught.value.what
