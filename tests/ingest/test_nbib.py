from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from tmescope.foundation.errors import FileFormatError
from tmescope.ingest.nbib import read_nbib
from tmescope.store.lake_schemas import document_schema

Write = Callable[[str, str | bytes], Path]

MADE = """PMID- 101
OWN - NLM
DCOM- 20200203
DP  - 2019 Dec-2020 Jan
TI  - [Not Available].
TT  - Von Dingen.
LID - 10.1000/ABC.1 [doi]
AB  - AIM: To see.
      RESULTS: Seen.
FAU - Müller-Ost, Ana B
AU  - Müller-Ost AB
AD  - One, Here.
AD  - Two, There.
CN  - The Made Group
LA  - eng
LA  - ger
SI  - ClinicalTrials.gov/NCT00000001
PT  - Systematic Review
JT  - Journal of Made Things
RN  - 0 (Antigens, CD)
RN  - EC 1.1 (Enzyme (made))
CIN - A. 2020;1:2. PMID: 8
RIN - B. 2022;2:3. PMID: 9
EIN - C. 2021
MH  - Humans
MH  - Lung/*pathology/surgery
MH  - *Heart
OT  - *immune checkpoint
PMC - PMC55
EDAT- 2020/01/02 06:00
CRDT- 2019/11/30 06:00
AID - s1 [pii]
AID - 10.1000/abc.1 [doi]
"""


def _rows(path: Path) -> list[dict[str, object]]:
    batches = list(read_nbib(path))
    assert all(b.documents.schema.equals(document_schema()) for b in batches)
    return [row for b in batches for row in b.documents.to_pylist()]


def test_everything_that_a_record_says(write: Write) -> None:
    row = _rows(write("a.nbib", MADE))[0]
    authors = row.pop("authors")
    assert row == {
        "doc_id": "pmid:101",
        "source": "nbib",
        "kind": "paper",
        "version": None,
        "entered_on": date(2019, 11, 30),
        "revised_on": date(2020, 2, 3),
        "published_on": date(2019, 12, 1),
        "published_precision": "month",
        "title": "Von Dingen.",
        "abstract": "AIM: To see. RESULTS: Seen.",
        "language": "eng; ger",
        "journal": "Journal of Made Things",
        "publication_types": ["Systematic Review"],
        "is_review": True,
        "is_retracted": True,
        "mesh": [
            {"ui": None, "name": "Humans", "major": False, "qualifiers": []},
            {"ui": None, "name": "Lung", "major": True, "qualifiers": ["pathology", "surgery"]},
            {"ui": None, "name": "Heart", "major": True, "qualifiers": []},
        ],
        "keywords": ["immune checkpoint"],
        "substances": [
            {"ui": None, "registry": None, "name": "Antigens, CD"},
            {"ui": None, "registry": "EC 1.1", "name": "Enzyme (made)"},
        ],
        "group_key": "muller ost a",
        "doi": "10.1000/abc.1",
        "pmcid": "PMC55",
        "registry_ids": ["NCT00000001"],
        "cites": [],
        "links": [
            {"kind": "CommentIn", "doc_id": "pmid:8", "source": "A. 2020;1:2."},
            {"kind": "RetractionIn", "doc_id": "pmid:9", "source": "B. 2022;2:3."},
            {"kind": "ErratumIn", "doc_id": None, "source": "C. 2021"},
        ],
    }
    assert [tuple(a.values()) for a in authors] == [  # type: ignore[attr-defined]
        ("Müller-Ost", "Ana B", "AB", None, "One, Here.\nTwo, There."),
        (None, None, None, "The Made Group", None),
    ]


def test_real_files_are_read_completely(shared_data: Path) -> None:
    folder = shared_data / "horizon" / "entrez_fixtures"
    found = [_rows(folder / f"pubmed_result{i}.nbib.txt") for i in (1, 2, 3)]
    assert [len(f) for f in found] == [1, 4, 1]
    documents = [row for rows in found for row in rows]
    assert all(
        d["entered_on"] and d["revised_on"] and d["abstract"] and d["mesh"] and d["group_key"] for d in documents
    )
    old, new = documents[1], documents[-1]
    assert str(old["authors"][0]["affiliation"]).startswith("Bioinformatics, Institute")  # type: ignore[index]
    assert [a["initials"] for a in documents[3]["authors"]] == ["MJ", "S", "J", "S"]  # type: ignore[attr-defined]
    assert new["doi"] == "10.1118/1.4748329"
    assert {"ui": None, "major": True, "qualifiers": ["adverse effects", "instrumentation", "methods"]}.items() <= dict(
        new["mesh"][1]  # type: ignore[index]
    ).items()


def test_names_without_full_forms_and_books(write: Write) -> None:
    text = "PMID- 1\nBTI - A Book\nAU  - de la Cruz M\nAU  - Plato\nAD  - Here\n\nPMID- 2\nPT  - Preprint\n"
    book, preprint = _rows(write("a.nbib", text))
    assert (book["kind"], book["title"], preprint["kind"]) == ("book", "A Book", "preprint")
    assert [(a["last_name"], a["initials"]) for a in book["authors"]] == [("de la Cruz", "M"), ("Plato", None)]  # type: ignore[attr-defined]


def test_many_records_come_in_batches(write: Write) -> None:
    path = write("a.nbib", "".join(f"PMID- {i}\n\n" for i in range(1, 2502)))
    assert [b.documents.num_rows for b in read_nbib(path)] == [2000, 501]


def test_a_record_without_its_number_is_refused(write: Write) -> None:
    with pytest.raises(FileFormatError, match="'x' is no PMID") as caught:
        _rows(write("a.nbib", "PMID- 1\n\nPMID- x\n"))
    assert str(caught.value.where).endswith("a.nbib, line 3")
