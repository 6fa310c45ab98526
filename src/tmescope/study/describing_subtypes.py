"""Sentences about subtypes: which models placed the samples, what they were fitted on, and who has none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tmescope.report.methods_text import said
from tmescope.study.material import Material, listed, plural

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["describe_subtypes"]

_CLUSTERING = "10.1038/s41598-020-58766-1"
_SHORT = 12


def describe_subtypes(material: Material) -> Iterator[str]:
    """Yield paragraphs about models of subtypes; nothing where none was applied.

    Parameters
    ----------
    material : Material
        With the tables subtypes and subtype_models.
    """
    places, models = material.tables["subtypes"], material.tables["subtype_models"]
    for name in models["model"].drop_duplicates():
        told = models[models["model"] == name]
        yield " ".join(_model(material, str(name), told))
        yield _placed(places[places["model"] == name], float(told["lowest_likeness"].iloc[0]))


def _model(material: Material, name: str, told: pd.DataFrame) -> Iterator[str]:
    release = said(material.provenance["versions"]["tmescope"])
    first = told.iloc[0]
    measures = told[["fitted_on", "n_fitted", "sha256"]].drop_duplicates()
    cohorts = listed(
        f"{r['fitted_on']} ({plural(int(r['n_fitted']), 'sample')}; sha256 {str(r['sha256'])[:_SHORT]})"
        for r in measures.to_dict("records")
    )
    scale = first["scale"]
    yield f"Subtypes were told with tmescope {release} by the model {said(name)}, fitted on {cohorts} in {scale}."
    sets = listed(str(first["facts"]).split("; "), most=6)
    if first["kind"] == "axes":
        yield (
            f"Its two axes are the mean ranks of {sets} among all genes of a sample; each is cut at the mean of the "
            f"cohort of the fit, which gives the subtypes {listed(str(first['subtypes']).split('; '))}. These are "
            "quadrants of continuous axes."
        )
    else:
        cited = material.citations.cite(_CLUSTERING)
        stability = listed(told["stability"].drop_duplicates())
        yield (
            f"Mean ranks of {sets} were standardised and grouped by consensus clustering, the number of groups chosen "
            f"by its stability beside that of clouds without groups{cited}: {stability}."
        )
    yield (
        "Probabilities are the share of draws, with the genes of each set and the samples of the fit drawn anew with "
        "replacement, in which a sample had that subtype. No sample moved another."
    )


def _placed(mine: pd.DataFrame, limit: float) -> str:
    known = mine["probability"].dropna()
    sure = int((known >= 0.8).sum())
    why = mine.loc[mine["subtype"].isna(), "verdict"].value_counts()
    lacking = f" {listed(f'{int(n):,} had none ({verdict})' for verdict, n in why.items())}." if len(why) else ""
    return (
        f"{len(known):,} of {plural(len(mine), 'sample')} have a subtype, {sure:,} of them with a probability of 0.8 "
        f"or more; a sample whose genes are ranked unlike the cohort of the fit (correlation below {limit:.2f}) has "
        f"none.{lacking}"
    )
