"""What a watch looks for: entities, words, and how much of it is told."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tmescope.foundation.errors import InputError, StoreError, examples

__all__ = ["PAPERS", "Watch", "read_watch"]

PAPERS = ("first", "all")
"""Whether the first paper of each entity is told, or every paper that is new."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_ENTITY = re.compile(r"[A-Za-z][A-Za-z0-9]*:[^\s:;|]{1,200}")
_MOST = 200
_LONGEST = 500


@dataclass(frozen=True)
class Watch:
    """One watch.

    Parameters
    ----------
    name : str
        Of small letters, digits and hyphens; also the name of its file.
    entities : tuple of str
        Identifiers; a document that names any of them is looked at.
    query : str
        Words that title and abstract must all hold, phrases in double quotes, a star at the end of a word that may go
        on; empty for none. A document that fits is looked at, too.
    together : bool
        A document must name all entities, not any.
    papers : str
        One of `PAPERS`.

    Raises
    ------
    InputError
        A name, an identifier or the words are not of their form, or nothing is watched.
    """

    name: str
    entities: tuple[str, ...] = ()
    query: str = ""
    together: bool = False
    papers: str = "first"

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise InputError(
                f"{self.name!r} cannot be the name of a watch", where="name", expected="small letters, digits, hyphens"
            )
        strange = [one for one in self.entities if not _ENTITY.fullmatch(one)]
        if strange or len(self.entities) > _MOST or len(set(self.entities)) < len(self.entities):
            what = f"no identifiers: {examples(strange)}" if strange else f"{len(self.entities)} entities"
            raise InputError(what, where=f"watch {self.name}", expected=f"up to {_MOST} different ones: HGNC:26838")
        if not self.entities and not self.words:
            raise InputError("nothing is watched", where=f"watch {self.name}", expected="an entity or words")
        if self.papers not in PAPERS:
            raise InputError(f"papers = {self.papers!r}", where=f"watch {self.name}", expected=" or ".join(PAPERS))

    @property
    def words(self) -> tuple[str, ...]:
        """The words and phrases of the query."""
        if len(self.query) > _LONGEST:
            raise InputError(
                f"a query of {len(self.query)} characters", where=f"watch {self.name}", expected=f"up to {_LONGEST}"
            )
        lexer = shlex.shlex(self.query, posix=True)
        lexer.whitespace_split, lexer.quotes, lexer.escape, lexer.commenters = True, '"', "", ""
        try:
            words = tuple(lexer)
        except ValueError as error:
            raise InputError(
                f"a quote is not closed: {self.query!r}", where=f"watch {self.name}, query", expected='"a phrase"'
            ) from error
        wrong = [word for word in words if not any(map(str.isalnum, word)) or "*" in word.rstrip("*")]
        if wrong:
            raise InputError(
                f"no words: {examples(wrong)}", where=f"watch {self.name}, query", expected="a star at the end at most"
            )
        return words

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON knows it."""
        return {**asdict(self), "entities": list(self.entities)}


def read_watch(record: Mapping[str, Any], *, where: str) -> Watch:
    """Return a watch that was written by `Watch.as_record`.

    Parameters
    ----------
    record : mapping
        As read.
    where : str
        File, for the message.

    Raises
    ------
    StoreError
        It is none.
    """
    kinds = {"name": str, "entities": list, "query": str, "together": bool, "papers": str}
    try:
        if set(record) == set(kinds) and all(isinstance(record[key], kind) for key, kind in kinds.items()):
            return Watch(**{**record, "entities": tuple(map(str, record["entities"]))})
        wrong = "keys or types are not those of a watch"
    except InputError as error:
        wrong = error.what
    raise StoreError(f"the watch cannot be read: {wrong}", where=where, next_step="remove it and add it again")
