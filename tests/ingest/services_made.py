"""Services on the loopback that answer as PubMed, Europe PMC and ClinicalTrials.gov do, and misbehave when told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from tests.ingest import https_server as web
from tests.ingest.https_server import Handler, Site

from tmescope.ingest.connection import Clock

Fault = Callable[[Handler, bytes], None]


class Watch(Clock):
    """A clock that is told of every pause and never waits."""

    def __init__(self) -> None:
        self.at = 0.0
        self.pauses: list[float] = []

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.at += seconds


@dataclass
class Service:
    """Numbered records, and faults by the number of the request (from 1)."""

    n: int
    most: int = 1000
    faults: dict[int, Fault] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    first: int = 1

    def __call__(self, handler: Handler, _: Site) -> None:
        query = {name: values[0] for name, values in parse_qs(handler.path.partition("?")[2]).items()}
        self.asked.append(query)
        body = self.body(query)
        fault = self.faults.get(len(self.asked))
        if fault is None:
            web.send(handler, 200, body)
        else:
            fault(handler, body)

    def body(self, query: dict[str, str]) -> bytes:
        raise NotImplementedError

    def records(self, start: int, size: int) -> Iterable[int]:
        return range(self.first + start, self.first + min(start + min(size, self.most), self.n))


class Trials(Service):
    """The registry: a token is the number of the first record."""

    def body(self, query: dict[str, str]) -> bytes:
        start = int(query.get("pageToken", "t0")[1:])
        found = [self.study(i) for i in self.records(start, int(query["pageSize"]))]
        answer: dict[str, object] = {"studies": found, "totalCount": self.n}
        if start + len(found) < self.n:
            answer["nextPageToken"] = f"t{start + len(found)}"
        return json.dumps(answer).encode()

    @staticmethod
    def study(i: int) -> dict[str, object]:
        status = {"overallStatus": "RECRUITING", "lastUpdatePostDateStruct": {"date": "2024-05-17", "type": "ACTUAL"}}
        named = {"nctId": f"NCT{i:08d}", "briefTitle": f"Study {i} of TIGIT"}
        return {"protocolSection": {"identificationModule": named, "statusModule": status}, "hasResults": False}


class EuropePmc(Service):
    """Europe PMC: a cursor is the number of the first record; at the end it stays what it was."""

    def body(self, query: dict[str, str]) -> bytes:
        mark = query["cursorMark"]
        start = 0 if mark == "*" else int(mark[1:])
        found = [
            {"id": str(i), "source": "MED", "pmid": str(i), "title": f"Paper {i}", "firstIndexDate": "2024-05-17"}
            for i in self.records(start, int(query["pageSize"]))
        ]
        following = f"c{start + len(found)}" if found else mark
        answer = {"version": "6.9", "hitCount": self.n, "nextCursorMark": following, "resultList": {"result": found}}
        return json.dumps(answer).encode()


class PubMed(Service):
    """E-utilities: records 1, 2, ... of days from 2024-01-01 on, `by_day` each; searches are remembered by number."""

    by_day: int = 10**9
    forgets: bool = False

    def body(self, query: dict[str, str]) -> bytes:
        if "term" in query:
            return self.search(query)
        if self.forgets or query["WebEnv"] not in self.remembered:
            self.forgets = False
            return b'<?xml version="1.0" ?><eFetchResult><ERROR>Unable to obtain query #1</ERROR></eFetchResult>'
        first, last = self.remembered[query["WebEnv"]]
        start = first + int(query["retstart"])
        found = range(start, min(start + min(int(query["retmax"]), self.most), last))
        articles = "".join(
            f'<PubmedArticle><MedlineCitation Status="Publisher" Owner="NLM"><PMID Version="1">{i}</PMID>'
            f"<Article><ArticleTitle>Paper {i}</ArticleTitle></Article></MedlineCitation></PubmedArticle>\n"
            for i in found
        )
        head = '<?xml version="1.0" ?>\n<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle//EN" "x.dtd">\n'
        return f"{head}<PubmedArticleSet>{articles}</PubmedArticleSet>".encode()

    def search(self, query: dict[str, str]) -> bytes:
        days = [self.day(query[name]) for name in ("mindate", "maxdate")]
        first = min(max(days[0] * self.by_day, 0), self.n)
        last = min(max((days[1] + 1) * self.by_day, first), self.n)
        name = f"MCID_{len(self.remembered)}"
        self.remembered[name] = (first + 1, last + 1)
        result = {"count": str(last - first), "retmax": "0", "retstart": "0", "querykey": "1", "webenv": name}
        return json.dumps({"header": {"type": "esearch", "version": "0.3"}, "esearchresult": result}).encode()

    @property
    def remembered(self) -> dict[str, tuple[int, int]]:
        return self.__dict__.setdefault("searches", {})

    @staticmethod
    def day(text: str) -> int:
        import datetime as dt

        return (dt.datetime.strptime(text, "%Y/%m/%d").date() - dt.date(2024, 1, 1)).days


def busy(status: int, **headers: str) -> Fault:
    """The server answers with a status."""
    return lambda handler, _: web.send(handler, status, b"busy", **headers)


def cut(handler: Handler, body: bytes) -> None:
    """The connection ends in the middle of the answer."""
    web.cut(body, len(body) // 2)(handler, Site())


def instead(text: bytes) -> Fault:
    """The server answers something else, with status 200."""
    return lambda handler, _: web.send(handler, 200, text)
