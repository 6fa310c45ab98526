"""Which samples of a matrix and of a sample table belong together, and which of them enter the analysis."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pandas as pd

from tmescope.foundation.errors import SampleError, TmescopeError, closest, examples
from tmescope.ingest.findings import Findings
from tmescope.ingest.options import SampleSelection
from tmescope.ingest.spelling import find_similar, group_similar

__all__ = ["join_samples", "select_samples"]


def join_samples(sample_ids: Sequence[str], table_ids: Sequence[str], *, findings: Findings, where: str) -> list[str]:
    """Join a matrix and a sample table by identifier alone.

    Parameters
    ----------
    sample_ids : sequence of str
        Of the matrix.
    table_ids : sequence of str
        Of the table.
    findings : Findings
        Receives a warning for each side that loses samples and one for those that are nearly alike, rows of quality,
        and the problem where none is left.
    where : str
        The sample table, for the message.

    Returns
    -------
    list of str
        Identifiers that both have, in the order of the matrix.

    Notes
    -----
    Identifiers are compared exactly. Those that would agree without regard to case, spaces and punctuation (R turns
    ``-`` into ``.``) are pointed out, but nothing is joined so.
    """
    in_table, in_matrix = frozenset(table_ids), frozenset(sample_ids)
    joined = [i for i in sample_ids if i in in_table]
    matrix_only = [i for i in sample_ids if i not in in_table]
    table_only = [i for i in table_ids if i not in in_matrix]
    if not joined:
        findings.add([_nothing_joined(sample_ids, table_ids, where)])
        return []
    if matrix_only:
        message = f"{len(matrix_only)} of {len(sample_ids)} samples of the matrix are not in the sample table"
        findings.warn("join.matrix_only", message, items=matrix_only)
    if table_only:
        message = f"{len(table_only)} of {len(table_ids)} rows of the sample table are not in the matrix"
        findings.warn("join.table_only", message, items=table_only)
    told = ""
    if similar := find_similar(matrix_only, table_only):
        told = f" {len(similar)} more agree apart from case, spaces or punctuation."
        message = (
            f"{len(similar)} of the {len(matrix_only)} samples that the matrix alone has agree with rows that the "
            "table alone has apart from case, spaces or punctuation: write them alike in both files, or they are left "
            "out"
        )
        findings.warn("join.similar", message, items=[f"{a!r} and {b!r}" for a, b in similar])
    findings.note(
        "samples joined",
        len(joined),
        f"{len(sample_ids)} samples in the matrix, {len(table_ids)} in the table, {len(joined)} in both.{told}",
        status="notice" if matrix_only or table_only else "ok",
    )
    return joined


def _nothing_joined(sample_ids: Sequence[str], table_ids: Sequence[str], where: str) -> SampleError:
    similar = len(find_similar(sample_ids, table_ids))
    step = "map columns.sample_id to the column that holds the sample names of the matrix"
    if similar:
        step = f"{similar} agree apart from case, spaces or punctuation: write them alike in both files"
    return SampleError(
        f"no sample is in both the matrix ({len(sample_ids)}: {examples(sample_ids)}) "
        f"and the sample table ({len(table_ids)}: {examples(table_ids)})",
        where=f"{where}, sample_id",
        expected="the same identifiers in both",
        next_step=step,
    )


def select_samples(
    named: pd.DataFrame, joined: Sequence[str], selection: SampleSelection, *, findings: Findings, where: str
) -> list[str]:
    """Choose which joined samples enter.

    Parameters
    ----------
    named : pandas.DataFrame
        With ``sample_id`` and, where the table has them, ``patient_id`` and ``timepoint``; in the order of
        the table.
    joined : sequence of str
        Samples that have expression, in the order of the matrix.
    selection : SampleSelection
        The choice.
    findings : Findings
        Receives problems, warnings and quality rows.
    where : str
        The sample table, for messages.

    Returns
    -------
    list of str
        In the order of the matrix; empty where there is a problem.
    """
    here = frozenset(joined)
    table = named[named["sample_id"].isin(here)]
    problems = [*_check_exclusions(named, selection, where), *_check_timepoints(named, selection, where)]
    findings.add(problems)
    if problems:
        return []
    table = table[~table["sample_id"].isin(selection.exclude)]
    if selection.timepoint is not None:
        _tell_timepoints(table["timepoint"], selection.timepoint, findings)
        table = table[table["timepoint"].isin(selection.timepoint)]
    n_problems = len(findings.problems)
    table = _reduce_patients(table, selection, findings, where=where)
    kept = frozenset(table["sample_id"])
    if len(kept) < len(joined):
        left_out = [i for i in joined if i not in kept]
        message = f"{len(left_out)} of {len(joined)} joined samples are left out by the selection"
        findings.warn("selection.left_out", message, items=left_out)
    if not kept and joined and len(findings.problems) == n_problems:
        findings.add([_nothing_selected(len(joined), where)])
    findings.note("samples selected", len(kept), f"{len(kept)} of {len(joined)} joined samples enter the analysis.")
    return [i for i in joined if i in kept]


def _nothing_selected(n_joined: int, where: str) -> SampleError:
    return SampleError(
        f"the selection leaves none of {n_joined} joined samples",
        where=f"{where}, selection",
        expected="at least one sample",
        next_step="widen the selection",
    )


def _check_exclusions(named: pd.DataFrame, selection: SampleSelection, where: str) -> list[TmescopeError]:
    known = frozenset(named["sample_id"])
    unknown = [i for i in selection.exclude if i not in known]
    if not unknown:
        return []
    guess = closest(unknown[0], known)
    return [
        SampleError(
            f"{len(unknown)} samples to exclude are not in the sample table: {examples(unknown)}",
            where=f"{where}, selection.exclude",
            expected="identifiers of the sample table",
            next_step=f"did you mean {guess!r}?" if guess else "remove them from the list",
        )
    ]


def _check_timepoints(named: pd.DataFrame, selection: SampleSelection, where: str) -> list[TmescopeError]:
    if selection.timepoint is None:
        return []
    if "timepoint" not in named:
        return [
            SampleError(
                f"timepoints are selected ({examples(selection.timepoint)}), but no column is declared",
                where=f"{where}, selection.timepoint",
                expected="a mapping for timepoint",
                next_step="set columns.timepoint, or remove the selection",
            )
        ]
    counts = Counter(str(v) for v in named["timepoint"].dropna())
    unknown = [t for t in selection.timepoint if t not in counts]
    if not unknown:
        return []
    known = examples(f"{value} ({n}x)" for value, n in counts.most_common())
    return [
        SampleError(
            f"no row has the timepoint {examples(unknown)}",
            where=f"{where}, selection.timepoint",
            expected=f"values of the timepoint column: {known}",
            next_step="write the values as they stand in the table",
        )
    ]


def _tell_timepoints(timepoints: pd.Series[str], chosen: Sequence[str], findings: Findings) -> None:
    counts = Counter(str(v) for v in timepoints.dropna() if v not in chosen)
    groups = [group for group in group_similar([*chosen, *counts]) if not {*group}.isdisjoint(chosen)]
    similar = {value: counts[value] for group in groups for value in group if value in counts}
    if n := sum(similar.values()):
        message = f"{n} samples are left out whose timepoint differs from a selected one by case or spaces alone"
        items = [f"{value!r} ({k}x)" for value, k in similar.items()]
        findings.warn("selection.similar_timepoint", message, items=items, count=n)


def _reduce_patients(
    table: pd.DataFrame, selection: SampleSelection, findings: Findings, *, where: str
) -> pd.DataFrame:
    if "patient_id" not in table:
        message = "no patient column is declared: every sample counts as a patient of its own"
        findings.warn("selection.no_patients", message, count=len(table))
        return table
    unnamed = table["patient_id"].str.strip() == ""
    if unnamed.any():
        message = (
            f"{int(unnamed.sum())} samples have no patient identifier (nothing, or a word such as NA) and count as "
            "patients of their own"
        )
        findings.warn("selection.no_patient_id", message, items=table.loc[unnamed, "sample_id"])
    counts = Counter(table.loc[~unnamed, "patient_id"])
    if similar := group_similar(counts):
        message = (
            f"{len(similar)} patients may stand under several identifiers, which differ by case or spaces alone: each "
            "counts as a patient of its own, so write them alike where one is meant"
        )
        findings.warn("selection.similar_patients", message, items=[" and ".join(map(repr, g)) for g in similar])
    several = [patient for patient, n in counts.items() if n > 1]
    if not several or selection.one_per_patient == "first":
        if several:
            most = examples(f"{p} ({n})" for p, n in counts.most_common() if n > 1)
            told = f"The first sample of each in the table enters, of {most}; a word for missing would be listed here."
            findings.note("patients with several samples", len(several), told)
        return table[unnamed | ~table["patient_id"].duplicated()]
    n_samples = sum(counts[p] for p in several)
    if selection.one_per_patient == "all":
        message = f"{len(several)} patients have several samples ({n_samples}); they are not independent"
        findings.warn("selection.several_per_patient", message, items=several)
        return table
    findings.add(
        [
            SampleError(
                f"{len(several)} patients have several samples ({n_samples} in all): {examples(several)}",
                where=f"{where}, selection.one_per_patient",
                expected="one sample per patient, or a declared choice",
                next_step="select a timepoint, exclude samples, or set one_per_patient to 'first' or 'all'",
            )
        ]
    )
    return table.iloc[:0]
