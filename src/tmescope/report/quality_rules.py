"""The rules of the traffic lights: what is looked at in each cohort, and what makes it green, amber, red or grey."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from tmescope.report.contents import ReportContents
from tmescope.report.numbers import count, percent, plain, plural

__all__ = ["COLOURS", "CORE", "RULES", "Judgement", "LightRule"]

COLOURS = ("red", "amber", "grey", "green")
"""Lights from worst to best; grey means that nothing was checked, which is worse than green."""

CORE = ("scale", "genes", "coverage")
"""Rules that must have been checked before a whole cohort is green."""

_THIN = 0.8


@dataclass(frozen=True)
class Judgement:
    """What one rule found in one cohort.

    Parameters
    ----------
    colour : str
        One of `COLOURS`.
    evidence : str
        The numbers behind it, or why nothing was checked.
    """

    colour: str
    evidence: str


@dataclass(frozen=True)
class LightRule:
    """One row of the traffic lights. Either `check` or `measure` says what is looked at.

    Parameters
    ----------
    id, title : str
        Stable name, and heading of the row.
    green, amber, red : str
        What each light means; empty where the rule never shows it.
    grey : str
        Why nothing was checked, where the run says no more.
    check : str
        Row of the table ``quality`` whose status decides: ok is green, notice amber, problem red, unchecked grey.
    measure : callable, optional
        ``measure(contents, cohort_id)`` returns a share (None where there is nothing to measure) and its evidence.
    amber_above, red_above : float
        Limits of that share.
    decide : callable, optional
        ``decide(contents, cohort_id)`` where neither a status nor a share says it all.
    """

    id: str
    title: str
    green: str
    amber: str
    red: str
    grey: str
    check: str = ""
    measure: Callable[[ReportContents, str], tuple[float | None, str]] | None = None
    amber_above: float = 0.0
    red_above: float = 1.0
    decide: Callable[[ReportContents, str], Judgement] | None = None


def rows_of(contents: ReportContents, cohort: str, check: str) -> pd.DataFrame:
    """Return the rows of one check of one cohort in the table ``quality``.

    Parameters
    ----------
    contents : ReportContents
        Tables of the run.
    cohort, check : str
        As they stand in the table.
    """
    table = contents.table("quality")
    return table[(table["cohort_id"] == cohort) & (table["check"] == check)]


def _genes(contents: ReportContents, cohort: str) -> tuple[float | None, str]:
    table = contents.table("gene_mapping")
    needed = table["needed"].astype("boolean").fillna(True).astype(bool)
    part = table[needed & (table["cohort_id"] == cohort)]
    if not len(part):
        return None, ""
    lost = int(part["reason"].isin(["missing", "ambiguous"]).sum())
    return lost / len(part), f"{count(lost)} of {count(len(part))} needed genes are missing or ambiguous."


def _coverage(contents: ReportContents, cohort: str) -> tuple[float | None, str]:
    scores = contents.measured()
    part = scores[scores["cohort_id"] == cohort]
    known = {str(m): contents.feature_labels(str(m)) for m in pd.unique(part["method"])}
    labels = [known[str(m)].get(str(f), str(f)) for m, f in zip(part["method"], part["feature"], strict=True)]
    coverage = pd.to_numeric(part["coverage"], errors="coerce")
    lowest = part.assign(coverage=coverage, label=labels).groupby("label")["coverage"].min()
    lowest = lowest.dropna()
    if not len(lowest):
        return None, ""
    thin = lowest[lowest < _THIN].sort_values(kind="stable")
    named = ", ".join(f"{plain(k)} ({percent(v)})" for k, v in thin.head(3).items())
    told = f"{count(len(thin))} of {count(len(lowest))} signatures have less than {percent(_THIN)} of their genes"
    return len(thin) / len(lowest), f"{told}: {named}." if len(thin) else f"{told}."


def _samples(contents: ReportContents, cohort: str) -> tuple[float | None, str]:
    table = contents.table("cohorts")
    part = table[table["cohort_id"] == cohort]
    if not len(part):
        return None, ""
    names = ("n_expression", "n_table", "n_joined", "n_selected")
    n = {k: pd.to_numeric(part[k], errors="coerce").iloc[0] for k in names}
    if pd.isna(n["n_expression"]) or pd.isna(n["n_joined"]) or n["n_expression"] <= 0:
        return None, ""
    told = f"{count(n['n_expression'])} samples in the matrix"
    told += "" if pd.isna(n["n_table"]) else f", {count(n['n_table'])} in the table"
    told += f", {count(n['n_joined'])} in both"
    told += "." if pd.isna(n["n_selected"]) else f", {count(n['n_selected'])} selected by the study."
    return 1 - float(n["n_joined"]) / float(n["n_expression"]), told


def _mixed(contents: ReportContents, cohort: str) -> Judgement:
    """Return red where one measurement stands under two patients or a sample is of the other sex."""
    flags = contents.table("sample_flags")
    sexes = flags[(flags["cohort_id"] == cohort) & (flags["check"] == "sex") & (flags["status"] == "problem")]
    table = contents.table("overlaps")
    mine = table[(table["cohort_a"] == cohort) | (table["cohort_b"] == cohort)]
    within = mine[(mine["cohort_a"] == mine["cohort_b"]) & (mine["patient_a"] != mine["patient_b"])]
    named = mine[(mine["cohort_a"] != mine["cohort_b"]) & (mine["evidence"].astype(str) == "id")]
    ran = [c for c in ("sex", "samples measured twice") if _status(contents, cohort, c) not in (None, "unchecked")]
    if len(sexes) or len(within):
        parts = [f"{plural(len(sexes), 'sample')} of the other sex than recorded"] if len(sexes) else []
        parts += [f"{plural(len(within), 'measurement')} under the names of two patients"] if len(within) else []
        return Judgement("red", f"{' and '.join(parts)}.")
    if len(named):
        text = f"{plural(len(named), 'patient')} named alike in another cohort, without expression that agrees."
        return Judgement("amber", text)
    if not ran:
        return Judgement("grey", "Neither the sex nor repeated measurements could be checked.")
    return Judgement("green", f"No sign of it in: {', '.join(ran)}.")


def _status(contents: ReportContents, cohort: str, check: str) -> str | None:
    rows = rows_of(contents, cohort, check)
    return str(rows["status"].iloc[0]) if len(rows) else None


RULES: tuple[LightRule, ...] = (
    LightRule(
        "scale", "Scale",
        "the numbers are of the declared scale", "possible but unusual for the declared scale",
        "", "The run recorded no check of the scale.", check="scale",
    ),
    LightRule(
        "outliers", "Samples that stand out",
        "no sample differs from its cohort in sum, zeros or whole numbers", "some samples do",
        "some samples cannot be of the declared scale",
        "Arrays have no sum, and panels of fewer than 50 genes are not compared.", check="scale of each sample",
    ),
    LightRule(
        "genes", "Genes missing",
        "at most 1% of the needed genes are lost", "more than 1% are lost", "more than 20% are lost",
        "The run recorded no mapping of genes.", measure=_genes, amber_above=0.01, red_above=0.20,
    ),
    LightRule(
        "sex", "Sex",
        "the expressed sex agrees with the recorded one", "men without Y, which tumours can lose",
        "women with Y, or men with XIST and without Y",
        "No sex is recorded, or the run did not look at it.", check="sex",
    ),
    LightRule(
        "mixed", "Mixed-up samples",
        "no sign in the sexes or in repeated measurements",
        "patients named alike in two cohorts whose expression does not agree",
        "a sample of the other sex, or one measurement under two patients", "", decide=_mixed,
    ),
    LightRule(
        "timepoints", "Time points",
        "other columns on the time of biopsy agree", "other columns contradict it", "",
        "No time point is given, or no other column speaks of the time of biopsy.", check="timepoint",
    ),
    LightRule(
        "overlaps", "Patients in other cohorts",
        "none found by identifier or expression", "some are, or cohorts share too few genes to compare", "",
        "The run compared this cohort with no other.", check="patients in other cohorts",
    ),
    LightRule(
        "duplicates", "Samples measured twice",
        "no two samples are one measurement", "", "some samples are one measurement under two names",
        "The run did not compare the samples.", check="samples measured twice",
    ),
    LightRule(
        "privacy", "Personal data",
        "no column of the sample table or of files with features looks like personal data",
        "some columns do: not carried on, allowed, or the only names that samples without a sample table have", "",
        "There is no sample table, or its columns were not looked at.", check="identifying columns",
    ),
    LightRule(
        "coverage", "Coverage of signatures",
        "every signature has at least 80% of its genes", "some have less", "more than a quarter have less",
        "Nothing was scored.", measure=_coverage, amber_above=0.0, red_above=0.25,
    ),
    LightRule(
        "samples", "Sample loss",
        "every sample of the matrix is in the sample table", "some are not", "more than 20% are not",
        "The run recorded no numbers of samples.", measure=_samples, amber_above=0.0, red_above=0.20,
    ),
)  # fmt: skip
"""Every rule, in the order in which the report shows them."""
