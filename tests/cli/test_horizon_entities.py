"""The command that tags a lake says what it found and what is not installed."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from tmescope.cli.main import app
from tmescope.ingest.documents import ingest_documents
from tmescope.store.lake import create_lake


@pytest.fixture
def lake(shared_data, tmp_path, monkeypatch):
    monkeypatch.setenv("TMESCOPE_FACTS", str(tmp_path / "facts"))
    ingest_documents(
        [shared_data / "horizon" / "ctgov_nsclcbench" / "ctg-studies.json"], create_lake(tmp_path / "lake")
    )
    return str(tmp_path / "lake")


def test_a_lake_is_tagged_without_genes_where_no_table_is_installed(lake):
    first = CliRunner().invoke(app, ["horizon", "tag", "--lake", lake, "--quiet"])
    assert first.exit_code == 0, first.output
    assert "no genes are found; tmescope facts fetch hgnc" in first.output
    assert "mentions in 100 documents of 1 files" in first.output
    again = CliRunner().invoke(app, ["horizon", "tag", "--lake", lake, "--json"])
    told = json.loads(again.output.splitlines()[-1])
    assert (told["event"], told["n_documents"]) == ("tagged", 0)


def test_a_version_that_is_not_installed_is_an_error(lake):
    refused = CliRunner().invoke(app, ["horizon", "tag", "--lake", lake, "--gene-table", "2020-01-01", "--quiet"])
    assert refused.exit_code != 0


@pytest.mark.parametrize(
    "words",
    [
        ("landscape", "EGFR"),
        ("trends",),
        ("backtest", "--freeze", "2020-12"),
        ("watch", "add", "egfr", "--entity", "EGFR"),
    ],
)
def test_a_lake_that_was_never_tagged_does_not_answer_with_nothing(tmescope, lake, words):
    said = tmescope("horizon", *words, "--lake", lake)
    assert said.code == 2
    assert f"tmescope horizon tag --lake {lake}" in said.err


def test_what_came_after_the_tagging_is_told(tmescope, lake, shared_data):
    assert tmescope("horizon", "tag", "--lake", lake, "--quiet").code == 0
    more = shared_data / "horizon" / "biomcp_api_fixtures" / "ctgov__get_nct06382129_20260811.json"
    assert tmescope("horizon", "ingest", more, "-o", lake, "--quiet").code == 0
    said = tmescope("horizon", "landscape", "DOID:3908", "--lake", lake)
    assert said.code == 0
    assert "1 of the documents, in 1 of the files, are not tagged yet" in said.err
    said = tmescope("horizon", "watch", "run", "--lake", lake)
    assert "not tagged yet" in said.err
