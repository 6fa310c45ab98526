from __future__ import annotations

import copy
from pathlib import Path

import pytest
from tests.study import tiny

from tmescope.study.causes import find_causes, flatten
from tmescope.study.loading import parse_study
from tmescope.study.run_records import RunRecord
from tmescope.study.table_changes import KEYS

INPUTS = {"a: a.tsv": "1" * 64, "a: a_samples.csv": "2" * 64, "b: b.tsv.gz": "3" * 64, "b: b_samples.csv": "4" * 64}


def _record(change=lambda data: None, **parts) -> RunRecord:
    data = copy.deepcopy(tiny.study_dict())
    change(data)
    study = parse_study(data, folder=Path()).model_dump(mode="json")
    given = {"versions": {"tmescope": "1", "altair": "5"}, "inputs": INPUTS, "facts": {"cyt": "5" * 64}} | parts
    return RunRecord(Path(), study, tables=(), **given)


def _one(change=lambda data: None, **parts):
    (cause,) = find_causes(_record(), _record(change, **parts))
    return cause


def test_equal_runs_have_no_cause():
    assert find_causes(_record(), _record()) == ()


def test_leaves_go_by_dotted_names_and_tables_in_lists_by_their_id():
    value = {"a": {"b": 1}, "c": [{"id": "x", "d": [1, 2]}, {"id": "y"}], "f": [{"g": 2}], "e": []}
    assert dict(flatten(value)) == {"a.b": 1, "c.x.id": "x", "c.x.d": [1, 2], "c.y.id": "y", "f.0.g": 2, "e": []}


def test_a_file_with_other_content_is_an_input_that_changed():
    cause = _one(inputs=INPUTS | {"a: a.tsv": "9" * 64})
    assert (cause.kind, cause.name, cause.change) == ("input", "cohorts.a.expression", "changed")
    assert cause.before == "a.tsv (sha256 111111111111)"
    assert cause.reach == frozenset(KEYS)


def test_another_file_is_one_cause_and_the_same_content_under_another_name_is_renamed():
    def change(data):
        data["cohorts"][0]["expression"] = "other.tsv"

    others = {k: v for k, v in INPUTS.items() if k != "a: a.tsv"}
    assert _one(change, inputs=others | {"a: other.tsv": "9" * 64}).change == "changed"
    renamed = _one(change, inputs=others | {"a: other.tsv": "1" * 64})
    assert (renamed.name, renamed.change) == ("cohorts.a.expression", "renamed")


def test_an_input_that_no_key_names_goes_by_its_own_name():
    assert _one(inputs=INPUTS | {"model: m.json": "7" * 64}).name == "model: m.json"


@pytest.mark.parametrize(
    ("change", "name", "before", "after", "reached"),
    [
        (lambda d: d["profile"].update(min_coverage=0.8), "profile.min_coverage", "0.5", "0.8", "scores"),
        (lambda d: d["study"].update(title="Other"), "study.title", "A tiny study", "Other", ""),
        (lambda d: d["study"].update(question="Who?"), "study.question", "", "Who?", "remark"),
        (lambda d: d["cohorts"][0].update(licence="CC0"), "cohorts.a.licence", "simulated", "CC0", "cohorts"),
        (lambda d: d["output"].update(csv=False), "output.csv", "true", "false", ""),
        (lambda d: d["study"].update(seed=3), "study.seed", "0", "3", "samples"),
    ],
)  # fmt: skip
def test_a_key_of_the_study_has_both_values_and_its_reach(change, name, before, after, reached):
    cause = _one(change)
    assert (cause.kind, cause.name, cause.before, cause.after) == ("study", name, before, after)
    assert (not cause.reach) if not reached else reached in cause.reach
    assert name == "study.seed" or "features" not in cause.reach


def test_to_move_a_word_of_an_endpoint_is_one_cause():
    def change(data):
        data["endpoints"]["response"] |= {"responder": ["CR"], "non_responder": ["SD", "PD", "PR"]}

    cause = _one(change)
    assert cause.name == "endpoints.response"
    assert cause.after == 'non_responder = ["SD", "PD", "PR"]; responder = ["CR"]'
    assert cause.reaches("answers", "zscore")
    assert not cause.reaches("scores", "zscore")


def test_endpoints_come_and_go():
    def change(data):
        data["endpoints"]["pfs"] = data["endpoints"]["os"] | {"time": "tmb"}

    assert (_one(change).name, _one(change).change) == ("endpoints.pfs", "added")
    (back,) = find_causes(_record(change), _record())
    assert back.change == "removed"


def test_a_parameter_reaches_the_scores_of_its_method_alone():
    cause = _one(lambda data: data["profile"].update(parameters={"ssgsea": {"alpha": 0.5}}))
    assert (cause.name, cause.change, cause.after) == ("profile.parameters.ssgsea.alpha", "added", "0.5")
    assert cause.reaches("scores", "ssgsea")
    assert not cause.reaches("scores", "zscore")
    assert cause.reaches("scores", "")
    assert cause.reaches("answers", "zscore")  # q-values look at all methods together


def test_facts_and_versions():
    fact = _one(facts={"cyt": "6" * 64})
    assert (fact.kind, fact.name, fact.before) == ("fact", "cyt", "sha256 555555555555")
    version = _one(versions={"tmescope": "2", "altair": "5"})
    assert (version.before, version.after, version.reach) == ("1", "2", frozenset(KEYS))
    assert _one(versions={"tmescope": "1", "altair": "6"}).reach == frozenset()
    assert _one(facts={"cyt": "5" * 64, "new": "8" * 64}).change == "added"
