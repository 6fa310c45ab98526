"""Counts of single cells added up to one sample: block by block, exact, with nothing kept but the sums."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tmescope.foundation.errors import ExpressionError, FileFormatError, examples
from tmescope.ingest.matrix import Note

__all__ = ["Features", "PseudoBulk", "Summing", "describe_sums", "find_marks", "find_suffixes"]

GENE_EXPRESSION = "Gene Expression"

_LARGEST_COUNT = (1 << 31) - 1
_MOST_ENTRIES = 1 << 31
_BLOCK = 1 << 22
_EXACT = 1 << 53
_FEW_COUNTS = 100
_BASES = re.compile("[ACGTN]{6,}")
"""Bases of a barcode; shorter runs are found in names of patients."""
_NUMBER = re.compile(r"-\d{1,5}$", re.MULTILINE | re.ASCII)


@dataclass(frozen=True)
class Features:
    """The rows of a matrix of single cells.

    Parameters
    ----------
    gene_ids, gene_names, types : tuple of str
        One each a row.
    """

    gene_ids: tuple[str, ...]
    gene_names: tuple[str, ...]
    types: tuple[str, ...]

    def left_out(self) -> dict[str, int]:
        """Return how many rows there are of each type that is no gene expression."""
        others = [t for t in self.types if t != GENE_EXPRESSION]
        return {t: others.count(t) for t in dict.fromkeys(others)}


@dataclass(frozen=True)
class PseudoBulk:
    """Sums over cells.

    Parameters
    ----------
    gene_ids, gene_names : tuple of str
        Of the features that are gene expression, in the order of the file.
    suffixes : tuple of str
        What the barcodes of each sample end with; one empty text where all cells are one sample.
    sums : array of int64, shape (n_samples, n_genes)
        Added counts.
    n_barcodes, median_genes, few_counts : tuple
        For each sample: barcodes, median of the genes seen in a barcode, share of barcodes below 100 counts.
    left_out : dict of str to int
        Features of other types.
    n_libraries : int
        How many libraries the barcodes say they are from, at least.
    """

    gene_ids: tuple[str, ...]
    gene_names: tuple[str, ...]
    suffixes: tuple[str, ...]
    sums: NDArray[np.int64]
    n_barcodes: tuple[int, ...]
    median_genes: tuple[float, ...]
    few_counts: tuple[float, ...]
    left_out: dict[str, int]
    n_libraries: int = 1


class Summing:
    """Adds up entries of a matrix of features x barcodes.

    Parameters
    ----------
    features : Features
        Its rows.
    barcodes : sequence of str
        Its columns.
    where : str
        The file, for messages.
    split : bool
        Whether the libraries of an aggregated matrix are samples of their own.

    Raises
    ------
    ExpressionError
        If no feature is gene expression; if barcodes repeat or carry several marks, see `find_marks`, and `split`.
    """

    def __init__(self, features: Features, barcodes: Sequence[str], where: str, *, split: bool = True) -> None:
        self._features = features
        self._where = where
        kept = np.array([t == GENE_EXPRESSION for t in features.types], dtype=bool)
        if not kept.any():
            raise ExpressionError(
                f"no feature is of the type {GENE_EXPRESSION!r}; there are {examples(features.left_out())}",
                where=where,
                expected="features whose counts are gene expression",
                next_step="take the matrix of the gene expression library",
            )
        self._kept = kept
        self._gene = np.where(kept, np.cumsum(kept) - 1, -1)
        self.suffixes, self._sample = find_suffixes(barcodes)
        marks, most = find_marks(barcodes, numbered=len(self.suffixes) > 1), _most_repeats(barcodes)
        self._n_libraries = max(len(self.suffixes), len(marks), most)
        if split:
            self._refuse_several(marks, most, barcodes)
        else:
            self.suffixes, self._sample = ("",), np.zeros(len(barcodes), dtype=np.int64)
        self._n_genes = int(kept.sum())
        self._sums = np.zeros(len(self.suffixes) * self._n_genes, dtype=np.int64)
        self._totals = np.zeros(len(barcodes), dtype=np.int64)
        self._seen = np.zeros(len(barcodes), dtype=np.int64)
        self._n_entries = 0

    def _refuse_several(self, marks: Sequence[str], most: int, barcodes: Sequence[str]) -> None:
        if len(marks) > 1:
            what = f"the barcodes carry {len(marks)} different marks beside their bases: {examples(marks)}"
        elif most > 1:
            repeated = [b for b, n in Counter(barcodes).items() if n > 1]
            what = f"{len(repeated):,} barcodes occur more than once: {examples(repeated)}"
        else:
            return
        raise ExpressionError(
            f"{what}; cells of several samples seem to be in one matrix, and to add up patients would be a guess",
            where=f"{self._where}, barcodes",
            expected="the cells of one sample, or barcodes that end with -1, -2 ... for each library",
            next_step="write one matrix for each sample; a row of a samplesheet says that its matrix is one sample",
        )

    def add(self, rows: NDArray[np.int64], columns: NDArray[np.int64], counts: NDArray[np.generic]) -> None:
        """Add a block of entries.

        Parameters
        ----------
        rows, columns : array of int64
            Positions from 0.
        counts : array
            Whole and not negative.

        Raises
        ------
        FileFormatError
            Positions outside the matrix.
        ExpressionError
            Counts that are not whole, negative, or beyond 2,147,483,647.
        """
        for start in range(0, len(rows), _BLOCK):
            part = slice(start, start + _BLOCK)
            self._add(rows[part], columns[part], counts[part])

    def _add(self, rows: NDArray[np.int64], columns: NDArray[np.int64], counts: NDArray[np.generic]) -> None:
        self._check_positions(rows, columns)
        whole = self._check_counts(rows, columns, counts)
        self._n_entries += len(rows)
        if self._n_entries > _MOST_ENTRIES:
            raise self._refused(f"there are more than {_MOST_ENTRIES:,} entries", "a matrix of one experiment")
        gene = self._gene[rows]
        kept = (gene >= 0) & (whole > 0)
        gene, barcode, number = gene[kept], columns[kept], whole[kept].astype(np.float64)
        # a block adds fewer than 2**22 numbers below 2**31: exact in float64
        place = self._sample[barcode] * self._n_genes + gene
        self._sums += np.bincount(place, number, minlength=len(self._sums)).astype(np.int64)
        self._totals += np.bincount(barcode, number, minlength=len(self._totals)).astype(np.int64)
        self._seen += np.bincount(barcode, minlength=len(self._seen))

    def _check_positions(self, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> None:
        for axis, found, size in (("feature", rows, len(self._kept)), ("barcode", columns, len(self._totals))):
            outside = (found < 0) | (found >= size)
            if outside.any():
                shown = [int(i) + 1 for i in found[outside][:3]]
                raise self._refused(
                    f"{int(outside.sum()):,} entries name a {axis} that is not there, such as number {shown[0]}",
                    f"numbers from 1 to {size:,}",
                    entry=self._n_entries + int(np.argmax(outside)) + 1,
                )

    def _check_counts(
        self, rows: NDArray[np.int64], columns: NDArray[np.int64], counts: NDArray[np.generic]
    ) -> NDArray[np.int64]:
        number = counts.astype(np.float64)
        bad = ~((number >= 0) & (number <= _LARGEST_COUNT) & (number == np.floor(number)))
        if bad.any():
            first = int(np.argmax(bad))
            raise ExpressionError(
                f"{int(bad.sum()):,} entries are no counts: {examples([float(v) for v in number[bad][:3]])}",
                where=f"{self._where}, entry {self._n_entries + first + 1} "
                f"(feature {int(rows[first]) + 1}, barcode {int(columns[first]) + 1})",
                expected=f"whole numbers from 0 to {_LARGEST_COUNT:,}",
                next_step="take the raw counts, not normalised values",
            )
        return number.astype(np.int64)

    def _refused(self, what: str, expected: str, *, entry: int | None = None) -> FileFormatError:
        return FileFormatError(
            what,
            where=self._where if entry is None else f"{self._where}, entry {entry}",
            expected=expected,
            next_step="write or download the files again; the three belong together",
        )

    def finish(self) -> PseudoBulk:
        """Return what was added up.

        Raises
        ------
        ExpressionError
            If a sum is too large to be exact in float64, or a sample has no count at all.
        """
        sums = self._sums.reshape(len(self.suffixes), self._n_genes)
        if sums.max(initial=0) > _EXACT or not (sums.sum(axis=1) > 0).all():
            raise ExpressionError(
                "a gene has more counts than a number can hold exactly" if sums.any() else "there is no count at all",
                where=self._where,
                expected="counts of gene expression",
                next_step="check which matrix this is",
            )
        groups = [self._sample == i for i in range(len(self.suffixes))]
        ids, names = ([v for v, k in zip(axis, self._kept, strict=True) if k] for axis in self._both_names())
        return PseudoBulk(
            gene_ids=tuple(ids),
            gene_names=tuple(names),
            suffixes=self.suffixes,
            sums=sums,
            n_barcodes=tuple(int(g.sum()) for g in groups),
            median_genes=tuple(float(np.median(self._seen[g])) for g in groups),
            few_counts=tuple(float((self._totals[g] < _FEW_COUNTS).mean()) for g in groups),
            left_out=self._features.left_out(),
            n_libraries=self._n_libraries,
        )

    def _both_names(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return self._features.gene_ids, self._features.gene_names


def find_suffixes(barcodes: Sequence[str]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Return what the barcodes end with, and which of it each barcode ends with.

    Parameters
    ----------
    barcodes : sequence of str
        Such as ``AAACCTGAGAAACCAT-1``: the number says which library of an aggregated matrix a cell is from.

    Returns
    -------
    suffixes : tuple of str
        ``('1', '2')`` and so on, by number; one empty text where all barcodes end alike or one has no number.
    position : array of int64
        Which suffix each barcode has.
    """
    ends = [b.rpartition("-")[2] if "-" in b else "" for b in barcodes]
    distinct = set(ends)
    if len(distinct) < 2 or not all(e.isascii() and e.isdigit() and len(e) < 6 for e in distinct):
        return ("",), np.zeros(len(barcodes), dtype=np.int64)
    ordered = tuple(sorted(distinct, key=int))
    number = {end: i for i, end in enumerate(ordered)}
    return ordered, np.array([number[e] for e in ends], dtype=np.int64)


