"""What every method returns: a tidy table, where it came from, and what the reader should be warned about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from tmescope.foundation.provenance import Provenance

__all__ = ["Result", "RunWarning"]


@dataclass(frozen=True)
class RunWarning:
    """One thing that the reader of a result should know.

    Parameters
    ----------
    code : str
        Stable short name such as ``scale.unusual_sum``; the part before the dot is the topic.
    message : str
        One sentence with the numbers in it.
    where : str
        Cohort, file, column or signature; empty where it concerns the whole run.
    count : int
        How many items it concerns.
    examples : tuple of str
        Up to three of them.
    """

    code: str
    message: str
    where: str = ""
    count: int = 1
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """Outcome of one method.

    Parameters
    ----------
    table : pandas.DataFrame
        Tidy; its columns are documented by the function that returns it.
    provenance : Provenance
        Input hashes, parameters, versions, seed and facts used.
    warnings : tuple of RunWarning
        In the order in which they arose.
    extra : mapping of str to pandas.DataFrame
        Further tidy tables, for example ``gene_mapping``.
    """

    table: pd.DataFrame
    provenance: Provenance
    warnings: tuple[RunWarning, ...] = ()
    extra: Mapping[str, pd.DataFrame] = field(default_factory=dict)
