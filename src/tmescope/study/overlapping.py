"""The step that looks for patients who are in two cohorts, and for measurements that are in one cohort twice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tmescope.foundation.result import RunWarning
from tmescope.ingest.fingerprints import FEWEST_GENES, Overlap, Profile, find_overlaps, find_repeats, profile_of
from tmescope.store.matrices import map_matrix, read_genes
from tmescope.store.tables import empty_table, read_table, shape_table, write_table
from tmescope.study.asking import asked_responses, asked_survival
from tmescope.study.ledger import Step
from tmescope.study.notices import warning_table

if TYPE_CHECKING:
    from tmescope.study.context import Context
    from tmescope.study.schema import Study

__all__ = ["COMPARED", "RULE", "Shared", "find_shared", "is_telling", "overlap_step", "patient_of"]

COMPARED = ("matrix.npy", "obs.parquet", "var.parquet")
"""Files of a cohort's folder that the comparison depends on."""

RULE = 2
"""Raised where the rules of the comparison change, so that what earlier rules found is made again."""

_BARCODE = re.compile(r"TCGA-[A-Z0-9]{2}-[A-Z0-9]{4}\b.*")
_DEEPER = r"(?:-\d\d[A-Z]?(?:-\d\d[A-Z]?(?:-[A-Z0-9]{4}(?:-\d\d)?)?)?)?"  # sample, portion, plate, centre
_WHOLE_BARCODE = re.compile(rf"(TCGA-[A-Z0-9]{{2}}-[A-Z0-9]{{4}}){_DEEPER}")
_FEWEST_DIGITS = 6
_KINDS = {"same": "expression same", "similar": "expression similar"}


@dataclass(frozen=True)
class Shared:
    """What cohorts share.

    Parameters
    ----------
    table : pandas.DataFrame
        The table ``overlaps``.
    quality : pandas.DataFrame
        Two checks of each cohort, as rows of the table ``quality``.
    warnings : tuple of RunWarning
        ``overlap.same_patient`` for each two cohorts, ``overlap.same_sample`` for each cohort.
    """

    table: pd.DataFrame
    quality: pd.DataFrame
    warnings: tuple[RunWarning, ...]


def overlap_step(context: Context) -> Step:
    """Return the step that compares all cohorts."""
    study = context.study
    folders = {c.id: context.ledger.folder(f"cohort-{c.id}") for c in study.cohorts}
    ingredients = {
        "step": "overlaps",
        "rule": RULE,
        "release": context.release,
        "cohorts": [{"id": i, **{n: context.outcomes[f"cohort-{i}"][n] for n in COMPARED}} for i in folders],
        "asked": {i: list(_asked(study, i)) for i in folders},
    }

    def make(folder: Path) -> None:
        found = find_shared(study, folders)
        write_table(found.table, folder / "overlaps.parquet")
        write_table(found.quality, folder / "quality.parquet")
        write_table(warning_table(found.warnings), folder / "warnings.parquet")

    return Step("overlaps", ingredients, make)


def is_telling(identifier: str) -> bool:
    """Return whether an identifier in two cohorts is evidence by itself that both mean one person.

    Parameters
    ----------
    identifier : str
        Of a sample or patient.

    Notes
    -----
    Telling are identifiers with letters and at least six digits, such as accession numbers, and TCGA barcodes; zeros
    before a number do not count. All others (``7``, ``P1``, ``Pt10_pre``, ``S-000017``, ``100234``) may be numbers that
    each cohort gave out anew; alike in two cohorts, they count only where expression agrees.
    """
    digits = sum(len(number.lstrip("0")) for number in re.findall(r"[0-9]+", identifier))
    has_letters = any(c.isalpha() for c in identifier)
    return bool(_BARCODE.fullmatch(identifier)) or (has_letters and digits >= _FEWEST_DIGITS)


def patient_of(identifier: str) -> str:
    """Return the patient's part of a TCGA barcode, and any other identifier as it is.

    Parameters
    ----------
    identifier : str
        Of a sample or patient.

    Notes
    -----
    ``TCGA-BR-4250``, ``TCGA-BR-4250-01``, ``TCGA-BR-4250-01A-11R-1131-13`` and ``tcga.br.4250.01a``, as R and Firehose
    write it, are one patient. Only what is a barcode as a whole is shortened, so that no other name loses its end.
    """
    whole = _WHOLE_BARCODE.fullmatch(identifier.replace(".", "-").upper())
    return whole[1] if whole else identifier


