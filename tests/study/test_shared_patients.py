from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest
from tests.study import tiny
from tests.study.contexts import do, opened

from tmescope.store.tables import read_table
from tmescope.study.shared_patients import count_patients_once, find_elsewhere

ASKED = {"id": "time", "kind": "survival", "endpoint": "os", "features": ["cyt"], "pool": {}}
ARMS = {"feature": "braf", "treated": ["V600E"], "control": ["WT"], "assignment": "unknown"}
BOTH = "TRIAL-123456-7"


def _asked(tmp_path, question, change: Callable[[pd.DataFrame], object] = lambda _: None):
    """Return who leaves whom elsewhere, and the answers; cohort a is changed, where patient 2 is patient 2 of b."""
    tiny.write_files(tmp_path)
    for name in "ab":
        path = tmp_path / f"{name}_samples.csv"
        samples = pd.read_csv(path)
        samples.loc[2, "patient_id"] = BOTH
        if name == "a":
            change(samples)
        samples.to_csv(path, index=False)
    data = tiny.study_dict()
    table = data["cohorts"][0]["features"][0]
    table["numeric"]["tmb"]["missing"] = [""]
    table["categorical"]["braf"]["missing"] = [""]
    data["endpoints"]["os"]["missing"] = [""]
    data["question"] = [question]
    with opened(tmp_path, data) as context:
        do(context, "answers")
        left = find_elsewhere(context, context.study.question[0], ["a", "b"])
        tables = {c: read_table(context.ledger.folder(f"answers-{c}") / "answers.parquet") for c in "ab"}
    return left, {c: t[t["question_id"] == question["id"]] for c, t in tables.items()}


def test_a_patient_of_both_cohorts_counts_once(tmp_path):
    left, found = _asked(tmp_path, ASKED)
    assert left == {"b": ("S2-02",)}
    assert found["b"]["left_out"].str.contains("1 whose patient another cohort has").all()
    assert not found["a"]["left_out"].str.contains("another cohort").any()
    assert (int(found["a"]["n"].iloc[0]), int(found["b"]["n"].iloc[0])) == (24, 17)


@pytest.mark.parametrize(
    ("question", "column"),
    [
        (ASKED, "os_days"),
        ({**ASKED, "confounders": ["tmb"]}, "tmb"),
        ({**ASKED, "kind": "interaction", "treatment": ARMS}, "braf"),
    ],
    ids=["endpoint", "confounder", "arm"],
)
def test_she_counts_in_the_cohort_that_knows_what_is_asked(tmp_path, question, column):
    left, found = _asked(
        tmp_path, question, lambda samples: samples.__setitem__(column, samples[column].mask(samples.index == 2))
    )
    assert left == {"a": ("S1-02",)}
    assert found["a"]["left_out"].str.contains("1 whose patient another cohort has").all()
    ratios = {c: t[t["effect_name"].str.contains("ratio")] for c, t in found.items()}
    assert int(ratios["a"]["n"].max()) + int(ratios["b"]["n"].max()) == 24 + 18 - 1


def test_without_pooling_each_cohort_keeps_its_patients(tmp_path):
    left, found = _asked(tmp_path, {k: v for k, v in ASKED.items() if k != "pool"})
    assert left == {}
    assert [int(t["n"].iloc[0]) for t in found.values()] == [24, 18]


def test_a_patient_of_tcga_counts_once_whatever_her_barcodes(tmp_path):
    tiny.write_files(tmp_path)
    depths = {"a": ["TCGA-BR-4250-01A-11R-1131-13"], "b": ["TCGA-BR-4250-01", "TCGA-BR-4250-06"]}
    for name, ending in (("a", "a.tsv"), ("b", "b.tsv.gz")):
        expression = pd.read_csv(tmp_path / ending, sep="\t", index_col=0)
        samples = pd.read_csv(tmp_path / f"{name}_samples.csv")
        new = [*depths[name], *samples["sample_id"][len(depths[name]) :]]
        expression.set_axis(new, axis=1).to_csv(tmp_path / ending, sep="\t")
        samples.assign(sample_id=new).to_csv(tmp_path / f"{name}_samples.csv", index=False)
    data = tiny.study_dict()
    for cohort in data["cohorts"]:
        del cohort["columns"]["patient_id"]
    data["question"] = [ASKED]
    for cohort in ("a", "b"):
        path = tmp_path / f"{cohort}_samples.csv"
        pd.read_csv(path).drop(columns="patient_id").to_csv(path, index=False)
    with opened(tmp_path, data) as context:
        do(context, "answers")
        assert find_elsewhere(context, context.study.question[0], ["a", "b"]) == {"b": tuple(depths["b"])}
        assert find_elsewhere(context, context.study.question[0], ["b", "a"]) == {"a": tuple(depths["a"])}


def test_samples_of_a_patient_without_a_pair_of_their_own_go_with_the_others():
    pair = {"cohort_a": "a", "sample_a": "A1", "patient_a": "P", "cohort_b": "b", "sample_b": "B1", "patient_b": "Q"}
    people = {"a": {"A1": "P", "A2": "P", "A3": "R"}, "b": {"B1": "Q", "B2": "Q", "B3": "P"}}
    overlaps = pd.DataFrame([pair])
    assert count_patients_once(overlaps, people, usable={"a": ["A2"], "b": ["B1"]}) == {"b": ("B1", "B2")}
    assert count_patients_once(overlaps, people, usable={"a": ["A3"], "b": ["B2"]}) == {"a": ("A1", "A2")}
    assert count_patients_once(overlaps.iloc[:0], people, usable={"a": [], "b": []}) == {}
