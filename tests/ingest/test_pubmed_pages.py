"""What answers of PubMed hold: searches, their halves, records, and searches that are forgotten."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from tmescope.foundation.errors import FetchError, FileFormatError
from tmescope.ingest.fetched_pages import Wanted
from tmescope.ingest.page_sources import Answer, Service
from tmescope.ingest.pubmed_pages import MOST_AT_ONCE, PubMedPages

WANTED = Wanted("pubmed", "TIGIT[tiab]", dt.date(2024, 1, 1), dt.date(2024, 1, 31))
SEARCHED = {"env": "MCID_1", "key": "1", "count": 3, "tries": 1}


def place(**changes: object) -> dict:
    return {"days": ["2024-01-01", "2024-01-31"], "left": [], "before": 0, "search": SEARCHED, "start": 0, **changes}


def found(count: object, **more: object) -> bytes:
    result = {"count": count, "webenv": "MCID_1", "querykey": "1", **more}
    return json.dumps({"esearchresult": result}).encode()


def read(where: dict, data: bytes) -> Answer:
    return PubMedPages().read(where, data, where="https://here/x")


def test_a_search_leads_to_its_records_and_then_to_the_next_days() -> None:
    begin = PubMedPages().begin(WANTED, dt.date(2030, 1, 1))
    assert begin == {"days": ["2024-01-01", "2024-01-31"], "left": [], "before": 0}
    assert PubMedPages().begin(Wanted("pubmed", "x"), dt.date(2030, 1, 1))["days"] == ["1800-01-01", "2030-01-01"]
    for count in ("3", 3):
        answer = read(begin, found(count))
        assert (answer.following, answer.total, answer.is_page) == (place(), 3, False)
    assert read(begin, found("0")).following is None
    later = {**begin, "left": [["2024-02-01", "2024-02-03"]], "before": 5}
    assert read(later, found("0")).following == {"days": ["2024-02-01", "2024-02-03"], "left": [], "before": 5}


def test_words_that_pubmed_leaves_out_are_told() -> None:
    begin = PubMedPages().begin(WANTED, dt.date(2030, 1, 1))
    more = {
        "errorlist": {"phrasesnotfound": ["qwrtz"], "fieldsnotfound": []},
        "warninglist": {"quotedphrasesnotfound": ['"a b"'], "outputmessages": ["No items found."]},
    }
    for count in ("0", "3", "20000"):
        first, second = read(begin, found(count, **more)).notices
        assert first.endswith("does not know these words of the query and left them out: 'qwrtz'")
        assert second.endswith("""searched for their words: '"a b"'""")
    assert read(begin, found("3")).notices == ()


def test_long_searches_are_halved_down_to_a_day() -> None:
    begin = PubMedPages().begin(WANTED, dt.date(2030, 1, 1))
    assert read(begin, found(str(MOST_AT_ONCE))).following["search"]["count"] == MOST_AT_ONCE  # type: ignore[index]
    answer = read(begin, found(str(MOST_AT_ONCE + 1)))
    assert answer.following == {
        "days": ["2024-01-01", "2024-01-16"],
        "left": [["2024-01-17", "2024-01-31"]],
        "before": 0,
    }
    with pytest.raises(FetchError, match="10,000 records were entered on 2024-01-01"):
        read({**begin, "days": ["2024-01-01", "2024-01-01"]}, found("10000"))


def test_recorded_records_are_counted(shared_data: Path) -> None:
    folder = shared_data / "horizon"
    data = (folder / "biomcp_api_fixtures" / "pubmed__efetch_citation_22663011.xml").read_bytes()
    answer = read(place(), data)
    assert answer.ids == ("22663011",)
    assert answer.following == place(start=1)
    assert read(place(start=2), data).following is None
    more = place(start=2, left=[["2024-02-01", "2024-02-02"]], before=4)
    assert read(more, data).following == {"days": ["2024-02-01", "2024-02-02"], "left": [], "before": 7}
    assert read(more, data).total == 7
    inside = b'<BookDocument><PMID Version="1">9</PMID></BookDocument>'
    book = b"<PubmedArticleSet><PubmedBookArticle>" + inside + b"</PubmedBookArticle></PubmedArticleSet>"
    assert read(place(), book).ids == ("9",)


def test_a_search_that_is_forgotten_is_made_again_twice_at_most() -> None:
    for data in (b"<eFetchResult><ERROR>x</ERROR></eFetchResult>", b"<PubmedArticleSet></PubmedArticleSet>"):
        answer = read(place(), data)
        assert answer.following == {"days": ["2024-01-01", "2024-01-31"], "left": [], "before": 0, "tries": 2}
        assert not answer.is_page
        again = read(answer.following, found("3")).following
        assert again == place(search={**SEARCHED, "tries": 2})
        with pytest.raises(FileFormatError, match="no records from number 1 on, of a search that found 3"):
            read(place(search={**SEARCHED, "tries": 3}), data)
    assert PubMedPages().instead({"days": ["2024-01-01", "2024-01-31"], "left": [], "before": 0}) is None


def test_records_that_break_off_are_no_page() -> None:
    whole = b'<PubmedArticleSet><MedlineCitation><PMID Version="1">1</PMID></MedlineCitation></PubmedArticleSet>\n'
    assert read(place(), whole).ids == ("1",)
    assert not read(place(), whole[:-10]).is_page


@pytest.mark.parametrize(
    "data",
    [
        b"{}",
        b'{"esearchresult": {"ERROR": "Search Backend failed"}}',
        b'{"error": "API rate limit exceeded"}',
        b'{"esearchresult": {"count": "many"}}',
        b'{"esearchresult": {"count": "3"}}',
        b'{"esearchresult": {}}',
        b"<eSearchResult/>",
    ],
)
def test_a_search_that_failed_is_refused(data: bytes) -> None:
    with pytest.raises(FileFormatError):
        read(PubMedPages().begin(WANTED, dt.date(2030, 1, 1)), data)


def test_addresses_ask_for_no_more_than_is_handed_out() -> None:
    source = PubMedPages(Service("", 500, "k"))
    address = source.address(WANTED, place(start=MOST_AT_ONCE - 3))
    assert address.startswith("https://eutils.ncbi.nlm.nih.gov/entrez/eutils/efetch.fcgi?")
    assert "retmax=3&" in address
    assert address.endswith("api_key=k")
    address = PubMedPages().address(WANTED, PubMedPages().begin(WANTED, dt.date(2030, 1, 1)))
    assert "esearch.fcgi" in address
    assert "term=TIGIT%5Btiab%5D" in address
    assert "api_key" not in address
    assert (source.interval, PubMedPages().interval, source.suffix) == (0.11, 0.35, ".xml")
