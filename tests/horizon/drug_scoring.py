"""Precision and recall of the drugs that interventions of trials give, beside labels made by hand."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
from statsmodels.stats.proportion import proportion_confint

from tmescope.horizon.dictionary import Dictionary
from tmescope.horizon.drugs import drug_id
from tmescope.horizon.entities import tag
from tmescope.store.lake_schemas import document_schema, trial_schema

COLLECTIONS = ("ctgov_scampbe3", "ctgov_dtx", "ctgov_nsclcbench")
LABELS = Path(__file__).parent / "labels"


@dataclass(frozen=True)
class Label:
    """What one intervention gives: for each drug the identifiers of its names; `also` are held against nobody."""

    nct_id: str
    place: int
    kind: str
    drugs: tuple[frozenset[str], ...]
    also: frozenset[str]


@dataclass(frozen=True)
class DrugScore:
    """Drugs of interventions: right, found but not given, given but not found."""

    right: int
    wrong: tuple[str, ...]
    missed: tuple[str, ...]

    @property
    def precision(self) -> tuple[float, float, float]:
        """Of the drugs found, with its 95% interval by Wilson."""
        return _share(self.right, self.right + len(self.wrong))

    @property
    def recall(self) -> tuple[float, float, float]:
        """Of the drugs given, with its 95% interval by Wilson."""
        return _share(self.right, self.right + len(self.missed))


def _share(part: int, whole: int) -> tuple[float, float, float]:
    low, high = proportion_confint(part, whole, method="wilson")
    return part / whole, float(low), float(high)


@cache
def read_studies(shared_data: Path) -> dict[str, Any]:
    """Return the protocol sections of the real studies by NCT id."""
    found = {}
    for name in COLLECTIONS:
        for study in json.loads((shared_data / "horizon" / name / "ctg-studies.json").read_text(encoding="utf-8")):
            found.setdefault(study["protocolSection"]["identificationModule"]["nctId"], study)
    return found


def read_labels(name: str) -> tuple[Label, ...]:
    """Return the labels of a table."""
    lines = (LABELS / name).read_text(encoding="utf-8").splitlines()
    rows = csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t")
    return tuple(
        Label(
            row["nct_id"],
            int(row["place"]),
            row["type"],
            tuple(_ids(one, "=") for one in row["drugs"].split("; ") if one),
            _ids(row["also"], "; ").union(*(_ids(one, "=") for one in row["also"].split("; "))),
        )
        for row in rows
    )


def _ids(names: str, mark: str) -> frozenset[str]:
    return frozenset(drug_id(name) for name in names.split(mark) if name)


def find_drugs_given(studies: dict[str, Any], labels: Sequence[Label], dictionary: Dictionary) -> list[list[str]]:
    """Return the drugs that `tag` finds where a trial has each intervention as its only one."""
    trials = []
    for number, label in enumerate(labels):
        one = studies[label.nct_id]["protocolSection"]["armsInterventionsModule"]["interventions"][label.place - 1]
        given = {"type": one["type"], "name": one["name"], "description": one.get("description")}
        trials.append({"doc_id": f"nct:{number}", "interventions": [{**given, "other_names": one.get("otherNames")}]})
    documents = [{"doc_id": t["doc_id"], "source": "trials", "kind": "trial"} for t in trials]
    table = tag(
        pa.Table.from_pylist(documents, schema=document_schema()),
        dictionary,
        trials=pa.Table.from_pylist(trials, schema=trial_schema()),
    )
    found: dict[str, list[str]] = {trial["doc_id"]: [] for trial in trials}
    for row in table.to_pylist():
        if row["entity_type"] == "drug":
            found[row["doc_id"]].append(row["entity_id"])
    return list(found.values())


def score_drugs(labels: Sequence[Label], found: Sequence[Sequence[str]]) -> DrugScore:
    """Compare drugs found with drugs labelled.

    A drug found is right where its identifier is that of one of the label's names, whichever of them it is; a drug
    that is found twice under two identifiers is right once and wrong once.
    """
    right, wrong, missed = 0, [], []
    for label, drugs in zip(labels, found, strict=True):
        left = list(label.drugs)
        for drug in drugs:
            match = next((names for names in left if drug in names), None)
            if match is not None:
                left.remove(match)
                right += 1
            elif drug not in label.also:
                wrong.append(f"{label.nct_id} {label.place}: {drug}")
        missed += [f"{label.nct_id} {label.place}: {min(names)}" for names in left]
    return DrugScore(right, tuple(wrong), tuple(missed))
