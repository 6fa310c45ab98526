"""What the views show, column by column."""

from __future__ import annotations

from tests.store.lakes import batch, day, lake_of, mentions, paper, trial

from tmescope.store import lake_parts
from tmescope.store.lake_schemas import document_schema, mention_schema, trial_schema


def _columns(cursor, relation):
    return [c[0] for c in cursor.execute(f"SELECT * FROM {relation}").description]


def test_views_have_the_columns_of_the_schemas(tmp_path):
    lake = lake_of(tmp_path, {"a.xml": [batch([paper(1)], trials=[trial(1, "2021-01-01")], deleted=[9])]})
    current, then = lake.connect(), lake.as_of(day("2021-06-01"))
    assert _columns(current, "documents") == document_schema().names
    assert _columns(current, "trials") == trial_schema().names
    assert _columns(current, "mentions") == _columns(then, "mentions") == mention_schema().names
    assert _columns(current, "deletions") == _columns(then, "deletions") == ["doc_id"]
    assert _columns(then, "documents") == [*document_schema().names, "late"]
    assert _columns(then, "trials") == [*trial_schema().names, "late"]


def test_what_is_printed_comes_from_the_first_version_and_the_rest_from_that_of_the_day(tmp_path):
    first = paper(1, doi="10.1/a", pmcid=None, publication_types=["Journal Article"], revised_on=day("2020-02-01"))
    second = paper(1, title="T2", doi="10.1/b", pmcid="PMC1", publication_types=["Retracted Publication"])
    second |= {"revised_on": day("2020-08-01"), "is_retracted": True, "is_review": True}
    lake = lake_of(tmp_path, {"pubmed26n0001.xml": [batch([first])], "pubmed26n0002.xml": [batch([second])]})
    query = "SELECT title, doi, is_review, pmcid, publication_types, is_retracted, revised_on, late FROM documents"
    printed = ("Title 1", "10.1/a", False)
    assert lake.as_of(day("2020-01-15")).execute(query).fetchall() == [(*printed, None, None, None, None, True)]
    assert lake.as_of(day("2020-03-01")).execute(query).fetchall() == [
        (*printed, None, ["Journal Article"], None, day("2020-02-01"), False)
    ]
    assert lake.as_of(day("2020-09-01")).execute(query).fetchall() == [
        (*printed, "PMC1", ["Retracted Publication"], True, day("2020-08-01"), False)
    ]


def test_a_deletion_counts_from_the_newest_day_of_its_file(tmp_path):
    lake = lake_of(
        tmp_path,
        {
            "pubmed26n0001.xml": [batch([paper(1), paper(2), paper(3)])],
            "pubmed26n0002.xml": [batch([paper(4, revised_on=day("2021-03-01"))], deleted=[1])],
            "pubmed26n0003.xml": [batch(deleted=[2])],
        },
    )
    query = "SELECT doc_id FROM documents ORDER BY 1"
    known = [[r[0] for r in lake.as_of(day(d)).execute(query).fetchall()] for d in ("2021-02-28", "2021-03-01")]
    assert known == [["pmid:1", "pmid:2", "pmid:3", "pmid:4"], ["pmid:2", "pmid:3", "pmid:4"]]
    assert lake.as_of(day("2021-03-01")).execute("SELECT * FROM deletions").fetchall() == [("pmid:1",)]
    assert [r[0] for r in lake.connect().execute(query).fetchall()] == ["pmid:3", "pmid:4"]
    assert lake.connect().execute("SELECT doc_id FROM deletions ORDER BY 1").fetchall() == [("pmid:1",), ("pmid:2",)]


def test_links_that_sources_add_without_a_day_are_shown_on_none(tmp_path):
    kinds = ["RetractionIn", "PreprintOf", "PreprintIn", "DerivedIn", "ResultIn", None]
    links = [{"kind": kind, "doc_id": f"pmid:{i}", "source": None} for i, kind in enumerate(kinds)]
    revised = day("2020-02-01")
    papers = [paper(1, links=links, revised_on=revised), paper(2, links=[], revised_on=revised)]
    lake = lake_of(tmp_path, {"a.xml": [batch([*papers, paper(3, links=None, revised_on=revised)])]})
    query = "SELECT links FROM documents ORDER BY doc_id"
    shown = [row for (row,) in lake.as_of(day("2020-03-01")).execute(query).fetchall()]
    assert [link["doc_id"] for link in shown[0]] == ["pmid:0", "pmid:4", "pmid:5"]
    assert shown[1:] == [[], None]
    assert len(lake.connect().execute(query).fetchall()[0][0]) == 6


def test_what_is_mentioned_by_a_later_name_is_not_shown_before(tmp_path):
    lake = lake_of(tmp_path, {"a.xml": [batch([paper(1)])]})
    rows = [("drug:ak104", None), ("drug:late", day("2021-05-01"))]
    found = [{"doc_id": "pmid:1", "entity_id": entity, "known_since": since} for entity, since in rows]
    lake.add_mentions(lake.layout.parts[0], "ab" * 8, mentions(found))
    query = "SELECT entity_id FROM mentions ORDER BY 1"
    shown = [[r[0] for r in lake.as_of(day(d)).execute(query).fetchall()] for d in ("2021-04-30", "2021-05-01")]
    assert shown == [["drug:ak104"], ["drug:ak104", "drug:late"]]
    assert len(lake.connect().execute(query).fetchall()) == 2


def test_mentions_of_a_lake_that_knew_no_days_are_always_known(tmp_path, monkeypatch):
    lake = lake_of(tmp_path, {"a.xml": [batch([paper(1)])]})
    found = mentions([{"doc_id": "pmid:1", "entity_id": "drug:x"}]).drop_columns(["known_since"])
    with monkeypatch.context() as before:
        before.setitem(lake_parts._SCHEMAS, "mentions", lambda: found.schema)
        lake.add_mentions(lake.layout.parts[0], "ab" * 8, found)
    assert _columns(lake.connect(), "mentions") == mention_schema().names
    assert lake.as_of(day("2021-06-01")).execute("SELECT known_since FROM mentions").fetchall() == [(None,)]


def test_a_status_that_the_registry_gave_up_on_later_is_the_last_known_one_before(tmp_path):
    record = '{"briefTitle": "\\"lastKnownStatus\\": \\"EVIL\\"", "lastKnownStatus": "RECRUITING"}'
    gone = trial(1, "2021-01-01", status="UNKNOWN", record=record)
    lake = lake_of(tmp_path, {"a.json": [batch([], trials=[gone, trial(2, "2021-01-01", status="UNKNOWN")])]})
    query = "SELECT status FROM trials ORDER BY nct_id"
    known = {d: [r[0] for r in lake.as_of(day(d)).execute(query).fetchall()] for d in ("2022-12-31", "2023-01-01")}
    assert known == {"2022-12-31": ["RECRUITING", "UNKNOWN"], "2023-01-01": ["UNKNOWN", "UNKNOWN"]}
