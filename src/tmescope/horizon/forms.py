"""Forms: the ways in which the name of an entity is written, and how far each can be trusted alone."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

__all__ = ["ALWAYS", "KNOWN", "SHIELD", "SURE", "UNSURE", "Form", "day_number", "day_of"]

SURE, UNSURE, SHIELD = 0, 1, 2
"""Trust: a form that stands for itself, one that needs evidence from the text, and one that only keeps others away."""

KNOWN = None
"""Day from which a form was known, where the source says none: it is taken for always known."""


ALWAYS = -(1 << 31)
"""Stands for `KNOWN` where days are numbers."""

_EPOCH = dt.date(1970, 1, 1)


def day_number(day: dt.date | None) -> int:
    """Return a day as days since 1970, `ALWAYS` for None."""
    return ALWAYS if day is None else (day - _EPOCH).days


def day_of(number: int) -> dt.date | None:
    """Return the day of a number of `day_number`."""
    return None if number == ALWAYS else _EPOCH + dt.timedelta(days=number)


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write the name of an entity.

    Parameters
    ----------
    text : str
        As it is written.
    entity_id : str
        Such as ``HGNC:2200``; empty for a shield.
    entity_type : str
        See `tmescope.store.lake_schemas.mention_schema`.
    rank : int
        Of entities that share a form, that of the lowest rank has it; where two have the same, nobody has.
    strict : bool
        Whether the capitals must be as in `text`.
    trust : int
        `SURE`, `UNSURE` or `SHIELD`.
    is_short : bool
        Whether it may be an abbreviation of something else.
    known_since : date, optional
        Day from which the form is known to mean the entity; None: always.
    """

    text: str
    entity_id: str
    entity_type: str
    rank: int = 0
    strict: bool = False
    trust: int = SURE
    is_short: bool = False
    known_since: dt.date | None = KNOWN
