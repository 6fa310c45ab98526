"""Tables of the report on a lake."""

from __future__ import annotations

from tests.report.horizon_maker import TIGIT, make_contents

from tmescope.report.horizon_tables import changes_table, documents_table, subject_tables


def test_changes_are_told_with_what_they_reach() -> None:
    table = changes_table(make_contents())
    assert table is not None and table.caption == "What is new since 2024-06-30"
    rows = [[cell.text for cell in row] for row in table.rows]
    assert rows[0][:5] == ["retracted", "2024-09-01", "1", "A paper", "cited by 2: pmid:2, pmid:3"]
    assert [row[4] for row in rows[1:]] == ["PHASE1", "PHASE1 to PHASE1/PHASE2"]
    assert table.rows[0][2].href == "https://pubmed.ncbi.nlm.nih.gov/1/"
    assert changes_table(make_contents(tables={})) is None


def test_hostile_identifiers_have_no_address() -> None:
    changes = make_contents().table("horizon_changes").assign(doc_id="pmid:javascript:alert(1)")
    table = changes_table(make_contents(tables={"horizon_changes": changes}))
    assert table is not None and {row[2].href for row in table.rows} == {None}


def test_the_note_tells_the_command_that_lists_what_counts_where_it_can() -> None:
    table = documents_table(make_contents(since="2019-04"), "oncology")
    call = "tmescope horizon trends --lake LAKE --focus oncology --since 2019-04 --documents ENTITY."
    assert table is not None and table.note.endswith(f"All that count for one entity are listed by {call}")
    then = documents_table(make_contents(since="2019-04", as_of="2023-01"), "oncology")
    assert then is not None and "tmescope" not in then.note


def test_the_tables_of_a_subject() -> None:
    tables = {table.id: table for table in subject_tables(make_contents(), TIGIT)}
    names = ("actors", "first", "partners", "formats", "gaps", "trials")
    assert list(tables) == [f"{name}-hgnc-26838" for name in names]
    gaps = [[cell.text for cell in row] for row in tables["gaps-hgnc-26838"].rows]
    assert [row[0] for row in gaps] == ["ADC", "Breast Neoplasms"]  # other conditions are in the table of the run
    assert tables["first-hgnc-26838"].rows[0][4].text == "2016-05-01 (known to the month)"
    gaps_alone = {"landscape_gaps": make_contents().table("landscape_gaps")}
    assert subject_tables(make_contents(tables=gaps_alone), TIGIT) == []
