"""What the cells of an atlas say of each sample: shares of labels, and signatures in the sums of one label's cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tmescope.bulk.scoring import ScoreOptions, score
from tmescope.foundation.result import RunWarning
from tmescope.store.matrices import read_cohort_folder
from tmescope.store.tables import TEXT, empty_table, read_table
from tmescope.study.cell_scales import scaled_for
from tmescope.study.counted_atlas import Counted, read_counted

if TYPE_CHECKING:
    from anndata import AnnData
    from numpy.typing import NDArray

    from tmescope.foundation.method import MethodSpec
    from tmescope.study.context import Context
    from tmescope.study.schema import Cohort, Study

__all__ = [
    "MIN_CELLS",
    "SHARE_UNIT",
    "cell_groups",
    "composition_method",
    "count_fractions",
    "label_method",
    "label_methods",
    "score_labels",
]

MIN_CELLS = 10
"""Fewest cells of a label in a sample that are added up, unless a study says otherwise."""

SHARE_UNIT = "fraction of cells"
_MOST_SHOWN = 3


def composition_method(cohort: Cohort) -> str:
    """Return the name under which shares of a cohort's labels stand in the table ``fractions``."""
    return f"cells:{cohort.labels}"


def label_method(method: str, cohort: Cohort) -> str:
    """Return the name under which a method's scores of single labels stand in the table ``scores``."""
    return f"{method}@{cohort.labels}"


def label_methods(study: Study) -> list[str]:
    """Return the names of all methods that cohorts of cells add to those of the study."""
    found = []
    for cohort in study.cohorts:
        if cohort.kind == "cells" and cohort.labels:
            found += [composition_method(cohort), *(label_method(m, cohort) for m in study.profile.methods)]
    return list(dict.fromkeys(found))


def count_fractions(context: Context, cohort: Cohort) -> tuple[pd.DataFrame, list[RunWarning]]:
    """Return the share of each label among the cells of each sample, as rows of the table ``fractions``.

    Parameters
    ----------
    context : Context
        The run; the cohort is read.
    cohort : Cohort
        Any; one without labelled cells has no row.

    Returns
    -------
    table : pandas.DataFrame
        ``value`` is cells of the label divided by the sample's cells that have a label; missing where it has none.
        ``coverage`` is the share of its cells that have one.
    warnings : list of RunWarning
        Labels with few cells in most samples.
    """
    if cohort.kind != "cells" or not cohort.labels:
        return empty_table("fractions"), []
    counted = read_counted(context.ledger.folder(f"atlas-{cohort.id}"))
    samples = _samples(context, cohort)
    wide = _cells_of(counted, samples)
    total = wide.sum(axis=1)
    labelled = wide.drop(columns="", errors="ignore")
    denominator = labelled.sum(axis=1)
    share = labelled.div(denominator.where(denominator > 0), axis=0)
    table = pd.DataFrame(
        {
            "cohort_id": cohort.id,
            "sample_id": np.repeat(samples, share.shape[1]),
            "method": composition_method(cohort),
            "feature": np.tile(share.columns.to_numpy(dtype=object), len(samples)),
            "value": share.to_numpy(dtype=np.float64).ravel(),
            "coverage": np.repeat((denominator / total).to_numpy(dtype=np.float64), share.shape[1]),
            "unit": SHARE_UNIT,
        }
    )
    return table, list(_rare(labelled, cohort))


def _samples(context: Context, cohort: Cohort) -> list[str]:
    table = read_table(context.ledger.folder(f"cohort-{cohort.id}") / "samples.parquet", columns=["sample_id"])
    return [str(s) for s in table["sample_id"]]


def _cells_of(counted: Counted, samples: Sequence[str]) -> pd.DataFrame:
    """Return cells of each sample over labels; the empty name stands for those without."""
    groups = counted.groups.assign(label=counted.groups["label"].fillna(""))
    wide = groups.pivot(index="sample_id", columns="label", values="n_cells").fillna(0).astype(np.int64)
    return wide.reindex(list(samples), fill_value=0)


def _rare(labelled: pd.DataFrame, cohort: Cohort) -> Iterator[RunWarning]:
    few = _fewest(cohort)
    rare = [str(name) for name in labelled.columns if (labelled[name] < few).mean() > 0.5]
    if rare:
        message = (
            f"{len(rare)} of {labelled.shape[1]} labels have fewer than {few} cells in more than half of the samples: "
            "their shares stand on single cells"
        )
        yield RunWarning("cells.rare_label", message, cohort.id, len(rare), tuple(rare[:_MOST_SHOWN]))


def _fewest(cohort: Cohort) -> int:
    return MIN_CELLS if cohort.min_cells is None else cohort.min_cells


def cell_groups(context: Context, cohort: Cohort) -> pd.DataFrame:
    """Return the table ``cell_groups`` of a cohort: what was added up, and what was left out and why.

    Parameters
    ----------
    context : Context
        The run; the cohort is read.
    cohort : Cohort
        One of cells.
    """
    counted = read_counted(context.ledger.folder(f"atlas-{cohort.id}"))
    kept = counted.groups["sample_id"].isin(_samples(context, cohort))
    groups = counted.groups[kept].reset_index(drop=True)
    few = _fewest(cohort)
    unlabelled, small = groups["label"].isna(), groups["n_cells"] < few
    reason = pd.Series("", index=groups.index, dtype=TEXT)
    reason = reason.mask(small, f"fewer than {few} cells").mask(unlabelled, "no label")
    sums = counted.sums[np.flatnonzero(kept.to_numpy())]
    return pd.DataFrame(
        {
            "cohort_id": cohort.id,
            "sample_id": groups["sample_id"],
            "label": groups["label"],
            "n_cells": groups["n_cells"],
            "n_counts": sums.sum(axis=1),
            "added_up": ~(unlabelled | small),
            "reason": reason,
        }
    )


