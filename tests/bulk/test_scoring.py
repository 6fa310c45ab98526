from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

import tmescope as ts
from tmescope.bulk import scoring
from tmescope.bulk.scoring import ScoreOptions, list_methods, order_genes, score, universe_warnings
from tmescope.foundation.errors import ExpressionError, MethodError, ScaleError, UnknownNameError
from tmescope.foundation.method import find_method, load_plugins
from tmescope.foundation.scale import Scale, convert

GENES = ["GZMA", "PRF1", "X", "Y", "Z"]
OWN = {"cyt2": ["GZMA", "PRF1"], "half": ["X", "NOPE"], "third": ["X", "NO1", "NO2"]}


def cohort(values=None, scale="tpm", genes=GENES):
    if values is None:
        values = np.arange(20.0).reshape(4, 5)
    obs = pd.DataFrame(index=[f"s{i}" for i in range(len(values))])
    return AnnData(
        X=np.asarray(values, dtype=float),
        obs=obs,
        var=pd.DataFrame(index=genes),
        uns={"tmescope": {"scale": scale, "cohort_id": "c1"}},
    )


def test_the_public_way():
    adata = cohort()
    result = ts.bulk.score(adata, OWN, method="mean")
    assert list(result.table.columns) == ["cohort_id", "sample_id", "method", "feature", "value", "coverage", "unit"]
    first = result.table.iloc[0]
    assert (first["cohort_id"], first["sample_id"], first["feature"]) == ("c1", "s0", "cyt2")
    assert first["value"] == pytest.approx((np.log2(1) + np.log2(2)) / 2)
    ts.attach(adata, result)
    assert adata.obsm["mean"].shape == (4, 3)
    assert result.provenance.versions["numpy"] == np.__version__
    assert set(result.provenance.facts) == set(OWN)


def test_coverage_decides_what_is_missing():
    table = score(cohort(), OWN, method="mean").table
    by = table.groupby("feature")
    assert by["coverage"].first().to_dict() == {"cyt2": 1.0, "half": 0.5, "third": pytest.approx(1 / 3)}
    assert by["value"].count().to_dict() == {"cyt2": 4, "half": 4, "third": 0}
    codes = {w.code: w for w in score(cohort(), OWN, method="mean").warnings}
    assert codes["coverage.missing"].examples == ("third",)
    assert codes["coverage.partial"].examples == ("half (50%)",)
    kept = score(cohort(), OWN, method="mean", options=ScoreOptions(min_coverage=0.0)).table
    assert kept["value"].notna().all()


def test_one_sample_with_missing_genes_loses_only_its_own_score():
    values = np.arange(20.0).reshape(4, 5)
    values[1, :2] = np.nan
    table = score(cohort(values), {"cyt2": ["GZMA", "PRF1"]}, method="mean").table
    assert table["value"].isna().tolist() == [False, True, False, False]
    assert table["coverage"].tolist() == [1.0, 0.0, 1.0, 1.0]


def test_scales_are_converted_exactly():
    tpm = score(cohort(), OWN, method="mean").table["value"]
    values, _ = convert(cohort().X, Scale("tpm"), Scale.parse("log2(tpm+0.001)"))
    logged = score(cohort(values, "log2(tpm+0.001)"), OWN, method="mean").table["value"]
    np.testing.assert_allclose(tpm, logged, rtol=1e-9, equal_nan=True)
    array = score(cohort(scale="log2_array"), OWN, method="mean").table["value"]
    assert array[0] == 0.5


def test_clipped_values_are_told():
    floor = np.log2(0.001) - 2e-5
    result = score(cohort(np.full((2, 5), floor), "log2(tpm+0.001)"), OWN, method="mean")
    assert next(w for w in result.warnings if w.code == "scale.clipped").count == 10
    assert result.table["value"].dropna().eq(0.0).all()


