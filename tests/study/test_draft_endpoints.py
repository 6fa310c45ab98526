from __future__ import annotations

import tomllib

import pandas as pd
import pytest

from tmescope.ingest.clinical import read_samples
from tmescope.ingest.describe import CohortDescription, ExpressionDescription
from tmescope.ingest.describe_table import describe_table
from tmescope.study.draft_endpoints import draft_endpoints

NOTHING = ExpressionDescription("tsv", 1, 1, (), (), (), (), (), 0.0, 1.0, 0.0, 0)


@pytest.fixture
def draft(tmp_path):
    """Draft the endpoints of cohorts that have these columns."""

    def make(**cohorts: dict[str, list] | None) -> str:
        described = {}
        for name, columns in cohorts.items():
            samples = None
            if columns is not None:
                path = tmp_path / f"{name}.csv"
                pd.DataFrame({"id": range(len(next(iter(columns.values())))), **columns}).to_csv(path, index=False)
                samples = describe_table(read_samples(path))
            described[name] = CohortDescription(NOTHING, samples)
        return draft_endpoints(described)

    return make


RECIST = {"recist": ["CR", "PR", "SD", "PD"]}
TIMES = {"os_days": [10, 20, 35, 40], "os_event": [1, 0, 1, 0]}


def _uncommented(text: str) -> str:
    """Return the examples of a draft as somebody would uncomment them."""
    found, here = [], False
    for line in text.splitlines():
        here = line.startswith("#") and (here or line.endswith("uncomment:"))
        if here and not line.endswith("uncomment:"):
            found.append(line.removeprefix("# "))
    return "\n".join(found)


def test_stable_disease_is_left_to_decide(draft):
    text = draft(a=RECIST)
    endpoint = tomllib.loads(text)["endpoints"]["response"]
    assert endpoint == {
        "kind": "response",
        "rule": "recist",
        "column": "recist",
        "responder": ["CR", "PR"],
        "non_responder": ["PD", "DECIDE"],
    }
    assert "# recist: CR (1x), PR (1x), SD (1x), PD (1x); 0 missing" in text


def test_words_beside_recist_are_missing_or_to_decide(draft):
    text = draft(a={"BOR": ["CR", "PD", "NE", "MR", "SD"]})
    endpoint = tomllib.loads(text)["endpoints"]["response"]
    assert endpoint["missing"] == ["NE", "DECIDE"]
    assert "# these words need a place too: MR" in text


@pytest.mark.parametrize(
    ("values", "responder", "non_responder"),
    [
        (["R", "NR", "R"], ["R"], ["NR"]),
        (["responder", "non-responder", "responder"], ["responder"], ["non-responder"]),
        (["R", "NR", "unclear"], ["DECIDE"], ["DECIDE"]),
        (["high", "low", "low"], ["DECIDE"], ["DECIDE"]),
    ],
)
def test_words_of_the_source_are_taken_where_they_are_clear(draft, values, responder, non_responder):
    endpoint = tomllib.loads(draft(a={"response": values}))["endpoints"]["response"]
    assert endpoint["rule"] == "source-defined"
    assert (endpoint["responder"], endpoint["non_responder"]) == (responder, non_responder)


def test_recist_is_preferred_to_labels_made_from_it(draft):
    endpoint = tomllib.loads(draft(a={"response": ["R", "R", "NR", "NR"], **RECIST}))["endpoints"]["response"]
    assert endpoint["column"] == "recist"


@pytest.mark.parametrize(
    ("events", "seen", "censored"),
    [
        ([1, 0, 1, 0], ["1"], ["0"]),
        (["True", "False", "True", "False"], ["True"], ["False"]),
        ([1.0, 0.0, 1.0, 0.0], ["1.0"], ["0.0"]),
        ([1, 1, 1, 1], ["1"], ["0"]),
        ([1, 2, 1, 2], ["DECIDE"], ["DECIDE"]),
        ([0, 1, 2, 0], ["DECIDE"], ["DECIDE"]),
        (["dead", "alive", "dead", "alive"], ["DECIDE"], ["DECIDE"]),
    ],
)
def test_only_the_usual_event_codings_are_filled_in(draft, events, seen, censored):
    text = draft(a={"os_days": [10, 20, 35, 40], "os_event": events})
    endpoint = tomllib.loads(text)["endpoints"]["os"]
    assert (endpoint["event_values"], endpoint["censored_values"]) == (seen, censored)
    assert endpoint["unit"] == "days"
    assert ("the usual coding: check it" in text) is (seen != ["DECIDE"])
    assert tomllib.loads(text)["answers"] == {"survival": "os"}


