from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tmescope.associate.screened_columns import MatrixColumns
from tmescope.associate.screens import ScreenQuestion, screen_features
from tmescope.foundation.errors import InputError, SampleError
from tmescope.ingest.zarr_columns import open_zarr_columns
from tmescope.stats.multiplicity import benjamini_hochberg

QUESTION = ScreenQuestion(cohort_id="c", endpoint="os")


@pytest.fixture(scope="module")
def asked():
    """300 features of 90 patients, the first four with an effect; four patients without an outcome."""
    rng = np.random.default_rng(5)
    values = rng.normal(5, 2, size=(90, 300))
    risk = ((values[:, :4] - 5) / 2).sum(axis=1) * 1.5
    values[:, 20], values[7, 30] = 1.0, np.nan
    outcome = pd.DataFrame(
        {
            "time_months": rng.exponential(10 * np.exp(-risk)),
            "event": rng.random(90) < 0.9,
            "age": rng.normal(60, 9, 90),
        },
        index=[f"s{i}" for i in range(90)],
    )
    outcome.loc[["s3", "s4"], "time_months"] = np.nan
    outcome.loc["s5", "age"] = np.nan
    names = tuple(f"g{i}" for i in range(300))
    return MatrixColumns(tuple(outcome.index), names, values), outcome.drop(index=["s6", "s8"])


def test_every_row_says_who_was_used_and_what_it_was_adjusted_for(asked):
    columns, outcome = asked
    question = ScreenQuestion(cohort_id="c", endpoint="os", covariates=("age",), both=True)
    table = screen_features(columns, outcome, question).table
    assert table["adjusted_for"].tolist() == [""] * 300 + ["age"] * 300
    first, second = table[:300].set_index("feature"), table[300:].set_index("feature")
    assert (first.loc["g0", "n"], first.loc["g30", "n"], second.loc["g30", "n"]) == (86, 85, 84)
    assert second.loc["g30", "left_out"] == "4 without endpoint; 1 without covariate; 1 without value"
    assert second.loc["g30", "n_left_out"] == 6
    assert first.loc["g20", "method"] == "not estimated (constant)"
    for part in (first, second):
        np.testing.assert_allclose(part["q_value"], benjamini_hochberg(part["p_value"]))
        assert part["family"].nunique() == 1
        assert set(part["family_size"]) == {299}
        assert part["effect"].isna().sum() == 1
    assert first["family"].iloc[0] != second["family"].iloc[0]


def test_planted_effects_come_first_and_are_drawn_towards_one(asked):
    table = screen_features(*asked, QUESTION).table.set_index("feature").drop(index="g20")
    assert set(table["p_value"].nsmallest(3).index) <= {f"g{i}" for i in range(4)}
    assert (np.abs(np.log(table["shrunk_effect"])) <= np.abs(table["log2_effect"]) * np.log(2)).all()
    np.testing.assert_allclose(table["neg_log10_p"], -np.log10(table["p_value"]), rtol=1e-9)
    assert table["expected_neg_log10_p"].is_unique


def test_no_number_depends_on_threads_or_on_where_the_matrix_lies(asked, tmp_path):
    columns, outcome = asked
    one = screen_features(columns, outcome, QUESTION).table
    two = screen_features(columns, outcome, ScreenQuestion(cohort_id="c", endpoint="os", threads=2)).table
    pd.testing.assert_frame_equal(one, two, check_exact=True)
    from anndata import AnnData

    obs, var = (pd.DataFrame(index=list(axis)) for axis in (columns.samples, columns.names))
    AnnData(columns.matrix, obs=obs, var=var).write_zarr(tmp_path / "store", chunks=(40, 70))
    stored = screen_features(open_zarr_columns(tmp_path / "store"), outcome, QUESTION).table
    pd.testing.assert_frame_equal(one, stored, check_exact=True)


def test_a_response_is_screened_by_logistic_models_and_few_patients_are_pointed_out(asked):
    columns, outcome = asked
    response = np.where(np.arange(len(outcome)) % 11 == 0, "responder", "non_responder")
    found = screen_features(columns, pd.DataFrame({"response": response}, index=outcome.index), QUESTION)
    assert set(found.table["effect_name"]) == {"odds_ratio_per_sd"}
    assert set(found.table["n_events"]) <= {7, 8}
    assert [w.code for w in found.warnings] == ["answers.few_events", "answers.not_estimable"]


def test_progress_hears_each_block(asked):
    class Ear:
        def __init__(self):
            self.parts = []

        def start(self, task, total=None, *, unit=""):
            self.parts.append((task, total))

        def advance(self, task, parts=1):
            self.parts.append(parts)

        def finish(self, task, note=""):
            self.parts.append("done")

    ear = Ear()
    screen_features(*asked, QUESTION, progress=ear)
    assert ear.parts == [("screen os", 300), 128, 128, 44, "done"]


def test_bad_outcomes_are_refused(asked):
    columns, outcome = asked
    with pytest.raises(InputError, match="columns of the outcome"):
        screen_features(columns, outcome, ScreenQuestion(cohort_id="c", endpoint="os", covariates=("sex",)))
    with pytest.raises(InputError, match="has the columns"):
        screen_features(columns, outcome[["age"]], QUESTION)
    with pytest.raises(SampleError, match="none of the 88"):
        screen_features(columns, outcome.rename(index=lambda s: "x" + s), QUESTION)
    with pytest.raises(SampleError, match="more than once"):
        screen_features(columns, pd.concat([outcome, outcome[:1]]), QUESTION)
    with pytest.raises(InputError, match="the response has the values"):
        screen_features(columns, pd.DataFrame({"response": "CR"}, index=outcome.index), QUESTION)
