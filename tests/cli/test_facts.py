"""``tmescope facts``: what can be installed, adding it, and finding what changed since."""

from __future__ import annotations

import hashlib
import json

import pytest
from tests.facts.references import made
from tests.ingest import https_server as web

from tmescope.facts.installed import list_installed
from tmescope.facts.signatures import list_signatures


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("TMESCOPE_FACTS", str(tmp_path / "facts"))
    return tmp_path / "facts"


@pytest.fixture
def genes(tmp_path):
    path = tmp_path / "hgnc.txt"
    head = "hgnc_id\tsymbol\tprev_symbol\talias_symbol\n"
    path.write_text(head + "".join(f"HGNC:{i}\tA{i}\t\t\n" for i in range(38_000)), encoding="utf-8")
    return path


def test_what_can_be_installed_is_listed(tmescope, home):
    said = tmescope("facts", "list")
    assert said.code == 0
    row = next(line for line in said.out.splitlines() if line.startswith("xcell "))
    assert "ask your lawyers" in row
    assert str(home) in said.out


def test_a_reference_is_shown_with_its_terms(tmescope, home):
    said = tmescope("facts", "show", "xcell")
    assert said.code == 0
    flat = " ".join(said.out.split())
    assert "GPL-3" in flat
    assert "--accept-licence xcell" in flat
    assert "--accept-licence" not in tmescope("facts", "show", "hgnc").out


def test_a_file_is_added_listed_verified_and_removed(tmescope, home, genes):
    said = tmescope("facts", "add", "hgnc", "--from", genes)
    assert said.code == 0, said.err
    assert "of no version that tmescope knows" in said.err
    (one,) = list_installed(home)
    assert f"{one.version} (first use)" in tmescope("facts", "list").out
    bundled, mine = tmescope("facts", "verify").out.splitlines()
    assert bundled.startswith(f"bundled: {len(list_signatures())} signatures")
    assert mine == f"hgnc {one.version}: as installed"
    (home / "hgnc" / one.version / "genes.txt").write_text("changed", encoding="utf-8")
    said = tmescope("facts", "verify")
    assert said.code == 2
    assert "another sha256" in said.err
    assert tmescope("facts", "remove", "hgnc", one.version).code == 0
    assert "nothing is installed" in tmescope("facts", "verify").out


def test_terms_must_be_accepted_by_name(tmescope, home, tmp_path):
    said = tmescope("facts", "add", "abis", "--from", tmp_path)
    assert said.code == 2
    assert "--accept-licence abis" in said.err
    said = tmescope("facts", "add", "abis", "--from", tmp_path, "--accept-licence", "abis")
    assert said.code == 2
    assert "no file for 'rna_seq'" in said.err
    assert not home.exists()


def test_show_says_which_versions_can_be_fetched_and_from_where(tmescope, home):
    said = tmescope("facts", "show", "hgnc")
    flat = " ".join(said.out.split())
    assert "version 2017-04-18 from files only (--from)" in flat
    assert "\n  genes: https://storage.googleapis.com/public-download-files/hgnc/archive/" in said.out
    assert "other versions" in said.out
    assert said.out.count("tmescope facts fetch hgnc") == 1


@pytest.fixture
def site(tmp_path, monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    with web.serving(tmp_path) as site:
        yield site


def test_a_mirror_is_fetched_from_and_its_hash_recorded(tmescope, home, genes, site):
    site.pages["/hgnc.txt"] = web.whole(genes.read_bytes())
    call = ("facts", "fetch", "hgnc", "--url", site.address("/hgnc.txt"), "--version", "2024-10-01")
    said = tmescope(*call)
    assert said.code == 2
    assert "certificate is not trusted" in said.err
    said = tmescope(*call, "--ca-file", site.ca_file)
    assert said.code == 0, said.err
    assert "hgnc 2024-10-01 is installed" in said.out
    assert "sha256 of genes: " in said.out
    assert f"genes.txt: {genes.stat().st_size:,} bytes" in said.err
    assert "the same version with another is refused" in " ".join(said.err.split())
    site.pages["/hgnc.txt"] = web.whole(genes.read_bytes() + b"HGNC:38000\tA38000\t\t\n")
    said = tmescope(*call, "--ca-file", site.ca_file, "--quiet")
    assert said.code == 2
    assert "installed with another content" in said.err
    assert "bytes" not in said.err
    assert [one.version for one in list_installed(home)] == ["2024-10-01"]


def test_certificates_of_the_environment_are_taken(tmescope, home, genes, site, monkeypatch):
    site.pages["/hgnc.txt"] = web.whole(genes.read_bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(site.ca_file))
    said = tmescope("facts", "fetch", "hgnc", "--url", site.address("/hgnc.txt"), "--sha256", "0" * 64)
    assert said.code == 2
    assert "the file has the sha256" in said.err
    assert tmescope("facts", "fetch", "hgnc", "--url", site.address("/hgnc.txt")).code == 0


def test_fetch_from_files_reaches_no_network(tmescope, home, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    made.registered("quantiseq", source)
    said = tmescope("facts", "fetch", "quantiseq", "--from", source, "--version", "made")
    assert said.code == 0, said.err
    assert "quantiseq made is installed" in said.out
    said = tmescope("facts", "fetch", "quantiseq", "--from", source, "--version", "made", "--json")
    events = [json.loads(line)["event"] for line in said.out.splitlines()]
    assert (events[0], events[-1]) == ("started", "finished")
    said = tmescope("facts", "fetch", "quantiseq", "--from", source, "--url", "https://x")
    assert "--from and --url are given" in said.err
    said = tmescope("facts", "add", "quantiseq", "--from", source, "--sha256", "0" * 64)
    assert "whose hash is 000000000000" in said.err
    said = tmescope("facts", "add", "quantiseq", "--from", source, "--sha256", "removed_genes=" + "0" * 64)
    assert "which was given" in said.err


def test_verify_runs_the_parser_too(tmescope, home, genes):
    """A file that an older release let in, with its hash recorded, and that the parser of this one refuses."""
    assert tmescope("facts", "add", "hgnc", "--from", genes).code == 0
    (one,) = list_installed(home)
    held = home / "hgnc" / one.version
    (held / "genes.txt").write_text(genes.read_text(encoding="utf-8").replace("HGNC:7\t", "7\t"), encoding="utf-8")
    record = json.loads((held / "installed.json").read_text(encoding="utf-8"))
    record["sha256"]["genes"] = hashlib.sha256((held / "genes.txt").read_bytes()).hexdigest()
    (held / "installed.json").write_text(json.dumps(record), encoding="utf-8")
    said = tmescope("facts", "verify")
    assert said.code == 2
    assert "not an HGNC id such as HGNC:5" in said.err
