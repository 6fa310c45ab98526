from __future__ import annotations

import base64
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.report.patient_cases import COHORT, make_patient_contents

from tmescope.report import patient_scores
from tmescope.report.contents import ReportContents
from tmescope.report.patient_records import gather_records
from tmescope.report.patient_scores import LEVELS, encode, pack_scores


@pytest.fixture(scope="module")
def made() -> ReportContents:
    return make_patient_contents()


def _pack(contents: ReportContents) -> dict[str, object]:
    records = gather_records(contents)
    return pack_scores(contents, records.keys, records.cohorts)


def _decode(codes: patient_scores.Codes) -> np.ndarray:
    bent = codes.low + codes.codes.astype(float) / LEVELS * (codes.high - codes.low)
    return np.where(codes.codes > LEVELS, np.nan, codes.scale * np.sinh(bent))


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=60))
@example([4.0, 2.2250738585072014e-308, 2.2250738585072014e-308])
def test_codes_keep_the_order(values: list[float]) -> None:
    array = np.array(values)
    codes = encode(array).codes
    order = np.argsort(array, kind="stable")
    assert (np.diff(codes[order].astype(int)) >= 0).all()
    assert codes.max() <= LEVELS


def test_values_come_back_to_three_digits_whatever_the_outlier() -> None:
    rng = np.random.default_rng(3)
    values = np.append(rng.lognormal(2, 1, 500), 1e6)
    back = _decode(encode(values))
    assert np.nanmax(np.abs(back / values - 1)) < 2e-3


def test_missing_and_constant_values() -> None:
    codes = encode(np.array([np.nan, 2.0, 2.0, np.inf]))
    assert codes.codes.tolist() == [LEVELS + 1, 0, 0, LEVELS + 1]
    assert _decode(codes)[1] == pytest.approx(2.0)
    assert encode(np.array([np.nan])).codes.tolist() == [LEVELS + 1]
    assert _decode(encode(np.array([0.0, 0.0]))).tolist() == [0.0, 0.0]


def test_percentiles_from_codes_are_those_of_the_scores(made: ReportContents) -> None:
    part = made.table("scores").query("method == 'ssgsea' and feature == 'cyt'")
    values = part["value"].to_numpy(dtype=float)
    codes = encode(values).codes
    known = ~np.isnan(values)
    exact = pd.Series(values[known]).rank(pct=True)
    coded = pd.Series(codes[known]).rank(pct=True)
    assert np.abs(exact - coded).max() <= 1 / known.sum()


def test_the_page_gets_every_score(made: ReportContents) -> None:
    packed = _pack(made)
    methods = packed["methods"]
    assert [m["name"] for m in methods] == ["ssgsea", "zscore"]  # type: ignore[index, attr-defined]
    method = methods[0]  # type: ignore[index]
    n = len(made.table("samples"))
    codes = np.frombuffer(base64.b64decode(method["data"]), dtype="<u2").reshape(-1, n)
    row = made.table("scores").query("method == 'ssgsea' and feature == 'tgfb'")
    place = packed["features"]["labels"].index("Pan-fibroblast TGF-β response")  # type: ignore[index]
    at = method["features"].index(place)
    scale, low, high = method["scaling"][at]
    values = scale * np.sinh(low + codes[at] / LEVELS * (high - low))
    wanted = row["value"].to_numpy(dtype=float)
    known = ~np.isnan(wanted)
    np.testing.assert_allclose(values[known], wanted[known], rtol=1e-3, atol=1e-2)
    assert (codes[at][~known] == LEVELS + 1).all()


def test_only_methods_of_single_samples_are_compared_across_cohorts(made: ReportContents) -> None:
    by_name = {m["name"]: m for m in _pack(made)["methods"]}  # type: ignore[index, attr-defined]
    assert by_name["ssgsea"]["across"]
    assert not by_name["zscore"]["across"]
    assert by_name["zscore"]["why"] == "this method scores a sample relative to its cohort"
    assert _pack(made)["units"] == ["tpm", "tpm", "array"]
    own = replace(made, provenance={"parameters": {"profile": {"gene_universe": "own"}}})
    assert not any(m["across"] for m in _pack(own)["methods"])  # type: ignore[attr-defined]
    silent = replace(made, tables={k: v for k, v in made.tables.items() if k != "methods"})
    assert not any(m["across"] for m in _pack(silent)["methods"])  # type: ignore[attr-defined]


def test_scores_of_one_model_are_compared_across_cohorts_whatever_genes_others_saw(made: ReportContents) -> None:
    scores, methods = made.table("scores"), made.table("methods")
    frozen = scores[scores["method"] == "zscore"].assign(method="zscore_frozen")
    spec = methods[methods["name"] == "zscore"].assign(name="zscore_frozen", scope="sample")
    tables = {**made.tables, "scores": pd.concat([scores, frozen]), "methods": pd.concat([methods, spec])}
    about = {"parameters": {"profile": {"gene_universe": "own"}}, "models": {"zscore_frozen": {"cohort": "a"}}}
    by_name = {m["name"]: m for m in _pack(replace(made, tables=tables, provenance=about))["methods"]}  # type: ignore[attr-defined]
    assert (by_name["zscore_frozen"]["across"], by_name["zscore_frozen"]["why"]) == (True, "")
    assert not by_name["zscore"]["across"]
    assert by_name["ssgsea"]["why"] == "each cohort was scored over its own genes"


def test_lost_genes_are_told_by_signature(made: ReportContents) -> None:
    packed = _pack(made)
    lacking = packed["lacking"]
    place = packed["features"]["labels"].index("Cytolytic activity")  # type: ignore[index]
    found = lacking["by_cohort"][0]  # type: ignore[index]
    assert [lacking["genes"][i] for i in found[str(place)]] == sorted(made.signature_genes["cyt"])  # type: ignore[index]
    assert list(found) == [str(place)]
    assert lacking["known"]  # type: ignore[index]


def test_coverage_is_by_cohort(made: ReportContents) -> None:
    packed = _pack(made)
    method = packed["methods"][0]  # type: ignore[index]
    place = packed["features"]["labels"].index("Tertiary lymphoid structures")  # type: ignore[index]
    assert method["coverage"][method["features"].index(place)] == [0.92, 0.92, 0.3]
    assert COHORT == "melanoma_pd1_a"


def test_methods_beyond_the_limit_are_left_out_and_named(made: ReportContents, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patient_scores, "MOST_BYTES", 12_000)
    packed = _pack(made)
    assert [m["name"] for m in packed["methods"]] == ["ssgsea"]  # type: ignore[attr-defined]
    assert packed["left_out"] == "Left out of these pages for their size: zscore; see tables/scores.csv."


def test_a_cell_type_with_the_name_of_a_gene_set_is_not_taken_for_it(made: ReportContents) -> None:
    scores = made.table("scores").query("method == 'ssgsea' and feature == 'cyt'")
    typed = [scores.assign(method="tool", feature=name) for name in ("cyt", "Other")]
    fractions = pd.concat(typed, ignore_index=True)
    packed = _pack(replace(made, tables={**made.tables, "fractions": fractions}))
    tool = next(m for m in packed["methods"] if m["name"] == "tool")
    score = next(m for m in packed["methods"] if m["name"] == "ssgsea")
    features = packed["features"]
    mine = tool["features"][0]
    its = next(i for i in score["features"] if features["labels"][i] == made.feature_labels()["cyt"])
    assert mine != its
    assert features["labels"][mine] == "cyt"
    assert features["genes"][mine] is None
    assert features["genes"][its] == 2
    assert features["categories"][features["category"][mine]] == "other"
