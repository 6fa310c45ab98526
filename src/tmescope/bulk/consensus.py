"""One estimate a cell type from several deconvolution methods, by a rule fixed beforehand, and how they agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import pandas as pd

from tmescope.bulk.harmonised import harmonise
from tmescope.facts.cell_types import CellTypeTree, load_cell_types
from tmescope.facts.records import DATA, Key, check_record, place, read_record
from tmescope.foundation.method import MethodSpec
from tmescope.stats.correlation import spearman_matrix

__all__ = ["METHOD", "UNIT", "Consensus", "ConsensusRule", "family_of", "find_consensus", "find_speakable", "load_rule"]

METHOD = "consensus"
"""Name that the estimates carry where a method's name stands."""
UNIT = "weighted mean z within the cohort"

_FEWEST_SAMPLES = 4
_ENOUGH_SAMPLES = 10
_HIGH, _MODERATE = 0.6, 0.4
_COVERED = 0.8
_KEYS = ["cohort_id", "sample_id"]
_FILE_KEYS = {
    "name": Key(str),
    "version": Key(str),
    "licence": Key(str),
    "reference_check": Key(str),
    "types": Key(list),
}
_TYPE_KEYS = {"cl_id": Key(str), "name": Key(str), "avoid": Key(str, may_be_empty=True), "weights": Key(dict)}


@dataclass(frozen=True)
class ConsensusRule:
    """How methods are weighed.

    Parameters
    ----------
    weights : mapping of str to mapping of str to float
        Identifier of a cell type to family (see `find_consensus`) to weight, 0 or more; all methods of a type that is
        not here weigh the same.
    avoid : mapping of str to str
        Identifier of a cell type to why its consensus should not be used.
    """

    weights: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    avoid: Mapping[str, str] = field(default_factory=dict)

    def weight(self, cl_id: str, family: str) -> float:
        """Return the weight of a family for a type; where weights are known and this one is not, it is their mean.

        Parameters
        ----------
        cl_id : str
            Identifier of the type.
        family : str
            Reference of the method, or its name where it shares none.
        """
        known = self.weights.get(cl_id, {})
        if not known:
            return 1.0
        return float(known.get(family, np.mean(list(known.values()))))


@cache
def load_rule() -> ConsensusRule:
    """Return the bundled rule: weights learned where composition is known, and types that failed there (read once).

    Raises
    ------
    FactsError
        The bundled file fails its own checks.
    """
    path = DATA / "consensus.toml"
    record = read_record(path, _FILE_KEYS)
    weights: dict[str, dict[str, float]] = {}
    avoid: dict[str, str] = {}
    for i, one in enumerate(record["types"], start=1):
        check_record(one, _TYPE_KEYS, where=f"{place(path)}, type {i}")
        kind = load_cell_types().get(one["cl_id"])
        weights[kind.cl_id] = {name: float(weight) for name, weight in one["weights"].items()}
        if one["avoid"]:
            avoid[kind.cl_id] = one["avoid"]
    return ConsensusRule(weights, avoid)


@dataclass(frozen=True)
class Consensus:
    """What several methods say together.

    Parameters
    ----------
    estimates : pandas.DataFrame
        As the table ``fractions``: method is ``consensus``, feature the name of the cell type in the tree.
    agreement : pandas.DataFrame
        cohort_id, cell_type, cl_id, n_samples, n_methods, methods, agreement, agreement_low, coverage, confidence,
        advice: one row a cohort and cell type.
    """

    estimates: pd.DataFrame
    agreement: pd.DataFrame


