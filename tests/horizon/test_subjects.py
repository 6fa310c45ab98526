"""What a question is about."""

from __future__ import annotations

import pytest
from tests.horizon.small_lake import lake, mention, trial

from tmescope.foundation.errors import InputError
from tmescope.horizon.subjects import Subject, find_subject_trials
from tmescope.horizon.trial_words import UNKNOWN_THEN


def test_a_trial_that_the_day_knows_by_younger_versions_alone_has_a_date_and_nothing_else() -> None:
    one = trial(1, status=None, phases=None, start_on=None, last_update_posted_on=None)
    connection = lake([one], [mention(one, "HGNC:1")])
    connection.execute("CREATE VIEW of_then AS SELECT *, true AS late FROM trials")
    connection.execute("CREATE TABLE then_trials AS SELECT * FROM of_then")
    connection.unregister("trials")
    connection.execute("DROP VIEW of_then; CREATE VIEW trials AS SELECT * FROM then_trials")
    (found,) = find_subject_trials(connection, Subject(("HGNC:1",)))
    assert {found.phase, found.status, found.sponsor, found.sponsor_class, found.year("start")} == {UNKNOWN_THEN}
    assert found.year("first_posted") == "2020"


def test_the_most_telling_part_is_told() -> None:
    one, two = trial(1), trial(2)
    parts = ("abstract", "title", "intervention")
    connection = lake(
        [one, two], [*(mention(one, "HGNC:1", part) for part in parts), mention(two, "HGNC:1", "new part")]
    )
    found = find_subject_trials(connection, Subject(("HGNC:1",)))
    assert [(f.found_in, f.summary_only) for f in found] == [(("intervention",), False), (("new part",), False)]


def test_a_subject_is_one_to_five_different_entities() -> None:
    for entities in ((), ("a:1", "a:1"), tuple(f"a:{i}" for i in range(6))):
        with pytest.raises(InputError, match="entities"):
            Subject(entities)
