from __future__ import annotations

from tmescope.ingest.document_columns import Document, DocumentColumns
from tmescope.store.lake_schemas import deletion_schema, document_schema


def test_rows_come_back_as_they_were_and_each_batch_starts_anew() -> None:
    columns = DocumentColumns()
    first = Document("pubmed", doc_id="pmid:1", entered_on=1, cites={"pmid:9": None, "pmid:8": None})
    first.add_collective("Group")
    first.add_heading("D1", "Lung", ["a", "b"], is_major=True)
    first.add_heading("D2", "Liver")
    first.add_substance(None, "EC 1", "Enzyme")
    first.add_link("RetractionIn", None, "X")
    second = Document("ris", doc_id="doi:10.1000/x", kind="book", publication_types=["Systematic Review"])
    second.add_person(("Doe", None, "JX"))
    second.add_collective("Group")
    second.add_heading(None, "Heart", ["c"])
    for row in (first, second, Document("nbib", doc_id="pmid:2")):
        columns.add(row)
    columns.delete("pmid:3")
    assert len(columns) == 4
    batch = columns.take()
    assert batch.documents.schema.equals(document_schema())
    assert batch.deletions.schema.equals(deletion_schema())
    assert batch.deletions.to_pylist() == [{"doc_id": "pmid:3"}]
    batch.documents.validate(full=True)
    a, b, c = batch.documents.to_pylist()
    assert a["cites"] == ["pmid:9", "pmid:8"]
    assert [(h["name"], h["major"], h["qualifiers"]) for h in a["mesh"]] == [
        ("Lung", True, ["a", "b"]),
        ("Liver", False, []),
    ]
    assert [h["qualifiers"] for h in b["mesh"]] == [["c"]]
    assert (a["is_retracted"], b["is_retracted"]) == (True, False)
    assert (a["is_review"], b["is_review"]) == (False, True)
    assert (a["group_key"], b["group_key"], c["group_key"]) == ("group", "doe j", None)
    assert str(a["entered_on"]) == "1970-01-02"
    assert c["authors"] == c["links"] == c["mesh"] == []
    assert len(columns) == 0
    assert columns.take().documents.num_rows == 0
