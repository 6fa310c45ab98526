from __future__ import annotations

import json

import pytest
from tests.study import tiny

from tmescope.facts.signatures import genes_sha256, load_signature
from tmescope.foundation.errors import FileFormatError, ManyProblems, MissingFileError, StudyFileError, UnknownNameError
from tmescope.foundation.provenance import hash_file
from tmescope.study import signature_files
from tmescope.study.checking import check
from tmescope.study.loading import parse_study
from tmescope.study.needs import gather_needs, name_problems
from tmescope.study.running import run
from tmescope.study.signature_files import choose_from_files, read_files

MINE = "mine_1\ttwo\tGZMA\tPRF1\nmine_2\tbackground\tBG001\tBG002\tBG003\n"


@pytest.fixture
def draft(tmp_path):
    (tmp_path / "mine.gmt").write_text(MINE)

    def make(**profile):
        data = tiny.study_dict()
        data["profile"] |= {"signature_files": ["mine.gmt"], **profile}
        return parse_study(data, folder=tmp_path)

    return make


@pytest.mark.parametrize(
    ("signatures", "bundled", "own"),
    [
        (["cyt"], ["cyt"], ["mine_1", "mine_2"]),
        ([], [], ["mine_1", "mine_2"]),
        (["mine_2", "cyt"], ["cyt"], ["mine_2"]),
        (["mine_2"], [], ["mine_2"]),
    ],
)
def test_all_sets_of_a_file_or_those_that_the_list_names(draft, signatures, bundled, own):
    study = draft(signatures=signatures)
    assert name_problems(study) == []
    assert list(gather_needs(study).sets()) == [*bundled, *own]


def test_core_and_all_are_the_bundled_ones_beside_those_of_files(draft):
    names = list(gather_needs(draft(signatures="core")).sets())
    assert names[-2:] == ["mine_1", "mine_2"]
    assert len(names) > 10


def test_a_set_is_known_by_its_genes_and_a_file_by_its_content(draft, tmp_path):
    needs = gather_needs(draft())
    assert needs.facts["mine_1"] == genes_sha256(["PRF1", "GZMA"]) == load_signature("cyt").sha256
    assert needs.files.hashes == {"mine.gmt": hash_file(tmp_path / "mine.gmt")}
    (tmp_path / "mine.gmt").write_text(MINE.replace("BG003", "BG004"))
    assert gather_needs(draft()).facts["mine_2"] != needs.facts["mine_2"]


def test_a_name_in_two_places_names_both(draft, tmp_path):
    (tmp_path / "other.csv").write_text("set,gene_symbol\nmine_2,GZMA\ncyt,GZMA\nT cells,GZMA\nx,GZMA\n")
    study = draft(signature_files=["mine.gmt", "other.csv"], own_signatures={"x": ["GZMA"]})
    problems = name_problems(study)
    assert [type(p) for p in problems] == [StudyFileError] * 4
    text = "\n".join(str(p) for p in problems)
    for expected in (
        "'mine_2' is the name of two sets: mine.gmt, line 2 and other.csv, line 2",
        "'cyt' is the name of two sets: the bundled signatures and other.csv, line 3",
        "'T cells' is the name of two sets: the bundled signatures and other.csv, line 4",
        "'x' is the name of two sets: profile.own_signatures.x and other.csv, line 5",
    ):
        assert expected in text, text


def test_files_that_cannot_be_read_are_listed_with_the_rest(draft, tmp_path):
    (tmp_path / "broken.gmt").write_text("A\tB\n")
    study = draft(signature_files=["none.gmt", "broken.gmt", "mine.gmt"], signatures=["mine_3"])
    problems = {type(p): p for p in name_problems(study)}
    assert set(problems) == {MissingFileError, FileFormatError, UnknownNameError}
    assert problems[FileFormatError].where == "profile.signature_files: broken.gmt, line 1"
    assert "did you mean 'mine_" in str(problems[UnknownNameError])
    with pytest.raises(MissingFileError):
        gather_needs(study)


def test_more_sets_than_people_read_must_be_chosen_from(draft, monkeypatch):
    monkeypatch.setattr(signature_files, "MOST_SCORED", 1)
    (problem,) = name_problems(draft())
    assert "2 sets of files would be scored" in problem.what
    assert name_problems(draft(signatures=["mine_1"])) == []


def test_of_two_files_with_one_name_the_first_is_looked_at(draft, tmp_path):
    (tmp_path / "other.gmt").write_text("mine_1\t\tCD8A\n")
    sets = read_files(draft(signature_files=["mine.gmt", "other.gmt"]))
    assert next(s.genes for s in choose_from_files([], sets)) == ("GZMA", "PRF1")


def test_own_signatures_follow_the_same_rule_for_names(draft):
    (problem,) = name_problems(draft(own_signatures={"=x": ["GZMA"]}))
    assert "start a formula" in problem.what


def test_a_run_scores_the_sets_and_says_where_they_come_from(study_folder):
    (study_folder / "mine.gmt").write_text(MINE + "odd\thttp://x\tGzma\tGZMA\tGZMA\n")
    data = tiny.study_dict()
    data["profile"] |= {"signature_files": ["mine.gmt"], "signatures": ["cyt"], "max_unmapped": 0.5}
    path = tiny.write_study(study_folder, data)
    told = check(path)
    assert told.problems == ()
    assert "mine.gmt: 3 of 3 sets are scored, 6 genes; of these in a 5 (83%), b 5 (83%)" in told.summary
    codes = {w.code for w in told.warnings}
    assert {"signatures.duplicate_genes", "signatures.mouse_symbols"} <= codes
    out = study_folder / "out"
    outcome = run(path, out)
    scores = outcome.table("scores")
    wide = scores[scores["method"] == "zscore"].pivot_table(index="sample_id", columns="feature", values="value")
    assert list(wide) == ["cyt", "mine_1", "mine_2", "odd"]
    assert (wide["cyt"] == wide["mine_1"]).all(), "the same genes"
    signatures = outcome.table("signatures").set_index("name")
    assert signatures.loc["mine_2", ["category", "n_genes", "citation"]].tolist() == ["own", 3, "mine.gmt: background"]
    assert codes <= set(outcome.table("warnings")["code"]) | {"study.no_licence"}
    graph = json.loads((out / "ro-crate-metadata.json").read_text())["@graph"]
    named = {e.get("name"): e.get("sha256") for e in graph}
    assert named["signatures: mine.gmt"] == hash_file(study_folder / "mine.gmt")
    assert named["mine_1"] == genes_sha256(["GZMA", "PRF1"])
    (study_folder / "mine.gmt").write_text((study_folder / "mine.gmt").read_text().replace("http://x", "http://y"))
    assert {"profile-a", "profile-b", "tables"} <= set(run(path, out).redone)
    (study_folder / "mine.gmt").write_text("A\tB\n")
    with pytest.raises(ManyProblems, match="1 problem"):
        run(path, out)
