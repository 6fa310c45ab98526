from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from tests.study import tiny
from tests.study.contexts import do, opened

from tmescope.foundation.progress import SilentProgress
from tmescope.store.tables import read_table
from tmescope.study.schema_questions import Question

SCREENS = [
    {
        "id": "genes",
        "kind": "screen",
        "endpoint": "response",
        "axis": "pan_f_tbrs",
        "confounders": ["tmb", "braf"],
        "pool": {"test": "z"},
    },
    {"id": "time", "kind": "screen", "endpoint": "os"},
    {"id": "one", "kind": "response", "endpoint": "response", "features": ["tmb"], "genes": ["PRF1"]},
]


@pytest.fixture(scope="module")
def screened(tmp_path_factory):
    data = tiny.study_dict()
    data["question"] = SCREENS
    with opened(tmp_path_factory.mktemp("screens"), data) as context:
        do(context)
        folder = context.ledger.folder("tables", public=True)
        return {n: read_table(folder / f"{n}.parquet") for n in ("screens", "screens_pooled", "answers")}


def test_every_gene_of_every_cohort_is_asked_alone_and_adjusted(screened):
    table = screened["screens"]
    assert set(table["cohort_id"]) == {"a", "b"}
    response = table[table["question_id"] == "genes"]
    adjusted = "pan_f_tbrs, tmb, braf"
    assert set(response["adjusted_for"]) == {"", adjusted}
    assert (response.groupby(["cohort_id", "adjusted_for"])["feature"].nunique() == len(tiny.genes())).all()
    family = response.loc[response["adjusted_for"] == adjusted, "family"]
    assert family.str.contains(adjusted, regex=False).all()
    assert not table["family"].str.contains("covariate").any()
    assert set(table.loc[table["question_id"] == "time", "effect_name"]) == {"hazard_ratio_per_sd"}


def test_a_gene_of_a_screen_has_the_odds_ratio_that_it_has_alone(screened):
    table, answers = screened["screens"], screened["answers"]
    screen = table[(table["question_id"] == "genes") & (table["adjusted_for"] == "") & (table["feature"] == "PRF1")]
    alone = answers[(answers["question_id"] == "one") & (answers["feature"] == "PRF1")]
    alone = alone[alone["effect_name"] == "odds_ratio_per_sd"]
    assert list(screen["n"]) == list(alone["n"])
    np.testing.assert_allclose(screen["effect"], alone["effect"], rtol=1e-6)


def test_planted_genes_lead_the_pooled_screen_and_the_others_rarely_follow(screened):
    pooled = screened["screens_pooled"]
    assert set(pooled["question_id"]) == {"genes"}
    alone = pooled[pooled["adjusted_for"] == ""]
    assert (alone["k"] == 2).all()
    planted = alone["feature"].isin(["PRF1", "GZMA", "IFNG", "CXCL9", "CXCL10", "HLA-DRA", "IDO1", "STAT1"])
    assert alone.loc[planted, "effect"].min() > 1.0
    assert alone.loc[planted, "p_value"].median() < 0.05 < alone.loc[~planted, "p_value"].median()
    background = alone["feature"].str.startswith("BG")
    assert (alone.loc[background, "q_value"] < 0.1).sum() <= 2


