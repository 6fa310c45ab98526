"""Which genes differ between groups of samples, by the linear model that the scale of the matrix allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from tmescope.associate.covariates import encode_covariates
from tmescope.associate.expression_batches import BatchStep, take_batches_out
from tmescope.associate.expression_models import FittedGenes, fit_model
from tmescope.associate.expression_scales import Model, check_model, check_values
from tmescope.associate.expression_sets import summarise_sets
from tmescope.associate.rows import count_left_out
from tmescope.foundation.errors import InputError, examples, listing
from tmescope.foundation.result import RunWarning
from tmescope.foundation.scale import Scale
from tmescope.stats.designs import check_columns
from tmescope.stats.multiplicity import benjamini_hochberg

__all__ = ["ExpressionAnswers", "ExpressionPlan", "associate_expression"]

_PASSES = 0.05


@dataclass(frozen=True, kw_only=True)
class ExpressionPlan:
    """How expression is compared.

    Parameters
    ----------
    model : {"auto", "limma", "voom", "deseq2"}
        ``auto``: limma for logarithms, voom for counts.
    fewest_counts : float
        Of counts: a gene is tested if it has so many in at least as many samples as the smaller group has.
    batch : pandas.Series, optional
        Index sample_id; batches that ComBat takes out before the comparison. A batch that belongs into the design is a
        confounder and does not stand here.
    gene_sets : mapping of str to sequence of str
        Sets whose direction is summarised.
    """

    model: str = "auto"
    fewest_counts: float = 10.0
    batch: pd.Series[Any] | None = None
    gene_sets: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ExpressionAnswers:
    """Every gene between two groups.

    Parameters
    ----------
    answers : pandas.DataFrame
        One row a gene: ``effect`` is the difference of mean logarithms to base 2 (``log2_fold_change``), its standard
        error, 95% interval and p, and the columns ``average`` (mean log2 expression), ``t`` (moderated t; Wald's z of
        deseq2) and ``log_odds`` (B; NaN of deseq2). ``n`` samples, ``n_events`` of them in the group. Without
        q-values: see `adjust_within`.
    fit : pandas.DataFrame
        One row: the model, its prior, genes and samples that it used and left out, and what ComBat did.
    sets : pandas.DataFrame
        One row a gene set with two genes or more that were tested; empty without sets or a linear model.
    warnings : tuple of RunWarning
        Genes left out, columns of the design that were left out, and ComBat wherever it was used.
    """

    answers: pd.DataFrame
    fit: pd.DataFrame
    sets: pd.DataFrame
    warnings: tuple[RunWarning, ...]


def associate_expression(
    expression: pd.DataFrame,
    in_group: pd.Series[Any],
    *,
    scale: Scale,
    cohort_id: str,
    endpoint: str,
    confounders: pd.DataFrame | None = None,
    plan: ExpressionPlan | None = None,
) -> ExpressionAnswers:
    """Compare every gene between two groups of samples: limma with a trend for logarithms; voom or DESeq2 for counts.

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
    plan : ExpressionPlan, optional
        Model, filter of counts, ComBat, gene sets.

    Returns
    -------
    ExpressionAnswers

    Raises
    ------
    ScaleError
        If the model does not belong to the scale, or values cannot be what is declared.
    InputError
        If a group is empty, the group is confounded with confounders or with the batch, or a sample or gene stands
        twice.
    MissingDependencyError
        If deseq2 is asked for where PyDESeq2 is not installed.

    Notes
    -----
    Logarithms to another base are brought to base 2. Values that were adjusted for batch beforehand pretend to more
    degrees of freedom than they have: give the batch as a confounder, and take `ExpressionPlan.batch` only where the
    adjusted values themselves are wanted; the warning then says what the design would have found.

    References
    ----------
    Smyth 2004, doi:10.2202/1544-6115.1027. Law et al. 2014, doi:10.1186/gb-2014-15-2-r29. Love et al. 2014,
    doi:10.1186/s13059-014-0550-8. Johnson et al. 2007, doi:10.1093/biostatistics/kxj037.
    """
    plan = plan or ExpressionPlan()
    where = f"{cohort_id}: {endpoint}"
    values = expression.to_numpy(dtype=np.float64)
    model = check_model(scale, plan.model, values=values)
    _check_unique(expression, in_group)
    check_values(scale, values)
    used = _complete(expression.index, in_group, confounders=confounders, batch=plan.batch)
    group = in_group.loc[used].to_numpy(dtype=np.float64)
    stated = confounders if confounders is not None else pd.DataFrame(index=expression.index)
    encoded = encode_covariates(stated, sample_ids=used, where=where)
    columns = np.column_stack([encoded.matrix.to_numpy(dtype=np.float64), group])
    _check_group(group, columns, names=[str(c) for c in encoded.matrix.columns])
    table = expression.loc[used]
    kept, lost = _testable(table, group=group, model=model, fewest=plan.fewest_counts, where=where)
    table = table.loc[:, kept]
    design = np.column_stack([np.ones(group.size), columns])
    step, in_design = None, None
    if plan.batch is not None:
        batch = plan.batch.loc[used]
        step = take_batches_out(table, batch, keep=columns, scale=scale, where=where)
        in_design = fit_model(table, _with_batch(design, batch), model=model, scale=scale)
        table = pd.DataFrame(step.values, index=table.index, columns=table.columns)
    fitted = fit_model(table, design, model=model, scale=scale)
    n_left_out = len(expression) - len(used)
    answers = fitted.rows.assign(
        question_id=f"expression:{endpoint}",
        cohort_id=cohort_id,
        endpoint=endpoint,
        n=group.size,
        n_events=int(group.sum()),
        adjusted_for=encoded.adjusted_for,
        method=fitted.method if step is None else f"{fitted.method}, after ComBat",
    )
    fit = _fit_row(answers, fitted, step, design=design, lost=lost, n_left_out=n_left_out, scale=scale)
    fit["checks"] = [f"{c}; {encoded.checks}" if encoded.checks else c for c in fit["checks"]]
    sets = summarise_sets(fitted, plan.gene_sets).assign(
        question_id=f"expression:{endpoint}", cohort_id=cohort_id, endpoint=endpoint, adjusted_for=encoded.adjusted_for
    )
    found = (*encoded.warnings, *lost.values(), *_combat_told(step, fitted, in_design, where=where))
    return ExpressionAnswers(answers=answers, fit=fit, sets=sets, warnings=found)


def _check_unique(expression: pd.DataFrame, in_group: pd.Series[Any]) -> None:
    for what, index in (("samples", expression.index), ("genes", expression.columns), ("in_group", in_group.index)):
        if index.has_duplicates:
            raise InputError(f"{what}: {examples(index[index.duplicated()][:4])} stand twice", expected="each once")


def _complete(
    samples: pd.Index[str],
    in_group: pd.Series[Any],
    *,
    confounders: pd.DataFrame | None,
    batch: pd.Series[Any] | None,
) -> pd.Index[str]:
    known = samples.isin(in_group.dropna().index)
    for table in (confounders, batch):
        if table is not None:
            known &= samples.isin(table.dropna().index)
    return samples[known]


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


def _testable(
    table: pd.DataFrame, *, group: np.ndarray[Any, Any], model: Model, fewest: float, where: str
) -> tuple[np.ndarray[Any, Any], dict[str, RunWarning]]:
    values = table.to_numpy(dtype=np.float64)
    complete = ~np.isnan(values).any(axis=0)
    with np.errstate(invalid="ignore"):
        kept = np.asarray(complete & (np.ptp(values, axis=0) > 0.0))
    lost = {"untested": (~kept, "are constant or have missing values: not tested")}
    if model != "limma":
        smaller = int(min(group.sum(), group.size - group.sum()))
        many = (np.nan_to_num(values) >= fewest).sum(axis=0) >= smaller
        told = f"have {fewest:g} counts in fewer samples than the smaller group has ({smaller}): not tested"
        lost["few_counts"] = (kept & ~many, told)
        kept = kept & many
    if not kept.any():
        raise InputError(
            f"none of {kept.size:,} genes can be tested: "
            + "; ".join(f"{int(m.sum()):,} {t}" for m, t in lost.values()),
            where=where,
            expected="genes that vary, with counts where counts are declared",
            next_step="lower fewest_counts, or look at the matrix and its declared scale",
        )
    return kept, {
        name: RunWarning(f"expression.{name}_genes", f"{int(mask.sum())} genes {told}", where, int(mask.sum()),
                         tuple(map(str, table.columns[mask][:3])))
        for name, (mask, told) in lost.items() if mask.any()
    }  # fmt: skip


def _with_batch(design: np.ndarray[Any, Any], batch: pd.Series[Any]) -> np.ndarray[Any, Any]:
    names = sorted({str(b) for b in batch})[1:]
    return np.column_stack([design[:, :1], *((batch.astype(str) == n).to_numpy(dtype=np.float64) for n in names),
                            design[:, 1:]])  # fmt: skip


def _fit_row(
    answers: pd.DataFrame,
    fitted: FittedGenes,
    step: BatchStep | None,
    *,
    design: np.ndarray[Any, Any],
    lost: Mapping[str, RunWarning],
    n_left_out: int,
    scale: Scale,
) -> pd.DataFrame:
    first = answers.iloc[0]
    q_values = benjamini_hochberg(answers["p_value"].to_numpy(dtype=np.float64))
    passes, up = q_values < _PASSES, answers["effect"].to_numpy() > 0.0
    group = design[:, -1]
    row = {name: first[name] for name in ("question_id", "cohort_id", "endpoint", "adjusted_for", "method")}
    counts = {name: (w.count or 0) if (w := lost.get(name)) else 0 for name in ("untested", "few_counts")}
    row |= {
        "scale": str(scale),
        "n": group.size,
        "n_group": int(group.sum()),
        "n_reference": int(group.size - group.sum()),
        "n_left_out": n_left_out,
        "left_out": count_left_out([(n_left_out, "group, confounder or batch")])[1],
        "n_columns": design.shape[1],
        "n_genes": len(answers),
        "n_untested": counts["untested"],
        "n_few_counts": counts["few_counts"],
        "n_higher": int((passes & up).sum()),
        "n_lower": int((passes & ~up).sum()),
        "prior_df": fitted.prior_df,
        "checks": f"{fitted.checks}; {_shift(answers['effect'].to_numpy(dtype=np.float64))}",
        "combat": step is not None,
        "combat_method": step.method if step else "",
        "combat_batches": ", ".join(f"{k} ({v})" for k, v in step.batches.items()) if step else "",
        "n_unchanged": len(step.unchanged) if step else 0,
        "unchanged_genes": ", ".join(step.unchanged) if step else "",
    }
    return pd.DataFrame([row])


def _shift(effects: np.ndarray[Any, Any]) -> str:
    return f"median log2 fold change {np.nanmedian(effects):.2g}, {np.mean(effects > 0.0):.0%} of genes higher"


def _combat_told(
    step: BatchStep | None, fitted: FittedGenes, in_design: FittedGenes | None, *, where: str
) -> tuple[RunWarning, ...]:
    if step is None or in_design is None:
        return ()
    n_after, n_design = (
        int((benjamini_hochberg(f.rows["p_value"].to_numpy()) < _PASSES).sum()) for f in (fitted, in_design)
    )
    told = (
        f"expression was adjusted by {step.method} before the comparison, as the study asks: {n_after} genes have "
        f"q < {_PASSES:g}; with the batch as a column of the design instead it is {n_design}. Tests on adjusted values "
        "count degrees of freedom that the adjustment has used"
    )
    found = [RunWarning("expression.combat", told, where, len(step.batches), tuple(step.batches)[:3])]
    if step.unchanged:
        why = "have no variance within a batch, or none beyond batches and groups"
        told = f"{len(step.unchanged)} genes {why}: ComBat passed them through"
        found.append(RunWarning("expression.combat_unchanged", told, where, len(step.unchanged), step.unchanged[:3]))
    return tuple(found)
