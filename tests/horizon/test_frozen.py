from __future__ import annotations

from datetime import date

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests.store.lakes import batch, lake_of, paper

from tmescope.foundation.errors import InputError, MethodError
from tmescope.horizon.dictionary import Dictionary, settle_forms
from tmescope.horizon.entities import tag
from tmescope.horizon.forms import UNSURE, Form
from tmescope.horizon.frozen import find_leaks, freeze, refuse_leaks
from tmescope.horizon.gene_forms import SYMBOL
from tmescope.horizon.tagging import tag_lake

DAY = date(2020, 12, 31)
TERMS = pa.table(
    {
        "entity_id": ["drug:nivolumab", "drug:nivolumab", "drug:nivolumab", "HGNC:26838"],
        "term": ["MDX-1106", "Nivolumab", "Opdivo", "TIGIT"],
        "known_since": pa.array([date(2006, 1, 1), date(2021, 5, 1), None, None], pa.date32()),
    }
)


@pytest.fixture
def lake():
    """Return what is current: half of it came after the day."""
    connection = duckdb.connect()
    connection.execute(
        """
        CREATE TABLE documents AS SELECT * FROM (VALUES
            ('pmid:1', 'paper', DATE '2020-03-01', DATE '2020-03-02', ['T cells'], false, 'old, as it was'),
            ('pmid:2', 'paper', DATE '2020-06-01', DATE '2021-06-01', ['Antibodies'], true, 'old, revised later'),
            ('pmid:3', 'paper', DATE '2021-02-01', DATE '2021-02-01', ['T cells'], false, 'later'),
            ('nct:1', 'trial', DATE '2020-04-01', NULL, NULL, NULL, 'a trial'),
            ('nct:2', 'trial', DATE '2021-04-01', NULL, NULL, NULL, 'a later trial')
        ) AS t(doc_id, kind, entered_on, revised_on, mesh, is_retracted, title);
        CREATE TABLE trials AS SELECT * FROM (VALUES
            ('nct:1', 'NCT1', 'COMPLETED', ['PHASE3'], DATE '2020-04-01', DATE '2022-01-01'),
            ('nct:2', 'NCT2', 'RECRUITING', ['PHASE1'], DATE '2021-04-01', DATE '2021-04-01')
        ) AS t(doc_id, nct_id, status, phases, first_posted_on, last_update_posted_on);
        CREATE TABLE mentions AS SELECT * FROM (VALUES
            ('pmid:1', 'drug:nivolumab', 'drug', 'title', 'MDX-1106'),
            ('pmid:1', 'drug:nivolumab', 'drug', 'abstract', 'nivolumab'),
            ('pmid:1', 'concept:t-cell', 'concept', 'mesh', 'T cells'),
            ('pmid:2', 'concept:antibody', 'concept', 'mesh', 'Antibodies'),
            ('pmid:2', 'HGNC:26838', 'gene', 'title', 'TIGIT'),
            ('pmid:3', 'HGNC:26838', 'gene', 'title', 'TIGIT'),
            ('nct:1', 'drug:nivolumab', 'drug', 'intervention', 'Opdivo')
        ) AS t(doc_id, entity_id, entity_type, part, text);
        """
    )
    return connection


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[object, ...]]:
    return connection.execute(query).fetchall()


def test_what_came_later_is_left_out(lake) -> None:
    frozen = freeze(lake, DAY, terms=TERMS)
    assert _rows(frozen, "SELECT doc_id, mesh, is_retracted FROM documents ORDER BY doc_id") == [
        ("nct:1", None, None), ("pmid:1", ["T cells"], False), ("pmid:2", None, None),
    ]  # fmt: skip
    assert _rows(frozen, "SELECT doc_id, status, phases, last_update_posted_on FROM trials") == [
        ("nct:1", None, None, None)
    ]
    assert _rows(frozen, "SELECT doc_id, part, text FROM mentions ORDER BY ALL") == [
        ("nct:1", "intervention", "Opdivo"), ("pmid:1", "mesh", "T cells"), ("pmid:1", "title", "MDX-1106"),
        ("pmid:2", "title", "TIGIT"),
    ]  # fmt: skip
    assert find_leaks(frozen, DAY, terms=TERMS) == ()
    refuse_leaks((), DAY)


def test_the_lake_itself_is_not_changed_and_days_do_not_mix(lake) -> None:
    before = freeze(lake, date(2020, 4, 30))
    after = freeze(lake, date(2022, 12, 31))
    assert _rows(before, "SELECT count(*) FROM documents") == [(2,)]
    assert _rows(after, "SELECT count(*) FROM documents") == [(5,)]
    assert _rows(lake, "SELECT count(*) FROM documents") == [(5,)]
    assert _rows(before, "SELECT count(*) FROM mentions") == [(4,)]


PLANTED = {
    "document": "UPDATE documents SET entered_on = DATE '2021-01-01' WHERE doc_id = 'pmid:1'",
    "revision": "UPDATE documents SET revised_on = DATE '2021-01-01' WHERE doc_id = 'pmid:1'",
    "retraction": "UPDATE documents SET revised_on = DATE '2021-01-01', is_retracted = true WHERE doc_id = 'pmid:2'",
    "mesh": "INSERT INTO mentions VALUES ('pmid:2', 'concept:antibody', 'concept', 'mesh', 'Antibodies')",
    "alias": "INSERT INTO mentions VALUES ('pmid:2', 'drug:nivolumab', 'drug', 'abstract', 'NIVOLUMAB')",
    "mention": "INSERT INTO mentions VALUES ('pmid:3', 'HGNC:26838', 'gene', 'title', 'TIGIT')",
    "trial": "UPDATE trials SET first_posted_on = DATE '2021-01-01'",
    "status": "UPDATE trials SET last_update_posted_on = DATE '2021-01-01', status = 'COMPLETED'",
}


