"""How PubMed is asked page by page: a search that the server remembers, then its records; long ones by days."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlencode

from tmescope.foundation.errors import FetchError, FileFormatError, examples
from tmescope.ingest.fetched_pages import Place, Wanted
from tmescope.ingest.json_fields import Fields
from tmescope.ingest.page_sources import Answer, Service, read_object

__all__ = ["MOST_AT_ONCE", "PubMedPages"]

MOST_AT_ONCE = 9_999
"""Records of one search that PubMed hands out."""

_ADDRESS = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils"
_FIRST_DAY = dt.date(1800, 1, 1)
_IGNORED = {
    "errorlist.phrasesnotfound": "does not know these words of the query and left them out",
    "errorlist.fieldsnotfound": "does not know these fields of the query",
    "warninglist.phrasesignored": "ignored these words of the query",
    "warninglist.quotedphrasesnotfound": "does not know these phrases and searched for their words",
}
_ID = re.compile(rb"<(?:MedlineCitation|BookDocument)\b[^>]*>\s*<PMID\b[^>]*>\s*(\d{1,12})\s*</PMID>")
_END = re.compile(rb"</PubmedArticleSet>\s*\Z|<PubmedArticleSet\s*/>\s*\Z")
_SEARCHES = 3


@dataclass(frozen=True)
class PubMedPages:
    """PubMed by NCBI's E-utilities: ``esearch`` with its history, then ``efetch`` from record to record.

    Parameters
    ----------
    service : Service
        A page has 200 records if it says nothing; ``api_key`` of an NCBI account raises the rate.

    Notes
    -----
    Days are those on which PubMed entered a record (``edat``). Of one search PubMed hands out 9,999 records: where
    there are more, its days are halved until each part has fewer. Where the server forgot a search, it is made again,
    and what is here already is not kept twice.
    """

    service: Service = field(default_factory=Service)

    @property
    def suffix(self) -> str:
        """Return the end of the names of its pages."""
        return ".xml"

    @property
    def interval(self) -> float:
        """Return the seconds between two questions: NCBI allows three a second, ten with a key."""
        return 0.11 if self.service.api_key else 0.35

    def begin(self, wanted: Wanted, today: dt.date) -> Place:
        """Return where to ask first.

        Parameters
        ----------
        wanted : Wanted
            The question.
        today : datetime.date
            Its last day where it names none.
        """
        days = [(wanted.since or _FIRST_DAY).isoformat(), (wanted.until or today).isoformat()]
        return {"days": days, "left": [], "before": 0}

    def address(self, wanted: Wanted, place: Place) -> str:
        """Return the address of a place.

        Parameters
        ----------
        wanted : Wanted
            The question.
        place : dict
            With days to search, or a search and the record to begin with.
        """
        asked = {"db": "pubmed", "tool": "tmescope"}
        if "search" in place:
            script = "efetch"
            asked |= {"retmode": "xml", "WebEnv": place["search"]["env"], "query_key": place["search"]["key"]}
            asked |= {"retstart": str(place["start"]), "retmax": str(self._size(place))}
        else:
            script, days = "esearch", [day.replace("-", "/") for day in place["days"]]
            asked |= {"retmode": "json", "term": wanted.query, "usehistory": "y", "retmax": "0", "datetype": "edat"}
            asked |= {"mindate": days[0], "maxdate": days[1]}
        if self.service.api_key:
            asked["api_key"] = self.service.api_key
        return f"{self.service.address or _ADDRESS}/{script}.fcgi?{urlencode(asked)}"

    def read(self, place: Place, data: bytes, *, where: str) -> Answer:
        """Return what an answer holds.

        Parameters
        ----------
        place : dict
            Where it was asked for.
        data : bytes
            JSON of a search, or XML of records.
        where : str
            For messages.

        Raises
        ------
        FileFormatError
            It is no answer of this source.
        FetchError
            More records were entered in one day than PubMed hands out.
        """
        return self._records(place, data, where) if "search" in place else self._found(place, data, where)

    def instead(self, place: Place) -> Place | None:
        """Return where to search again, a few times at most, where the server forgot a search.

        Parameters
        ----------
        place : dict
            What it refused.
        """
        tries = place["search"]["tries"] if "search" in place else _SEARCHES
        return None if tries >= _SEARCHES else {**_kept(place), "tries": tries + 1}

    def _size(self, place: Place) -> int:
        return min(self.service.page_size or 200, MOST_AT_ONCE - int(place["start"]))

    def _found(self, place: Place, data: bytes, where: str) -> Answer:
        """Go to the records of a search, or halve its days."""
        result = read_object(data, where).part("esearchresult")
        said = None if result is None else result.text("ERROR") or result.text("error")
        if result is None or said is not None:
            raise FileFormatError(
                f"the search failed: {said or 'no result'}", where=where, expected="a search's result"
            )
        count = _number(result, "count")
        notices = tuple(_ignored(result))
        if count > MOST_AT_ONCE:
            return Answer(following=_halved(place, count, where), is_page=False, notices=notices)
        total = place["before"] + count
        if not count:
            return Answer((), total, _next_days(place, total), is_page=False, notices=notices)
        env, key = result.text("webenv"), result.text("querykey")
        if env is None or key is None:
            raise result.wrong("webenv", env, "the name of a search that the server remembers")
        search = {"env": env, "key": key, "count": count, "tries": place.get("tries", 1)}
        following = {**_kept(place), "search": search, "start": 0}
        return Answer((), total, following, is_page=False, notices=notices)

    def _records(self, place: Place, data: bytes, where: str) -> Answer:
        search = place["search"]
        total = place["before"] + search["count"]
        ids = tuple(dict.fromkeys(found.decode() for found in _ID.findall(data)))
        if not _END.search(data[-200:]) or not ids:
            again = self.instead(place)
            if again is None:
                raise FileFormatError(
                    f"no records from number {place['start'] + 1:,} on, of a search that found {search['count']:,}: "
                    f"{data[:80].decode(errors='replace')!r}",
                    where=where,
                    expected="PubmedArticleSet with its records",
                )
            return Answer((), total, again, is_page=False)
        start = place["start"] + len(ids)
        following = {**place, "start": start} if start < search["count"] else _next_days(place, total)
        return Answer(ids, total, following)


def _kept(place: Place) -> Place:
    return {name: place[name] for name in ("days", "left", "before")}


def _next_days(place: Place, total: int) -> Place | None:
    first, *left = place["left"] or [None]
    return None if first is None else {"days": first, "left": left, "before": total}


def _halved(place: Place, count: int, where: str) -> Place:
    first, last = (dt.date.fromisoformat(day) for day in place["days"])
    if first == last:
        raise FetchError(
            f"{count:,} records were entered on {first}",
            where=where,
            expected=f"at most {MOST_AT_ONCE:,} a day: PubMed hands out no more of one search",
            next_step="narrow the query, or take the yearly files of PubMed",
        )
    middle = first + (last - first) // 2
    later = [(middle + dt.timedelta(days=1)).isoformat(), last.isoformat()]
    return {"days": [first.isoformat(), middle.isoformat()], "left": [later, *place["left"]], "before": place["before"]}


def _ignored(result: Fields) -> Iterator[str]:
    """Yield what PubMed says that it did not find or left out of the question, which widens it."""
    for name, says in _IGNORED.items():
        if found := result.texts(name):
            yield f"PubMed {says}: {examples(found)}"


def _number(result: Fields, name: str) -> int:
    text = result.text(name) if isinstance(result.value.get(name), str) else str(result.count(name))
    if text is None or not (text.isascii() and text.isdecimal() and len(text) < 12):
        raise result.wrong(name, result.value.get(name), "a number")
    return int(text)
