from __future__ import annotations

import pandas as pd
import pytest
from tests.study.written import write

from tmescope.study.describing_statistics import describe_software, describe_statistics
from tmescope.study.material import Material


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return write(tmp_path_factory.mktemp("plain"))


def _answers(**changes: object) -> pd.DataFrame:
    row = {
        "feature": "f",
        "source": "zscore",
        "endpoint": "r",
        "effect_name": "auc",
        "effect": 0.7,
        "ci_low": 0.6,
        "q_value": 0.1,
        "family": "x",
        "family_size": 1,
        "method": "DeLong interval; exact Mann-Whitney p",
    }
    return pd.DataFrame([row | changes])


def _told(answers: pd.DataFrame) -> tuple[str, list[str]]:
    material = Material(None, None, {"answers": answers, "curves": pd.DataFrame()}, {})
    told = "\n".join(describe_statistics(material))
    return told, [r.key for r in material.citations.references]


def test_each_kind_of_effect_that_was_computed_is_told_with_its_papers(plain):
    text, sections, _ = plain
    told = sections["Statistical analysis"]
    assert "3 scores by zscore and 3 further features (tmb, braf=V600E and braf=WT) against response and os" in told
    assert "8 estimates are the area under the ROC curve" in told
    assert "Kaplan-Meier estimates by tertile" in told
    assert "within 10 families of 1 to 4 p-values each" in told
    keys = {r.key for r in text.references}
    assert {"delong1988", "woolf1955", "cox1972", "efron1977", "peto1972", "kaplan1958", "benjamini1995"} <= keys
    assert not keys & {"clopper1934", "haldane1956", "albert1984", "brookmeyer1982", "barjoseph2001", "mcshane2005"}


def test_nothing_is_told_of_survival_where_none_was_asked(tmp_path):
    text, sections, _ = write(tmp_path, lambda data: data.pop("answers"))
    assert "Kaplan" not in sections["Statistical analysis"]
    assert not {r.key for r in text.references} & {"cox1972", "kaplan1958", "peto1972"}


@pytest.mark.parametrize(
    ("method", "key"),
    [
        ("exact bound from disjoint pairs (the classes do not overlap); exact Mann-Whitney p", "clopper1934"),
        ("2 x 2 table with 0.5 added to each cell, as one is zero (Haldane-Anscombe); Woolf interval", "haldane1956"),
        ("not estimated (separation)", "albert1984"),
    ],
)
def test_special_cases_bring_their_papers_only_where_they_happened(method, key):
    assert key in _told(_answers(method=method))[1]
    assert key not in _told(_answers())[1]


def test_a_method_that_is_not_known_is_told_as_it_stands_and_cites_nothing():
    told, keys = _told(_answers(method="a new test", effect_name="slope"))
    assert "1 estimate is the effect slope: a new test." in told
    assert keys == ["benjamini1995"]


def test_estimates_that_failed_are_counted_and_no_interval_is_claimed():
    told, keys = _told(_answers(method="not estimated (empty)", effect=None, ci_low=None, q_value=None))
    assert "1 could not be estimated." in told
    assert "95%" not in told
    assert keys == []


def test_where_nothing_was_tested_the_text_says_so():
    assert _told(_answers().iloc[:0]) == ("No feature was tested against an endpoint.", [])


def test_versions_seed_and_short_hashes():
    provenance = {
        "versions": {"python": "3.11", "tmescope": "1.2", "altair": "not installed"},
        "seed": 7,
        "inputs": {"a: a.tsv": "0123456789abcdef"},
    }
    told = "\n".join(describe_software(Material(None, None, {}, provenance)))
    assert "tmescope 1.2 on python 3.11; the seed was 7." in told
    assert "a: a.tsv 0123456789ab." in told
    assert "altair" not in told