def find_consensus(
    estimates: pd.DataFrame,
    *,
    additive: Mapping[str, bool],
    families: Mapping[str, str] | None = None,
    rule: ConsensusRule | None = None,
    tree: CellTypeTree | None = None,
) -> Consensus:
    """Bring the estimates of several methods together.

    Answers "which populations differ between these samples, whichever method is asked?". It gives no fractions: most
    methods do not, and a consensus of some that do and some that do not has no unit.

    Parameters
    ----------
    estimates : pandas.DataFrame
        As the table ``fractions``; any number of cohorts.
    additive : mapping of str to bool
        Method to whether its outputs are shares of disjoint types.
    families : mapping of str to str, optional
        Method to the reference that it shares with others, such as both scales of MCP-counter: only the first of a
        family takes part, since two readings of the same markers agree whatever they measure.
    rule : ConsensusRule, optional
        Weights; all methods weigh the same if omitted.
    tree : CellTypeTree, optional
        The bundled one if omitted.

    Returns
    -------
    Consensus

    Notes
    -----
    For each cohort and type, every method's values become z (mean 0, SD 1 over the cohort); the consensus of a sample
    is their weighted mean over the methods that have a value for it. A method that is constant or has fewer than four
    values in the cohort takes no part. Agreement is the mean of Spearman's correlations of all pairs of methods,
    with the lowest beside it.

    Confidence, by limits that were set before any data were looked at: ``high`` where at least three methods agree
    by 0.6 or more and the median coverage is 80% or more; ``moderate`` where two or more agree by 0.4 or more; ``low``
    where they agree less; ``single`` where only one method speaks of the type, so that nothing can agree; ``unknown``
    in cohorts of fewer than ten samples, in which no correlation says anything.
    """
    tree = tree or load_cell_types()
    rule = rule or ConsensusRule()
    families = families or {}
    independent = _first_of_families([str(m) for m in pd.unique(estimates["method"])], families)
    table = harmonise(estimates[estimates["method"].isin(independent)], additive=additive, tree=tree)
    table = table[table["cl_id"].isin(find_speakable(tree))]
    values: list[pd.DataFrame] = []
    agreement: list[dict[str, object]] = []
    for (cohort, cl_id), rows in table.groupby(["cohort_id", "cl_id"], sort=False):
        wide = rows.pivot(index="sample_id", columns="method", values="value")
        wide = wide.reindex(index=pd.unique(rows["sample_id"]), columns=pd.unique(rows["method"])).astype(float)
        kind = tree.get(str(cl_id))
        used = [m for m in wide if wide[m].count() >= _FEWEST_SAMPLES and wide[m].std() > 0]
        if not used:
            continue
        weights = np.array([rule.weight(kind.cl_id, families.get(str(m), str(m))) for m in used])
        value = _weighted_z(wide[used], weights)
        covered = rows[rows["method"].isin(used)].groupby("sample_id", sort=False)["coverage"].mean()
        part = pd.DataFrame(
            {"sample_id": wide.index, "value": value, "coverage": covered.reindex(wide.index).to_numpy()}
        )
        values.append(part.assign(cohort_id=str(cohort), method=METHOD, feature=kind.name, unit=UNIT))
        told = {"cohort_id": cohort, "cell_type": kind.name, "cl_id": kind.cl_id, "n_samples": len(wide)}
        agreement.append(told | _agree(wide[used], covered, avoid=rule.avoid.get(kind.cl_id, "")))
    columns = [*_KEYS, "method", "feature", "value", "coverage", "unit"]
    found = pd.concat(values, ignore_index=True)[columns] if values else pd.DataFrame(columns=columns)
    return Consensus(_in_order(found, estimates), pd.DataFrame(agreement))


def family_of(spec: MethodSpec) -> str:
    """Return what a method shares with others that read the same markers or profiles; its name where it shares nothing.

    Parameters
    ----------
    spec : MethodSpec
        Of a deconvolution method.
    """
    return spec.gene_sets or spec.installed or ("own reference" if spec.own_reference else spec.name)


def find_speakable(tree: CellTypeTree) -> set[str]:
    """Return the types that methods name: a root that holds others, such as all leukocytes, is a sum that none gives.

    Parameters
    ----------
    tree : CellTypeTree
        All types.
    """
    parents = {kind.parent for kind in tree}
    return {kind.cl_id for kind in tree if kind.parent or kind.cl_id not in parents}


def _first_of_families(methods: list[str], families: Mapping[str, str]) -> list[str]:
    first: dict[str, str] = {}
    for method in methods:
        first.setdefault(families.get(method, method), method)
    return list(first.values())


def _weighted_z(wide: pd.DataFrame, weights: np.ndarray) -> np.ndarray:
    z = ((wide - wide.mean()) / wide.std()).to_numpy(dtype=float)
    there = ~np.isnan(z)
    total = there @ weights
    summed = np.where(there, z, 0.0) @ weights
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total > 0, summed / total, np.nan)


def _agree(wide: pd.DataFrame, covered: pd.Series[float], *, avoid: str) -> dict[str, object]:
    methods = [str(m) for m in wide]
    pairs = _pairs(wide) if len(methods) > 1 else np.array([])
    mean = float(pairs.mean()) if pairs.size else np.nan
    coverage = float(covered.median())
    confidence = "single"
    if pairs.size and len(wide) < _ENOUGH_SAMPLES:
        confidence = "unknown"
    elif pairs.size:
        confidence = "low"
        if mean >= _MODERATE:
            confidence = "moderate"
        if mean >= _HIGH and len(methods) >= 3 and coverage >= _COVERED:
            confidence = "high"
    return {
        "n_methods": len(methods),
        "methods": ", ".join(methods),
        "agreement": mean,
        "agreement_low": float(pairs.min()) if pairs.size else np.nan,
        "coverage": coverage,
        "confidence": confidence,
        "advice": "; ".join(_advise(confidence, avoid)),
    }


def _pairs(wide: pd.DataFrame) -> np.ndarray:
    found, _ = spearman_matrix(wide.to_numpy(dtype=float), fewest=_FEWEST_SAMPLES)
    upper = found[np.triu_indices(len(found), 1)]
    return upper[~np.isnan(upper)]


def _advise(confidence: str, avoid: str) -> Iterator[str]:
    if avoid:
        yield f"do not use: {avoid}"
    if confidence == "single":
        yield "one method alone: nothing confirms it"
    elif confidence == "unknown":
        yield "too few samples to see whether methods agree"
    elif confidence == "low":
        yield "the methods disagree: do not conclude from it"


def _in_order(found: pd.DataFrame, estimates: pd.DataFrame) -> pd.DataFrame:
    samples = estimates[_KEYS].drop_duplicates()
    place = pd.Series(range(len(samples)), index=pd.MultiIndex.from_frame(samples))
    order = place.reindex(pd.MultiIndex.from_frame(found[_KEYS])).to_numpy()
    return found.iloc[np.argsort(order, kind="stable")].reset_index(drop=True)
