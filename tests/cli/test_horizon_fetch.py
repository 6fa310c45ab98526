"""``tmescope horizon fetch``: pages of a real server, told what is there, and errors that say what to do."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from tests.ingest import https_server as web
from tests.ingest import services_made as made
from tests.ingest.https_server import Site
from tests.ingest.records_made import STUDY
from typer.testing import CliRunner

from tmescope.cli.horizon_fetch import fetch_app
from tmescope.foundation.errors import InputError, TmescopeError
from tmescope.ingest import page_sources
from tmescope.ingest.connection import Clock
from tmescope.store.lake import open_lake


class Registry(made.Trials):
    """A registry whose studies are terminated one after the other."""

    terminated = 0

    def study(self, i: int) -> dict[str, object]:  # type: ignore[override]
        study = copy.deepcopy(STUDY)
        protocol = study["protocolSection"]
        protocol["identificationModule"]["nctId"] = f"NCT{i:08d}"
        is_over = i <= self.terminated
        protocol["statusModule"] |= {
            "overallStatus": "TERMINATED" if is_over else "RECRUITING",
            "lastUpdatePostDateStruct": {"date": "2025-03-01" if is_over else "2024-02-29"},
        }
        return study


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with web.serving(tmp_path_factory.mktemp("https")) as site:
        yield site


@pytest.fixture
def say(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(page_sources.TrialPages, "interval", 0.0)
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    app = typer.Typer()
    app.add_typer(fetch_app)
    app.command("other")(lambda: None)

    def call(*arguments: str):
        where = ["--url", site.address(""), "--ca-file", str(site.ca_file), "-o", str(tmp_path)]
        return CliRunner().invoke(app, ["fetch", *arguments, *where])

    return call


def test_what_is_there_is_told_and_a_second_call_asks_nothing(say, site: Site, tmp_path: Path) -> None:
    service = made.Trials(25)
    site.pages["/studies"] = service
    asked = ("trials", "--query", "TIGIT", "--since", "2019", "--page-size", "10", "--until", "2024-06-01")
    said = say(*asked)
    assert said.exit_code == 0, said.output
    assert "25 records in 3 pages (3 new) are in" in said.output
    assert re.search(r"next: tmescope horizon ingest .*/\*\.json -o horizon/", said.output)
    assert "[2019-01-01,2024-06-01]" in service.asked[0]["filter.advanced"]
    n = len(service.asked)
    assert "nothing was asked: 25 records in 3 pages are here already" in say(*asked).output
    assert len(service.asked) == n
    assert "(3 new)" in say(*asked, "--again").output
    assert len(list(tmp_path.glob("*.json"))) == 6


def test_records_that_the_source_counted_and_did_not_give_are_told(say, site: Site) -> None:
    short = made.Trials(5).body({"pageSize": "10"}).replace(b'"totalCount": 5', b'"totalCount": 7')
    site.pages["/studies"] = web.whole(short)
    said = say("trials", "--query", "LAG3")
    assert "5 records in 1 page (1 new)" in said.output
    assert "counted 7 records and gave 5" in said.output


def test_words_that_the_source_left_out_are_told(say, site: Site) -> None:
    service = made.PubMed(3)
    answer = json.loads(service.search({"mindate": "1800/01/01", "maxdate": "2030/01/01"}))
    answer["esearchresult"]["errorlist"] = {"phrasesnotfound": ["qw\x1b[31mrtz"]}
    site.pages |= {"/esearch.fcgi": web.whole(json.dumps(answer).encode()), "/efetch.fcgi": service}
    said = say("pubmed", "--query", "qwrtz")
    assert "notice: PubMed does not know these words of the query and left them out: 'qw" in said.output
    assert "\x1b" not in said.output


def test_a_key_comes_from_the_environment_and_goes_to_pubmed_alone(say, site: Site, monkeypatch) -> None:
    monkeypatch.setenv("NCBI_API_KEY", "hush")
    services = {"pubmed": made.PubMed(3), "trials": made.Trials(3)}
    site.pages |= {
        "/esearch.fcgi": services["pubmed"],
        "/efetch.fcgi": services["pubmed"],
        "/studies": services["trials"],
    }
    for source, service in services.items():
        assert "hush" not in say(source, "--query", "x y").output
        assert {asked.get("api_key") for asked in service.asked} == {"hush" if source == "pubmed" else None}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--query", "x", "--since", "soon"), "'soon' is no day"),
        (("--query", "x", "--until", "2024-02-30"), "'2024-02-30' is no day"),
        (("--query", ""), "a query of 0 characters"),
        (("--query", "x", "--page-size", "5000"), "5000 records a page"),
    ],
)
def test_wrong_questions_say_what_is_expected(say, arguments: tuple[str, ...], says: str) -> None:
    said = say("trials", *arguments)
    assert isinstance(said.exception, InputError)
    assert says in str(said.exception)
    assert "expected" in str(said.exception)


def test_an_unknown_source_and_a_server_that_has_nothing(say, site: Site) -> None:
    assert say("arxiv", "--query", "x").exit_code == 2
    site.pages.clear()
    said = say("europepmc", "--query", "x")
    assert isinstance(said.exception, TmescopeError)
    assert "status 404" in str(said.exception)
    assert "--from" not in str(said.exception)


def test_what_was_fetched_becomes_versions_in_a_lake(tmescope, site: Site, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(Clock, "sleep", lambda self, seconds: None)
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    pages, lake = tmp_path / "fetched", tmp_path / "horizon"
    registry = Registry(25)
    site.pages["/studies"] = registry
    registry.faults = {2: made.cut}
    fetch = ("horizon", "fetch", "trials", "--query", "TIGIT", "-o", pages, "--page-size", 10, "--url")
    fetch = (*fetch, site.address(""), "--ca-file", site.ca_file, "--until", "2030-01-01")
    said = tmescope(*fetch)
    assert said.code == 0, said.err
    assert "25 records in 3 pages (3 new)" in said.out
    assert tmescope("horizon", "ingest", pages, "-o", lake).code == 0
    registry.terminated = 3
    assert "25 records in 3 pages (3 new)" in tmescope(*fetch, "--again").out
    said = tmescope("horizon", "ingest", pages, "-o", lake, "--json")
    assert said.code == 0, said.err
    files = json.loads(said.out.splitlines()[-1])["files"]
    assert [one["is_new"] for one in files].count(True) == 1  # the pages without a change are known by their content
    opened = open_lake(lake)
    count = "SELECT status, count(*) FROM trials GROUP BY 1 ORDER BY 1"
    assert opened.connect().execute(count).fetchall() == [("RECRUITING", 22), ("TERMINATED", 3)]
    assert opened.connect().execute("SELECT count(*) FROM all_trials").fetchone() == (35,)
    assert "NCT00000007" in tmescope("horizon", "search", "tiragolumab", "--lake", lake).out
