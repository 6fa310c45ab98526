"""Sentences about answers that were pooled over cohorts, read off the table pooled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tmescope.report.methods_text import said
from tmescope.study.material import Material, listed, plural

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["describe_pooled"]

_PAPERS = (
    ("REML", "10.1002/sim.2514"),
    ("DerSimonian-Laird", "10.1016/0197-2456(86)90046-2"),
    ("Hartung-Knapp", "10.1002/sim.791"),
)
_PROFILE, _PREDICTION, _EGGER = "10.1002/sim.2514", "10.1111/j.1467-985X.2008.00552.x", "10.1136/bmj.315.7109.629"


def describe_pooled(material: Material) -> Iterator[str]:
    """Yield a paragraph for each way of pooling that was used; nothing where no question was pooled.

    Parameters
    ----------
    material : Material
        With the table pooled.
    """
    pooled = material.tables.get("pooled")
    if pooled is None or not len(pooled):
        return
    for method, rows in pooled.groupby("method", sort=False):
        yield " ".join(_told(material, str(method), rows))


def _told(material: Material, method: str, rows: pd.DataFrame) -> Iterator[str]:
    papers = [doi for words, doi in _PAPERS if words in method]
    questions = listed(dict.fromkeys(rows["question_id"]))
    yield (
        f"Answers to {questions} were pooled over cohorts ({said(method)}{material.citations.cite(*papers)}): "
        f"{plural(len(rows), 'pooled effect')} of {int(rows['k'].min())} to {int(rows['k'].max())} cohorts."
    )
    yield "Endpoints, kinds of effect and adjustments were never mixed, and a patient in two cohorts counted once."
    strata = [s for s in dict.fromkeys(rows["stratum"].fillna("")) if s]
    if strata:
        yield f"Strata were stated in the study file beforehand: {listed(strata)}."
    yield (
        "Limits of the variance between cohorts are Q-profile limits"
        f"{material.citations.cite(_PROFILE)}; the interval for a further cohort is a prediction interval"
        f"{material.citations.cite(_PREDICTION)}{_freedom(rows)}; Egger's test{material.citations.cite(_EGGER)} looks "
        "for small cohorts that tell another story."
    )
    narrow = int(rows["narrower_than_fixed"].fillna(value=False).astype(bool).sum())
    if narrow:
        yield (
            f"{plural(narrow, 'interval is', 'intervals are')} narrower than those of a fixed effect, as cohorts agree "
            "more than chance has it: marked, and called clear only where Hartung-Knapp not below one agrees."
        )


def _freedom(rows: pd.DataFrame) -> str:
    known = rows["prediction_df"].dropna()
    if not len(known):
        return ""
    if (known == float("inf")).all():
        return " by normal theory"
    less = (rows["k"] - rows["prediction_df"]).dropna().unique()
    return f" by t with k - {int(less[0])} degrees of freedom" if len(less) == 1 else " by t"
