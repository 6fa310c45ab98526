from __future__ import annotations

from dataclasses import replace

import pytest
from tests.study import tiny

from tmescope.facts.signatures import list_signatures, load_collection, load_signature
from tmescope.foundation.errors import FileFormatError, MethodError, MissingFileError, UnknownNameError
from tmescope.study.loading import parse_study
from tmescope.study.needs import gather_needs, name_problems, read_universe
from tmescope.study.schema import Profile


def study(tmp_path, **profile):
    data = tiny.study_dict()
    data["profile"].update(profile)
    return parse_study(data, folder=tmp_path)


def test_needs_are_methods_signatures_and_their_genes(tmp_path):
    needs = gather_needs(study(tmp_path, own_signatures={"mine": ["ZZZ", "CD8A", "ZZZ"]}))
    assert [s.name for s in needs.specs] == ["zscore", "ssgsea"]
    assert [s.name for s in needs.signatures] == list(tiny.SIGNATURES)
    assert needs.collections == ()
    named = {g for name in tiny.SIGNATURES for g in load_signature(name).genes}
    assert needs.genes == tuple(sorted(named | {"ZZZ", "CD8A"}))
    assert list(needs.sets()) == [*tiny.SIGNATURES, "mine"]
    assert needs.facts["cyt"] == load_signature("cyt").sha256


def test_a_gene_set_of_ones_own_is_known_by_its_genes_not_by_their_order(tmp_path):
    def fact(*genes):
        return gather_needs(study(tmp_path, own_signatures={"mine": list(genes)})).facts["mine"]

    assert fact("A", "B") == fact("B", "A", "B") != fact("A", "C")


def test_previous_symbols_of_own_sets_become_approved_ones_as_those_of_files_do(tmp_path):
    (tmp_path / "f.gmt").write_text("filed\t\tCTGF\tGZMA\n")
    sets = {"mine": ["GZMA", "CTGF", "GZMA"], "both": ["CTGF", "CCN2"]}
    needs = gather_needs(study(tmp_path, own_signatures=sets, signature_files=["f.gmt"]))
    assert needs.own == {"mine": ("GZMA", "CCN2"), "both": ("CCN2",)}
    assert needs.facts["mine"] == gather_needs(study(tmp_path, own_signatures={"mine": ["CCN2", "GZMA"]})).facts["mine"]
    own, filed = ([n for n in needs.notes if n.where == where] for where in ("profile.own_signatures", "f.gmt"))
    assert [(n.code, n.count, n.examples) for n in own] == [
        (
            "signatures.duplicate_genes",
            2,
            ("GZMA (profile.own_signatures.mine)", "CTGF and CCN2 (profile.own_signatures.both)"),
        ),
        ("signatures.previous_symbols", 1, ("CTGF -> CCN2",)),
    ]
    assert filed == [replace(own[1], where="f.gmt")]
    kept = gather_needs(study(tmp_path, own_signatures=sets, map_symbols=False))
    assert kept.own["mine"] == ("GZMA", "CTGF")
    assert [n.code for n in kept.notes] == ["signatures.duplicate_genes"]


def test_a_method_with_sets_of_its_own_needs_no_signature(tmp_path):
    needs = gather_needs(study(tmp_path, methods=["mcp_counter", "mcp_counter_log2"], signatures=[]))
    assert needs.signatures == ()
    assert [s.name for s in needs.collections] == [s.name for s in load_collection("mcp_counter")]
    assert name_problems(study(tmp_path, methods=["mcp_counter"], signatures=[])) == []


def test_all_means_all_that_are_bundled(tmp_path):
    assert gather_needs(study(tmp_path, signatures="all")).signatures == list_signatures()


def test_core_means_the_core_tier_and_is_the_default(tmp_path):
    core = gather_needs(study(tmp_path, signatures="core")).signatures
    assert core == list_signatures("core")
    assert 0 < len(core) < len(list_signatures())
    assert Profile().signatures == "core"


def test_an_unknown_name_ends_it_at_once_or_is_listed_with_the_others(tmp_path):
    wrong = study(
        tmp_path,
        methods=["zscor", "ssgsea"],
        signatures=["cytt", "ifn6"],
        parameters={"ssgsea": {"alpha": "high"}},
        own_signatures={"cyt": ["A"], "nothing": [], "blank": [" "]},
        gene_universe="genes.txt",
    )
    with pytest.raises(UnknownNameError, match="zscor"):
        gather_needs(wrong)
    problems = name_problems(wrong)
    assert [(type(p), p.where) for p in problems[:4]] == [
        (UnknownNameError, "profile.methods"),
        (MethodError, "profile.parameters.ssgsea"),
        (UnknownNameError, "profile.signatures"),
        (UnknownNameError, "profile.signatures"),
    ]
    assert [p.where for p in problems[4:7]] == [
        "profile.own_signatures.cyt",
        "profile.own_signatures.nothing",
        "profile.own_signatures.blank",
    ]
    assert isinstance(problems[7], MissingFileError)
    assert len(problems) == 8


def test_a_method_that_scores_signatures_needs_one(tmp_path):
    (problem,) = name_problems(study(tmp_path, signatures=[]))
    assert "zscore, ssgsea" in problem.what
    assert name_problems(study(tmp_path, signatures=[], own_signatures={"mine": ["CD8A"]})) == []


def test_the_universe_is_a_file_of_symbols(tmp_path):
    (tmp_path / "genes.txt").write_text("\ufeff# shared\nCD8A \n\nA1BG\nCD8A\n", encoding="utf-8")
    assert read_universe(study(tmp_path, gene_universe="genes.txt")) == ("A1BG", "CD8A")
    (tmp_path / "genes.txt").write_text("CTGF\nPDL1\nB7-H1\nCCN1\nCYR61\n", encoding="utf-8")
    several = read_universe(study(tmp_path, gene_universe="genes.txt"))
    assert several == ("B7-H1", "CCN1", "CCN2", "CD274", "CYR61", "PDL1"), "a matrix may hold one of them, or both"
    as_written = study(tmp_path, gene_universe="genes.txt", map_symbols=False)
    assert read_universe(as_written) == ("B7-H1", "CCN1", "CTGF", "CYR61", "PDL1")
    assert read_universe(study(tmp_path, gene_universe="own")) is None
    assert read_universe(study(tmp_path, gene_universe="common")) is None


@pytest.mark.parametrize(
    ("content", "error", "text"),
    [
        (None, MissingFileError, "No such file"),
        (b"# only this\n", FileFormatError, "names no gene"),
        (b"CD8A\n\xff\xfe", FileFormatError, "not text in UTF-8"),
    ],
)
def test_a_universe_that_cannot_be_one(tmp_path, content, error, text):
    if content is not None:
        (tmp_path / "genes.txt").write_bytes(content)
    wrong = study(tmp_path, gene_universe="genes.txt")
    with pytest.raises(error, match=text) as caught:
        read_universe(wrong)
    assert caught.value.where == "profile.gene_universe: genes.txt"
    assert [type(p) for p in name_problems(wrong)] == [error]
