from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import tmescope as ts
from tmescope.foundation.errors import FolderInUseError, ManyProblems, StoreError, UnknownNameError
from tmescope.store.lock import folder_lock
from tmescope.study.running import run

KILLING = Path(__file__).with_name("killing.py")
VARYING = {"run.json", "ro-crate-metadata.json", ".tmescope/lock"}


def _stable(tiny, folder: Path) -> dict[str, bytes]:
    return {name: data for name, data in tiny.tree(folder).items() if name not in VARYING}


def _kill(study: Path, *folders: Path) -> int:
    command = [sys.executable, str(KILLING), str(study), *map(str, folders)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def killed(tiny, tmp_path_factory):
    """The study, a folder of outputs killed at every commit (and ``whole``), and the number of commits."""
    folder = tmp_path_factory.mktemp("killed")
    tiny.write_files(folder)
    study = tiny.write_study(folder)
    return study, folder, _kill(study, folder)


@pytest.fixture(scope="module")
def finished(killed):
    """The tiny study and its results, run once without interruption."""
    study, folder, _ = killed
    return study, folder / "whole"


def test_tables_are_what_the_contract_says(finished):
    study, out = finished
    outcome = run(study, out)
    assert outcome.redone == ()
    answers = outcome.table("answers")
    cyt = answers[(answers["feature"] == "cyt") & (answers["effect_name"] == "auc") & (answers["cohort_id"] == "a")]
    assert cyt["effect"].item() > 0.6
    assert set(answers["source"]) == {"zscore", "table"}
    scores = outcome.table("scores")
    assert len(scores) == (24 + 18) * 3 * 2
    assert scores["value"].notna().all()
    samples = outcome.table("samples")
    assert samples["os_time_months"].max() < 400 * 12
    assert set(samples["response"]) == {"responder", "non_responder"}
    with pytest.raises(UnknownNameError, match="did you mean 'answers'"):
        outcome.table("answer")
    assert outcome.report is None
    assert sorted(p.suffix for p in (out / "tables").glob("answers.*")) == [".csv", ".parquet"]


def test_the_crate_names_every_file_with_its_hash(finished):
    study, out = finished
    graph = {e["@id"]: e for e in json.loads((out / "ro-crate-metadata.json").read_text())["@graph"]}
    root = graph["./"]
    assert graph["ro-crate-metadata.json"]["about"] == {"@id": "./"}
    listed = {e["@id"] for e in root["hasPart"]}
    top = {"methods.md", "references.bib", "study.json"}
    assert listed == top | {f"tables/{p.name}" for p in (out / "tables").glob("[!.]*")}
    from tmescope.foundation.provenance import hash_file

    assert all(graph[name]["sha256"] == hash_file(out / name) for name in listed)
    inputs = {e["name"]: e["sha256"] for e in graph.values() if e["@id"].startswith("#input-")}
    assert inputs["a: a.tsv"] == hash_file(study.parent / "a.tsv")
    assert graph["#tmescope"]["softwareVersion"] == ts.__version__
    assert "#fact-cyt" in graph
    assert graph["#parameter-seed"]["value"] == "0"
    assert str(study.parent) not in (out / "ro-crate-metadata.json").read_text()


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_any_commit_the_next_run_ends_the_same(tiny, killed, when):
    study, folder, n_commits = killed
    reference = _stable(tiny, folder / "whole")
    assert n_commits >= 9
    for n in range(1, n_commits + 1):
        out = folder / f"{when}-{n}"
        for path in out.rglob("*"):
            name = path.relative_to(out).as_posix()
            whole = path.is_dir() or ".part" in name or name in VARYING or path.read_bytes() == reference[name]
            assert whole, f"half file {name} after commit {n}"
        run(study, out)
        assert _stable(tiny, out) == reference, f"commit {n}"


def test_killed_while_it_draws_the_next_run_ends_the_same(tiny, killed, tmp_path):
    study, _, _ = killed
    data = tiny.study_dict()
    data["output"] = {"report": True, "figures": ["svg"]}
    data["profile"]["methods"] = ["zscore"]
    del data["cohorts"][1]  # fewer figures, the same commits
    with_report = tiny.write_study(study.parent / "with-report", data)
    tiny.write_files(with_report.parent)
    run(with_report, tmp_path / "base")
    for public in ("figures", ".tmescope/steps/report"):
        shutil.rmtree(tmp_path / "base" / public)
    (tmp_path / "base" / "report.html").unlink()
    n_commits = _kill(with_report, tmp_path, tmp_path / "base")
    reference = _stable(tiny, tmp_path / "whole")
    assert n_commits == 5, "figures, report, its publication, the crate, the times"
    assert "report.html" in reference
    for case in sorted(tmp_path.glob("*-[0-9]")):
        if (case / "report.html").is_file():
            assert (case / "report.html").read_bytes() == reference["report.html"]
        run(with_report, case)
        assert _stable(tiny, case) == reference, case.name


def test_a_changed_file_redoes_its_cohort_and_what_depends_on_it(tiny, study_folder):
    out = study_folder / "out"
    first = run(study_folder / "study.toml", out)
    assert len(first.redone) == 10
    path = study_folder / "b_samples.csv"
    path.write_text(path.read_text().replace("V600E", "V600K"))
    second = run(study_folder / "study.toml", out)
    # the matrix of b did not change, so its scores stay
    assert second.redone == ("cohort-b", "answers-b", "tables", "methods")
    expression, _ = tiny.cohort_frames(2, 18)
    (expression * 1.5).round(4).to_csv(study_folder / "b.tsv.gz", sep="\t")
    third = run(study_folder / "study.toml", out)
    assert third.redone == ("cohort-b", "overlaps", "profile-b", "answers-b", "tables", "methods")
    os.utime(study_folder / "a.tsv")
    assert run(study_folder / "study.toml", out).redone == ()


def test_a_study_that_shrinks_leaves_nothing_behind(tiny, study_folder):
    out = study_folder / "out"
    run(study_folder / "study.toml", out)
    data = tiny.study_dict()
    del data["cohorts"][1]
    tiny.write_study(study_folder, data)
    run(study_folder / "study.toml", out)
    assert not list((out / ".tmescope" / "steps").glob("*-b"))
    assert set(ts.run(study_folder / "study.toml", out).table("scores")["cohort_id"]) == {"a"}


def test_threads_do_not_change_a_byte(tiny, finished, tmp_path):
    study, expected = finished
    run(study, tmp_path / "out", threads=4)
    assert _stable(tiny, tmp_path / "out") == _stable(tiny, expected)


def test_a_folder_in_use_is_left_alone(tiny, study_folder):
    out = study_folder / "out"
    run(study_folder / "study.toml", out)
    before = _stable(tiny, out)
    with folder_lock(out / ".tmescope" / "lock", folder=out), pytest.raises(FolderInUseError, match="another run"):
        run(study_folder / "study.toml", out)
    assert _stable(tiny, out) == before


def test_a_run_that_fails_changes_nothing(tiny, study_folder):
    out = study_folder / "out"
    path = study_folder / "a_samples.csv"
    good = path.read_text()
    path.write_text(good.replace("CR", "??"))
    with pytest.raises(ManyProblems, match=r"\?\?"):
        run(study_folder / "study.toml", out)
    assert not out.exists()
    path.write_text(good)
    run(study_folder / "study.toml", out)
    before = tiny.tree(out)
    path.write_text(good.replace("CR", "??"))
    (study_folder / "b_samples.csv").write_text("sample_id\n")
    with pytest.raises(ManyProblems):
        run(study_folder / "study.toml", out)
    after = tiny.tree(out)
    assert {k: v for k, v in after.items() if not k.endswith("lock")} == {
        k: v for k, v in before.items() if not k.endswith("lock")
    }


def test_a_folder_with_other_files_is_refused(study_folder):
    with pytest.raises(StoreError, match="did not write"):
        run(study_folder / "study.toml", study_folder)
