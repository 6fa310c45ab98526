from __future__ import annotations

import pytest

from tmescope.bulk import scoring
from tmescope.bulk.deconvolution import list_deconvolvers
from tmescope.cli.lists import reference_fields
from tmescope.facts.signatures import CATEGORIES, list_signatures, load_signature
from tmescope.foundation.result import RunWarning

METHODS, _ = scoring.list_methods()
DECONVOLVERS = list_deconvolvers()


def _names(table: str) -> list[str]:
    head, *rows = table.partition("\n\n")[0].splitlines()
    assert head.split()[0] == "name"
    return [row.split()[0] for row in rows]


def test_signatures_lists_all_of_them(tmescope):
    said = tmescope("signatures")
    assert said.code == 0
    names = _names(said.out)
    assert sorted(names) == [s.name for s in list_signatures()]
    assert names == sorted(names, key=lambda n: (CATEGORIES.index(load_signature(n).category), n))
    row = next(line for line in said.out.splitlines() if line.startswith("cyt "))
    assert row.split("  ")[-1] == "Cytolytic activity (Rooney 2015)"
    assert " 2 " in row
    assert said.out.endswith("tmescope signatures show NAME\n")


def test_signatures_of_one_category_or_tier(tmescope):
    metabolism = _names(tmescope("signatures", "--category", "metab").out)
    assert "hallmark_glycolysis" in metabolism
    assert {load_signature(name).category for name in metabolism} == {"metabolism"}
    core = _names(tmescope("signatures", "--tier", "core", "-c", "T cells").out)
    assert "cyt" in core
    assert "t_cells_danaher" not in core
    said = tmescope("signatures", "--category", "metabolisn")
    assert said.code != 0
    assert "did you mean 'metabolism'?" in " ".join(said.err.split())


def test_a_signature_shows_genes_source_and_limits(tmescope):
    said = tmescope("signatures", "show", "pan_f_tbrs")
    assert said.code == 0
    (signature,) = (s for s in list_signatures() if s.name == "pan_f_tbrs")
    flat = " ".join(said.out.split())
    assert f"genes 19: {', '.join(signature.genes)}" in flat
    assert "corrected CTGF -> CCN2: previous symbol" in flat
    for text in (signature.title, signature.reference, signature.licence, signature.limits, signature.sha256):
        assert text in flat
    assert max(map(len, said.out.splitlines())) <= 100


def test_weights_stand_behind_their_genes(tmescope):
    weighted = next(s for s in list_signatures() if s.weights)
    gene, weight = next(iter(weighted.weights.items()))
    assert f"{gene} ({weight:g})" in " ".join(tmescope("signatures", "show", weighted.name).out.split())


@pytest.mark.parametrize("name", [s.name for s in list_signatures()])
def test_every_signature_can_be_shown(tmescope, name):
    said = tmescope("signatures", "show", name)
    assert said.code == 0
    assert said.out.startswith(f"{name}\n")


def test_methods_lists_all_of_them(tmescope):
    said = tmescope("methods")
    assert said.code == 0
    assert said.err == ""
    assert _names(said.out) == [m.spec.name for m in METHODS]
    scoring_table, about, deconvolution_table, more = said.out.split("\n\n")
    assert _names(deconvolution_table) == [m.spec.name for m in DECONVOLVERS]
    assert "tmescope score" in about
    assert "tmescope deconvolve" in more
    lines = {line.split()[0]: line for line in deconvolution_table.splitlines()}
    assert "  ask your lawyers  xcell, installed  " in lines["xcell"]
    assert "  yes               yours  " in lines["nnls"]
    assert "  yes               mcp_counter, bundled  " in lines["mcp_counter"]
    assert "xcell" not in scoring_table


@pytest.mark.parametrize("method", DECONVOLVERS, ids=lambda m: m.spec.name)
def test_a_deconvolution_method_says_what_it_stands_on(tmescope, method):
    said = tmescope("methods", "show", method.spec.name)
    assert said.code == 0, said.err
    flat = " ".join(said.out.split())
    assert method.spec.summary in flat
    assert ("tmescope facts" in flat) is bool(method.spec.installed)
    assert ("tmescope deconvolve fit" in flat) is (method.fit is not None)
    for key, text in reference_fields(method.spec):
        assert f"{key} {text}" in flat


def test_a_reference_tells_licence_use_and_installation():
    told = {m.spec.name: dict(reference_fields(m.spec)) for m in DECONVOLVERS}
    assert told["xcell"]["company use"].startswith("ask your lawyers; GPL-3")
    assert told["xcell"]["to install it"].endswith("--accept-licence xcell")
    assert told["quantiseq"]["company use"].startswith("yes; BSD-3-Clause")
    assert told["constrained"]["stands on"] == "profiles of cell types of your own"
    assert told["mcp_counter"] == {}


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m.spec.name)
def test_a_method_shows_scale_range_and_parameters(tmescope, method):
    said = tmescope("methods", "show", method.spec.name)
    assert said.code == 0
    flat = " ".join(said.out.split())
    for text in (method.spec.summary, method.spec.unit, method.spec.reference, method.spec.ties):
        assert text in flat
    for parameter in method.spec.parameters:
        assert f"{parameter.name} = {parameter.default} {parameter.summary}" in flat
    alone = method.spec.scope == "sample"
    assert ("each sample alone" in flat) is alone
    assert ("do not compare values between cohorts" in flat) is not alone


@pytest.mark.parametrize(("group", "name", "guess"), [("signatures", "ifn6", "ifng6"), ("methods", "ssgsee", "ssgsea")])
def test_an_unknown_name_ends_with_did_you_mean(tmescope, group, name, guess):
    said = tmescope(group, "show", name)
    assert said.code == 2
    assert said.out == ""
    assert f"is named '{name}'" in said.err
    assert f"did you mean '{guess}'?" in said.err


def test_a_broken_plug_in_is_a_warning(tmescope, monkeypatch):
    warning = RunWarning("methods.plugin", "the plug-in method 'x' could not be loaded", "", 1)
    monkeypatch.setattr(scoring, "list_methods", lambda: (METHODS, (warning,)))
    said = tmescope("methods")
    assert said.code == 0
    assert said.err == "warning: the plug-in method 'x' could not be loaded\n"
    assert _names(said.out) == [m.spec.name for m in METHODS]


def test_a_file_of_ones_own_is_read_and_told_about(tmescope, tmp_path):
    path = tmp_path / "mine.gmt"
    path.write_text("mine\tx\tGZMA\tGZMA\tIl6\tCTGF\ncyt\t\tPRF1\tZZZ9\n")
    said = tmescope("signatures", "check", path)
    assert said.code == 0, said.err
    assert _names(said.out) == ["mine", "cyt"]
    assert "2 sets, 2 to 3 genes each, median 3, 5 genes in all" in said.out
    assert "unknown: 2 genes" in said.out
    for code in ("duplicate_genes", "mouse_symbols", "previous_symbols"):
        assert f"[signatures.{code}]" in said.out
    assert "bundled signatures have the same names: cyt" in said.out


def test_a_file_that_is_wrong_ends_with_2_and_its_line(tmescope, tmp_path):
    path = tmp_path / "mine.gmt"
    path.write_text("mine\tx\tGZMA\n=x\ty\tGZMA\n")
    said = tmescope("signatures", "check", path)
    assert said.code == 2
    assert "mine.gmt, line 2" in said.err
