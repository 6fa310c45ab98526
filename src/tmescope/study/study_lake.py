"""The lake that a study asks, as far as the study may know it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from tmescope.foundation.errors import InputError
from tmescope.foundation.result import RunWarning
from tmescope.horizon.kept_index import open_index
from tmescope.horizon.mention_index import MentionIndex, index_mentions
from tmescope.store.lake import Lake, open_lake
from tmescope.store.lake_checks import count_dictionaries, count_untagged, refuse_untagged

if TYPE_CHECKING:
    from tmescope.store.lake import Connection
    from tmescope.study.schema import Study
    from tmescope.study.schema_horizon import HorizonPart

__all__ = ["StudyLake", "horizon_of", "open_study_lake"]


@dataclass(frozen=True)
class StudyLake:
    """A lake, and what of it counts.

    Parameters
    ----------
    lake : Lake
        All that is known.
    horizon : HorizonPart
        Whose ``as_of`` says up to which day.
    """

    lake: Lake
    horizon: HorizonPart

    @property
    def state(self) -> list[str | None]:
        """What decides every answer: versions, the dictionary that found mentions in them, and the day."""
        return [self.lake.layout.tagged_state, self.lake.layout.dictionary, self.horizon.as_of]

    @property
    def warnings(self) -> list[RunWarning]:
        """What a reader must know of how far the lake was looked through."""
        n_documents, n_files = count_untagged(self.lake)
        if not n_documents:
            return []
        what = f"{n_documents:,} of the documents, in {n_files:,} of the files, are not tagged yet and not counted"
        others = count_dictionaries(self.lake) - 1
        if others:
            which = "dictionary was" if others == 1 else "dictionaries were"
            found = "it" if others == 1 else "they"
            what += f"; {others} other {which} looked for in the lake, and what {found} found is not shown"
        return [RunWarning("horizon.untagged", what, "lake", n_documents)]

    @cached_property
    def connection(self) -> Connection:
        """The views of what counts; the lake closes it."""
        day = self.horizon.last_day
        return self.lake.connect() if day is None else self.lake.as_of(day)

    @cached_property
    def index(self) -> MentionIndex:
        """Its mentions as numbers, made once for all questions."""
        return open_index(self.lake) if self.horizon.last_day is None else index_mentions(self.connection)


def horizon_of(study: Study) -> HorizonPart:
    """Return what a study asks a lake.

    Parameters
    ----------
    study : Study
        Of kind horizon.

    Raises
    ------
    InputError
        If it is of another kind.
    """
    if study.horizon is None:
        raise InputError("the study asks no lake", expected='kind = "horizon"')
    return study.horizon


def open_study_lake(study: Study, *, threads: int = 1) -> StudyLake:
    """Open the lake of a study.

    Parameters
    ----------
    study : Study
        Of kind horizon.
    threads : int
        Of queries.

    Raises
    ------
    InputError
        If nothing of it was ever tagged.
    TmescopeError
        If there is none, or it is damaged.
    """
    horizon = horizon_of(study)
    lake = open_lake(study.resolve(horizon.lake), threads=threads)
    refuse_untagged(lake)
    return StudyLake(lake, horizon)