def score_labels(
    context: Context, cohort: Cohort, *, universe: frozenset[str]
) -> tuple[pd.DataFrame, list[RunWarning]]:
    """Return the study's signatures in the cells of each label, added up by sample, as rows of the table ``scores``.

    Parameters
    ----------
    context : Context
        The run; the cohort is read.
    cohort : Cohort
        Any; one without labelled cells has no row.
    universe : frozenset of str
        Genes that methods of ranks see; all where it is empty.

    Returns
    -------
    table : pandas.DataFrame
        Method ``METHOD@LABELS``, feature ``SIGNATURE@LABEL``. Each label is scored as a cohort of its own.
    warnings : list of RunWarning
        Samples whose cells of a label are too few, and labels with too few samples for a method.
    """
    specs = [s for s in context.needs.specs if s.gene_sets is None and s.name not in context.needs.models.models]
    if cohort.kind != "cells" or not cohort.labels or not specs or not context.needs.sets():
        return empty_table("scores"), []
    counted = read_counted(context.ledger.folder(f"atlas-{cohort.id}"))
    whole = read_cohort_folder(context.ledger.folder(f"cohort-{cohort.id}"))
    genes = _places(context, cohort, counted, symbols=list(whole.var_names))
    kept = _kept_groups(counted, list(whole.obs_names), cohort)
    parts: list[pd.DataFrame] = []
    lone: dict[str, list[str]] = {}
    context.progress.start("labels", len(counted.labels), unit="labels")
    for label in counted.labels:
        rows = np.flatnonzero((kept & (counted.groups["label"] == label)).to_numpy())
        for spec in specs:
            if len(rows) < max(spec.min_samples, 1):
                lone.setdefault(spec.name, []).append(label)
                continue
            adata = _of_label(whole, counted, rows=rows, genes=genes)
            parts.append(_scored(context, spec, adata, cohort=cohort, universe=universe, label=label))
        context.progress.advance("labels")
    context.progress.finish("labels")
    table = pd.concat(parts, ignore_index=True) if parts else empty_table("scores")
    return table, list(_told(counted, kept, lone, cohort=cohort, n_samples=whole.n_obs))


def _kept_groups(counted: Counted, samples: Sequence[str], cohort: Cohort) -> pd.Series[bool]:
    groups = counted.groups
    return groups["sample_id"].isin(list(samples)) & (groups["n_cells"] >= _fewest(cohort)) & groups["label"].notna()


def _places(context: Context, cohort: Cohort, counted: Counted, *, symbols: list[str]) -> NDArray[np.intp]:
    """Return which column of the cohort each gene of the atlas became; -1 where it is in none."""
    table = read_table(context.ledger.folder(f"cohort-{cohort.id}") / "gene_mapping.parquet")
    known = table.dropna(subset=["input_id", "gene_symbol"])
    became = dict(zip(known["input_id"], known["gene_symbol"], strict=True))
    return pd.Index(symbols).get_indexer(pd.Index([became.get(g, g) for g in counted.genes]))


def _of_label(whole: AnnData, counted: Counted, *, rows: NDArray[np.intp], genes: NDArray[np.intp]) -> AnnData:
    from anndata import AnnData

    values = np.zeros((len(rows), whole.n_vars))
    there = np.flatnonzero(genes >= 0)
    np.add.at(values.T, genes[there], counted.sums[rows][:, there].T)
    names = counted.groups["sample_id"].iloc[rows]
    obs = whole.obs.loc[list(names)]
    return AnnData(X=values, obs=obs, var=whole.var, uns={"tmescope": dict(whole.uns["tmescope"])})


def _scored(
    context: Context, spec: MethodSpec, adata: AnnData, *, cohort: Cohort, universe: frozenset[str], label: str
) -> pd.DataFrame:
    profile = context.study.profile
    options = ScoreOptions(profile.min_coverage, parameters=dict(profile.parameters.get(spec.name, {})))
    fitted = scaled_for(spec, adata, cohort)
    seen = fitted[:, [g in universe for g in fitted.var_names]] if universe and spec.ranks_all_genes else fitted
    table = score(seen, context.needs.weighted_sets(), method=spec.name, options=options).table
    return table.assign(method=label_method(spec.name, cohort), feature=table["feature"].astype(str) + f"@{label}")


def _told(
    counted: Counted, kept: pd.Series[bool], lone: dict[str, list[str]], *, cohort: Cohort, n_samples: int
) -> Iterator[RunWarning]:
    n_pairs = n_samples * len(counted.labels)
    n_left = n_pairs - int(kept.sum())
    if n_left:
        message = (
            f"{n_left} of {n_pairs} pairs of sample and label have fewer than {_fewest(cohort)} cells: their sums are "
            "not scored (table cell_groups)"
        )
        yield RunWarning("cells.left_out", message, cohort.id, n_left)
    for method, labels in lone.items():
        message = f"{method} needs more samples than have enough cells of {len(labels)} labels"
        yield RunWarning("cells.few_samples", message, cohort.id, len(labels), tuple(labels[:_MOST_SHOWN]))
