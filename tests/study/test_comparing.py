"""Two runs of the tiny study that differ in one thing: the comparison names it, and nothing else."""

from __future__ import annotations

import json
import shutil

import pandas as pd
import pytest
from tests.study import tiny

import tmescope as ts
from tmescope.foundation.errors import FormatVersionError, StoreError
from tmescope.study.comparing import compare_runs
from tmescope.study.run_records import RECORD_FILE
from tmescope.study.running import run


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = tmp_path_factory.mktemp("base")
    tiny.write_files(folder)
    run(tiny.write_study(folder), folder / "out")
    return folder


def _second(base, tmp_path, change=lambda data: None, files=lambda folder: None):
    """Return the results of the study with one thing changed."""
    for path in base.iterdir():
        if path.is_file():
            shutil.copyfile(path, tmp_path / path.name)
    shutil.copytree(base / "out", tmp_path / "out")
    data = tiny.study_dict()
    change(data)
    files(tmp_path)
    run(tiny.write_study(tmp_path, data), tmp_path / "out")
    return tmp_path / "out"


def _copied(base, tmp_path):
    shutil.copytree(base / "out", tmp_path / "out")
    return tmp_path / "out"


def _tables(comparison) -> set[str]:
    return {c.change.table for c in comparison.consequences}


def test_a_run_equals_its_copy_and_one_made_anew(base, tmp_path):
    assert compare_runs(base / "out", _copied(base, tmp_path / "copy")).equal
    run(base / "study.toml", tmp_path / "anew")
    comparison = compare_runs(base / "out", tmp_path / "anew")
    assert comparison.as_dict() == {
        "format": "run-comparison", "version": 1, "equal": True, "causes": [], "consequences": [],
    }  # fmt: skip


def test_a_value_of_the_matrix_moves_scores_and_answers_of_its_cohort(base, tmp_path):
    def files(folder):
        table = pd.read_csv(folder / "a.tsv", sep="\t", index_col="gene")
        table.loc["GZMA", "S1-03"] *= 50
        table.to_csv(folder / "a.tsv", sep="\t")

    comparison = compare_runs(base / "out", _second(base, tmp_path, files=files))
    (cause,) = comparison.causes
    assert (cause.kind, cause.name) == ("input", "cohorts.a.expression")
    assert {"scores", "answers"} <= _tables(comparison) <= {"scores", "answers", "curves", "quality", "warnings"}
    scores = [c.change for c in comparison.consequences if c.change.table == "scores"]
    assert {(c.cohort, c.method) for c in scores} == {("a", "zscore"), ("a", "ssgsea")}
    assert {c.because for c in comparison.consequences} == {"input cohorts.a.expression"}
    zscore = next(c for c in scores if c.method == "zscore")
    assert [d["feature"] for d in zscore.details] == ["cyt"]
    assert zscore.count == 24  # the mean of the gene moves every sample


def test_a_parameter_explains_the_scores_of_its_method(base, tmp_path):
    second = _second(base, tmp_path, lambda d: d["profile"].update(parameters={"ssgsea": {"alpha": 0.5}}))
    comparison = compare_runs(base / "out", second)
    assert _tables(comparison) == {"scores", "methods"}
    assert {c.change.method for c in comparison.consequences} == {"ssgsea", ""}
    assert {c.because for c in comparison.consequences} == {"study profile.parameters.ssgsea.alpha"}


def test_two_causes_are_told_apart_where_one_alone_can_reach_and_listed_where_not(base, tmp_path):
    def change(data):
        data["profile"] |= {"parameters": {"ssgsea": {"alpha": 0.5}}, "primary": "ssgsea"}
        data["endpoints"]["response"] |= {"responder": ["CR"], "non_responder": ["SD", "PD", "PR"]}

    comparison = compare_runs(base / "out", _second(base, tmp_path, change))
    because = {(c.change.table, c.because) for c in comparison.consequences}
    assert ("scores", "study profile.parameters.ssgsea.alpha") in because
    assert ("samples", "study endpoints.response") in because
    (answers,) = {b for t, b in because if t == "answers"}
    assert answers.startswith("one or more of: ")
    assert "endpoints.response" in answers
    assert "profile.primary" in answers


