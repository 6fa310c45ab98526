from __future__ import annotations

import re
import shutil

import pytest
from tests.facts.bibtex import read_bibtex

from tmescope.facts.bibliography import (
    PaperReference,
    find_doi,
    load_bibliography,
    read_bibliography,
    state_reference,
    to_bibtex,
)
from tmescope.facts.records import DATA
from tmescope.facts.signatures import list_collections, list_signatures, load_collection
from tmescope.foundation.errors import FactsError

HEAD = 'format = 1\nname = "references"\nversion = "1"\nlicence = "facts"\nreference_check = "x"\n'
ENTRY = (
    '[[entries]]\nkey = "a1"\ndoi = "10.1000/xyz"\nauthors = ["A, B."]\ntitle = "T"\njournal = "J"\nyear = 2000\n'
    'volume = "1"\npages = "2-3"\ncheck = "seen"\n'
)


def _read(tmp_path, text):
    path = tmp_path / "references.toml"
    path.write_text(text, encoding="utf-8")
    return read_bibliography(path)


def test_every_bundled_entry_is_complete_and_becomes_bibtex():
    papers = load_bibliography()
    entries = read_bibtex(to_bibtex(papers.values()))
    assert len(entries) == len(papers) > 30
    for paper in papers.values():
        entry = entries[paper.key]
        assert entry["ENTRYTYPE"] == "article"
        assert entry["doi"] == paper.doi
        assert entry["year"] == str(paper.year)
        assert 1900 < paper.year < 2100
        assert {"author", "title", "journal", "volume", "pages"} <= entry.keys()


def test_entries_of_gene_lists_agree_with_the_citations_of_the_gene_lists():
    sets = [*list_signatures(), *(s for c in list_collections() for s in load_collection(c))]
    checked = set()
    for one in sets:
        doi = find_doi(one.reference)
        if not doi:
            continue
        paper = load_bibliography()[doi.lower()]
        surname = paper.authors[0].split(",")[0]
        assert one.citation.startswith(surname)
        assert f" {paper.title}. " in one.citation
        assert f"{paper.year};{paper.volume}:{paper.pages}." in one.citation
        checked.add(doi)
    assert len(checked) >= 18


def test_what_bibtex_would_read_as_a_command_is_escaped():
    hostile = PaperReference("k", "10.1000/a{b}\\c", note=r"50% of {x} & $y_1$ # \input{z} ~^ Hänzelmann β-ŝ Łódź")
    entry = read_bibtex(to_bibtex([hostile]))["k"]
    assert entry["ENTRYTYPE"] == "misc"
    note = entry["note"]
    assert r"50\% of \{x\} \& \$y\_1\$ \# \textbackslash{}input\{z\}" in note
    assert r"H{\"a}nzelmann {$\beta$}-{\^s}" in note
    assert "Ł" in note  # no accent that decomposes: stays as it is
    assert entry["doi"] == "10.1000/a%7Bb%7D%5Cc"
    unescaped = re.sub(r"\\(text\w+\{\}|[%&$#_{}\"'`^~])", "", note.replace(r"{$\beta$}", ""))
    assert not set(unescaped) & set("%&$#_\\~^")


def test_titles_keep_their_capitals_and_pages_get_a_dash():
    paper = load_bibliography()["10.2307/2531595"]
    entry = read_bibtex(to_bibtex([paper]))["delong1988"]
    assert entry["title"].startswith("{Comparing the areas")
    assert entry["title"].endswith("}")
    assert entry["pages"] == "837--845"
    assert entry["author"] == "DeLong, E. R. and DeLong, D. M. and Clarke-Pearson, D. L."


@pytest.mark.parametrize(
    ("text", "doi"),
    [
        ("doi:10.1038/nature25501; PMID 29443960", "10.1038/nature25501"),
        ("see https://doi.org/10.1093/biomet/26.4.404.", "10.1093/biomet/26.4.404"),
        ("reference not verified", ""),
        ("", ""),
    ],
)
def test_a_doi_is_found_in_text(text, doi):
    assert find_doi(text) == doi


def test_a_paper_that_is_not_bundled_says_that_it_is_not_verified():
    assert state_reference("10.1038/NATURE25501", "", key="x").key == "mariathasan2018"
    own = state_reference("10.1000/own", "Somebody, in press", key="x")
    assert (own.title, own.year) == ("", None)
    assert own.note == "As stated, not verified: Somebody, in press"
    assert own.text == "As stated, not verified: Somebody, in press doi:10.1000/own"
    assert state_reference("10.1000/own", " ", key="x").note == "Only the DOI is known."


def test_the_line_of_a_paper_reads_like_one():
    text = load_bibliography()["10.1038/nature08460"].text
    assert text == (
        "Barbie, D. A.; Tamayo, P.; Boehm, J. S.; et al. Systematic RNA interference reveals that oncogenic "
        "KRAS-driven cancers require TBK1. Nature 2009;462:108-112. doi:10.1038/nature08460"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEAD + "entries = [1]", "not a table"),
        (HEAD + ENTRY.replace('"a1"', '"A 1"'), "not of its form"),
        (HEAD + ENTRY.replace("10.1000/xyz", "doi"), "not of its form"),
        (HEAD + ENTRY.replace('["A, B."]', '["others"]'), "not names"),
        (HEAD + ENTRY.replace('["A, B."]', "[3]"), "not names"),
        (HEAD + ENTRY + ENTRY.replace('"a1"', '"a2"').replace("xyz", "XYZ"), "stands here twice"),
        (HEAD + ENTRY + ENTRY.replace("xyz", "other"), "share a key"),
        (HEAD + ENTRY.replace("year = 2000\n", ""), "'year' is missing"),
    ],
)
def test_a_file_that_is_wrong_is_refused(tmp_path, text, words):
    with pytest.raises(FactsError, match=words):
        _read(tmp_path, text)


def test_a_file_that_is_right_is_read(tmp_path):
    assert _read(tmp_path, HEAD + ENTRY)["10.1000/xyz"].authors == ("A, B.",)
    shutil.copyfile(DATA / "references.toml", tmp_path / "copy.toml")
    assert read_bibliography(tmp_path / "copy.toml") == load_bibliography()
