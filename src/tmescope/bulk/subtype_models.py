"""What a model of subtypes holds, and how one is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from tmescope.foundation.errors import MethodError
from tmescope.foundation.provenance import hash_array, hash_json

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["PLACED", "SUBTYPES", "UNCOVERED", "UNGROUPED", "UNLIKE", "SubtypeModel", "SubtypeOptions", "subtype_hash"]

SUBTYPES = ("sparse", "stroma-dense", "immune-open", "immune-dense")
"""Low on both axes; high on the stromal one; high on the immune one; high on both."""


PLACED, UNLIKE, UNCOVERED, UNGROUPED = "placed", "unlike the cohort", "too few genes", "no groups"
"""What is said of a sample: it has a subtype, or why it has none."""


@dataclass(frozen=True)
class SubtypeOptions:
    """How the axes are made.

    Parameters
    ----------
    immune, stromal : str
        Signatures that stand for the axes.
    n_resamples : int
        How often genes and samples are drawn anew for the probabilities.
    seed : int
        Of the draws.
    min_coverage : float
        Smallest share (0 to 1) of each signature's genes that must be there.
    lowest_likeness : float
        Rank correlation with the cohort's mean ranks (-1 to 1) below which a sample gets no subtype.
    cut : {"mean", "median"}
        What of the cohort's axis parts low from high.
    """

    immune: str = "estimate_immune"
    stromal: str = "estimate_stromal"
    n_resamples: int = 200
    seed: int = 0
    min_coverage: float = 0.5
    lowest_likeness: float = 0.7
    cut: Literal["mean", "median"] = "mean"

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises
        ------
        MethodError
            If a number is out of its range, or the cut is no such word.
        """
        sound = {
            "n_resamples": self.n_resamples >= 1,
            "min_coverage": 0 <= self.min_coverage <= 1,
            "lowest_likeness": -1 <= self.lowest_likeness <= 1,
            "cut": self.cut in {"mean", "median"},
        }
        if wrong := [name for name, is_sound in sound.items() if not is_sound]:
            raise MethodError(
                f"{wrong[0]} = {getattr(self, wrong[0])!r} cannot be",
                where="options",
                expected="n_resamples of at least 1, min_coverage 0 to 1, lowest_likeness -1 to 1, cut mean or median",
            )


@dataclass(frozen=True)
class SubtypeModel:
    """Two axes with what one cohort says of them.

    Parameters
    ----------
    axes : mapping of str to tuple of str
        ``immune`` and ``stromal`` to the genes of each that the cohort has.
    scale : str
        What values it takes; ranks are the same in every monotone form of that unit.
    genes : tuple of str
        Genes that are ranked.
    min_coverage : float
        As asked for at the fit.
    lowest_likeness : float
        Rank correlation with `profile` below which a sample is not measured like the cohort.
    state : mapping of str to array
        ``profile`` (n_genes): mean rank of each gene in the cohort. ``immune_draws`` and ``stromal_draws`` (n_resamples
        + 1 x genes of the axis): how often each gene counts, the first row once each. ``cuts`` (n_resamples + 1 x 2).
    facts : mapping of str to str
        Signature to sha256 of its genes.
    cohort : str
        Id of the cohort of the fit.
    n_samples : int
        Its samples.
    provenance : mapping
        Hashes and versions of the fit, JSON-able.
    """

    axes: Mapping[str, tuple[str, ...]]
    scale: str
    genes: tuple[str, ...]
    min_coverage: float
    lowest_likeness: float
    state: Mapping[str, NDArray[Any]]
    facts: Mapping[str, str]
    cohort: str
    n_samples: int
    provenance: Mapping[str, Any]


def subtype_hash(model: SubtypeModel) -> str:
    """Return the sha256 of everything in a model that decides subtypes."""
    return hash_json(
        {
            "axes": {name: list(genes) for name, genes in model.axes.items()},
            "scale": model.scale,
            "genes": list(model.genes),
            "min_coverage": model.min_coverage,
            "lowest_likeness": model.lowest_likeness,
            "state": {name: hash_array(array) for name, array in sorted(model.state.items())},
        }
    )
