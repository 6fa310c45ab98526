"""Combinations come from arms; placebos are none."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa

from tmescope.horizon.combinations import combination_schema, find_combinations
from tmescope.store.lake_schemas import trial_schema


def _trial(names, arms):
    made = [{"type": "DRUG", "name": n, "other_names": [], "description": None} for n in names]
    rows = [{"label": label, "type": "EXPERIMENTAL", "interventions": given} for label, given in arms]
    row = {"doc_id": "nct:NCT1", "interventions": made, "arms": rows}
    return pa.Table.from_pylist([row], schema=trial_schema())


def test_arms_that_give_several_drugs():
    trial = _trial(
        ["Osimertinib", "Placebo", "cisplatin/pemetrexed"],
        [("A", ["Drug: Osimertinib", "Drug: cisplatin/pemetrexed"]), ("B", ["Drug: Osimertinib", "Drug: Placebo"]),
         ("C", ["Drug: cisplatin/pemetrexed"])],
    )  # fmt: skip
    found = find_combinations(trial)
    assert found.schema.equals(combination_schema())
    assert [(r["combination_id"], r["arm"], r["n_drugs"]) for r in found.to_pylist()] == [
        ("drug:cisplatin+drug:osimertinib+drug:pemetrexed", "A", 3),
        ("drug:cisplatin+drug:pemetrexed", "C", 2),
    ]
    pairs = find_combinations(trial, pairs=True)["combination_id"].to_pylist()
    assert pairs == [
        "drug:cisplatin+drug:osimertinib",
        "drug:cisplatin+drug:pemetrexed",
        "drug:osimertinib+drug:pemetrexed",
    ]


def test_a_code_beside_its_name_is_no_partner_before_the_code_was_known():
    trial = _trial(["SHR-1210 (camrelizumab)"], [])
    assert find_combinations(trial).num_rows == find_combinations(trial, as_of=dt.date(2020, 1, 1)).num_rows == 0


def test_without_arms_one_intervention_may_name_them_together():
    trial = _trial(["AK104+anlotinib"], [])
    assert find_combinations(trial)["combination_id"].to_pylist() == ["drug:anlotinib+drug:cadonilimab"]
    early = find_combinations(trial, as_of=dt.date(2001, 1, 1))
    assert early["combination_id"].to_pylist() == ["drug:ak104+drug:anlotinib"]
    assert find_combinations(trial.slice(0, 0)).num_rows == 0
