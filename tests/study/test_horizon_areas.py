"""What rises in a focus area, and how long trials take."""

from __future__ import annotations

from tests.study import lake_study

from tmescope.study.horizon_areas import find_areas
from tmescope.study.loading import load_study
from tmescope.study.running import run


def test_areas_come_from_files_and_from_those_that_are_bundled(tmp_path):
    study = load_study(lake_study.write_study(tmp_path, focus=["all", "oncology", "no-such-area"]))
    areas, problems = find_areas(study.horizon, study.resolve)
    assert list(areas) == ["all", "oncology"]
    assert areas["all"].title == "Everything"
    assert [p.what for p in problems] != []
    assert "no-such-area" in str(problems[0])


def test_counts_are_kept_of_what_is_shown_and_open_to_their_quarters(lake_run):
    _, _, outcome = lake_run
    counts, trends = outcome.table("trend_counts"), outcome.table("trends")
    assert set(counts["entity_id"]) == set(trends["entity_id"].head(8))
    papers = counts[counts["kind"] == "paper"].groupby("entity_id")["n"].sum()
    top = trends.set_index("entity_id").loc[papers.index]
    assert (papers >= top["n_documents"]).all(), "slopes rest on complete quarters alone"
    assert set(outcome.table("trend_pairs")["focus"]) == {"all"}


def test_what_is_shown_opens_to_its_newest_documents(lake_run):
    _, _, outcome = lake_run
    opened, trends = outcome.table("horizon_documents"), outcome.table("trends").set_index("entity_id")
    papers = opened[(opened["kind"] == "paper") & opened["entity_b"].isna()].groupby("entity_a")
    shown = trends.loc[papers["n"].first().index, "n_documents"]
    assert (papers["n"].first() == shown).all()
    assert (papers.size() == shown.clip(upper=50)).all()
    assert opened["title"].notna().all()
    pairs = outcome.table("trend_pairs").set_index(["entity_a", "entity_b"])
    together = opened[opened["entity_b"].notna()].groupby(["entity_a", "entity_b"])["n"].first()
    assert (together == pairs.loc[together.index, "n"]).all()


def test_lead_times_are_censored_and_never_dropped(lake_run):
    _, _, outcome = lake_run
    times = outcome.table("lead_times")
    counted = times[times["reason"].fillna("") == ""]
    assert counted["followed"].notna().all()
    assert set(times["entity_type"]) <= {"gene", "drug", "modality"}


def test_an_area_without_documents_says_so_and_ranks_nothing(lake_run, tmp_path):
    folder, _, _ = lake_run
    study = lake_study.write_study(tmp_path, lake=str(folder / "horizon"), focus=["gene-therapy"])
    outcome = run(study, tmp_path / "out")
    assert outcome.table("trends").empty
    assert "The lake holds no document of this area." in set(outcome.table("warnings")["message"])
