from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from tmescope.foundation.errors import InputError, UnknownNameError
from tmescope.horizon.mention_index import index_mentions
from tmescope.horizon.quarters import number_of


def _documents(**columns: list[object]) -> pd.DataFrame:
    table = pd.DataFrame(columns)
    table["doc_id"] = [f"pmid:{i}" for i in range(len(table))]
    for name in ("entered_on", "published_on"):
        if name in table:
            table[name] = pd.to_datetime(table[name])
    return table


MENTIONS = pd.DataFrame(
    {
        "doc_id": ["pmid:0", "pmid:0", "pmid:1", "pmid:2", "pmid:9"],
        "entity_id": ["b", "b", "a", "a", "a"],
        "entity_type": "gene",
        "part": ["title", "abstract", "title", "title", "title"],
    }
)


def test_a_document_counts_once_for_an_entity_and_only_if_it_is_known(as_lake) -> None:
    documents = _documents(
        kind=["paper"] * 4,
        entered_on=["2020-01-05", None, "2020-02-01", "2020-03-01"],
        is_retracted=[False, False, True, None],
    )
    index = index_mentions(as_lake(documents, MENTIONS))
    rows = index.connection.execute("SELECT doc_id, e FROM trend_mentions JOIN trend_documents USING (d)").fetchall()
    assert rows == [("pmid:0", index.code_of("b"))]
    assert (index.n_undated, index.n_retracted) == (1, 1)
    index.close()
    assert index.connection.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE table_name LIKE 'trend%'"
    ).fetchall() == [(0,)]


def test_a_quarter_is_complete_once_the_usual_delay_has_passed(as_lake) -> None:
    days = pd.date_range("2020-01-01", "2020-12-31", freq="D")
    documents = _documents(
        kind=["paper"] * len(days),
        entered_on=days,
        # a tenth is entered 60 days after it is printed, the others run ahead
        published_on=[d - pd.Timedelta(days=60 if i % 8 == 0 else -30) for i, d in enumerate(days)],
    )
    coverage = index_mentions(as_lake(documents, MENTIONS)).coverage["paper"]
    assert (coverage.delay_days, coverage.updated_on) == (60, date(2020, 12, 31))
    assert coverage.complete_until == date(2020, 11, 1)
    assert coverage.is_complete(number_of(date(2020, 9, 1)))
    assert coverage.last_complete == number_of(date(2020, 9, 1))
    assert not coverage.is_complete(number_of(date(2020, 12, 1)))


def test_dates_that_are_not_printed_to_the_day_say_nothing_of_the_delay(as_lake) -> None:
    documents = _documents(
        kind=["paper"] * 2, entered_on=["2020-06-30"] * 2, published_on=["2020-01-01"] * 2,
        published_precision=["year", "month"],
    )  # fmt: skip
    assert index_mentions(as_lake(documents, MENTIONS)).coverage["paper"].delay_days == 0


def test_a_known_day_of_update_wins_and_a_long_delay_is_cut(as_lake) -> None:
    documents = _documents(kind=["paper"], entered_on=["2020-06-30"], published_on=["2010-01-01"])
    index = index_mentions(as_lake(documents, MENTIONS), updated_on={"paper": date(2020, 12, 31)})
    assert index.coverage["paper"].updated_on == date(2020, 12, 31)
    assert index.coverage["paper"].delay_days == 92


def test_kinds_are_kept_apart(as_lake) -> None:
    documents = _documents(
        kind=["paper", "paper", "preprint", "trial", "book", "other"],
        entered_on=["2020-01-01"] * 6,
        is_review=[False, True, True, None, False, True],
    )
    index = index_mentions(as_lake(documents, MENTIONS))
    assert set(index.coverage) == {"paper", "review", "preprint", "trial"}
    assert index.connection.execute("SELECT c, count(*) FROM trend_documents GROUP BY c ORDER BY c").fetchall() == [
        (0, 1), (1, 1), (2, 1), (3, 1),
    ]  # fmt: skip


def test_a_name_that_nothing_mentions_is_refused_with_the_nearest(as_lake) -> None:
    documents = _documents(kind=["paper"], entered_on=["2020-06-30"])
    index = index_mentions(as_lake(documents, MENTIONS.assign(entity_id="gene:tigit")))
    with pytest.raises(UnknownNameError, match="gene:tigitt") as caught:
        index.code_of("gene:tigitt")
    assert "gene:tigit" in str(caught.value.next_step)


def test_a_lake_without_dated_documents_is_refused(as_lake) -> None:
    with pytest.raises(InputError, match="1 have no day of entry"):
        index_mentions(as_lake(_documents(kind=["paper"], entered_on=[None]), MENTIONS))
