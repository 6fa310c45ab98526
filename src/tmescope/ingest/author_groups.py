"""One key for the group that a paper comes from: its last author, spelled alike wherever the paper was read."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

__all__ = ["group_key"]

_REMEMBERED = 1 << 14
_LONGEST = 200


def group_key(last_name: str | None, given: str | None = None, collective: str | None = None) -> str | None:
    """Return a key that is the same for papers of one last author.

    Parameters
    ----------
    last_name : str, optional
        Family name of the last author that is a person.
    given : str, optional
        Given names or initials; only their first letter counts, since sources shorten them as they like.
    collective : str, optional
        Name of a group of authors, used where no person is named.

    Returns
    -------
    str or None
        ``"khader s"``: family name without accents, signs and capitals, and the first initial. None without a name.

    Notes
    -----
    Two people of one name and initial share a key, so that groups are counted rather too few than too many.
    """
    return _key((last_name or "")[:_LONGEST], (given or "")[:_LONGEST], (collective or "")[:_LONGEST])


@lru_cache(maxsize=_REMEMBERED)
def _key(last_name: str, given: str, collective: str) -> str | None:
    family = _plain(last_name)
    return f"{family} {_plain(given)[:1]}".rstrip() if family else _plain(collective) or None


def _plain(name: str) -> str:
    if not name.isascii():
        name = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return " ".join("".join(c if c.isalnum() else " " for c in name.casefold()).split())
