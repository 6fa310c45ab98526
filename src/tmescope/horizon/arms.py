"""What stands beside an entity in one arm of a trial: combinations, not comparisons."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tmescope.horizon.interventions import find_given
from tmescope.horizon.subjects import Subject, SubjectTrial

if TYPE_CHECKING:
    from datetime import date

    import duckdb

__all__ = ["ArmPartners", "find_partners"]

_KIND = re.compile(r"^[A-Za-z_ ]{1,40}: ")
_WORD = re.compile(r"\w")
_PARTNERS = ("drug", "gene", "modality")


@dataclass(frozen=True)
class ArmPartners:
    """One partner of the subject.

    Parameters
    ----------
    partner : str
        Its identifier, or the name of the intervention as the registry has it where no entity is known in it.
    known : bool
        Whether it is an identifier.
    arms : mapping of str to str
        By trial, the label of the first arm in which both stand.
    """

    partner: str
    known: bool
    arms: Mapping[str, str]


def find_partners(
    connection: duckdb.DuckDBPyConnection,
    subject: Subject,
    trials: Sequence[SubjectTrial],
    *,
    as_of: date | None = None,
) -> list[ArmPartners]:
    """Return what the arms of trials give beside all entities of a subject.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        With the view mentions.
    subject : Subject
        Each of its entities must be named in an intervention of the same arm.
    trials : sequence of SubjectTrial
        Its trials.
    as_of : datetime.date, optional
        Names of drugs that were made later are not used.

    Returns
    -------
    list of ArmPartners
        Most trials first. A subject of several entities that no arm unites has none; one that stands alone in an arm
        gives no row.

    Notes
    -----
    Placebo and sham interventions are no partners. Entities of an intervention are its drugs
    (`tmescope.horizon.interventions.find_given`, named only), and genes, drugs and modalities whose mention in the
    record is written in its name or one of its other names.
    """
    mentioned = _mentions(connection, [one.doc_id for one in trials])
    found: dict[tuple[str, bool], dict[str, str]] = defaultdict(dict)
    for one in trials:
        for label, members in _arms(one, mentioned.get(one.doc_id, []), as_of):
            for partner in _beside(subject, members):
                found[partner].setdefault(one.doc_id, label)
    ordered = sorted(found.items(), key=lambda item: (-len(item[1]), not item[0][1], item[0][0]))
    return [ArmPartners(partner, known, arms) for (partner, known), arms in ordered]


def _mentions(connection: duckdb.DuckDBPyConnection, doc_ids: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    rows = connection.execute(
        "SELECT DISTINCT doc_id, entity_id, text FROM mentions WHERE doc_id IN (SELECT unnest(?)) AND text IS NOT NULL "
        "AND entity_type IN (SELECT unnest(?)) ORDER BY doc_id, entity_id, text",
        [list(doc_ids), list(_PARTNERS)],
    ).fetchall()
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for doc_id, entity_id, text in rows:
        found[doc_id].append((entity_id, text))
    return found


def _arms(
    one: SubjectTrial, mentions: Sequence[tuple[str, str]], as_of: date | None
) -> Iterable[tuple[str, dict[str, frozenset[str]]]]:
    """Yield each arm's label and, by intervention, the entities that it names."""
    given = [i for i in one.fields["interventions"] or () if i and i["name"]]
    drugs = _drugs(given, as_of)
    named = {_fold(i["name"]): _entities(i, mentions).union(d) for i, d in zip(given, drugs, strict=True)}
    for arm in one.fields["arms"] or ():
        members = {_KIND.sub("", name, count=1): name for name in (arm or {}).get("interventions") or () if name}
        found = {}
        for bare, full in members.items():
            entities = named.get(_fold(bare), named.get(_fold(full)))
            if entities is None:
                entities = _entities({"name": full}, mentions).union(*_drugs([{"name": bare}], as_of))
            found[bare] = entities
        yield (arm or {}).get("label") or "", found


def _drugs(interventions: Sequence[Mapping[str, Any]], as_of: date | None) -> list[list[str]]:
    return [[one.drug for one in found] for found in find_given(interventions, named_only=True, as_of=as_of)]


def _entities(intervention: Mapping[str, Any], mentions: Sequence[tuple[str, str]]) -> frozenset[str]:
    texts = [_fold(text) for text in (intervention["name"], *(intervention.get("other_names") or ())) if text]
    return frozenset(entity for entity, text in mentions if any(_is_in(_fold(text), one) for one in texts))


def _fold(text: str) -> str:
    return " ".join(text.casefold().split())


def _is_in(word: str, text: str) -> bool:
    start = text.find(word) if word else -1
    while start >= 0:
        around = text[start - 1 : start] + text[start + len(word) : start + len(word) + 1]
        if not _WORD.search(around):
            return True
        start = text.find(word, start + 1)
    return False


def _beside(subject: Subject, members: Mapping[str, frozenset[str]]) -> list[tuple[str, bool]]:
    """Return the partners in an arm, with whether each is an identifier; nothing where an entity is not in it."""
    own = {one for entity in subject.entities for one in subject.ids_of(entity)}
    in_arm = frozenset().union(*members.values())
    if not all(in_arm.intersection(subject.ids_of(entity)) for entity in subject.entities):
        return []
    found: dict[tuple[str, bool], None] = {}
    for name, entities in members.items():
        if entities & own or _is_dummy(name):
            continue
        for entity in sorted(entities) or [name]:
            found[entity, entity in entities] = None
    if len(subject.entities) > 1:  # that the entities stand together is itself the answer
        found[subject.key, False] = None
    return list(found)


def _is_dummy(name: str) -> bool:
    folded = _fold(name)
    return "placebo" in folded or "sham" in folded.split()
