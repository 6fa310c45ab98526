"""Every gene at once: which of thousands of features go with an outcome, in one table that can be plotted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from tmescope.associate.families import adjust_families
from tmescope.associate.rows import count_left_out
from tmescope.foundation.errors import InputError, SampleError, examples
from tmescope.foundation.progress import SILENT, Progress
from tmescope.foundation.result import RunWarning
from tmescope.stats.screened_outcomes import OutcomeModel, ScreenOptions, cox_outcome, logistic_outcome
from tmescope.stats.screening import ColumnEffects, screen_columns
from tmescope.stats.shrinkage import shrink_effects
from tmescope.store.threads import map_row_blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tmescope.associate.screened_columns import ScreenColumns

__all__ = ["ScreenQuestion", "ScreenResult", "screen_features"]

_MOST_COLUMNS = 128
_FEWEST_COLUMNS = 16
_BLOCK_BYTES = 64 << 20
_FEW_EVENTS = 10


@dataclass(frozen=True, kw_only=True)
class ScreenQuestion:
    """What is asked of every feature.

    Parameters
    ----------
    cohort_id, endpoint : str
        Names for the table.
    source : str
        What the features are, for the table.
    covariates : tuple of str
        Columns of the outcome table that the models are adjusted for.
    both : bool
        Whether the same features are also screened without the covariates, as rows of their own.
    options : ScreenOptions
        How models are fitted; per standard deviation unless said otherwise.
    threads : int
        Blocks of features that are fitted at the same time; no number depends on it.
    """

    cohort_id: str
    endpoint: str
    source: str = "genes"
    covariates: tuple[str, ...] = ()
    both: bool = False
    options: ScreenOptions = field(default_factory=ScreenOptions)
    threads: int = 1


@dataclass(frozen=True)
class ScreenResult:
    """Outcome of `screen_features`.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a feature and set of covariates.
    warnings : tuple of RunWarning
        Few events, features without an effect.
    """

    table: pd.DataFrame
    warnings: tuple[RunWarning, ...]


def screen_features(
    columns: ScreenColumns,
    outcome: pd.DataFrame,
    question: ScreenQuestion,
    *,
    progress: Progress = SILENT,
) -> ScreenResult:
    """Fit one Cox or logistic model to each feature, in blocks, and put all effects into one table.

    Answers "which of these thousands of features go with the outcome?". What it finds is a list to be tested in other
    patients; one feature with a hypothesis behind it belongs into `tmescope.associate.associate_survival`.

    Parameters
    ----------
    columns : ScreenColumns
        Features by sample: from `tmescope.associate.screened_columns.cohort_columns`, or its `in_logarithms` of
        `tmescope.ingest.zarr_columns.open_zarr_columns`.
    outcome : pandas.DataFrame
        Index sample_id, one sample per patient; columns time_months and event (Cox), or response with ``responder``,
        ``non_responder`` or missing (logistic); and the numeric covariates. Samples that are in one of both only are
        left out and counted.
    question : ScreenQuestion
        What is asked.
    progress : Progress
        Told of each block.

    Returns
    -------
    ScreenResult
        Columns question_id, cohort_id, feature, source, endpoint, n, n_events, effect, effect_name, std_error (log
        scale), ci_low, ci_high, p_value, method, adjusted_for, n_left_out, left_out, checks, family, q_value,
        family_size; ``p_score``, ``p_lr`` (NaN where not asked for); ``shrunk_effect``, ``shrunk_ci_low``,
        ``shrunk_ci_high`` and ``shrunk_method``; ``log2_effect``, ``neg_log10_p`` and ``expected_neg_log10_p`` for
        volcano and QQ plots. The family of a q-value is all features with the same covariates.

    Raises
    ------
    SampleError
        If no sample is in both, or a sample occurs twice.
    InputError
        If the outcome lacks a column, or a value is not allowed.

    Notes
    -----
    A block holds 128 features, fewer where there are more than 65,000 samples; memory is a few blocks, whatever the
    number of features.
    """
    kind = _kind(outcome, question)
    rows = _rows(columns, outcome)
    tables = [_screen(columns, rows, kind, question=question, beside=c, progress=progress) for c in _sets(question)]
    table = pd.concat([t.table for t in tables], ignore_index=True)
    return ScreenResult(table, tuple(w for t in tables for w in t.warnings))


def _sets(question: ScreenQuestion) -> list[tuple[str, ...]]:
    return [(), question.covariates] if question.both and question.covariates else [question.covariates]


def _kind(outcome: pd.DataFrame, question: ScreenQuestion) -> Literal["cox", "logistic"]:
    names = set(map(str, outcome.columns))
    if absent := [c for c in question.covariates if c not in names]:
        raise InputError(
            f"the covariates {examples(absent)} are no columns of the outcome table",
            where="argument outcome",
            expected=f"some of: {examples(sorted(names))}",
        )
    if {"time_months", "event"} <= names:
        return "cox"
    if "response" in names:
        return "logistic"
    raise InputError(
        f"the outcome table has the columns {examples(sorted(names))}",
        where="argument outcome",
        expected="time_months and event, or response",
    )


def _rows(columns: ScreenColumns, outcome: pd.DataFrame) -> pd.DataFrame:
    """Return one row of outcome for each row of the matrix; missing where there is none."""
    if not outcome.index.is_unique:
        twice = outcome.index[outcome.index.duplicated()].unique()
        raise SampleError(
            f"{len(twice)} samples occur more than once in the outcome table: {examples(map(str, twice))}",
            where="argument outcome",
            expected="one row per sample",
        )
    rows = outcome.reindex(pd.Index(list(columns.samples)))
    if not outcome.index.isin(list(columns.samples)).any():
        raise SampleError(
            f"none of the {len(outcome)} samples of the outcome is in the matrix: {examples(map(str, outcome.index))}",
            where="argument outcome",
            expected=f"sample ids such as {examples(columns.samples)}",
        )
    return rows


def _screen(
    columns: ScreenColumns,
    rows: pd.DataFrame,
    kind: Literal["cox", "logistic"],
    *,
    question: ScreenQuestion,
    beside: tuple[str, ...],
    progress: Progress,
) -> ScreenResult:
    model, n_without = _model(rows, kind, question=question, beside=beside)
    width = min(max(_BLOCK_BYTES // (8 * max(len(rows), 1)), _FEWEST_COLUMNS), _MOST_COLUMNS)
    task = f"screen {question.endpoint}" + (", adjusted" if beside else "")
    progress.start(task, len(columns.names), unit="features")
    found: list[ColumnEffects] = []
    for block in map_row_blocks(
        lambda first, last: screen_columns(model, columns.read(first, last)),
        len(columns.names),
        block=width,
        threads=question.threads,
    ):
        found.append(block)
        progress.advance(task, block.n.size)
    progress.finish(task)
    table = _table(columns.names, found, kind, question=question, beside=beside, left_out=(n_without, model.n_left_out))
    return ScreenResult(table, _warnings(table, model, question))


def _model(
    rows: pd.DataFrame, kind: Literal["cox", "logistic"], *, question: ScreenQuestion, beside: tuple[str, ...]
) -> tuple[OutcomeModel, int]:
    covariates = None if not beside else rows.loc[:, list(beside)].apply(pd.to_numeric, errors="raise").to_numpy(float)
    if kind == "cox":
        time, event = rows["time_months"], rows["event"]
        model = cox_outcome(time, event, covariates=covariates, options=question.options)
        return model, int((time.isna() | event.isna()).sum())
    response = rows["response"]
    other = sorted({str(v) for v in response.dropna()} - {"responder", "non_responder"})
    if other:
        raise InputError(
            f"the response has the values {examples(other)}",
            where="argument outcome, column response",
            expected="responder, non_responder or missing",
        )
    positive = (response == "responder").astype("float64").mask(response.isna())
    return logistic_outcome(positive, covariates=covariates, options=question.options), int(response.isna().sum())


def _joined(found: list[ColumnEffects], name: str) -> NDArray[Any]:
    return np.concatenate([getattr(f, name) for f in found])


def _table(
    names: Sequence[str],
    found: list[ColumnEffects],
    kind: Literal["cox", "logistic"],
    *,
    question: ScreenQuestion,
    beside: tuple[str, ...],
    left_out: tuple[int, int],
) -> pd.DataFrame:
    others = ((left_out[0], "endpoint"), (left_out[1] - left_out[0], "covariate"))
    ratio = "hazard_ratio" if kind == "cox" else "odds_ratio"
    reason, effect, missing = _joined(found, "reason"), _joined(found, "log_effect"), _joined(found, "n_missing")
    method = found[0].method + ("" if not question.options.per_sd else "; per SD of the feature")
    with np.errstate(over="ignore"):
        table = pd.DataFrame(
            {
                "question_id": f"screen:{question.endpoint}" + (":adjusted" if beside else ""),
                "cohort_id": question.cohort_id,
                "feature": list(names),
                "source": question.source,
                "endpoint": question.endpoint,
                "n": _joined(found, "n"),
                "n_events": _joined(found, "n_events"),
                "effect": np.exp(effect),
                "effect_name": f"{ratio}_per_sd" if question.options.per_sd else f"{ratio}_per_unit",
                "std_error": _joined(found, "std_error"),
                "ci_low": np.exp(_joined(found, "ci_low")),
                "ci_high": np.exp(_joined(found, "ci_high")),
                "p_value": _joined(found, "p_value"),
                "method": [f"not estimated ({r})" if r else method for r in reason],
                "adjusted_for": ", ".join(beside),
                "n_left_out": left_out[1] + missing,
                "left_out": [count_left_out([*others, (int(m), "value")])[1] for m in missing],
                "checks": "assumptions of single models are not checked in a screen",
                "p_score": _joined(found, "p_score"),
                "p_lr": _joined(found, "p_lr"),
            }
        )
    return _plottable(_shrunk(_with_families(table), effect, question))


def _with_families(table: pd.DataFrame) -> pd.DataFrame:
    adjusted = adjust_families(table)  # its names say what each row is adjusted for
    adjusted["family"] += " | screen"
    return adjusted


def _shrunk(table: pd.DataFrame, effect: NDArray[np.float64], question: ScreenQuestion) -> pd.DataFrame:
    shrunk = shrink_effects(effect, table["std_error"].to_numpy(), confidence=question.options.confidence)
    with np.errstate(over="ignore"):
        table["shrunk_effect"] = np.exp(shrunk.effect)
        table["shrunk_ci_low"] = np.exp(shrunk.ci_low)
        table["shrunk_ci_high"] = np.exp(shrunk.ci_high)
    table["shrunk_method"] = f"{shrunk.method} ({shrunk.reason})" if shrunk.reason else shrunk.method
    return table


def _plottable(table: pd.DataFrame) -> pd.DataFrame:
    """Add the axes of volcano and QQ plots."""
    from scipy.special import log_ndtr

    with np.errstate(divide="ignore"):
        slope = np.log(table["effect"].to_numpy())
    z = np.abs(slope) / table["std_error"].to_numpy()
    table["log2_effect"] = slope / np.log(2.0)
    # the p-value itself is 0 beyond z = 38
    table["neg_log10_p"] = -(log_ndtr(-z) + np.log(2.0)) / np.log(10.0)
    rank = table["p_value"].rank(method="first")
    table["expected_neg_log10_p"] = -np.log10((rank - 0.5) / max(int(table["p_value"].notna().sum()), 1))
    return table


def _warnings(table: pd.DataFrame, model: OutcomeModel, question: ScreenQuestion) -> tuple[RunWarning, ...]:
    where = f"{question.cohort_id}: {question.endpoint}"
    found = []
    events = int(model.event.sum())
    few = events if model.kind == "cox" else min(events, model.event.size - events)
    if few < _FEW_EVENTS:
        told = "events" if model.kind == "cox" else "samples in the smaller class"
        found.append(RunWarning("answers.few_events", f"{few} {told}: a screen rests on few patients", where, few))
    lost = table[table["effect"].isna()]
    if len(lost):
        counts = lost["method"].value_counts()
        message = f"{len(lost)} of {len(table)} features have no effect: " + ", ".join(
            f"{n} {reason}" for reason, n in sorted(counts.items())
        )
        found.append(RunWarning("answers.not_estimable", message, where, len(lost), tuple(lost["feature"].head(3))))
    return tuple(found)
