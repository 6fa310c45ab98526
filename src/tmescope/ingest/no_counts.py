"""What is said of numbers that are no counts: which ones, where, and what speaks for which scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.foundation.errors import ScaleError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Suspects", "no_counts"]

_LARGEST = (1 << 32) - 1
_SHOWN = 3
_LOG_AT_MOST = 50.0
_SAME = 1e-3


@dataclass(frozen=True)
class Suspects:
    """Stored numbers of some cells, one of which at least is no count.

    Parameters
    ----------
    ends : array of int64
        Where each cell begins and ends.
    genes : array of int
        Numbers of genes.
    values : array
        As they are stored.
    cells, names : sequence of str
        Names of these cells, and of all genes.
    elsewhere : sequence of str
        Other matrices of the file.
    """

    ends: NDArray[np.int64]
    genes: NDArray[Any]
    values: NDArray[Any]
    cells: Sequence[str]
    names: Sequence[str]
    elsewhere: Sequence[str] = ()


def no_counts(found: Suspects, *, where: str) -> ScaleError:
    """Return the error for numbers that are no counts, with the evidence.

    Parameters
    ----------
    found : Suspects
        The cells that were looked at when the first such number came.
    where : str
        The file and the matrix.
    """
    values = found.values.astype(np.float64)
    with np.errstate(invalid="ignore"):
        whole = values == np.floor(values)
        good = whole & (values >= 0) & (values <= _LARGEST)
    bad = np.flatnonzero(~good)
    shares = [
        (int((np.isfinite(values) & ~whole).sum()), "are no whole numbers"),
        (int((values < 0).sum()), "are negative"),
        (int((~np.isfinite(values)).sum()), "are no finite numbers"),
        (int((whole & np.isfinite(values) & (values > _LARGEST)).sum()), f"are larger than {_LARGEST:,}"),
    ]
    said = ", ".join(f"{n:,} ({n / values.size:.1%}) {what}" for n, what in shares if n)
    shown = "; ".join(_place(found, int(i)) for i in bad[:_SHOWN])
    return ScaleError(
        f"these are no counts: of {values.size:,} numbers above or below zero in the first {len(found.cells):,} cells "
        f"that were looked at, {said}: {shown}. {_evidence(found, values)}",
        where=where,
        expected="raw counts: whole numbers from 0, before any normalisation. An atlas holds counts alone, since "
        "quality, pseudo-bulk and its tests are calculated from them",
        next_step=_step(found),
    )


def _place(found: Suspects, entry: int) -> str:
    cell = int(np.searchsorted(found.ends, entry, side="right")) - 1
    return f"{found.values[entry]:g} in cell {found.cells[cell]!r}, gene {found.names[int(found.genes[entry])]!r}"


def _evidence(found: Suspects, values: NDArray[np.float64]) -> str:
    finite = values[np.isfinite(values)]
    if not finite.size:
        return "No number is finite"
    low, high = float(finite.min()), float(finite.max())
    said = f"They run from {low:g} to {high:g}"
    if low < 0:
        return f"{said}: scaled or centred values, from which no counts can be had"
    if high <= _LOG_AT_MOST:
        for name, back in (("exp(x) - 1", np.expm1), ("2^x - 1", lambda x: np.exp2(x) - 1)):
            if total := _same_total(found.ends, back(values)):
                return f"{said}, and {name} of each cell adds up to {total:,.0f}: logarithms of normalised counts"
        return f"{said}: logarithms, by their size"
    if total := _same_total(found.ends, values):
        return f"{said}, and each cell adds up to {total:,.0f}: counts or TPM that were normalised, linear"
    return f"{said}: linear by their size (TPM, or counts that were corrected)"


def _same_total(ends: NDArray[np.int64], values: NDArray[np.float64]) -> float:
    """Return what each cell adds up to, where all add up to the same; else zero."""
    filled = np.flatnonzero(np.diff(ends) > 0)
    if filled.size < 2:
        return 0.0
    totals = np.add.reduceat(values, ends[:-1][filled])
    middle = float(np.median(totals))
    return middle if np.all(np.abs(totals - middle) <= _SAME * middle) else 0.0


def _step(found: Suspects) -> str:
    if found.elsewhere:
        return (
            f"the file also holds {', '.join(found.elsewhere)}: where one of them is the counts, name it in a column "
            "'layer' of the sheet"
        )
    return (
        "get the counts from the source (the matrix of Cell Ranger, a layer 'counts', raw/X). Without counts no atlas: "
        "declare the scale (such as tpm, or log2(tpm+1)) and read sums or means of each patient as a cohort of a "
        "study, whose methods take such scales"
    )