def find_shared(study: Study, folders: Mapping[str, Path]) -> Shared:
    """Find patients in two cohorts by identifier and expression, and measurements in one cohort twice.

    Parameters
    ----------
    study : Study
        Its endpoints say which answers are concerned.
    folders : mapping of str to pathlib.Path
        Folders of the cohorts, by id.

    Returns
    -------
    Shared

    Notes
    -----
    Matrices are mapped into memory, not loaded; only the genes that are compared are copied. Nothing is left out of
    the study: that is for its author to decide.
    """
    profiles = {name: _profile(folder) for name, folder in folders.items()}
    people = {name: _people(folder) for name, folder in folders.items()}
    found = find_overlaps(profiles)
    repeats = [overlap for name, profile in profiles.items() for overlap in find_repeats(name, profile)]
    rows = [*_expressed([*found, *repeats], people), *_named(people, found)]
    table = pd.DataFrame(rows) if rows else empty_table("overlaps")
    place = {name: i for i, name in enumerate(folders)}
    order = table.assign(a=table["cohort_a"].map(place), b=table["cohort_b"].map(place))
    table = table.loc[order.sort_values(["a", "b"], kind="stable").index]
    table = shape_table("overlaps", table)
    warnings = (*_between(table, study), *_within(table))
    return Shared(table, _quality(table, profiles), warnings)


def _profile(folder: Path) -> Profile:
    ids = read_table(folder / "samples.parquet", columns=["sample_id"])["sample_id"]
    return profile_of(map_matrix(folder), [str(i) for i in ids], read_genes(folder))


def _people(folder: Path) -> dict[str, str]:
    """Return sample to patient; a sample without one stands for itself."""
    table = read_table(folder / "samples.parquet", columns=["sample_id", "patient_id"])
    patients = table["patient_id"].where(table["patient_id"].notna(), table["sample_id"])
    return dict(zip(table["sample_id"].astype(str), patients.astype(str), strict=True))


def _expressed(found: list[Overlap], people: Mapping[str, Mapping[str, str]]) -> Iterator[dict[str, object]]:
    for overlap in found:
        (a, b), (sample_a, sample_b) = overlap.cohorts, overlap.sample_ids
        mine, theirs = _names(sample_a, people[a][sample_a]), _names(sample_b, people[b][sample_b])
        alike = a != b and not {*mine}.isdisjoint(theirs)
        evidence = f"id, {_KINDS[overlap.kind]}" if alike else _KINDS[overlap.kind]
        row = _row((a, sample_a), (b, sample_b), people)
        yield row | {"evidence": evidence, "correlation": overlap.correlation, "n_genes": overlap.n_genes}


def _named(people: Mapping[str, Mapping[str, str]], found: list[Overlap]) -> Iterator[dict[str, object]]:
    """Yield what telling identifiers say alone: samples called alike, then one pair of samples per patient."""
    known = {(o.cohorts, patient_of(people[o.cohorts[0]][o.sample_ids[0]])) for o in found}
    for a, b in combinations(people, 2):
        first = {name: s for s, p in reversed(list(people[b].items())) for name in reversed(_names(s, p))}
        first |= {sample: sample for sample in people[b]}
        for sample, patient in people[a].items():
            named = [name for name in _names(sample, patient) if name in first and is_telling(name)]
            if named and ((a, b), patient_of(patient)) not in known:
                known.add(((a, b), patient_of(patient)))
                row = _row((a, sample), (b, first[named[0]]), people)
                yield row | {"evidence": "id", "correlation": np.nan, "n_genes": None}


def _names(sample: str, patient: str) -> tuple[str, ...]:
    """Return what a sample's patient may be called in another cohort, the closest first."""
    return (sample, patient_of(patient), patient_of(sample))


def _row(one: tuple[str, str], other: tuple[str, str], people: Mapping[str, Mapping[str, str]]) -> dict[str, object]:
    (a, sample_a), (b, sample_b) = one, other
    return {
        "cohort_a": a,
        "sample_a": sample_a,
        "patient_a": people[a][sample_a],
        "cohort_b": b,
        "sample_b": sample_b,
        "patient_b": people[b][sample_b],
    }


def _asked(study: Study, cohort_id: str) -> Iterator[str]:
    survival = asked_survival(study)
    for endpoint in [*asked_responses(study), *([survival] if survival else [])]:
        if study.endpoints[endpoint].rule_for(cohort_id) is not None:
            yield endpoint


