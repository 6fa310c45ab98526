"""Pinned references are found before anything is computed, and kept with their hashes and terms."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.facts.references import made
from tests.study import tiny

from tmescope.facts.installed import install
from tmescope.facts.trust import Origin
from tmescope.foundation.errors import ManyProblems
from tmescope.study.checking import check
from tmescope.study.loading import parse_study
from tmescope.study.pins import find_pins, pin_hashes, pin_terms
from tmescope.study.running import run
from tmescope.study.schema import Study


def pinned(folder: Path, **pins: str) -> Study:
    return parse_study({**tiny.study_dict(), "facts": pins}, folder=folder)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    tiny.write_files(tmp_path)
    source = tmp_path / "source"
    source.mkdir()
    made.registered("abis", source)
    accepted = frozenset({"abis"})
    install("abis", source, home=tmp_path / "home", accepted=accepted, origin=Origin("made"))
    return tmp_path / "home"


def test_what_is_pinned_is_found(home: Path, tmp_path: Path) -> None:
    installed, problems = find_pins(pinned(tmp_path, abis="made"), home)
    assert problems == ()
    assert sorted(pin_hashes(installed)) == ["abis made: microarray", "abis made: rna_seq", "abis made: target"]
    (terms,) = pin_terms(installed).values()
    assert terms.startswith("GPL-2")
    assert terms.endswith("[accepted by name when it was installed; sha256 recorded at its first use]")
    assert find_pins(pinned(tmp_path), home) == ((), ())


def test_check_says_what_is_missing_and_what_to_run(home: Path, tmp_path: Path) -> None:
    study = pinned(tmp_path, abis="2019", quantiseq="TIL10", quantisec="1", hgnc="2017-04-18")
    found = {error.where: error for error in check(study, facts_home=home).problems}
    assert len(found) == 4
    texts = {str(where).partition(";")[0]: (e.what, e.next_step) for where, e in found.items()}
    assert texts["facts.abis"] == (
        "abis 2019 is not installed; installed: made",
        "tmescope facts fetch abis --version 2019 --accept-licence abis",
    )
    assert texts["facts.quantiseq"][1] == "tmescope facts fetch quantiseq --version TIL10"
    assert texts["facts.hgnc"][1] == "tmescope facts add hgnc --from FILE"
    assert texts["facts.quantisec"] == ("no reference is named 'quantisec'", "did you mean 'quantiseq'?")
    assert all(str(home) in str(where) for where in found)


def test_a_run_with_a_missing_or_changed_reference_does_not_begin(home: Path, tmp_path: Path) -> None:
    with pytest.raises(ManyProblems, match="abis 2019 is not installed"):
        run(pinned(tmp_path, abis="2019"), tmp_path / "out", facts_home=home)
    (home / "abis" / "made" / "target.txt").write_text("1\n", encoding="utf-8")
    with pytest.raises(ManyProblems, match=r"target\.txt has another sha256"):
        run(pinned(tmp_path, abis="made"), tmp_path / "out", facts_home=home)
    assert not (tmp_path / "out").exists()


def test_the_crate_keeps_hashes_and_terms(home: Path, tmp_path: Path) -> None:
    study = parse_study({**tiny.study_dict(), "facts": {"abis": "made"}, "output": {"report": False}}, folder=tmp_path)
    run(study, tmp_path / "out", facts_home=home)
    graph = json.loads((tmp_path / "out" / "ro-crate-metadata.json").read_text(encoding="utf-8"))["@graph"]
    facts = {e["name"]: e for e in graph if str(e["@id"]).startswith("#fact-")}
    (held,) = find_pins(study, home)[0]
    assert facts["abis made: target"]["sha256"] == held.sha256["target"]
    assert "accepted by name" in facts["abis made: target"]["license"]
    bundled = [e for name, e in facts.items() if not name.startswith("abis")]
    assert bundled
    assert all("license" not in e for e in bundled)
    action = next(e for e in graph if e["@id"] == "#run")
    assert {"@id": facts["abis made: target"]["@id"]} in action["object"]
    parameters = {e["name"]: e["value"] for e in graph if str(e["@id"]).startswith("#parameter-")}
    assert json.loads(parameters["facts"]) == {"abis": "made"}


def test_what_a_method_reads_beside_its_reference_is_looked_for_and_recorded_too(home: Path, tmp_path: Path) -> None:
    data = {**tiny.study_dict(), "facts": {"quantiseq": "TIL10"}}
    data["deconvolution"] = {"methods": ["quantiseq"]}
    assert [e.where.partition(";")[0] for e in find_pins(parse_study(data, folder=tmp_path), home)[1]] == [
        "facts.quantiseq"
    ]
    data["deconvolution"]["parameters"] = {"quantiseq": {"renaming": "original"}}
    study = parse_study(data, folder=tmp_path)
    assert [str(e.where).partition(";")[0] for e in find_pins(study, home)[1]] == ["facts.hgnc", "facts.quantiseq"]


def test_the_table_that_quantiseq_renames_by_stands_in_the_record_of_pins(shared_data: Path, tmp_path: Path) -> None:
    home, references = tmp_path / "home", shared_data / "references" / "quantiseq"
    install("quantiseq", references, home=home)
    install("hgnc", references / "HGNC_genenames_20170418.txt.gz", home=home)
    tiny.write_files(tmp_path)
    data = {**tiny.study_dict(), "facts": {"quantiseq": "TIL10"}}
    data["deconvolution"] = {"methods": ["quantiseq"], "parameters": {"quantiseq": {"renaming": "original"}}}
    installed, problems = find_pins(parse_study(data, folder=tmp_path), home)
    assert problems == ()
    assert "hgnc 2017-04-18: genes" in pin_hashes(installed)
    assert "hgnc 2017-04-18" in pin_terms(installed)
