"""A dictionary: the forms of all entities, settled where they collide, with the automaton that finds them."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from tmescope.horizon.automaton import Automaton, build_automaton
from tmescope.horizon.folding import fold
from tmescope.horizon.forms import SHIELD, SURE, Form, day_number
from tmescope.horizon.gene_forms import FORMER, SPELT, SYMBOL

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Dictionary", "settle_forms"]

_TYPE_ORDER = ("", "drug", "gene", "disease", "modality", "concept", "sponsor", "country")
"""Of types that share a form, which has it: shields first."""
_SYMBOLS = {SYMBOL, SPELT}
_TINY = 2  # letters and digits of the name of a drug
_ROWS = 7  # of how mentions are made and written: lakes that were tagged otherwise are tagged again


@dataclass(frozen=True)
class Dictionary:
    """Forms that are looked for in texts.

    Parameters
    ----------
    forms : tuple of Form
        Each means one entity.
    names : mapping of str to str
        Entity to its name as people read it.
    words : mapping of str to tuple of str
        Entity to names by which a long form is known to be its.
    mesh : mapping of str to str
        Identifier of MeSH, such as ``D008545``, to the entity of a disease.
    day : date, optional
        Day of which the dictionary is; None for all that is known.
    """

    forms: tuple[Form, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    mesh: Mapping[str, str] = field(default_factory=dict)
    day: dt.date | None = None

    @cached_property
    def digest(self) -> str:
        """Sha256 of forms and names: mentions made with the same dictionary are the same."""
        text = hashlib.sha256(f"rows {_ROWS}".encode())
        for form in self.forms:
            text.update(repr(form).encode())
        text.update(repr(sorted(self.names.items())).encode())
        text.update(repr((sorted(self.words.items()), sorted(self.mesh.items()), self.day)).encode())
        return text.hexdigest()

    @cached_property
    def automaton(self) -> Automaton:
        """The automaton of all forms; built when it is first asked for."""
        return build_automaton([form.text for form in self.forms], [form.strict for form in self.forms])

    @cached_property
    def entities(self) -> tuple[str, ...]:
        """Identifiers of all entities, sorted."""
        return tuple(sorted({form.entity_id for form in self.forms}))

    @cached_property
    def entity_of(self) -> NDArray[np.int64]:
        """For each form, the place of its entity in `entities`."""
        place = {entity: i for i, entity in enumerate(self.entities)}
        return np.array([place[form.entity_id] for form in self.forms], dtype=np.int64)

    @cached_property
    def types(self) -> tuple[str, ...]:
        """Types of `entities`."""
        found = {form.entity_id: form.entity_type for form in self.forms}
        return tuple(found[entity] for entity in self.entities)

    @cached_property
    def trust(self) -> NDArray[np.int8]:
        """For each form, its trust."""
        return np.array([form.trust for form in self.forms], dtype=np.int8)

    @cached_property
    def since(self) -> NDArray[np.int32]:
        """For each form, the day from which it is known, as `tmescope.horizon.forms.day_number`."""
        return np.array([day_number(form.known_since) for form in self.forms], dtype=np.int32)

    @cached_property
    def is_short(self) -> NDArray[np.bool_]:
        """For each form, whether it may be an abbreviation."""
        return np.array([form.is_short for form in self.forms], dtype=np.bool_)

    def _genes(self, holds: Callable[[Form], bool]) -> NDArray[np.bool_]:
        return np.array([form.entity_type == "gene" and holds(form) for form in self.forms], dtype=np.bool_)

    @cached_property
    def is_loose(self) -> NDArray[np.bool_]:
        """For each form, whether it is a gene's symbol whose capitals are free, and has some."""
        return self._genes(lambda f: f.is_short and not f.strict and " " not in f.text and not f.text.islower())

    @cached_property
    def is_word(self) -> NDArray[np.bool_]:
        """For each form, whether it is a gene's name of one word, such as *insulin*."""
        return self._genes(lambda f: not f.is_short and " " not in f.text)

    @cached_property
    def has_number(self) -> NDArray[np.bool_]:
        """For each form, whether it is a gene's symbol with a digit, or other short name, that stands for itself."""
        return self._genes(lambda f: f.is_short and f.trust == SURE and _has_digit(f.text))

    @cached_property
    def may_stand_by_words(self) -> NDArray[np.bool_]:
        """For each form, whether words beside may show that it is a gene: a symbol, or a former one with a digit."""
        return self._genes(lambda f: f.rank in _SYMBOLS or (f.rank == FORMER and _has_digit(f.text)))

    @cached_property
    def tiny_drugs(self) -> NDArray[np.int64]:
        """Forms of drugs of one letter and one digit, such as S-1, that are a drug only where written so."""
        return np.array(
            [i for i, f in enumerate(self.forms) if f.entity_type == "drug" and sum(map(str.isalnum, f.text)) <= _TINY],
            dtype=np.int64,
        )

    @cached_property
    def _first_days(self) -> Mapping[str, dt.date | None]:
        found: dict[str, dt.date | None] = {}
        for form in self.forms:
            day = found.setdefault(form.entity_id, form.known_since)
            if day is not None and (form.known_since is None or form.known_since < day):
                found[form.entity_id] = form.known_since
        return found

    def first_day(self, entity: str) -> dt.date | None:
        """Return the day from which an entity has a name; None for one that always had, or that is not here."""
        return self._first_days.get(entity)

    def as_of(self, day: dt.date) -> Dictionary:
        """Return the dictionary of those forms that were known on a day.

        Parameters
        ----------
        day : date
            A form is left out where its source says that it is younger; one without a day was always known.
        """
        known = tuple(f for f in self.forms if f.known_since is None or f.known_since <= day)
        there = {f.entity_id for f in known}
        names = {entity: name for entity, name in self.names.items() if entity in there}
        words = {entity: own for entity, own in self.words.items() if entity in there}
        mesh = {heading: entity for heading, entity in self.mesh.items() if entity in there}
        return Dictionary(known, names, words, mesh, day)


