"""What sentences about a run are made of: the study, its tables, and a few ways to write lists and counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tmescope.report.methods_text import said
from tmescope.study.citing import Citations

if TYPE_CHECKING:
    import pandas as pd

    from tmescope.study.needs import Needs
    from tmescope.study.schema import Study

__all__ = ["Material", "listed", "plural", "quoted"]


@dataclass(frozen=True)
class Material:
    """What there is to tell of.

    Parameters
    ----------
    study : Study
        What was asked.
    needs : Needs
        Methods and signatures that ran.
    tables : mapping of str to pandas.DataFrame
        Of the run, by name.
    provenance : mapping
        As from `tmescope.study.crate.provenance_of`.
    n_universe : int or None
        Genes that rank-based methods saw; None where each cohort's own.
    gene_table : str
        Source of the approved symbols; empty where names were not mapped.
    citations : Citations
        Receives what the text cites.
    """

    study: Study
    needs: Needs
    tables: Mapping[str, pd.DataFrame]
    provenance: Mapping[str, Any]
    n_universe: int | None = None
    gene_table: str = ""
    citations: Citations = field(default_factory=Citations)

    def of_cohort(self, name: str, cohort_id: str) -> pd.DataFrame:
        """Return the rows of one cohort.

        Parameters
        ----------
        name : str
            Of the table.
        cohort_id : str
            Of the cohort.
        """
        table = self.tables[name]
        return table[table["cohort_id"] == cohort_id]


def listed(words: Iterable[object], *, most: int | None = None) -> str:
    """Return ``a, b and c``.

    Parameters
    ----------
    words : iterable
        What is listed.
    most : int, optional
        More than that many become ``and N more``.
    """
    found = [said(w) for w in words]
    if most is not None and len(found) > most:
        return f"{', '.join(found[:most])} and {len(found) - most} more"
    return f"{', '.join(found[:-1])} and {found[-1]}" if len(found) > 1 else "".join(found)


def quoted(words: Iterable[object]) -> str:
    """Return ``“a”, “b” and “c”``: words as they stand in the data."""
    return listed(f"“{said(w)}”" for w in words)


def plural(number: int, noun: str, several: str | None = None) -> str:
    """Return ``1 sample`` or ``1,204 samples``.

    Parameters
    ----------
    number : int
        How many.
    noun : str
        Of one.
    several : str, optional
        Of many; with an s if omitted.
    """
    return f"{number:,} {noun if number == 1 else several or noun + 's'}"
