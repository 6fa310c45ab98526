"""A question that asks every gene of a cohort: answered in blocks, beside what it is adjusted for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from tmescope.associate.covariates import encode_covariates
from tmescope.associate.families import adjust_families
from tmescope.associate.screens import ScreenQuestion, screen_features
from tmescope.foundation.result import RunWarning
from tmescope.study.asked_question import AskedQuestion, FoundAnswers
from tmescope.study.common_expression import open_log2_genes

if TYPE_CHECKING:
    from tmescope.associate.covariates import EncodedCovariates

__all__ = ["answer_screen"]


def answer_screen(asked: AskedQuestion) -> FoundAnswers:
    """Screen every gene of one cohort, alone and beside the question's axis and confounders.

    Parameters
    ----------
    asked : AskedQuestion
        The question; Cox models where its endpoint is a time to event, logistic ones where it is a response.

    Returns
    -------
    FoundAnswers
        Rows in ``screens``; none, and a warning, where nobody has the endpoint.

    Notes
    -----
    Both models are fitted to the same patients: those with every covariate known.
    """
    samples = asked.material.samples
    outcome = samples[[asked.question.endpoint]].set_axis(["response"], axis=1) if asked.is_response else asked.outcome
    known = outcome.notna().all(axis=1)
    given = _covariates(asked, outcome.index[known])
    complete = given.complete.reindex(outcome.index, fill_value=True)
    n_incomplete = int((known & ~complete).sum())
    outcome = outcome[complete]
    warnings = list(given.warnings)
    if n_incomplete:
        message = (
            f"{n_incomplete} patients have the endpoint and no value of axis or confounders: they are not screened"
        )
        warnings.append(RunWarning("question.no_covariate", message, asked.where, n_incomplete))
    if asked.material.folder is None or not outcome.notna().all(axis=1).any():
        warnings.append(RunWarning("question.no_outcome", "nobody has the endpoint: no gene is asked", asked.where, 0))
        return FoundAnswers(pd.DataFrame(), tuple(warnings))
    # no feature's name may meet a column of the outcome
    names = tuple(f"covariate {i}" for i in range(given.matrix.shape[1]))
    covariates = given.matrix.set_axis(list(names), axis=1).reindex(outcome.index)
    found = screen_features(
        open_log2_genes(asked.material.folder, list(outcome.index)),
        pd.concat([outcome, covariates], axis=1),
        ScreenQuestion(
            cohort_id=asked.cohort_id, endpoint=asked.question.endpoint, source="gene", covariates=names, both=True
        ),
        progress=asked.progress,
    )
    screens = _named(found.table, asked, covariates=(", ".join(names), given.adjusted_for), n_incomplete=n_incomplete)
    return FoundAnswers(pd.DataFrame(), (*warnings, *found.warnings), screens=screens)


def _covariates(asked: AskedQuestion, index: pd.Index[str]) -> EncodedCovariates:
    """Encode covariates among those with the endpoint: what differs only in others tells nothing here."""
    parts = [asked.material.confounders]
    if (axis := asked.material.axis) is not None:
        parts.insert(0, axis.values.reindex(index).to_frame(axis.name))
    return encode_covariates(pd.concat(parts, axis=1), sample_ids=index, where=asked.where)


def _named(
    table: pd.DataFrame, asked: AskedQuestion, *, covariates: tuple[str, str], n_incomplete: int
) -> pd.DataFrame:
    """Name rows after the study's question and covariates, and say who lacks one."""
    columns, told = covariates
    table = table.assign(
        question_id=asked.question.id, adjusted_for=table["adjusted_for"].where(table["adjusted_for"] == "", told)
    )
    if told and not columns:
        # each covariate has one value here: adjusting changes nothing, and the cohort is still pooled with the others
        same = table["checks"] + "; each covariate has one value in this cohort: the estimate is the unadjusted one"
        table = pd.concat([table, table.assign(adjusted_for=told, checks=same)], ignore_index=True)
    table = adjust_families(table)
    table["family"] += " | screen"
    if n_incomplete:
        words = f"{n_incomplete} without axis or confounder"
        table["left_out"] = [f"{said}; {words}" if said else words for said in table["left_out"]]
        table["n_left_out"] += n_incomplete
    return table
