from __future__ import annotations

import pandas as pd
import pytest

from tmescope.report.tables import Cell, doi_address, from_frame, number, share, words


@pytest.mark.parametrize(
    ("reference", "address"),
    [
        ("10.1038/nature08460", "https://doi.org/10.1038/nature08460"),
        ("doi:10.1371/journal.pcbi.1000217.", "https://doi.org/10.1371/journal.pcbi.1000217"),
        ("https://doi.org/10.1016/j.cell.2014.12.033", "https://doi.org/10.1016/j.cell.2014.12.033"),
        ("PMID 25594174", None),
        ("javascript:alert(1)", None),
        ("https://example.org/x", None),
        ('10.1000/x"onclick="y', "https://doi.org/10.1000/x"),
        (None, None),
    ],
)
def test_only_dois_become_links(reference: str | None, address: str | None) -> None:
    assert doi_address(reference) == address


def test_missing_numbers_are_dashes_that_sort_last() -> None:
    assert (number(pd.NA).text, number(pd.NA).sort) == ("–", "")
    assert (number(18000).text, number(18000).sort) == ("18\u202f000", 18000.0)
    assert number(0.5, 2).text == "0.50"
    assert share(None).kind == "number"
    assert (share(0.925).text, share(0.925).sort) == ("92%", 0.925)
    assert words("  ").text == "–"


def test_columns_of_numbers_are_found() -> None:
    frame = pd.DataFrame({"Cohort": ["a", "b"], "n": ["12", "1\u202f200"], "z": ["\u22120.5", "–"]})
    table = from_frame(frame, name="t", caption="c")
    assert table.columns == [("Cohort", False), ("n", True), ("z", True)]
    assert table.rows[0][1].kind == "number"


@pytest.mark.parametrize(
    ("cell", "key"),
    [
        (Cell("568", sort=568.0), None),
        (Cell("1\u202f568", sort=1568), "1568"),
        (Cell("2.20 [1.86, 2.61]", sort=2.203600743940936), "2.203601"),
        (Cell("4.9 × 10⁻²⁰", sort=4.9486940260783246e-20), "4.948694e-20"),
        (Cell("–", sort=""), ""),
        (Cell("x"), None),
    ],
)
def test_the_key_for_sorting_is_short_and_left_out_where_the_text_is_it(cell: Cell, key: str | None) -> None:
    assert cell.key == key