def test_an_endpoint_rule_moves_verdicts(base, tmp_path):
    def change(data):
        data["endpoints"]["response"] |= {"responder": ["CR"], "non_responder": ["SD", "PD", "PR"]}

    comparison = compare_runs(base / "out", _second(base, tmp_path, change))
    answers = [c for c in comparison.consequences if c.change.table == "answers"]
    assert {c.because for c in answers} == {"study endpoints.response"}
    assert any("crossed a limit of q" in c.change.summary for c in answers)
    details = [d for c in answers for d in c.change.details]
    assert {d["question_id"] for d in details} == {"response:response"}
    assert "scores" not in _tables(comparison)


def test_the_rule_of_coverage_makes_scores_missing_where_genes_are(tmp_path):
    tiny.write_files(tmp_path)
    table = pd.read_csv(tmp_path / "a.tsv", sep="\t", index_col="gene").drop(index="GZMA")
    table.to_csv(tmp_path / "a.tsv", sep="\t")
    data = tiny.study_dict()
    run(tiny.write_study(tmp_path, data), tmp_path / "one")
    data["profile"]["min_coverage"] = 0.8
    run(tiny.write_study(tmp_path, data), tmp_path / "two")
    comparison = compare_runs(tmp_path / "one", tmp_path / "two")
    assert [c.name for c in comparison.causes] == ["profile.min_coverage"]
    summaries = [c.change.summary for c in comparison.consequences if c.change.table == "scores"]
    assert any("24 became missing" in s for s in summaries)
    assert {c.because for c in comparison.consequences} == {"study profile.min_coverage"}


def test_a_signature_of_ones_own_that_changed_is_a_study_key_and_a_fact(base, tmp_path):
    def first(data):
        data["profile"]["own_signatures"] = {"mine": ["GZMA", "BG001"]}

    one = _second(base, tmp_path, first)
    shutil.copytree(one, tmp_path / "one")

    def second(data):
        data["profile"]["own_signatures"] = {"mine": ["GZMA", "BG002"]}

    data = tiny.study_dict()
    second(data)
    run(tiny.write_study(tmp_path, data), one)
    comparison = compare_runs(tmp_path / "one", one)
    assert [(c.kind, c.name) for c in comparison.causes] == [
        ("study", "profile.own_signatures.mine"),
        ("fact", "mine"),
    ]
    zscores = [c for c in comparison.consequences if c.change.table == "scores" and c.change.method == "zscore"]
    assert {d["feature"] for c in zscores for d in c.change.details} == {"mine"}
    assert all(c.because.startswith("one or more of: ") for c in zscores)


def _with_model(folder, cohort, name="frozen.model", sets=tiny.SIGNATURES):
    """Fit a z-score on one of the tiny cohorts, and apply it to both beside the mean."""
    adata = ts.read_cohort(folder / cohort, scale="tpm")
    ts.bulk.write_model(ts.bulk.fit_scores(adata, list(sets), method="zscore"), folder / name)
    data = tiny.study_dict()
    data["profile"] |= {"methods": ["mean"], "models": [name], "primary": "zscore_frozen"}
    data["answers"]["methods"] = ["mean", "zscore_frozen"]
    return data


def test_a_model_fitted_on_another_cohort_is_one_cause_and_says_on_what(tmp_path):
    tiny.write_files(tmp_path)
    for out, cohort in (("one", "a.tsv"), ("two", "b.tsv.gz")):
        run(tiny.write_study(tmp_path, _with_model(tmp_path, cohort)), tmp_path / out)
    comparison = compare_runs(tmp_path / "one", tmp_path / "two")
    (cause,) = comparison.causes
    assert (cause.kind, cause.name, cause.change, cause.method) == (
        "model", "zscore_frozen", "changed", "zscore_frozen",
    )  # fmt: skip
    record = json.loads((tmp_path / "one" / RECORD_FILE).read_text())["models"]["zscore_frozen"]
    assert cause.before.startswith(f"frozen.model (sha256 {record['sha256'][:12]}), fitted on 24 samples of ")
    assert f"values {record['values'][:12]}" in cause.before
    assert cause.before != cause.after
    scores = {(c.change.method, c.because) for c in comparison.consequences if c.change.table == "scores"}
    assert scores == {("zscore_frozen", "model zscore_frozen")}