def settle_forms(forms: Iterable[Form]) -> tuple[Form, ...]:
    """Give each form that several entities claim to one of them, or to none.

    Parameters
    ----------
    forms : iterable of Form
        Of all entities.

    Returns
    -------
    tuple of Form
        In the order given, each once. Of entities of one type, that of the lowest rank keeps the form; where several
        have that rank, none does. Of several types: shields, drugs, genes, diseases, modalities, concepts, sponsors,
        countries. Strict forms with other capitals do not collide.
    """
    given = list(dict.fromkeys(forms))
    claims: dict[bytes, list[int]] = defaultdict(list)
    folded = fold([form.text for form in given])
    for i, (codes, _) in enumerate(folded):
        if codes:
            claims[codes].append(i)
    kept: list[int] = []
    for rivals in claims.values():
        kept += rivals if len(rivals) == 1 else _settle(rivals, given, [folded[i][1] for i in rivals])
    return tuple(given[i] for i in sorted(kept))


def _settle(rivals: Sequence[int], forms: Sequence[Form], bits: Sequence[int]) -> list[int]:
    best_type = min(_TYPE_ORDER.index(forms[i].entity_type) for i in rivals)
    rank: dict[str, int] = {}
    for i in rivals:
        form = forms[i]
        if _TYPE_ORDER.index(form.entity_type) == best_type:
            rank[form.entity_id] = min(rank.get(form.entity_id, form.rank), form.rank)
    lowest = min(rank.values())
    owners = [entity for entity, value in rank.items() if value == lowest]
    if len(owners) > 1 and forms[rivals[0]].trust != SHIELD:
        return []
    found: dict[tuple[bool, int], int] = {}
    for i, capitals in zip(rivals, bits, strict=True):
        if forms[i].entity_id == owners[0]:
            key = (forms[i].strict, capitals if forms[i].strict else 0)
            held = found.setdefault(key, i)
            if _order(forms[i]) < _order(forms[held]):
                found[key] = i
    return list(found.values())


def _has_digit(text: str) -> bool:
    return any(c.isdigit() for c in text)


def _order(form: Form) -> tuple[int, int, dt.date]:
    return form.trust, form.rank, form.known_since or dt.date.min
