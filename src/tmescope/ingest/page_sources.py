"""How Europe PMC and ClinicalTrials.gov are asked page by page: addresses, tokens, and what an answer holds."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlencode

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.fetched_pages import Place, Wanted
from tmescope.ingest.json_fields import Fields
from tmescope.ingest.json_items import parse_json

__all__ = ["Answer", "EuropePmcPages", "PageSource", "Service", "TrialPages", "read_object"]

_TRIALS = "https://clinicaltrials.gov/api/v2"
_EUROPE_PMC = "https://www.ebi.ac.uk/europepmc/webservices/rest"


@dataclass(frozen=True)
class Service:
    """Where a source is, and how much of it is asked for at a time.

    Parameters
    ----------
    address : str
        Without the part that depends on the question; empty for the source's own.
    page_size : int
        Records a page; 0 for what suits the source.
    api_key : str or None
        Of an account; it is sent, and neither written nor shown.
    """

    address: str = ""
    page_size: int = 0
    api_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Answer:
    """What an answer holds.

    Parameters
    ----------
    ids : tuple of str
        Its records; empty for an answer that only says where they are.
    total : int or None
        How many there are in all.
    following : dict or None
        Where to ask next.
    is_page : bool
        Whether it holds records that shall be kept.
    notices : tuple of str
        What the source says about the question, such as words that it does not know and leaves out.
    """

    ids: tuple[str, ...] = ()
    total: int | None = None
    following: Place | None = None
    is_page: bool = True
    notices: tuple[str, ...] = ()


class PageSource(Protocol):
    """A source that is asked page by page."""

    @property
    def suffix(self) -> str:
        """Return the end of the names of its pages."""

    @property
    def interval(self) -> float:
        """Return the seconds between two questions."""

    def begin(self, wanted: Wanted, today: dt.date) -> Place:
        """Return where to ask first.

        Parameters
        ----------
        wanted : Wanted
            The question.
        today : datetime.date
            Its last day where it names none.
        """

    def address(self, wanted: Wanted, place: Place) -> str:
        """Return the address of a place.

        Parameters
        ----------
        wanted : Wanted
            The question.
        place : dict
            From `begin` or an answer.
        """

    def read(self, place: Place, data: bytes, *, where: str) -> Answer:
        """Return what an answer holds; a `FileFormatError` where it is none.

        Parameters
        ----------
        place : dict
            Where it was asked for.
        data : bytes
            What came.
        where : str
            The address without secrets, for messages.
        """

    def instead(self, place: Place) -> Place | None:
        """Return where to ask instead of a place that the server no longer knows; None where nothing else helps.

        Parameters
        ----------
        place : dict
            What it refused.
        """


def read_object(data: bytes, where: str) -> Fields:
    """Return an answer as an object of JSON.

    Parameters
    ----------
    data : bytes
        What came.
    where : str
        The address without secrets, for messages.

    Raises
    ------
    FileFormatError
        It is none.
    """
    found = parse_json(data, where=where)
    if not isinstance(found, dict):
        raise FileFormatError("the answer is no object of JSON", where=where, expected="an answer of this source")
    return Fields(found, where)


@dataclass(frozen=True)
class _JsonPages:
    """What sources have in common that answer in JSON and lead on by a token.

    Parameters
    ----------
    service : Service
        Where it is.
    """

    service: Service = field(default_factory=Service)

    @property
    def suffix(self) -> str:
        """Return the end of the names of its pages."""
        return ".json"

    def instead(self, place: Place) -> Place | None:
        """Return None: a token that the server no longer knows leads nowhere.

        Parameters
        ----------
        place : dict
            What it refused.
        """


@dataclass(frozen=True)
class TrialPages(_JsonPages):
    """ClinicalTrials.gov, version 2 of its API: ``pageToken`` leads from page to page.

    Parameters
    ----------
    service : Service
        A page has 200 studies if it says nothing, and at most 1,000.

    Notes
    -----
    ``since`` is the day of the last update: what is new and what has changed.
    """

    @property
    def interval(self) -> float:
        """Return the seconds between two questions: the registry asks for about 50 a minute at most."""
        return 1.2

    def begin(self, wanted: Wanted, today: dt.date) -> Place:
        """Return where to ask first.

        Parameters
        ----------
        wanted : Wanted
            The question.
        today : datetime.date
            Its last day where it names none.
        """
        return {"token": "", "until": (wanted.until or today).isoformat()}

    def address(self, wanted: Wanted, place: Place) -> str:
        """Return the address of a place.

        Parameters
        ----------
        wanted : Wanted
            The question.
        place : dict
            With the token of the page, empty for the first.
        """
        asked = {"format": "json", "query.term": wanted.query, "countTotal": "true"}
        asked["pageSize"] = str(self.service.page_size or 200)
        since = wanted.since.isoformat() if wanted.since else "MIN"
        asked["filter.advanced"] = f"AREA[LastUpdatePostDate]RANGE[{since},{place['until']}]"
        if place["token"]:
            asked["pageToken"] = str(place["token"])
        return f"{self.service.address or _TRIALS}/studies?{urlencode(asked)}"

    def read(self, place: Place, data: bytes, *, where: str) -> Answer:
        """Return what an answer holds.

        Parameters
        ----------
        place : dict
            Where it was asked for.
        data : bytes
            JSON.
        where : str
            For messages.

        Raises
        ------
        FileFormatError
            It is no answer of this source.
        """
        answer = read_object(data, where)
        studies = answer.parts("studies")
        if studies is None:
            raise answer.wrong("studies", None, "a list of studies")
        ids = [one.text("protocolSection.identificationModule.nctId") or "" for one in studies]
        token = answer.text("nextPageToken")
        return Answer(tuple(ids), answer.count("totalCount"), {**place, "token": token} if token else None)


@dataclass(frozen=True)
class EuropePmcPages(_JsonPages):
    """Europe PMC: ``cursorMark`` leads from page to page, and stays what it was at the end.

    Parameters
    ----------
    service : Service
        A page has 200 results if it says nothing, and at most 1,000.

    Notes
    -----
    ``since`` and ``until`` are days on which Europe PMC first had a record (``FIRST_IDATE``).
    """

    @property
    def interval(self) -> float:
        """Return the seconds between two questions: Europe PMC names no limit; two a second bother nobody."""
        return 0.5

    def begin(self, wanted: Wanted, today: dt.date) -> Place:
        """Return where to ask first.

        Parameters
        ----------
        wanted : Wanted
            The question.
        today : datetime.date
            Its last day where it names none.
        """
        return {"cursor": "*", "until": (wanted.until or today).isoformat()}

    def address(self, wanted: Wanted, place: Place) -> str:
        """Return the address of a place.

        Parameters
        ----------
        wanted : Wanted
            The question.
        place : dict
            With the cursor and the last day.
        """
        since = (wanted.since or dt.date(1800, 1, 1)).isoformat()
        asked = {"query": f"({wanted.query}) AND FIRST_IDATE:[{since} TO {place['until']}]", "resultType": "core"}
        asked |= {"format": "json", "pageSize": str(self.service.page_size or 200), "cursorMark": str(place["cursor"])}
        return f"{self.service.address or _EUROPE_PMC}/search?{urlencode(asked)}"

    def read(self, place: Place, data: bytes, *, where: str) -> Answer:
        """Return what an answer holds.

        Parameters
        ----------
        place : dict
            Where it was asked for.
        data : bytes
            JSON.
        where : str
            For messages.

        Raises
        ------
        FileFormatError
            It is no answer of this source.
        """
        answer = read_object(data, where)
        results = answer.parts("resultList.result")
        if results is None:
            raise answer.wrong("resultList.result", answer.value.get("errMsg"), "a list of results")
        ids = tuple(f"{one.text('source')}:{one.text('id')}" for one in results)
        cursor = answer.text("nextCursorMark")
        is_last = cursor is None or (cursor == place["cursor"] and not ids)
        return Answer(
            ids, answer.count("hitCount"), None if is_last else {**place, "cursor": cursor}, is_page=bool(ids)
        )
