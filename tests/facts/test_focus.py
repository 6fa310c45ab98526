"""Focus areas: bundled ones name what is in the tables, own ones are read strictly."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import duckdb
import pytest

from tmescope.facts.focus import list_focus_areas, load_focus, match_words, read_focus
from tmescope.foundation.errors import FactsError, MissingFileError, UnknownNameError

FURTHER = {"MESH:D000690", "MESH:D015316", "MESH:D064987"}
"""Headings that the records at hand do not have: found with their names in at least two other public files."""

OWN = """
format = 1
name = "own"
title = "Own"
version = "1"
summary = "s"
limits = "l"
words = ["TIGIT", "anti-TIGIT*"]
"""


def test_five_areas_are_bundled() -> None:
    areas = list_focus_areas()
    assert [area.name for area in areas] == ["ageing", "cell-therapy", "gene-therapy", "neurology", "oncology"]
    for area in areas:
        assert area.words and area.headings and len(area.watch) >= 10
        assert area.limits and area.licence and area.reference_check


def test_genes_and_diseases_are_those_of_the_tables(shared_data: Path) -> None:
    known = {}
    rows = (shared_data / "horizon/hgnc_biorosetta/hgnc.tsv").read_text().splitlines()
    known |= {cells[2]: cells[3] for cells in (row.split("\t") for row in rows[1:])}
    rows = (shared_data / "horizon/doid/HumanDO.tsv").read_text().splitlines()
    known |= {cells[0].strip('"'): cells[1].strip('"') for cells in (row.split("\t") for row in rows[1:])}
    terms = [t for area in list_focus_areas() for t in (*area.roots, *area.entities, *area.watch)]
    checked = [term for term in terms if term.id.startswith(("HGNC:", "DOID:"))]
    assert len(checked) > 60
    assert [term for term in checked if known.get(term.id) != term.name] == []


def test_headings_are_those_of_records(shared_data: Path) -> None:
    known: set[tuple[str, str]] = set()
    for path in sorted((shared_data / "horizon").rglob("*.xml*")):
        if "trunc" not in path.name and not path.name.endswith(".md5"):
            content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            found = re.findall(rb'<DescriptorName[^>]*UI="(D\d+)"[^>]*>([^<]+)<', content)
            known |= {(f"MESH:{ui.decode()}", name.decode()) for ui, name in found}
    for path in sorted((shared_data / "horizon").glob("ctgov_*/ctg-studies.json")):
        trials = json.loads(path.read_text())
        for study in trials if isinstance(trials, list) else trials["studies"]:
            derived = study.get("derivedSection", {})
            browse = [derived.get(f"{kind}BrowseModule", {}) for kind in ("condition", "intervention")]
            terms = [t for one in browse for key in ("meshes", "ancestors") for t in one.get(key, ())]
            known |= {(f"MESH:{term['id']}", term["term"]) for term in terms}
    terms = {(term.id, term.name) for area in list_focus_areas() for term in area.headings}
    assert {ui for ui, _ in terms - known} == FURTHER


def test_one_is_found_by_name() -> None:
    assert load_focus("ageing").title == "Ageing"
    with pytest.raises(UnknownNameError, match="no focus area is named 'agein'") as raised:
        load_focus("agein")
    assert "'ageing'" in str(raised.value)
    with pytest.raises(MissingFileError):
        load_focus("absent.toml")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("car-t cells in b-all", True), ("a tcr-t.", True), ("cell therapies", True), ("α-car-t", True),
        ("scar-tissue", False), ("émesenchymal stem cell", False), ("car-tissue", False), ("", False),
    ],
)  # fmt: skip
def test_words_are_whole(text: str, found: bool) -> None:
    pattern = load_focus("cell-therapy").word_pattern()
    with duckdb.connect() as connection:
        assert connection.execute("SELECT regexp_matches(?, ?)", [text, pattern]).fetchall() == [(found,)]


def test_signs_in_words_are_signs() -> None:
    pattern = match_words(["c++ (a|b)", "IL-2.*"])
    texts = ["c++  (a|b)", "c a", "il\u20112.x", "il-2x"]
    with duckdb.connect() as connection:
        found = connection.execute("SELECT regexp_matches(unnest(?), ?)", [texts, pattern]).fetchall()
    assert found == [(True,), (False,), (True,), (False,)]
    assert match_words([]) == ""


def test_an_own_area_is_read(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(OWN + 'watch = [{ id = "HGNC:26838", name = "TIGIT" }]\n')
    area = load_focus(str(path))
    assert area == read_focus(path)
    assert (area.name, area.words, area.watch[0].id, area.headings) == (
        "own",
        ("TIGIT", "anti-TIGIT*"),
        "HGNC:26838",
        (),
    )


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (lambda t: t.replace('"own"', '"Own area"'), "name = 'Own area'"),
        (lambda t: t.replace('words = ["TIGIT", "anti-TIGIT*"]', "words = []"), "nothing is in the area"),
        (lambda t: t.replace('"TIGIT"', '"*TIGIT"'), "words are not of their form"),
        (lambda t: t.replace('"TIGIT"', '" TIGIT"'), "words are not of their form"),
        (lambda t: t.replace('"TIGIT"', '"--"'), "words are not of their form"),
        (lambda t: t.replace('"TIGIT"', "3"), "words are not of their form"),
        (lambda t: t.replace('"TIGIT"', '"Anti-tigit*"'), "come twice"),
        (lambda t: t + 'watch = [{ id = "TIGIT", name = "TIGIT" }]', "id = 'TIGIT'"),
        (lambda t: t + 'watch = ["HGNC:1"]', "is no entry"),
        (lambda t: t + 'headings = [{ id = "DOID:162", name = "cancer" }]', "no MeSH headings"),
        (lambda t: t + "wach = []", "unknown key"),
        (lambda t: t + "#" * (1 << 20), "larger than 1 MB"),
        (lambda t: t.replace("format = 1", "format = 2"), "format = 2"),
        (lambda t: "a = [", "not TOML"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, change, wrong: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(change(OWN))
    with pytest.raises(FactsError, match=re.escape(wrong)):
        read_focus(path)
