from __future__ import annotations

import json

import pandas as pd

RESPONSE = ("power", "response", "--rate", 0.3, "--odds-ratio", 2.5, "--share", 0.4)


def test_few_events_are_told_and_the_needed_number_beside(tmescope):
    said = tmescope(*RESPONSE, "--n", 90)
    assert "power         50.5% by formula" in said.out
    assert "needed        184 patients" in said.out
    assert "--simulate" in said.err


def test_table_and_figure_are_written(tmescope, tmp_path):
    for ending in ("csv", "json", "parquet"):
        said = tmescope(*RESPONSE, "-o", tmp_path / f"power.{ending}")
        assert said.code == 0
    table = pd.read_csv(tmp_path / "power.csv")
    assert table.loc[table["n"] == 184, "power"].item() >= 0.8
    assert len(json.loads((tmp_path / "power.json").read_text())) == len(table)
    pd.testing.assert_series_equal(pd.read_parquet(tmp_path / "power.parquet")["power"], table["power"])
    drawn = tmescope(*RESPONSE, "--simulate", 20, "--figure", tmp_path / "power.png")
    assert drawn.code == 0
    assert (tmp_path / "power.png").read_bytes().startswith(b"\x89PNG")


def test_another_ending_is_refused_before_anything_is_calculated(tmescope, tmp_path):
    said = tmescope(*RESPONSE, "-o", tmp_path / "power.xlsx")
    assert said.code == 2
    assert ".parquet" in said.err
    assert not list(tmp_path.iterdir())


def test_a_small_share_is_planned_and_drawn(tmescope, tmp_path):
    small = ("power", "response", "--rate", 0.3, "--odds-ratio", 2.5, "--share", 0.1)
    assert "between two groups, 10% in one" in tmescope(*small, "-o", tmp_path / "power.csv").out
    assert pd.read_csv(tmp_path / "power.csv")["n"].min() >= 20
    assert "needed        " in tmescope(*small[:-1], 0.14, "--n", 90).out
    said = tmescope(*small, "--n", 10)
    assert said.code == 2
    assert "share 0.1 of 10 patients: 1 in one group, 9 in the other" in said.err
    assert "plan with 20 patients or more" in said.err


def test_an_effect_that_no_study_finds_is_told_beside_the_power(tmescope, tmp_path):
    tiny = ("power", "response", "--rate", 0.3, "--odds-ratio", 1.0001)
    said = tmescope(*tiny, "--n", 100, "-o", tmp_path / "power.csv")
    assert said.code == 0
    assert "needed        more than 10,000,000 patients for a power of 80%" in said.out
    assert pd.read_csv(tmp_path / "power.csv")["n"].max() == 160
    assert tmescope(*tiny).code == 2


def test_extreme_ratios_are_refused_by_every_question(tmescope):
    watched = ("--median-months", 12, "--follow-up-months", 12)
    for asked in (
        ("survival", "--hazard-ratio", "1e40", *watched, "--n", 100),
        ("response", "--rate", 0.3, "--odds-ratio", "1e300", "--n", 100),
        ("response", "--rate", 0.3, "--odds-ratio", "nan", "--n", 100),
        ("interaction", "--rate", 0.3, "--ratio", "1e200", "--n", 100),
        ("interaction", "--rate", 0.3, "--ratio", 2, "--feature-ratio", "1e-9", "--n", 100),
    ):
        said = tmescope("power", *asked)
        assert said.code == 2
        assert "a ratio from 0.001 to 1000" in said.err
        assert "state the smallest effect" in said.err


def test_a_small_cell_is_told_though_there_are_many_events(tmescope):
    asked = ("power", "interaction", "--rate", 0.3, "--ratio", 8, "--n", 300)
    said = tmescope(*asked, "--share", 0.05)
    assert "with 1.7 responders or others expected in the smallest group" in said.err
    assert "--simulate 2000" in said.err
    assert tmescope(*asked, "--share", 0.4).err == ""
    timed = ("power", "survival", "--hazard-ratio", 2, "--median-months", 12, "--follow-up-months", 24, "--n", 150)
    assert "events expected in the smallest group" in tmescope(*timed, "--share", 0.05).err
    assert tmescope(*timed, "--share", 0.4).err == ""
