"""The report on a lake."""

from __future__ import annotations


def test_the_report_names_the_area_the_subject_and_the_method(lake_run):
    folder, truth, _ = lake_run
    page = (folder / "out/report.html").read_text()
    top = truth.entities.loc[truth.entities["slope"].idxmax(), "name"]
    assert "Everything" in page
    assert top in page
    assert "gamma-Poisson" in page
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page


def test_figures_are_written_as_files(lake_run):
    names = {p.name for p in (lake_run[0] / "out/figures").glob("*.svg")}
    assert {"rising-all.svg", "ranks-all.svg", "pairs-all.svg"} <= names
