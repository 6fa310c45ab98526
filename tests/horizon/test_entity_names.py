"""What entities are called, and what names mean."""

from __future__ import annotations

import pytest
from tests.horizon.small_lake import lake, mention, trial

from tmescope.facts.focus import list_focus_areas
from tmescope.facts.horizon_terms import load_vocabulary
from tmescope.foundation.errors import InputError, UnknownNameError
from tmescope.horizon.entity_names import name_entities, resolve_entity


def test_names_are_as_documents_write_them() -> None:
    one = trial(1)
    mentions = [
        mention(one, "drug:x", part, text) for part, text in (("title", "X1"), ("abstract", "x"), ("mesh", "X1"))
    ]
    assert name_entities(lake([one], mentions), ["drug:x", "drug:y"]) == {"drug:x": "X1", "drug:y": "drug:y"}


def test_a_name_is_resolved_or_refused_and_never_guessed() -> None:
    one, two = trial(1), trial(2)
    mentions = [
        mention(one, "drug:zzaimab", text="Aimab"), mention(two, "drug:zzaimab", text="AB-123"),
        mention(one, "HGNC:9", text="AIM"), mention(two, "DOID:9", text="aim"),
        mention(one, "modality:car-t", text="CAR"),
    ]  # fmt: skip
    connection = lake([one, two], mentions)
    assert resolve_entity(connection, "TIGIT") == "HGNC:26838"
    assert resolve_entity(connection, "ab-123") == "drug:zzaimab"
    assert resolve_entity(connection, "CAR-T") == "modality:car-t"
    assert resolve_entity(connection, "HGNC:5") == "HGNC:5"
    with pytest.raises(InputError, match="'aim' means 2 entities"):
        resolve_entity(connection, "aim")
    with pytest.raises(UnknownNameError, match="nothing in the lake"):
        resolve_entity(connection, "absent")


def test_bundled_names_come_first() -> None:
    one = trial(1)
    connection = lake([one], [mention(one, "modality:car-t", text="car t")])
    assert name_entities(connection, ["modality:car-t", "HGNC:26838", "drug:afatinib"]) == {
        "modality:car-t": "CAR-T cell", "HGNC:26838": "TIGIT", "drug:afatinib": "afatinib",
    }  # fmt: skip
    names = {
        "CAR-T cell": "modality:car-t",
        "HER2": "HGNC:3430",
        "Gilotrif": "drug:afatinib",
        "AFATINIB": "drug:afatinib",
    }
    for name, found in names.items():
        assert resolve_entity(connection, name) == found


def test_entities_of_focus_areas_are_those_of_the_vocabularies() -> None:
    known = {one.entity_id: one.name for name in ("modalities", "concepts") for one in load_vocabulary(name)}
    terms = [term for area in list_focus_areas() for term in (*area.entities, *area.watch)]
    checked = [term for term in terms if term.id.startswith(("modality:", "concept:"))]
    assert len(checked) > 40
    assert [term for term in checked if known.get(term.id) != term.name] == []