def test_a_model_of_another_name_is_renamed_and_one_of_other_sets_reaches_more(tmp_path):
    tiny.write_files(tmp_path)
    run(tiny.write_study(tmp_path, _with_model(tmp_path, "a.tsv")), tmp_path / "one")
    run(tiny.write_study(tmp_path, _with_model(tmp_path, "a.tsv", "other.model")), tmp_path / "two")
    comparison = compare_runs(tmp_path / "one", tmp_path / "two")
    assert [(c.kind, c.change, c.reach) for c in comparison.causes] == [("model", "renamed", frozenset())]
    assert comparison.consequences == ()
    run(tiny.write_study(tmp_path, _with_model(tmp_path, "a.tsv", sets=tiny.SIGNATURES[:2])), tmp_path / "three")
    (cause,) = compare_runs(tmp_path / "one", tmp_path / "three").causes
    assert (cause.kind, cause.change, cause.method) == ("model", "changed", "")


def test_records_that_say_nothing_of_their_models_are_compared_by_file_and_content(tmp_path):
    tiny.write_files(tmp_path)
    for out, cohort in (("one", "a.tsv"), ("two", "b.tsv.gz")):
        run(tiny.write_study(tmp_path, _with_model(tmp_path, cohort)), tmp_path / out)
    path = tmp_path / "one" / RECORD_FILE
    path.write_text(json.dumps({k: v for k, v in json.loads(path.read_text()).items() if k != "models"}))
    kinds = [(c.kind, c.name) for c in compare_runs(tmp_path / "one", tmp_path / "two").causes]
    assert kinds == [("input", "models: frozen.model"), ("fact", "model zscore_frozen")]


def test_a_sample_left_out_and_a_release_are_seen(base, tmp_path):
    second = _second(base, tmp_path, lambda d: d["cohorts"][1]["select"].update(exclude=["S2-00"]))
    comparison = compare_runs(base / "out", second)
    lost = [c.change for c in comparison.consequences if c.change.table == "samples"]
    assert [(c.kind, c.summary) for c in lost] == [("lost", "1 row lost: b, S2-00")]
    record = json.loads((second / RECORD_FILE).read_text())
    record["versions"]["tmescope"] = "9.9"
    (second / RECORD_FILE).write_text(json.dumps(record))
    both = compare_runs(base / "out", second)
    assert [(c.kind, c.name, c.after) for c in both.causes][-1] == ("version", "tmescope", "9.9")
    assert all("version tmescope" in c.because for c in both.consequences)


def test_a_table_that_was_edited_is_explained_by_nothing(base, tmp_path):
    second = _copied(base, tmp_path)
    shutil.copyfile(second / "tables" / "answers.parquet", tmp_path / "kept.parquet")
    (second / "tables" / "answers.parquet").unlink()
    comparison = compare_runs(base / "out", second)
    (one,) = comparison.consequences
    assert one.change.summary == "only the first run has the table answers"
    assert one.because == "no recorded difference explains it"
    assert compare_runs(second, base / "out").consequences[0].change.summary.startswith("only the second")
    assert not comparison.equal


def test_damaged_and_newer_results_are_refused(base, tmp_path):
    second = _copied(base, tmp_path)
    (second / "tables" / "scores.parquet").write_bytes(b"PAR1 nothing PAR1")
    with pytest.raises(StoreError):
        compare_runs(base / "out", second)
    record = json.loads((second / RECORD_FILE).read_text())
    (second / RECORD_FILE).write_text(json.dumps(record | {"version": 2}))
    with pytest.raises(FormatVersionError):
        compare_runs(base / "out", second)


def test_the_json_form_names_causes_by_their_place(base, tmp_path):
    def change(data):
        data["study"]["question"] = "Who?"
        data["profile"]["parameters"] = {"ssgsea": {"alpha": 0.5}}

    found = compare_runs(base / "out", _second(base, tmp_path, change)).as_dict()
    names = [c["name"] for c in found["causes"]]
    assert names == ["profile.parameters.ssgsea.alpha", "study.question"]
    by_table = {c["table"]: c["causes"] for c in found["consequences"]}
    assert by_table["scores"] == [0]
    assert by_table["remark"] == [0, 1]
    assert json.loads(json.dumps(found, allow_nan=False)) == found
