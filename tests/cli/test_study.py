from __future__ import annotations

import json
import tomllib

import pytest
from tests.study import tiny

from tmescope.foundation.errors import FolderInUseError
from tmescope.store.lock import folder_lock
from tmescope.store.tables import read_table
from tmescope.study.schema import Study

PAIRS = ("a.tsv", "a_samples.csv", "b.tsv.gz", "b_samples.csv")


def _rename(folder, old: str, new: str) -> None:
    for name in ("a_samples.csv", "b_samples.csv"):
        path = folder / name
        path.write_text(path.read_text().replace(old, new, 1))


def _decide(text: str) -> str:
    """Answer what ``init`` asks about the tiny study, as somebody at an editor would."""
    for question, answer in (
        ('scale = "DECIDE"', 'scale = "tpm"'),
        ('non_responder = ["PD", "DECIDE"]', 'non_responder = ["PD", "SD"]'),
        ('signatures = "core"', 'signatures = ["cyt", "ifng6", "pan_f_tbrs"]'),
        ('methods = ["zscore", "ssgsea", "mcp_counter"]', 'methods = ["zscore", "ssgsea"]'),
    ):
        assert question in text
        text = text.replace(question, answer)
    return text + "\n[output]\nreport = false\n"


def test_from_two_files_a_cohort_to_answers(tmescope, folder):
    (folder / "study.toml").unlink()
    _rename(folder, "dead", "os_status")
    data = tiny.tree(folder)

    said = tmescope("init", *PAIRS)
    assert said.code == 0, said.err
    assert said.out.startswith("wrote study.toml; cohorts: 2; places marked DECIDE: 3\n")
    study = folder / "study.toml"
    text = study.read_text()

    undecided = tmescope("check", study)
    assert undecided.code == 2
    assert undecided.err.count("this is still to be decided") == text.count('"DECIDE"') == 3
    assert tmescope("run", study).code == 2

    study.write_text(_decide(text))
    checked = tmescope("check", study, "-q")
    assert checked.code == 0, checked.err
    assert checked.err == ""
    assert "no problem found" in checked.out
    assert "  a: 24 samples of 24 patients, 147 genes\n  b: 18 samples of 18 patients, 147 genes\n" in checked.out

    ran = tmescope("run", study)
    assert ran.code == 0, ran.err
    answers = read_table(folder / "results" / "tables" / "answers.parquet")
    assert set(answers["endpoint"]) == {"response", "os"}
    cyt = answers[(answers["feature"] == "cyt") & (answers["effect_name"] == "auc") & (answers["cohort_id"] == "a")]
    assert cyt["effect"].item() > 0.6
    assert {name: data[name] for name in data} == {n: b for n, b in tiny.tree(folder).items() if n in data}


def test_init_does_not_overwrite_unless_told(tmescope, folder):
    before = tiny.tree(folder)
    said = tmescope("init", *PAIRS)
    assert said.code == 2
    assert "exists already" in said.err
    assert "--force" in said.err
    assert tiny.tree(folder) == before
    assert tmescope("init", *PAIRS, "--force").code == 0
    assert "DECIDE" in (folder / "study.toml").read_text()


def test_init_writes_where_it_is_told_with_paths_from_there(tmescope, folder):
    assert tmescope("init", "a.tsv", "a_samples.csv", "-o", "studies/one/my.toml").code == 0
    text = (folder / "studies" / "one" / "my.toml").read_text()
    assert tomllib.loads(text)["cohorts"][0]["expression"] == "../../a.tsv"
    assert "tmescope check my.toml" in text


@pytest.mark.parametrize("n", [1, 3])
def test_init_wants_files_in_pairs(tmescope, folder, n):
    said = tmescope("init", *PAIRS[:n], "-o", "new.toml")
    assert said.code == 2
    assert f"{n} files were given" in said.err
    assert "an even number" in said.err
    assert not (folder / "new.toml").exists()


