"""What a trial studies, from its own fields: drugs, kinds of therapy, diseases, who leads it and where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from tmescope.facts.horizon_terms import load_vocabulary
from tmescope.horizon.automaton import find
from tmescope.horizon.evidence import FORM, TEXT, Texts, accept
from tmescope.horizon.evidence_days import find_days
from tmescope.horizon.forms import day_of
from tmescope.horizon.interventions import NO_SUBSTANCE, find_given
from tmescope.horizon.sponsor_names import sponsor_id

if TYPE_CHECKING:
    import pyarrow as pa

    from tmescope.horizon.dictionary import Dictionary
    from tmescope.horizon.forms import Form
    from tmescope.horizon.mentions import Mentions

__all__ = ["trial_mentions"]


def trial_mentions(trials: pa.Table, dictionary: Dictionary, found: Mentions) -> None:
    """Add what trials name in their fields.

    Parameters
    ----------
    trials : pyarrow.Table
        By `tmescope.store.lake_schemas.trial_schema`; columns that are not there are passed over.
    dictionary : Dictionary
        For kinds of therapy and diseases.
    found : Mentions
        Added to. Parts are ``intervention``, ``condition``, ``sponsor`` and ``country``.

    Notes
    -----
    Drugs come from the interventions (`tmescope.horizon.interventions.find_given`), never from the MeSH terms that the
    registry echoes; devices and behaviour are no drugs and no genes. Conditions come from MeSH where the record has it,
    and from the dictionary where it has not. A heading that no disease of the dictionary refers to is an entity of its
    own, ``mesh:D000123``.
    """
    for row in trials.to_pylist():
        interventions = row.get("interventions") or []
        _add_interventions(row["doc_id"], interventions, dictionary, found=found)
        _add_conditions(row, dictionary, found)
        _add_sponsor(row, found)
        for country in row.get("countries") or []:
            code = _countries().get(country)
            if code:
                found.add_one(row["doc_id"], code, "country", text=country, entity_type="country")


def _add_interventions(
    doc_id: str, interventions: Sequence[Mapping[str, Any]], dictionary: Dictionary, *, found: Mentions
) -> None:
    taken = [one for one in interventions if one.get("type") not in NO_SUBSTANCE]
    names = [one["name"] or "" for one in taken]
    for given in chain.from_iterable(find_given(taken, as_of=dictionary.day)):
        found.add_one(doc_id, given.drug, "intervention", text=given.text, known_since=given.known_since)
    for form, text in _looked_up([one["name"] or "" for one in interventions], dictionary):
        if form.entity_type != "drug" and (form.entity_type != "gene" or text in names):
            kind, since = form.entity_type, form.known_since
            found.add_one(doc_id, form.entity_id, "intervention", text=text, entity_type=kind, known_since=since)


def _add_conditions(row: Mapping[str, Any], dictionary: Dictionary, found: Mentions) -> None:
    headings = row.get("condition_mesh") or []
    for heading in headings:
        entity = dictionary.mesh.get(heading["id"], f"mesh:{heading['id']}")
        since = dictionary.first_day(entity)
        found.add_one(
            row["doc_id"], entity, "condition", text=heading["term"], entity_type="disease", known_since=since
        )
    if not headings:
        for form, text in _looked_up(row.get("conditions") or [], dictionary):
            if form.entity_type == "disease":
                since = form.known_since
                found.add_one(
                    row["doc_id"], form.entity_id, "condition", text=text, entity_type="disease", known_since=since
                )


def _add_sponsor(row: Mapping[str, Any], found: Mentions) -> None:
    sponsor = row.get("sponsor") or {}
    if sponsor.get("name"):
        found.add_one(
            row["doc_id"], sponsor_id(sponsor["name"]), "sponsor", text=sponsor["name"], entity_type="sponsor"
        )
    kind = _classes().get(sponsor.get("class") or "")
    if kind:
        found.add_one(row["doc_id"], kind, "sponsor", text=sponsor["class"], entity_type="sponsor")


def _looked_up(names: Sequence[str], dictionary: Dictionary) -> Iterator[tuple[Form, str]]:
    """Yield forms of the dictionary in short texts, and the texts."""
    encoded = [name.encode() for name in names]
    ends = np.cumsum([0, *map(len, encoded)]).astype(np.int64)
    texts = Texts(np.frombuffer(b"".join(encoded), dtype=np.uint8), ends)
    rows = find(dictionary.automaton, texts.data, texts.ends)
    accepted = accept(rows, texts, dictionary)
    days = find_days(rows, accepted, texts, dictionary=dictionary)
    for row, day in zip(rows[accepted].tolist(), days.tolist(), strict=True):
        yield replace(dictionary.forms[row[FORM]], known_since=day_of(day)), names[row[TEXT]]


@cache
def _countries() -> Mapping[str, str]:
    return {term: one.entity_id for one in load_vocabulary("countries") for term in one.terms}


@cache
def _classes() -> Mapping[str, str]:
    named = (one for one in load_vocabulary("sponsors") if one.entity_id.startswith("sponsor-class:"))
    return {term: one.entity_id for one in named for term in one.terms}
