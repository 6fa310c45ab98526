"""Parts of a JSON record by their names, each of the type that it must have; what is absent or null is missing."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from tmescope.foundation.errors import FileFormatError, examples

__all__ = ["Fields", "PartialDate", "clean", "parse_date"]

_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(?:[T ][0-9:.Z+-]*)?", re.ASCII)
_PRECISIONS = ("year", "month", "day")
_KINDS: dict[type, str] = {dict: "an object", list: "a list"}
_NO_CHARACTERS = re.compile("[\ud800-\udfff\0]")


@dataclass(frozen=True)
class PartialDate:
    """A date as precise as its source gives it.

    Parameters
    ----------
    day : datetime.date
        The first day of the month or year where no more is given.
    precision : {'day', 'month', 'year'}
        What is given.
    """

    day: dt.date
    precision: str


def parse_date(text: str) -> PartialDate | None:
    """Parse ``2024-05-17``, ``2024-05`` or ``2024``, with or without a time of day behind it.

    Parameters
    ----------
    text : str
        What the source says.

    Returns
    -------
    PartialDate or None
        None where it is no date.
    """
    found = _DATE.fullmatch(text.strip())
    if found is None:
        return None
    given = [int(part) for part in found.groups() if part]
    try:
        day = dt.date(*[*given, 1, 1][:3])
    except ValueError:
        return None
    return PartialDate(day, _PRECISIONS[len(given) - 1])


def clean(text: str) -> str:
    """Return text that every store can hold: halves of surrogate pairs and NUL become the replacement character.

    Parameters
    ----------
    text : str
        From JSON.
    """
    return _NO_CHARACTERS.sub("�", text)


@dataclass(frozen=True)
class Fields:
    """An object of JSON and where it stands.

    Parameters
    ----------
    value : dict
        Of `tmescope.ingest.json_items.parse_json`.
    where : str
        File and record, for messages.
    path : str
        Names on the way to it, with dots.

    Raises
    ------
    FileFormatError
        By every method: the part is there and of another type.
    """

    value: dict[str, Any]
    where: str
    path: str = ""

    def text(self, path: str) -> str | None:
        """Return a text, None where it is missing or empty.

        Parameters
        ----------
        path : str
            Names with dots between them.
        """
        found = self._find(path, str, "a text")
        return clean(found) or None if found is not None else None

    def texts(self, path: str) -> list[str] | None:
        """Return a list of texts without its nulls, None where it is missing.

        Parameters
        ----------
        path : str
            Names with dots between them.
        """
        found = self._find(path, list, "a list of texts")
        if found is None:
            return None
        for one in found:
            if not isinstance(one, str | None):
                raise self.wrong(path, one, "a list of texts")
        return [clean(one) for one in found if one is not None]

    def count(self, path: str) -> int | None:
        """Return a whole number, None where it is missing.

        Parameters
        ----------
        path : str
            Names with dots between them.
        """
        found: int | None = self._find(path, int, "a whole number")
        if isinstance(found, bool) or (found is not None and abs(found) >= 1 << 63):
            raise self.wrong(path, found, "a whole number of at most 63 bits")
        return found

    def flag(self, path: str) -> bool | None:
        """Return true or false, None where it is missing.

        Parameters
        ----------
        path : str
            Names with dots between them.
        """
        found: bool | None = self._find(path, bool, "true or false")
        return found

    def date(self, path: str) -> PartialDate | None:
        """Return a date, None where it is missing.

        Parameters
        ----------
        path : str
            Names with dots between them.
        """
        said = self.text(path)
        if said is None:
            return None
        found = parse_date(said)
        if found is None:
            raise self.wrong(path, said, "a date such as 2024-05-17, 2024-05 or 2024")
        return found

    def part(self, path: str) -> Fields | None:
        """Return an object, None where it is missing.

        Parameters
        ----------
        path : str
            Names with dots between them.
        """
        found = self._find(path, dict, "an object")
        return None if found is None else Fields(found, self.where, self._full(path))

    def parts(self, path: str) -> list[Fields] | None:
        """Return a list of objects without its nulls, None where it is missing.

        Parameters
        ----------
        path : str
            Names with dots between them.
        """
        found = self._find(path, list, "a list of objects")
        if found is None:
            return None
        for one in found:
            if not isinstance(one, dict | None):
                raise self.wrong(path, one, "a list of objects")
        return [Fields(one, self.where, self._full(path)) for one in found if one is not None]

    def wrong(self, path: str, found: object, expected: str) -> FileFormatError:
        """Return the error for a part that does not hold what it should.

        Parameters
        ----------
        path : str
            Names with dots between them.
        found : object
            What it holds.
        expected : str
            What it should hold.
        """
        said = examples([found]) if isinstance(found, str | int | float) else _KINDS.get(type(found), "something else")
        return FileFormatError(
            f"{self._full(path)} " + ("is missing" if found is None else f"holds {said}"),
            where=self.where,
            expected=expected,
            next_step="get the file again from its source; what it changed in its format is not known here",
        )

    def _find(self, path: str, kind: type, expected: str) -> Any:
        value: Any = self.value
        for name in path.split("."):
            if value is None:
                return None
            if not isinstance(value, dict):
                raise self.wrong(path, value, f"an object with {name!r}")
            value = value.get(name)
        if value is not None and not isinstance(value, kind):
            raise self.wrong(path, value, expected)
        return value

    def _full(self, path: str) -> str:
        return f"{self.path}.{path}" if self.path else path
