from __future__ import annotations

import pytest
from tests.study import tiny
from tests.study.contexts import do, opened

import tmescope as ts
from tmescope.store.horizon_schemas import HORIZON_SCHEMAS
from tmescope.store.tables import SCHEMAS
from tmescope.store.trend_schemas import TREND_SCHEMAS
from tmescope.study import reporting
from tmescope.study.crate import provenance_of
from tmescope.study.reporting import publish_report, report_steps

OF_COHORTS = SCHEMAS.keys() - HORIZON_SCHEMAS.keys() - TREND_SCHEMAS.keys()


@pytest.fixture
def drawn(monkeypatch):
    """Do not draw; remember what was to be drawn."""
    calls: list = []

    def draw_figures(contents):
        calls.append(contents)
        return ["figure"]

    def write_figures(figures, folder, *, formats, progress):
        for suffix in formats:
            (folder / f"{figures[0]}.{suffix}").write_text(suffix)

    monkeypatch.setattr(reporting, "draw_figures", draw_figures)
    monkeypatch.setattr(reporting, "write_figures", write_figures)
    monkeypatch.setattr(reporting, "render_report", lambda contents, figures: f"<p>{contents.title} {figures}")
    return calls


def _report(context, inputs: dict[str, str] | None = None) -> list[str]:
    n_redone = len(context.ledger.redone)
    for step in report_steps(context, provenance_of(context, inputs or {})):
        context.do(step)
    publish_report(context)
    return context.ledger.redone[n_redone:]


def test_the_report_is_made_of_the_tables_and_drawn_once(tmp_path, drawn):
    with opened(tmp_path) as context:
        do(context)
        assert _report(context) == ["figures", "report"]
        (contents,) = drawn
        assert set(contents.tables) == OF_COHORTS
        assert (contents.study_id, contents.title) == ("tiny", "A tiny study")
        assert contents.primary_method == "zscore"
        assert set(contents.table("scores")["feature"]) <= set(contents.signature_genes)
        assert (contents.primary_endpoint, contents.survival_endpoint) == ("response", "os")
        root = context.ledger.root
        assert (root / "report.html").read_text() == "<p>A tiny study ['figure']"
        assert {p.name for p in (root / "figures").glob("[!.]*")} == {"figure.svg", "figure.png"}
        assert _report(context) == []
        assert len(drawn) == 1


def test_what_changes_is_drawn_again_and_nothing_else(tmp_path, drawn):
    data = tiny.study_dict()
    with opened(tmp_path, data) as context:
        do(context)
        _report(context)
        assert _report(context, {"a: a.tsv": "0" * 64}) == ["report"]
    data["output"]["figures"] = ["svg"]
    with opened(tmp_path, data) as context:
        do(context)
        assert _report(context) == ["figures", "report"], "the report names the parameters"
        assert {p.name for p in (context.ledger.root / "figures").glob("[!.]*")} == {"figure.svg"}
    data["study"]["title"] = "Another"
    with opened(tmp_path, data) as context:
        do(context)
        assert _report(context) == ["figures", "report"]
        assert "Another" in (context.ledger.root / "report.html").read_text()


def test_the_report_at_the_top_is_put_back_if_it_was_edited_and_left_if_not(tmp_path, drawn):
    with opened(tmp_path) as context:
        do(context)
        _report(context)
        path = context.ledger.root / "report.html"
        inode = path.stat().st_ino
        _report(context)
        assert path.stat().st_ino == inode
        path.write_text("edited")
        _report(context)
        assert path.read_text().startswith("<p>")


def test_a_study_without_response_has_no_primary_endpoint(tmp_path, drawn):
    data = tiny.study_dict()
    del data["endpoints"]["response"]
    with opened(tmp_path, data) as context:
        do(context)
        _report(context)
    assert drawn[0].primary_endpoint is None


def test_a_study_that_asks_for_no_report_any_more_leaves_none(tmp_path, drawn):
    tiny.write_files(tmp_path)
    data = tiny.study_dict()
    data["output"]["report"] = True
    first = ts.run(tiny.write_study(tmp_path, data), tmp_path / "out")
    assert first.report == tmp_path / "out" / "report.html"
    (tmp_path / "out" / "notes.txt").write_text("mine")
    data["output"]["report"] = False
    second = ts.run(tiny.write_study(tmp_path, data), tmp_path / "out")
    assert second.report is None
    assert sorted(p.name for p in (tmp_path / "out").glob("[!.]*")) == [
        "methods.md", "notes.txt", "references.bib", "ro-crate-metadata.json", "run.json", "study.json", "tables",
    ]  # fmt: skip
    assert "report.html" not in (tmp_path / "out" / "ro-crate-metadata.json").read_text()