def _between(table: pd.DataFrame, study: Study) -> Iterator[RunWarning]:
    apart = table[table["cohort_a"] != table["cohort_b"]]
    for (a, b), part in apart.groupby(["cohort_a", "cohort_b"], sort=False):
        n = part["patient_a"].nunique()
        both = [e for e in _asked(study, str(a)) if e in set(_asked(study, str(b)))]
        answers = f"an answer on {' or '.join(both)} that is" if both else "an answer that is"
        message = (
            f"{n} {'patient' if n == 1 else 'patients'} of {a} {'is' if n == 1 else 'are'} in {b} too "
            f"({_reasons(part)}): {answers} pooled over both counts them twice. To leave them out of one cohort, list "
            "their samples, named in the table overlaps, in its select.exclude"
        )
        yield RunWarning("overlap.same_patient", message, f"{a}, {b}", n, _shown(part))


def _within(table: pd.DataFrame) -> Iterator[RunWarning]:
    for cohort, part in table[table["cohort_a"] == table["cohort_b"]].groupby("cohort_a", sort=False):
        n = len(part)
        message = (
            f"{n} {'pair' if n == 1 else 'pairs'} of samples {'is' if n == 1 else 'are'} one measurement under two "
            "names: every answer of this cohort counts it twice. To leave one of them out, list it in select.exclude"
        )
        yield RunWarning("overlap.same_sample", message, str(cohort), n, _shown(part))


def _reasons(part: pd.DataFrame) -> str:
    counts = {
        "the same measurement": part["evidence"].str.endswith("expression same"),
        "similar expression": part["evidence"].str.endswith("expression similar"),
        "their identifier alone": part["evidence"] == "id",
    }
    return ", ".join(f"{n} by {why}" for why, chosen in counts.items() if (n := int(chosen.sum())))


def _shown(part: pd.DataFrame) -> tuple[str, ...]:
    pairs = zip(part["sample_a"], part["sample_b"], strict=True)
    return tuple(f"{a} = {b}" for a, b in pairs)[:3]


def _quality(table: pd.DataFrame, profiles: Mapping[str, Profile]) -> pd.DataFrame:
    rows = []
    for name in profiles:
        if len(profiles) > 1:
            rows.append({"cohort_id": name, **_shared_check(table, name, profiles)})
        rows.append({"cohort_id": name, **_repeat_check(table, name, profiles[name])})
    return shape_table("quality", pd.DataFrame(rows)) if rows else empty_table("quality")


def _repeat_check(table: pd.DataFrame, name: str, profile: Profile) -> dict[str, str]:
    n = int(((table["cohort_a"] == name) & (table["cohort_b"] == name)).sum())
    status, value, told = "ok", "none", "no two samples have their genes in the same order"
    if n:
        status, value = "problem", f"{n} {'pair' if n == 1 else 'pairs'}"
        told = "pairs of samples whose genes stand in the same order; they are in the table overlaps"
    elif int(profile.whole.sum()) < FEWEST_GENES:
        status, value = "unchecked", "not compared"
        told = f"fewer than {FEWEST_GENES} genes are measured in every sample"
    return {"check": "samples measured twice", "status": status, "value": value, "evidence": told}


def _shared_check(table: pd.DataFrame, name: str, profiles: Mapping[str, Profile]) -> dict[str, str]:
    mine = table[(table["cohort_a"] == name) ^ (table["cohort_b"] == name)]
    counts: dict[str, int] = {}
    for other in profiles:
        here = mine[(mine["cohort_a"] == other) | (mine["cohort_b"] == other)]
        own = here["patient_a"].where(here["cohort_a"] == name, here["patient_b"])
        counts |= {other: own.nunique()} if other != name and len(here) else {}
    unseen = [
        other for other in profiles if other != name and _n_common(profiles[name], profiles[other]) < FEWEST_GENES
    ]
    told = ", ".join(f"{n} in {other}" for other, n in counts.items()) or "none found by identifier or expression"
    if unseen:
        told += f"; expression was not compared with {', '.join(unseen)}: fewer than {FEWEST_GENES} genes in common"
    every = mine["patient_a"].where(mine["cohort_a"] == name, mine["patient_b"]).nunique()
    return {
        "check": "patients in other cohorts",
        "status": "notice" if counts or unseen else "ok",
        "value": str(every) if counts else "none",
        "evidence": told,
    }


def _n_common(a: Profile, b: Profile) -> int:
    usable = {gene for gene, whole in zip(a.genes, a.whole, strict=True) if whole}
    return sum(1 for gene, whole in zip(b.genes, b.whole, strict=True) if whole and gene in usable)