def find_marks(barcodes: Sequence[str], *, numbered: bool) -> tuple[str, ...]:
    """Return the different texts that stand around the bases of barcodes, where merged matrices name the sample.

    Parameters
    ----------
    barcodes : sequence of str
        Such as ``P1_AAACCTGAGAAACCAT-1`` or ``AAACCTGAGAAACCAT-1_2``.
    numbered : bool
        Whether numbers at the end are libraries that are told apart anyway, so that they are no mark here.

    Returns
    -------
    tuple of str
        Such as ``('P1_*-1', 'P2_*-1')``, with stars for bases, sorted; none where a barcode has no bases, since
        nothing is known of such barcodes then.
    """
    text = _BASES.sub("*", "\n".join(barcodes))
    marks = sorted(set((_NUMBER.sub("", text) if numbered else text).split("\n")))
    return tuple(marks) if all("*" in mark for mark in marks) else ()


def _most_repeats(barcodes: Sequence[str]) -> int:
    """Return how often the most frequent barcode is there."""
    if len(set(barcodes)) == len(barcodes):
        return 1
    return max(Counter(barcodes).values())


def describe_sums(found: PseudoBulk, names: Sequence[str]) -> list[Note]:
    """Return what a person must be told about sums over cells.

    Parameters
    ----------
    found : PseudoBulk
        The sums.
    names : sequence of str
        Of its samples.

    Returns
    -------
    list of Note
        Barcodes, counts and genes of each sample; a warning where most barcodes can hardly be cells, or where
        features of other types were left out.
    """
    notes = []
    per_sample = zip(names, found.n_barcodes, found.median_genes, found.few_counts, found.sums, strict=True)
    for name, n, genes, few, sums in per_sample:
        evidence = f"{name}: {n:,} barcodes, {int(sums.sum()):,} counts, {genes:g} genes in the median barcode."
        notes.append(Note("", f"cells of {name}", str(n), evidence))
        if few >= 0.5:  # cells that a caller of cells kept have hundreds of counts at least
            evidence = (
                f"{name}: {few:.1%} of {n:,} barcodes have fewer than {_FEW_COUNTS} counts: is the matrix unfiltered? "
                "The sum then holds the RNA of empty droplets"
            )
            notes.append(Note("tenx.unfiltered", f"empty droplets of {name}", f"{few:.3f}", evidence))
    if found.left_out:
        shown = ", ".join(f"{count:,} {kind}" for kind, count in found.left_out.items())
        evidence = f"features that are not gene expression were left out: {shown}"
        notes.append(Note("tenx.left_out", "features left out", str(sum(found.left_out.values())), evidence))
    return notes
