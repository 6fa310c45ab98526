"""The methods text of a study of a lake."""

from __future__ import annotations

import pytest


@pytest.fixture
def text(lake_run) -> str:
    return (lake_run[0] / "out/methods.md").read_text()


def test_it_says_what_was_counted_and_how(text, lake_run):
    n = int(lake_run[2].table("horizon_sources")["n_documents"].sum())
    assert f"Everything ({n:,} documents)" in text
    assert "2017Q1 to 2021Q3" in text
    assert "[@stephens2017" in text or "stephens2017" in text
    assert "What is missing is missing in this lake" in text


def test_every_paper_that_is_cited_stands_in_the_references(text, lake_run):
    listed = (lake_run[0] / "out/references.bib").read_text()
    for key in ("stephens2017", "benjamini1995"):
        assert f"@{key}" in text
        assert key in listed
