from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.study.clinical_study import ask, cohort, write_cohort

from tmescope.stats.ordinal import fit_ordinal

LEVELS = ["PD", "SD", "PR", "CR"]
EFFECT = 0.8


def patients(n: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x, age = rng.normal(size=n), rng.normal(60, 8, n)
    place = np.searchsorted([-0.5, 0.8, 2.0], EFFECT * x + rng.logistic(size=n))
    return pd.DataFrame({"best": np.array(LEVELS)[place], "x": x, "age": age, "axis": x + rng.normal(size=n)})


@pytest.fixture(scope="module")
def answered(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ordinal")
    first, second = patients(260, 1), patients(140, 2)
    first.loc[3, "best"] = "NE"
    write_cohort(folder, "a", first)
    words = {"PD": "Progressive Disease", "SD": "no change", "PR": "partial response", "CR": "CR"}
    write_cohort(folder, "b", second.assign(best=second["best"].map(words)), seed=1)
    endpoint = {
        "kind": "ordinal",
        "rule": "recist",
        "column": "best",
        "levels": LEVELS,
        "missing": ["NE"],
        "cohorts": {"b": {"rule": "recist", "column": "best", "words": {"SD": ["no change", "SD"]}}},
    }
    question = {
        "id": "levels",
        "kind": "ordinal",
        "endpoint": "best",
        "features": ["x"],
        "axis": "axis",
        "confounders": ["age"],
        "pool": {"test": "z"},
    }
    columns = ("x", "age", "axis")
    cohorts = [cohort("a", numeric=columns), cohort("b", numeric=columns)]
    tables = ask(folder, cohorts, endpoints={"best": endpoint}, questions=[question], report=True)
    return tables, first, (folder / "out" / "methods.md").read_text(encoding="utf-8")


def test_samples_carry_the_ordered_category_in_the_words_of_the_endpoint(answered):
    samples = answered[0]["samples"]
    assert set(samples["best"].dropna()) == set(LEVELS)
    assert samples["best"].isna().sum() == 1
    told = answered[0]["warnings"].query("code == 'endpoint.recist_words'")
    assert len(told) == 1  # Progressive Disease and partial response of cohort b are documented words


def test_the_odds_of_a_better_level_alone_and_adjusted(answered):
    tables, first, _ = answered
    answers = tables["answers"]
    rows = answers[(answers["cohort_id"] == "a") & (answers["effect_name"] == "cumulative_odds_ratio_per_sd")]
    assert list(rows["adjusted_for"]) == ["", "axis", "age", "axis, age"]
    assert rows["n"].tolist() == [259] * 4
    known = first[first["best"] != "NE"]
    direct = fit_ordinal(known[["x"]] / known["x"].std(), known["best"].map(LEVELS.index))
    alone = rows.iloc[0]
    assert np.log(alone["effect"]) == pytest.approx(direct.coefficients[0], rel=1e-9)
    assert np.log(alone["ci_low"]) < EFFECT * known["x"].std() < np.log(alone["ci_high"])
    assert rows["checks"].str.contains("proportional odds (Brant) p = ", regex=False).all()
    assert alone["left_out"] == "1 without endpoint"
    assert "auc" not in set(answers["effect_name"])


def test_it_is_pooled_and_described(answered):
    tables, _, methods = answered
    pooled = tables["pooled"].set_index("adjusted_for")
    assert set(pooled["effect_name"]) == {"cumulative_odds_ratio_per_sd"}
    assert pooled.loc["", "k"] == 2
    assert pooled.loc["", "ci_low"] > 1
    assert "from worst to best PD (“PD”), SD (“SD”), PR (“PR”), CR (“CR”)" in methods
    assert "SD (“no change” and “SD”)" in methods
    assert "@mccullagh1980" in methods
