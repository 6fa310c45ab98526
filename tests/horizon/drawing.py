"""Interventions of real trials drawn at random for labels made by hand: the same seed draws the same ones."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

#: At most so many interventions of one study, so that no study weighs much.
PER_STUDY = 2


def draw(
    studies: Iterable[Mapping[str, Any]],
    *,
    seed: int,
    number: int,
    without: Collection[tuple[str, int]] = (),
) -> list[tuple[str, int]]:
    """(NCT id, place among the study's interventions from 1) of interventions drawn at random, sorted.

    Every intervention of every study takes part, whatever its type. The order of the draw is that of the
    SHA-256 of "seed:NCT id:place", which does not depend on a version of Python or on the order of files.
    """
    pool = {
        (study["identificationModule"]["nctId"], place)
        for study in (record["protocolSection"] for record in studies)
        for place, _ in enumerate(study.get("armsInterventionsModule", {}).get("interventions", []), 1)
    }
    drawn: list[tuple[str, int]] = []
    of_study: Counter[str] = Counter()
    for nct, place in sorted(pool - set(without), key=lambda one: _lot(seed, *one)):
        if of_study[nct] < PER_STUDY and len(drawn) < number:
            of_study[nct] += 1
            drawn.append((nct, place))
    return sorted(drawn)


def _lot(seed: int, nct: str, place: int) -> str:
    return hashlib.sha256(f"{seed}:{nct}:{place}".encode()).hexdigest()
