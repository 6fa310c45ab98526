from __future__ import annotations

import pandas as pd

from tmescope.associate.rows import count_left_out, tell_left_out


def test_everyone_who_is_not_in_an_estimate_is_counted_with_the_reason():
    rows = pd.DataFrame({"n": [7, 5], "adjusted_for": ["", "site"]})
    told = tell_left_out(rows, n_samples=10, n_known=7)
    assert told["n_left_out"].tolist() == [3, 5]
    assert told["left_out"].tolist() == [
        "3 without endpoint",
        "3 without endpoint; 2 without value or in no group compared",
    ]
    assert told["adjusted_for"].tolist() == ["", "site"]
    assert told["checks"].tolist() == ["", ""]
    assert "checks" not in rows
    everyone = tell_left_out(pd.DataFrame({"n": [4]}), n_samples=4, n_known=4)
    assert everyone["left_out"].tolist() == [""]


def test_nobody_left_out_has_no_words_and_counts_of_nothing_are_not_told():
    assert count_left_out([(2, "endpoint"), (0, "value")]) == (2, "2 without endpoint")
    assert count_left_out([]) == (0, "")
