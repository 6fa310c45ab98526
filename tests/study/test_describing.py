from __future__ import annotations

import re

import pytest
from tests.facts.bibtex import read_bibtex
from tests.study import tiny

from tmescope.study.describing import METHODS_FILES
from tmescope.study.running import run


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    tiny.write_files(folder)
    run(tiny.write_study(folder), folder / "out")
    return folder


def test_the_files_stand_in_the_results_and_agree(results):
    text, bib = ((results / "out" / name).read_text(encoding="utf-8") for name in METHODS_FILES)
    cited = set(re.findall(r"@([a-z0-9]+)", text))
    assert cited == read_bibtex(bib).keys()
    assert len(cited) > 10
    headings = re.findall(r"^## (.*)$", text, flags=re.MULTILINE)
    assert headings == [
        "Cohorts", "Endpoints", "Scores", "Gene sets", "Statistical analysis", "Software", "References",
    ]  # fmt: skip
    assert str(results) not in text + bib


def test_the_same_run_gives_the_same_bytes_and_leaves_the_files_alone(results, tmp_path):
    before = {name: (results / "out" / name).stat().st_mtime_ns for name in METHODS_FILES}
    again = run(results / "study.toml", results / "out")
    assert "methods" in again.kept
    assert {name: (results / "out" / name).stat().st_mtime_ns for name in METHODS_FILES} == before
    run(results / "study.toml", tmp_path / "elsewhere")
    for name in METHODS_FILES:
        assert (tmp_path / "elsewhere" / name).read_bytes() == (results / "out" / name).read_bytes()


def test_a_file_that_somebody_changed_is_written_again(results):
    path = results / "out" / "methods.md"
    wanted = path.read_bytes()
    path.write_text("mine")
    run(results / "study.toml", results / "out")
    assert path.read_bytes() == wanted


def test_a_study_without_endpoints_claims_no_test(tmp_path):
    tiny.write_files(tmp_path)
    data = tiny.study_dict()
    data["endpoints"], data["answers"] = {}, {}
    run(tiny.write_study(tmp_path, data), tmp_path / "out")
    text = (tmp_path / "out" / "methods.md").read_text(encoding="utf-8")
    assert "## Endpoints" not in text
    assert "No feature was tested against an endpoint." in text
    assert "@benjamini1995" not in text
