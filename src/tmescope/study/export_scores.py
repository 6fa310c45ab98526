"""Scores of a cohort as generic-assay profiles of a cBioPortal study: one profile a method."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tmescope.foundation.errors import StoreError, examples
from tmescope.ingest.cbioportal_writing import write_matrix, write_meta

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ASSAY_TYPE", "write_scores"]

ASSAY_TYPE = "TME_SCORE"
"""Kind of assay that the scores are."""

_NOT_ENTITY = re.compile(r"[^A-Za-z0-9_-]")


def write_scores(
    folder: Path, name: str, own: dict[str, pd.DataFrame], *, order: tuple[Sequence[str], Sequence[str]]
) -> None:
    """Write the scores of one cohort.

    Parameters
    ----------
    folder : Path
        Of the study, not yet committed. Gets meta_scores_METHOD.txt and data_scores_METHOD.txt for each method.
    name : str
        Of the study.
    own : dict of str to pandas.DataFrame
        The tables scores, methods and signatures, those of the cohort alone.
    order : (sequence of str, sequence of str)
        The samples as they stand in the table, and as the portal knows them.

    Raises
    ------
    StoreError
        If two features would get the same identifier.
    """
    scores = own["scores"]
    titles = dict(zip(own["signatures"]["name"], own["signatures"]["title"], strict=True))
    summaries = dict(zip(own["methods"]["name"], own["methods"]["summary"], strict=True))
    for method in dict.fromkeys(scores["method"]):
        rows = scores[scores["method"] == method]
        features = list(dict.fromkeys(rows["feature"]))
        values = rows.pivot(index="feature", columns="sample_id", values="value").reindex(
            index=features, columns=list(order[0])
        )
        unit = dict(zip(rows["feature"], rows["unit"].fillna(""), strict=True))
        texts = {
            "ENTITY_STABLE_ID": _entities(method, features, where=f"cohort {name}"),
            "NAME": [f"{feature} ({method})" for feature in features],
            "DESCRIPTION": [_describe(titles.get(f, f), unit[f]) for f in features],
        }
        plain = _NOT_ENTITY.sub("_", method)
        fields = {
            "cancer_study_identifier": name,
            "genetic_alteration_type": "GENERIC_ASSAY",
            "generic_assay_type": ASSAY_TYPE,
            "datatype": "LIMIT-VALUE",
            "stable_id": f"tme_{plain}",
            "profile_name": f"Scores by {method}",
            "profile_description": summaries.get(method, method),
            "data_filename": f"data_scores_{plain}.txt",
            "show_profile_in_analysis_tab": "true",
            "value_sort_order": "DESC",
            "generic_entity_meta_properties": "NAME,DESCRIPTION",
        }
        write_meta(folder / f"meta_scores_{plain}.txt", fields)
        write_matrix(
            folder / f"data_scores_{plain}.txt", texts, samples=order[1], values=values.to_numpy(dtype="float64")
        )


def _describe(title: str, unit: str) -> str:
    return f"{title} in {unit}" if unit else title


def _entities(method: str, features: Sequence[str], *, where: str) -> list[str]:
    ids = [_NOT_ENTITY.sub("_", f"{method}_{feature}") for feature in features]
    twice = [i for n, i in enumerate(ids) if i in ids[:n]]
    if twice:
        raise StoreError(
            f"several scores would have the identifier {examples(twice)}",
            where=where,
            expected="names of signatures that differ in letters and digits",
            next_step="rename an own signature in the study file, and run it again",
        )
    return ids