@pytest.mark.parametrize("what", sorted(PLANTED))
def test_each_kind_of_leak_is_seen(lake, what: str) -> None:
    frozen = freeze(lake, DAY, terms=TERMS)
    copied = duckdb.connect()
    for view in ("documents", "trials", "mentions"):
        copied.register("given", frozen.sql(f"SELECT * FROM {view}").to_arrow_table())
        copied.execute(f"CREATE TABLE {view} AS SELECT * FROM given")
    assert find_leaks(copied, DAY, terms=TERMS) == ()
    copied.execute(PLANTED[what])
    leaks = find_leaks(copied, DAY, terms=TERMS)
    assert what in {leak.what for leak in leaks}
    with pytest.raises(MethodError, match="was not known on 2020-12-31") as caught:
        refuse_leaks(leaks, DAY)
    assert next(leak.examples[0] for leak in leaks if leak.what == what) in str(caught.value)


OLD, YOUNG = date(2001, 1, 1), date(2021, 6, 1)
FORMS = (
    Form("CAT", "HGNC:1516", "gene", SYMBOL, strict=True, trust=UNSURE, is_short=True),
    Form("catalase", "HGNC:1516", "gene", 3, known_since=YOUNG),
    Form("MET", "HGNC:7029", "gene", SYMBOL, strict=True, trust=UNSURE, is_short=True, known_since=OLD),
    Form("HGFR", "HGNC:7029", "gene", SYMBOL, strict=True, is_short=True, known_since=YOUNG),
    Form("EGFR", "HGNC:3236", "gene", SYMBOL, strict=True, is_short=True),
)
TEXTS = {
    "pmid:1": "catalase and CAT",  # an old name that a young one shows
    "pmid:2": "CAT gene; catalase",  # shown by a word, too
    "pmid:3": "HGFR, MET",  # in a list beside a young name of its own
    "pmid:4": "EGFR, MET; HGFR",  # beside one that was always known
    "pmid:5": "catalase, MET. EGFR, CAT",
    "pmid:6": "EGFR alone",
}


def test_a_name_learnt_later_is_no_evidence_for_an_older_one(tmp_path) -> None:
    """Plant documents in which a young name shows what an old one means: a frozen run must not know it."""
    dictionary = Dictionary(settle_forms(FORMS), {}, {"HGNC:1516": ("catalase",)}, {})
    rows = [paper(0, doc_id=d, title=t, entered_on=date(1999, 1, 1), revised_on=None) for d, t in TEXTS.items()]
    lake = lake_of(tmp_path, {"pubmed26n0001.xml": [batch(rows)]})
    tag_lake(lake, dictionary)
    wanted = "SELECT doc_id, text FROM mentions WHERE part = 'title' ORDER BY ALL"
    now = set(_rows(lake.connect(), wanted))
    assert {("pmid:1", "catalase"), ("pmid:2", "CAT"), ("pmid:3", "HGFR"), ("pmid:5", "EGFR")} <= now
    for day in (date(2000, 1, 1), DAY, YOUNG):
        (part,) = lake.parts
        then = pa.concat_tables(tag(table, dictionary.as_of(day)) for table in lake.documents_of(part))
        told = then.filter(pc.equal(then["part"], "title")).select(["doc_id", "text"]).to_pylist()
        expected = {(row["doc_id"], row["text"]) for row in told}
        frozen = freeze(lake.connect(), day)
        assert set(_rows(frozen, wanted)) == set(_rows(lake.as_of(day), wanted)) == expected
        assert find_leaks(frozen, day) == ()
    known = dict(
        _rows(lake.as_of(DAY), "SELECT doc_id, string_agg(text, ' ' ORDER BY text) FROM mentions GROUP BY doc_id")
    )
    assert known == {"pmid:2": "CAT", "pmid:4": "EGFR MET", "pmid:5": "CAT EGFR", "pmid:6": "EGFR"}
    assert expected == now
    # a view that lets such a mention through is a leak, and is named
    leaking = freeze(lake.connect(), date(2022, 1, 1))
    assert "alias" in {leak.what for leak in find_leaks(leaking, DAY)}
    lake.close()


def test_terms_need_their_columns(lake) -> None:
    with pytest.raises(InputError, match="known_since"):
        freeze(lake, DAY, terms=TERMS.drop_columns(["known_since"]))


def test_a_lake_without_trials_or_versions_is_frozen_too() -> None:
    connection = duckdb.connect()
    connection.register(
        "d", pd.DataFrame({"doc_id": ["a", "b"], "entered_on": pd.to_datetime(["2020-01-01", "2021-01-01"])})
    )
    connection.execute("CREATE TABLE documents AS SELECT doc_id, entered_on::DATE AS entered_on FROM d")
    connection.execute("CREATE TABLE mentions AS SELECT doc_id, 'x' AS entity_id, 'mesh' AS part, 'x' AS text FROM d")
    frozen = freeze(connection, DAY)
    assert _rows(frozen, "SELECT doc_id FROM mentions") == [("a",)]
