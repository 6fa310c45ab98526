"""Several rows of one gene become one by a rule that is stated: the scale's own, or the one that is declared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tmescope.foundation.errors import ExpressionError, ScaleError, TmescopeError, examples
from tmescope.foundation.scale import Scale
from tmescope.ingest.expression import ExpressionTable, find_duplicates, sum_duplicates
from tmescope.ingest.findings import Findings
from tmescope.ingest.mangled import REPEATED_DATE, find_mangled, read_date
from tmescope.ingest.options import Duplicates

__all__ = ["check_rule", "find_rule", "leave_out_dates", "merge", "merge_named", "merge_rivals"]

_SUMMABLE = ("counts", "tpm", "fpkm", "cpm")
_WORDS = {
    "sum": "were summed, as their reads add",
    "mean": "became the mean of their rows, as declared",
    "median": "became the median of their rows, as declared",
    "highest_mean": "became the row with the highest mean, as declared",
}
_CODES = {"sum": "genes.summed", "mean": "genes.averaged", "median": "genes.averaged", "highest_mean": "genes.chosen"}


def _can_sum(scale: Scale) -> bool:
    return not scale.is_log and scale.unit in _SUMMABLE


def find_rule(declared: Duplicates | None, scale: Scale) -> Duplicates:
    """Return the rule for rows of the same name: the declared one, else sum where reads add, else refuse.

    Parameters
    ----------
    declared : str, optional
        See `tmescope.ingest.options.Duplicates`.
    scale : Scale
        Of the matrix. Rows of counts, TPM, FPKM and CPM add; logarithms and array intensities do not.
    """
    return declared or ("sum" if _can_sum(scale) else "refuse")


def check_rule(declared: Duplicates | None, scale: Scale, *, where: str) -> list[TmescopeError]:
    """Return the problem where sums are declared on a scale on which rows do not add.

    Parameters
    ----------
    declared : str, optional
        The rule.
    scale : Scale
        Of the matrix.
    where : str
        The cohort, for the error.
    """
    if declared != "sum" or _can_sum(scale):
        return []
    return [
        ScaleError(
            f"rows in {scale} cannot be summed: a sum of logarithms or of intensities is no amount of a gene",
            where=f"{where}, duplicates",
            expected="duplicates = mean, median, highest_mean or refuse",
            next_step="declare one of them, or supply linear values",
        )
    ]


def leave_out_dates(table: ExpressionTable, declared: Duplicates | None, *, findings: Findings) -> ExpressionTable:
    """Leave out rows of one name that is a date, unless one gene alone can have become it.

    Parameters
    ----------
    table : ExpressionTable
        As read, named by symbols.
    declared : str, optional
        The rule; ``refuse`` refuses these rows too.
    findings : Findings
        Receives the warning.

    Notes
    -----
    Two rows ``1-Mar`` are MARCHF1 and MTARC1 and nothing says which is which: neither their sum nor one of them is a
    gene.
    """
    repeated = [name for name in find_duplicates(table.gene_ids) if read_date(name)]
    if not repeated or declared == "refuse":
        return table
    mangled = find_mangled(table.gene_ids)
    unsure = {name: mangled[name] for name in repeated if name in mangled and len(mangled[name].candidates) != 1}
    if not unsure:
        return table
    kept = [j for j, name in enumerate(table.gene_ids) if name not in unsure]
    shown = [f"{name}: {' or '.join(date.candidates) or 'unknown'}" for name, date in unsure.items()]
    message = (
        f"{len(table.gene_ids) - len(kept)} rows are left out: a spreadsheet made {len(unsure)} dates of their names, "
        "each of several, and nothing says which gene each was"
    )
    findings.warn("genes.repeated_dates", message, items=shown)
    findings.note("rows of one date", len(unsure), f"{message}: {examples(shown)}.", status="notice")
    return replace(
        table,
        values=np.take(table.values, kept, axis=1),
        gene_ids=tuple(table.gene_ids[j] for j in kept),
        left_out={**table.left_out, **dict.fromkeys(unsure, REPEATED_DATE)},
    )


def merge_named(
    table: ExpressionTable, scale: Scale | None, declared: Duplicates | None, *, where: str, findings: Findings
) -> ExpressionTable:
    """Merge rows of the same name, or say why not.

    Parameters
    ----------
    table : ExpressionTable
        As read.
    scale : Scale, optional
        None (the declaration itself is wrong) leaves the table as it is.
    declared : str, optional
        The rule; see `find_rule`.
    where : str
        The file, for the error.
    findings : Findings
        Receives the problem or the warning.
    """
    if scale is None:
        return table
    problems = check_rule(declared, scale, where=f"cohort {findings.cohort_id!r}")
    findings.add(problems)
    names = find_duplicates(g for g in table.gene_ids if g.strip())
    if not names or problems:
        return table
    rule = find_rule(declared, scale)
    if rule != "refuse":
        message = f"{len(names)} genes occur more than once and {_WORDS[rule]}"
        _tell("duplicated genes", message, rule=rule, items=names, findings=findings)
        return merge(table, rule)
    if _can_sum(scale):
        expected, step = "one row per gene, as duplicates = refuse asks", "remove the duplicates, or declare a rule"
    else:
        expected = f"one row per gene; in {scale} rows of one gene cannot be added"
        step = (
            "merge the rows before taking logarithms, remove the duplicates, or declare duplicates = mean, ... in the "
            "study file or --duplicates mean on the command line"
        )
    findings.add(
        [
            ExpressionError(
                f"{len(names)} genes occur more than once: {examples(names)}",
                where=f"{where}, gene axis",
                expected=expected,
                next_step=step,
            )
        ]
    )
    return table


def merge_rivals(
    table: ExpressionTable,
    scale: Scale,
    declared: Duplicates | None,
    *,
    rivals: Mapping[str, tuple[str, ...]],
    undecided: Collection[str] = (),
    where: str,
    findings: Findings,
) -> ExpressionTable:
    """Merge rows of different names that mean the same gene, where a rule is declared; else say that they stay apart.

    Parameters
    ----------
    table : ExpressionTable
        With unique names.
    scale : Scale
        Of its values.
    declared : str, optional
        The rule; None keeps the rows apart.
    rivals : mapping of str to tuple of str
        From `tmescope.facts.genes.GeneTable.rivals`.
    undecided : collection of str
        Symbols among them that no row becomes, since several are equally good.
    where : str
        The file, for the error.
    findings : Findings
        Receives the problem or the warning.

    Returns
    -------
    ExpressionTable
        A merged row has the name that is the best evidence of the gene.

    Notes
    -----
    Nothing is merged unless declared, and never for an alias: a former symbol beside the approved one, or a second
    Ensembl id, may be a locus of its own that the annotation of the file still had.
    """
    if not rivals:
        return table
    first = sorted(rivals, key=lambda symbol: symbol not in undecided)
    shown = [f"{symbol}: {', '.join(rivals[symbol])}" for symbol in first]
    what = f"{len(rivals)} genes are meant by several rows"
    if declared == "refuse":
        findings.add(
            [
                ExpressionError(
                    f"{what}: {examples(shown)}",
                    where=f"{where}, gene axis",
                    expected="one row per gene, as duplicates = refuse asks",
                    next_step="remove the rows that are wrong, or declare a rule",
                )
            ]
        )
        return table
    if declared is None:
        message = f"{what}; they stay apart, and the row with the best evidence is the gene"
        if undecided:
            message += (
                f", but {len(undecided)} of them have none: several rows are equally good (two versions of an id, two "
                f"former symbols); duplicates = {'sum' if _can_sum(scale) else 'mean'}, ... makes one row of them"
            )
        findings.warn("genes.several_rows", message, items=shown)
        findings.note("rows of one gene", len(rivals), f"{message}: {examples(shown)}.", status="notice")
        return table
    if check_rule(declared, scale, where=where):
        return table  # the problem is known already
    _tell("rows of one gene", f"{what} and {_WORDS[declared]}", rule=declared, items=shown, findings=findings)
    best = {name: names[0] for names in rivals.values() for name in names}
    return merge(replace(table, gene_ids=tuple(best.get(g, g) for g in table.gene_ids)), declared)


def _tell(check: str, message: str, *, rule: str, items: Sequence[str], findings: Findings) -> None:
    findings.warn(_CODES[rule], message, items=items)
    findings.note(check, len(items), f"{message}: {examples(items)}.", status="notice")


def merge(table: ExpressionTable, rule: Duplicates) -> ExpressionTable:
    """Return the table with rows of the same name merged, in order of first appearance.

    Parameters
    ----------
    table : ExpressionTable
        With names that occur more than once.
    rule : {'sum', 'mean', 'median', 'highest_mean'}
        How.

    Returns
    -------
    ExpressionTable
        The order of the rows of one gene does not matter but for rounding.

    Notes
    -----
    A missing value makes the sum, the mean and the median of its sample missing. ``highest_mean`` compares means over
    the values that are there and, where those are equal, the values in the order of the samples; it takes the row as
    it is.
    """
    if rule == "sum":
        return sum_duplicates(table)
    at: dict[str, list[int]] = defaultdict(list)
    for j, name in enumerate(table.gene_ids):
        at[name].append(j)
    values = np.take(table.values, [columns[0] for columns in at.values()], axis=1)
    combine = _COMBINED[rule]
    for k, columns in enumerate(at.values()):
        if len(columns) > 1:
            values[:, k] = combine(table.values[:, columns])
    return replace(table, values=values, gene_ids=tuple(at))


def _mean(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(rows.mean(axis=1))


def _median(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.median(rows, axis=1))


def _highest_mean(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    there = ~np.isnan(rows)
    counts = there.sum(axis=0)
    sums = np.where(there, rows, 0.0).sum(axis=0)
    means = np.divide(sums, counts, out=np.full(len(counts), -np.inf), where=counts > 0)
    tied = np.flatnonzero(means == means.max())
    best = max(tied, key=lambda j: tuple(np.where(there[:, j], rows[:, j], -np.inf)))
    return rows[:, best]


_COMBINED: Mapping[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "mean": _mean,
    "median": _median,
    "highest_mean": _highest_mean,
}
