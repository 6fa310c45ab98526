"""Every expected file of the survival data sets, read and compared."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tmescope.stats.competing_risks import cumulative_incidence, gray_test
from tmescope.stats.cox_model import CoxDesign, CoxModel, CoxOptions, compare_nested, fit_cox
from tmescope.stats.fine_gray import fit_fine_gray
from tmescope.stats.proportionality import check_proportional_hazards
from tmescope.stats.ranking import survival_concordance
from tmescope.stats.restricted_means import restricted_mean
from tmescope.stats.survival import log_rank

TERMS = {
    "lung": ("status", "age sex ph_ecog wt_loss"),
    "colon": ("status", "lev lev5fu sex age obstruct adhere nodes extent surg"),
    "pbc": ("event", "trt age edema logbili albumin logprot"),
    "veteran": ("status", "trt karno diagtime age prior smallcell adeno large"),
}
GROUPS = {"lung": "sex", "colon": "rx", "pbc": "trt", "veteran": "trt"}
TIES = ("efron", "breslow")
COVERED = {"lung", "colon", "pbc", "veteran", "heart_startstop", "mgus2_competing"}
ELSEWHERE = {
    "expected_rms_validate_B500.tsv",  # optimism bootstrap of a prediction model, not of this part
    "expected_maxstat_MGE.tsv",  # cut-points
}
CURVES = ("expected_km_curve_", "expected_km_median_")  # tests/stats/test_survival.py


def _read(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / "stats" / name, sep="\t")


def _fit(folder: Path, name: str, **options) -> tuple[CoxModel, pd.DataFrame]:
    event, terms = TERMS[name]
    data = _read(folder, f"{name}/data.tsv")
    if name == "colon":
        data["rx"] = data["lev"] + 2 * data["lev5fu"]
    names = terms.split()
    model = fit_cox(data[names], data["time"], data[event], options=CoxOptions(names=names, **options))
    return model, data.rename(columns={event: "died"})


def _same(found, expected, *, tolerance: float = 1e-7) -> None:
    np.testing.assert_allclose(np.asarray(found), np.asarray(expected), rtol=tolerance, atol=1e-8)


@pytest.mark.parametrize("name", TERMS)
@pytest.mark.parametrize("ties", TIES)
def test_coefficients_and_global_tests(shared_data: Path, name: str, ties: str) -> None:
    model, data = _fit(shared_data, name, ties=ties)
    expected = _read(shared_data, f"{name}/expected_cox.tsv")[lambda d: d["ties"] == ties]
    assert model.names == tuple(expected["term"])
    _same(model.coefficients, expected["coef"])
    _same(model.std_error, expected["se"])
    _same(model.hazard_ratio, expected["hr"])
    _same(model.ci_low, expected["hr_lo"])
    _same(model.ci_high, expected["hr_hi"])
    np.testing.assert_allclose(model.p_value, expected["p"], rtol=1e-5, atol=1e-8)
    told = _read(shared_data, f"{name}/expected_cox_global.tsv").set_index("ties").loc[ties]
    assert (model.n, model.n_events) == (told["n"], told["nevent"])
    _same(
        [model.log_likelihood_null, model.log_likelihood, model.likelihood_ratio.statistic, model.score.statistic],
        told[["loglik0", "loglik1", "lrt", "score"]].astype(float),
        tolerance=1e-9,
    )
    assert model.wald.statistic == pytest.approx(told["wald"], abs=0.0051)  # two decimals in the file
    np.testing.assert_allclose(
        [model.likelihood_ratio.p_value, model.score.p_value], told[["lrt_p", "score_p"]].astype(float), rtol=1e-7
    )
    assert model.likelihood_ratio.df == told["lrt_df"]
    rank = survival_concordance(model.linear_predictor, data["time"], data["died"])
    np.testing.assert_allclose(
        [rank.concordance, rank.std_error], told[["concordance", "conc_se"]].astype(float), atol=1e-8
    )


@pytest.mark.parametrize("name", TERMS)
@pytest.mark.parametrize("transform", ["km", "rank", "identity", "log"])
def test_proportional_hazards(shared_data: Path, name: str, transform: str) -> None:
    model, _ = _fit(shared_data, name)
    expected = _read(shared_data, f"{name}/expected_phtest.tsv")[lambda d: d["transform"] == transform]
    found = check_proportional_hazards(model, transform=transform)
    tests = [*found.terms.values(), found.overall]
    assert [*found.terms, "GLOBAL"] == list(expected["term"])
    np.testing.assert_allclose([t.p_value for t in tests], expected["p"], atol=1e-6)
    np.testing.assert_allclose([t.statistic for t in tests], expected["chisq"], rtol=1e-5, atol=1e-8)
    assert [t.df for t in tests] == list(expected["df"])
    assert [t.p_value < 0.05 for t in tests] == list(expected["p"] < 0.05)


def test_strata_weights_and_robust_errors(shared_data: Path) -> None:
    data = _read(shared_data, "lung/data.tsv")
    table = _read(shared_data, "lung/expected_cox_variants.tsv")
    weights = 1 + (np.arange(1, len(data) + 1) % 3)
    designs = (
        (CoxDesign(strata=data["sex"]), CoxOptions(), 1e-7),
        (CoxDesign(weights=weights), CoxOptions(), 1e-7),
        (CoxDesign(), CoxOptions(robust=True), 1e-6),
    )
    for (_, expected), (design, options, tolerance) in zip(table.groupby("model", sort=False), designs, strict=True):
        found = fit_cox(data[["age", "ph_ecog"]], data["time"], data["status"], design=design, options=options)
        _same(found.coefficients, expected["coef"])
        _same(found.std_error, expected["se"], tolerance=tolerance)


def test_start_stop(shared_data: Path) -> None:
    data = _read(shared_data, "heart_startstop/data.tsv")
    expected = _read(shared_data, "heart_startstop/expected_cox.tsv")
    found = fit_cox(data[list(expected["term"])], data["stop"], data["event"], design=CoxDesign(entry=data["start"]))
    _same(found.coefficients, expected["coef"])
    _same(found.std_error, expected["se"])


def test_dlbcl(shared_data: Path) -> None:
    data = _read(shared_data, "dlbcl/data.tsv")
    expected = _read(shared_data, "dlbcl/expected_cox.tsv")
    found = fit_cox(data[list(expected["term"])], data["time"], data["cens"])
    _same(found.coefficients, expected["coef"])
    _same(found.std_error, expected["se"])
    np.testing.assert_allclose(found.p_value, expected["p"], atol=1e-8)


@pytest.mark.parametrize(("name", "pair"), [("colon", ("lev5fu", "nodes")), ("veteran", ("trt", "karno"))])
def test_interactions(shared_data: Path, name: str, pair: tuple[str, str]) -> None:
    data = _read(shared_data, f"{name}/data.tsv")
    expected = _read(shared_data, f"{name}/expected_interaction_{'_'.join(pair)}.tsv")
    if name == "colon":  # levamisole with fluorouracil against observation: the third arm is left out
        data = data[data["lev"] == 0]
    x = data[list(pair)].assign(both=data[pair[0]] * data[pair[1]])
    larger = fit_cox(x, data["time"], data["status"])
    smaller = fit_cox(data[list(pair)], data["time"], data["status"])
    _same(larger.coefficients, expected["coef"])
    _same(larger.std_error, expected["se"])
    told = _read(shared_data, f"{name}/expected_interaction_lrt.tsv").iloc[0]
    test = compare_nested(smaller, larger)
    np.testing.assert_allclose([test.statistic, test.p_value], [told["lrt"], told["p"]], atol=1e-8)
    assert test.df == told["df"]


@pytest.mark.parametrize("name", TERMS)
def test_restricted_means(shared_data: Path, name: str) -> None:
    _, data = _fit(shared_data, name)
    group = GROUPS[name]
    for row in _read(shared_data, f"{name}/expected_rmst_{group}.tsv").itertuples():
        part = data[data[group] == int(row.group.split("=")[1])]
        found = restricted_mean(part["time"], part["died"], horizon=row.tau)
        assert found.mean == pytest.approx(row.rmst, rel=1e-8)
        assert found.std_error == pytest.approx(row.se, rel=1e-6)


@pytest.mark.parametrize("name", TERMS)
def test_weighted_and_stratified_log_rank(shared_data: Path, name: str) -> None:
    _, data = _fit(shared_data, name)
    group = GROUPS[name]
    for row in _read(shared_data, f"{name}/expected_logrank_{group}.tsv").itertuples():
        found = log_rank(data["time"], data["died"], data[group], rho=float(row.test[-1]))
        np.testing.assert_allclose([found.statistic, found.p_value], [row.chisq, row.p], rtol=1e-8)
        assert found.df == row.df
    if name == "lung":
        row = _read(shared_data, "lung/expected_logrank_strat.tsv").iloc[0]
        found = log_rank(data["time"], data["died"], data["sex"], strata=data["ph_ecog"])
        np.testing.assert_allclose([found.statistic, found.p_value], [row["chisq"], row["p"]], rtol=1e-8)
        assert (found.df, found.n_strata) == (row["df"], data["ph_ecog"].nunique())


def test_concordance_of_a_marker(shared_data: Path) -> None:
    data = _read(shared_data, "lung/data.tsv")
    expected = _read(shared_data, "lung/expected_concordance.tsv").iloc[0]
    found = survival_concordance(data[expected["marker"]], data["time"], data["status"])
    np.testing.assert_allclose(
        [found.concordance, found.std_error], expected[["c_reverse", "se"]].astype(float), atol=1e-8
    )


def test_competing_risks(shared_data: Path) -> None:
    data = _read(shared_data, "mgus2_competing/data.tsv")
    for row in _read(shared_data, "mgus2_competing/expected_aalen_johansen.tsv").itertuples():
        part = data[data["male"] == int(row.group[-1])]
        first, second = (cumulative_incidence(part["time"], part["event"], cause=c) for c in (1, 2))
        expected = [[row.cif_pcm, row.se_pcm], [row.cif_death, row.se_death]]
        np.testing.assert_allclose([first.at(row.time)[0], second.at(row.time)[0]], expected, atol=1e-6)
        place = np.searchsorted(first.time, row.time, side="right") - 1
        assert first.event_free[place] == pytest.approx(row.p_event_free, abs=1e-6)
    for row in _read(shared_data, "mgus2_competing/expected_gray_test_male.tsv").itertuples():
        found = gray_test(data["time"], data["event"], data["male"], cause=row.cause)
        np.testing.assert_allclose([found.statistic, found.p_value], [row.stat, row.p], rtol=1e-6)
        assert found.df == row.df
    expected = _read(shared_data, "mgus2_competing/expected_finegray_crr.tsv")
    model = fit_fine_gray(data[list(expected["term"])], data["time"], data["event"])
    _same(model.coefficients, expected["coef"], tolerance=1e-6)
    _same(model.std_error, expected["se"], tolerance=1e-6)
    np.testing.assert_allclose(model.p_value, expected["p"], atol=1e-6)


def test_cause_specific_cox(shared_data: Path) -> None:
    data = _read(shared_data, "mgus2_competing/data.tsv")
    table = _read(shared_data, "mgus2_competing/expected_cause_specific_cox.tsv")
    for cause, (_, expected) in enumerate(table.groupby("cause", sort=False), start=1):
        found = fit_cox(data[list(expected["term"])], data["time"], data["event"] == cause)
        _same(found.coefficients, expected["coef"])
        _same(found.std_error, expected["se"])


def test_every_expected_file_is_read(shared_data: Path) -> None:
    here = Path(__file__).read_text()
    missing = []
    for folder in sorted(COVERED | {"dlbcl"}):
        for path in sorted((shared_data / "stats" / folder).glob("expected_*.tsv")):
            stem = path.name.replace(GROUPS.get(folder, "-"), "{group}")
            known = path.name in ELSEWHERE or path.name.startswith(CURVES) or "interaction" in path.name
            if not known and path.name not in here and stem not in here:
                missing.append(f"{folder}/{path.name}")
    assert not missing