@pytest.mark.parametrize(
    ("files", "output", "text"),
    [
        (("absent.tsv", "a_samples.csv"), "new.toml", "there is no file 'absent.tsv'"),
        (("a.tsv", "absent.csv"), "new.toml", "there is no file 'absent.csv'"),
        (("a_samples.csv", "a.tsv"), "new.toml", "cells are not numbers"),
        (("a.tsv", "a_samples.csv"), "a.tsv/new.toml", "the file cannot be written"),
        (("a.tsv", "a_samples.csv"), "sub", "the output is a folder, not a file"),
    ],
)
def test_init_writes_nothing_where_something_is_wrong(tmescope, folder, files, output, text):
    (folder / "sub").mkdir()
    (folder / "sub" / "thesis.txt").write_text("mine")
    before = tiny.tree(folder)
    said = tmescope("init", *files, "-o", output, "--force")
    assert said.code == 2
    assert text in said.err
    assert tiny.tree(folder) == before


def test_check_tells_warnings_and_writes_nothing(tmescope, folder):
    data = tiny.study_dict()
    data["cohorts"][0]["select"]["exclude"] = ["S1-00"]
    tiny.write_study(folder, data)
    before = tiny.tree(folder)
    said = tmescope("check", "study.toml")
    assert said.code == 0
    (warning,) = (line for line in said.out.splitlines() if line.startswith("warning"))
    assert warning == "warning  a: 1 of 24 joined samples are left out by the selection [selection.left_out]"
    assert "study.toml: no problem found, 1 warnings" in said.out
    assert said.err.startswith("cohort-a: read\ncohort-b: read\ncohorts compared: done\n")
    assert tiny.tree(folder) == before


def test_check_lists_all_problems_with_their_numbers(tmescope, folder):
    _rename(folder, "recist", "response")
    (folder / "b.tsv.gz").write_bytes(b"")
    said = tmescope("check", "study.toml")
    assert said.code == 2
    assert "error: 3 problems\n1. " in said.err
    assert "\n3. no column is named 'recist'" in said.err
    assert "b.tsv.gz" in said.err
    assert said.out == ""


def test_a_second_run_says_that_nothing_changed(tmescope, folder):
    first = tmescope("run", "study.toml", "-o", "out", "--threads", 2)
    assert first.code == 0, first.err
    assert first.out.startswith("10 steps done, 0 unchanged, ")
    assert "tables: out/tables\n" in first.out
    assert "profile-b: done\n" in first.err
    before = tiny.tree(folder / "out" / "tables")
    second = tmescope("run", "study.toml", "-o", "out")
    assert second.out.startswith("0 steps done, 10 unchanged, ")
    assert "profile-b: unchanged\n" in second.err
    assert tmescope("run", "study.toml", "-o", "out", "--quiet").err == ""
    assert tiny.tree(folder / "out" / "tables") == before


def test_a_folder_in_use_is_told(tmescope, folder):
    (folder / "out" / ".tmescope").mkdir(parents=True)
    with folder_lock(folder / "out" / ".tmescope" / "lock", folder=folder / "out"):
        said = tmescope("run", "study.toml", "-o", "out")
    assert said.code == 2
    assert "another run (process" in said.err
    assert issubclass(FolderInUseError, OSError), "it must not end as an unforeseen error of the system"


def test_the_number_of_threads_may_come_from_the_environment(tmescope, folder, monkeypatch):
    monkeypatch.setenv("TMESCOPE_THREADS", "many")
    said = tmescope("run", "study.toml")
    assert said.code == 2
    assert "TMESCOPE_THREADS" in said.err
    monkeypatch.setenv("TMESCOPE_THREADS", "2")
    assert tmescope("run", "study.toml").code == 0
    assert json.loads((folder / "results" / "run.json").read_text())["threads"] == 2


def test_the_schema_is_json_that_describes_each_key(tmescope, folder):
    said = tmescope("schema")
    assert said.code == 0
    schema = json.loads(said.out)
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert set(schema["properties"]) == set(Study.model_fields)
    for model in schema["$defs"].values():
        for key, described in model["properties"].items():
            assert described.get("description"), key
    to_file = tmescope("schema", "-o", "deep/schema.json")
    assert to_file.out == "wrote deep/schema.json\n"
    assert json.loads((folder / "deep" / "schema.json").read_text()) == schema


def test_the_schema_never_takes_the_place_of_a_folder(tmescope, folder):
    (folder / "sub").mkdir()
    (folder / "sub" / "thesis.txt").write_text("mine")
    before = tiny.tree(folder)
    said = tmescope("schema", "-o", "sub")
    assert said.code == 2
    assert "a folder, not a file" in said.err
    assert tiny.tree(folder) == before
