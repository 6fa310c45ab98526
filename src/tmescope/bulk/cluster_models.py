"""What a model of clusters holds, and how one is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tmescope.foundation.errors import MethodError
from tmescope.foundation.provenance import hash_array, hash_json

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ClusterModel", "ClusterOptions", "cluster_hash", "cluster_names"]


@dataclass(frozen=True)
class ClusterOptions:
    """How groups are looked for.

    Parameters
    ----------
    signatures : tuple of str
        Whose scores are grouped; the core ones where it is empty.
    most : int
        Largest number of groups that is tried.
    n_null : int
        Clouds without groups that the cohort is compared with.
    alpha : float
        Largest p-value at which there are groups.
    n_resamples : int
        How often genes and samples are drawn anew for the probabilities.
    seed : int
        Of all draws.
    min_coverage : float
        Smallest share (0 to 1) of a signature's genes that must be there; others take no part.
    lowest_likeness : float
        Rank correlation with the cohort's mean ranks (-1 to 1) below which a sample gets no group.
    """

    signatures: tuple[str, ...] = ()
    most: int = 6
    n_null: int = 99
    alpha: float = 0.01
    n_resamples: int = 200
    seed: int = 0
    min_coverage: float = 0.5
    lowest_likeness: float = 0.7

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises
        ------
        MethodError
            If a number is out of its range.
        """
        sound = {
            "n_resamples": self.n_resamples >= 1,
            "min_coverage": 0 <= self.min_coverage <= 1,
            "lowest_likeness": -1 <= self.lowest_likeness <= 1,
        }
        if wrong := [name for name, is_sound in sound.items() if not is_sound]:
            raise MethodError(
                f"{wrong[0]} = {getattr(self, wrong[0])!r} cannot be",
                where="options",
                expected="n_resamples of at least 1, min_coverage 0 to 1, lowest_likeness -1 to 1",
            )


@dataclass(frozen=True)
class ClusterModel:
    """Groups of one cohort's scores.

    Parameters
    ----------
    k : int
        Groups; 1 means that the cohort looks like one cloud, and no sample gets a group.
    sets : mapping of str to tuple of str
        Signature to its genes that the cohort has.
    scale : str
        What values it takes; ranks are the same in every monotone form of that unit.
    genes : tuple of str
        Genes that are ranked.
    min_coverage, lowest_likeness : float
        As asked for at the fit.
    state : mapping of str to array
        ``profile`` (n_genes): mean rank of each gene. ``mean`` and ``spread`` (n_sets): of the cohort's scores.
        ``centres`` (n_resamples + 1 x k x n_sets): of the groups, standardised, the first of the cohort as it is.
        ``draws_I`` (n_resamples + 1 x genes): how often each gene of the set number I counts.
    stability : mapping
        ``tried``, ``ambiguity``, ``null_ambiguity``, ``gain`` and ``p_value`` of `tmescope.stats.clusters.Clusters`.
    facts : mapping of str to str
        Signature to sha256 of its genes.
    cohort : str
        Id of the cohort of the fit.
    n_samples : int
        Its samples.
    provenance : mapping
        Hashes and versions of the fit, JSON-able.
    """

    k: int
    sets: Mapping[str, tuple[str, ...]]
    scale: str
    genes: tuple[str, ...]
    min_coverage: float
    lowest_likeness: float
    state: Mapping[str, NDArray[Any]]
    stability: Mapping[str, Any]
    facts: Mapping[str, str]
    cohort: str
    n_samples: int
    provenance: Mapping[str, Any]


def cluster_names(k: int) -> tuple[str, ...]:
    """Return the names of groups, the largest first; none where there are no groups.

    Parameters
    ----------
    k : int
        Of the model.
    """
    return tuple(f"cluster-{i}" for i in range(1, k + 1)) if k > 1 else ()


def cluster_hash(model: ClusterModel) -> str:
    """Return the sha256 of everything in a model that decides groups."""
    return hash_json(
        {
            "k": model.k,
            "sets": [[name, list(genes)] for name, genes in model.sets.items()],
            "scale": model.scale,
            "genes": list(model.genes),
            "min_coverage": model.min_coverage,
            "lowest_likeness": model.lowest_likeness,
            "state": {name: hash_array(array) for name, array in sorted(model.state.items())},
        }
    )
