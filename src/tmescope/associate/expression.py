"""Which genes differ between groups of samples, by the linear model that the scale of the matrix allows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from tmescope.associate.covariates import encode_covariates
from tmescope.associate.rows import count_left_out
from tmescope.foundation.errors import InputError, ScaleError, examples, listing
from tmescope.foundation.result import RunWarning
from tmescope.foundation.scale import Scale
from tmescope.stats.designs import check_columns
from tmescope.stats.moderated import ModeratedTest, fit_genes, moderate
from tmescope.stats.voom import weigh_counts

__all__ = ["associate_expression"]

_MOST_FROM_COUNTS = 0.05


def associate_expression(
    expression: pd.DataFrame,
    in_group: pd.Series[Any],
    *,
    scale: Scale,
    cohort_id: str,
    endpoint: str,
    confounders: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, tuple[RunWarning, ...]]:
    """Compare every gene between two groups of samples: limma with a trend for logarithms, voom-limma for counts.

    Parameters
    ----------
    expression : pandas.DataFrame
        Samples x genes, index sample_id; in the declared scale.
    in_group : pandas.Series
        Index sample_id; 1 (or True) in the group, 0 in the reference, missing left out.
    scale : Scale
        ``counts``, or logarithms of tpm, fpkm, cpm or array intensities.
    cohort_id, endpoint : str
        Names for the table.
    confounders : pandas.DataFrame, optional
        Index sample_id; numeric or categorical columns of the design, such as batch.

    Returns
    -------
    answers : pandas.DataFrame
        One row a gene: ``effect`` is the difference of mean logarithms to base 2 (``log2_fold_change``), its moderated
        standard error, 95% interval and p, and the columns ``average`` (mean log expression), ``t`` and ``log_odds``
        (B). ``n`` samples, ``n_events`` of them in the group. Without q-values: see `adjust_families`.
    warnings : tuple of RunWarning
        Genes left out (constant, or missing in a group), columns of the design that were left out.

    Raises
    ------
    ScaleError
        If the matrix is neither counts nor logarithms, or its values cannot be what is declared.
    InputError
        If a group is empty, the group is confounded with confounders, or a sample or gene stands twice.

    Notes
    -----
    Logarithms to another base are brought to base 2. Values that were adjusted for batch beforehand do not belong here:
    give the batch as a confounder.

    References
    ----------
    Smyth 2004, doi:10.2202/1544-6115.1027. Law et al. 2014, doi:10.1186/gb-2014-15-2-r29.
    """
    _check_scale(scale)
    for what, index in (("samples", expression.index), ("genes", expression.columns), ("in_group", in_group.index)):
        if index.has_duplicates:
            raise InputError(f"{what}: {examples(index[index.duplicated()][:4])} stand twice", expected="each once")
    stated = confounders if confounders is not None else pd.DataFrame(index=expression.index)
    known = in_group.dropna().index.intersection(stated.dropna().index, sort=False)
    used = expression.index[expression.index.isin(known)]
    group = in_group.loc[used].to_numpy(dtype=np.float64)
    where = f"{cohort_id}: {endpoint}"
    encoded = encode_covariates(stated, sample_ids=used, where=where)
    columns = np.column_stack([encoded.matrix.to_numpy(dtype=np.float64), group])
    _check_group(group, columns, names=[str(c) for c in encoded.matrix.columns])
    values = expression.loc[used].to_numpy(dtype=np.float64)
    kept = _testable(values)
    test, method = _fit(values[:, kept], np.column_stack([np.ones(group.size), columns]), scale)
    answers = _table(expression.columns[kept], test, method=method)
    head: dict[str, Any] = {"question_id": f"expression:{endpoint}", "cohort_id": cohort_id, "endpoint": endpoint}
    n_left_out, left_out = count_left_out([(len(expression) - len(used), "group or confounder")])
    tail: dict[str, Any] = {
        "n": group.size,
        "n_events": int(group.sum()),
        "adjusted_for": encoded.adjusted_for,
        "n_left_out": n_left_out,
        "left_out": left_out,
        "checks": "; ".join(p for p in (f"prior degrees of freedom {test.prior_df:.3g}", encoded.checks) if p),
    }
    answers = answers.assign(**head, **tail)
    found = list(encoded.warnings)
    lost = expression.columns[~kept]
    if len(lost):
        told = f"{len(lost)} genes are constant or have missing values: not tested"
        found.append(RunWarning("expression.untested_genes", told, where, len(lost), tuple(map(str, lost[:3]))))
    return answers, tuple(found)


def _check_scale(scale: Scale) -> None:
    if scale.unit != "counts" and not scale.is_log:
        raise ScaleError(
            f"linear models of expression need counts or logarithms, the matrix is declared as {scale}",
            where="argument scale",
            expected="counts (voom-limma), or a logarithm such as log2(tpm+1) or log2_array (limma with a trend)",
            next_step=f"convert it: tmescope.foundation.scale.convert to log2({scale.unit}+1)",
        )
    if scale.unit == "counts" and scale.is_log:
        raise ScaleError(
            f"the matrix is declared as {scale}: logarithms of counts carry the library sizes",
            where="argument scale",
            expected="counts themselves, or logarithms of tpm, fpkm, cpm or array intensities",
            next_step="convert it to counts: tmescope.foundation.scale.convert",
        )


def _check_group(group: np.ndarray[Any, Any], columns: np.ndarray[Any, Any], *, names: list[str]) -> None:
    if not np.isin(group, (0.0, 1.0)).all():
        raise InputError("in_group has values other than 0 and 1", where="argument in_group")
    n_in = int(group.sum())
    if n_in < 1 or group.size - n_in < 1:
        raise InputError(
            f"{n_in} samples are in the group and {group.size - n_in} in the reference",
            where="argument in_group",
            expected="samples in both, with all confounders known",
        )
    if columns.shape[1] - 1 in check_columns(columns).collinear:
        raise InputError(
            f"the group follows from the confounders ({listing(names, most=3)}): they are confounded",
            where="argument confounders",
            next_step="leave out the confounder that tells the group; no adjustment can separate them",
        )


def _testable(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    complete = ~np.isnan(values).any(axis=0)
    with np.errstate(invalid="ignore"):
        return np.asarray(complete & (np.ptp(values, axis=0) > 0.0))


def _fit(values: np.ndarray[Any, Any], design: np.ndarray[Any, Any], scale: Scale) -> tuple[ModeratedTest, str]:
    contrast = np.zeros(design.shape[1])
    contrast[-1] = 1.0
    if scale.unit == "counts":
        _check_counts(values)
        weighted = weigh_counts(values, design)
        fits = fit_genes(weighted.log_cpm, design, weights=weighted.weights)
        return moderate(fits, contrast), "voom-limma: moderated t on log2 counts per million with precision weights"
    in_log2 = values * float(np.log2(scale.log_base or 2.0))
    return moderate(fit_genes(in_log2, design), contrast, trend=True), f"limma: moderated t with trend on {scale}"


def _check_counts(values: np.ndarray[Any, Any]) -> None:
    share = float(np.mean(values < 0.0)) if values.size else 0.0
    largest = float(values.max(initial=0.0))
    whole = float(np.mean(values == np.round(values))) if values.size else 1.0
    if share > 0.0 or (largest < 50.0 and whole < _MOST_FROM_COUNTS):
        raise ScaleError(
            f"the matrix is declared as counts, but {share:.1%} of its values are negative, {whole:.1%} are whole, and "
            f"the largest is {largest:.4g}",
            where="argument scale",
            expected="raw or estimated counts",
            next_step="declare the scale that the file's documentation states, such as log2(tpm+1)",
        )


def _table(genes: pd.Index[str], test: ModeratedTest, *, method: str) -> pd.DataFrame:
    half = stats.t.isf(0.025, test.total_df) * test.std_errors
    return pd.DataFrame(
        {
            "feature": genes.astype("str"),
            "source": "expression",
            "effect": test.effects,
            "effect_name": "log2_fold_change",
            "std_error": test.std_errors,
            "ci_low": test.effects - half,
            "ci_high": test.effects + half,
            "p_value": test.p_values,
            "method": method,
            "average": test.averages,
            "t": test.t,
            "log_odds": test.log_odds,
        }
    )