@pytest.mark.parametrize(
    ("adata", "arguments", "error", "text"),
    [
        (cohort(scale=""), {}, ScaleError, "not declared"),
        (cohort(scale="counts"), {}, ScaleError, "does not take counts"),
        (cohort(genes=["A", "A", "B", "C", "D"]), {}, ExpressionError, "'A'"),
        (cohort(np.zeros((0, 5))), {}, ExpressionError, "empty"),
        (cohort(np.full((1, 5), np.inf)), {}, ExpressionError, "5 values are infinite"),
        (cohort(np.ones((1, 5))), {"method": "zscore"}, MethodError, "at least 2 samples"),
        (cohort(genes=list("abcde")), {"signatures": {"s": ["GZMA"]}}, MethodError, "none of the 1 genes"),
        (cohort(), {"method": "zscor"}, UnknownNameError, "did you mean 'zscore'"),
        (cohort(), {"signatures": ["cytt"]}, UnknownNameError, "did you mean 'cyt'"),
        (cohort(), {"options": ScoreOptions(parameters={"alpha": 1.0})}, UnknownNameError, "alpha"),
    ],
)
def test_bad_input_says_what(adata, arguments, error, text):
    with pytest.raises(error, match=text):
        score(adata, **{"signatures": OWN, **arguments})


def test_bundled_names_and_collections():
    named = score(cohort(), ["cyt"], method="mean").table
    assert named["feature"].unique().tolist() == ["cyt"]
    genes = [*GENES, "CD8A", "CD8B"]
    values = np.ones((2, 7))
    populations = score(cohort(values, genes=genes), method="mcp_counter").table
    assert populations["feature"].nunique() == 10


def test_plugins_join_the_list(monkeypatch):
    monkeypatch.setattr(scoring, "load_plugins", lambda room: ((), ("broken one",)))
    methods, warnings = list_methods()
    assert methods[0].spec.name == "zscore"
    assert warnings[0].code == "method.plugin_broken"
    assert load_plugins("bulk") == ((), ())


def test_genes_outside_the_universe_are_not_ranked_and_its_names_sort_the_others():
    genes = [f"G{i}" for i in range(30)]
    values = np.random.default_rng(4).gamma(2.0, 2.0, size=(3, 30)).round(1)  # with ties
    adata = AnnData(values, pd.DataFrame(index=list("abc")), pd.DataFrame(index=genes))
    sets = {"x": genes[:5]}
    kept = genes[:20]
    asked = ScoreOptions(universe=kept)
    seen = score(adata, sets, method="ssgsea_raw", scale="log2(tpm+1)", options=asked).table["value"]
    alone = score(adata[:, kept].copy(), sets, method="ssgsea_raw", scale="log2(tpm+1)").table["value"]
    np.testing.assert_array_equal(seen, alone)
    spec = find_method("estimate", list_methods()[0]).spec
    assert order_genes(spec, ["B", "A", "C"], ["A", "B"]).tolist() == [1, 0]
    assert order_genes(spec, ["B", "A", "C"], {"A": "Z", "B": "Y"}).tolist() == [0, 1]
    assert order_genes(find_method("mean", list_methods()[0]).spec, ["B", "A"], None) is None


def test_scores_over_another_universe_than_the_original_are_marked():
    spec = find_method("estimate", list_methods()[0]).spec
    (warning,) = universe_warnings(spec, ["A"], None, cohort="c")
    assert (warning.code, warning.where) == ("universe.not_original", "c")
    (warning,) = universe_warnings(spec, ["A"], ["A", "B", "C"], cohort="c")
    assert (warning.code, warning.count, warning.examples) == ("universe.genes_missing", 2, ("B", "C"))
    assert universe_warnings(spec, ["A"], ["A"], cohort="c") == ()
    assert universe_warnings(find_method("mean", list_methods()[0]).spec, ["A"], None, cohort="c") == ()


@pytest.mark.parametrize(("method", "looks"), [("zscore", False), ("mean", False), ("ssgsea_raw", True)])
def test_the_hashes_are_those_of_the_genes_that_the_method_looked_at(method, looks):
    first = np.random.default_rng(3).gamma(2.0, 3.0, size=(4, 5))
    other, member = first.copy(), first.copy()
    other[:, 4] *= 2  # Z is in no set
    member[0, 0] *= 2
    one, two, three = (score(cohort(v), OWN, method=method).provenance.inputs for v in (first, other, member))
    assert (one["values"] != two["values"]) == looks
    assert one["values"] != three["values"]
    renamed = score(cohort(first, genes=[*GENES[:4], "Q"]), OWN, method=method).provenance.inputs
    assert (one["genes"] != renamed["genes"]) == looks
