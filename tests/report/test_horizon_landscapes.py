"""Sponsors by phase, and the map."""

from __future__ import annotations

import pandas as pd
from tests.report.horizon_maker import TIGIT, make_contents

from tmescope.report.horizon_landscapes import draw_maps, draw_matrices, place_countries, slug


def _crossed(rows: list[tuple[str, str, int]]):
    table = pd.DataFrame(rows, columns=["row", "column", "n_trials"])
    table = table.assign(subject=TIGIT, row_axis="phase", column_axis="sponsor", doc_ids="")
    return make_contents(tables={"landscape_crossed": table})


def test_numbers_stand_in_their_cells_and_empty_cells_are_empty() -> None:
    (figure,) = draw_matrices(_crossed([("PHASE1", "A", 3), ("PHASE1/PHASE2", "A", 1), ("PHASE3", "B", 2)]))
    words = {
        (round(r["x"]), round(r["y"])): r["text"]
        for table in figure.datasets.values()
        if "text" in table.columns
        for r in table.to_dict(orient="records")
    }
    phases = {text: x for (x, y), text in words.items() if y == 16}
    rows = {text: y for (x, y), text in words.items() if text in {"A", "B"}}
    assert list(sorted(phases, key=phases.__getitem__)) == ["1", "1/2", "2", "3", "all"]
    cells = {(p, s): words.get((phases[p], rows[s])) for p in ("1", "1/2", "2", "3", "all") for s in ("A", "B")}
    assert {key: n for key, n in cells.items() if n} == {
        ("1", "A"): "3", ("1/2", "A"): "1", ("3", "B"): "2", ("all", "A"): "4", ("all", "B"): "2",
    }  # fmt: skip
    assert "Most trials: A, 4" in figure.alt


def test_many_sponsors_are_cut_and_said() -> None:
    (figure,) = draw_matrices(_crossed([("PHASE1", f"S{i:02d}", 30 - i) for i in range(25)]))
    assert "Of 5 more sponsors with no more trials each the table tells" in figure.caption
    assert figure.alt.startswith("25 lead sponsors")


def test_countries_are_placed_by_any_spelling_and_the_others_told() -> None:
    rows = pd.DataFrame(
        {"value": ["Korea, Republic of", "South Korea", "FRANCE", "Atlantis"], "n_trials": [2, 3, 1, 7]}
    )
    placed, other = place_countries(rows)
    assert {tile.code: n for tile, n in placed.items()} == {"KR": 5, "FR": 1}
    assert other == {"Atlantis": 7}


def test_the_map_says_what_it_cannot_place() -> None:
    (figure,) = draw_maps(make_contents())
    atlantis = make_contents().table("landscape_counts").set_index("value").loc["Atlantis", "n_trials"]
    assert f"Without a tile: Atlantis: {atlantis}." in figure.caption
    assert figure.numbers is not None and len(figure.numbers) == 7
    assert draw_maps(make_contents(tables={})) == draw_matrices(make_contents(tables={})) == []


def test_names_of_files_are_plain() -> None:
    assert slug("HGNC:26838 + HGNC:12680") == "hgnc-26838-hgnc-12680"
    assert slug("../§") == "subject"
