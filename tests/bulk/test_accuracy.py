from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.golden.test_deconvolution_sets_parity import cohort

from tmescope.bulk.accuracy import COLUMNS, find_accuracy
from tmescope.bulk.deconvolution import deconvolve
from tmescope.stats.closeness import measure_closeness

SAMPLES = [f"s{i}" for i in range(8)]


def estimates(unit: str = "fraction") -> pd.DataFrame:
    rng = np.random.default_rng(2)
    rows = [
        {
            "cohort_id": "x",
            "sample_id": s,
            "method": method,
            "feature": f,
            "value": rng.random(),
            "coverage": 1.0,
            "unit": u,
        }
        for method, features, u in (
            ("shares", ["B.cells", "T.cells.CD4", "Tregs", "Other"], unit),
            ("scores", ["B cells", "NK cells"], "score"),
        )
        for s in SAMPLES
        for f in features
    ]
    return pd.DataFrame(rows).assign(coverage=1.0)


def counted() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    table = pd.DataFrame(rng.random((8, 3)) / 3, index=SAMPLES, columns=["B-cells", "CD4+ T-cells", "no such cells"])
    table.iloc[0, 0] = np.nan
    return table


def test_each_method_is_compared_by_types_of_the_tree() -> None:
    table, truth = estimates(), counted()
    found = find_accuracy(table, {"x": truth, "y": truth}, additive={"shares": True})
    assert tuple(found.columns) == COLUMNS
    rows = found.set_index(["method", "cell_type"])
    assert set(rows.index.get_level_values("method")) == {"shares", "scores"}
    wide = table.pivot(index=["method", "sample_id"], columns="feature", values="value")
    b = measure_closeness(wide.loc["shares"].loc[SAMPLES, "B.cells"], truth["B-cells"])
    told = rows.loc[("shares", "B cell")]
    assert (told["n"], told["pearson"], told["rmse"], told["ccc"]) == (7, b.pearson, b.rmse, b.ccc)
    helpers = wide.loc["shares"].loc[SAMPLES, ["T.cells.CD4", "Tregs"]].sum(axis=1)
    name = next(n for m, n in rows.index if m == "shares" and n != "B cell")
    assert rows.loc[("shares", name), "pearson"] == pytest.approx(
        measure_closeness(helpers, truth["CD4+ T-cells"]).pearson
    )
    score = rows.loc[("scores", "B cell")]
    assert np.isnan([score["rmse"], score["ccc"]]).all()
    assert ("scores", "natural killer cell") not in rows.index


def test_nothing_to_compare_gives_no_row() -> None:
    assert len(find_accuracy(estimates(), {}, additive={})) == 0
    assert len(find_accuracy(estimates(), {"x": counted().rename(index=lambda s: s + "x")}, additive={})) == 0


def test_mcp_counter_on_counted_blood_is_as_r_has_it(shared_data: Path) -> None:
    folder = shared_data / "bulk" / "sdy420"
    table = deconvolve(cohort(folder), method="mcp_counter").table
    truth = pd.read_csv(folder / "truth.tsv", sep="\t", index_col=0)
    found = find_accuracy(table, {str(table["cohort_id"].iloc[0]): truth}, additive={}).set_index("cell_type")
    assert found.loc["B cell", "pearson"] == pytest.approx(0.78, abs=0.01)
    assert found["n"].max() > 90
    assert found["rmse"].isna().all()