def test_a_cohort_whose_covariate_has_one_value_is_pooled_with_the_others(tmp_path):
    tiny.write_files(tmp_path)
    path = tmp_path / "b_samples.csv"
    pd.read_csv(path).assign(sex="F").to_csv(path, index=False)
    path = tmp_path / "a_samples.csv"
    samples = pd.read_csv(path)
    samples.assign(sex=["F", "M"] * (len(samples) // 2)).to_csv(path, index=False)
    data = tiny.study_dict()
    for cohort in data["cohorts"]:
        cohort["columns"]["sex"] = "sex"
    screen = {"kind": "screen", "endpoint": "response", "confounders": ["sex"], "pool": {}}
    data["question"] = [{"id": "first", **screen}, {"id": "second", **screen}]
    with opened(tmp_path, data) as context:
        do(context)
        folder = context.ledger.folder("tables", public=True)
        table, pooled = (read_table(folder / f"{n}.parquet") for n in ("screens", "screens_pooled"))
    assert set(table["adjusted_for"]) == {"", "sex"}
    assert (pooled["k"] == 2).all()
    assert set(pooled["adjusted_for"]) == {"", "sex"}
    assert table["checks"].str.contains("one value in this cohort").sum() == 2 * len(tiny.genes())
    assert table.groupby("family")["question_id"].nunique().max() == 1


def test_covariates_are_those_of_patients_with_the_endpoint(tmp_path):
    tiny.write_files(tmp_path)
    path = tmp_path / "a_samples.csv"
    samples = pd.read_csv(path)
    samples["sex"] = ["M", "M", None, None, None] + ["F"] * (len(samples) - 5)
    samples.loc[:1, "recist"] = None  # the only men have no response
    samples.to_csv(path, index=False)
    data = tiny.study_dict()
    data["cohorts"] = data["cohorts"][:1]
    data["cohorts"][0]["columns"]["sex"] = "sex"
    data["question"] = [{"id": "q", "kind": "screen", "endpoint": "response", "confounders": ["tmb", "sex"]}]
    with opened(tmp_path, data) as context:
        do(context, "answers")
        table = read_table(context.ledger.folder("answers-a") / "screens.parquet")
    adjusted = table[table["adjusted_for"] == "tmb, sex"]
    assert len(adjusted) == len(tiny.genes())
    assert adjusted["effect"].notna().all()
    assert set(table["n"]) == {len(samples) - 5}
    assert set(table["n_left_out"]) == {5}
    assert set(table["left_out"]) == {"2 without endpoint; 3 without axis or confounder"}


class _Ear(SilentProgress):
    def __init__(self) -> None:
        self.heard: list[tuple[str, float | None, str]] = []
        self.done = 0.0

    def start(self, task: str, total: float | None = None, *, unit: str = "") -> None:
        self.heard.append((task, total, unit))

    def advance(self, task: str, parts: float = 1) -> None:
        self.done += parts if task.startswith("screen") else 0


def test_a_screen_of_a_study_tells_how_many_features_are_done(tmp_path):
    data = tiny.study_dict()
    data["cohorts"] = data["cohorts"][:1]
    data["question"] = [{"id": "q", "kind": "screen", "endpoint": "response", "confounders": ["tmb"]}]
    ear, n = _Ear(), len(tiny.genes())
    with opened(tmp_path, data) as context:
        do(context, "profile")
        context.progress = ear
        do(context, "answers")
    screens = [heard for heard in ear.heard if heard[0].startswith("screen")]
    assert screens == [("screen response", n, "features"), ("screen response, adjusted", n, "features")]
    assert ear.done == 2 * n


def test_a_screen_takes_no_list_of_features():
    with pytest.raises(ValidationError, match="is no option of kind screen"):
        Question(id="q", kind="screen", endpoint="os", genes=["PRF1"])


def test_a_screen_takes_no_moderators():
    pool = {"moderators": {"drug": {"a": "PD1", "b": "CTLA4", "c": "PD1"}}}
    assert Question(id="q", kind="survival", endpoint="os", pool=pool).pool is not None
    with pytest.raises(ValidationError, match=r"pool\.moderators is no option"):
        Question(id="q", kind="screen", endpoint="os", pool=pool)


def test_a_pooled_screen_without_enough_cohorts_says_so(tmp_path):
    data = tiny.study_dict()
    data["question"] = [{"id": "q", "kind": "screen", "endpoint": "response", "pool": {"fewest_cohorts": 3}}]
    with opened(tmp_path, data) as context:
        do(context, "pooled")
        folder = context.ledger.folder("pooled")
        assert len(read_table(folder / "screens_pooled.parquet")) == 0
        told = read_table(folder / "warnings.parquet").set_index("code")
    assert told.loc["pooled.too_few_cohorts", "count"] == len(tiny.genes())