def test_a_unit_that_no_name_says_is_left_to_decide(draft):
    text = draft(a={"pfs_time": [10, 20, 35, 40], "pfs_event": [1, 0, 1, 0]})
    assert tomllib.loads(text)["endpoints"]["pfs"]["unit"] == "DECIDE"


def test_cohorts_that_differ_get_rules_of_their_own_and_those_without_are_named(draft):
    text = draft(
        a={**RECIST, **TIMES},
        b={**RECIST, **TIMES},
        c={"response": ["R", "NR", "R", "NR"]},
        d={"tmb": [1.5, 2.5]},
        e=None,
    )
    endpoints = tomllib.loads(text)["endpoints"]
    assert set(endpoints["response"]["cohorts"]) == {"c"}
    assert endpoints["response"]["cohorts"]["c"]["column"] == "response"
    assert endpoints["response"]["not_in"] == ["d", "e"]
    assert "cohorts" not in endpoints["os"]
    assert endpoints["os"]["not_in"] == ["c", "d", "e"]


def test_where_nothing_looks_like_an_endpoint_there_are_examples_to_fill_in(draft):
    text = draft(a={"tmb": [1.5, 2.5]})
    assert tomllib.loads(text) == {}
    example = tomllib.loads(_uncommented(text))
    assert set(example["endpoints"]) == {"response", "os"}
    assert example["answers"] == {"survival": "os"}
    assert set(tomllib.loads(_uncommented(draft(a=RECIST)))["endpoints"]) == {"os"}
    assert set(tomllib.loads(_uncommented(draft(a=TIMES)))["endpoints"]) == {"response"}
    assert _uncommented(draft(a={**RECIST, **TIMES})) == ""


def test_what_stands_in_a_file_cannot_leave_its_comment(draft):
    words = ['R\n[study]\nid = "x"', "NR\x07", "R"]
    text = draft(a={"response": words, "os_days": [1, 2, 3], 'os_event"': ["1\nformat = 2", "0", "1"]})
    data = tomllib.loads(text)
    assert set(data) <= {"endpoints", "answers"}


def test_words_in_brackets_are_missing_in_times_and_responses(draft):
    times = {"OS_MONTHS": [10, 20, 35, "[Not Available]", 7], "OS_STATUS": ["1:X", "0:Y", "[Discrepancy]", "0:Y", ""]}
    text = draft(a=times | {"BEST_RESPONSE": ["CR", "PD", "SD", "[Not Evaluated]", "NE"]})
    endpoints = tomllib.loads(text)["endpoints"]
    assert endpoints["os"]["missing"] == ["[Discrepancy]", "[Not Available]"]
    assert endpoints["response"]["missing"] == ["NE", "[Not Evaluated]"]
    defined = tomllib.loads(draft(a={"RESPONSE": ["responder", "non_responder", "[Unknown]"]}))["endpoints"]
    assert defined["response"]["missing"] == ["[Unknown]"]
    assert defined["response"]["non_responder"] == ["non_responder"]


@pytest.mark.parametrize(
    ("status", "events", "censored", "missing"),
    [
        (["1:DECEASED", "0:LIVING", "0:LIVING", "1:DECEASED"], ["1:DECEASED"], ["0:LIVING"], None),
        (["1:DECEASED", "0:LIVING", "[Not Available]", ""], ["1:DECEASED"], ["0:LIVING"], ["[Not Available]"]),
        (["1:DECEASED", "1:DECEASED", "", ""], ["1:DECEASED"], ["DECIDE"], None),
        (["1:DECEASED", "alive", "alive", ""], ["DECIDE"], ["DECIDE"], None),
    ],
)
def test_the_coding_of_a_portal_is_read(draft, status, events, censored, missing):
    text = draft(a={"OS_MONTHS": [10, 20, 35, 40], "OS_STATUS": status})
    endpoint = tomllib.loads(text)["endpoints"]["os"]
    assert (endpoint["event_values"], endpoint["censored_values"]) == (events, censored)
    assert endpoint.get("missing") == missing
    assert endpoint["unit"] == "months"
