from __future__ import annotations

import pandas as pd

from tmescope.study.material import Material, listed, plural, quoted


def test_lists_and_counts_read_as_english():
    assert listed([]) == ""
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed("abcd", most=2) == "a, b and 2 more"
    assert quoted(["CR", "P\nR"]) == "“CR” and “P R”"
    assert plural(1, "sample") == "1 sample"
    assert plural(1204, "family", "families") == "1,204 families"


def test_rows_of_one_cohort():
    material = Material(None, None, {"samples": pd.DataFrame({"cohort_id": ["a", "b", "a"], "n": [1, 2, 3]})}, {})
    assert material.of_cohort("samples", "a")["n"].tolist() == [1, 3]
