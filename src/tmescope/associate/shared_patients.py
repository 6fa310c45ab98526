"""A patient of two cohorts is one patient: which cohort she counts in, and which samples the others leave to it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import pandas as pd

__all__ = ["count_once"]

_Sample = tuple[str, str]


def count_once(
    overlaps: pd.DataFrame, cohorts: Sequence[str], *, usable: Mapping[str, Collection[str]] | None = None
) -> dict[str, tuple[str, ...]]:
    """Say which samples to leave out of which cohort, so that each patient counts once, where she can count.

    Parameters
    ----------
    overlaps : pandas.DataFrame
        The table ``overlaps``: pairs of samples of one patient, cohort_a before cohort_b.
    cohorts : sequence of str
        Cohorts that are pooled, in order: a patient stays in the first that has her with all that the question needs.
    usable : mapping of str to collection of str, optional
        Cohort to the samples whose endpoint, and whatever else the question needs, is known. A patient whom the first
        cohort cannot use counts in the next that can; without this all samples count as usable.

    Returns
    -------
    dict of str to tuple of str
        Cohort to the samples that it leaves to others, sorted; cohorts that leave none are not in it.

    Notes
    -----
    Pairs are followed: of A = B and B = C, all three are one patient, even where the table does not pair A with C. A
    patient whom no cohort can use stays in the first. Two samples of her in one cohort stay or go together.
    """
    place = {c: i for i, c in enumerate(cohorts)}
    left: dict[str, set[str]] = {}
    for samples in _patients(overlaps, place):
        known = {c for c, s in samples if usable is None or s in usable.get(c, ())}
        here = min(known or {c for c, _ in samples}, key=place.__getitem__)
        for cohort, sample in samples:
            if cohort != here:
                left.setdefault(cohort, set()).add(sample)
    return {cohort: tuple(sorted(left[cohort])) for cohort in cohorts if cohort in left}


def _patients(overlaps: pd.DataFrame, place: Mapping[str, int]) -> Iterator[list[_Sample]]:
    """Yield the samples of each patient who is in several of these cohorts."""
    group: dict[_Sample, list[_Sample]] = {}
    for row in overlaps.to_dict(orient="records"):
        one, other = ((str(row[f"cohort_{x}"]), str(row[f"sample_{x}"])) for x in "ab")
        if one[0] == other[0] or one[0] not in place or other[0] not in place:
            continue
        mine, theirs = group.setdefault(one, [one]), group.setdefault(other, [other])
        if mine is not theirs:
            mine += theirs
            group.update(dict.fromkeys(theirs, mine))
    yield from {id(samples): samples for samples in group.values()}.values()
