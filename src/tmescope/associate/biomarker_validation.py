"""A locked biomarker on patients that it has never seen: as planned, or with every deviation named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tmescope.associate.biomarker_effects import estimate_effect
from tmescope.associate.biomarker_fingerprints import ENOUGH_GENES, find_training, hash_samples
from tmescope.associate.biomarker_locking import score_locked
from tmescope.associate.biomarkers import LockedBiomarker
from tmescope.bulk.matrix_rows import find_scale
from tmescope.foundation.errors import InputError, MethodError, SampleError, examples
from tmescope.foundation.provenance import versions
from tmescope.foundation.scale import Scale

if TYPE_CHECKING:
    from anndata import AnnData

__all__ = ["DEVIATIONS", "NewCohort", "validate_biomarker"]

DEVIATIONS = ("cut_off", "endpoint", "genes", "scale")
"""What may differ from a lock where it is declared with a reason."""


@dataclass(frozen=True)
class NewCohort:
    """A cohort that a lock is tested on.

    Parameters
    ----------
    adata : anndata.AnnData, n_samples x n_genes
        With its declared scale.
    outcome : pandas.DataFrame
        As for `tmescope.associate.biomarker_effects.estimate_effect`.
    endpoint : str
        Name of its endpoint.
    rule : mapping
        How the endpoint is defined there, in the form of the lock.
    cut_off : float, optional
        Another cut-off than the lock's; None takes that of the lock.
    """

    adata: AnnData
    outcome: pd.DataFrame
    endpoint: str
    rule: Mapping[str, Any]
    cut_off: float | None = None


def validate_biomarker(
    lock: LockedBiomarker, cohort: NewCohort, *, deviations: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Run exactly what a lock says on a new cohort.

    Parameters
    ----------
    lock : LockedBiomarker
        From `tmescope.associate.biomarker_files.read_lock`.
    cohort : NewCohort
        The new patients.
    deviations : mapping of str to str, optional
        What differs from the lock (of `DEVIATIONS`) and why.

    Returns
    -------
    dict
        JSON-able: ``effect`` with interval before p, n, events, who was left out, ``verdict``, ``deviations``, and
        by what samples of the training cohort were looked for.

    Raises
    ------
    MethodError
        If something differs that was not declared, or something was declared that does not differ.
    SampleError
        If samples of the training cohort are among the new ones.
    """
    declared = dict(deviations or {})
    _check_declared(declared)
    looked_for = _refuse_training(lock, cohort.adata)
    differs = _differences(lock, cohort)
    if undeclared := sorted(set(differs) - set(declared)):
        raise MethodError(
            "the cohort differs from the lock: " + "; ".join(differs[name] for name in undeclared),
            where=", ".join(undeclared),
            expected="what was fixed beforehand",
            next_step="; ".join(f"--deviation '{name}=REASON'" for name in undeclared) + " runs it and lists it",
        )
    if idle := sorted(set(declared) - set(differs)):
        raise MethodError(f"{examples(idle)} was declared, but does not differ from the lock", where="--deviation")
    used = lock if cohort.cut_off is None else replace(lock, cut_off=cohort.cut_off, cut_off_chosen="at validation")
    if "scale" in differs:
        own = find_scale(cohort.adata, None)
        used = replace(used, scale=str(replace(Scale.parse(lock.scale), unit=own.unit)))
    if "genes" in differs:
        used = _without_genes(used, cohort.adata)
    found = estimate_effect(used, score_locked(used, cohort.adata), cohort.outcome)
    estimate = {k: (None if isinstance(v, float) and not np.isfinite(v) else v) for k, v in asdict(found).items()}
    listed = [{"what": k, "how": differs[k], "reason": declared[k]} for k in sorted(differs)]
    return {
        "biomarker": lock.name,
        "estimate": estimate,
        "criterion": f"{lock.plan.test} p < {lock.plan.alpha:g}, {lock.plan.direction} scores with "
        + ("response" if lock.plan.kind == "response" else "the event"),
        "verdict": _verdict(used, estimate, deviating=bool(differs)),
        "deviations": listed,
        "planned": {"n": lock.plan.n_planned, "n_events": lock.plan.n_events_planned, "power": lock.plan.power},
        "training": {k: v for k, v in lock.training.items() if k not in {"samples", "fingerprints"}},
        "training_samples": looked_for,
        "versions": versions(),
    }


