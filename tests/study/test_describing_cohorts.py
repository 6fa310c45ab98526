from __future__ import annotations

import pandas as pd
import pytest
from tests.study import tiny
from tests.study.written import write

from tmescope.study.describing_cohorts import describe_rule
from tmescope.study.schema import ResponseRule, TimeRule


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return write(tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def rich(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rich")
    tiny.write_files(folder)
    expression = pd.read_csv(folder / "a.tsv", sep="\t", index_col=0).drop(index=["GZMA"])
    expression.index = [("C10orf54" if g == "BG001" else g) for g in expression.index]
    expression.rename_axis("gene").to_csv(folder / "a.tsv", sep="\t")
    samples = pd.read_csv(folder / "a_samples.csv")
    samples.loc[0, "timepoint"] = "on"
    samples.loc[1, "recist"] = "NE"
    samples.to_csv(folder / "a_samples.csv", index=False)

    def change(data):
        data["cohorts"][0] |= {"scale": "fpkm", "to_tpm": True}
        data["cohorts"][0]["select"] |= {"exclude": ["S1-05"], "one_per_patient": "first"}
        data["endpoints"]["response"] |= {
            "missing": ["NE"],
            "cohorts": {
                "b": {
                    "rule": "recist",
                    "column": "recist",
                    "responder": ["CR", "PR", "SD"],
                    "non_responder": ["PD"],
                }
            },
        }
        data["endpoints"]["os"]["not_in"] = ["b"]
        data["profile"]["max_unmapped"] = 1.0

    return write(folder, change)


def test_numbers_scale_and_identifiers_of_each_cohort(plain):
    text = plain[1]["Cohorts"]
    assert "2 cohorts were analysed: a and b." in text
    assert "Cohort a (Melanoma; anti-PD-1): the expression matrix held 24 samples and the sample table 24; 24 stood in both, and 24 samples of 24 patients were analysed." in text  # fmt: skip # noqa: E501
    assert "18 samples of 18 patients" in text
    assert "declared as tpm of gene symbols; 147 genes remained." in text
    assert "converted" not in text
    assert "tmb (column tmb, mutations/Mb) and braf (column braf)" in text
    assert "Of the 27 genes that the scores need, 27 were there." in text


def test_selection_conversion_and_losses_are_told_where_they_happened(rich):
    text, sections, _ = rich
    of_a, of_b = sections["Cohorts"].split("\n")[1:3]
    assert "24 stood in both, and 22 samples of 22 patients were analysed" in of_a
    assert "Samples were kept where the time point was “pre”." in of_a
    assert "1 sample named in the study file stayed out." in of_a
    assert "the first of the table was kept" in of_a
    assert "declared as fpkm of gene symbols and converted to tpm within the genes of the matrix [1, 2]" in of_a
    assert [r.key for r in text.references[:2]] == ["li2010", "wagner2012"]
    assert "1 identifier was replaced." in of_a
    assert "Of the 27 genes that the scores need, 26 were there; without GZMA." in of_a
    assert "stayed out" not in of_b
    assert "converted" not in of_b


def test_each_rule_is_told_with_its_cohorts_and_counts(rich):
    told = rich[1]["Endpoints"].split("\n")
    assert told[0].startswith("Endpoint response, cohort a: column “recist” holds RECIST categories; “CR” and “PR”")
    assert "“NE” meant not known." in told[0]
    assert "Stable disease counted as no response." in told[0]
    assert told[0].endswith("1 without a value.")
    assert "cohort b" in told[1]
    assert "Stable disease counted as response." in told[1]
    assert "“os_days” in days, converted to months (1 month is 30.4375 days)" in told[2]
    assert told[-1] == "Endpoint os was not recorded in b."


def test_one_rule_of_several_cohorts_is_told_once(plain):
    told = plain[1]["Endpoints"].split("\n")
    assert len(told) == 2
    assert "cohorts a and b" in told[0]
    assert "a: 17 responders, 7 non-responders, 0 without a value; b: 11 responders, 7 non-responders" in told[0]


def test_rules_in_words():
    time = {"time": "t", "event": "e", "event_values": ["1"], "censored_values": ["0"]}
    assert "in months; in column" in describe_rule(TimeRule(unit="months", **time))
    assert "(1 year is 12 months)" in describe_rule(TimeRule(unit="years", **time))
    own = ResponseRule(rule="source-defined", column="r", responder=["yes"], non_responder=["no"])
    assert "the source's own definition of response" in describe_rule(own)
    assert "Stable" not in describe_rule(own)
    aside = ResponseRule(rule="recist", column="r", responder=["CR", "PR"], non_responder=["PD"], missing=["SD"])
    assert describe_rule(aside).endswith("Stable disease counted as missing.")
    words = aside.model_copy(update={"non_responder": ["Stable Disease"], "missing": []})
    assert describe_rule(words).endswith("Stable disease counted as no response.")
