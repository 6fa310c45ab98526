"""The commands of a lake, from files to what is found."""

from __future__ import annotations

import json

import pytest
from tests.ingest.test_documents import study, trial_file
from typer.testing import CliRunner

from tmescope.cli.main import app, main

RUN = CliRunner()


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("horizon")
    hostile = study(3)
    hostile["protocolSection"]["identificationModule"]["briefTitle"] = "Melanoma \x1b[31mred\x1b[0m \u202e vaccine"
    trial_file(folder / "in", "a.json", study(1), study(2))
    trial_file(folder / "in", "b.json", study(2, updated="2025-01-01"), hostile)
    done = RUN.invoke(app, ["horizon", "ingest", str(folder / "in"), "-o", str(folder / "lake")])
    assert done.exit_code == 0, done.output
    assert "a.json  trials  new    2      0        0" in done.output
    assert "b.json  trials  new    1      1        0" in done.output
    assert "2 files with 4 documents added" in done.output
    return folder / "lake"


def _run(*words):
    return RUN.invoke(app, ["horizon", *map(str, words)])


def test_the_same_command_again(lake):
    done = _run("ingest", lake.parent / "in", "-o", lake, "-q")
    assert done.exit_code == 0
    assert done.output.count("unchanged") == 2
    assert "0 files with 0 documents added" in done.output


def test_a_refused_file_is_told_and_gives_its_exit_code(lake, tmp_path):
    bad = tmp_path / "bad\x1b[31m.json"
    bad.write_text('{"error": "503"}')
    done = _run("ingest", bad, lake.parent / "in" / "a.json", "-o", tmp_path / "other", "-q")
    assert done.exit_code == 1
    assert "refused" in done.output
    assert "1 file with 2 documents added" in done.output
    assert "\x1b[31m" not in done.output
    said = _run("ingest", bad, "-o", tmp_path / "other", "-q", "--json")
    found = json.loads(said.output.splitlines()[-1])
    assert said.exit_code == 1
    assert found["files"][0]["refused"].startswith("no format of papers or trials begins with")


def test_a_folder_that_holds_folders_alone_is_told(lake, tmp_path):
    (tmp_path / "in" / "deeper").mkdir(parents=True)
    done = _run("ingest", tmp_path / "in", "-o", tmp_path / "other", "-q")
    assert done.exit_code == 0
    assert "folders in a folder are not read" in done.output


def test_info(lake):
    said = _run("info", "-l", lake).output
    assert "documents 3 current, 4 versions from 2 files" in said
    assert "trial  trials  3        2020-01-01     2020-01-01" in said
    assert json.loads(_run("info", "-l", lake, "--json").output)["n_parts"] == 2


def test_books_and_patents_are_kept_found_and_told_as_not_counted(tmp_path):
    assert "counted in no trend" not in _run("info", "-l", lake_of_kinds(tmp_path / "a", {"JOUR": 1})).output
    lake = lake_of_kinds(tmp_path / "b", {"JOUR": 2, "CHAP": 3, "PAT": 1})
    said = _run("info", "-l", lake).output
    assert "3 of the kind book, 1 of the kind other, 2 of the kind paper" in said
    assert "books and others are found by search, and counted in no trend" in said
    assert "CHAP 1" in _run("search", "made", "-l", lake, "--kind", "book").output
    assert "PAT 0" in _run("search", "made", "-l", lake, "--kind", "other").output


def lake_of_kinds(folder, kinds):
    """Make a lake of references of some types."""
    folder.mkdir()
    made = [f"TY  - {t}\nTI  - Made {t} {i}\nER  - \n" for t, n in kinds.items() for i in range(n)]
    (folder / "all.ris").write_text("".join(made))
    assert _run("ingest", str(folder / "all.ris"), "-o", str(folder / "lake"), "-q").exit_code == 0
    return folder / "lake"


def test_search(lake):
    said = _run("search", "study", "-l", lake, "--kind", "trial", "--since", "2019").output
    assert said.count("nct:NCT") == 2
    assert "Study 1" in said
    hostile = _run("search", "melanoma", "-l", lake)
    assert "nct:NCT00000003" in hostile.output
    assert "\x1b" not in hostile.output
    assert "\u202e" not in hostile.output
    hits = [json.loads(line) for line in _run("search", "study", "-l", lake, "--json").output.splitlines()]
    assert sorted(h["doc_id"] for h in hits) == ["nct:NCT00000001", "nct:NCT00000002"]
    nothing = _run("search", "glioma", "-l", lake)
    assert nothing.exit_code == 1
    assert "nothing was found" in nothing.output
    assert _run("search", "study", "-l", lake, "--since", "2021").exit_code == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["search", "***"], "no word"),
        (["search", "study", "--since", "soon"], "'soon' is no day"),
        (["search", "study", "--since", "2021-13"], "is no day"),
        (["info"], "no lake of documents"),
    ],
)
def test_what_is_wrong_ends_with_a_sentence(tmp_path, lake, monkeypatch, capsys, words, message):
    place = tmp_path / "nowhere" if words == ["info"] else lake
    monkeypatch.setattr("sys.argv", ["tmescope", "horizon", *words, "-l", str(place)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_verify_names_what_is_damaged(lake):
    done = _run("verify", "-l", lake, "-q")
    assert done.exit_code == 0
    assert "4 files are as they were written" in done.output
    path = next(lake.glob("parts/*/trials.parquet"))
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + bytes([whole[100] ^ 1]) + whole[101:])
    done = _run("verify", "-l", lake, "-q")
    path.write_bytes(whole)
    assert done.exit_code == 1
    assert "has another checksum" in done.output
    assert "1 of 4 files are damaged" in done.output