def _check_declared(declared: Mapping[str, str]) -> None:
    unknown = sorted(set(declared) - set(DEVIATIONS))
    if unknown:
        raise InputError(f"{examples(unknown)} cannot deviate", where="--deviation", expected=", ".join(DEVIATIONS))
    if silent := sorted(k for k, reason in declared.items() if not reason.strip()):
        raise InputError(f"{examples(silent)} deviates without a reason", where="--deviation", expected="NAME=REASON")


def _refuse_training(lock: LockedBiomarker, adata: AnnData) -> str:
    """Return by what the samples of the training cohort were looked for."""
    kept = lock.training.get("fingerprints")
    again, n_genes = find_training(kept, adata) if kept else _found_whole(lock, adata)
    if again:
        raise SampleError(
            f"{len(again)} of {adata.n_obs} samples have the expression of samples that the lock was trained on",
            where=f"for example {examples(again)}",
            expected="patients that nobody looked at when the biomarker was fixed",
            next_step="leave them out (select.exclude), or take another cohort",
        )
    if not kept and n_genes < len(lock.genes):
        raise SampleError(
            f"{len(lock.genes) - n_genes} of {len(lock.genes)} genes are missing: a lock of version 1 knows "
            "its samples by all of its genes only",
            expected="a cohort with all genes of the lock",
            next_step="lock the biomarker again on the training cohort: that file knows samples gene by gene",
        )
    if kept and n_genes < ENOUGH_GENES:
        return f"none by name and expression; {n_genes} genes in common are too few to know a renamed sample by"
    return f"none by the expression of {n_genes} genes"


def _found_whole(lock: LockedBiomarker, adata: AnnData) -> tuple[list[str], int]:
    """Return the samples that agree in all genes of a lock of version 1, and how many of its genes are there."""
    n_genes = len(set(lock.genes) & set(map(str, adata.var_names)))
    if n_genes < len(lock.genes):
        return [], n_genes
    known, hashes = set(lock.training["samples"]), hash_samples(adata, lock.genes)
    return [s for s, h in zip(map(str, adata.obs_names), hashes, strict=True) if h in known], n_genes


def _differences(lock: LockedBiomarker, cohort: NewCohort) -> dict[str, str]:
    found = {}
    declared, wanted = find_scale(cohort.adata, None), Scale.parse(lock.scale)
    if declared.unit != wanted.unit:
        found["scale"] = f"the matrix is {declared}, the lock takes {wanted}"
    measured = set(map(str, cohort.adata.var_names))
    absent = [g for g in lock.genes if g not in measured]
    if len(absent) > lock.max_missing_genes * len(lock.genes):
        found["genes"] = (
            f"{len(absent)} of {len(lock.genes)} genes are missing ({examples(absent)}), "
            f"the lock allows {lock.max_missing_genes:.0%}"
        )
    if cohort.endpoint != lock.plan.endpoint or dict(cohort.rule) != dict(lock.plan.rule):
        found["endpoint"] = (
            f"the endpoint is {cohort.endpoint} by {_told(cohort.rule)}, "
            f"the lock says {lock.plan.endpoint} by {_told(lock.plan.rule)}"
        )
    if cohort.cut_off is not None and cohort.cut_off != lock.cut_off:
        found["cut_off"] = f"the cut-off is {cohort.cut_off:.6g}, the lock says {lock.cut_off}"
    return found


def _told(rule: Mapping[str, Any]) -> str:
    return ", ".join(f"{k} = {'/'.join(v) if isinstance(v, list | tuple) else v}" for k, v in rule.items())


def _without_genes(lock: LockedBiomarker, adata: AnnData) -> LockedBiomarker:
    """Return the lock over the genes that are there."""
    measured = set(map(str, adata.var_names))
    keep = [i for i, g in enumerate(lock.genes) if g in measured]
    if not keep:
        raise InputError(f"none of the {len(lock.genes)} genes of {lock.name} is in the matrix")
    genes = tuple(lock.genes[i] for i in keep)
    return replace(
        lock,
        genes=genes,
        weights=None if lock.weights is None else {g: lock.weights[g] for g in genes},
        state={k: [v[i] for i in keep] for k, v in lock.state.items()},
    )


def _verdict(lock: LockedBiomarker, estimate: Mapping[str, Any], *, deviating: bool) -> str:
    if estimate["effect"] is None or estimate["p_value"] is None:
        return f"not estimable ({estimate['reason'] or 'beyond floating point'})"
    in_direction = (estimate["effect"] > 1.0) == (lock.plan.direction == "higher")
    met = in_direction and estimate["p_value"] < lock.plan.alpha
    told = "criterion met" if met else "criterion not met"
    return f"{told}, with declared deviations: not a confirmation as planned" if deviating else told
