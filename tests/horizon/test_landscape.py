"""The landscape of a subject: every number against a small lake that is counted by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from tests.horizon.small_lake import lake, mention, trial

from tmescope.horizon.landscape import Landscape, map_landscape
from tmescope.horizon.subjects import Subject
from tmescope.horizon.trial_words import NO_PHASE

TIGIT, VEGFA = "HGNC:26838", "HGNC:12680"
LUNG, TUMOUR = ("D008175", "Lung Neoplasms"), ("D009369", "Neoplasms")


def _lake():
    a = trial(
        1, phases=["PHASE1", "PHASE2"], sponsor=("Alpha  Bio", "INDUSTRY"), countries=["China", "United States"],
        start_on="2019-05-01", start_precision="month",
        arms=[("both", ["Drug: Aimab", "Drug: Bemab", "Drug: Placebo"])],
        interventions=["Aimab", "Bemab", "Placebo"], condition_mesh=[("D002289", "Carcinoma, NSCLC")],
        condition_ancestors=[LUNG, TUMOUR],
    )  # fmt: skip
    b = trial(
        2, phases=["PHASE1"], sponsor=("Beta", "OTHER"), countries=["China"], start_on="2019-05-20", status="COMPLETED",
        arms=[("one", ["Drug: Aimab"]), ("two", ["Drug: Bemab"])], interventions=["Aimab", "Bemab"],
    )  # fmt: skip
    c = trial(3, phases=[], study_type="OBSERVATIONAL", start_on=None, first_posted_on="2022-01-01")
    d = trial(
        4, phases=["PHASE3"], condition_mesh=[LUNG, ("D001943", "Breast Neoplasms")], condition_ancestors=[TUMOUR]
    )
    e = trial(5, phases=["PHASE1"], start_on="2010-01-01", status="WITHDRAWN")
    mentions = [
        *(mention(one, TIGIT, "title", "TIGIT") for one in (a, b, e)),
        mention(c, TIGIT, "abstract", "TIGIT"),
        mention(a, TIGIT, "abstract", "TIGIT"),
        *(mention(one, VEGFA, "keyword", "VEGF-A") for one in (a, d)),
        *(mention(one, "drug:aimab", "intervention", "aimab") for one in (a, b)),
        *(mention(one, "drug:bemab", "intervention", "Bemab") for one in (a, b)),
        mention(a, "modality:bispecific", "title", "bispecific antibody"),
        mention(c, "modality:bispecific", "abstract", "bispecific antibody"),
        mention(d, "modality:adc", "title", "ADC"),
        mention("pmid:9", TIGIT, "title", "TIGIT"),
    ]
    return lake([a, b, c, d, e], mentions)


@pytest.fixture(scope="module")
def tigit() -> Landscape:
    return map_landscape(_lake(), Subject((TIGIT,), acting={TIGIT: ("drug:aimab",)}))


def _counts(found: Landscape, axis: str) -> dict[str, int]:
    rows = found.counts[found.counts["axis"] == axis]
    return dict(zip(rows["value"], rows["n_trials"], strict=True))


def test_phases_one_and_two_together_are_a_category_of_their_own(tigit: Landscape) -> None:
    assert _counts(tigit, "phase") == {"PHASE1": 2, "PHASE1/PHASE2": 1, NO_PHASE: 1}


def test_a_trial_counts_once_and_in_each_of_its_countries(tigit: Landscape) -> None:
    assert len(tigit.trials) == 4
    assert _counts(tigit, "country") == {"China": 2, "no country given": 2, "United States": 1}
    assert _counts(tigit, "sponsor_class") == {"no class of sponsor given": 2, "INDUSTRY": 1, "OTHER": 1}
    assert _counts(tigit, "sponsor")["Alpha Bio"] == 1
    assert _counts(tigit, "start_year") == {"2010": 1, "2019": 2, "no date given": 1}


def test_every_number_opens_to_its_trials(tigit: Landscape) -> None:
    for name in ("counts", "crossed", "combinations", "actors"):
        table: pd.DataFrame = getattr(tigit, name)
        assert (table["doc_ids"].str.split(";").map(len) == table["n_trials"]).all(), name
    both = tigit.formats["n_trials"] + tigit.formats["n_summary_only"]
    assert (tigit.formats["doc_ids"].str.split(";").map(len) == both).all()
    assert (tigit.gaps["doc_ids"].str.split(";").map(len) == tigit.gaps["n_lake"]).all()


def test_the_first_in_humans_is_not_told_where_dates_do_not_tell_it(tigit: Landscape) -> None:
    first = tigit.first_in_human
    assert list(first["doc_id"]) == ["nct:NCT00000001", "nct:NCT00000002"]  # May 2019, and 20 May 2019
    assert not first["certain"].any()
    assert any("may be the first" in note for note in tigit.notes)


def test_a_combination_is_an_arm_with_both(tigit: Landscape) -> None:
    found = tigit.combinations
    assert list(found["partner"]) == ["drug:bemab"]  # not of trial 2, which compares the two; no placebo
    assert list(found["doc_ids"]) == ["nct:NCT00000001"]
    assert list(found["name"]) == ["Bemab"]
    pair = map_landscape(_lake(), Subject(("drug:aimab", "drug:bemab")))
    assert len(pair.trials) == 2
    assert list(pair.combinations["arms"]) == ["nct:NCT00000001 both"]


def test_formats_named_in_the_summary_alone_are_apart(tigit: Landscape) -> None:
    rows = tigit.formats[["phase", "n_trials", "n_summary_only"]].values.tolist()
    assert rows == [["PHASE1/PHASE2", 1, 0], [NO_PHASE, 0, 1]]


def test_what_is_missing_is_what_others_have(tigit: Landscape) -> None:
    rows = tigit.gaps[["kind", "value", "phase", "n_lake", "is_tumour"]].astype(object)
    found = [tuple(row) for row in rows.where(rows.notna(), None).values.tolist()]
    assert found == [
        ("modality and phase", "modality:adc", "PHASE3", 1, None),
        ("condition", "MESH:D001943", None, 1, True),  # lung neoplasms are above the cancer of trial 1
    ]


def test_a_pair_is_both_in_one_trial() -> None:
    found = map_landscape(_lake(), Subject((TIGIT, VEGFA)))
    assert list(found.trials["doc_id"]) == ["nct:NCT00000001"]
    assert list(found.trials["found_in"]) == ["title, keyword"]


def test_who_is_active(tigit: Landscape) -> None:
    found = tigit.actors.set_index("sponsor")
    assert found.loc["Beta", "n_active"] == 0
    assert found.loc["Alpha Bio", "n_active"] == 1
    assert found.loc["Alpha Bio", "phases"] == "PHASE1/PHASE2"


def test_the_same_lake_gives_the_same_tables() -> None:
    one, two = (map_landscape(_lake(), Subject((TIGIT,))).tables() for _ in range(2))
    for name, table in one.items():
        pd.testing.assert_frame_equal(table, two[name])


def test_nothing_is_found_without_an_error() -> None:
    found = map_landscape(_lake(), Subject(("HGNC:1",)))
    assert all(table.empty for name, table in found.tables().items() if name != "landscape_gaps")
    assert found.names == {"HGNC:1": "HGNC:1"}
