from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from tmescope.foundation.errors import InputError
from tmescope.horizon.lead_times import lead_times
from tmescope.horizon.mention_index import index_mentions
from tmescope.stats.survival import kaplan_meier
from tmescope.store.tables import shape_table

ROWS = [
    # entity, kind, day
    ("old", "paper", "2015-01-01"), ("old", "trial", "2016-06-01"),
    ("led", "preprint", "2017-01-01"), ("led", "paper", "2017-03-01"), ("led", "trial", "2018-01-01"),
    ("led", "trial", "2019-01-01"), ("open", "paper", "2018-06-01"), ("trial first", "trial", "2017-05-05"),
    ("trial first", "paper", "2018-05-05"), ("no paper", "trial", "2019-05-05"), ("late", "paper", "2020-12-31"),
    ("other", "trial", "2020-06-30"),
]  # fmt: skip


def _lake(rows):
    from tests.horizon.conftest import lake_of

    ids = [f"{'nct' if kind == 'trial' else 'pmid'}:{i}" for i, (_, kind, _) in enumerate(rows)]
    documents = pd.DataFrame(
        {"doc_id": ids, "kind": [r[1] for r in rows], "entered_on": pd.to_datetime([r[2] for r in rows])}
    )
    mentions = pd.DataFrame({"doc_id": ids, "entity_id": [r[0] for r in rows], "entity_type": "drug"})
    return index_mentions(lake_of(documents, mentions), delay_days=0)


def test_times_run_from_the_first_paper_to_the_first_trial_and_the_others_say_why_not() -> None:
    found = lead_times(_lake(ROWS))
    table = found.table.set_index("entity_id")
    shape_table("lead_times", found.table)
    assert table["reason"].to_dict() == {
        "old": "known_before", "led": "", "open": "", "trial first": "trial_first", "no paper": "no_paper",
        "late": "after_the_end", "other": "no_paper",
    }  # fmt: skip
    assert table.loc["led", "months"] == pytest.approx(365 / 30.4375)
    assert table.loc["led", "first_trial_on"] == "2018-01-01"
    # nobody followed it by the last day of trials: it is not dropped
    assert found.ends_on == date(2020, 6, 30)
    assert not table.loc["open", "followed"]
    assert table.loc["open", "months"] == pytest.approx((date(2020, 6, 30) - date(2018, 6, 1)).days / 30.4375)
    assert (found.curve.n, found.curve.n_events_total) == (2, 1)


def test_the_curve_is_that_of_kaplan_and_meier(literature, drawn) -> None:
    from tests.horizon.conftest import lake_of

    found = lead_times(index_mentions(lake_of(*drawn)), since=date(2017, 1, 1))
    counted = found.table[found.table["reason"] == ""]
    again = kaplan_meier(counted["months"], counted["followed"].astype(float))
    np.testing.assert_array_equal(found.curve.survival, again.survival)
    shape_table("lead_curve", found.curve_table())
    # planted: 30% are followed after two years (median), so that after four years about 30% are
    at = found.curve.survival[found.curve.time <= 48][-1]
    assert 1 - at == pytest.approx(0.3, abs=0.09)
    naive = counted.loc[counted["followed"], "months"].median()
    assert naive < 36


def test_types_are_chosen_and_lakes_without_trials_refused() -> None:
    assert lead_times(_lake(ROWS), entity_types=["gene"]).table.empty
    with pytest.raises(InputError, match="paper"):
        lead_times(_lake([r for r in ROWS if r[1] != "trial"]))
