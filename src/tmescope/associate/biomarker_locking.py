"""How a biomarker is fixed on the cohort that it was found in, and how it scores any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from tmescope.associate.biomarker_effects import estimate_effect
from tmescope.associate.biomarker_fingerprints import choose_witnesses, fingerprint_samples
from tmescope.associate.biomarker_power import power_of_plan
from tmescope.associate.biomarkers import AnalysisPlan, LockedBiomarker
from tmescope.bulk.definitions import SetDefinitions
from tmescope.bulk.frozen import FrozenScore, apply_scores, fit_scores
from tmescope.bulk.scoring import ScoreOptions, choose_method, score
from tmescope.foundation.errors import InputError, MethodError, examples
from tmescope.foundation.provenance import hash_json, versions

if TYPE_CHECKING:
    from anndata import AnnData

__all__ = ["lock_biomarker", "score_locked"]

_DIGITS = 6
_SALT = 16


def lock_biomarker(
    adata: AnnData,
    outcome: pd.DataFrame,
    plan: AnalysisPlan,
    *,
    signature: Mapping[str, Sequence[str] | Mapping[str, float]],
    method: str = "zscore",
    cut_off: float | Literal["median"] | None = None,
    max_missing_genes: float = 0.2,
) -> LockedBiomarker:
    """Fix a biomarker on the cohort that it was found in.

    Parameters
    ----------
    adata : anndata.AnnData, n_samples x n_genes
        The training cohort with its declared scale.
    outcome : pandas.DataFrame
        Index sample_id; columns as of `tmescope.associate.biomarker_effects.estimate_effect`.
    plan : AnalysisPlan
        What will be calculated on new patients. A power that is not stated is calculated where the plan holds the
        numbers for it.
    signature : mapping of str to genes, or to weights by gene
        One.
    method : str
        A method that scores each sample alone, or one that can be frozen; none that ranks all genes of a matrix, as its
        scores would depend on which genes a new cohort measured.
    cut_off : float or ``median``, optional
        None keeps the score continuous.
    max_missing_genes : float
        0 to 1.

    Returns
    -------
    LockedBiomarker

    Raises
    ------
    InputError
        If there is not exactly one signature, or the scores of the cohort do not vary.
    MethodError
        If the method ranks all genes, or cannot be frozen.
    TmescopeError
        As from `tmescope.bulk.scoring.score`.
    """
    if len(signature) != 1:
        raise InputError(f"{len(signature)} signatures", where="argument signature", expected="one biomarker, one lock")
    (name, asked), spec = next(iter(signature.items())), choose_method(method)[0].spec
    if spec.ranks_all_genes:
        raise MethodError(
            f"{method} ranks all genes of a matrix: its scores depend on which genes were measured",
            where="method",
            expected="a method that looks at the signature's genes, such as zscore or mean",
            next_step="lock a z-score or a mean",
        )
    measured = set(map(str, adata.var_names))
    genes = tuple(g for g in asked if g in measured)
    if not genes:
        raise InputError(f"none of the {len(asked)} genes of {name} is in the matrix: {examples(list(asked))}")
    weights = {g: float(asked[g]) for g in genes} if isinstance(asked, Mapping) else None
    sets: Any = {name: weights if weights is not None else list(genes)}
    part = adata[:, list(genes)].copy()
    if spec.scope == "sample":
        result = score(part, sets, method=method, options=ScoreOptions(min_genes=1))
        parameters, state, scale = dict(result.provenance.parameters), {}, str(adata.uns["tmescope"]["scale"])
        parameters = {k: v for k, v in parameters.items() if k not in {"min_coverage", "min_genes", "threads"}}
    else:
        model = fit_scores(part, sets, method=method)
        parameters, scale = dict(model.parameters), model.scale
        state = {k: np.asarray(v, dtype=np.float64).tolist() for k, v in model.state.items()}
    draft = LockedBiomarker(
        name=name, genes=genes, weights=weights, method=method, parameters=parameters, state=state, scale=scale,
        max_missing_genes=max_missing_genes, mean=0.0, sd=1.0, cut_off=None, cut_off_chosen="continuous", plan=plan,
        training={}, versions=versions(),
    )  # fmt: skip
    scores = score_locked(draft, part)
    return _completed(draft, adata, scores, outcome=outcome, cut_off=cut_off)


def _completed(
    draft: LockedBiomarker,
    adata: AnnData,
    scores: pd.Series[float],
    *,
    outcome: pd.DataFrame,
    cut_off: float | Literal["median"] | None,
) -> LockedBiomarker:
    sd = float(scores.std(ddof=1))
    if not sd > 0.0:
        raise InputError(f"the {scores.notna().sum()} scores of {draft.name} in the training cohort do not vary")
    at = float(scores.median()) if cut_off == "median" else cut_off
    told = {None: "continuous", "median": "median of the training scores"}.get(cut_off, "given")  # type: ignore[arg-type]
    locked = replace(draft, mean=float(scores.mean()), sd=sd, cut_off=at, cut_off_chosen=told)
    found = estimate_effect(locked, scores, outcome)
    scored = hash_json([None if np.isnan(v) else round(v, _DIGITS) for v in scores])
    training = {
        "cohort_id": str((adata.uns.get("tmescope") or {}).get("cohort_id", "cohort")),
        "n": found.n,
        "n_events": found.n_events,
        "effect": None if found.reason else found.effect,
        "ci_low": None if found.reason else found.ci_low,
        "ci_high": None if found.reason else found.ci_high,
        "reason": found.reason,
        "sha256_of_scores": scored,
        "fingerprints": fingerprint_samples(adata, choose_witnesses(adata, locked.genes), salt=scored[:_SALT]),
    }
    high = float((scores > at).mean()) if at is not None else None
    plan = locked.plan if locked.plan.power is not None else power_of_plan(locked.plan, share_high=high)
    return replace(locked, plan=plan, training=training)


def score_locked(lock: LockedBiomarker, adata: AnnData) -> pd.Series[float]:
    """Return the score of each sample as the lock defines it.

    Parameters
    ----------
    lock : LockedBiomarker
        From `lock_biomarker`.
    adata : anndata.AnnData
        Cohort in a scale of the lock's unit.

    Raises
    ------
    TmescopeError
        As from `tmescope.bulk.frozen.apply_scores`.
    """
    sets: Any = {lock.name: dict(lock.weights) if lock.weights is not None else list(lock.genes)}
    options = ScoreOptions(min_coverage=0.0, min_genes=1)
    if lock.state:
        model = FrozenScore(
            method=lock.method,
            parameters=lock.parameters,
            scale=lock.scale,
            genes=lock.genes,
            definitions=SetDefinitions({lock.name: lock.genes}, {lock.name: lock.weights}, {}, ()),
            dropped=_constant_genes(lock),
            state={k: np.asarray(v) for k, v in lock.state.items()},
            cohort=str(lock.training.get("cohort_id", "training")),
            n_samples=int(lock.training.get("n", 0)),
            provenance={},
        )
        table = apply_scores(model, adata, options=options).table
    else:
        there = [g for g in lock.genes if g in adata.var_names]
        chosen = ScoreOptions(min_coverage=0.0, min_genes=1, parameters=lock.parameters)
        table = score(adata[:, there].copy(), sets, method=lock.method, options=chosen).table
    found = table[table["feature"] == lock.name].set_index("sample_id")["value"]
    return found.reindex(pd.Index(list(map(str, adata.obs_names)))).astype(float)


def _constant_genes(lock: LockedBiomarker) -> tuple[str, ...]:
    """Return genes that did not vary in training and are not scored."""
    spread = lock.state.get("sd")
    return () if spread is None else tuple(g for g, sd in zip(lock.genes, spread, strict=True) if sd == 0.0)
