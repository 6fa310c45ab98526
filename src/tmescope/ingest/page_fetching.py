"""Everything that a question finds at a source, page by page: politely, resumed where it stopped, nothing twice."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tmescope.foundation.errors import FetchError, FileFormatError, InputError
from tmescope.foundation.progress import SILENT, Progress
from tmescope.ingest.connection import Clock, Connection, Limits, shown
from tmescope.ingest.fetch import download
from tmescope.ingest.fetched_pages import Page, PageFolder, Place, Wanted
from tmescope.ingest.page_sources import Answer, EuropePmcPages, PageSource, Service, TrialPages
from tmescope.ingest.partials import forget
from tmescope.ingest.pubmed_pages import PubMedPages
from tmescope.store.lock import folder_lock

__all__ = ["PAGE_LIMITS", "Fetched", "Manner", "fetch_pages"]

PAGE_LIMITS = Limits(
    max_bytes=64 << 20, total_seconds=900.0, tries=6, first_wait_seconds=2.0, longest_wait_seconds=300.0
)
"""64 MiB and a quarter of an hour a page, six tries; a server may ask to be left alone for five minutes."""

_LONGEST_QUERY = 3_000
_TRIES = 3
_RESUME = "run the same command again, which goes on from the last page that came; with --again it asks anew"
_REFUSED = "(status 400)"
_FEWER = "ask for fewer records at a time with --page-size; the pages that came stay"
_SOURCES: dict[str, Callable[[Service], PageSource]] = {
    "pubmed": PubMedPages,
    "europepmc": EuropePmcPages,
    "trials": TrialPages,
}


@dataclass(frozen=True)
class Manner:
    """How a source is asked.

    Parameters
    ----------
    service : Service
        Where it is.
    connection : Connection
        How the network is reached.
    limits : Limits
        Of one page.
    clock : Clock
        What is waited by.
    today : datetime.date or None
        Last day of a question that names none; the day of the machine (UTC) if None.
    """

    service: Service = field(default_factory=Service)
    connection: Connection = field(default_factory=Connection)
    limits: Limits = PAGE_LIMITS
    clock: Clock = field(default_factory=Clock)
    today: dt.date | None = None


@dataclass(frozen=True)
class Fetched:
    """What is in the folder now.

    Parameters
    ----------
    files : tuple of Path
        The pages, in order.
    records : int
        How many different ones they hold.
    total : int or None
        How many the source counted; it may differ where records came or went meanwhile.
    new_pages : int
        Pages of this call.
    notices : tuple of str
        What the source said about the question in this call.
    """

    files: tuple[Path, ...]
    records: int
    total: int | None
    new_pages: int
    notices: tuple[str, ...] = ()


def fetch_pages(
    wanted: Wanted, folder: Path, *, manner: Manner | None = None, again: bool = False, progress: Progress = SILENT
) -> Fetched:
    """Fetch everything that a question finds, one file a page.

    Parameters
    ----------
    wanted : Wanted
        The question.
    folder : Path
        Where the pages go, as they came; what an earlier call left there is kept and gone on from.
    manner : Manner, optional
        Directly and in the usual pace if omitted.
    again : bool
        Ask anew, beside what an earlier call fetched. Without it a question whose pages are all here is not asked.
    progress : Progress
        Told of the records.

    Returns
    -------
    Fetched

    Raises
    ------
    InputError
        The source is unknown, the query empty or very long, the days in the wrong order.
    FetchError
        The source cannot be reached, is busy for long, or does not answer as it should. What came until then is kept.
    FolderInUseError
        Another process asks the same question into the same folder.

    Notes
    -----
    A page is written whole, then noted with the place of the next one: after a kill the page that was on its way is
    asked for again. A page whose records are all here already is asked for twice more (servers give old answers), and
    not written. Between two questions passes the time that the source asks for, also between tries.
    """
    chosen = manner or Manner()
    source = _source(wanted, chosen.service)
    folder.mkdir(parents=True, exist_ok=True)
    pages = PageFolder.latest(folder, wanted)
    with folder_lock(pages.lock(), folder=folder):
        if again and pages.begun() is not None:
            pages = PageFolder(folder, wanted, pages.run + 1)
        return _Run(_Asked(wanted, source, pages, chosen), progress).go_on()


@dataclass(frozen=True)
class _Asked:
    wanted: Wanted
    source: PageSource
    pages: PageFolder
    manner: Manner


def _source(wanted: Wanted, service: Service) -> PageSource:
    made = _SOURCES.get(wanted.source)
    if made is None:
        raise InputError(f"no source is named {wanted.source!r}", expected=", ".join(_SOURCES))
    if not wanted.query.strip() or len(wanted.query) > _LONGEST_QUERY:
        raise InputError(
            f"a query of {len(wanted.query):,} characters",
            where="--query",
            expected=f"1 to {_LONGEST_QUERY:,} characters",
            next_step="ask in several parts, into the same folder",
        )
    if wanted.since and wanted.until and wanted.since > wanted.until:
        raise InputError(f"{wanted.since} is after {wanted.until}", where="--since", expected="a day before --until")
    if not 0 <= service.page_size <= 1000:
        raise InputError(f"{service.page_size} records a page", where="--page-size", expected="1 to 1000")
    return made(service)


class _Pace(Clock):
    """A clock by which two questions are never nearer to each other than the source asks for."""

    def __init__(self, clock: Clock, interval: float) -> None:
        self._clock = clock
        self._interval = interval
        self._next = clock.now()

    def now(self) -> float:
        return self._clock.now()

    def sleep(self, seconds: float) -> None:
        now = self._clock.now()
        wait = max(seconds, self._next - now)
        if wait > 0:
            self._clock.sleep(wait)
        self._next = max(now + wait, self._clock.now()) + self._interval


class _Run:
    """One asking of a question."""

    def __init__(self, asked: _Asked, progress: Progress) -> None:
        self.wanted, self.source, self.pages, self.manner = asked.wanted, asked.source, asked.pages, asked.manner
        self.progress = progress
        self.clock = _Pace(asked.manner.clock, asked.source.interval)
        self.here: list[Page] = asked.pages.pages()
        self.seen = {one for page in self.here for one in page.ids}
        self.places = {_key(page.asked) for page in self.here}
        self.total = self.here[-1].total if self.here else None
        self.notices: dict[str, None] = {}

    def go_on(self) -> Fetched:
        """Ask from the last page that is here to the end."""
        begun, before = self.pages.begun() or {}, len(self.here)
        if begun.get("pages") == before:
            return self._told(begun.get("total"), before)
        said = begun.get("today")
        today = dt.date.fromisoformat(str(said)) if said else self.manner.today or dt.datetime.now(dt.UTC).date()
        self.pages.note({"today": today.isoformat()})
        place = self.here[-1].following if self.here else self.source.begin(self.wanted, today)
        task = f"fetch {self.wanted.source}"
        self.progress.start(task, self.total, unit="records")
        try:
            self.progress.advance(task, len(self.seen))
            while place is not None:
                place = self._step(place, task)
        finally:
            self.progress.finish(task, f"{len(self.seen):,} records")
        self.pages.note({"today": today.isoformat(), "pages": len(self.here), "total": self.total})
        return self._told(self.total, before)

    def _told(self, total: object, before: int) -> Fetched:
        files = tuple(self.pages.folder / page.file for page in self.here)
        counted = total if isinstance(total, int) else None
        return Fetched(files, len(self.seen), counted, len(files) - before, tuple(self.notices))

    def _step(self, place: Place, task: str) -> Place | None:
        """Ask for one page, keep it, and return the place of the next."""
        data, answer = self._ask(place)
        self.places.add(_key(place))
        self.notices |= dict.fromkeys(answer.notices)
        self.total = self.total if answer.total is None else answer.total
        if new := set(answer.ids) - self.seen:
            self._keep(data, place, answer)
            self.progress.advance(task, len(new))
        following = answer.following
        if following is not None and answer.is_page and _key(following) in self.places:
            if self.total is not None and len(self.seen) >= self.total:
                return None
            raise self._error(
                f"the source leads back to a page that is here already, after {len(self.seen):,} of "
                f"{'unknown' if self.total is None else f'{self.total:,}'} records",
                place,
            )
        return following

    def _ask(self, place: Place) -> tuple[bytes, Answer]:
        """Ask until an answer can be read and holds something new, a few times at most."""
        wait = 0.0
        for left in range(_TRIES, 0, -1):
            try:
                data = self._download(place, wait)
                answer = self.source.read(place, data, where=shown(self.source.address(self.wanted, place)))
            except FileFormatError as error:
                if left == 1:
                    raise self._error(f"an answer that cannot be read: {error.what}", place) from error
            except FetchError as error:
                instead = self.source.instead(place) if _REFUSED in error.what else None
                if instead is None:
                    raise
                return b"", Answer(following=instead, is_page=False)
            else:
                if left == 1 or not answer.ids or not self.seen.issuperset(answer.ids):
                    return data, answer
            wait = 2 * wait or self.manner.limits.first_wait_seconds
        raise self._error("no answer", place)

    def _download(self, place: Place, wait: float) -> bytes:
        address, coming = self.source.address(self.wanted, place), self.pages.coming()
        forget(coming)
        self.clock.sleep(wait)
        try:
            download(address, coming, limits=self.manner.limits, connection=self.manner.connection, clock=self.clock)
            return coming.read_bytes()
        except FetchError as error:
            raise FetchError(
                error.what, where=error.where, expected=error.expected, next_step=_next_step(error)
            ) from error
        finally:
            forget(coming)

    def _keep(self, data: bytes, place: Place, answer: Answer) -> None:
        page = Page("", "", answer.ids, place, answer.following, answer.total)
        self.here.append(self.pages.add(len(self.here) + 1, data, suffix=self.source.suffix, page=page))
        self.seen.update(answer.ids)

    def _error(self, what: str, place: Place) -> FetchError:
        where = shown(self.source.address(self.wanted, place))
        return FetchError(what, where=where, expected="an answer as this source describes it", next_step=_RESUME)


def _next_step(error: FetchError) -> str:
    step = error.next_step or ""
    if "more than" in error.what and "bytes" in error.what:
        return _FEWER
    return _RESUME if not step or "--from FILE" in step else f"{step}; then {_RESUME}"


def _key(place: Place) -> str:
    return json.dumps(place, sort_keys=True)
